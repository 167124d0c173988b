"""What a sweep leaves: one file of Arrow's column format per finished cell, one note per failed one."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from companion.errors import DataError, MissingDataError
from companion.project import data_root
from companion.running.layout import read_json, read_sealed, write_json, write_sealed, write_text
from companion.running.provenance import environment, impersonal
from companion.running.sweeps.cells import SWEEP_NAME, Cell
from companion.system.whole_files import whole_path

_ABOUT = b"companion"
GRID_FILE = "grid.yaml"


_environment = cache(environment)  # a worker's does not change between its cells


class Failure(NamedTuple):
    """Why a cell has no result: the error in a line, and where it came from."""

    cell: str
    error: str
    trace: str


class SweepFolder:
    """Results of one sweep. Workers write into it, the driver looks into it, chapters read it.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def named(cls, name: str) -> SweepFolder:
        """Folder of a sweep below the data folder, so that clearing ``_build`` loses no result.

        Raises
        ------
        DataError
            If this is no name of a sweep, but a way to another folder.
        """
        if not SWEEP_NAME.fullmatch(name):
            raise DataError(
                "No sweep has such a name",
                expected="small letters, digits and hyphens",
                got=repr(name),
                do="give the name of a grid that was run",
            )
        return cls(data_root() / "sweeps" / name)

    def file(self, key: str) -> Path:
        """Where the result of a cell lies."""
        return self.path / "cells" / f"{key}.parquet"

    def note(self, key: str) -> Path:
        """Where the error of a cell lies."""
        return self.path / "failed" / f"{key}.json"

    def finished(self, keys: Iterable[str]) -> set[str]:
        """Which of some cells have a result; files are whole or absent, so that being there is enough."""
        there = {path.stem for path in (self.path / "cells").glob("*.parquet")}
        return there & set(keys)

    def failed(self, keys: Iterable[str]) -> set[str]:
        """Which of some cells failed when they were last tried, and have got no result from elsewhere."""
        there = {path.stem for path in (self.path / "failed").glob("*.json")}
        return there & set(keys) - self.finished(there)

    def declare(self, grid: dict[str, Any], keys: Sequence[str]) -> None:
        """Write down which grid, and which cells, this folder is for."""
        write_text(self.path / GRID_FILE, yaml.safe_dump(grid, sort_keys=False, allow_unicode=True))
        write_sealed(self.path / "cells.json", {"cells": list(keys)})

    def keep(self, cell: Cell, table: pd.DataFrame, seconds: float) -> None:
        """Write a cell's result, whole, once.

        The axes become columns where the table has none of that name. What made the cell stands in the file.
        """
        axes = {name: value for name, value in cell.axes.items() if name not in table}
        about = {
            "job": cell.job,
            "world": cell.world._asdict(),
            "axes": dict(cell.axes),
            "settings": dict(cell.settings),
            "seconds": round(seconds, 2),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "environment": _environment(),
        }
        content = pa.Table.from_pandas(table.assign(**axes, cell=cell.key), preserve_index=False)
        about["sha256"] = _checksum(about, content)
        content = content.replace_schema_metadata(
            (content.schema.metadata or {}) | {_ABOUT: json.dumps(about).encode()}
        )
        with whole_path(self.file(cell.key)) as part:
            pq.write_table(content, part)
        self.note(cell.key).unlink(missing_ok=True)

    def about(self, key: str) -> dict[str, Any]:
        """Read what made a cell: axes, settings, seconds, versions.

        Raises
        ------
        DataError
            If its file does not say so.
        """
        try:
            found: dict[str, Any] = json.loads(pq.read_schema(self.file(key)).metadata[_ABOUT])
        except (OSError, pa.ArrowInvalid, LookupError, TypeError, ValueError) as error:
            raise _unreadable(self.file(key), error) from error
        return found

    def note_failure(self, cell: Cell, error: BaseException | str) -> None:
        """Write down why a cell has no result."""
        trace = "" if isinstance(error, str) else "".join(traceback.format_exception(error))
        told = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        write_json(self.note(cell.key), Failure(str(cell), impersonal(told), impersonal(trace))._asdict())

    def failure(self, key: str) -> Failure:
        """Read why a cell has no result."""
        noted = read_json(self.note(key)) or {}
        cell, error, trace = (noted.get(name) for name in Failure._fields)
        return Failure(str(cell or key), str(error or "unknown"), str(trace or ""))


def read_sweep(name: str, *, metric: str | None = None) -> pd.DataFrame:
    """Read the finished cells of a sweep as one table.

    Parameters
    ----------
    name : str
        Of the grid.
    metric : str, optional
        Rows of this metric alone.

    Returns
    -------
    DataFrame
        Score table; beside its columns those of the grid's axes, and ``cell``. Cells that an earlier version
        of the grid had are left out. ``attrs`` tells ``n_cells``, ``n_finished`` and ``n_failed``.

    Raises
    ------
    MissingDataError
        If there is no such sweep, or none of its cells is finished.
    DataError
        If a file of it cannot be read.

    Examples
    --------
    Of a sweep that was never run there is nothing to read (:class:`companion.running.Job` runs one):

    >>> import tempfile
    >>> from unittest.mock import patch
    >>> from companion import MissingDataError
    >>> from companion.running import read_sweep
    >>> with tempfile.TemporaryDirectory() as name, patch.dict("os.environ", COMPANION_DATA=name):
    ...     try:
    ...         read_sweep("small")
    ...     except MissingDataError as error:
    ...         print(str(error).splitlines()[-1].strip())
    what to do: run: companion sweep GRID.yaml; cells that are finished are kept
    """
    folder = SweepFolder.named(name)
    declared = read_sealed(folder.path / "cells.json")
    if declared is None:
        raise MissingDataError(
            "There is no sweep of this name, or its list of cells is damaged",
            where=folder.path,
            do="run: companion sweep GRID.yaml; cells that are finished are kept",
        )
    keys = declared["cells"]
    finished = folder.finished(keys)
    if not finished:
        raise MissingDataError(
            "No cell of this sweep is finished",
            where=folder.path,
            got="0 files",
            do="run: companion sweep GRID.yaml",
        )
    chosen = None if metric is None else [("metric", "=", metric)]
    parts = [_read(folder.file(key), chosen) for key in keys if key in finished]
    table: pd.DataFrame = pa.concat_tables(parts, promote_options="permissive").to_pandas()
    counts = {"n_cells": len(keys), "n_finished": len(finished), "n_failed": len(folder.failed(keys))}
    table.attrs |= counts
    return table


def _read(path: Path, chosen: list[tuple[str, str, str]] | None) -> pa.Table:
    """Read a cell and compare it with its checksum; Parquet itself takes many a changed byte for good."""
    try:
        table = pq.read_table(path, partitioning=None)
        about = json.loads((table.schema.metadata or {}).get(_ABOUT, b"{}"))
        said = about.pop("sha256", None)  # cells of earlier versions have none
        if said is not None and said != _checksum(about, table):
            raise ValueError("it does not hold what was written")
        return (
            table if chosen is None else table.filter(pq.filters_to_expression(chosen))
        ).replace_schema_metadata()
    except (OSError, pa.ArrowException, LookupError, TypeError, AttributeError, ValueError) as error:
        raise _unreadable(path, error) from error


def _checksum(about: dict[str, Any], table: pa.Table) -> str:
    content = json.dumps([about, table.to_pydict()], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        "The result of a cell cannot be read",
        where=path,
        expected="a Parquet file, written whole",
        got=error,
        do="remove the file and run the sweep again: only this cell is made anew",
    )
