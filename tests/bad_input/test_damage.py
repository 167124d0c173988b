"""What may come of a damaged file: the judge of all tests here."""

from __future__ import annotations

import sys

import pytest

from companion.errors import DataError

from .damage import MOST_BYTES, outcome


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is bounded as Linux does it")
def test_a_want_of_memory_is_seen_behind_an_error_that_is_documented() -> None:
    def read() -> bytearray:
        try:
            return bytearray(2 * MOST_BYTES)
        except MemoryError as error:
            raise DataError("It cannot be read", where="file", do="fetch it") from error

    with pytest.raises(AssertionError, match="bytes were asked for"):
        outcome(read, names="file")
    assert len(bytearray(2**20)) == 2**20


def test_what_is_not_documented_goes_through() -> None:
    with pytest.raises(KeyError):
        outcome(lambda: {}["key"], names="file")
    with pytest.raises(AssertionError, match="no advice"):
        outcome(lambda: _refuse("A file"), names="A file")


def _refuse(what: str) -> None:
    raise DataError(what)
