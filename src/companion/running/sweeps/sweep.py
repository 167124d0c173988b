"""A sweep from its file to its table: expand, size, pack, run, report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import filelock
import numpy as np
import psutil

from companion.errors import DataError
from companion.project import data_root
from companion.running.decoders import chosen_device, present_device
from companion.running.sweeps.cells import Cell
from companion.running.sweeps.drive import Engine, drive
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.job import UNKNOWN, Cost, job_of
from companion.running.sweeps.progress import Progress, duration
from companion.running.sweeps.results import Failure, SweepFolder
from companion.running.sweeps.worker import Order
from companion.system.waiting import holder, turn

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is left to do of a grid, and what it takes.

    Attributes
    ----------
    grid : Grid
    cells : tuple of Cell
        All of the grid.
    n_finished : int
        Cells that have a result.
    packs : tuple of tuple of Cell
        The rest, the longest first. A cell that failed before is a pack of its own.
    costs : tuple of Cost
        Of the packs, measured on this machine.
    """

    grid: Grid
    cells: tuple[Cell, ...]
    n_finished: int
    packs: tuple[tuple[Cell, ...], ...]
    costs: tuple[Cost, ...]

    @property
    def seconds(self) -> float:
        """Of one worker, for all packs."""
        return float(np.nansum([cost.seconds for cost in self.costs]))

    @property
    def bytes(self) -> float:
        """Largest memory of a pack."""
        return float(max((np.nan_to_num(cost.bytes) for cost in self.costs), default=0.0))

    def told(self, engine: Engine) -> str:
        """Tell numbers, time and memory in a few lines."""
        n_left = sum(map(len, self.packs))
        lines = [f"{self.grid.name}: {len(self.cells)} cells, {self.n_finished} finished, {n_left} to run"]
        if self.packs:
            sizes = sorted({len(pack) for pack in self.packs})
            lines.append(
                f"packs: {len(self.packs)}, of {' to '.join(map(str, dict.fromkeys((sizes[0], sizes[-1]))))} "
                f"cells, {engine.n_workers} at a time on {_place(engine.device)}"
            )
            n_unknown = sum(math.isnan(cost.seconds) for cost in self.costs)
            if n_unknown < len(self.packs):
                lines += self._estimate(engine)
            if n_unknown:
                lines.append(
                    f"not timed: {n_unknown} packs, because their steps fail here or this machine has no "
                    "such device; what is wrong will stand in their cells"
                )
        return "\n".join(lines)

    def _estimate(self, engine: Engine) -> list[str]:
        longest = float(max(np.nan_to_num(cost.seconds) for cost in self.costs))
        wall = max(longest, self.seconds / engine.n_workers)
        return [
            f"time: about {duration(wall)} ({duration(self.seconds)} of one worker; "
            f"longest pack {duration(longest)})",
            f"memory: up to {self.bytes / 1e9:.1f} GB a worker",
            "(a few steps of each kind were timed on this machine)",
        ]


def plan_sweep(grid: Grid, device: str, *, timed: bool = True) -> Plan:
    """Expand a grid, leave out what is finished, pack the rest and estimate it.

    Parameters
    ----------
    grid : Grid
    device : str
        Where packs will run: ``auto`` takes a GPU if this machine has one.
    timed : bool
        Whether to time a few steps for the estimates, which takes seconds for each kind of training.

    Raises
    ------
    DataError
        If the grid is not right; see :meth:`companion.running.sweeps.grid.Grid.cells`.
    """
    cells, job = grid.cells(), job_of(grid.job)
    folder, place = SweepFolder.named(grid.name), chosen_device(device).type
    keys = [cell.key for cell in cells]
    finished, failed = folder.finished(keys), folder.failed(keys)
    left = [cell for cell in cells if cell.key not in finished]
    fresh = [cell for cell in left if cell.key not in failed]
    packs = [*(job.packs(fresh, place) if fresh else []), *([c] for c in left if c.key in failed)]
    costs = job.costs(packs, place) if packs and timed else [UNKNOWN] * len(packs)
    order = sorted(range(len(packs)), key=lambda number: -np.nan_to_num(costs[number].seconds))
    return Plan(
        grid,
        tuple(cells),
        len(finished),
        tuple(tuple(packs[number]) for number in order),
        tuple(costs[number] for number in order),
    )


def run_sweep(plan: Plan, engine: Engine, say: Say = print) -> list[Failure]:
    """Run what is left; whatever is finished stays, however this ends.

    Parameters
    ----------
    plan : Plan
    engine : Engine
        Where; the sweep knows no more of it than this.
    say : callable
        Takes lines for people.

    Returns
    -------
    list of Failure
        Cells that have no result, and why. The same call tries them again, each by itself.

    Raises
    ------
    DataError
        If another sweep of this name runs, or packs do not fit into this machine's memory.
    MissingDataError
        If data of a cell are not here; nothing was run.
    """
    folder = SweepFolder.named(plan.grid.name)
    left = [cell for pack in plan.packs for cell in pack]
    if left:
        job_of(plan.grid.job).check_data(left)
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        with turn(lock := folder.path / "lock", f"the sweep {plan.grid.name}", timeout=0):
            folder.declare(plan.grid.model_dump(mode="json"), [cell.key for cell in plan.cells])
            _run(plan, folder, engine, say)
    except filelock.Timeout as error:
        raise DataError(
            "Another sweep of this name is running",
            where=folder.path,
            got=holder(lock),
            do="wait for it, or give the grid another name",
        ) from error
    return _without_result(plan, folder)


def _without_result(plan: Plan, folder: SweepFolder) -> list[Failure]:
    """Look what became of every cell: the folder may have been changed while the sweep ran."""
    cells = {cell.key: cell for cell in plan.cells}
    finished, failed = folder.finished(cells), folder.failed(cells)
    gone = "its result was removed while the sweep ran; run the same command again"
    lost = [Failure(str(cell), gone, "") for key, cell in cells.items() if key not in finished | failed]
    return [*(folder.failure(key) for key in sorted(failed)), *lost]


def refuse_too_large(plan: Plan, engine: Engine) -> None:
    """Refuse packs that do not fit into the memory of this machine, before an hour of work is lost.

    Raises
    ------
    DataError
        With what is there and what would fit; also if the device is not there.
    """
    there = psutil.virtual_memory().available
    if present_device(engine.device).type == "cpu" and plan.bytes * engine.n_workers > there:
        fitting = int(there // max(plan.bytes, 1))
        raise DataError(
            "The packs of this sweep need more memory than there is",
            expected=f"{plan.bytes * engine.n_workers / 1e9:.1f} GB for {engine.n_workers} workers",
            got=f"{there / 1e9:.1f} GB",
            do=f"run it with --workers {fitting}" if fitting else "run it on a larger machine",
        )


def _run(plan: Plan, folder: SweepFolder, engine: Engine, say: Say) -> None:
    orders = [_order(pack, folder.path, engine) for pack in plan.packs]
    seconds = {
        cell.key: 1.0 if math.isnan(cost.seconds) else cost.seconds / len(pack)
        for pack, cost in zip(plan.packs, plan.costs, strict=True)
        for cell in pack
    }
    for key in seconds:
        folder.note(key).unlink(missing_ok=True)  # of an earlier try
    progress = Progress(folder, seconds, plan.n_finished, say)
    try:
        drive(orders, engine, progress.look)
    finally:
        progress.close()


def _order(pack: Sequence[Cell], folder: Path, engine: Engine) -> Order:
    return Order(tuple(pack), folder, data_root().absolute(), engine.device, engine.n_threads)


def _place(device: str) -> str:
    return {"cpu": "the CPU", "cuda": "a GPU"}.get(chosen_device(device).type, device)
