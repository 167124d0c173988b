"""The ``companion sweep`` command: a grid of runs, here or on a cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from companion.commands.data import Jobs
from companion.errors import DataError

_LISTED = 20


def sweep(
    grid: Path,
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    workers: Jobs = None,
    cluster: str | None = None,
    device: str = "auto",
) -> int:
    """Run a grid of training jobs or chapters; cells that are finished are left alone.

    The same command goes on after an interruption, and tries failed cells again, each by itself.

    Parameters
    ----------
    grid
        A YAML file, such as those in `book/grids`.
    dry_run
        Say what would run, how long it would take and how much memory, and run nothing.
    workers
        Processes on this machine; by default one per core, or per graphics card.
    cluster
        Address of a Dask scheduler, such as tcp://127.0.0.1:8786, or a YAML file that describes jobs for
        SLURM (`book/grids/slurm.yaml`); with `--dry-run` the job script is printed.
    device
        auto, cpu or cuda. Name cuda if the cluster has cards and this machine has none: packs are made so.
    """
    from companion.running.sweeps import engines, queues
    from companion.running.sweeps.grid import read_grid
    from companion.running.sweeps.sweep import plan_sweep, refuse_too_large, run_sweep

    if workers is not None and cluster:
        raise DataError(
            "--workers counts processes of this machine",
            expected="--workers or --cluster",
            got=f"{workers} and {cluster}",
            do="leave one of them out; nothing was run",
        )
    declared = read_grid(grid)
    if cluster and dry_run and "://" not in cluster:
        print(queues.job_script(queues.read_slurm(Path(cluster))))
    engine = engines.cluster(cluster, device) if cluster else engines.local(workers, device)
    plan = plan_sweep(declared, device)
    print(plan.told(engine))
    if dry_run:
        return 0
    if not cluster:
        refuse_too_large(plan, engine)
    failures = run_sweep(plan, engine)
    for failure in failures[:_LISTED]:
        print(f"failed: {failure.cell}\n  {failure.error}", file=sys.stderr)
    if len(failures) > _LISTED:
        print(f"and {len(failures) - _LISTED} more", file=sys.stderr)
    print(f"{declared.name}: {len(plan.cells) - len(failures)} of {len(plan.cells)} cells have a result")
    return 1 if failures else 0
