"""Engines: a scheduler with workers of which one is killed, the script of a queue, processes that end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import yaml

from companion.errors import CompanionError, DataError
from companion.running.sweeps.engines import cluster
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.queues import job_script, read_slurm
from companion.running.sweeps.results import SweepFolder, read_sweep
from companion.running.sweeps.timing import in_own_process

DASK = [sys.executable, "-m", "dask"]
QUIET = {"DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE": "false"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    root = Path(__file__).parents[3]
    environment = os.environ | QUIET | {"PYTHONPATH": str(root)}
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, env=environment, stdout=stream, stderr=stream) as one,
    ):
        try:
            yield one
        finally:
            one.terminate()
            try:
                one.wait(10)
            except subprocess.TimeoutExpired:
                one.kill()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and two workers on loopback, as the README says; its address and its workers' parent."""
    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    first = [*DASK, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    second = [*DASK, "worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--nworkers", "2"]
    with ExitStack() as stack:
        stack.enter_context(process(first, tmp_path / "scheduler.log"))
        workers = stack.enter_context(process([*second, "--no-dashboard"], tmp_path / "workers.log"))
        yield address, workers


def workers_of(parent: subprocess.Popen[bytes]) -> list[psutil.Process]:
    children = psutil.Process(parent.pid).children(recursive=True)
    return [one for one in children if "spawn_main" in " ".join(one.cmdline())]


def test_a_process_that_dies_while_it_times_steps_is_told_in_a_sentence() -> None:
    with pytest.raises(CompanionError, match="memory was used up; nothing was run"):
        in_own_process(os._exit, 9)


def test_a_worker_that_is_killed_costs_nothing_but_time(
    scheduler: tuple[str, subprocess.Popen[bytes]], toy: Callable[..., Grid], log: Path, tmp_path: Path
) -> None:
    address, parent = scheduler
    grid = toy(list(range(12)), seconds=0.5, packed=1)
    path = tmp_path / "grid.yaml"
    path.write_text(yaml.safe_dump(grid.model_dump(mode="json"), sort_keys=False))
    command = [sys.executable, "-m", "companion.cli", "sweep", str(path), "--cluster", address]
    with process(command, tmp_path / "sweep.log") as sweep:
        deadline = time.monotonic() + 60
        while len(log.read_text().split()) < 4 and time.monotonic() < deadline:
            time.sleep(0.1)
        victim = workers_of(parent)[0]
        victim.send_signal(signal.SIGKILL)
        status = sweep.wait(90)
    told = (tmp_path / "sweep.log").read_text()
    assert status == 0, told
    assert "24 of 24 cells have a result" in told
    table = read_sweep("toy").sort_values(["seed", "letter"])
    assert table["value"].tolist() == [float(number**2) for number in range(12) for _ in "ab"]
    begun = Counter(log.read_text().split())
    assert sum(begun.values()) in {24, 25}  # what the killed worker was at, if it was at something
    assert len(list((SweepFolder.named("toy").path / "cells").iterdir())) == 24


def test_workers_of_several_threads_and_absent_schedulers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dask scheduler"):
        cluster(f"tcp://127.0.0.1:{free_port()}", "cpu")
    port = str(free_port())
    address = f"tcp://127.0.0.1:{port}"
    first = [*DASK, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    second = [*DASK, "worker", address, "--host", "127.0.0.1", "--nthreads", "2", "--no-dashboard"]
    with (
        process(first, tmp_path / "one.log"),
        process(second, tmp_path / "two.log"),
        pytest.raises(DataError, match="--nthreads 1"),
    ):
        cluster(address, "cpu")


def test_the_script_of_a_job_asks_for_what_is_described(tmp_path: Path) -> None:
    path = tmp_path / "slurm.yaml"
    wanted = {"jobs": 4, "cores": 8, "memory": "32GB", "walltime": "12:00:00", "queue": "gpu", "gpus": 1}
    path.write_text(yaml.safe_dump(wanted | {"prologue": ["source env/bin/activate"], "extra": ["--nice=5"]}))
    script = job_script(read_slurm(path))
    for line in (
        "#SBATCH -J companion",
        "#SBATCH -p gpu",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=30G",
        "#SBATCH -t 12:00:00",
        "#SBATCH --gres=gpu:1",
        "#SBATCH --nice=5",
        "source env/bin/activate",
        f"export COMPANION_DATA={os.environ['COMPANION_DATA']}",
        "export OMP_NUM_THREADS=8",
    ):
        assert line in script.splitlines(), script
    assert "--nthreads 1" in script
    assert "#SBATCH -A" not in script


@pytest.mark.parametrize("content", ["jobs: none", "- 1", "jobs: 1\ncores: 1", "gpus: 2", ":", ""])
def test_what_describes_no_jobs_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "slurm.yaml"
    path.write_text(content)
    with pytest.raises(DataError, match=r"slurm\.yaml"):
        cluster(str(path), "cpu")


def test_workers_end_with_a_driver_that_was_killed(
    toy: Callable[..., Grid], log: Path, tmp_path: Path
) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(yaml.safe_dump(toy(seconds=60.0).model_dump(mode="json"), sort_keys=False))
    command = [sys.executable, "-m", "companion.cli", "sweep", str(path), "--workers", "2", "--device", "cpu"]
    with process(command, tmp_path / "sweep.log") as sweep:
        deadline = time.monotonic() + 60
        while len(log.read_text().split()) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        children = psutil.Process(sweep.pid).children(recursive=True)
        sweep.kill()
        _, alive = psutil.wait_procs(children, timeout=10)
    assert children
    assert not alive
