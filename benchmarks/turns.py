"""Timing on a machine with other work beside: what is compared takes turns, and the spread is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple


class Work(NamedTuple):
    """Something to time, and how many responses pass through it each time."""

    do: Callable[[], object]
    n_samples: int


def compared(ours: Work, other: Work, n_turns: int) -> dict[str, Any]:
    """Responses per second of both, and how many times faster ours is, turn by turn.

    By the clock, and by the seconds that the process had on its cores: where more processes run than there
    are cores, the second says what the work costs. Several threads that wait for each other lose by either;
    the machine's load says how far to trust them.
    """
    for work in (ours, other):
        work.do()
    record: dict[str, list[float]] = {}
    for _ in range(n_turns):
        turn = {"ours": _rates(ours), "other": _rates(other)}
        for number, unit in enumerate(("per_second", "per_core_second")):
            for name, rates in turn.items():
                record.setdefault(f"{name}_{unit}", []).append(rates[number])
            record.setdefault(f"ratio_{unit}", []).append(turn["ours"][number] / turn["other"][number])
    busy = {"n_turns": n_turns, "load_of_machine": round(os.getloadavg()[0], 1)}
    return busy | {name: spread(values) for name, values in record.items()}


def spread(values: list[float]) -> dict[str, float]:
    """Median and range, to four digits."""
    named = {"median": median(values), "lowest": min(values), "highest": max(values)}
    return {name: float(f"{value:.4g}") for name, value in named.items()}


def _rates(work: Work) -> tuple[float, float]:
    wall, cores = time.perf_counter(), time.process_time()
    work.do()
    # A clock of coarse steps may show no time for tiny work.
    return work.n_samples / (time.perf_counter() - wall), work.n_samples / max(
        time.process_time() - cores, 1e-6
    )
