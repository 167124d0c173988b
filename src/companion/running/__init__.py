"""Chapters through papermill: run, resume, record, render.

A chapter opens itself by :func:`companion.running.open_chapter`; the other names are what chapters share.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
