"""The reader of BData, against bdpy (the field's own) and on files that are not what they should be."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from tests import god_world as world

from companion.errors import DataError, MissingDataError
from companion.loading.god import bdata as module
from companion.loading.god.bdata import open_bdata

VALUES = np.random.default_rng(1).normal(size=(40, 12))


@pytest.fixture(scope="module")
def bdpy():
    return world.import_bdpy()


@pytest.fixture
def official(bdpy, tmp_path: Path) -> Path:
    """Write a file with bdpy: 12 voxels in two overlapping regions, a label, and a label with texts."""
    data = bdpy.BData()
    data.add(VALUES, "VoxelData")
    data.add(np.arange(40.0) % 3, "Run")
    data.add(np.arange(40.0) % 2 + 1, "stimulus_name")
    data.add_vmap("stimulus_name", {1.0: "n01443537_22563", 2.0: "n01621127_19020"})
    data.add_metadata("ROI_V1", (np.arange(12) < 8).astype(float), "V1", where="VoxelData")
    data.add_metadata("ROI_V2", (np.arange(12) > 4).astype(float), "V2", where="VoxelData")
    data.add_metadata("voxel_x", np.arange(12) * 3.0, "x", where="VoxelData")
    data.save(str(tmp_path / "official.h5"))
    return tmp_path / "official.h5"


def test_a_file_of_bdpy_is_read_as_bdpy_reads_it(bdpy, official: Path) -> None:
    theirs = bdpy.BData(str(official))
    with open_bdata(official) as ours:
        assert list(ours.keys) == theirs.metadata.key
        assert not ours.simulated
        rows = np.arange(ours.n_rows)
        for key in ("VoxelData", "ROI_V1", "ROI_V2", "Run"):
            got = ours.read(rows, ours.columns(key), np.float64)
            np.testing.assert_array_equal(got, theirs.select(key))
        np.testing.assert_array_equal(ours.label("Run"), theirs.select("Run")[:, 0])
        assert ours.names("stimulus_name") == theirs.get_labels("stimulus_name")
        np.testing.assert_array_equal(ours.metadata("voxel_x"), theirs.get_metadata("voxel_x"))


def test_older_names_of_the_groups_are_read(official: Path) -> None:
    with open_bdata(official) as data:
        expected = data.label("Run")
    with h5py.File(official, "r+") as file:
        file.move("dataset", "dataSet")
        file.move("metadata", "metaData")
    with open_bdata(official) as data:
        np.testing.assert_array_equal(data.label("Run"), expected)


def bare_file(path: Path, values: np.ndarray, **options: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("dataset", data=values, **options)
        file["metadata/key"] = np.array([b"VoxelData"])
        file["metadata/value"] = np.ones((1, values.shape[1]))
    return path


@pytest.mark.parametrize("options", [{}, {"chunks": (3, 5)}, {"chunks": (40, 2), "compression": "gzip"}])
@pytest.mark.parametrize("block_bytes", [1, 700, 2**20])
def test_any_rows_and_columns_in_any_order(
    options: dict[str, object], block_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", block_bytes)
    path = bare_file(tmp_path / "a.h5", VALUES, **options)
    rows, columns = np.array([39, 0, 17, 17, 3]), np.array([11, 2, 5])
    with open_bdata(path) as data:
        got = data.read(rows, columns)
        assert data.read(rows[:0], columns).shape == (0, 3)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, VALUES[np.ix_(rows, columns)].astype(np.float32))


def test_no_more_is_held_than_the_result_and_two_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.zeros((2000, 500))  # 8 MB
    path = bare_file(tmp_path / "large.h5", values)
    monkeypatch.setattr(module, "BLOCK_BYTES", 2**20)
    with open_bdata(path) as data:
        tracemalloc.start()
        got = data.read(np.arange(2000), np.arange(250))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < got.nbytes + 2.5 * 2**20 < 0.6 * values.nbytes


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_value_that_is_no_number_is_refused_with_its_place(value: float, tmp_path: Path) -> None:
    values = np.zeros((200, 4))
    values[131, 2] = value
    path = bare_file(tmp_path / "a.h5", values)
    with open_bdata(path) as data, pytest.raises(DataError, match=r"a\.h5, row 131, column 2"):
        data.read(np.arange(200)[::-1], np.arange(4))


def test_a_signalling_nan_is_refused_without_a_warning(tmp_path: Path) -> None:
    values = np.zeros((20, 4))
    values.view(np.uint64)[7, 2] = 0x7FF0000000000001
    path = bare_file(tmp_path / "a.h5", values)
    with open_bdata(path) as data, pytest.raises(DataError, match=r"a\.h5, row 7, column 2"):
        data.read(np.arange(20), np.arange(4))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no\.h5"), open_bdata(tmp_path / "no.h5"):
        pass


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = bare_file(tmp_path / "cut.h5", VALUES)
    path.write_bytes(path.read_bytes()[: path.stat().st_size - 500])
    with pytest.raises(DataError, match=r"cut\.h5"), open_bdata(path):
        pass


def test_a_chunk_that_cannot_be_unpacked_is_refused(tmp_path: Path) -> None:
    path = bare_file(tmp_path / "bad.h5", VALUES, chunks=(40, 12), compression="gzip")
    with h5py.File(path) as file:
        chunk = file["dataset"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.h5"), open_bdata(path) as data:
        data.read(np.arange(40), np.arange(12))


@pytest.mark.parametrize(
    ("part", "replacement", "message"),
    [
        ("dataset", None, "dataset or dataSet"),
        ("metadata/key", None, "metadata/key"),
        ("metadata/value", None, "metadata/value"),
        ("metadata/value", np.ones((1, 11)), "do not fit"),
        ("dataset", np.ones(12), "do not fit"),
        ("dataset", np.array([[b"a"] * 12]), "do not fit"),
        ("metadata/key", np.array([1.0]), "not texts"),
        ("metadata/key", np.array([b"Run", b"Run"]), "a key twice"),
    ],
)
def test_parts_that_are_missing_or_do_not_fit(
    part: str, replacement: np.ndarray | None, message: str, tmp_path: Path
) -> None:
    path = bare_file(tmp_path / "a.h5", VALUES)
    with h5py.File(path, "r+") as file:
        del file[part]
        if replacement is not None:
            file[part] = replacement
    with pytest.raises(DataError, match=message), open_bdata(path):
        pass


def test_keys_and_labels_that_are_not_there(official: Path) -> None:
    with open_bdata(official) as data:
        with pytest.raises(DataError, match=r"expected: DataType\n +got: VoxelData, Run"):
            data.label("DataType")
        with pytest.raises(DataError, match="should have one column"):
            data.label("VoxelData")
        with pytest.raises(DataError, match="vmap/Run"):
            data.names("Run")


def test_a_label_without_a_text_is_refused(official: Path) -> None:
    with h5py.File(official, "r+") as file:
        del file["vmap/stimulus_name/2.0"]
    with open_bdata(official) as data, pytest.raises(DataError, match=r"has no text(?s:.*)got: 2\.0"):
        data.names("stimulus_name")
    with h5py.File(official, "r+") as file:
        file["vmap/stimulus_name/two"] = b"n01621127_19020"
    with open_bdata(official) as data, pytest.raises(DataError, match="not by number"):
        data.names("stimulus_name")
