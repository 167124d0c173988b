"""Rows that every part of the benchmarks writes, and what several of them measure alike."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from turns import Work, compared, spread

FloatArray = npt.NDArray[np.floating[Any]]

DOUBLE = 8  # bytes
TARGET = 4.0
"""Times faster than the plain loop that every path is asked to be."""
TRIES = 10


class Job(NamedTuple):
    """A path at one size: ours and the plain way, both with results, which must agree.

    The plain way may do only the first few of what ours does, where all would take minutes.
    """

    path: str
    size: str
    unit: str
    ours: Callable[[], FloatArray]
    n_ours: int
    reference: Callable[[], FloatArray]
    n_reference: int
    tolerance: float
    floor: float | None
    floor_note: str
    note: str = ""
    target: float | None = TARGET


class Machine(NamedTuple):
    """What one thread does in a second, at its best: numpy's products in double precision, bytes moved."""

    operations: float
    bytes: float

    def seconds(self, operations: float, moved: float) -> float:
        """Seconds that so many operations and bytes take if nothing overlaps."""
        return operations / self.operations + moved / self.bytes


def machine(side: int = 1024) -> Machine:
    """Measure products of numpy; bytes as :func:`floors.ceilings` does."""
    from floors import ceilings  # torch would count in the peaks of processes that measure theirs

    square = np.random.default_rng(0).normal(size=(side, side))
    return Machine(2 * side**3 * fastest(Work(lambda: square @ square, 1)), ceilings().bytes)


def fastest(work: Work) -> float:
    """Highest rate of some tries: what the machine can do if nothing is in its way."""
    return timed(work, TRIES)["highest"]


def timed(work: Work, n_turns: int) -> dict[str, float]:
    """Rates of something that is compared with nothing: median and range, by the clock."""
    work.do()
    rates = []
    for _ in range(n_turns):
        started = time.perf_counter()
        work.do()
        rates.append(work.n_samples / (time.perf_counter() - started))
    return spread(rates)


def measured(job: Job, n_turns: int, peak: dict[str, float] | None) -> dict[str, Any]:
    """Row of a job, once both ways were seen to give the same."""
    ours, plain = job.ours(), job.reference()
    if not (difference := float(np.abs(ours[: len(plain)] - plain).max())) <= job.tolerance:
        sys.exit(f"{job.path}: ours and the plain way disagree by {difference}, more than {job.tolerance}")
    found = compared(Work(job.ours, job.n_ours), Work(job.reference, job.n_reference), n_turns)
    return row(
        job.path,
        job.size,
        job.unit,
        **against(found),
        target=job.target,
        floor=job.floor,
        floor_note=job.floor_note,
        peak_mb=peak,
        note=job.note,
    )


def row(path: str, size: str, unit: str, ours: dict[str, float], **others: Any) -> dict[str, Any]:
    """One row: a path at one size with one number of threads; the page is made from these.

    Parameters
    ----------
    path, size, unit : str
        What is done, of which size, and what is counted per second.
    ours : dict of median, lowest and highest
    **others
        ``reference`` and ``times_faster`` (as `ours`), ``target`` (times faster), ``floor`` (the rate if only
        what `floor_note` says took time), ``peak_mb`` (``ours`` and ``reference``), ``seconds_to_loss``,
        ``note``, ``device`` and ``threads``. What is left out was not measured.
    """
    known: dict[str, Any] = {
        "path": path,
        "size": size,
        "device": "CPU",
        "threads": 1,
        "unit": unit,
        "ours": ours,
        "reference": None,
        "times_faster": None,
        "target": None,
        "floor": None,
        "share_of_floor": None,
        "floor_note": "",
        "peak_mb": None,
        "seconds_to_loss": None,
        "note": "",
    }
    if unknown := sorted(set(others) - set(known)):
        raise ValueError(f"a row has no {', '.join(unknown)}")
    known |= others
    if known["floor"]:
        known["share_of_floor"] = ours["median"] / known["floor"]
    return known


def against(found: dict[str, Any]) -> dict[str, Any]:
    """Name what :func:`turns.compared` measured as :func:`row` does."""
    names = {"ours": "ours_per_second", "reference": "other_per_second", "times_faster": "ratio_per_second"}
    return {name: found[key] for name, key in names.items()}


def peaks(script: str, name: str, small: bool) -> dict[str, float]:
    """Peak memory of each side of a path, in a process of its own that does it once."""
    found = {}
    for side in ("ours", "reference"):
        command = [sys.executable, script, *["--small"] * small, "--peak", name, side]
        found[side] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def obey(
    arguments: list[str], measure: Callable[[bool], Any], peak: Callable[..., float], usage: str | None
) -> None:
    """Print what a benchmark measures; after ``--peak``, the memory that a part of it takes alone."""
    small = "--small" in arguments
    rest = [argument for argument in arguments if argument != "--small"]
    if rest and rest[0] != "--peak":
        sys.exit(usage)
    result = peak(*rest[1:], small) if rest else measure(small)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
