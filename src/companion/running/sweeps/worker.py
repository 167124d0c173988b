"""What a worker does with a pack, wherever it runs: a local process, a node of a cluster, this process."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from companion.running.decoders import chosen_device
from companion.running.sweeps.cells import Cell
from companion.running.sweeps.job import job_of
from companion.running.sweeps.results import SweepFolder


class Order(NamedTuple):
    """A pack, where its data lie, where its results go, and what may be used.

    Folders are those of the driver; a worker on another machine must see them under the same names.
    """

    cells: tuple[Cell, ...]
    folder: Path
    data: Path
    device: str
    n_threads: int


def perform(order: Order) -> None:
    """Run the cells of a pack that have no result yet. Each is written as soon as it is finished.

    Nothing is returned and no error of a cell is raised: what became of a cell is what its file says, so that
    a worker that dies, or whose driver died, loses nothing but what it was at. If a pack fails, those of its
    cells that are left are tried one by one, so that one bad cell takes no other with it.

    Parameters
    ----------
    order : Order
    """
    os.environ["COMPANION_DATA"] = str(order.data)
    _use_threads(order.n_threads)
    device = str(chosen_device(order.device))  # what ``auto`` is here; the driver may have no card, or one
    results = SweepFolder(order.folder)
    finished = results.finished(cell.key for cell in order.cells)
    waiting = [cell for cell in order.cells if cell.key not in finished]
    error = _try(waiting, device, results)
    if error is None:
        return
    finished = results.finished(cell.key for cell in waiting)
    rest = [cell for cell in waiting if cell.key not in finished]
    for cell in rest:
        alone = error if len(rest) == len(waiting) == 1 else _try([cell], device, results)
        if alone is not None:
            results.note_failure(cell, alone)


def _try(cells: Sequence[Cell], device: str, results: SweepFolder) -> Exception | None:
    """Run cells as one pack and keep what is finished; the error that ended it, if one did."""
    if not cells:
        return None
    started = time.perf_counter()
    try:
        for cell, table in job_of(cells[0].job).run(cells, device):
            now = time.perf_counter()
            results.keep(cell, table, now - started)
            started = now
    except Exception as error:
        return error
    return None


def _use_threads(n: int) -> None:
    import threadpoolctl
    import torch

    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(n)  # of processes that a cell starts
    threadpoolctl.threadpool_limits(n)
    torch.set_num_threads(n)
