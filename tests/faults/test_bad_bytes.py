"""Kept files in which a byte was changed, or of which the end is gone: made anew or refused, never believed.

What a chapter's run leaves is held against its record in `tests/running/test_pipeline.py`, official files
against the manifest in `tests/loading/test_store.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.encoders.cache import EmbeddingCache
from companion.errors import DataError
from companion.running.layout import read_sealed, write_sealed
from companion.running.products import product
from companion.running.sweeps.engines import here
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.results import read_sweep
from companion.running.sweeps.sweep import plan_sweep, run_sweep
from tests.running.sweeps.conftest import log, toy  # noqa: F401 - fixtures

N_DAMAGES = 200


def damages(good: bytes) -> list[bytes]:
    """Change single bits, cut the file short, and change several bytes, always in the same places."""
    rng = np.random.default_rng(0)
    found = [good[: int(end)] for end in rng.integers(len(good), size=N_DAMAGES // 8)]
    for n_bytes in [1] * (N_DAMAGES // 2) + [4] * (N_DAMAGES // 8):
        copy = bytearray(good)
        for place in rng.integers(len(good), size=n_bytes):
            copy[place] ^= 1 << int(rng.integers(8))
        found.append(bytes(copy))
    return found


def test_a_damaged_product_is_never_believed(tmp_path: Path) -> None:
    right = {"a": np.arange(30.0).reshape(5, 6), "b": np.array([3]), "c": np.array([True, False])}
    made = 0

    def make() -> dict[str, np.ndarray]:
        nonlocal made
        made += 1
        return right

    product("thing", {}, make, made_by=[], root=tmp_path)
    [path] = tmp_path.glob("*.safetensors")
    good = path.read_bytes()
    for number, damaged in enumerate(damages(good), start=2):
        path.write_bytes(damaged)
        found = product("thing", {}, make, made_by=[], root=tmp_path)
        assert all(np.array_equal(found[name], right[name]) for name in right)
        assert made == number, "the damaged file was taken for good"
        assert path.read_bytes() == good


def test_damaged_embeddings_are_never_believed(tmp_path: Path) -> None:
    right = np.arange(12, dtype=np.float32).reshape(3, 4)

    def vectors() -> np.ndarray:
        return EmbeddingCache(tmp_path).vectors("toy", ["x", "y", "z"], lambda rows: right[rows], 4, 8)

    vectors()
    [path] = tmp_path.rglob("*.safetensors")
    for damaged in damages(path.read_bytes()):
        path.write_bytes(damaged)
        assert np.array_equal(vectors(), right)


def test_a_damaged_record_is_none(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    right = {"seconds": 12.3, "parameters": {"n": 3, "t": (1, 2)}, "nothing": None}
    write_sealed(path, right)
    good = path.read_bytes()
    assert read_sealed(path) == right | {"parameters": {"n": 3, "t": [1, 2]}}
    for damaged in damages(good):
        path.write_bytes(damaged)
        assert read_sealed(path) in (None, read_sealed_of(good, tmp_path))


def read_sealed_of(content: bytes, folder: Path) -> object:
    (folder / "other.json").write_bytes(content)
    return read_sealed(folder / "other.json")


@pytest.fixture
def swept(
    toy: Callable[..., Grid],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Grid, Path]:
    """A sweep of one cell that is finished."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    grid = toy([3])
    assert not run_sweep(plan_sweep(grid, "cpu", timed=False), here("cpu"), say=lambda line: None)
    return grid, tmp_path / "sweeps" / "toy"


def test_a_damaged_cell_of_a_sweep_is_refused(swept: tuple[Grid, Path]) -> None:
    """Parquet itself, its checksums of pages included, takes one changed bit in fifty for good."""
    right = read_sweep("toy")
    [path, _] = sorted((swept[1] / "cells").iterdir())
    good = path.read_bytes()
    refused = 0
    for damaged in damages(good):
        path.write_bytes(damaged)
        try:
            found = read_sweep("toy")
        except DataError as error:
            refused += 1
            assert path.name in str(error)  # noqa: PT017 - many of them are sound
            continue
        pd.testing.assert_frame_equal(found, right)
    assert refused > N_DAMAGES / 4


def test_a_damaged_list_of_cells_is_refused_and_the_sweep_writes_it_anew(swept: tuple[Grid, Path]) -> None:
    grid, folder = swept
    right = read_sweep("toy")
    listed = folder / "cells.json"
    good = listed.read_bytes()
    listed.write_bytes(good[:20] + (b"1" if good[20:21] == b"0" else b"0") + good[21:])
    with pytest.raises(DataError, match="list of cells is damaged"):
        read_sweep("toy")
    plan = plan_sweep(grid, "cpu", timed=False)
    assert plan.n_finished == len(plan.cells)
    assert not run_sweep(plan, here("cpu"), say=lambda line: None)
    pd.testing.assert_frame_equal(read_sweep("toy"), right)


def test_a_cell_that_was_removed_is_made_again_alone(swept: tuple[Grid, Path]) -> None:
    grid, folder = swept
    right = read_sweep("toy")
    [path, other] = sorted((folder / "cells").iterdir())
    before = other.stat().st_mtime_ns
    path.unlink()
    assert not run_sweep(plan_sweep(grid, "cpu", timed=False), here("cpu"), say=lambda line: None)
    pd.testing.assert_frame_equal(read_sweep("toy"), right)
    assert other.stat().st_mtime_ns == before
    shutil.rmtree(folder)
