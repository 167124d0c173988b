"""Parameters of chapters: what is declared, what the papers had, what a person gives.

Every value is held against its declaration before anything runs: the type; for a list, that of its elements
as the default has them, each given once; numbers that can be counted or computed with.
"""

from __future__ import annotations

import ast
import math
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from companion.errors import ChapterError
from companion.loading.sources import Null, ScaleName, Source
from companion.running.chapters import Chapter

_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list": (list,),
}

LARGEST = 2**32 - 1
"""Of whole numbers: seeds of NumPy's global generator end there."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "source": get_args(Source),
    "scale": get_args(ScaleName),
    "null": get_args(Null),
    "spaces": ("auto", "miniature", "official"),
    "modalities": ("EEG", "MEG", "fMRI"),
    "device": ("auto", "cpu", "cuda"),
}
"""What parameters of these names may be, in whatever chapter."""
_ZERO_IS_SAID = re.compile(r"\b0: ")
"""In the meaning of a parameter: what 0 stands for."""

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
        If a name is unknown to all of them, or a value has the wrong type or cannot be used; likewise for a
        name or value in the ``paper`` block of a chapter.
    """
    declared = {chapter.name: declared_parameters(chapter) for chapter in chapters}
    known = sorted({name for parameters in declared.values() for name in parameters})
    _refuse_unknown(given, known, ", ".join(declared), "correct the name; nothing was run")
    found = {}
    for chapter in chapters:
        own = declared[chapter.name]
        where = f"`paper` in the front matter of book/{chapter.name}.md"
        _refuse_unknown(chapter.paper, sorted(own), where, "correct the front matter; nothing was run")
        _check_values(own, chapter.paper, where)
        _check_values(own, given, chapter.name)
        usual = chapter.paper if given.get("scale") == "paper" else {}
        found[chapter.name] = {**usual, **{name: given[name] for name in given if name in own}}
    return found


def refuse_absent_card(parameters: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse the device ``cuda`` on a machine that has none.

    Parameters
    ----------
    parameters : mapping
        By chapter name, as :func:`check_parameters` returns them.

    Raises
    ------
    ChapterError
        Naming the first chapter that asks for it.
    """
    asking = [name for name, own in parameters.items() if own.get("device") == "cuda"]
    if not asking:
        return
    import torch

    if not torch.cuda.is_available():
        raise _refused("device", "names what this machine lacks", asking[0], "auto or cpu", "'cuda'")


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


def _check_values(declared: Declared, values: Mapping[str, Any], where: str) -> None:
    for name, (kind, default, meaning) in declared.items():
        accepted = _TYPES.get(kind.split("[")[0])
        if name not in values or accepted is None:
            continue
        value = values[name]
        if not _is_a(value, accepted):
            raise _refused(name, "has the wrong type", where, kind, f"{value!r} ({type(value).__name__})")
        if isinstance(value, list):
            _check_list(name, value, _as_written(name, default, where), where)
        elif (expected := _lacks(name, value, least=0 if _ZERO_IS_SAID.search(meaning) else 1)) is not None:
            raise _refused(name, "cannot be used", where, expected, repr(value))


def _as_written(name: str, default: str, where: str) -> list[Any]:
    try:
        return list(ast.literal_eval(default))
    except (ValueError, TypeError, SyntaxError) as error:
        expected = "a list that is written out in the cell tagged parameters"
        raise _refused(name, "has a default that is computed", where, expected, default) from error


def _check_list(name: str, values: list[Any], usual: list[Any], where: str) -> None:
    """Hold a list against its default: empty only if that is, and elements of the same type."""
    accepted = tuple({kind for one in usual for kind in _TYPES[type(one).__name__]}) or (int,)
    kinds = " or ".join(sorted(kind.__name__ for kind in accepted))
    if not values and usual:
        raise _refused(name, "is empty", where, f"at least one {kinds}", "[]")
    for value in values:
        if not _is_a(value, accepted):
            got = f"{value!r} ({type(value).__name__}) among them"
            raise _refused(name, "has elements of the wrong type", where, kinds, got)
        if (expected := _lacks(name, value, least=0)) is not None:
            raise _refused(name, "has elements that cannot be used", where, expected, repr(value))
    if len(set(values)) < len(values):
        raise _refused(name, "has an element twice", where, "each once", repr(values))


def _is_a(value: Any, accepted: tuple[type, ...]) -> bool:
    return isinstance(value, accepted) and (not isinstance(value, bool) or accepted == (bool,))


def _lacks(name: str, value: str | float, *, least: int) -> str | None:
    """Say what a value should be; None where it is that. No parameter of a chapter is negative."""
    if isinstance(value, str):
        choices = _CHOICES.get(name, (value,))
        return None if value in choices else f"one of {', '.join(choices)}"
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) and value >= 0 else "a finite number, 0 or more"
    return None if least <= value <= LARGEST else f"a whole number from {least} to {LARGEST}"


def _refused(name: str, what: str, where: str, expected: str, got: str) -> ChapterError:
    return ChapterError(
        f"Parameter {name} {what}",
        where=where,
        expected=expected,
        got=got,
        do="correct the value; nothing was run",
    )
