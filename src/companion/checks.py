"""What is asked of numbers before work starts: each question once, for every room.

Arrays and tables that cannot be used are refused with a ``DataError``, single settings with a ``ValueError``.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

FloatArray = npt.NDArray[np.floating[Any]]
Float64 = npt.NDArray[np.float64]

_CONSTANT = 1e-12  # spread below this share of the mean is rounding


def real(name: str, values: npt.ArrayLike) -> FloatArray:
    """Array of real numbers, finite or not: float32 and float64 as they were, all others as float64.

    Raises
    ------
    DataError
        If the values are text, complex, ragged or nothing.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind in "biufO":
            return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
        got = f"dtype {array.dtype}"
    except (TypeError, ValueError, OverflowError) as error:
        got = str(error)
    raise DataError(f"The {name} are no real numbers", expected="an array of numbers", got=got)


def usable(values: FloatArray) -> npt.NDArray[np.bool_]:
    """Which numbers are finite, and small enough that their squares are."""
    return np.asarray(np.abs(values) <= _largest(values))


def all_usable(values: FloatArray) -> bool:
    """Whether all numbers are finite, and their squares too; without an array of answers."""
    largest = _largest(values)
    return not values.size or bool(-largest <= values.min() and values.max() <= largest)


def _largest(values: FloatArray) -> float:
    return float(np.sqrt(np.finfo(values.dtype).max)) / 1e3


def finite(name: str, values: npt.ArrayLike, *, ndim: int | None = None, least: int = 1) -> FloatArray:
    """Array of real numbers, none of them missing, infinite, or so large that its square is.

    Parameters
    ----------
    name : str
        What the numbers are, in the plural.
    values : array-like
    ndim : int, optional
        Number of axes; any if left out.
    least : int
        Fewest rows; 0 for a number that may stand alone.

    Returns
    -------
    ndarray
        The same numbers: float32 and float64 as they were, all others as float64.

    Raises
    ------
    DataError
        If the values are no such array.
    """
    array = real(name, values)
    n_rows = len(array) if array.ndim else 0
    if (ndim is not None and array.ndim != ndim) or n_rows < least or not array.size:
        axes = "" if ndim is None else f"{ndim} axes, "
        raise DataError(
            f"The {name} have the wrong shape",
            expected=f"{axes}{least} rows or more, none empty",
            got=array.shape,
        )
    if not all_usable(array):
        bad = ~usable(array)
        raise DataError(
            f"The {name} hold numbers that cannot be used",
            expected=f"finite numbers up to {_largest(array):.0e}",
            got=f"{int(bad.sum())} others of {array.size}, first {array[bad][0]}",
        )
    return array


def full(table: pd.DataFrame, *, labels: Iterable[str], values: Iterable[str]) -> None:
    """Refuse a table without some column, with a missing label, or with a value that is no finite number.

    Raises
    ------
    DataError
        With the column.
    """
    labels, values = list(labels), list(values)
    if missing := sorted({*labels, *values} - set(table.columns), key=str):
        raise DataError("Columns are missing", expected=missing, got=list(table.columns))
    for name in labels:
        if empty := int(table[name].isna().sum()):
            raise DataError("A row lacks a label", where=f"column {name}", got=f"{empty} empty cells")
    for name in values:
        finite(f"numbers in column {name!r}", table[name].to_numpy(), ndim=1)


def whole(name: str, value: object, *, least: int = 1, most: int | None = None) -> int:
    """Refuse what is no whole number from ``least`` to ``most``; give it back as a plain one.

    Raises
    ------
    ValueError
        With the name, the limits and the value.
    """
    fits = isinstance(value, Integral) and not isinstance(value, bool)
    if not fits or value < least or (most is not None and value > most):  # type: ignore[operator]
        limits = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} is a whole number {limits}, got {value!r}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def number(
    name: str,
    value: object,
    *,
    above: float = -np.inf,
    least: float = -np.inf,
    below: float = np.inf,
    most: float = np.inf,
) -> None:
    """Refuse what is no finite number within the limits; ``above`` and ``below`` lie outside themselves.

    Raises
    ------
    ValueError
        With the name, the limits and the value.
    """
    fits = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or not (above < value < below and least <= value <= most):  # type: ignore[operator]
        limits = {"above": above, "at least": least, "below": below, "at most": most}
        told = " and ".join(f"{word} {limit:g}" for word, limit in limits.items() if np.isfinite(limit))
        raise ValueError(f"{name} is a finite number{told and ' ' + told}, got {value!r}")


def without_rounding(centred: FloatArray, values: FloatArray) -> FloatArray:
    """Set rows to zero of which nothing but rounding was left when something was subtracted from ``values``.

    Such a row has no direction; its length of 1e-17 is not zero, so division by it would invent one.
    """
    left, size = (np.abs(rows).max(axis=1, keepdims=True) for rows in (centred, values))
    return np.where(left > _CONSTANT * size, centred, 0.0)


def not_diverged(what: str, losses: Iterable[float]) -> None:
    """Refuse losses of a training that ran away: what was learnt is no number, or means nothing.

    Raises
    ------
    DataError
        With the place of the first loss that is not finite.
    """
    values = np.asarray(list(losses), dtype=np.float64)
    if (bad := np.flatnonzero(~np.isfinite(values))).size:
        raise DataError(
            "Training diverged",
            where=what,
            expected="finite losses",
            got=f"{values[bad[0]]} as loss {bad[0] + 1} of {values.size}",
            do="lower the learning rate, or look for responses and vectors far larger than the others",
        )


def choice(name: str, value: object, known: Iterable[str]) -> None:
    """Refuse what is none of the known words.

    Raises
    ------
    ValueError
        With the name, the words and the value.
    """
    if value not in (words := sorted(known)):
        raise ValueError(f"{name} is one of {', '.join(map(repr, words))}, got {value!r}")


def divisor(deviation: Float64, mean: Float64) -> Float64:
    """Make deviations to divide by: infinite where values are constant, so that these become zero.

    The deviation of a constant such as 0.1 comes out as 1e-17, not as zero, and division by it would make
    large numbers of rounding.
    """
    return np.where(deviation > _CONSTANT * np.abs(mean), deviation, np.inf)
