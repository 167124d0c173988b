"""How this process asks the system for memory."""

from __future__ import annotations

import ctypes
import platform

_TRIM_ABOVE, _MAP_ABOVE = -1, -3
"""Numbers of the two options in glibc's ``malloc.h``."""


def keep_freed_memory() -> None:
    """Let freed arrays be used again instead of being handed back to the system.

    A step of training makes and frees the same arrays every time. By default glibc returns large ones at
    once, and the system clears each page anew: a tenth to a fifth of the time of EEGNet's step on a CPU.
    Arrays above 1 GB are still returned. Where the C library is another one, nothing is done.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        # Older ones refuse more than 32 MB.
        if library.mallopt(_MAP_ABOVE, 2**30) or library.mallopt(_MAP_ABOVE, 2**25):
            library.mallopt(_TRIM_ABOVE, 2**31 - 1)
