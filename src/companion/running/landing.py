"""The first page: figures of chapters shown again, and how the book is cited."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from companion.errors import ChapterError, CompanionError
from companion.project import project_root
from companion.running.chapters import all_chapters
from companion.running.layout import Layout, write_text
from companion.running.worlds import FIGURE_MARK
from companion.system.strict_yaml import read_yaml

_FIGURE = re.compile(r"^%%figure (?P<chapter>\w+)::(?P<name>[\w-]+)$", re.MULTILINE)
_RECORDINGS = re.compile(r"%%recordings (?P<chapter>\w+)")
_CHAPTER = re.compile(r"%%(?:figure|recordings) (\w+)|`(\w+)\.md::")
_BIBTEX = re.compile(r"^%%bibtex$", re.MULTILINE)
_PICTURES = "shown_again"


class _Named(BaseModel):
    name: str


class _Person(BaseModel):
    family: str = Field(alias="family-names")
    given: str = Field(alias="given-names")


class _Cited(BaseModel):
    """What is shown of ``CITATION.cff``."""

    title: str
    version: str
    license: str
    released: dt.date = Field(alias="date-released")
    authors: list[_Named | _Person] = Field(min_length=1)


def complete_index(layout: Layout) -> None:
    """Put figures, sources and the book's BibTeX entry where the first page asks for them.

    A line ``%%figure chapter::fig-name`` becomes that figure with its caption, its alternative text, its mark
    and a link to its chapter; ``%%bibtex`` the entry of the book; ``%%recordings chapter`` within a sentence
    says whose recordings a chapter used. Where a chapter was not computed, a paragraph that shows its figure
    or its numbers gives way to one that says so.

    Parameters
    ----------
    layout : Layout
        Its staging tree holds the chapters already.

    Raises
    ------
    ChapterError
        If a chapter that was computed has no such figure.
    """
    path = layout.stage / "book" / "index.md"
    paragraphs = path.read_text("utf-8").split("\n\n")
    write_text(path, "\n\n".join(_completed(paragraph, layout) for paragraph in paragraphs))


def _completed(paragraph: str, layout: Layout) -> str:
    chapters = all_chapters()
    for name in dict.fromkeys(found[1] or found[2] for found in _CHAPTER.finditer(paragraph)):
        if not _notebook(name, layout).exists():
            label = chapters[name].sections[0].label
            return f"*Not computed in this copy of the book: {{ref}}`{label}` says why.*"
    paragraph = _RECORDINGS.sub(lambda found: _recordings(found["chapter"], layout), paragraph)
    paragraph = _FIGURE.sub(lambda found: _figure(found["chapter"], found["name"], layout), paragraph)
    return _BIBTEX.sub(lambda found: f"```{{code-block}} bibtex\n{bibtex()}\n```", paragraph)


def citation() -> dict[str, Any]:
    """Read ``CITATION.cff``.

    Raises
    ------
    CompanionError
        If it is no YAML, or lacks what is shown of it.
    """
    path = project_root() / "CITATION.cff"
    try:
        found: dict[str, Any] = read_yaml(path)
        _Cited.model_validate(found)
    except (yaml.YAMLError, ValidationError) as error:
        raise CompanionError(
            "The book's citation cannot be read",
            where=path,
            expected="title, version, license, date-released, and authors (name, or family- and given-names)",
            got=error,
            do="mend the key that is named",
        ) from error
    return found


def bibtex() -> str:
    """Write the book's entry for a bibliography from ``CITATION.cff``.

    Returns
    -------
    str
    """
    cited = citation()
    authors = " and ".join(
        f"{{{author['name']}}}" if "name" in author else f"{author['family-names']}, {author['given-names']}"
        for author in cited["authors"]
    )
    fields = {
        "title": f"{{{cited['title']}}}",
        "author": authors,
        "year": str(cited["date-released"])[:4],
        "version": cited["version"],
        "license": cited["license"],
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["@software{visual_decoding_companion,", *lines, "}"])


def _notebook(chapter: str, layout: Layout) -> Path:
    return layout.stage / "book" / f"{chapter}.ipynb"


def _recordings(chapter: str, layout: Layout) -> str:
    """Say whose recordings a chapter used: its page was marked when it was staged."""
    marked = FIGURE_MARK in _notebook(chapter, layout).read_text("utf-8")
    return "simulated recordings" if marked else "official recordings"


def _figure(chapter: str, name: str, layout: Layout) -> str:
    shown = _metadata(_notebook(chapter, layout), name)
    picture = layout.figures(chapter) / f"{name}.png"
    if shown is None or not picture.exists():
        raise ChapterError(
            "The first page shows a figure that its chapter does not make",
            where="book/index.md",
            expected=f"{name} in book/{chapter}.md",
        )
    folder = layout.stage / "book" / _PICTURES
    folder.mkdir(exist_ok=True)
    shutil.copy(picture, folder / picture.name)
    label = all_chapters()[chapter].sections[0].label
    caption = f"{shown['figure']['caption']} From {{ref}}`{label}`."
    lines = [
        f"```{{figure}} {_PICTURES}/{picture.name}",
        f":alt: {shown['image']['alt']}",
        "",
        caption,
        "```",
    ]
    return "\n".join(lines)


def _metadata(notebook: Path, name: str) -> Mapping[str, Any] | None:
    """Look up caption and alternative text of a figure in a staged chapter."""
    import nbformat

    for cell in nbformat.read(notebook, as_version=4).cells:
        shown = cell.metadata.get("mystnb", {})
        if shown.get("figure", {}).get("name") == name:
            return dict(shown)
    return None
