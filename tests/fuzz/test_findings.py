"""What fuzzing found in the readers of HDF5, one small file each."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from companion.errors import DataError
from companion.loading.god.bdata import open_bdata
from companion.loading.god.features import load_god_features
from companion.loading.hdf5 import MOST_LINKS, opened_hdf5
from companion.loading.nsd.responses import load_nsd, voxel_file
from companion.loading.nsd.stimuli import PICTURE_FILE, nsd_pictures
from companion.simulation.writers.god import write_god_features
from tests import god_world

from .bdata import templates

SECRET = "secret.h5"  # noqa: S105 - a file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is read, and beside it one that may not be."""
    for name in ("data.h5", SECRET):
        with h5py.File(tmp_path / name, "w") as file:
            file["dataset"] = np.full((6, 3), 7.0)
            file["metadata/key"] = [b"VoxelData", b"Run"]
            file["metadata/value"] = np.array([[1.0, 1, 0], [0, 0, 1]])
            file["vmap/Run/7.0"] = b"seventh"
    return tmp_path / "data.h5"


def replaced(path: Path, name: str) -> h5py.File:
    file = h5py.File(path, "r+")
    del file[name]
    return file


def read_all(path: Path) -> None:
    with open_bdata(path) as data:
        data.names("Run")
        data.read(np.arange(data.n_rows), data.columns("VoxelData"))


def test_the_file_itself_is_read(path: Path) -> None:
    read_all(path)


@pytest.mark.parametrize("name", ["dataset", "metadata", "metadata/key", "vmap", "vmap/Run/7.0"])
@pytest.mark.parametrize("target", [SECRET, "/dev/zero", "nothing.h5"])
def test_links_out_of_a_file_are_refused(path: Path, name: str, target: str) -> None:
    with replaced(path, name) as file:
        file[name] = h5py.ExternalLink(target, name)
    with pytest.raises(DataError, match=r"(?s)refers to other files.*data\.h5.*what to do"):
        read_all(path)


def test_unused_links_out_of_a_file_are_refused(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["metadata/deep/unused"] = h5py.ExternalLink(SECRET, "/")
    with pytest.raises(DataError, match=r"(?s)refers to other files.*metadata/deep/unused"):
        read_all(path)


def test_virtual_arrays_are_refused(path: Path) -> None:
    layout = h5py.VirtualLayout(shape=(6, 3), dtype="f8")
    layout[...] = h5py.VirtualSource(SECRET, "dataset", shape=(6, 3))
    with replaced(path, "dataset") as file:
        file.create_virtual_dataset("dataset", layout)
    with pytest.raises(DataError, match="refers to other files"):
        read_all(path)


def test_arrays_stored_outside_are_refused(path: Path) -> None:
    (path.parent / "passwords").write_bytes(bytes(200))
    with replaced(path, "dataset") as file:
        file.create_dataset("dataset", (6, 3), "f8", external=[(str(path.parent / "passwords"), 0, 144)])
    with pytest.raises(DataError, match="refers to other files"):
        read_all(path)


def test_files_of_nsd_keep_to_themselves_too(path: Path) -> None:
    templates(path.parent)
    for name, key in ((voxel_file(1), "voxels"), (PICTURE_FILE, "imgBrick")):
        with h5py.File(path.parent / name, "w") as file:
            file[key] = h5py.ExternalLink(SECRET, "dataset")
    with pytest.raises(DataError, match="refers to other files"):
        load_nsd(path.parent, 1, split="test")
    with pytest.raises(DataError, match="refers to other files"):
        nsd_pictures(path.parent, ["nsd-00012"])


def test_more_names_than_a_file_has_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.loading.hdf5.MOST_LINKS", 6)
    with h5py.File(path, "r+") as file:
        file["again"] = file["metadata"]  # a group within itself, too
        file["metadata/self"] = file["metadata"]
    with pytest.raises(DataError, match="holds too much"), opened_hdf5(path):
        pass
    assert MOST_LINKS > 10_000


@pytest.mark.parametrize("target", ["/dataset", "/nothing", "/metadata", "/"])
def test_soft_links_that_lead_to_no_array(path: Path, target: str) -> None:
    with replaced(path, "dataset") as file:
        file["dataset"] = h5py.SoftLink(target)
    with pytest.raises(DataError, match=r"(?s)lacks.*what to do"):
        read_all(path)


@pytest.mark.parametrize("name", ["dataset", "metadata/key", "metadata/value", "vmap/Run/7.0"])
@pytest.mark.parametrize("kind", ["null", "opaque", "compound", "reference", "group", "three axes"])
def test_parts_of_other_kinds(path: Path, name: str, kind: str) -> None:
    with replaced(path, name) as file:
        match kind:
            case "null":
                file[name] = h5py.Empty("f8")
            case "opaque":
                file.create_dataset(name, (6, 3), h5py.opaque_dtype(np.dtype("M8[s]")))
            case "compound":
                file.create_dataset(name, (6, 3), [("a", "f8"), ("b", "S3")])
            case "reference":
                file.create_dataset(name, (6, 3), h5py.ref_dtype)
            case "group":
                file.create_group(name)
            case "three axes":
                file[name] = np.zeros((6, 3, 1))
    with pytest.raises(DataError, match=r"(?s)data\.h5.*what to do"):
        read_all(path)


@pytest.mark.parametrize(("shape", "chunks"), [((2**40, 3), (4, 3)), ((2**62, 3), (1, 1))])
def test_values_that_are_declared_only(path: Path, shape: tuple[int, int], chunks: tuple[int, int]) -> None:
    with replaced(path, "dataset") as file:
        file.create_dataset("dataset", shape, "f8", chunks=chunks)
    with pytest.raises(DataError, match="declares values that are not in the file"):
        read_all(path)


def test_chunks_that_take_gigabytes_to_unpack(path: Path) -> None:
    with replaced(path, "dataset") as file:
        file.create_dataset("dataset", (2**27, 3), "i1", chunks=(2**27, 3), compression="gzip")
    with pytest.raises(DataError, match=r"(?s)pieces that are too large.*402653184 bytes"):
        read_all(path)


def test_more_rows_than_a_recording_has(path: Path) -> None:
    with replaced(path, "dataset") as file:
        file.create_dataset("dataset", data=np.zeros((1_000_001, 3), "i1"), compression="gzip")
    with pytest.raises(DataError, match="too large"):
        read_all(path)


@pytest.mark.parametrize("name", ["metadata/key", "vmap/Run/7.0"])
def test_a_text_that_declares_gigabytes(path: Path, name: str) -> None:
    """libhdf5 takes the memory before it looks for the text."""
    with h5py.File(path) as file:
        offset = file[name].id.get_offset()
    content = bytearray(path.read_bytes())
    content[offset : offset + 4] = struct.pack("<I", 2**32 - 1)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"(?s)A text is too long.*4294967295"):
        read_all(path)


def keys_stored(path: Path, **how: Any) -> None:
    """Store the same keys in another way."""
    with h5py.File(path) as file:
        keys = file["metadata/key"][()]
    with replaced(path, "metadata/key") as file:
        file.create_dataset("metadata/key", data=keys, dtype=h5py.string_dtype(), **how)


def test_a_text_in_chunks_that_declares_gigabytes(path: Path) -> None:
    keys_stored(path, chunks=(2,))
    read_all(path)
    with h5py.File(path) as file:
        last = file["metadata/key"].id.get_chunk_info(file["metadata/key"].id.get_num_chunks() - 1)
    content = bytearray(path.read_bytes())
    content[last.byte_offset : last.byte_offset + 4] = struct.pack("<I", 2**32 - 1)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"(?s)A text is too long.*4294967295"):
        read_all(path)


def test_texts_whose_lengths_are_compressed(path: Path) -> None:
    keys_stored(path, chunks=(2,), compression="gzip")
    with pytest.raises(DataError, match=r"(?s)hides how long they are.*metadata/key"):
        read_all(path)


def test_texts_of_which_only_some_are_stored(path: Path) -> None:
    with h5py.File(path) as file:
        n_keys = len(file["metadata/key"])
    with replaced(path, "metadata/key") as file:
        keys = file.create_dataset("metadata/key", (n_keys,), h5py.string_dtype(), chunks=(1,))
        keys[0] = "VoxelData"
    with open_bdata(path) as data:
        assert data.keys == ("VoxelData", "")  # what is not stored is empty, and takes no memory


@pytest.mark.parametrize("key", [b"\xff\xfe", b"x" * 5000])
def test_keys_that_are_no_texts(path: Path, key: bytes) -> None:
    with replaced(path, "metadata/key") as file:
        file["metadata/key"] = np.array([b"VoxelData", key], dtype=f"S{len(key) + 9}")
    with pytest.raises(DataError, match=r"(?s)A text of a BData file cannot be read.*metadata/key 1"):
        read_all(path)


@pytest.mark.parametrize("name", ["7", "07.00", "nan", "inf", b"\xff", "\x1b[2J"])
def test_names_of_texts_that_are_not_different_numbers(path: Path, name: str | bytes) -> None:
    with h5py.File(path, "r+") as file:
        file["vmap/Run"][name] = b"other"
    with pytest.raises(DataError, match="not by number") as caught:
        read_all(path)
    str(caught.value).encode()
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("mark", ["False", np.zeros(3), h5py.Empty("f8"), 0.5, b""])
def test_a_mark_of_simulated_data_that_says_nothing(path: Path, mark: object) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["simulated"] = mark
    with open_bdata(path) as data, pytest.raises(DataError, match=r"(?s)neither true nor false.*data\.h5"):
        _ = data.simulated


@pytest.mark.parametrize(("mark", "simulated"), [(True, True), (False, False), (1, True), (0, False)])
def test_a_mark_of_simulated_data(path: Path, mark: object, simulated: bool) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["simulated"] = mark
    with open_bdata(path) as data:
        assert data.simulated is simulated


def test_numbers_of_the_other_byte_order_are_read(path: Path) -> None:
    with replaced(path, "dataset") as file:
        file["dataset"] = np.full((6, 3), 7, dtype=">f8")
    with open_bdata(path) as data:
        assert data.double_precision
        assert data.names("Run") == ["seventh"] * 6


def test_complex_metadata_are_refused(path: Path) -> None:
    with replaced(path, "metadata/value") as file:
        file["metadata/value"] = np.ones((2, 3), complex)
    with pytest.raises(DataError, match="do not fit"):
        read_all(path)


def test_features_without_a_column_name_their_file(tmp_path: Path) -> None:
    path = write_god_features(tmp_path, god_world.features())
    with h5py.File(path, "r+") as file:
        row = [key.decode() for key in file["metadata/key"][()]].index("cnn1")
        file["metadata/value"][row] = np.nan
    with pytest.raises(DataError, match=r"ImageFeatures\.h5, cnn1"):
        load_god_features(tmp_path, "cnn1", "training images")


def test_an_array_whose_head_is_damaged(path: Path) -> None:
    """h5py then answers with KeyError, and from inside a visit with SystemError."""
    content = path.read_bytes()
    refused = 0
    for at in range(0, len(content), 7):
        changed = bytearray(content)
        changed[at] ^= 0xFF
        path.write_bytes(changed)
        try:
            read_all(path)
        except DataError:
            refused += 1
    assert refused > 50
