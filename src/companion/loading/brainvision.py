"""BrainVision headers looked at before MNE opens what they name.

A header names the files of its signals and markers. They lie beside it: what would lead elsewhere, to a file
of another folder or to a pipe, is not opened.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from companion.errors import DataError
from companion.loading.reading import present

LONGEST_HEADER = 2**24
_NAMED = re.compile(rb"^[ \t]*(DataFile|MarkerFile)[ \t]*=(.*)$", re.IGNORECASE | re.MULTILINE)


def check_parts(header: Path) -> None:
    """Refuse a header whose signals or markers are not regular files beside it.

    Raises
    ------
    MissingDataError
        If one of them is not there.
    DataError
        If one of them would lie elsewhere, or the header is too long to be one.
    """
    with present(header).open("rb") as stream:
        text = stream.read(LONGEST_HEADER + 1)
    if len(text) > LONGEST_HEADER:
        raise DataError(
            "A BrainVision header is too long",
            where=header,
            expected=f"{LONGEST_HEADER} bytes at most",
            got="more",
            do="copy the file again",
        )
    for key, content in _NAMED.findall(text):
        name = content.strip().decode("utf-8", "replace").replace("$b", header.stem)
        if PurePath(name).name != name or "\\" in name or "\0" in name:
            raise DataError(
                "A BrainVision header names a file in another folder, which is not opened",
                where=f"{header}, {key.decode()}",
                expected="the name of a file beside the header",
                got=repr(name),
                do="put the file beside the header, and name it alone",
            )
        present(header.with_name(name))
