"""Tables of a chapter as lines of Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd


def table_lines(frame: pd.DataFrame, formats: Mapping[str, str]) -> list[str]:
    """Lines of a Markdown table; columns of numbers are set flush right.

    Raises
    ------
    ValueError
        If a format names a column that the table does not have.
    """
    if unknown := sorted(set(formats) - set(frame.columns)):
        raise ValueError(
            f"formats for columns that are not in the table: {unknown}; it has {list(frame.columns)}"
        )
    numeric = [name in formats or pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    cells = [
        [_cell(value, formats.get(name, "{}")) for name, value in zip(frame.columns, row, strict=True)]
        for row in frame.itertuples(index=False)
    ]
    rows = [[str(name) for name in frame.columns], [("--:" if right else ":--") for right in numeric], *cells]
    return [f"| {' | '.join(row)} |" for row in rows]


def _cell(value: object, template: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    text = template.format(value)
    if not isinstance(value, float | np.number):
        return text.replace("|", r"\|")
    return text.replace("-", "−" if text.strip("+-0.% ") else "")  # what rounds to zero has no sign
