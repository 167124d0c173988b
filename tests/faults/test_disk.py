"""A disk that is full in the middle of a write, stood for by a limit on the size of files.

Such a limit needs no rights and no mount, holds for child processes and for what libraries write in C, Rust
or C++, and fails as a full disk does: some bytes are written, and then no more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.encoders.cache import EmbeddingCache
from companion.errors import CompanionError
from companion.loading.download import Result, fetch_entries
from companion.loading.manifest import load_manifest
from companion.running.build import _failure
from companion.running.layout import Layout, write_json
from companion.running.products import product
from companion.running.sweeps.engines import here
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.results import read_sweep
from companion.running.sweeps.sweep import plan_sweep, run_sweep
from companion.system.trouble import explained
from tests.faults.books import plain_book
from tests.running.conftest import outcomes, run_all
from tests.running.sweeps.conftest import log, toy  # noqa: F401 - fixtures

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
LIMIT = 100_000


@contextmanager
def full_disk(at: int = LIMIT) -> Iterator[None]:
    """Let no file grow beyond some bytes."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(folder: Path) -> list[str]:
    """What lies in a folder, locks left out."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock"))


def large() -> dict[str, np.ndarray]:
    return {"a": np.arange(100_000.0)}


def vectors(cache: EmbeddingCache) -> np.ndarray:
    return cache.vectors(
        "toy", [str(n) for n in range(2000)], lambda rows: np.ones((len(rows), 40), np.float32), 40, 500
    )


KEPT: dict[str, Callable[[Path], object]] = {
    "product": lambda root: product("thing", {}, large, made_by=[], root=root)["a"],
    "embeddings": lambda root: vectors(EmbeddingCache(root)),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_cannot_be_kept_is_said_and_made_the_next_time(name: str, tmp_path: Path) -> None:
    with full_disk(50_000), pytest.raises(CompanionError, match="cannot be kept") as told:
        KEPT[name](tmp_path)
    assert "make room" in str(told.value)
    assert "File too large" in str(told.value)
    assert files(tmp_path) == []
    assert np.array_equal(KEPT[name](tmp_path), KEPT[name](tmp_path))


def test_a_file_that_was_there_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    write_json(path, {"small": 1})
    before = path.read_bytes()
    with full_disk(), pytest.raises(OSError, match="File too large") as refused:
        write_json(path, {"large": "x" * 2 * LIMIT})
    assert path.read_bytes() == before
    assert files(tmp_path) == ["kept.json"]
    assert "The disk is full" in str(explained(refused.value))


def _no_room_in_numpy(path: Path) -> None:
    np.save(path, np.zeros(LIMIT))


def _no_room_in_hdf5(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["a"] = np.zeros(LIMIT)


def _no_room_in_arrow(path: Path) -> None:
    pd.DataFrame({"a": np.random.default_rng(0).normal(size=LIMIT)}).to_parquet(path)


@pytest.mark.parametrize("write", [_no_room_in_numpy, _no_room_in_hdf5, _no_room_in_arrow])
def test_a_full_disk_is_known_whoever_tells_of_it(write: Callable[[Path], None], tmp_path: Path) -> None:
    with full_disk(), pytest.raises(OSError, match=r"too large|written") as refused:
        write(tmp_path / "file")
    assert "The disk is full" in str(explained(refused.value))


def test_pages_that_find_no_room_say_so(tmp_path: Path) -> None:
    printed = "OSError: [Errno 28] No space left on device: 'benchmarks.md'"
    told = str(_failure(Layout(tmp_path), printed, 1))
    assert "the last good pages are kept" in told
    assert "what to do: make room" in told


def test_fetching_says_so_and_leaves_nothing(mirror: Path, tmp_path: Path) -> None:
    entry = load_manifest().entry("images92-cichy")
    with full_disk():
        outcomes = fetch_entries([entry], tmp_path, mirror=mirror)
    refused = [one for one in outcomes if one.result is Result.FAILED]
    assert refused
    assert all("nothing was kept" in str(one.error) for one in refused)
    assert [name for name in files(tmp_path) if name not in {file.name for file in entry.files}] == []
    again = fetch_entries([entry], tmp_path, mirror=mirror)
    assert {one.result for one in again} <= {Result.FETCHED, Result.ALREADY_THERE}


def test_cells_of_a_sweep_that_find_no_room_are_tried_again(
    toy: Callable[..., Grid],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    grid, engine = toy(), here("cpu")
    with full_disk(2_000):  # notes of failures fit, results do not
        failures = run_sweep(plan_sweep(grid, "cpu", timed=False), engine, say=lambda line: None)
    assert len(failures) == 8
    assert all("File too large" in failure.error for failure in failures)
    assert not run_sweep(plan_sweep(grid, "cpu", timed=False), engine, say=lambda line: None)
    assert sorted(read_sweep("toy")["value"].unique()) == [1.0, 4.0, 9.0, 16.0]


CELLS = {
    "cell": "(flag.parent / 'made.bin').write_bytes(bytes(300_000))",
    "notebook": "print('x' * 300_000)",
}


def test_chapters_that_find_no_room_say_so_and_run_when_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = plain_book(tmp_path / "project", CELLS, monkeypatch)
    with full_disk():
        runs = run_all(book)
    assert outcomes(runs) == {"cell": "failed", "notebook": "failed"}
    for name in ("cell", "notebook"):
        assert "what to do: make room" in runs[name].detail
        assert not book.layout.record(name).exists()
    assert "failed in code cell 2: OSError: [Errno 27] File too large" in runs["cell"].detail
    assert outcomes(run_all(book)) == {"cell": "ran", "notebook": "ran"}
