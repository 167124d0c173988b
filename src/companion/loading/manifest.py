"""Reading ``data_manifest.yaml``: every data set of the book, where it is, and under which terms."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from companion.errors import DataError
from companion.loading.entries import Manifest
from companion.project import MANIFEST_NAME, project_root
from companion.system.strict_yaml import read_yaml


def load_manifest(path: Path | None = None) -> Manifest:
    """Read and check the manifest.

    Parameters
    ----------
    path : Path, optional
        A manifest; by default the project's own, which is read once.

    Raises
    ------
    DataError
        If the file cannot be read, is no YAML, or breaks the schema; the entry and key are named.

    Examples
    --------
    >>> from companion.loading import load_manifest
    >>> entry = load_manifest().entry("things-meg")
    >>> entry.id, entry.manual
    ('things-meg', True)
    """
    return _read(path) if path else _read_own(project_root() / MANIFEST_NAME)


@cache
def _read_own(path: Path) -> Manifest:
    return _read(path)


def _read(path: Path) -> Manifest:
    try:
        raw = read_yaml(path)
    except yaml.YAMLError as error:
        raise DataError("The manifest cannot be read", where=path, got=error, do="mend the file") from error
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        raise _as_data_error(error, raw, path) from error


def _as_data_error(error: ValidationError, raw: Any, path: Path) -> DataError:
    """Say what the first broken rule is, in the words of the manifest."""
    found = error.errors(include_url=False)
    # a value that may also be `unknown` fails twice: the other failure says what is wrong with it
    found = [one for one in found if one.get("ctx", {}).get("expected") != "'unknown'"] or found
    first, *others = found
    more = f" (and in {len(others)} more places)" if others else ""
    location = [part for part in first["loc"] if isinstance(part, int) or not re.search(r"[\[-]|^int$", part)]
    entry = "?"
    if location[:1] == ["entries"] and len(location) > 1:
        content = raw["entries"][location[1]]
        entry = str(content.get("id", "?"))[:100] if isinstance(content, dict) else f"number {location[1]}"
        location = location[2:]
    key = ".".join(map(str, location))[:200]
    return DataError(
        f"The manifest breaks its schema{more}",
        where=f"{path}, entry {entry}, key {key or 'of the entry as a whole'}",
        expected=first["msg"].removeprefix("Value error, "),
        got=re.sub(r"//[^/\s]*@", "//...@", repr(first["input"]))[:120],
        do="mend that key; what is not known is written as unknown, with steps",
    )
