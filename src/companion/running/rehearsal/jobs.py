"""What a rehearsed job is, and how the time of a few of its steps tells that of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

Work = Callable[[int, int], None]
"""Does so many units (steps, epochs, fits), with so many validations in between."""


@dataclass(frozen=True)
class Job:
    """One training or decoding of a chapter.

    Attributes
    ----------
    chapter, name : str
    size : str
        Its arrays, in words.
    start : callable
        Takes the name of a device, makes up the arrays, and returns what works on them. It calls what the
        chapter calls, once for each number of units, and begins anew every time.
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
    start: Callable[[str], Work]
    n_units: int = 1
    n_steps: int = 1
    n_validations: int = 0
    together: int = 1
    grid_runs: int = 1
    note: str = ""


class Measured(NamedTuple):
    """Seconds of one call of a job's work.

    Parameters
    ----------
    before : float
        Of what is done once in a call: arrays prepared, the first validation, the last file written.
    unit, validation : float
    """

    before: float
    unit: float
    validation: float


def measure(job: Job, steps: int, device: str, clock: Callable[[], float]) -> Measured:
    """Do some steps of a job and split what they took.

    Calls of one unit and of many differ in units alone; two units with two validations differ from one with
    one in one of each. A job of one unit is done once, as it is.

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

    def seconds(n_units: int, n_validations: int) -> float:
        began = clock()
        work(n_units, n_validations)
        return clock() - began

    once = seconds(1, 1)
    if job.n_units == 1:
        return Measured(0.0, once, 0.0)
    many = max(2, -(-steps // job.n_steps))
    unit = max(0.0, (seconds(many, 1) - once) / (many - 1))
    validation = max(0.0, seconds(2, 2) - once - unit) if job.n_validations else 0.0
    return Measured(max(0.0, once - unit - validation), unit, validation)


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
