"""Pickles of arrays that never lie in memory as a whole.

The result is the very pickle that Python writes for a C-ordered array of the same content.
"""

from __future__ import annotations

import math
import pickle
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import numpy as np
import numpy.typing as npt

PROTOCOL = 4
_RECONSTRUCT = np.empty(0).__reduce__()[0]


@dataclass(frozen=True, eq=False)
class StreamedArray:
    """An array that is given piece by piece.

    Attributes
    ----------
    shape : tuple of int
        Of the whole.
    rows : iterable of ndarray
        ``shape[0]`` arrays of shape ``shape[1:]``; an array of the whole shape is such an iterable. It is
        gone through once.
    dtype : dtype
        What is written; rows are converted.
    """

    shape: tuple[int, ...]
    rows: Iterable[npt.NDArray[Any]]
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False)
class _Content:
    array: StreamedArray


class _Pickler(pickle._Pickler):
    framer: Any
    memoize: Callable[[object], None]
    save_reduce: Callable[..., None]

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, PROTOCOL)
        self._stream = stream

    def save_array(self, array: StreamedArray) -> None:
        state = (1, array.shape, array.dtype, False, _Content(array))
        self.save_reduce(_RECONSTRUCT, (np.ndarray, (0,), b"b"), state, obj=array)

    def save_content(self, content: _Content) -> None:
        array = content.array
        size = math.prod(array.shape) * array.dtype.itemsize
        small = size < 2**32
        header = (pickle.BINBYTES if small else pickle.BINBYTES8) + struct.pack("<I" if small else "<Q", size)
        self.framer.write_large_bytes(header, b"")
        n_rows = 0
        for row in array.rows:
            if row.shape != array.shape[1:]:
                raise ValueError(f"row {n_rows} has shape {row.shape} where {array.shape[1:]} was announced")
            self._stream.write(np.ascontiguousarray(row, dtype=array.dtype).data)
            n_rows += 1
        if n_rows != array.shape[0]:
            raise ValueError(f"{n_rows} rows came where {array.shape[0]} were announced")
        self.memoize(content)

    dispatch: ClassVar[dict[type, Callable[..., None]]] = pickle._Pickler.dispatch | {
        StreamedArray: save_array,
        _Content: save_content,
    }


def dump_streamed(content: dict[str, Any], stream: BinaryIO, *, in_npy: bool) -> None:
    """Write a dictionary, some of whose values may be a `StreamedArray`.

    Parameters
    ----------
    content : dict
        What is pickled.
    stream : binary file
        Where to.
    in_npy : bool
        Whether the pickle lies in an npy array of objects, as ``numpy.save`` wraps a dictionary; otherwise it
        is bare.

    Raises
    ------
    ValueError
        If rows do not have the shape or number announced; what was written is then of no use.
    """
    if not in_npy:
        _Pickler(stream).dump(content)
        return
    header = {"descr": "|O", "fortran_order": False, "shape": ()}
    np.lib.format.write_array_header_1_0(stream, header)
    _Pickler(stream).dump(np.array(content, dtype=object))
