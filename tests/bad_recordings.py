"""Recordings damaged at random, and what is demanded of every loader that meets one.

Either the loader works rightly, or it raises a :class:`companion.errors.DataError` that names the file or the
argument, says what was expected or found, and what to do. There is no other error, no warning, no endless
reading and no memory beyond what the files hold.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from hypothesis import event
from hypothesis import strategies as st

from companion.errors import DataError
from companion.recording import Recording
from tests.bad_input.damage import outcome

T = TypeVar("T")
MOST_MEMORY = 600 * 2**20
"""Bytes by which a reader of files of a few MB may grow."""


class Verdict(Enum):
    """What must come of an accident."""

    REFUSED = "must be refused"
    SAME = "must change nothing"
    EITHER = "may be refused or read"


def demand(
    read: Callable[[], T], verdict: Verdict, *, names: str | Sequence[str], same: object = None
) -> T | None:
    """Run a reader; hold what it gives against the verdict."""
    before = _peak()
    found = outcome(lambda: _told(read), names=names)
    assert _peak() - before < MOST_MEMORY
    event(f"{verdict.value}: {'read' if found is not None else 'refused'}")
    if verdict is Verdict.REFUSED:
        assert found is None, f"was read: {found}"
    if verdict is Verdict.SAME:
        assert found is not None, "was refused"
        assert_same(found, same)
    return found


def _told(read: Callable[[], T]) -> T:
    try:
        return read()
    except DataError as error:
        if not ("\n  expected: " in str(error) or "\n  got: " in str(error)):
            raise AssertionError(f"says neither what was expected nor what was found: {error}") from error
        raise


def _peak() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def assert_same(found: object, expected: object) -> None:
    """Compare recordings by values and labels, anything else by equality."""
    if not isinstance(found, Recording) or not isinstance(expected, Recording):
        assert found == expected
        return
    np.testing.assert_array_equal(found.responses, expected.responses)
    pd.testing.assert_frame_equal(found.trials, expected.trials)
    pd.testing.assert_frame_equal(found.units, expected.units)
    if expected.times is not None:
        np.testing.assert_array_equal(found.times, expected.times)


@contextmanager
def copy_of(folder: Path) -> Iterator[Path]:
    """Copy a folder of files for one example."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(shutil.copytree(folder, Path(name) / "files", symlinks=True))


FILE_ACCIDENTS = ("gone", "folder", "link to nothing", "link to itself", "text", "empty")
if hasattr(os, "mkfifo"):
    FILE_ACCIDENTS += ("pipe", "endless device")


def file_accident(draw: st.DrawFn, path: Path) -> Verdict:
    """Put something else into the place of a file."""
    kind = draw(st.sampled_from(FILE_ACCIDENTS))
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "link to nothing":
        path.symlink_to(path.with_name("nothing"))
    elif kind == "link to itself":
        path.symlink_to(path)
    elif kind == "text":
        path.write_bytes(draw(st.sampled_from([b"hello", b"<html></html>", b"\xff" * 500, b"\n" * 3])))
    elif kind == "empty":
        path.touch()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless device":
        path.symlink_to("/dev/zero")
    return Verdict.REFUSED


def byte_accident(draw: st.DrawFn, path: Path) -> Verdict:
    """Cut a file, or change some of its bytes; its beginning and end are hit more often than the rest."""
    content = bytearray(path.read_bytes())
    for _ in range(draw(st.integers(1, 3))):
        last = max(len(content) - 1, 0)
        place = draw(
            st.integers(0, last) | st.integers(0, min(last, 3000)) | st.integers(max(last - 600, 0), last)
        )
        some = draw(
            st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 4, b"\x00" * 4, b"\x7f\xff" * 4])
        )
        kind = draw(st.sampled_from(["cut", "flip", "overwrite", "insert", "remove"]))
        if kind == "cut":
            del content[place:]
        elif kind == "flip" and content:
            content[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "overwrite":
            content[place : place + len(some)] = some
        elif kind == "insert":
            content[place:place] = some
        elif kind == "remove":
            del content[place : place + draw(st.integers(1, 64))]
    path.write_bytes(bytes(content))
    return Verdict.EITHER


def any_accident(draw: st.DrawFn, path: Path) -> Verdict:
    """Something with the file as a whole, or with its bytes."""
    return draw(st.sampled_from([file_accident, byte_accident, byte_accident]))(draw, path)


ODD_NUMBERS = st.sampled_from([np.nan, np.inf, -np.inf, 1e39, -1e300])
"""What is no finite number of single precision."""
