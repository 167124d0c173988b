"""What may come of a call: a result in which every number is one, or a documented refusal by the package."""

from __future__ import annotations

import dataclasses
import linecache
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import companion
from companion import CompanionError

PACKAGE = str(Path(companion.__file__).parent)
TESTS = str(Path(__file__).parent)


@dataclasses.dataclass(frozen=True)
class Case:
    """How a public name is called with small valid arguments.

    Parameters
    ----------
    call
        Takes the arguments by name.
    arguments
        Valid ones; what is not in ``spared`` is damaged.
    spared
        Arguments that are left as they are.
    bears
        Arguments in which a poison is documented to be carried or left out.
    missing
        Pattern of the places in the result where a number may be missing, as documented.
    checked_by
        Libraries whose own refusal is the documented one.
    """

    call: Callable[..., object]
    arguments: Mapping[str, Any]
    spared: frozenset[str] = frozenset()
    bears: frozenset[str] = frozenset()
    missing: str = "^$"
    checked_by: tuple[str, ...] = ()


class BreakageError(AssertionError):
    """A call ended in a way that is not documented."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A result, or the text of a refusal."""

    result: object = None
    refusal: str | None = None


def outcome(case: Case, arguments: Mapping[str, Any]) -> Outcome:
    """Call, and see that what comes is documented."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = case.call(**arguments)
        except Exception as error:
            if not _refused(error, case):
                told = "".join(traceback.format_exception(error)[-3:])
                raise BreakageError(f"{type(error).__name__} from the depths:\n{told}") from error
            return Outcome(refusal=str(error))
    for place, value in numbers(result):
        if not np.isfinite(value).all() and not re.search(case.missing, place):
            raise BreakageError(f"the result holds {value[~np.isfinite(value)][:3]} in {place!r}")
    return Outcome(result)


def _refused(error: Exception, case: Case) -> bool:
    """Whether a line of the package (or of a library that checks for it) raised an error that says enough."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = str(error)
    if any(f"/{library}/" in frame.filename for library in case.checked_by):
        return isinstance(error, ValueError | TypeError)
    raised = linecache.getline(frame.filename, frame.lineno or 0).strip().startswith("raise")
    if not (frame.filename.startswith(PACKAGE) and raised):
        return False
    if isinstance(error, CompanionError):
        return bool(re.search(r"\n  (where|expected|got): ", text))
    return isinstance(error, ValueError) and bool(re.search(r"\d|got|'", text))


def numbers(value: object, place: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """All numbers of a result, with the place where each array of them stands."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, pd.Series):
        value = value.to_frame("series")
    if isinstance(value, np.ndarray | np.generic | float | int):
        array = np.asarray(value)
        yield from [(place, array)] if array.dtype.kind in "fcib" else []
    elif isinstance(value, pd.DataFrame):
        for name in value:
            column = value[name]
            kept = column.dropna() if column.dtype == object else column
            if pd.api.types.is_numeric_dtype(kept):
                yield f"{place}.{name}", kept.to_numpy(dtype=np.float64)
    else:
        for name, part in _parts(value):
            yield from numbers(part, f"{place}.{name}")


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield from ((str(name), part) for name, part in value.items())
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        yield from value._asdict().items()
    elif isinstance(value, list | tuple):
        yield from ((str(number), part) for number, part in enumerate(value))
    elif dataclasses.is_dataclass(value):
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    elif isinstance(value, torch.nn.Module):
        yield from value.state_dict().items()


def same(one: object, other: object) -> bool:
    """Whether two results hold the same numbers, but for rounding."""
    first, second = dict(numbers(one)), dict(numbers(other))
    return list(first) == list(second) and all(
        value.shape == second[place].shape
        and np.allclose(value, second[place], rtol=1e-6, atol=1e-9, equal_nan=True)
        for place, value in first.items()
    )
