"""What a rehearsed job is, and how the time of a few of its steps tells that of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

Work = Callable[[int], None]
"""Does so many units (epochs, draws, fits), from the beginning."""


class Training(NamedTuple):
    """A training whose steps can be taken one at a time, because what comes before them takes long.

    Parameters
    ----------
    whole : callable
        Does all that the chapter calls, with a single step and its validation.
    begin : callable
        Prepares anew, and hands out two more: what takes one step, and what takes one and validates. It is
        told how many steps come before the validation.
    """

    whole: Callable[[], None]
    begin: Callable[[int], tuple[Callable[[], object], Callable[[], object]]]


@dataclass(frozen=True)
class Job:
    """One training or decoding of a chapter.

    Attributes
    ----------
    chapter, name : str
    size : str
        Its arrays, in words.
    start : callable
        Takes the name of a device, makes up the arrays, and returns what works on them, by calling what the
        chapter calls.
    n_units : int
        Of one whole run. One: the run is done as it is.
    n_steps : int
        Steps of a unit: those of an epoch, where units are epochs.
    n_validations : int
        Of one whole run, where they are not part of the units.
    together : int
        Runs that one call does at once.
    grid_runs : int
        Runs in the grid of the paper, or of the chapter where the paper has none.
    note : str
        What else to know.
    """

    chapter: str
    name: str
    size: str
    start: Callable[[str], Work | Training]
    n_units: int = 1
    n_steps: int = 1
    n_validations: int = 0
    together: int = 1
    grid_runs: int = 1
    note: str = ""


class Measured(NamedTuple):
    """Seconds of a job.

    Parameters
    ----------
    before : float
        Of what is done once: arrays prepared, checksums taken, files written.
    unit, validation : float
    """

    before: float
    unit: float
    validation: float


def measure(job: Job, steps: int, device: str, clock: Callable[[], float]) -> Measured:
    """Do some steps of a job and split what they took.

    Steps of a :class:`Training` are timed one by one. Of other work calls of few units and of more differ in
    units alone. A job of one unit is done once, as it is.

    Parameters
    ----------
    job : Job
    steps : int
        How many, about: whole units.
    device : str
    clock : callable
        Seconds.

    Returns
    -------
    Measured
    """
    work = job.start(device)

    def seconds(do: Callable[[], object]) -> float:
        began = clock()
        do()
        return clock() - began

    if isinstance(work, Training):
        whole = seconds(work.whole)
        step, validated = work.begin(steps + 1)
        step()  # the first one makes arrays that the others use again
        unit = sum(seconds(step) for _ in range(steps)) / steps
        validation = max(0.0, seconds(validated) - unit)
        return Measured(max(0.0, whole - unit - validation), unit, validation)
    once = seconds(lambda: work(1))
    if job.n_units == 1:
        return Measured(0.0, once, 0.0)
    few, more = 2, -(-steps // job.n_steps)  # the first call imported, too
    before = seconds(lambda: work(few))
    unit = max(0.0, (seconds(lambda: work(few + more)) - before) / more)
    return Measured(max(0.0, before - few * unit), unit, 0.0)


def extrapolated(job: Job, found: Measured) -> dict[str, float]:
    """Say what a whole run and the whole grid take, from what was measured.

    Parameters
    ----------
    job : Job
    found : Measured
        Of one call, which does ``job.together`` runs.

    Returns
    -------
    dict of str to float
        ``seconds_per_step`` of one run, with its share of validations; ``steps`` of a run;
        ``extrapolated_hours`` of a run, ``grid_runs`` and ``grid_hours``.
    """
    stepping = job.n_units * found.unit + job.n_validations * found.validation
    hours = (found.before + stepping) / job.together / 3600
    n_steps = job.n_units * job.n_steps
    return {
        "seconds_per_step": stepping / n_steps / job.together,
        "steps": n_steps,
        "extrapolated_hours": hours,
        "grid_runs": job.grid_runs,
        "grid_hours": hours * job.grid_runs,
    }
