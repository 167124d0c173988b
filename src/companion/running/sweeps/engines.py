"""Where a sweep runs: processes of this machine, a Dask scheduler, or jobs of a SLURM cluster."""

from __future__ import annotations

import multiprocessing
import os
import shlex
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from companion.errors import DataError, MissingDataError
from companion.project import data_root
from companion.running.sweeps.drive import Engine

SLURM = "slurm"
_WAIT_S = 60.0


class SlurmJobs(BaseModel):
    """What one job of the queue asks for, and how many jobs are wanted.

    Attributes
    ----------
    jobs : int
        Jobs; each is one worker.
    cores : int
        Of each job; its worker uses as many threads.
    memory, walltime : str
        Of each job, such as ``32GB`` and ``12:00:00``.
    queue, account : str
        Where the site asks for them.
    gpus : int
        Graphics cards of each job, at most one: a worker uses one.
    extra : list of str
        Further lines for the head of the job script, without ``#SBATCH``.
    prologue : list of str
        Commands that make this environment on a node, such as ``module load`` and ``source``.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    jobs: int = Field(ge=1)
    cores: int = Field(ge=1)
    memory: str
    walltime: str
    queue: str | None = None
    account: str | None = None
    gpus: int = Field(default=0, ge=0, le=1)
    extra: list[str] = []
    prologue: list[str] = []


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


def read_slurm(path: Path) -> SlurmJobs:
    """Read the description of a cluster's jobs.

    Raises
    ------
    DataError
        If it is none.
    """
    try:
        return SlurmJobs.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise DataError(
            "This describes no jobs of a SLURM cluster",
            where=path,
            expected=f"an address such as tcp://HOST:8786, or YAML with {', '.join(SlurmJobs.model_fields)}",
            got=str(error).replace("\n", " "),
            do="compare with book/grids/slurm.yaml; nothing was run",
        ) from error


def job_script(jobs: SlurmJobs) -> str:
    """Script that the queue would be given, for reading before anything is submitted.

    The address of the scheduler is known only when one runs.
    """
    job = _dask("dask_jobqueue.slurm").SLURMJob(
        scheduler="tcp://ADDRESS:PORT", name="companion", **_asked_for(jobs)
    )
    return str(job.job_script())


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
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def _scheduler(address: str) -> Iterator[Executor]:
    distributed = _dask("distributed")
    with distributed.Client(address, timeout=_WAIT_S, set_as_default=False) as client:
        yield client.get_executor(pure=False)


@contextmanager
def _queue(jobs: SlurmJobs) -> Iterator[Executor]:
    distributed = _dask("distributed")
    made = _dask("dask_jobqueue").SLURMCluster
    with made(**_asked_for(jobs), scheduler_options={"dashboard_address": None}) as queue:
        queue.scale(jobs=jobs.jobs)
        with distributed.Client(queue, set_as_default=False) as client:
            yield client.get_executor(pure=False)


def _workers_of(address: str) -> int:
    """How many workers a scheduler has; refused if it has none, or if they would share a process's seeds."""
    distributed = _dask("distributed")
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


def _asked_for(jobs: SlurmJobs) -> dict[str, Any]:
    """Ask for a job in the words of dask-jobqueue."""
    return {
        "cores": 1,  # of Dask: packs at a time in a worker
        "job_cpu": jobs.cores,
        "processes": 1,
        "job_name": "companion",
        "memory": jobs.memory,
        "walltime": jobs.walltime,
        "queue": jobs.queue,
        "account": jobs.account,
        "job_extra_directives": [*([f"--gres=gpu:{jobs.gpus}"] if jobs.gpus else []), *jobs.extra],
        "job_script_prologue": [
            *jobs.prologue,
            f"export COMPANION_DATA={shlex.quote(str(data_root()))}",
            f"export OMP_NUM_THREADS={jobs.cores}",
        ],
    }


def _dask(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDataError(
            "Clusters need packages that are not installed",
            got=error,
            do="install the extra: pip install -e '.[cluster]'",
        ) from error
