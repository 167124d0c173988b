"""The table of the repeated worlds: what an aligner gave in many small ones, each with its own people.

``simulation/repeated_worlds.csv`` is written by ``python -m companion.simulation.repeated_worlds``, and
committed. Its first line, after ``# ``, is a JSON record of how it was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from companion.errors import DataError

Kind = Literal["world", "N0", "N1", "N2"]
_DO = "take the file from the repository again"
FILE = Path(__file__).parents[1] / "simulation" / "repeated_worlds.csv"
COLUMNS = (
    "kind",
    "world",
    "metric",
    "base",
    "aligned",
    "permuted",
    "effect",
    "p_t",
    "p_sign_flip",
    "simulated",
)


def read_repeated_worlds(path: Path = FILE) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the table, and how it was made.

    Parameters
    ----------
    path : Path
        The committed table by default.

    Returns
    -------
    table : DataFrame
        One row per kind of world, world and metric. kind ``world``, ``N0``, ``N1`` or ``N2``; world, from 1;
        metric ``top-1`` or ``identification`` (both per cent); base, aligned, permuted: means over people
        (base is not decoded in N0); effect: mean of aligned minus permuted; p_t and p_sign_flip, two-sided,
        over people (p_t is empty where all differences are equal); person_1, person_2 ...: the differences;
        seconds of one core.
    record : dict
        Sizes, seeds and dials.

    Raises
    ------
    DataError
        If the file cannot be read, has no record, or lacks columns.
    """
    return read_recorded(path, (*COLUMNS, "person_1"))


def read_recorded(
    path: Path, columns: Sequence[str], dtype: Mapping[str, type] | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a table whose first line, after ``# ``, is a JSON record of how it was made.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        That it must have.
    dtype : mapping of str to type, optional
        Of columns that must not be guessed.

    Raises
    ------
    DataError
        If the file cannot be read, has no record, or lacks columns.
    """
    try:
        first, _, _ = path.read_text("utf-8").partition("\n")
        record = json.loads(first.removeprefix("#"))
        if not isinstance(record, dict):
            raise TypeError("the first line holds no JSON object")
        table = pd.read_csv(path, comment="#", dtype=dict(dtype or {}))
    except (OSError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(
            "A recorded table cannot be read",
            where=path,
            expected="a first line of # and JSON, a header, then rows",
            got=error,
            do=_DO,
        ) from error
    if missing := [name for name in columns if name not in table.columns]:
        raise DataError(
            "A recorded table lacks columns", where=path, expected=missing, got=[*table.columns], do=_DO
        )
    return table, record


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Differences of each person, aligned minus permuted: (n_rows, n_people)."""
    return table[[name for name in table.columns if name.startswith("person_")]]
