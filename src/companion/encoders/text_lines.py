"""Lines of large texts, out of a file or out of a zip archive that holds one."""

from __future__ import annotations

import codecs
import contextlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from companion.errors import DataError
from companion.loading.reading import present

LONGEST_LINE = 2**20
"""Bytes; a line of the largest published file has less than 4,000."""
MOST_INFLATED = 20
"""How many times its compressed size a text may have, beyond `FREELY_INFLATED`; the published ones have 3."""
FREELY_INFLATED = 2**28


@contextlib.contextmanager
def lines_of(path: Path, member: str | None) -> Iterator[Iterator[bytes]]:
    """Open a text of word vectors; its lines come one after the other.

    Parameters
    ----------
    path : Path
        Text file, or zip archive that holds one.
    member : str or None
        Which file of a zip archive; None where it holds one text file.

    Raises
    ------
    DataError
        Here or while lines are taken: if the file is damaged, encrypted or inflates without measure, or a
        line does not end.
    """
    try:
        if not zipfile.is_zipfile(present(path)):
            if path.suffix == ".zip":
                raise zipfile.BadZipFile("no directory at its end: it is cut short, or no archive")
            with path.open("rb") as stream:
                yield _lines(stream)
            return
        with zipfile.ZipFile(path) as archive:
            chosen = archive.getinfo(_member(path, archive, member))
            if chosen.file_size > FREELY_INFLATED + MOST_INFLATED * chosen.compress_size:
                raise zipfile.BadZipFile(f"{chosen.compress_size} bytes that inflate to {chosen.file_size}")
            with archive.open(chosen) as stream:
                yield _lines(stream)
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        RuntimeError,  # encrypted, or compressed in an unknown way
        ValueError,
        OverflowError,
    ) as error:
        raise DataError(
            "A word vector file cannot be read",
            where=path,
            expected="a text file, or a whole zip archive that holds one",
            got=str(error),
            do="fetch it again, and compare its checksum",
        ) from error


def _member(path: Path, archive: zipfile.ZipFile, member: str | None) -> str:
    texts = [name for name in archive.namelist() if name.endswith(".txt")]
    chosen = texts if member is None else [name for name in archive.namelist() if name == member]
    if len(chosen) != 1:
        raise DataError(
            "It is not clear which file of the archive holds the vectors",
            where=path,
            expected=member or "one text file",
            got=", ".join(texts) or "no text file",
            do="name one of them as member",
        )
    return chosen[0]


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines of a text, without a byte order mark; one that does not end is not read into memory."""
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), start=1):
        if len(line) == LONGEST_LINE:
            raise ValueError(f"line {number} has {LONGEST_LINE} bytes or more")
        yield line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
