"""Clock and memory of a process that tries out what a job will do."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def seconds_of(work: Callable[[], object], place: torch.device) -> float:
    """Seconds of one call, to the end of what it started on a device."""
    started = _now(place)
    work()
    return _now(place) - started


def peak_bytes(place: torch.device) -> float:
    """Most memory that this process has had so far: of the device, or of its own on a CPU."""
    import torch

    if place.type == "cuda":
        return float(torch.cuda.max_memory_allocated(place))
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def _now(place: torch.device) -> float:
    import torch

    if place.type == "cuda":
        torch.cuda.synchronize(place)
    return time.perf_counter()
