"""Jobs of a SLURM queue: what a file asks for, and the script that the queue is given."""

from __future__ import annotations

import importlib
import shlex
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from companion.errors import DataError, MissingDataError
from companion.project import data_root
from companion.system.strict_yaml import read_yaml


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


def read_slurm(path: Path) -> SlurmJobs:
    """Read the description of a cluster's jobs.

    Raises
    ------
    DataError
        If it is none.
    """
    try:
        return SlurmJobs.model_validate(read_yaml(path))
    except (yaml.YAMLError, ValidationError) as error:
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
    job = needs_dask("dask_jobqueue.slurm").SLURMJob(
        scheduler="tcp://ADDRESS:PORT", name="companion", **asked_for(jobs)
    )
    return str(job.job_script())


def asked_for(jobs: SlurmJobs) -> dict[str, Any]:
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


def needs_dask(module: str) -> Any:
    """Import a package of the extra ``cluster``.

    Raises
    ------
    MissingDataError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDataError(
            "Clusters need packages that are not installed",
            got=error,
            do="install the extra: pip install -e '.[cluster]'",
        ) from error
