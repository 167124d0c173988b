"""Clock and memory of a process that tries out what a job will do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from companion.running.memory import peak_memory_mb

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
    return peak_memory_mb() * 2**20


def _now(place: torch.device) -> float:
    import torch

    if place.type == "cuda":
        torch.cuda.synchronize(place)
    return time.perf_counter()
