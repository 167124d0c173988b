"""The table of repeated brain-aligning: what each teacher gave in many small worlds.

``simulation/repeated_alignment.csv`` is written by ``python -m companion.simulation.repeated_alignment``, and
committed. Its first line, after ``# ``, is a JSON record of how it was made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from companion.loading.repeated_worlds import read_recorded

Kind = Literal["gap", "N1", "N2", "N3"]
FILE = Path(__file__).parents[1] / "simulation" / "repeated_alignment.csv"
COLUMNS = (
    "kind",
    "gap",
    "world",
    "teacher",
    "alpha",
    "accuracy",
    "shuffled",
    "correlation",
    "correlation_shuffled",
    "minus_permuted",
    "p_permuted_person",
    "p_permuted_stimulus",
    "minus_original",
    "p_original_person",
    "p_original_stimulus",
    "simulated",
)


def read_repeated_alignment(path: Path = FILE) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the table, and how it was made.

    Parameters
    ----------
    path : Path
        The committed table by default.

    Returns
    -------
    table : DataFrame
        One row per kind of world, value of the gap, world, teacher and alpha (text; ``original`` for vectors
        as they are). Identification of V4 perception, fractions, means over people and categories: accuracy
        and shuffled; correlation of profiles and its shuffled level; minus_permuted and minus_original:
        differences to the permuted teacher at the same alpha, and to the vectors as they are, with two-sided
        t tests over people (``_person``) and over categories (``_stimulus``).
    record : dict
        Sizes, seeds and dials.

    Raises
    ------
    DataError
        If the file cannot be read, has no record, or lacks columns.
    """
    return read_recorded(path, COLUMNS, dtype={"alpha": str})
