"""``_toc.yml``: the pages of the book and their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml
from pydantic import BaseModel, ValidationError

from companion.errors import ChapterError
from companion.project import project_root
from companion.system.strict_yaml import read_yaml


class _Page(BaseModel):
    file: str
    sections: list[_Page] = []


class _Part(BaseModel):
    caption: str
    chapters: list[_Page]


class _Contents(BaseModel):
    root: str
    parts: list[_Part] = []


def toc_pages() -> list[tuple[str, str]]:
    """Read the pages of the book in the order of ``_toc.yml``, those nested under another one after it.

    Returns
    -------
    list of (str, str)
        Caption of the part, empty for the first page, and the page as a path without ending, such as
        ``book/ruler``.

    Raises
    ------
    ChapterError
        If the file cannot be read, lists something else than pages, or a page twice.
    """
    path = project_root() / "_toc.yml"
    try:
        contents = _Contents.model_validate(read_yaml(path))
    except (yaml.YAMLError, ValidationError) as error:
        raise ChapterError(
            "The table of contents cannot be read",
            where=path,
            expected="root, a file, and parts, each with a caption and chapters, which are files",
            got=error,
            do="mend the entry that is named",
        ) from error
    pages = [
        ("", contents.root),
        *((part.caption, page) for part in contents.parts for page in _files(part.chapters)),
    ]
    names = [page for _, page in pages]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ChapterError("A page is listed twice", where=path, got=", ".join(twice), do="list it once")
    return pages


def _files(pages: Sequence[_Page]) -> Iterator[str]:
    for page in pages:
        yield page.file
        yield from _files(page.sections)
