"""What a long run may leak: memory, open files, threads, children, temporary files, disk."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Use:
    """What a process and its folders hold at one moment.

    Attributes
    ----------
    memory : int
        Bytes in RAM of this process.
    files, threads, children : int
        Open files and sockets, threads, processes below this one.
    temporary : int
        Entries of the folder for temporary files.
    disk : int
        Bytes of the files below the folders that are written to.
    """

    memory: int
    files: int
    threads: int
    children: int
    temporary: int
    disk: int


def in_use(folders: Sequence[Path], pid: int | None = None) -> Use:
    """Look at a process, by default this one, and at the folders it writes to."""
    gc.collect()
    process = psutil.Process(pid)
    with process.oneshot():
        return Use(
            process.memory_info().rss,
            process.num_fds(),
            process.num_threads(),
            len(process.children(recursive=True)),
            sum(1 for _ in Path(tempfile.gettempdir()).iterdir()),
            sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file()),
        )


def growth(uses: Sequence[Use], warm_up: int) -> dict[str, float]:
    """Growth per round after the first rounds: the slope of a straight line through each of the measures."""
    kept = uses[warm_up:]
    middle = (len(kept) - 1) / 2
    spread = sum((at - middle) ** 2 for at in range(len(kept)))
    return {
        one.name: sum((at - middle) * getattr(use, one.name) for at, use in enumerate(kept)) / spread
        for one in fields(Use)
    }


def told(use: Use) -> str:
    """One line for people."""
    large = {"memory", "disk"}
    return ", ".join(
        f"{name} {value / 1e6:.1f} MB" if name in large else f"{name} {value}"
        for name, value in asdict(use).items()
    )
