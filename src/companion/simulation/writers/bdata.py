"""Write BData, the HDF5 layout of Kamitani Lab, as bdpy writes it but without its header.

The header of bdpy holds the time and the source code of the caller, so that no two files are alike; without
it the same data make the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.simulation.writers.whole_file import whole_path

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Group:
    """Columns side by side under one key.

    Parameters
    ----------
    key, description : str
        As they are to stand in the metadata.
    blocks : sequence of ndarray of shape (n_rows_of_block, n_columns)
        The values, one block of rows after the other, so that they need not lie in one array.
    texts : mapping of float to str
        What the numbers of a label stand for (``vmap``).
    """

    key: str
    description: str
    blocks: Sequence[Array]
    texts: Mapping[float, str] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Rows of all blocks."""
        return sum(len(block) for block in self.blocks)

    @property
    def n_columns(self) -> int:
        """Columns of each block."""
        return int(self.blocks[0].shape[1])


@dataclass(frozen=True)
class ColumnValues:
    """A row of the metadata that says something about the columns of one group, such as their place.

    Parameters
    ----------
    key, description : str
        As they are to stand in the metadata.
    groups : sequence of str
        Keys of the groups whose columns, taken together, the values belong to; other columns get NaN.
    values : ndarray of shape (n_columns_of_the_groups,)
        1 where a column belongs to the key.
    """

    key: str
    description: str
    groups: Sequence[str]
    values: Array


def write_bdata(
    path: Path,
    groups: Sequence[Group],
    column_values: Sequence[ColumnValues] = (),
    *,
    simulated: bool = True,
) -> None:
    """Write a BData file, whole or not at all.

    Parameters
    ----------
    path : Path
        File to write; its folder exists.
    groups : sequence of Group
        The columns of ``dataset`` (float64), from left to right.
    column_values : sequence of ColumnValues
        Further rows of the metadata.
    simulated : bool
        Whether to mark the file as simulated.

    Raises
    ------
    DataError
        If groups differ in their numbers of rows, or a key is used twice.
    """
    items: list[Group | ColumnValues] = [*groups, *column_values]
    keys = [item.key for item in items]
    if len(set(keys)) < len(keys) or len({group.n_rows for group in groups}) != 1:
        raise DataError(
            "Groups of columns need keys of their own and one number of rows",
            where=path,
            got={group.key: group.n_rows for group in groups},
        )
    with whole_path(path) as part, h5py.File(part, "w") as file:
        if simulated:
            file.attrs["simulated"] = True
        _write_dataset(file, groups)
        metadata = file.create_group("metadata")
        metadata["key"] = _bytes(keys)
        metadata["description"] = _bytes(item.description for item in items)
        metadata["value"] = _metadata_values(groups, column_values)
        texts = file.create_group("vmap")
        for group in groups:
            for number, text in group.texts.items():
                texts[f"{group.key}/{float(number)}"] = text.encode("utf-8")


def _write_dataset(file: h5py.File, groups: Sequence[Group]) -> None:
    shape = (groups[0].n_rows, sum(group.n_columns for group in groups))
    dataset = file.create_dataset("dataset", shape, dtype=np.float64)
    left = 0
    for group in groups:
        top = 0
        for block in group.blocks:
            dataset[top : top + len(block), left : left + group.n_columns] = block
            top += len(block)
        left += group.n_columns


def _metadata_values(groups: Sequence[Group], column_values: Sequence[ColumnValues]) -> Array:
    owners = np.repeat([group.key for group in groups], [group.n_columns for group in groups])
    values = np.full((len(groups) + len(column_values), len(owners)), np.nan)
    for row, group in enumerate(groups):
        values[row, owners == group.key] = 1
    for row, extra in enumerate(column_values, start=len(groups)):
        values[row, np.isin(owners, list(extra.groups))] = extra.values
    return values


def _bytes(texts: Iterable[str]) -> list[bytes]:
    return [text.encode("utf-8") for text in texts]  # a list, so that lengths vary as in bdpy's files
