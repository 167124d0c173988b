"""Files that are whole or absent, whatever ends the process that writes them, or its machine."""

from __future__ import annotations

import glob
import hashlib
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """Name to write under; the file gets its own when the block ends well, and is gone otherwise.

    What is written reaches the disk before the file gets its name: after a crash of the machine there is the
    old file or the new one, and not an empty one. Several processes may write one file at once: the last one
    counts. What a killed process left of the same file is removed.

    Parameters
    ----------
    path : Path
        Its folder is made if it is absent.

    Yields
    ------
    Path
        An empty file beside it.

    Examples
    --------
    >>> import tempfile
    >>> from companion.system.whole_files import whole_path
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = Path(name) / "numbers.txt"
    ...     with whole_path(path) as part:
    ...         _ = part.write_text("1 2 3")
    ...         print(path.exists())
    ...     print(path.read_text())
    False
    1 2 3
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    handle, name = tempfile.mkstemp(".part", f".{path.name}.{_here()}-{os.getpid()}-", path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("r+b") as stream:
            os.fsync(stream.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove parts of a file whose process is no more; of those of other machines nothing is known."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.{_here()}-*.part"):
        pid = part.name.rsplit("-", 2)[1]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            part.unlink(missing_ok=True)


def _here() -> str:
    """Stand for this machine, without its name."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]
