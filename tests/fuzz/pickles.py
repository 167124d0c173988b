"""Pickles: files in the forms of the recordings, hostile ones, and changes at the borders of instructions."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

NAME = "eeg.npy"
LONGEST = 4096
READS = "companion.loading.pickle"
"""Beginning of the names of the modules whose lines are counted."""


class _Call:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


def _contents() -> list[Any]:
    rng = np.random.default_rng(0)
    names = np.array([["Pz", None], ["Oz", 1.5]], dtype=object)
    return [
        {
            "train_img_concepts": ["00001_aardvark", "00002_abacus"],
            "train_img_files": ["aardvark_01b.jpg", "abacus_01b.jpg"],
            "test_img_concepts": np.array(["00001_aircraft_carrier", "Käse", "脳"]),
        },
        {
            "preprocessed_eeg_data": rng.normal(size=(2, 1, 3, 4)),
            "ch_names": ["Pz", "Oz", "O1"],
            "times": np.linspace(-0.2, 0.8, 4),
            "simulated": True,
        },
        {"raw_eeg_data": rng.normal(size=(3, 5)).astype(">f4"), "sfreq": 1000, "lowpass": np.float64(100.0)},
        {"objects": names, "word": np.str_("a"), "bytes": np.array([b"ab", b"c"]), "none": np.empty((0, 3))},
        [np.asfortranarray(np.eye(3)), {"nested": [(1, 2, 3, 4), [-1, 2**70, 1e300], "x" * 300]}],
        np.array(2 + 1j),
    ]


def _hostile() -> list[Any]:
    reconstruct = np.arange(3.0).__reduce__()[0]
    return [
        _Call(os.system, "true"),
        {"a": _Call(eval, "1")},
        _Call(np.load, "hostile.npy"),
        _Call(getattr, "a", "upper"),
        _Call(reconstruct, np.ndarray, (2**40,), b"b"),
        np.array([_Call(os.system, "true")], dtype=object),
    ]


def _wrapped(value: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array(value, dtype=object), allow_pickle=True)
    return stream.getvalue()


def seeds() -> list[bytes]:
    """Official forms of every protocol, bare and in an npy file, and hostile ones."""
    found = [pickle.dumps(value, protocol) for protocol in (2, 3, 4, 5) for value in _contents()]
    found += [pickle.dumps(value, protocol) for protocol in (2, 4) for value in _hostile()]
    shared = ["a"]
    found += [_wrapped(value) for value in _contents() if isinstance(value, dict)]
    return [*found, pickle.dumps([shared, [shared, shared]], 4), pickle.dumps(_contents()[0], 0)]


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def _named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _dtype(code: str, order: str) -> bytes:
    state = b"(K\x03" + _text(order) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    return _named("numpy", "dtype") + _text(code) + b"\x89\x88\x87R" + state


_SIXTEEN = b"C\x10" + bytes(range(16))
_BEGUN = (
    _named("numpy.core.multiarray", "_reconstruct") + _named("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
)
_TYPES = [
    _dtype(*both) for both in (("f8", "<"), ("u1", "|"), ("U2", "<"), ("S0", "|"), ("O8", "|"), ("i2", ">"))
]
_NUMBERS = [
    b"K\x00",
    b"M\xff\xff",
    b"J\xff\xff\xff\xff",
    b"\x8a\x08" + bytes(7) + b"\x01",
    b"\x8a\xff" + b"\x7f" * 255,
    b"G\x7f\xf8" + bytes(6),
]
_LENGTHS = [
    b"X\xff\xff\xff\xff",
    b"\x8e" + b"\xff" * 7 + b"\x7f",
    b"\x95" + b"\xff" * 8,
    b"C\xff",
    b"\x8a\xff",
]
_ARRAYS = [
    _BEGUN + b"(K\x01" + shape + kind + b"\x89" + data + b"tb"
    for kind in _TYPES
    for shape in (b"K\x02\x85", b"(K\x02K\x01K\x01t", b")")
    for data in (_SIXTEEN, b"]", b"h\x00")
]
_CALLS = [
    _named("numpy.core.multiarray", "scalar") + _TYPES[0] + b"C\x08" + bytes(8) + b"\x86R",
    _named("numpy._core.multiarray", "scalar") + _TYPES[2] + b"C\x08" + b"\xff" * 8 + b"\x86R",
    _named("numpy.core.numeric", "_frombuffer")
    + b"("
    + _SIXTEEN
    + _TYPES[0]
    + b"K\x02\x85"
    + _text("C")
    + b"tR",
    _named("_codecs", "encode") + _text("\xff") + _text("latin1") + b"\x86R",
    _named("os", "system") + _text("true") + b"\x85R",
    b"\x8c\x02os\x8c\x06system\x93",
    b"\x8c\x03\xed\xa0\x80",  # half of a character
]
_PARTS = [
    *_NUMBERS,
    *_LENGTHS,
    *_ARRAYS,
    *_CALLS,
    *_TYPES,
    _BEGUN,
    _SIXTEEN,
    b"](K\x01K\x02e",
    b"}",
    b"(",
    b"t",
]


def mutate(data: bytes, rng: Random, others: list[bytes]) -> bytes:
    """Change a pickle at the borders of its instructions; what cannot be taken apart, at any byte."""
    pieces = _pieces(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(pieces))
        match rng.randrange(9):
            case 0:
                del pieces[at : at + rng.choice((1, 1, 3))]
            case 1:
                pieces[at:at] = pieces[at : at + rng.choice((1, 1, 3, 20))] * rng.choice((1, 2, 50))
            case 2:
                pieces.insert(at, bytes([rng.randrange(256)]))
            case 3 | 4:
                pieces.insert(at, rng.choice(_PARTS))
            case 5:
                pieces[at] = rng.choice(_PARTS)
            case 6:
                other = _pieces(rng.choice(others))
                pieces[at:] = other[rng.randrange(len(other)) :]
            case 7:
                pieces[at:at] = rng.choice(
                    ([b"q", bytes([rng.randrange(9)])], [b"h", bytes([rng.randrange(9)])])
                )
            case 8:
                pieces[at] = _changed_bytes(pieces[at], rng)
        pieces = pieces or [b"."]
    return b"".join(pieces)


def _changed_bytes(piece: bytes, rng: Random) -> bytes:
    changed = bytearray(piece)
    for _ in range(rng.choice((1, 1, 4))):
        changed[rng.randrange(len(changed))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(changed)


def _pieces(data: bytes) -> list[bytes]:
    """Instructions with their arguments, as far as they can be told apart."""
    start = data.find(b"\x80") if data[:1] == b"\x93" else 0
    borders = [0]
    stream = io.BytesIO(data)
    stream.seek(max(start, 0))
    try:
        for _, _, position in pickletools.genops(stream):
            borders.append(position or 0)
    except Exception:  # noqa: S110 - damaged before: what follows stays in one piece
        pass
    borders = sorted({*borders, len(data)})
    return [data[one:other] for one, other in pairwise(borders)] or [b"."]


def readers(path: Path) -> list[Any]:
    """Both readers of pickles, and a look at every value that they find."""
    from companion.loading.pickled_arrays import read_blocks
    from companion.loading.pickles import locate_arrays, read_pickled_npy

    def read() -> None:
        _look(read_pickled_npy(path), 0)

    def locate() -> None:
        for location in locate_arrays(path).values():
            location.memory_map().tolist()
            if location.order == "C" and location.shape:
                for block in read_blocks(location, 2):
                    block.tolist()

    return [read, locate]


def _look(value: Any, depth: int) -> None:
    if isinstance(value, dict):
        for key in value:
            key.encode()
        value = list(value.values())
    if isinstance(value, np.ndarray) and value.dtype != object:
        str(value.ravel()[:50].tolist()).encode()
    elif isinstance(value, (list, tuple, np.ndarray)) and depth < 3:
        for part in (value.ravel() if isinstance(value, np.ndarray) else value)[:50]:
            _look(part, depth + 1)
    elif isinstance(value, (str, np.str_)):
        value.encode()
