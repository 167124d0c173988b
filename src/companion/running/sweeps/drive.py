"""Hand packs to an executor, follow them, and outlive workers that die."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager
from typing import NamedTuple

from companion.running.sweeps.results import SweepFolder
from companion.running.sweeps.worker import Order, perform

LOOK_EVERY_S = 1.0


class Engine(NamedTuple):
    """Where packs run.

    Parameters
    ----------
    start : callable
        Opens any executor of ``concurrent.futures``; leaving the context ends it.
    n_workers : int
        How many packs it runs at a time.
    n_threads : int
        Of each worker.
    device : str
        As torch names it, or ``auto``.
    """

    start: Callable[[], AbstractContextManager[Executor]]
    n_workers: int
    n_threads: int
    device: str


def drive(orders: Sequence[Order], engine: Engine, look: Callable[[], None]) -> None:
    """Run all packs to their end.

    Errors of cells are files, so that what raises here is a worker that died. A pool of processes then breaks
    as a whole: what had been handed out is suspect. Suspects run next, one after the other; what dies again
    runs cell by cell, and a cell that dies alone is noted as failed. All others go on. No more packs are
    handed out than there are workers, so that few are suspect.

    Parameters
    ----------
    orders : sequence of Order
        In the order in which they are to be started.
    engine : Engine
    look : callable
        Called about every second, to show progress.
    """
    waiting, suspects = deque(orders), deque[Order]()
    while waiting or suspects:
        alone = bool(suspects)
        with engine.start() as executor:
            lost = _run(suspects or waiting, 1 if alone else engine.n_workers, executor, look)
        for order, error in lost:
            if not alone:
                suspects.append(order)
            elif len(order.cells) > 1:
                suspects.extend(order._replace(cells=(cell,)) for cell in order.cells)
            else:
                SweepFolder(order.folder).note_failure(order.cells[0], _death(error))
    look()


def _run(
    waiting: deque[Order], n_workers: int, executor: Executor, look: Callable[[], None]
) -> list[tuple[Order, BaseException]]:
    """Run packs until none waits or the executor breaks; those that were lost, with what was raised."""
    out: dict[Future[None], Order] = {}
    lost: list[tuple[Order, BaseException]] = []
    while waiting or out:
        try:
            while waiting and len(out) < n_workers:
                future = executor.submit(perform, waiting[0])
                out[future] = waiting.popleft()
        except BrokenExecutor:
            return lost + [(order, one.exception() or BrokenExecutor()) for one, order in out.items()]
        ended, _ = wait(out, timeout=LOOK_EVERY_S, return_when=FIRST_COMPLETED)
        for future in ended:
            order = out.pop(future)
            error = CancelledError() if future.cancelled() else future.exception()
            if error is not None:
                lost.append((order, error))
        look()
    return lost


def _death(error: BaseException) -> str:
    """Say what it means that a worker was lost."""
    return (
        "the worker's process ended while it ran this cell alone; most likely the system stopped it because "
        f"memory was used up ({type(error).__name__}: {error})"
    )
