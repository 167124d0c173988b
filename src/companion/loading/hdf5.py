"""HDF5 files opened with errors that say what is wrong with them, and without leaving the file.

An HDF5 file may name other files of the machine: by external links, virtual arrays and arrays stored
outside. Who reads such a file reads those, so it is refused. libhdf5 itself may crash on a damaged file:
what protects from that is the checksum, which the store compares before a reader opens anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from companion.errors import DataError
from companion.loading.reading import present

MOST_LINKS = 100_000
"""Names in a file; official files have up to a few thousand."""

MOST_UNPACKED = 1_100
"""How many times its bytes in the file an array may be; gzip packs 1,032 times at best."""

LARGEST_CHUNK = 2**28
"""Bytes that are unpacked at once."""


@contextmanager
def opened_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open a file for reading; what HDF5 cannot read, then or later, is a :class:`DataError`.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If the file is cut short, damaged or no HDF5 file, or parts of it lie in other files.
    """
    try:
        with h5py.File(present(path), "r") as file:
            _refuse_other_files(file, path)
            yield file
    except (OSError, RuntimeError, UnicodeDecodeError) as error:  # as h5py does for what libhdf5 says
        raise DataError(
            "A file cannot be read as HDF5", where=path.name, got=str(error), do="fetch the file again"
        ) from error


def hdf5_dataset(group: h5py.Group, key: str, name: str) -> h5py.Dataset:
    """Array ``key`` of an open file or group; ``name`` is the file's name for the error.

    Raises
    ------
    DataError
        If there is no such array, it has no shape or a type of elements that NumPy does not know, or its
        chunks are larger than `LARGEST_CHUNK`.
    """
    try:
        found = group.get(key)
    except (OSError, RuntimeError, ValueError):  # a link that leads nowhere
        found = None
    if not isinstance(found, h5py.Dataset):
        raise DataError(
            "A file lacks an array",
            where=name,
            expected=f"key {key!r}",
            got=names_in(group),
            do="fetch the file again",
        )
    if found.shape is None or _dtype(found) is None:
        raise DataError(
            "An array has no shape, or elements of an unknown type",
            where=f"{name}, key {key!r}",
            expected="an array of numbers or texts",
            got=f"shape {found.shape}",
            do="fetch the file again",
        )
    chunk = math.prod(found.chunks) * found.dtype.itemsize if found.chunks else 0
    if chunk > LARGEST_CHUNK:
        raise DataError(
            "An array is stored in pieces that are too large to unpack",
            where=f"{name}, key {key!r}",
            expected=f"chunks of {LARGEST_CHUNK} bytes at most",
            got=f"{found.chunks}, {chunk} bytes",
            do="fetch the file again, or store it in smaller chunks",
        )
    return found


def names_in(group: h5py.Group) -> list[str]:
    """Names of a group in order; bytes that are no UTF-8 are shown as such."""
    return sorted(
        name if isinstance(name, str) else name.decode("utf-8", "backslashreplace") for name in group
    )


def check_stored(array: h5py.Dataset, name: str) -> None:
    """Refuse an array that is not in the file, whatever size it declares, before memory is taken for it.

    Raises
    ------
    DataError
        If it is more than `MOST_UNPACKED` times as large as its bytes in the file.
    """
    stored = min(array.id.get_storage_size(), Path(array.file.filename).stat().st_size)
    declared = math.prod(array.shape) * array.dtype.itemsize  # array.nbytes would overflow
    if declared > MOST_UNPACKED * stored:
        raise DataError(
            "An array declares values that are not in the file",
            where=f"{name}, key {array.name!r}",
            expected=f"{MOST_UNPACKED * stored} bytes at most",
            got=f"{declared} bytes, shape {array.shape}",
            do="fetch the file again",
        )


def check_texts(array: h5py.Dataset, longest: int, name: str) -> None:
    """Refuse texts longer than ``longest`` bytes before they are read.

    libhdf5 takes memory for the length that a text declares, up to 4 GB, before it looks for the text.

    Raises
    ------
    DataError
        If a text is longer, or the lengths cannot be looked up: bdpy and h5py store texts in one piece.
    """
    kind = h5py.check_string_dtype(array.dtype)
    if kind is None or kind.length is not None or not array.size:
        return
    where = f"{name}, key {array.name!r}"
    pieces = _pieces(array)
    if pieces is None:
        raise DataError(
            "Texts are stored in a way that hides how long they are",
            where=where,
            expected="texts in one piece, or in chunks that are not compressed",
            do="fetch the file again, or write it anew with bdpy or h5py",
        )
    declared = max((_longest(array, *piece) for piece in pieces), default=0)
    if declared > longest:
        raise DataError(
            "A text is too long",
            where=where,
            expected=f"{longest} bytes at most",
            got=f"{declared} bytes",
            do="fetch the file again",
        )


def _pieces(array: h5py.Dataset) -> list[tuple[int, int, int]] | None:
    """Offset, bytes and entries of each piece of an array; None where they do not lie in the file plainly."""
    plan = array.id.get_create_plist()
    if plan.get_layout() == h5py.h5d.CONTIGUOUS:
        offset = array.id.get_offset()
        return [] if offset is None else [(offset, array.id.get_storage_size(), array.size)]
    if plan.get_layout() != h5py.h5d.CHUNKED or plan.get_nfilters():
        return None
    chunks = [array.id.get_chunk_info(at) for at in range(array.id.get_num_chunks())]
    return [(chunk.byte_offset, chunk.size, math.prod(array.chunks)) for chunk in chunks]


def _longest(array: h5py.Dataset, offset: int, size: int, n_entries: int) -> float:
    """Length of the longest text of a piece; infinite if it is none of length, address and number each."""
    path = Path(array.file.filename)
    if offset + size > path.stat().st_size or size not in (12 * n_entries, 16 * n_entries):
        return math.inf
    with path.open("rb") as stream:
        stream.seek(offset)
        return float(np.frombuffer(stream.read(size), "<u4").reshape(n_entries, -1)[:, 0].max())


def marked_simulated(file: h5py.File) -> bool:
    """Whether the root of the file carries the attribute ``simulated``.

    Raises
    ------
    DataError
        If it carries one that is neither true nor false.
    """
    if "simulated" not in file.attrs:
        return False
    try:
        mark = file.attrs.get_id("simulated")
        if mark.shape == () and mark.dtype.kind in "biu":  # a text could take any amount of memory
            return bool(file.attrs["simulated"])
    except (OSError, RuntimeError, TypeError, ValueError):
        pass
    raise DataError(
        "The mark of simulated data is neither true nor false",
        where=f"{file.filename}, attribute 'simulated'",
        expected="one truth value",
        do="get the file again, or make it again",
    )


def _dtype(array: h5py.Dataset) -> np.dtype[Any] | None:
    try:
        found: np.dtype[Any] = array.dtype
    except (TypeError, ValueError, RuntimeError):
        return None
    return found


def _refuse_other_files(file: h5py.File, path: Path) -> None:
    """Look at every link and every array once, without following what leads out of the file."""
    links: list[tuple[bytes, int]] = []

    def collect(name: bytes, link: h5py.h5l.LinkInfo) -> bool | None:
        links.append((name, link.type))
        return len(links) > MOST_LINKS or None

    file.id.links.visit(collect, info=True)
    odd = [name for name, kind in links if _outside(file, name, kind)] if len(links) <= MOST_LINKS else []
    if odd or len(links) > MOST_LINKS:
        shown = [name.decode("utf-8", "backslashreplace") for name in odd[:5]]
        raise DataError(
            "An HDF5 file refers to other files, or holds too much",
            where=path.name,
            expected=f"at most {MOST_LINKS} names, all of parts of this file",
            got=f"more than {MOST_LINKS}" if not odd else f"{len(odd)} parts elsewhere: {', '.join(shown)}",
            do="get the official file again; copy what is linked into the file if it is your own",
        )


def _outside(file: h5py.File, name: bytes, kind: int) -> bool:
    """Whether a link, or the values of the array it leads to, lie in another file."""
    if kind != h5py.h5l.TYPE_HARD:
        return bool(kind != h5py.h5l.TYPE_SOFT)
    try:
        found = h5py.h5o.open(file.id, name)
    except KeyError as error:
        raise OSError(*error.args) from error
    if not isinstance(found, h5py.h5d.DatasetID):
        return False
    layout = found.get_create_plist()
    return bool(layout.get_layout() == h5py.h5d.VIRTUAL or layout.get_external_count())
