"""Tables of a chapter as lines of Markdown."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from companion.running.wording import one_line, plain


def table_lines(frame: pd.DataFrame, formats: Mapping[str, str], markup: Collection[str] = ()) -> list[str]:
    """Lines of a Markdown table; columns of numbers are set flush right.

    Parameters
    ----------
    frame : DataFrame
    formats : mapping of str to str
        Format string by column.
    markup : collection of str
        Columns whose texts are MyST. All others are shown letter by letter: names come from files, and a
        page does what its markup says.

    Raises
    ------
    ValueError
        If a format names a column that the table does not have.
    """
    if unknown := sorted({*formats, *markup} - set(frame.columns)):
        raise ValueError(
            f"formats or markup for columns that are not in the table: {unknown}; "
            f"it has {list(frame.columns)}"
        )
    numeric = [name in formats or pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    cells = [
        [
            _cell(value, formats.get(name, "{}"), markup=name in markup)
            for name, value in zip(frame.columns, row, strict=True)
        ]
        for row in frame.itertuples(index=False)
    ]
    rows = [
        [plain(str(name)) for name in frame.columns],
        [("--:" if right else ":--") for right in numeric],
        *cells,
    ]
    return [f"| {' | '.join(row)} |" for row in rows]


def _cell(value: object, template: str, *, markup: bool) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    text = template.format(value)
    if not isinstance(value, float | np.number):
        return one_line(text).replace("|", r"\|") if markup else plain(text)
    return text.replace("-", "−" if text.strip("+-0.% ") else "")  # what rounds to zero has no sign
