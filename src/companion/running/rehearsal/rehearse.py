"""Rehearse jobs one after the other, each in a process of its own; tell what each would take as a whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from companion.errors import CompanionError
from companion.running.layout import write_json
from companion.running.rehearsal.jobs import Job
from companion.running.rehearsal.registry import WITHOUT, all_jobs

LIMIT_MB = 16 * 1024
"""Memory of a job, at most."""
Run = Callable[[int, int, str], dict[str, Any]]


def rehearse(
    chapters: Sequence[str],
    *,
    steps: int = 20,
    device: str = "auto",
    file: Path | None = None,
    run: Run | None = None,
    say: Callable[[str], None] = print,
) -> bool:
    """Do some steps of every job of some chapters at the sizes of the papers, on made-up arrays.

    Times are those of one core on a CPU, without what other processes took of it, and of the clock on a GPU.

    Parameters
    ----------
    chapters : sequence of str
        All that have jobs if empty.
    steps : int
        Of each training, about: whole epochs where only epochs can be asked for.
    device : str
        ``auto`` takes a GPU if there is one.
    file : Path, optional
        Receives the rows as JSON, after each job.
    run : callable, optional
        Measures one job, by its place in the list; by default in a process of its own.
    say : callable
        Takes each line.

    Returns
    -------
    bool
        Whether no job needs more memory than `LIMIT_MB`.

    Raises
    ------
    CompanionError
        If a chapter or device is unknown, there is no step to do, or a job fails.
    """
    from companion.running.decoders import present_device

    jobs = all_jobs()
    known = list(dict.fromkeys([*(job.chapter for job in jobs), *WITHOUT]))
    if unknown := [name for name in chapters if name not in known]:
        raise CompanionError(
            f"No chapter is called {', '.join(unknown)}",
            expected=f"one of {', '.join(known)}",
            do="correct the name; nothing was run",
        )
    if steps < 2:
        raise CompanionError(
            "Two steps are needed to tell a step from what comes before",
            expected="2 or more",
            got=steps,
            do="ask for more steps; nothing was run",
        )
    present_device(device)
    if file is not None and file.is_dir():
        raise CompanionError("The rows need a file, not a folder", got=file, do="name a file in it")
    rows = []
    for number, job in enumerate(jobs):
        if not chapters or job.chapter in chapters:
            found = (run or _in_a_process)(number, steps, device)
            rows.append(
                {"chapter": job.chapter, "job": job.name, "size": job.size, **found, "note": job.note}
            )
            say(line(rows[-1]))
            if file is not None:
                write_json(
                    file, {"limit_mb": LIMIT_MB, "device": device, "rows": rows, "without": dict(WITHOUT)}
                )
    for name, reason in WITHOUT.items():
        if not chapters or name in chapters:
            say(f"{name}: nothing to rehearse: {reason}")
    return all(row["peak_mb"] <= LIMIT_MB for row in rows)


def line(row: dict[str, Any]) -> str:
    """One line for the reader of the terminal."""
    over = f", OVER {LIMIT_MB / 1024:.0f} GB" if row["peak_mb"] > LIMIT_MB else ""
    return (
        f"{row['chapter']}: {row['job']} ({row['size']}): {row['seconds_per_step']:.3g} s a step, "
        f"{row['steps']} steps, {_time(row['extrapolated_hours'])} a run, {row['grid_runs']} runs "
        f"{_time(row['grid_hours'])}, {row['peak_mb'] / 1024:.1f} GB{over}"
    )


def _time(hours: float) -> str:
    for least, size, unit in ((48, 24, "days"), (1, 1, "h"), (1 / 60, 1 / 60, "min")):
        if hours >= least:
            return f"{hours / size:.1f} {unit}"
    return f"{3600 * hours:.2g} s"


def _in_a_process(number: int, steps: int, device: str) -> dict[str, Any]:
    job: Job = all_jobs()[number]
    command = [sys.executable, "-m", "companion.running.rehearsal.one", str(number), str(steps), device]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        command,
        env=os.environ | threads,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise CompanionError(
            f"The job {job.name} of {job.chapter} failed",
            got=f"status {done.returncode}\n{done.stderr.strip()[-2000:]}",
            do="a status of -9 or 137 means that memory ran out" if not done.stderr else None,
        )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
