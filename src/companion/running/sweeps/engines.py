"""Where a sweep runs: processes of this machine, a Dask scheduler, or jobs of a SLURM cluster."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from companion.errors import DataError
from companion.running.sweeps.drive import Engine
from companion.running.sweeps.queues import SlurmJobs, asked_for, needs_dask, read_slurm
from companion.system.workers import end_with_parent

_WAIT_S = 60.0


class _Here(Executor):
    """Does what it is given at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # as executors do
            future.set_exception(error)
        return future


def here(device: str) -> Engine:
    """Take this process, one pack after the other: for pages and tests."""
    return Engine(_Here, 1, 1, device)


def local(n_workers: int | None, device: str) -> Engine:
    """Take processes of this machine: one per core on a CPU, with a thread each; one per card on GPUs.

    Parameters
    ----------
    n_workers : int, optional
        How many instead.
    device : str
    """
    import torch

    n_cards = torch.cuda.device_count() if device in {"auto", "cuda"} else 0
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    n = n_workers or n_cards or n_cores
    return Engine(partial(_processes, n, n_cards), n, max(1, n_cores // n) if n_cards else 1, device)


def cluster(where: str, device: str) -> Engine:
    """Workers of a Dask scheduler, or of a queue that a file describes.

    Parameters
    ----------
    where : str
        Address such as ``tcp://127.0.0.1:8786``, or the path of a YAML file of :class:`SlurmJobs`.
    device : str

    Raises
    ------
    DataError
        If the file is no such description, nobody answers at the address, or workers run several packs in
        one process.
    """
    if "://" not in where:
        jobs = read_slurm(Path(where))
        return Engine(partial(_queue, jobs), jobs.jobs, jobs.cores, device)
    n_workers = _workers_of(where)
    return Engine(partial(_scheduler, where), n_workers, 1, device)


@contextmanager
def _processes(n: int, n_cards: int) -> Iterator[Executor]:
    """Fresh processes; they end with this one, however it ends."""
    context = multiprocessing.get_context("spawn")
    cards = context.SimpleQueue()
    for number in range(n):
        cards.put(number % n_cards if n_cards else None)
    executor = ProcessPoolExecutor(n, mp_context=context, initializer=_begin, initargs=(cards,))
    try:
        yield executor
        executor.shutdown()
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()  # results and states of training on disk are whole at any moment
        raise


def _begin(cards: Any) -> None:
    """Begin a worker: see one graphics card, and end when the driver does."""
    card = cards.get()
    if card is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(card)
    end_with_parent()


@contextmanager
def _scheduler(address: str) -> Iterator[Executor]:
    distributed = needs_dask("distributed")
    with distributed.Client(address, timeout=_WAIT_S, set_as_default=False) as client:
        yield client.get_executor(pure=False)


@contextmanager
def _queue(jobs: SlurmJobs) -> Iterator[Executor]:
    distributed = needs_dask("distributed")
    made = needs_dask("dask_jobqueue").SLURMCluster
    with made(**asked_for(jobs), scheduler_options={"dashboard_address": None}) as queue:
        queue.scale(jobs=jobs.jobs)
        with distributed.Client(queue, set_as_default=False) as client:
            yield client.get_executor(pure=False)


def _workers_of(address: str) -> int:
    """How many workers a scheduler has; refused if it has none, or if they would share a process's seeds."""
    distributed = needs_dask("distributed")
    try:
        with distributed.Client(address, timeout=10, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=_WAIT_S)
            threads = [one["nthreads"] for one in client.scheduler_info(n_workers=-1)["workers"].values()]
    except (OSError, TimeoutError, ValueError) as error:
        raise DataError(
            "No scheduler with workers answers",
            where=address,
            got=error,
            do="start them: dask scheduler --host HOST --port 8786, and where the data are visible: "
            f"dask worker {address} --nthreads 1 --nworkers N",
        ) from error
    if any(n > 1 for n in threads):
        raise DataError(
            "A worker would run several packs in one process",
            where=address,
            expected="workers of one thread: torch's settings and generators belong to a process",
            got=f"{max(threads)} threads",
            do="start workers with --nthreads 1 --nworkers N",
        )
    return len(threads)
