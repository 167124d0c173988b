"""Reading ``data_manifest.yaml``: every data set of the book, where it is, and under which terms."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from companion.errors import DataError
from companion.loading.entries import Manifest, first_twice
from companion.project import MANIFEST_NAME, project_root


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
    """
    return _read(path) if path else _read_own(project_root() / MANIFEST_NAME)


@cache
def _read_own(path: Path) -> Manifest:
    return _read(path)


def _read(path: Path) -> Manifest:
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError("The manifest cannot be read", where=path, got=error, do="mend the file") from error
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        raise _as_data_error(error, raw, path) from error


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML that refuses a key given twice, where PyYAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := first_twice(keys):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice} is there twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _as_data_error(error: ValidationError, raw: object, path: Path) -> DataError:
    """Say what the first broken rule is, in the words of the manifest."""
    first = error.errors(include_url=False)[0]
    location = list(first["loc"])
    entry = "?"
    if isinstance(raw, dict) and location[:1] == ["entries"] and len(location) > 1:
        entry = str(raw["entries"][location[1]].get("id", f"number {location[1]}"))
        location = location[2:]
    key = ".".join(str(part) for part in location if not str(part).startswith(("function-", "constrained-")))
    more = f" (and in {error.error_count() - 1} more places)" if error.error_count() > 1 else ""
    return DataError(
        f"The manifest breaks its schema{more}",
        where=f"{path}, entry {entry}, key {key or 'of the entry as a whole'}",
        expected=first["msg"].removeprefix("Value error, "),
        got=repr(first["input"])[:120],
        do="mend that key; what is not known is written as unknown, with steps",
    )
