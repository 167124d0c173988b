"""The chapters of the book: their source, and what they need."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from companion.errors import ChapterError
from companion.loading.inside import inside
from companion.loading.sources import Part
from companion.project import project_root
from companion.running.contents import toc_pages
from companion.system.strict_yaml import load_yaml

_DO = "mend the page"
_FRONT_MATTER = re.compile(r"\A---\n(?P<yaml>.*?\n)---\n", re.DOTALL)
_LABELLED_HEADING = re.compile(r"^\((?P<label>[a-z0-9-]+)\)=\n+(?P<level>#+) (?P<title>.+)$", re.MULTILINE)


class Teaching(BaseModel):
    """What a teacher needs to know of a chapter: ``teaching`` in its front matter.

    Attributes
    ----------
    objectives : list of str
        Each ends the sentence "You will be able to".
    prerequisites : list of str
        Names of chapters, or plain words such as "what a correlation is".
    minutes : dict of str to int
        Minutes of a workshop, by label of the section; the sections it leaves out are for reading alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    objectives: list[str]
    prerequisites: list[str] = []
    minutes: dict[str, NonNegativeInt]


class _Declared(BaseModel):
    """The ``companion`` block of a chapter's front matter."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    needs: list[str] = []
    reads: list[str] = []
    world: list[Part] = []
    official: list[Part] | None = None
    claims: list[str] = []
    core_seconds: NonNegativeInt = 60
    last: bool = False
    paper: dict[str, Any] = {}
    teaching: Teaching | None = None


@dataclass(frozen=True)
class Section:
    """A labelled heading; other pages may refer to the label."""

    label: str
    level: int
    title: str


@dataclass(frozen=True)
class Chapter:
    """One executable page of the book, as written.

    Attributes
    ----------
    name : str
        Name of the page, ``ruler`` for ``book/ruler.md``.
    text : str
        The MyST source.
    needs : tuple of str
        Ids of the data sets it cannot run without.
    reads : tuple of str
        Files below ``book/`` that it reads.
    world : tuple of str
        Parts of the miniature world, or the recordings that stand in their place, that it uses.
    official : tuple of str
        Those of them that a run on official recordings cannot do without; all, unless its front matter says
        which.
    claims : tuple of str
        Ids of the claims in ``claims.yaml`` that its results test.
    core_seconds : int
        About how long one core needs for it at its defaults; the longest chapters start first.
    last : bool
        Whether it reads what all other chapters recorded, and so runs after them.
    paper : mapping of str to value
        Parameters as the papers had them; they take the place of defaults where the scale is ``paper``.
    teaching : Teaching or None
        Goals, prerequisites and minutes, for the workshop edition.
    """

    name: str
    text: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    world: tuple[Part, ...]
    official: tuple[Part, ...]
    claims: tuple[str, ...]
    core_seconds: int
    last: bool
    paper: Mapping[str, Any] = field(default_factory=dict)
    teaching: Teaching | None = None

    @property
    def sections(self) -> list[Section]:
        """All labelled headings, in order; the first is the title."""
        return [
            Section(found["label"], len(found["level"]), found["title"].strip())
            for found in _LABELLED_HEADING.finditer(self.text)
        ]

    @property
    def title(self) -> str:
        """Title of the page."""
        return self.sections[0].title

    def notebook(self) -> Any:
        """Convert the source to a notebook with cell ids that do not change from run to run.

        Returns
        -------
        nbformat.NotebookNode
        """
        import jupytext

        notebook = jupytext.reads(self.text, fmt="md:myst")
        for position, cell in enumerate(notebook.cells):
            cell["id"] = f"{self.name}-{position:03d}"
        return notebook


def book_folder() -> Path:
    """Folder of the chapters."""
    return project_root() / "book"


def read_chapter(path: Path) -> Chapter | None:
    """Read one page; None where it is prose without code.

    Raises
    ------
    ChapterError
        If the ``companion`` block is not valid, or the page has no labelled title.
    DataError
        If it reads a file that does not lie below its folder.
    """
    try:
        text = path.read_text("utf-8")
        found = _FRONT_MATTER.match(text)
        front = load_yaml(found["yaml"]) if found else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ChapterError(
            "The front matter of a page is no YAML", where=path, expected="UTF-8", got=error, do=_DO
        ) from error
    if not isinstance(front, Mapping) or "kernelspec" not in front:
        return None
    try:
        declared = _Declared.model_validate(front.get("companion", {}))
    except ValidationError as error:
        raise ChapterError(
            "The `companion` block of a chapter's front matter is not valid",
            where=path,
            expected="`needs`, `reads`, `world`, `official` and `claims`, lists of names, `core_seconds`, "
            "a number, `last`, true or false, `paper`, values by name, and `teaching`, objectives, "
            "prerequisites and minutes",
            got=error,
            do=_DO,
        ) from error
    for name in declared.reads:
        below = posixpath.normpath(posixpath.join(path.parent.name, name))  # some lie in src
        inside(path.parent.parent, below, where=path)
    chapter = Chapter(
        path.stem,
        text,
        tuple(declared.needs),
        tuple(declared.reads),
        tuple(declared.world),
        tuple(declared.world if declared.official is None else declared.official),
        tuple(declared.claims),
        declared.core_seconds,
        declared.last,
        declared.paper,
        declared.teaching,
    )
    if not chapter.sections or chapter.sections[0].level != 1:
        raise ChapterError(
            "A chapter has no labelled title",
            where=path,
            expected=f"({path.stem})= above the first heading",
            do=_DO,
        )
    timed = chapter.teaching.minutes if chapter.teaching else {}
    if unknown := sorted(set(timed) - {section.label for section in chapter.sections[1:]}):
        raise ChapterError(
            f"`teaching` gives minutes to sections that the chapter does not have: {', '.join(unknown)}",
            where=path,
            expected=f"of {', '.join(section.label for section in chapter.sections[1:])}",
            do=_DO,
        )
    return chapter


def all_chapters() -> dict[str, Chapter]:
    """Every executable page listed in ``_toc.yml``, in that order, by name.

    Examples
    --------
    >>> from companion.running import all_chapters
    >>> chapter = all_chapters()["ruler"]
    >>> chapter.title, chapter.needs[:1]
    ('Bending a ruler: CLIP and human judgements, on real data', ('things-eeg2-clip-test',))
    """
    paths = [inside(project_root(), f"{page}.md", where="_toc.yml") for _, page in toc_pages()]
    found = [read_chapter(path) for path in paths if path.is_file()]
    return {chapter.name: chapter for chapter in found if chapter is not None}


def choose(names: list[str]) -> list[Chapter]:
    """Look chapters up by name; all of them if no name is given.

    Raises
    ------
    ChapterError
        If a name is not that of a chapter.
    """
    known = all_chapters()
    if unknown := [name for name in names if name not in known]:
        raise ChapterError(
            f"No chapter is called {', '.join(unknown)}",
            where="_toc.yml",
            expected=f"one of {', '.join(known)}",
            do="correct the name; nothing was run",
        )
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())
