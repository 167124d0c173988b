"""What must hold of a recording before it is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError


def single_precision(responses: object, *, where: str) -> npt.NDArray[np.float32]:
    """Responses as float32; what is too large for it becomes infinite.

    Raises
    ------
    DataError
        If they are no array of real numbers.
    """
    try:
        given = np.asarray(responses)
    except ValueError:  # lists of different lengths
        given = np.empty(0, dtype=object)
    if given.dtype.kind not in "fiub":
        raise DataError(
            "Responses are no array of numbers",
            where=where,
            expected="real numbers, trials of one shape",
            got=f"{type(responses).__name__} of type {given.dtype}",
            do="hand over one array of numbers",
        )
    with np.errstate(over="ignore", invalid="ignore"):
        return given.astype(np.float32, copy=False)


def all_finite(values: npt.NDArray[np.floating[Any]]) -> bool:
    """Whether all values are finite numbers of single precision, without a mask of their size."""
    if not values.size:
        return True
    largest = np.finfo(np.float32).max
    return bool(values.min() >= -largest and values.max() <= largest)  # of NaN, neither holds


def check_times(times: object, *, where: str) -> None:
    """Refuse times that are not finite numbers, each later than the one before.

    Raises
    ------
    DataError
        If they are not.
    """
    if times is None:
        return
    values = times if isinstance(times, np.ndarray) else np.empty((0, 0))
    if values.ndim != 1 or values.dtype.kind not in "fiu" or not np.isfinite(values).all():
        got = f"{type(times).__name__}, {values.dtype} {values.shape}"
    elif (backward := np.flatnonzero(np.diff(values) <= 0)).size:
        got = f"{values[backward[0]]:g} s, then {values[backward[0] + 1]:g} s"
    else:
        return
    raise DataError(
        "Times are not finite numbers that ascend",
        where=where,
        expected="an array of seconds, finite, one per sample, each later than the one before",
        got=got,
        do="sort the samples by time, and hand over one time for each",
    )


def check_labels(trials: pd.DataFrame, units: pd.DataFrame, *, where: str) -> None:
    """Refuse tables without texts for stimuli and units, regions that are no masks, and units of one name.

    Raises
    ------
    DataError
        If a table is such.
    """
    for table, name in ((trials, "stimulus"), (units, "name")):
        if table.columns.has_duplicates:
            twice = table.columns[table.columns.duplicated()][0]
            raise DataError(
                "A table of the recording has a column twice",
                where=where,
                expected="each once",
                got=twice,
                do="rename or drop one of them",
            )
        column = table.get(name)
        if column is None or column.isna().any() or not all(isinstance(label, str) for label in column):
            raise DataError(
                f"A table of the recording needs a text in column {name!r} of every row",
                where=where,
                got=list(table.columns),
                do="name every stimulus and every unit by a text",
            )
    for name in units.columns:
        if str(name).startswith("roi_") and units[name].dtype != bool:
            raise DataError(
                "The column of a region of interest is not boolean",
                where=f"{where}, units, {name}",
                expected="True or False for every unit",
                got=units[name].dtype,
                do="turn it into a mask, such as column > 0",
            )
    if units["name"].duplicated().any():
        twice = units.loc[units["name"].duplicated(), "name"].iloc[0]
        raise DataError(
            "Two units have one name",
            where=where,
            expected="each name once",
            got=twice,
            do="rename one of them",
        )


def selected_rows(keep: npt.ArrayLike, n_rows: int, *, where: str) -> npt.NDArray[np.intp]:
    """Row numbers that a mask or a list of row numbers chooses.

    Raises
    ------
    DataError
        If the mask has another length, or a row does not exist.
    """
    try:
        wanted = np.asarray(keep)
        if wanted.size == 0 and wanted.dtype != bool:  # numpy takes an empty list for numbers with a fraction
            wanted = wanted.astype(np.intp)
        if wanted.ndim != 1:
            raise IndexError(f"a selection of {wanted.ndim} dimensions")
        rows: npt.NDArray[np.intp] = np.arange(n_rows)[wanted]
    except (IndexError, TypeError, ValueError) as error:
        raise DataError(
            "This selection does not fit the recording",
            where=where,
            expected=f"a mask of {n_rows}, or row numbers below {n_rows}",
            got=error,
            do="make the mask from this recording's own tables",
        ) from error
    return rows
