"""MNE files of epochs, opened only once their frame is known to be whole.

A FIF file is a chain of tags. Each says where the next one begins, so that a single wrong byte can send a
reader round in circles, and a file of several parts names its next part, which could be any path. MNE follows
both without a question; :func:`open_epochs` walks the chain first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from companion.errors import DataError
from companion.loading.reading import foreign_reader, present

if TYPE_CHECKING:
    import mne

MOST_PARTS, MOST_TAGS = 1000, 1_000_000
_LONGEST_NAME = 4096
_HEADER = struct.Struct(
    ">4i"
)  # kind, type, bytes of content, place of the next tag (0: it follows, -1: none)
_DIRECTORY, _ROLE, _NUMBER, _NAME = 101, 115, 117, 118  # kinds of tags
_NEXT = 2  # the role of a file that continues this one
_AGAIN = "get the file and all its parts again"


def open_epochs(path: Path) -> mne.BaseEpochs:
    """Open a file of epochs and its further parts; the responses stay on disk.

    Raises
    ------
    MissingDataError
        If the file, or a part that it continues in, is not there.
    DataError
        If a file is damaged, holds no epochs, or continues elsewhere than beside the first.
    """
    import mne

    parts = [path]
    for part in parts:
        further = _next_part(present(part))
        if further is not None and (further in parts or len(parts) == MOST_PARTS):
            raise DataError(
                "The parts of a file of epochs do not end",
                where=part,
                expected="further parts, each of its own",
                got=further.name,
                do=_AGAIN,
            )
        parts += [further] if further else []
    with foreign_reader(
        "A file, or a part that it continues in, cannot be read as epochs", where=path, do=_AGAIN
    ):
        return mne.read_epochs(path, proj=False, preload=False, verbose="error")


def _next_part(path: Path) -> Path | None:
    """Find the file that continues this one, as MNE does: by its name, or by its number where it has none."""
    role, found = _NEXT, None
    for kind, content in _tags(path):
        if kind == _DIRECTORY and _number(content) > 0:
            raise _damaged("a directory of tags besides the chain", path)
        if kind == _ROLE:
            role = _number(content)
        elif kind == _NAME and role == _NEXT:
            found = path.with_name(_sibling(content, path))
        elif kind == _NUMBER and role == _NEXT and found is None:
            stem = path.name.partition(".")[0].rstrip("0123456789").removesuffix("-")
            found = path.with_name(f"{stem}-{_number(content)}.fif")
    return found


def _tags(path: Path) -> Iterator[tuple[int, bytes]]:
    """Kind and first bytes of each tag; the chain must lead forwards to its end within the file."""
    size, place = path.stat().st_size, 0
    with path.open("rb") as stream:
        for _ in range(MOST_TAGS):
            stream.seek(place)
            header = stream.read(_HEADER.size)
            if len(header) < _HEADER.size:
                raise _damaged(f"no tag at byte {place} of {size}", path)
            kind, _type, length, following = _HEADER.unpack(header)
            end = place + _HEADER.size + length
            if length < 0 or end > size or 0 < following < end:
                raise _damaged(f"a tag of {length} bytes, then {following}, at byte {place} of {size}", path)
            yield kind, stream.read(min(length, _LONGEST_NAME))
            if following < 0:
                return
            place = following or end
    raise _damaged(f"more than {MOST_TAGS} tags", path)


def _number(content: bytes) -> int:
    return int.from_bytes(content[:4], "big", signed=True)


def _sibling(content: bytes, path: Path) -> str:
    name = content.decode("latin-1")
    if PurePath(name).name != name or "\\" in name or "\0" in name:
        raise DataError(
            "A file of epochs continues elsewhere than beside itself, which is not followed",
            where=path,
            expected="the name of a file in the same folder",
            got=repr(name),
            do=_AGAIN,
        )
    return name


def _damaged(got: str, path: Path) -> DataError:
    return DataError(
        "A file cannot be read as epochs: its chain of tags is broken",
        where=path,
        expected="tags that follow each other to the end of the file",
        got=got,
        do=_AGAIN,
    )
