"""The bytes of a pickle, handed out under a count, so that no file can make its reader use without bound."""

from __future__ import annotations

import errno
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MOST_READS = 1_000_000
"""Reads of a file; an instruction takes one to three. Official files need up to a hundred thousand."""

MOST_COPIED = 2**28
"""Bytes copied out of a file in all; large arrays are mapped and do not count."""

LONGEST_LINE = 256


class FormError(ValueError):
    """Content that is not on the list of what is read."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Raw bytes that lie in the file."""

    offset: int
    size: int


class Source:
    """A file, read from the start; the context manager closes it.

    Parameters
    ----------
    path : Path
        A regular file.

    Attributes
    ----------
    size, position : int
        Bytes of the file, and the byte that is read next.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():  # to open a pipe would wait for ever
            raise OSError(errno.ENOENT, "No such file")
        self.path = path
        self._stream = path.open("rb")
        self.size = os.fstat(self._stream.fileno()).st_size
        self.position = 0
        self._reads_left = MOST_READS
        self._copies_left = MOST_COPIED
        self._mapping: memoryview | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()  # arrays keep a mapping of their own alive

    def read(self, size: int) -> bytes:
        """Copy the next bytes."""
        self._reads_left -= 1
        if self._reads_left < 0:
            raise FormError(f"more than {MOST_READS} parts")
        self.check_there(size)
        self.charge(size)
        self.position += size
        return self._stream.read(size)

    def readline(self) -> bytes:
        """Copy a line with its end."""
        line = self._stream.readline(LONGEST_LINE)
        self._stream.seek(self.position)
        if not line.endswith(b"\n"):
            raise FormError("a name without an end")
        return self.read(len(line))

    def peek(self, size: int) -> bytes:
        """Look at the next bytes without passing them."""
        ahead = self._stream.read(size)
        self._stream.seek(self.position)
        return ahead

    def skip(self, size: int) -> Payload:
        """Pass bytes over and say where they are."""
        self.check_there(size)
        payload = Payload(self.position, size)
        self.position += size
        self._stream.seek(self.position)
        return payload

    def read_at(self, payload: Payload) -> bytes:
        """Copy bytes that were passed over."""
        self.charge(payload.size)
        self._stream.seek(payload.offset)
        content = self._stream.read(payload.size)
        self._stream.seek(self.position)
        return content

    def mapped(self, payload: Payload) -> memoryview:
        """View of bytes that were passed over; all views share one mapping of the file."""
        if self._mapping is None:
            self._mapping = memoryview(mmap.mmap(self._stream.fileno(), 0, access=mmap.ACCESS_READ))
        return self._mapping[payload.offset : payload.offset + payload.size]

    def check_there(self, size: int) -> None:
        """Refuse a length that the rest of the file does not have, before anything is made of that length."""
        if size > self.size - self.position:
            raise FormError(f"a part of {size} bytes where {self.size - self.position} are left")

    def charge(self, size: int) -> None:
        """Count memory that the content asks for."""
        self._copies_left -= size
        if self._copies_left < 0:
            raise FormError(f"more than {MOST_COPIED} bytes that cannot be left in the file")
