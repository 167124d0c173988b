"""NumPy arrays described by a pickle, made from checked plain values.

None of numpy's own unpickling functions is called: what a pickle says about an array (type, shape, order,
bytes) is compared with a short list of forms, and the array is then made from the bytes, which stay in the
file until they are wanted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from companion.loading.pickle_source import FormError, Payload, Source

Order = Literal["C", "F"]
Dtype = np.dtype[Any]

MAP_FROM = 2**20
"""Bytes from which on an array is mapped into memory and not copied."""

LONGEST_AXIS = 2**48
MOST_AXES = 32
_PLAIN_TYPE = re.compile(r"b1|[iu][1248]|f[248]|c8|c16|[SU][0-9]{1,6}|O[48]?")


@dataclass(frozen=True)
class ArrayLocation:
    """Where the numbers of an array lie in a file.

    Attributes
    ----------
    path : Path
        The file.
    offset : int
        Byte at which the numbers start.
    shape : tuple of int
        Shape of the array.
    dtype : dtype
        Type of its elements, with byte order.
    order : {"C", "F"}
        Whether the last or the first index runs fastest.
    """

    path: Path
    offset: int
    shape: tuple[int, ...]
    dtype: Dtype
    order: Order

    def memory_map(self) -> NDArray[Any]:
        """Read-only view of the array in the file; what is touched is counted as memory in use."""
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape, self.order)


def read_blocks(location: ArrayLocation, rows_per_block: int) -> Iterator[NDArray[Any]]:
    """Read an array piece by piece along its first axis, so that it never lies in memory as a whole.

    Parameters
    ----------
    location : ArrayLocation
        An array of one axis or more, in C order.
    rows_per_block : int
        Rows of a block; the last block may have fewer.

    Yields
    ------
    ndarray of shape (at most rows_per_block, ...)
        A copy that may be changed.

    Raises
    ------
    ValueError
        If the array has no rows, or its rows do not lie together (Fortran order).
    """
    if rows_per_block < 1 or not location.shape:
        raise ValueError(f"at least one row per block and one axis, got {rows_per_block}, {location.shape}")
    if location.order == "F":
        raise ValueError("rows of an array in Fortran order do not lie together: use memory_map()")
    n_rows, *row = location.shape
    with location.path.open("rb") as stream:
        stream.seek(location.offset)
        for start in range(0, n_rows, rows_per_block):
            rows = min(rows_per_block, n_rows - start)
            block = np.fromfile(stream, location.dtype, rows * math.prod(row))
            yield block.reshape(rows, *row)


@dataclass
class Unbuilt:
    """A type or an array between its naming and its state, which a pickle gives one after the other."""

    begun: Dtype | None  # None: an array
    built: Any = None


class ArrayMaker:
    """Does with checked values what numpy's unpickling functions would do with any.

    Parameters
    ----------
    source : Source
        The file that holds the bytes.
    locate : bool
        Whether arrays of numbers and texts become an `ArrayLocation`.
    """

    def __init__(self, source: Source, *, locate: bool) -> None:
        self._source = source
        self._locate = locate

    def begin(self, shape: object, code: object) -> Unbuilt:
        """Stand in for ``_reconstruct(ndarray, (0,), b"b")``."""
        if _checked_shape(shape) != (0,) or self._raw(code) != b"b":
            raise FormError("an array that begins in an unknown way")
        return Unbuilt(None)

    def complete(self, unbuilt: Unbuilt, state: object) -> Any:
        """Give a type its byte order, or an array its content."""
        if unbuilt.built is not None:
            raise FormError("a second state for the same array")
        unbuilt.built = self._array(state) if unbuilt.begun is None else _with_state(unbuilt.begun, state)
        return unbuilt.built

    def from_buffer(self, data: object, dtype: object, shape: object, order: object) -> Any:
        """Stand in for ``_frombuffer``, the form of protocol 5."""
        if type(order) is not str or order not in ("C", "F"):
            raise FormError("an array in another order than C or Fortran")
        return self._place(data, dtype, _checked_shape(shape), "F" if order == "F" else "C")

    def scalar(self, dtype: object, data: object) -> np.generic:
        """Stand in for ``scalar``: a number or text with a numpy type."""
        if not isinstance(dtype, np.dtype) or dtype.kind == "O":
            raise FormError("a number without a plain type")
        raw = self._raw(data)
        if len(raw) != dtype.itemsize:
            raise FormError("a number whose bytes do not fit its type")
        _check_text(raw, dtype)
        scalar: np.generic = np.frombuffer(raw, dtype)[0] if raw else dtype.type()
        return scalar

    def encode(self, text: object, encoding: object) -> bytes:
        """Stand in for ``encode(text, "latin1")``, how protocol 2 writes bytes."""
        if type(text) is not str or type(encoding) is not str or encoding not in ("latin1", "latin-1"):
            raise FormError("a call of encode other than for the bytes of an array")
        self._source.charge(len(text))
        return text.encode("latin1")

    def _array(self, state: object) -> Any:
        if type(state) is not tuple or len(state) != 5:
            raise FormError("an array whose state has an unknown form")
        version, shape, dtype, fortran, data = state
        if type(version) is not int or version != 1 or type(fortran) not in (bool, int):
            raise FormError("an array whose state has an unknown form")
        return self._place(data, dtype, _checked_shape(shape), "F" if fortran else "C")

    def _place(self, data: object, dtype: object, shape: tuple[int, ...], order: Order) -> Any:
        """Array from its parts: of objects, located in the file, mapped, or copied out of it."""
        order = "C" if len(shape) < 2 else order
        if not isinstance(dtype, np.dtype):
            raise FormError("an array without a type")
        if dtype.kind == "O":
            return self._objects(data, shape, order)
        in_file = isinstance(data, Payload)
        size = data.size if isinstance(data, Payload) else len(data) if isinstance(data, bytes) else -1
        n_values = math.prod(shape)
        if size != n_values * dtype.itemsize or (n_values > 0 and not dtype.itemsize):
            raise FormError(f"an array of shape {shape} and type {dtype} that comes with {size} bytes")
        if self._locate and not in_file:
            raise FormError("protocol 2 writes arrays as text: they cannot be located, only read")
        if isinstance(data, Payload) and self._locate:
            return ArrayLocation(self._source.path, data.offset, shape, dtype, order)
        if isinstance(data, Payload) and size >= MAP_FROM:
            mapped = self._source.mapped(data)
            _check_text(mapped, dtype)
            return np.frombuffer(mapped, dtype).reshape(shape, order=order)
        raw = self._raw(data)
        _check_text(raw, dtype)
        array: NDArray[Any] = np.frombuffer(raw, dtype) if raw else np.empty(0, dtype)
        array.flags.writeable = False
        return array.reshape(shape, order=order)

    def _objects(self, data: object, shape: tuple[int, ...], order: Order) -> NDArray[Any]:
        if type(data) is not list or len(data) != math.prod(shape):
            raise FormError(f"an array of objects of shape {shape} without a list of as many")
        self._source.charge(64 * len(data))  # a list may be used again and again
        flat = np.empty(len(data), dtype=object)
        for index, value in enumerate(data):
            flat[index] = value  # one by one, since numpy would unpack lists of lists
        return flat.reshape(shape, order=order)

    def _raw(self, data: object) -> bytes:
        if isinstance(data, Payload):
            return self._source.read_at(data)
        if type(data) is bytes:
            return data
        raise FormError("raw bytes are missing")


def plain_dtype(code: object, align: object, copy: object) -> Dtype:
    """Stand in for ``dtype(code, align, copy)``; the byte order comes later, in its state."""
    if type(code) is not str or not _PLAIN_TYPE.fullmatch(code):
        named = ascii(code[:20]) if type(code) is str else type(code).__name__
        raise FormError(f"array element type {named}: only numbers, texts and objects are read")
    if not {type(align), type(copy)} <= {bool, int}:
        raise FormError("an array element type in an unknown form")
    return np.dtype("O" if code[0] == "O" else code)


def _with_state(dtype: Dtype, state: object) -> Dtype:
    """Type with the byte order of its pickled state; fields, subarrays and metadata are refused."""
    if type(state) is not tuple or len(state) != 8:
        raise FormError("an array element type whose state has an unknown form")
    version, order, *parts, itemsize, _alignment, _flags = state
    if type(version) is not int or version != 3 or any(part is not None for part in parts):
        raise FormError("an array element type with fields or metadata is not read")
    if type(itemsize) is not int or itemsize not in (-1, dtype.itemsize):
        raise FormError("an element type whose size contradicts itself")
    if type(order) is not str or order not in ("<", ">", "|"):
        raise FormError(f"an unknown byte order of the element type {dtype}")
    ordered = dtype.itemsize > 1 and dtype.kind in "iufcU"
    if ordered and order == "|":
        raise FormError(f"no byte order of the element type {dtype}, which needs one")
    return dtype.newbyteorder("<" if order == "<" else ">") if ordered else dtype


def _check_text(raw: bytes | memoryview, dtype: Dtype) -> None:
    """Refuse texts that are no Unicode: NumPy finds out only when one of them is looked at."""
    if dtype.kind == "U":
        str(raw, "utf-32-be" if dtype.str[0] == ">" else "utf-32-le")


def _checked_shape(shape: object) -> tuple[int, ...]:
    if type(shape) is not tuple or len(shape) > MOST_AXES:
        raise FormError("an array shape that is no tuple, or has too many axes")
    if not all(type(length) is int and 0 <= length <= LONGEST_AXIS for length in shape):
        raise FormError("an array shape that is not made of whole numbers")
    return shape
