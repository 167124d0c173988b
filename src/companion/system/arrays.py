"""Arrays in numpy's ``.npy`` and ``.npz`` files: numbers and texts only, no larger than their file says.

``numpy.load`` allocates what a header promises before it looks for the data, inflates whatever a zip
archive holds, and fails in a dozen ways on a damaged file.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from companion.errors import DataError, MissingDataError

Array = npt.NDArray[Any]

MOST_INFLATED = 200
"""How many times its size a zip archive may hold, beyond `FREELY_INFLATED`."""
FREELY_INFLATED = 64 * 2**20
_HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[<>|=][biufcUS]\d{1,9})', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>(?:\d{1,18}(?:, ?|(?=\))))*)\), \} *\n"
)
_LONGEST_HEADER = 65535


def read_npy(path: Path, *, do: str = "fetch the file again") -> Array:
    """Read the array of an ``.npy`` file.

    Parameters
    ----------
    path : Path
    do : str
        What to do about a file that is wrong.

    Returns
    -------
    ndarray
        Of numbers, truth values or texts.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If it is none, holds objects (a pickle), or is not as long as its header says.
    """
    with _readable(path, do), path.open("rb") as stream:
        return _array(stream, path.stat().st_size)


def read_npz(
    path: Path, names: Sequence[str], *, also: Sequence[str] = (), do: str = "fetch the file again"
) -> dict[str, Array]:
    """Read arrays of an ``.npz`` file, by name.

    Parameters
    ----------
    path : Path
    names : sequence of str
        Those that it has to have.
    also : sequence of str
        Those that it may have; they are left out where they are not there.
    do : str
        What to do about a file that is wrong.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If it is none, lacks an array, or one of them is as :func:`read_npy` refuses it.
    """
    found: dict[str, Array] = {}
    with _readable(path, do), zipfile.ZipFile(path) as archive:
        members = _members(archive, path.stat().st_size)
        if lacking := [name for name in names if name not in members]:
            raise DataError(
                "A file lacks arrays", where=path, expected=", ".join(lacking), got=", ".join(members), do=do
            )
        for name in [*names, *(name for name in also if name in members)]:
            with _named(name), archive.open(members[name]) as stream:
                found[name] = _array(stream, members[name].file_size)
    return found


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    members = {info.filename.removesuffix(".npy"): info for info in infos}
    if len(members) < len(infos):
        raise ValueError("an array is there twice")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise ValueError("an archive compressed in a way that numpy does not use")
    held = sum(info.file_size for info in infos)
    if held > FREELY_INFLATED + MOST_INFLATED * size:
        raise ValueError(f"{size} bytes that would inflate to {held}")
    return members


def npy_header(read: Callable[[int], bytes], form: re.Pattern[bytes]) -> re.Match[bytes] | None:
    """Header of an ``.npy`` file whose first six bytes were read; None if it is not of this form."""
    version = read(2)
    if version not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        return None
    length_format = "<H" if version[0] == 1 else "<I"
    length = struct.unpack(length_format, read(struct.calcsize(length_format)))[0]
    return form.fullmatch(read(min(length, _LONGEST_HEADER)))


def _array(stream: IO[bytes], size: int) -> Array:
    """Array of a stream of so many bytes."""
    if stream.read(6) != b"\x93NUMPY":
        raise ValueError("no array of numpy begins here")
    found = npy_header(stream.read, _HEADER)
    if not found:
        raise ValueError("a header that describes no array of numbers or texts (objects are pickles)")
    dtype = np.dtype(found["descr"].decode())
    shape = tuple(int(part) for part in found["shape"].replace(b",", b" ").split())
    promised, there = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if promised != there:
        raise ValueError(
            f"a header that promises {promised} bytes of {dtype}{list(shape)}, and {there} bytes"
        )
    if not promised:
        return np.empty(shape, dtype)
    values = np.frombuffer(bytearray(stream.read(there)), dtype)
    if dtype.kind == "U":
        _refuse_no_characters(values)
    return values.reshape(shape, order="F" if found["fortran"] == b"True" else "C")


def _refuse_no_characters(values: Array) -> None:
    points = values.view(values.dtype.byteorder.replace("|", "=") + "u4")
    if ((points > 0x10FFFF) | ((points >= 0xD800) & (points <= 0xDFFF))).any():
        raise ValueError("texts with characters that there are not")


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"array {name!r}: {error}") from error


@contextmanager
def _readable(path: Path, do: str) -> Iterator[None]:
    """Say of a file what is wrong with it, whatever notices it."""
    try:
        if not path.is_file():
            raise MissingDataError("A file of arrays is not there", where=path, do=do)
        yield
    except (
        OSError,
        ValueError,
        TypeError,
        LookupError,
        EOFError,
        OverflowError,
        MemoryError,
        RuntimeError,  # encrypted, or compressed in an unknown way
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise DataError(
            "A file of arrays cannot be read",
            where=path,
            expected="arrays of numbers or texts as numpy saves them, undamaged",
            got=str(error) or type(error).__name__,
            do=do,
        ) from error
