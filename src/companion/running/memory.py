"""Memory of this process."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_memory_mb() -> float:
    """Give the largest memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux hands the peak of ``getrusage`` on from the process that started this one
        lines = status.read_text("utf-8").splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 2**10
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes there, KiB here
