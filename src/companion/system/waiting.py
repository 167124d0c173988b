"""One process at a time: a lock that says whom it waits for, instead of waiting in silence."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, SoftFileLock, Timeout

PATIENCE_S = 1.0
"""Seconds before a wait is worth a line."""

Tell = Callable[[str], None]


@contextmanager
def turn(path: Path, work: str, *, tell: Tell | None = None, timeout: float = -1) -> Iterator[None]:
    """Do some work while no other process does it; where one does, say so and wait.

    Parameters
    ----------
    path : Path
        Lock file; it stays, and holds the number of the process that is at work.
    work : str
        What is done, as in "is at work on chapter ruler".
    tell : callable, optional
        Takes the line about a wait. By default it is logged as a warning: on a terminal it appears, in
        a chapter, which must be silent, it does not.
    timeout : float
        Seconds after which to give up; by default never.

    Raises
    ------
    filelock.Timeout
        If another process is still at work after that time.
    """
    lock = FileLock(path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "flock not supported")  # a lock that is a mere file serves as well
        try:
            lock.acquire(timeout=PATIENCE_S if timeout < 0 else min(timeout, PATIENCE_S))
        except Timeout:
            if timeout == 0:
                raise
            (tell or logging.getLogger(__name__).warning)(
                f"waiting: {holder(path)} is at work on {work}; Ctrl-C ends the waiting and leaves it alone"
            )
            lock.acquire(timeout=timeout)
    try:
        if not isinstance(lock, SoftFileLock):  # which has written more than that itself
            with suppress(OSError):  # for people only; Windows lets nobody write here
                path.write_text(f"{os.getpid()}\n", "utf-8")
        yield
    finally:
        lock.release()


def holder(path: Path) -> str:
    """Name the process that holds a lock.

    Parameters
    ----------
    path : Path
        Lock file.
    """
    try:
        first = path.read_text("utf-8").split("\n")[0]
    except (OSError, ValueError):
        first = ""
    return f"process {first}" if first.isdigit() else "another process"
