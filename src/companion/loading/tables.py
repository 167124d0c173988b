"""Columns of tables of text by type, every cell of which has to be filled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from companion.errors import DataError
from companion.loading.reading import advising, numbers, read_table

_FORMS: Mapping[type, str] = {str: r"(?s).+", int: r"[+-]?\d{1,18}", bool: "True|False"}


def read_columns(
    path: Path, columns: Mapping[str, type], *, separator: str = ",", do: str = "make or fetch it again"
) -> pd.DataFrame:
    r"""Read some columns of a table.

    pandas alone would rename a column that is there twice, shift rows that have a cell too many, take words
    such as ``NA`` for missing, and guess types anew for every file.

    Parameters
    ----------
    path : Path
        Text in UTF-8, with or without a byte order mark, with line ends of any system.
    columns : mapping from name to type
        Which columns, and ``str`` (not empty), ``int``, ``float`` (finite) or ``bool`` for each.
    separator : str
        A tab or a comma.
    do : str
        What to do about a table that is wrong.

    Returns
    -------
    DataFrame
        These columns in this order; rows in the order of the file.

    Raises
    ------
    DataError
        If the file is no such table, or a cell is empty or of another type.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = Path(name) / "kinds.csv"
    ...     _ = path.write_text("noun,living,n\ncat,True,3\nNA,False,4\n")
    ...     read_columns(path, {"n": int, "noun": str}).to_dict("list")
    {'n': [3, 4], 'noun': ['cat', 'NA']}
    """
    with advising(do):
        table = read_table(path, list(columns), separator=separator)
        return pd.DataFrame({name: _typed(table, name, kind, path) for name, kind in columns.items()})


def _typed(table: pd.DataFrame, name: str, kind: type, path: Path) -> pd.Series:
    if kind is float:
        return pd.Series(numbers(table, name, where=path))
    cells = table[name]
    if not (right := cells.str.fullmatch(_FORMS[kind])).all():
        row = int((~right).argmax())
        raise DataError(
            "A cell of a table is empty or of another type",
            where=f"{path}, column {name!r}, row {row} below the header",
            expected={str: "a text", int: "a whole number", bool: "True or False"}[kind],
            got=repr(cells.iloc[row]),
        )
    return cells == "True" if kind is bool else cells.astype(kind)
