"""What a cell of a grid may be: the jobs, and what a sweep asks of each."""

from __future__ import annotations

import importlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import pandas as pd
from pydantic import BaseModel, ConfigDict

from companion.errors import DataError
from companion.running.sweeps.cells import Cell, Value, World


class Cost(NamedTuple):
    """What a pack takes: seconds of one worker, and bytes of memory at most; NaN where nobody knows."""

    seconds: float
    bytes: float


UNKNOWN = Cost(math.nan, math.nan)


class JobSettings(BaseModel):
    """Base of what the cells of a job share; unknown names and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Job(ABC):
    """One kind of run.

    Attributes
    ----------
    axes : mapping of str to type
        Names that a grid must spread out, with the type of their values.
    free_axes : bool
        Whether a grid may spread other names out, too.
    settings : type
        Model of what all cells of a block share.

    Examples
    --------
    A job of one's own lies in a module that all workers can import; here, one is made up.

    >>> import sys, tempfile, types
    >>> from unittest.mock import patch
    >>> import pandas as pd
    >>> from companion import as_scores
    >>> from companion.running import Grid, Job, read_sweep
    >>> from companion.running.sweeps.engines import here
    >>> from companion.running.sweeps.job import Cost, JobSettings
    >>> from companion.running.sweeps.sweep import plan_sweep, run_sweep
    >>> class Squares(Job):
    ...     axes, settings = {"number": int}, JobSettings
    ...     def known(self, axis, world): return None
    ...     def check(self, cells): pass
    ...     def check_data(self, cells): pass
    ...     def packs(self, cells, device): return [[cell] for cell in cells]
    ...     def costs(self, packs, device): return [Cost(1.0, 1e6) for _ in packs]
    ...     def run(self, cells, device):
    ...         for cell in cells:
    ...             square = {"dataset": "toy", "subject": ["S1"], "metric": "square"}
    ...             square |= {"value": float(cell.axes["number"] ** 2)}
    ...             yield cell, as_scores(pd.DataFrame(square), simulated=True)
    >>> module = types.ModuleType("my_jobs")
    >>> module.Squares = Squares
    >>> grid = Grid(name="squares", job="my_jobs:Squares", blocks=[{"axes": {"number": [2, 3]}}])
    >>> with tempfile.TemporaryDirectory() as name, patch.dict("os.environ", COMPANION_DATA=name):
    ...     with patch.dict(sys.modules, my_jobs=module):
    ...         failures = run_sweep(plan_sweep(grid, "cpu"), here("cpu"), say=lambda line: None)
    ...     read_sweep("squares")[["number", "value"]].sort_values("number").to_dict("list")
    {'number': [2, 3], 'value': [4.0, 9.0]}
    """

    axes: ClassVar[Mapping[str, type]]
    free_axes: ClassVar[bool] = False
    settings: ClassVar[type[JobSettings]]

    @abstractmethod
    def known(self, axis: str, world: World) -> Sequence[Value] | None:
        """Values that ``all`` stands for on an axis; None where it stands for nothing.

        Raises
        ------
        MissingDataError
            If only data that are not here could tell.
        """

    @abstractmethod
    def check(self, cells: Sequence[Cell]) -> None:
        """Refuse cells that can never run.

        Raises
        ------
        DataError
            Naming the first one.
        """

    @abstractmethod
    def check_data(self, cells: Sequence[Cell]) -> None:
        """Refuse cells whose data are not on this machine.

        Raises
        ------
        MissingDataError
            Naming the command that makes or explains them.
        """

    @abstractmethod
    def packs(self, cells: Sequence[Cell], device: str) -> list[list[Cell]]:
        """Group cells that share what is loaded, and on a GPU those that are trained as one program."""

    @abstractmethod
    def costs(self, packs: Sequence[Sequence[Cell]], device: str) -> list[Cost]:
        """Estimate packs from a few steps of each kind, measured on this machine."""

    @abstractmethod
    def run(self, cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
        """Run a pack; each cell with its table, as soon as it is finished."""


JOBS: Mapping[str, str] = MappingProxyType(
    {
        "retrieval": "companion.running.sweeps.jobs.retrieval:Retrieval",
        "brain-aligning": "companion.running.sweeps.jobs.brain_aligning:BrainAligning",
        "naming": "companion.running.sweeps.jobs.naming:Naming",
        "chapter": "companion.running.sweeps.jobs.chapter_runs:ChapterRuns",
    }
)
"""Jobs by name, as ``module:Class``: only the one that a grid names is imported."""


def job_of(name: str) -> Job:
    """Look a job up, or import one of your own.

    Parameters
    ----------
    name : str
        A key of `JOBS`, or ``module:Class`` of a subclass of :class:`Job`.

    Raises
    ------
    DataError
        If there is none of this name.
    """
    if name not in JOBS and ":" not in name:
        raise DataError(
            "There is no such job", expected=f"one of {', '.join(JOBS)}, or module:Class", got=name
        )
    found = imported(JOBS.get(name, name))
    if not (isinstance(found, type) and issubclass(found, Job)):
        raise DataError("This is no job of a sweep", where=name, expected="a subclass of Job", got=found)
    return found()


def imported(place: str) -> Any:
    """Import what ``module:name`` says.

    Raises
    ------
    DataError
        If it cannot be imported here.
    """
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DataError(
            "This cannot be imported",
            where=place,
            expected="module:Class, of a module on the path of every worker",
            got=error,
            do="install the module, or let PYTHONPATH name its folder",
        ) from error
