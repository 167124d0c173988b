"""The two long runs: the same chapters again and again in one runner, and one sweep of many cells."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from multiprocessing import resource_tracker
from pathlib import Path

import psutil

from companion.project import data_root
from companion.running.chapters import choose
from companion.running.layout import Layout
from companion.running.parameters import declared_parameters
from companion.running.schedule import run_chapters
from companion.running.sweeps.engines import local
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.sweep import plan_sweep, run_sweep
from companion.running.verify import SMOKE

from .measure import Use, in_use

CHAPTERS = ("retested", "contrastive")
"""One of tables and figures, one that trains."""


def quiet(line: str) -> None:
    """Say nothing."""


def chapters_again(
    n_rounds: int, build: Path, chapters: Sequence[str] = CHAPTERS, tell: Callable[[Use], None] | None = None
) -> list[Use]:
    """Run chapters by force in this process's runner, and look after every round."""
    chosen, uses = choose(list(chapters)), []
    known = {name for chapter in chosen for name in declared_parameters(chapter)}
    given = {name: value for name, value in SMOKE.items() if name in known}
    for _ in range(n_rounds):
        runs = run_chapters(chosen, given, Layout(build), jobs=2, force=True, say=quiet)
        if bad := [run for run in runs if run.outcome != "ran"]:
            raise RuntimeError("; ".join(f"{run.chapter}: {run.outcome}: {run.detail}" for run in bad))
        uses.append(in_use([folder for folder in (build, data_root()) if folder.is_dir()]))
        if tell:
            tell(uses[-1])
    return uses


def grid(n_cells: int, n_steps: int) -> Grid:
    """Short runs of NICE in the smoke world, eight for each seed."""
    return Grid.model_validate(
        {
            "name": "soak",
            "job": "retrieval",
            "scale": "smoke",
            "settings": {"n_steps": n_steps, "learning_rate": 4.0e-3, "validate_every": max(1, n_steps // 2)},
            "blocks": [
                {
                    "axes": {
                        "dataset": "things-eeg2",
                        "trained_on": "the same person",
                        "encoder": "NICE",
                        "subject": [1, 2],
                        "target": ["miniature CLIP", "miniature CLIP, gLocal-like"],
                        "seed": list(range(n_cells // 4)),
                    }
                }
            ],
        }
    )


def one_sweep(n_cells: int, n_steps: int, n_workers: int) -> tuple[dict[int, list[int]], list[Use]]:
    """Run a sweep in this process's driver.

    Returns
    -------
    dict
        Bytes in RAM by worker, one value per second.
    list of Use
        Of this process, before and after.
    """
    planned = plan_sweep(grid(n_cells, n_steps), "cpu", timed=False)
    memory: dict[int, list[int]] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            for child in psutil.Process().children(recursive=True):
                try:
                    memory.setdefault(child.pid, []).append(child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    resource_tracker.ensure_running()  # Python's own: one process, from the first pool to this one's end
    uses = [in_use([data_root()])]
    watching = threading.Thread(target=watch)
    watching.start()
    try:
        failures = run_sweep(planned, local(n_workers, "cpu"), quiet)
    finally:
        ended.set()
        watching.join()
    if failures:
        raise RuntimeError(f"{len(failures)} cells failed: {failures[0].error}")
    uses.append(in_use([data_root()]))
    return memory, uses
