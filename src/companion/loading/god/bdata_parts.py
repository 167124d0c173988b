"""The parts of a BData file, checked one by one before anything is read from them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import h5py
import numpy as np

from companion.errors import DataError
from companion.loading.hdf5 import check_stored, check_texts, hdf5_dataset, names_in

LONGEST_AXIS = 1_000_000
"""Samples, and columns; official files have up to 20,000 and 200,000."""

MOST_KEYS, LONGEST_TEXT = 10_000, 4_096
"""Keys of a file, and characters of a text: many texts of a small file may be one and the same."""

GET_AGAIN = "get the official file again, or write it anew with bdpy"


def checked_parts(file: h5py.File, path: Path) -> tuple[tuple[str, ...], h5py.Dataset, h5py.Dataset]:
    """Keys, ``dataset`` and ``metadata/value`` of a file, after comparing their shapes.

    Raises
    ------
    DataError
        If a part is missing, of another type, or does not fit the others.
    """
    data, key_names, key_values = (
        _part(file, names, path)
        for names in (
            ("dataSet", "dataset"),
            ("metaData/key", "metadata/key"),
            ("metaData/value", "metadata/value"),
        )
    )
    keys = _keys(key_names, path)
    numbers = data.dtype.kind in "fiu" and key_values.dtype.kind in "fiub"
    if data.ndim != 2 or not numbers or key_values.shape != (len(keys), data.shape[1]):
        raise DataError(
            "The parts of a BData file do not fit each other",
            where=path,
            expected=f"numbers (rows, columns) and metadata/value (keys, columns) with {len(keys)} keys",
            got=f"{data.dtype} {data.shape} and {key_values.dtype} {key_values.shape}",
            do=GET_AGAIN,
        )
    if max(data.shape) > LONGEST_AXIS:
        raise DataError(
            "A BData file is too large",
            where=path,
            expected=f"{LONGEST_AXIS} rows and columns at most",
            got=data.shape,
            do=GET_AGAIN,
        )
    return keys, data, key_values


def _part(file: h5py.File, names: tuple[str, str], path: Path) -> h5py.Dataset:
    """Open an array under its older or its newer name."""
    there = [name for name in names if name in file]
    if not there:
        raise DataError(
            "A BData file lacks a part",
            where=path,
            expected=" or ".join(reversed(names)),
            got=", ".join(names_in(file)) or "nothing",
            do=GET_AGAIN,
        )
    array = hdf5_dataset(file, there[0], str(path))
    check_stored(array, str(path))
    return array


def _keys(array: h5py.Dataset, path: Path) -> tuple[str, ...]:
    """Keys, read one by one: all may point at one and the same large text."""
    if array.ndim != 1 or h5py.check_string_dtype(array.dtype) is None or len(array) > MOST_KEYS:
        raise DataError(
            "The keys of a BData file are not texts",
            where=f"{path}, metadata/key",
            expected=f"a list of at most {MOST_KEYS} texts",
            got=f"{array.dtype} {array.shape}",
            do=GET_AGAIN,
        )
    check_texts(array, LONGEST_TEXT, str(path))
    keys = tuple(_text(array[at], f"{path}, metadata/key {at}") for at in range(len(array)))
    if twice := sorted(key for key, times in Counter(keys).items() if times > 1):
        raise DataError(
            "A BData file has a key twice",
            where=path,
            expected="different keys",
            got=", ".join(twice),
            do=GET_AGAIN,
        )
    return keys


def texts_by_number(file: h5py.File, name: str, path: Path) -> dict[float, str]:
    """Table of texts, ``vmap/<key>``: what the numbers of a label stand for.

    Raises
    ------
    DataError
        If there is none, or an entry is not one text under a number of its own.
    """
    table = file.get(name)
    if not isinstance(table, h5py.Group):
        raise DataError("A label has no table of texts", where=path, expected=f"a group {name}", do=GET_AGAIN)
    texts: dict[float, str] = {}
    for number in table:
        where = f"{path}, {name}/{number}"
        value = _number(number)
        if value is None or value in texts:
            raise DataError(
                "A table of texts is not by number",
                where=where,
                expected="names that are different numbers",
                got=number,
                do=GET_AGAIN,
            )
        entry = hdf5_dataset(table, number, f"{path}, {name}")
        if entry.shape != () or h5py.check_string_dtype(entry.dtype) is None:
            raise DataError(
                "An entry of a table of texts is not one text",
                where=where,
                got=f"{entry.dtype} {entry.shape}",
                do=GET_AGAIN,
            )
        check_stored(entry, str(path))
        check_texts(entry, LONGEST_TEXT, str(path))
        texts[value] = _text(entry[()], where)
    return texts


def _number(name: str) -> float | None:
    try:
        value = float(name)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _text(value: object, where: str) -> str:
    """Read a text without the blanks around it."""
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError:
        text = None
    if text is None or len(text) > LONGEST_TEXT:
        raise DataError(
            "A text of a BData file cannot be read",
            where=where,
            expected=f"UTF-8, {LONGEST_TEXT} characters at most",
            got="other bytes" if text is None else f"{len(text)} characters",
            do=GET_AGAIN,
        )
    return text.strip()
