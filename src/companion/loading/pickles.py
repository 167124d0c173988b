"""Official ``.npy`` files that are pickles, opened without executing anything.

A pickle is a program, and ``numpy.load(allow_pickle=True)`` runs it: it may call any function of any
module. The reader here knows the few instructions and the six names that a dictionary of arrays, numbers
and texts needs, does their work itself, and refuses all else. Nothing that the file names is ever imported
or called.

Two forms are read, both in use for EEG and MEG data: a pickle inside an npy file (an array of objects) and
a bare pickle under the name ``.npy``; protocols 2 to 5. Time and memory are bounded for any file: see
`MOST_READS` and `MOST_COPIED`. Arrays from `MAP_FROM` bytes on are not copied, but mapped into memory.
"""

from __future__ import annotations

import pickle
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from companion.errors import DataError
from companion.loading.pickle_machine import AllowListUnpickler
from companion.loading.pickle_source import FormError, Source
from companion.loading.pickled_arrays import ArrayLocation
from companion.system.arrays import npy_header

DEEPEST = 32
"""Levels of lists and dictionaries within each other."""

_NPY_HEADER = re.compile(
    rb"\{'descr': '\|O', 'fortran_order': (?:False|True), 'shape': \(((?:\d+(?:, ?|(?=\))))*)\), \} *\n"
)
_PLAIN = (type(None), bool, int, float, str)


def read_pickled_npy(path: Path) -> Any:
    """Read what an official ``.npy`` pickle holds; ``locate_arrays`` serves where memory is short.

    Parameters
    ----------
    path : Path
        An npy file with an array of objects, or a bare pickle.

    Returns
    -------
    dict, list, tuple, ndarray, number, text or None
        Arrays are read-only. An array of objects without dimensions, numpy's wrapping of a dictionary, is
        unwrapped.

    Raises
    ------
    DataError
        If the file is no such pickle, names anything that is not allowed, is damaged, or is too large to be
        what it says.

    Examples
    --------
    What a pickle would run is not run:

    >>> import pickle, tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from companion import DataError
    >>> from companion.loading import read_pickled_npy
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = Path(name) / "eeg.npy"
    ...     np.save(path, np.array({"times": np.arange(3)}, dtype=object))
    ...     print(read_pickled_npy(path)["times"])
    ...     _ = path.write_bytes(pickle.dumps(print))
    ...     try:
    ...         read_pickled_npy(path)
    ...     except DataError as error:
    ...         print(error.what)
    [0 1 2]
    The pickle was refused, and nothing of it was executed
    """
    return _read(path, locate=False)


def locate_arrays(path: Path) -> dict[str, ArrayLocation]:
    """Find the arrays of a pickled dictionary in their file, without reading them.

    Parameters
    ----------
    path : Path
        As in `read_pickled_npy`; the pickle must be a dictionary.

    Returns
    -------
    dict of str to ArrayLocation
        One for each key that holds an array of numbers or texts; to be read with
        `companion.loading.pickled_arrays.read_blocks`.

    Raises
    ------
    DataError
        As `read_pickled_npy`; also for protocol 2, which writes arrays as text.
    """
    found = _read(path, locate=True)
    if not isinstance(found, dict):
        raise DataError(
            "The pickle is no dictionary",
            where=path,
            expected="a dictionary of arrays",
            got=type(found).__name__,
            do="get the official file anew",
        )
    return {key: value for key, value in found.items() if isinstance(value, ArrayLocation)}


def _read(path: Path, *, locate: bool) -> Any:
    try:
        with Source(path) as source:
            return _load(source, locate=locate)
    except OSError as error:
        raise DataError(
            "The file cannot be read",
            where=path,
            got=error.strerror or error,
            do="get the official file, or let it be read by you",
        ) from error


def _load(source: Source, *, locate: bool) -> Any:
    try:
        shape = _skip_npy_header(source)
        if source.read(1) != pickle.PROTO or source.read(1)[0] not in (2, 3, 4, 5):
            raise FormError("no pickle of protocol 2 to 5 begins here")
        unpickler = AllowListUnpickler(source, locate=locate)
        value = unpickler.load()
        if unpickler.stack or unpickler.metastack or source.position != source.size:
            raise FormError("more follows after the end of the pickle")
        _refuse_odd_values(value)
        return value if shape is None else _unwrap(value, shape)
    except (
        FormError,
        pickle.UnpicklingError,
        struct.error,
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise DataError(
            "The pickle was refused, and nothing of it was executed",
            where=f"{source.path}, byte {source.position} of {source.size}",
            expected="a dictionary or list of arrays, numbers and texts, undamaged",
            got=error if isinstance(error, FormError) else f"damaged content ({type(error).__name__})",
            do="open it in no other way, since a pickle can run any program; get the official file anew",
        ) from error


def _skip_npy_header(source: Source) -> tuple[int, ...] | None:
    """Shape that an npy header promises; None for a bare pickle."""
    if source.peek(6) != b"\x93NUMPY":
        return None
    source.read(6)
    found = npy_header(source.read, _NPY_HEADER)
    if not found:
        raise FormError("an npy file without a pickle: read it with numpy.load(path, allow_pickle=False)")
    return tuple(int(number) for number in found[1].replace(b",", b" ").split())


def _unwrap(value: Any, shape: tuple[int, ...]) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype != object or value.shape != shape:
        raise FormError(
            f"the npy header promises objects of shape {shape}, and the pickle holds something else"
        )
    return value.item() if shape == () else value


def _refuse_odd_values(root: object) -> None:
    """Refuse what is no plain value (a name, a half-made array, raw bytes), cycles and deep nesting.

    A value is looked at once however often it is used, so that nested lists of the same lists cost no more
    than their bytes in the file.
    """
    heights: dict[int, int] = {}
    open_above: set[int] = set()
    to_do: list[tuple[object, bool]] = [(root, False)]
    while to_do:
        value, below_is_done = to_do.pop()
        if not below_is_done and id(value) in open_above:
            raise FormError("content that contains itself")
        if id(value) in heights or (content := _content(value)) is None:
            continue
        if below_is_done:
            heights[id(value)] = 1 + max((heights.get(id(part), 0) for part in content), default=0)
            if heights[id(value)] > DEEPEST:
                raise FormError(f"more than {DEEPEST} levels of content within content")
            open_above.remove(id(value))
        else:
            open_above.add(id(value))
            to_do.append((value, True))
            to_do.extend((part, False) for part in content)


def _content(value: object) -> list[Any] | tuple[Any, ...] | None:
    """Parts of a container; None for a plain value."""
    if type(value) in _PLAIN or isinstance(value, (np.generic, ArrayLocation)):
        return None
    if type(value) is list or type(value) is tuple:
        return value
    if type(value) is dict:
        return list(value.values())
    if isinstance(value, np.ndarray):
        return list(value.flat) if value.dtype == object else None
    raise FormError(f"content that is neither array, number nor text ({type(value).__name__})")
