"""Side files of a BIDS data set: tab-separated tables and JSON objects.

Tables are read as text, so that ``n/a`` and ids such as ``001`` stay what they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from companion.errors import DataError, MissingDataError


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a tab-separated table as text.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If a column is missing, or the file is no table.
    """
    if not path.is_file():
        raise MissingDataError("A table of the BIDS data set is missing", where=path.name)
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError("A table cannot be read", where=path.name, got=str(error)) from error
    if missing := [name for name in columns if name not in table.columns]:
        raise DataError(
            f"A table lacks column {missing[0]!r}",
            where=path.name,
            expected=", ".join(columns),
            got=", ".join(table.columns),
        )
    return table


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If it holds anything else.
    """
    if not path.is_file():
        raise MissingDataError("A file of the BIDS data set is missing", where=path.name)
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except ValueError as error:
        raise DataError("A file is not JSON", where=path.name, got=str(error)) from error
    if not isinstance(content, dict):
        raise DataError("A JSON file holds no object", where=path.name, got=type(content).__name__)
    return content
