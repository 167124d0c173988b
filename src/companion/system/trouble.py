"""Trouble that the system makes (a full disk, too little memory, a folder that is gone), in plain words.

It is known by what an error says, not by its type: NumPy, HDF5, Arrow, safetensors, torch and a chapter's
kernel tell of the same full disk in different types of errors.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from companion.errors import CompanionError

_AGAIN = "run the same command again: what is finished is kept"


class Trouble(NamedTuple):
    """What the system refused, and what to do about it."""

    what: str
    do: str


_KNOWN: dict[str, Trouble] = {
    "No space left on device|Disk quota exceeded|File too large|not enough space on the disk"
    r"|\d+ requested and \d+ written|PytorchStreamWriter failed writing": Trouble(
        "The disk is full, or a limit of your account on it is reached",
        f"make room, or let COMPANION_DATA name a folder on a larger disk, and {_AGAIN}",
    ),
    "MemoryError|[Oo]ut of memory|OutOfMemory|allocate memory|Unable to allocate|not enough memory|bad_alloc"
    "|can't start new thread|terminated abruptly|Kernel died": Trouble(
        "Memory was used up, or the system ended a process, most likely for that reason",
        f"close other programs, run fewer at a time (--jobs 1, --workers 1) or a smaller scale, and {_AGAIN}",
    ),
    "Permission denied|Operation not permitted|Access is denied|Read-only file system": Trouble(
        "A file or folder may not be written or read",
        "give yourself the right to it, or let COMPANION_DATA name a folder of your own",
    ),
    "Input/output error|Stale file handle|endpoint is not connected|No such device|Host is down": Trouble(
        "A disk does not answer", f"look whether it is still connected, and {_AGAIN}"
    ),
    "Not a directory|File exists|Is a directory|Directory not empty|Too many levels of symbolic": Trouble(
        "Something else stands where a file or folder belongs",
        "move it away (a link that leads nowhere, too), or let COMPANION_DATA name another folder",
    ),
    "Too many open files": Trouble(
        "More files are open than your account may have", f"allow more (ulimit -n 4096), and {_AGAIN}"
    ),
    "No such file or directory|cannot find the (file|path)": Trouble(
        "A file or folder is not there (any more)",
        f"if it was moved, or its disk came off, bring it back, and {_AGAIN}",
    ),
}
"""By what errors say; the first that fits counts."""


def trouble_in(text: str) -> Trouble | None:
    """Recognise what the system refused by the words of an error; None for any other error.

    Parameters
    ----------
    text : str
        Type and message, as a traceback ends.
    """
    return next((trouble for signs, trouble in _KNOWN.items() if re.search(signs, text)), None)


def explained(error: BaseException) -> CompanionError | None:
    """Say what the system refused and what to do; None for any other error.

    Parameters
    ----------
    error : BaseException
    """
    trouble = trouble_in(f"{type(error).__name__}: {error}")
    if trouble is None:
        return None
    return CompanionError(
        trouble.what,
        where=getattr(error, "filename", None),
        got=getattr(error, "strerror", None) or str(error) or type(error).__name__,
        do=trouble.do,
    )
