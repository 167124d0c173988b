"""Chapters through papermill: run, resume, record, render.

A chapter itself uses one name from here, :func:`open_chapter`.
"""

from companion.running.session import OpenChapter, open_chapter

__all__ = ["OpenChapter", "open_chapter"]
