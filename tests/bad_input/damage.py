"""Ways to damage what is read, and what may come of it."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
from hypothesis import currently_in_test_context, event
from hypothesis import strategies as st

from companion.errors import CompanionError

T = TypeVar("T")

LONGEST_S = 60.0
"""Of one example, on a busy machine; what is bounded at all ends far below."""
MOST_BYTES = 4 * 2**30
"""Of memory that one example may ask for; the files are small."""


def outcome(read: Callable[[], T], *, names: str | Sequence[str], advice: bool = True) -> T | None:
    """Return what was read, or None where it was refused with an error that names one of these things.

    Any other error, and any warning, goes through and fails the test; so does a want of memory in its guise.
    """
    begun = time.monotonic()
    try:
        with warnings.catch_warnings(), little_memory():
            warnings.simplefilter("error")
            found = read()
    except CompanionError as error:
        said = str(error)
        wanted = [names] if isinstance(names, str) else names
        assert any(name in said for name in wanted), f"none of {wanted} in: {said}"
        assert not advice or "what to do: " in said, f"no advice in: {said}"
        assert len(said) < 20_000, "a message of the length of a file"
        wants_memory = _of_memory(error)
        assert not wants_memory, f"more than {MOST_BYTES} bytes were asked for: {said}"
        _count(f"refused: {error.what[:60]}")
        found = None
    else:
        _count("read")
    assert time.monotonic() - begun < LONGEST_S
    return found


@contextmanager
def little_memory() -> Iterator[None]:
    """Let memory end soon, so that what asks for all of it fails here and not by the system's hand."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + MOST_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _of_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _count(what: str) -> None:
    if currently_in_test_context():
        event(what)


ODD_CELLS = st.sampled_from(
    [
        *(
            "",
            " ",
            "nan",
            "NaN",
            "NA",
            "null",
            "None",
            "inf",
            "-inf",
            "1e999",
            "-1",
            "0",
            "1",
            "2",
            "3",
            "1.5",
        ),
        *(
            "9" * 18,
            "9" * 40,
            "1e3",
            "0x10",
            "1_0",
            "True",
            "yes",
            "é",
            "\ufeff",
            "\x00",
            "\u2028",
            "\U0001f600",
        ),
        *('"', "'", ",", "\t", "\n", "\r", "a,b", "#", "../../etc/passwd", "/etc/passwd", "=1+1", "a" * 5000),
    ]
) | st.text(max_size=8)


@st.composite
def damaged_bytes(draw: st.DrawFn, valid: bytes) -> bytes:
    """The bytes of a file after one to three accidents."""
    content = valid
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["cut", "flip", "overwrite", "insert", "remove", "whole", "lines"]))
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        some = draw(st.binary(min_size=1, max_size=12))
        if kind == "cut":
            content = content[:place]
        elif kind == "flip" and content:
            bit = 1 << draw(st.integers(0, 7))
            content = content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]
        elif kind == "overwrite":
            content = content[:place] + some + content[place + len(some) :]
        elif kind == "insert":
            content = content[:place] + some + content[place:]
        elif kind == "remove":
            content = content[:place] + content[place + draw(st.integers(1, 64)) :]
        elif kind == "lines":
            content = draw(st.sampled_from([b"\xef\xbb\xbf" + content, content.replace(b"\n", b"\r\n")]))
        elif kind == "whole":
            content = draw(
                st.sampled_from(
                    [b"", b"\n", b"\x00" * 64, content * 2, content.decode("latin-1").encode("utf-16")]
                )
            )
    return content


@st.composite
def damaged_table(draw: st.DrawFn, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Text of a table with commas, some cells, rows or columns of which are not what they should be."""
    table = [list(header), *([str(cell) for cell in row] for row in rows)]
    for _ in range(draw(st.integers(1, 3))):
        if table[0]:
            table = draw(st.sampled_from([_other_cell, _other_name, _other_columns, _other_rows]))(
                draw, table
            )
    separator = draw(st.sampled_from([",", ",", ",", ";", "\t"]))
    quoted = draw(st.booleans())
    return "\n".join(separator.join(_cell(cell, quoted) for cell in line) for line in table) + "\n"


Table = list[list[str]]


def _other_cell(draw: st.DrawFn, table: Table) -> Table:
    """One cell replaced, added, or gone."""
    row = draw(st.integers(0, len(table) - 1))
    place = draw(st.integers(0, len(table[row])))
    new = draw(st.just([]) | ODD_CELLS.map(lambda cell: [cell]))
    changed = table[row][:place] + new + table[row][place + draw(st.integers(0, 1)) :]
    return [*table[:row], changed, *table[row + 1 :]]


def _other_name(draw: st.DrawFn, table: Table) -> Table:
    """A column with another name, perhaps that of its neighbour."""
    place = draw(st.integers(0, len(table[0]) - 1))
    name = draw(st.sampled_from(table[0]) | ODD_CELLS)
    return [[*table[0][:place], name, *table[0][place + 1 :]], *table[1:]]


def _other_columns(draw: st.DrawFn, table: Table) -> Table:
    """Columns in another order, missing, or there twice."""
    order = draw(st.lists(st.integers(0, len(table[0]) - 1), max_size=len(table[0]) + 1))
    return [[line[place] for place in order if place < len(line)] for line in table]


def _other_rows(draw: st.DrawFn, table: Table) -> Table:
    """Rows in another order, missing, or there twice."""
    return [table[0], *draw(st.lists(st.sampled_from(table), max_size=len(table)))]


def _cell(cell: str, quoted: bool) -> str:
    return (
        '"' + cell.replace('"', '""') + '"' if quoted and any(sign in cell for sign in ',"\n\r;\t') else cell
    )


ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308]),
    st.floats(),
    st.text(max_size=10),
    st.sampled_from(["", "../..", "/etc/passwd", "NaN", "1e3", "no", "<script>", "a" * 3000, "\ud800"]),
    st.lists(st.integers() | st.text(max_size=3) | st.none(), max_size=4),
    st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=3), max_size=3),
)


@st.composite
def damaged_value(draw: st.DrawFn, valid: Any) -> Any:
    """A value of JSON with one to three of its parts replaced, removed, or added."""
    value = json.loads(json.dumps(valid, default=str))
    for _ in range(draw(st.integers(1, 3))):
        value = _damaged_once(draw, value)
    return value


def _damaged_once(draw: st.DrawFn, value: Any) -> Any:
    parts = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not parts or draw(st.integers(0, 5)) == 0:
        if isinstance(value, dict) and draw(st.booleans()):
            return {**value, draw(st.text(max_size=5)): draw(ODD_VALUES)}
        return draw(ODD_VALUES)
    part = draw(st.sampled_from(parts))
    kind = draw(st.sampled_from(["below", "below", "remove", "twice"]))
    if kind == "remove":
        if isinstance(value, dict):
            return {name: one for name, one in value.items() if name != part}
        return value[:part] + value[part + 1 :]
    if kind == "twice" and isinstance(value, list):
        return [*value, value[part]]
    changed = _damaged_once(draw, value[part])
    return (
        {**value, part: changed} if isinstance(value, dict) else [*value[:part], changed, *value[part + 1 :]]
    )


def as_json(value: Any) -> bytes:
    """JSON as a careless program writes it: NaN and lone surrogates included."""
    return json.dumps(value, ensure_ascii=True).encode("utf-8")


class Long(bytes):
    """Bytes that a failing test does not print."""

    def __repr__(self) -> str:
        return f"<{bytes(self[:12])!r} ... {len(self)} bytes>"


DEEP_JSON = (
    Long(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    Long(b"[" * 100_000),
    Long(b'{"a": ' + b"9" * 5000 + b"}"),
    b'{"a": 1, "a": 2}',
)
"""Nesting without end, a key twice, and a number that no machine has."""


def write(path: Path, content: bytes | str) -> Path:
    """Write a file below a folder that need not be there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path
