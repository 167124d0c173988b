"""Changes that make an HDF5 file of the layout one that is near it: types, shapes, links, storage, texts.

Each takes an open file and a generator. Those of `OUTSIDE` make HDF5 read another file, so that a reader must
refuse the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

CANARY = "canary.h5"
"""A valid file beside the one that is read; nothing of it may be read."""

NOT_WRITTEN = (LookupError, ValueError, TypeError, OSError, RuntimeError, ArithmeticError, MemoryError)
"""What HDF5 itself does not write cannot be met."""

Change = Callable[[h5py.File, Random], None]

_TYPES: tuple[Any, ...] = (
    "f2", "f4", ">f8", "f8", "i1", "i8", "u8", "c16", "?", "S7", "V5", np.longdouble,
    np.dtype([("a", "f8"), ("b", "i4")]),
    np.dtype(("f8", (2,))),
    h5py.string_dtype(), h5py.string_dtype("ascii", 4),
    h5py.vlen_dtype(np.float64), h5py.ref_dtype, h5py.regionref_dtype,
    h5py.enum_dtype({"one": 1, "two": 2}),
    h5py.opaque_dtype(np.dtype("M8[s]")),
)  # fmt: skip
_NUMBERS = (np.nan, np.inf, -np.inf, 1e300, 1e12, -1.0, 0.0, 0.5, 2.0, 1e-300, 3626115.019498, 99999999.9)
_TEXTS = (
    b"",
    b" Run ",
    b"\xff\xfe",
    b"a\x00b",
    b"\x1b[2J",
    b"x" * 5000,
    "脳".encode(),
    b"ROI_",
    b"Run",
    b"nan",
)


def _parts(file: h5py.File) -> list[str]:
    """Names of all arrays of the file, the two large ones more often."""
    found: list[str] = []
    file.visit(lambda name: found.append(name) if isinstance(file.get(name), h5py.Dataset) else None)
    return found + 5 * [name for name in found if "/" not in name or name.endswith(("key", "value"))]


def _is_small(array: Any, n_axes: int, kind: str) -> bool:
    """Whether this is an array with values, none that an earlier change declared to be huge."""
    return (
        isinstance(array, h5py.Dataset)
        and array.ndim == n_axes
        and array.dtype.kind in kind
        and 0 < math.prod(array.shape) < 10**6
    )


def _values(file: h5py.File, rng: Random) -> tuple[str, Any]:
    """Name and values of an array, if it is small."""
    name = rng.choice(_parts(file))
    array = file[name]
    return name, array[()] if math.prod(array.shape or ()) < 10**6 else None


def _shape(rng: Random) -> tuple[int, ...]:
    return rng.choice(((), (0,), (1,), (3,), (0, 0), (5, 0), (1, 1), (4, 7), (2, 2, 2), (24, 35), (1,) * 8))


def _replaced(file: h5py.File, rng: Random) -> str:
    name = rng.choice(_parts(file))
    del file[name]
    return name


def remove(file: h5py.File, rng: Random) -> None:
    _replaced(file, rng)


def older_names(file: h5py.File, rng: Random) -> None:
    both = rng.random() < 0.3
    for new, old in (("dataset", "dataSet"), ("metadata", "metaData")):
        if new in file and rng.random() < 0.7:
            file[old] = file[new]
            if not both:
                del file[new]


def another_type(file: h5py.File, rng: Random) -> None:
    name = rng.choice(_parts(file))
    shape = file[name].shape if rng.random() < 0.7 else _shape(rng)
    del file[name]
    file.create_dataset(name, shape=shape, dtype=rng.choice(_TYPES))


def converted(file: h5py.File, rng: Random) -> None:
    name, values = _values(file, rng)
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        del file[name]
        with np.errstate(all="ignore"):
            file[name] = values.astype(rng.choice(("f4", "f2", ">f8", "i8", "u1", "c16", "?", np.longdouble)))


def another_shape(file: h5py.File, rng: Random) -> None:
    name, values = _values(file, rng)
    if isinstance(values, np.ndarray) and values.size:
        del file[name]
        file[name] = rng.choice(
            (values[:-1], values[:0], values[..., :-1], values[np.newaxis], values.ravel(), values[::-1])
        )


def empty(file: h5py.File, rng: Random) -> None:
    file[_replaced(file, rng)] = h5py.Empty(rng.choice(("f8", "S3", h5py.string_dtype())))


def group_instead(file: h5py.File, rng: Random) -> None:
    file.create_group(_replaced(file, rng))


def named_type(file: h5py.File, rng: Random) -> None:
    file[_replaced(file, rng)] = np.dtype("f8")


def declared(file: h5py.File, rng: Random) -> None:
    """Huge shapes without values."""
    name = _replaced(file, rng)
    shape = rng.choice(
        ((2**40, 35), (24, 2**40), (2**31, 2**20), (10**8, 1), (10**9,), (200_000, 35), (2**62, 2))
    )
    kind = rng.choice(("f8", "i1", h5py.string_dtype(), "S1000"))
    chunks = tuple(min(length, rng.choice((1, 100, 10_000))) for length in shape)
    file.create_dataset(name, shape=shape, dtype=kind, chunks=chunks)


def filtered(file: h5py.File, rng: Random) -> None:
    name, values = _values(file, rng)
    if not isinstance(values, np.ndarray) or not values.size or values.dtype.kind not in "fi":
        return
    del file[name]
    options: dict[str, Any] = rng.choice(
        (
            {"compression": "gzip"},
            {"compression": "lzf", "shuffle": True},
            {"fletcher32": True},
            {"scaleoffset": 2},
            {"chunks": tuple(max(1, rng.randint(1, length)) for length in values.shape)},
        )
    )
    file.create_dataset(name, data=values, **options)


def unknown_filter(file: h5py.File, rng: Random) -> None:
    name = _replaced(file, rng)
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_chunk((4, 4))
    layout.set_filter(32000, h5py.h5z.FLAG_OPTIONAL, (1,))  # no such filter on this machine
    space = h5py.h5s.create_simple((24, 35))
    array = h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F64LE, space, layout)
    array.write_direct_chunk((0, 0), bytes(128))


def numbers(file: h5py.File, rng: Random) -> None:
    """Odd values in cells, a row, or a column of an array of numbers."""
    there = [name for name in _parts(file) if _is_small(file[name], 2, "f")]
    if not there:
        return
    array = file[rng.choice(there)]
    row, column = rng.randrange(array.shape[0]), rng.randrange(array.shape[1])
    where = rng.choice(((row, column), (row, slice(None)), (slice(None), column)))
    with np.errstate(all="ignore"):
        array[where] = rng.choice(_NUMBERS)


def columns_of_key(file: h5py.File, rng: Random) -> None:
    """The row of a key without a column, with two, or with all."""
    array = file.get("metadata/value")
    if _is_small(array, 2, "f"):
        row = np.full(array.shape[1], np.nan)
        row[: rng.choice((0, 1, 2, len(row)))] = 1
        array[rng.randrange(array.shape[0])] = row


def labels(file: h5py.File, rng: Random) -> None:
    """Odd values of labels, which stand to the right of the voxels."""
    array = file.get("dataset")
    if _is_small(array, 2, "f") and min(array.shape) > 8:
        values = array[()]
        column = rng.randrange(values.shape[1] - 8, values.shape[1])
        if rng.random() < 0.5:
            values[rng.randrange(len(values)), column] = rng.choice(_NUMBERS)
        else:
            values[:, column] = rng.choice((values[0, column], values[::-1, column], np.arange(len(values))))
        array[...] = values


def keys(file: h5py.File, rng: Random) -> None:
    array = file.get("metadata/key")
    if _is_small(array, 1, "OS") and h5py.check_string_dtype(array.dtype):
        found = [bytes(key) for key in array[()]]
        for _ in range(rng.choice((1, 2))):
            if found:
                found[rng.randrange(len(found))] = rng.choice((*_TEXTS, *found))
        fixed = rng.random() < 0.3
        del file["metadata/key"]
        file["metadata/key"] = np.array(found, dtype="S" if fixed else h5py.string_dtype())


def many_keys(file: h5py.File, rng: Random) -> None:
    """More keys than a file has, all of them one and the same text."""
    if isinstance(file.get("metadata/key"), h5py.Dataset):
        del file["metadata/key"]
        file["metadata/key"] = np.full(rng.choice((200, 11_000)), b"Run" * rng.choice((1, 100)), dtype=object)


def table_of_texts(file: h5py.File, rng: Random) -> None:
    name = rng.choice(("vmap/stimulus_name", "vmap/Run", "vmap"))
    if rng.random() < 0.3 and name in file:
        del file[name]
    if isinstance(found := file.get(name), h5py.Dataset):
        return
    table = file.require_group(name) if found is None or isinstance(found, h5py.Group) else None
    if table is None:
        return
    number = rng.choice(
        (b"1.0", b"1", b"01.00", b"2.0", b"nan", b"inf", b"two", b"\xff", b"1e400", b" 3 ", b"\x1b[2J")
    )
    if number in table:
        del table[number]
    values: tuple[Any, ...] = (*_TEXTS, "text", 1.5, [b"a", b"b"], np.zeros(3), h5py.Empty("f8"))
    if rng.random() < 0.2:
        table.create_group(number)
    else:
        table[number] = rng.choice(values)


def mark(file: h5py.File, rng: Random) -> None:
    """The attribute that says that data are simulated, as something else than true."""
    values: tuple[Any, ...] = (
        False, 0, 1, -5, 2.5, "False", b"", np.zeros(3), np.array(True), h5py.Empty("f8"), file.ref,
        np.zeros((), [("a", "f8")]), np.nan,
    )  # fmt: skip
    file.attrs["simulated"] = rng.choice(values)


def soft_link(file: h5py.File, rng: Random) -> None:
    """To itself, to nothing, up and down, or to another part."""
    name = _replaced(file, rng)
    target = rng.choice(
        ("/" + name, "/nothing", "/", "..", "/metadata/../metadata/key", rng.choice(_parts(file) or ["/"]))
    )
    file[name] = h5py.SoftLink(target)


def hard_link(file: h5py.File, rng: Random) -> None:
    """A group within itself, or one array under two names."""
    if rng.random() < 0.5:
        parent = file.require_group("loop") if not isinstance(file.get("loop"), h5py.Dataset) else file
        name = f"again{rng.randrange(10**6)}"
        parent[name] = file if rng.random() < 0.5 else parent
    else:
        name = _replaced(file, rng)
        file[name] = file[rng.choice(_parts(file))] if _parts(file) else file


def many_groups(file: h5py.File, rng: Random) -> None:
    group = file
    for _ in range(rng.choice((10, 300))):
        group = group.require_group("g")
    for number in range(rng.choice((1, 300))):
        file.require_group("wide").require_group(str(number))


def external_link(file: h5py.File, rng: Random) -> None:
    if rng.random() < 0.3:
        name = rng.choice(("metadata", "vmap", "unused", "metaData"))
        if name in file:
            del file[name]
    else:
        name = _replaced(file, rng)
    there = str(Path(file.filename).with_name(CANARY))
    target = rng.choice((CANARY, there, "/etc/passwd", "nothing.h5", "/dev/zero"))
    file[name] = h5py.ExternalLink(target, rng.choice(("/" + name, "/")))


def virtual_array(file: h5py.File, rng: Random) -> None:
    name = rng.choice([name for name in _parts(file) if file[name].shape] or [""])
    if name:
        shape, kind = file[name].shape, file[name].dtype
        del file[name]
        layout = h5py.VirtualLayout(shape=shape, dtype=kind)
        layout[...] = h5py.VirtualSource(rng.choice((CANARY, "nothing.h5")), name, shape=shape)
        file.create_virtual_dataset(name, layout)
    else:
        file["unused"] = h5py.ExternalLink(CANARY, "/")


def stored_elsewhere(file: h5py.File, rng: Random) -> None:
    name = rng.choice(
        [name for name in _parts(file) if file[name].dtype.kind in "fi" and file[name].shape] or [""]
    )
    if name and file[name].size:
        shape, size = file[name].shape, file[name].size * 8
        del file[name]
        file.create_dataset(
            name, shape=shape, dtype="f8", external=[(rng.choice((CANARY, "/etc/passwd")), 0, size)]
        )
    else:
        file["unused"] = h5py.ExternalLink(CANARY, "/")


INSIDE: tuple[Change, ...] = (
    remove, older_names, another_type, another_type, converted, another_shape, empty, group_instead,
    named_type, declared, filtered, unknown_filter, numbers, numbers, columns_of_key, labels, labels, keys,
    many_keys, table_of_texts, table_of_texts, mark, soft_link, hard_link, many_groups,
)  # fmt: skip
OUTSIDE: tuple[Change, ...] = (external_link, virtual_array, stored_elsewhere)


def change(path: Path, rng: Random) -> tuple[list[str], bool]:
    """Change a file once or a few times; says how, and whether it refers to other files."""
    changes = [rng.choice(INSIDE) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    if rng.random() < 0.12:
        changes.append(rng.choice(OUTSIDE))  # at the end, where nothing takes it away again
    made: list[Change] = []
    with h5py.File(path, "r+") as file:
        for one in changes:
            try:
                one(file, rng)
            except NOT_WRITTEN:
                continue
            made.append(one)
    return [one.__name__ for one in made], made[-1:] != [] and made[-1] in OUTSIDE


def damage(content: bytes, rng: Random) -> tuple[list[str], bytes]:
    """Cut a file short, or change some of its bytes; says which."""
    changed = bytearray(content)
    if rng.random() < 0.2:
        length = rng.randrange(len(changed))
        return [f"cut to {length} bytes"], bytes(changed[:length])
    made = []
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        # metadata lie at the start of these files and between the arrays: half of the changes hit the start
        at = rng.randrange(min(2500, len(changed)) if rng.random() < 0.5 else len(changed))
        new = rng.choice((0, 1, 0x7F, 0x80, 0xFF, changed[at] ^ (1 << rng.randrange(8)), rng.randrange(256)))
        made.append(f"byte {at}: {changed[at]:#04x} to {new:#04x}")
        changed[at] = new
    return made, bytes(changed)
