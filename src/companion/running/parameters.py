"""Parameters of chapters: what is declared, what the papers had, what a person gives."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion.errors import ChapterError
from companion.running.chapters import Chapter

_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list": (list,),
}

Declared = Mapping[str, tuple[str, str, str]]


def check_parameters(chapters: list[Chapter], given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Hand each chapter the parameters that it declares, and refuse those that no chapter knows.

    Where the scale is ``paper``, a chapter gets the values that the papers had, too; what is given wins.

    Parameters
    ----------
    chapters : list of Chapter
        The chapters about to run.
    given : mapping
        Parameter values by name.

    Returns
    -------
    dict
        Parameters by chapter name.

    Raises
    ------
    ChapterError
        If a name is unknown to all of them, or a value has the wrong type; likewise for a name or value in
        the ``paper`` block of a chapter.
    """
    declared = {chapter.name: declared_parameters(chapter) for chapter in chapters}
    known = sorted({name for parameters in declared.values() for name in parameters})
    _refuse_unknown(given, known, ", ".join(declared), "correct the name; nothing was run")
    found = {}
    for chapter in chapters:
        own = declared[chapter.name]
        where = f"`paper` in the front matter of book/{chapter.name}.md"
        _refuse_unknown(chapter.paper, sorted(own), where, "correct the front matter; nothing was run")
        _check_types(own, chapter.paper, where)
        _check_types(own, given, chapter.name)
        usual = chapter.paper if given.get("scale") == "paper" else {}
        found[chapter.name] = {**usual, **{name: given[name] for name in given if name in own}}
    return found


def declared_parameters(chapter: Chapter) -> dict[str, tuple[str, str, str]]:
    """Type, default (as code) and meaning of each parameter of a chapter, by name."""
    import nbformat
    import papermill

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{chapter.name}.ipynb")
        nbformat.write(chapter.notebook(), path)
        found = papermill.inspect_notebook(path)
    return {name: (item["inferred_type_name"], item["default"], item["help"]) for name, item in found.items()}


def _refuse_unknown(values: Mapping[str, Any], known: list[str], where: str, do: str) -> None:
    if unknown := [name for name in values if name not in known]:
        raise ChapterError(
            f"Unknown parameter {', '.join(unknown)}",
            where=where,
            expected=f"one of {', '.join(known)}" if known else "no parameters",
            do=do,
        )


def _check_types(declared: Declared, values: Mapping[str, Any], where: str) -> None:
    for name, (kind, _, _) in declared.items():
        accepted = _TYPES.get(kind.split("[")[0])
        if name not in values or accepted is None:
            continue
        value = values[name]
        if not isinstance(value, accepted) or (isinstance(value, bool) and accepted != (bool,)):
            raise ChapterError(
                f"Parameter {name} has the wrong type",
                where=where,
                expected=kind,
                got=f"{value!r} ({type(value).__name__})",
                do="correct the value; nothing was run",
            )
