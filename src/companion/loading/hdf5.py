"""HDF5 files opened with errors that say what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from companion.errors import DataError, MissingDataError


@contextmanager
def opened_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open a file for reading; what HDF5 cannot read, then or later, is a :class:`DataError`.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If the file is cut short, damaged or no HDF5 file.
    """
    if not path.is_file():
        raise MissingDataError("A file is missing", where=path.name, do="fetch it, or name its folder")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except OSError as error:
        raise DataError(
            "A file cannot be read as HDF5", where=path.name, got=str(error), do="fetch the file again"
        ) from error


def hdf5_dataset(file: h5py.File, key: str, name: str) -> h5py.Dataset:
    """Array ``key`` of an open file; ``name`` is the file's name for the error.

    Raises
    ------
    DataError
        If there is no such array.
    """
    found = file.get(key)
    if not isinstance(found, h5py.Dataset):
        raise DataError("A file lacks an array", where=name, expected=f"key {key!r}", got=sorted(file))
    return found


def marked_simulated(file: h5py.File) -> bool:
    """Whether the root of the file carries the attribute ``simulated``."""
    return bool(file.attrs.get("simulated", False))
