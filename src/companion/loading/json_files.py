"""JSON files read strictly: a key given twice, endless nesting or another encoding is refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from companion.errors import DataError
from companion.loading.reading import MEND, present, repeated


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If it is no JSON, a key is given twice, or levels are too many.
    """
    try:
        return json.loads(present(path).read_text("utf-8-sig"), object_pairs_hook=_each_key_once)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            "A file is not JSON",
            where=path,
            expected="JSON in UTF-8, each key once",
            got=str(error),
            do=MEND,
        ) from error


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises
    ------
    DataError
        Also if it holds anything else.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise DataError(
            "A JSON file holds no object",
            where=path,
            expected="an object",
            got=type(content).__name__,
            do=MEND,
        )
    return content


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError(f"key {sorted(repeated([key for key, _ in pairs]))[0]!r} is given twice")
    return content
