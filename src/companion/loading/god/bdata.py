"""BData, the HDF5 layout of Kamitani Lab's recordings and image features, read in blocks.

A file holds ``dataset`` (samples x columns; voxels and labels side by side) and ``metadata`` with ``key``,
``description`` and ``value`` (keys x columns). A column belongs to a key where the key's row is 1; elsewhere
the row is NaN, 0, or a number such as the place of a voxel. Older files write ``dataSet`` and ``metaData``.
``vmap/<key>/<number>`` gives the text that a number in a label column stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.loading.god.bdata_parts import GET_AGAIN, checked_parts, texts_by_number
from companion.loading.hdf5 import marked_simulated, opened_hdf5

BLOCK_BYTES = 32 * 2**20

Indices = npt.NDArray[np.intp]
Values = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class BData:
    """An open BData file; make one with :func:`open_bdata`.

    Parameters
    ----------
    path : Path
        Where the file lies, for messages.
    file : h5py.File
        The open file.
    keys : tuple of str
        Names of column groups and of metadata rows.
    dataset, key_values : h5py.Dataset of shape (n_rows, n_columns) and (n_keys, n_columns)
        The numbers and the metadata, on disk.
    """

    path: Path
    file: h5py.File
    keys: tuple[str, ...]
    dataset: h5py.Dataset
    key_values: h5py.Dataset

    @property
    def n_rows(self) -> int:
        """Number of samples."""
        return int(self.dataset.shape[0])

    @property
    def simulated(self) -> bool:
        """Whether the file carries the marker of simulated data."""
        return marked_simulated(self.file)

    @property
    def double_precision(self) -> bool:
        """Whether values are stored as float64, as those of bdpy and MATLAB are."""
        return bool(self.dataset.dtype.kind == "f" and self.dataset.dtype.itemsize >= 8)

    def metadata(self, key: str) -> npt.NDArray[np.float64]:
        """One row of the metadata: ndarray of shape (n_columns,).

        Raises
        ------
        DataError
            If the file has no such key.
        """
        if key not in self.keys:
            raise DataError(
                "A BData file lacks a key",
                where=self.path,
                expected=key,
                got=", ".join(self.keys),
                do=GET_AGAIN,
            )
        return np.asarray(self.key_values[self.keys.index(key)], dtype=np.float64)

    def columns(self, key: str) -> Indices:
        """Numbers of the columns that belong to a key."""
        return np.flatnonzero(self.metadata(key) == 1)

    def label(self, key: str) -> npt.NDArray[np.float64]:
        """Values of a label that has one column: ndarray of shape (n_rows,), NaN where there is none."""
        columns = self.columns(key)
        if len(columns) != 1:
            raise DataError(
                "A label should have one column",
                where=f"{self.path}, {key}",
                expected=1,
                got=len(columns),
                do=GET_AGAIN,
            )
        return self._gather(np.arange(self.n_rows), columns, np.float64)[:, 0].astype(np.float64)

    def names(self, key: str) -> list[str]:
        """Values of a label as texts, by the file's table of numbers and texts (``vmap``).

        Raises
        ------
        DataError
            If there is no table for the key, it is not one of single texts by number, or it lacks a number.
        """
        numbers = self.label(key)
        texts = texts_by_number(self.file, f"vmap/{key}", self.path)
        if unknown := sorted({float(number) for number in numbers} - set(texts)):
            raise DataError(
                "A number of a label has no text",
                where=f"{self.path}, vmap/{key}",
                expected=f"one of {len(texts)} numbers",
                got=unknown[0],
                do=GET_AGAIN,
            )
        return [texts[float(number)] for number in numbers]

    def read(self, rows: Indices, columns: Indices, dtype: npt.DTypeLike = np.float32) -> Values:
        """Finite values of some rows and columns, in the order given: ndarray of shape (n_rows, n_columns).

        The file is passed once, in blocks of at most 32 MiB: no more is held than the result, a block, and
        what is chosen from it.

        Raises
        ------
        DataError
            If a value is not a finite number of this type, or the file cannot be read to its end.
        """
        values = self._gather(rows, columns, dtype)
        for start in range(0, len(rows), 64):
            finite = np.isfinite(values[start : start + 64])
            if not finite.all():
                row, column = np.argwhere(~finite)[0]
                raise DataError(
                    f"A value is not a finite number of type {np.dtype(dtype)}",
                    where=f"{self.path}, row {rows[start + row]}, column {columns[column]}",
                    got=values[start + row, column],
                    do=GET_AGAIN,
                )
        return values

    def _gather(self, rows: Indices, columns: Indices, dtype: npt.DTypeLike) -> Values:
        result = np.empty((len(rows), len(columns)), dtype=dtype)
        if not result.size:
            return result
        first, last = int(columns.min()), int(columns.max()) + 1
        height = self._block_height(last - first)
        for start in range(0, self.n_rows, height):
            inside = np.flatnonzero((rows >= start) & (rows < start + height))
            if not len(inside):
                continue
            block = self.dataset[start : start + height, first:last]
            with np.errstate(over="ignore", invalid="ignore"):  # what is no number then, read() refuses
                result[inside] = block[np.ix_(rows[inside] - start, columns - first)]
        return result

    def _block_height(self, width: int) -> int:
        """Rows of one block; whole chunks where these are small, so that none is unpacked twice."""
        height = max(1, BLOCK_BYTES // (width * self.dataset.dtype.itemsize))
        chunk = self.dataset.chunks[0] if self.dataset.chunks else 1
        return int(height // chunk * chunk) or height


@contextmanager
def open_bdata(path: Path) -> Iterator[BData]:
    """Open a BData file for reading and check its frame.

    Parameters
    ----------
    path : Path
        An HDF5 file.

    Yields
    ------
    BData

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If it is cut short, or its groups and shapes are not those of BData.
    """
    with opened_hdf5(path) as file:
        yield BData(path, file, *checked_parts(file, path))
