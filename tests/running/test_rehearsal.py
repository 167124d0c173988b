"""Rehearsed jobs: the same functions at tiny sizes, every chapter, and the arithmetic of what they tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from companion.errors import CompanionError
from companion.running.chapters import all_chapters
from companion.running.decoders import begin_training
from companion.running.rehearsal import encoders
from companion.running.rehearsal.jobs import Job, Measured, Training, Work, extrapolated, measure
from companion.running.rehearsal.registry import WITHOUT, all_jobs
from companion.running.rehearsal.rehearse import LIMIT_MB, line, rehearse
from companion.running.rehearsal.sizes import SensorSizes, Sizes, VoxelSizes
from companion.training.program import Program

TINY = Sizes(
    eeg=SensorSizes(2, 120, 12, 4, 8, 100),
    meg=SensorSizes(2, 120, 12, 2, 10, 100),
    god_meg=SensorSizes(2, 48, 6, 2, 4, 5),
    nsd=VoxelSizes(2, 120, 60, 10, 3, 30),
    god=VoxelSizes(3, 48, 48, 6, 2, 20),
    n_region=15,
    n_electrodes=6,
    n_categories=12,
    n_candidates=9,
    widths=(8, 12, 16),
    n_vectors=8,
    n_words=6,
    mlp_width=16,
    mapping_width=16,
    joint_widths=(8, 8, 8),
    n_linear=40,
    n_pool=30,
    picture_size=32,
    picture_batch=2,
    largest_batch=16,
)
JOBS = all_jobs(TINY)


@pytest.fixture(autouse=True)
def products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.chapter}: {job.name}")
def test_every_job_works_and_begins_anew_each_time(job: Job) -> None:
    work = job.start("cpu")
    if isinstance(work, Training):
        work.whole()
        step, validated = work.begin(2)
        step()
        step()
        validated()
    else:
        for n_units in (1, 2) if job.n_units > 1 and job.chapter != "spaces" else (1,):
            work(n_units)


def test_steps_of_a_training_are_those_of_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one validates, and none before."""
    programs: list[Program] = []

    def watched(*given: Any, **more: Any) -> Program:
        programs.append(begin_training(*given, **more))
        return programs[-1]

    monkeypatch.setattr(encoders, "begin_training", watched)
    job = next(job for job in JOBS if "across people" in job.name)
    work = job.start("cpu")
    assert isinstance(work, Training)
    step, validated = work.begin(2)
    step()
    step()
    assert (programs[0].step, len(programs[0].validation_losses)) == (2, 0)
    validated()
    assert (programs[0].step, len(programs[0].validation_losses)) == (3, 1)
    assert programs[0].finished
    assert programs[0].settings.leave_out_same


def test_every_chapter_is_rehearsed_or_says_why_not() -> None:
    rehearsed = {job.chapter for job in JOBS}
    assert rehearsed | set(WITHOUT) == set(all_chapters())
    assert not rehearsed & set(WITHOUT)


def test_two_jobs_of_a_chapter_have_two_names() -> None:
    names = [(job.chapter, job.name) for job in all_jobs()]
    assert len(set(names)) == len(names)


def job_of(work: Work | Training, **about: Any) -> Job:
    return Job("targets", "job", "small", lambda device: work, **about)


class Clock:
    """A clock that work moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[int] = []

    def __call__(self) -> float:
        return self.now

    def work(self, n_units: int) -> None:
        self.calls.append(n_units)
        self.now += 5 + 2 * n_units

    def takes(self, seconds: float) -> Callable[[], None]:
        def do() -> None:
            self.now += seconds

        return do


def test_units_are_told_from_what_is_done_once() -> None:
    clock = Clock()
    found = measure(job_of(clock.work, n_units=100, n_steps=8), 20, "cpu", clock)
    assert clock.calls == [1, 2, 5]
    assert found == pytest.approx((5, 2, 0))


def test_a_single_fit_is_done_once_as_it_is() -> None:
    clock = Clock()
    assert measure(job_of(clock.work), 20, "cpu", clock) == Measured(0, 7, 0)
    assert clock.calls == [1]


def test_steps_of_a_training_are_timed_apart_from_validation_and_preparation() -> None:
    clock = Clock()
    asked = []

    def begin(n_before: int) -> tuple[Callable[[], None], Callable[[], None]]:
        asked.append(n_before)
        clock.now += 1000
        return clock.takes(2), clock.takes(2 + 3)

    work = Training(clock.takes(10 + 2 + 3), begin)
    assert measure(job_of(work, n_units=100, n_validations=4), 20, "cpu", clock) == pytest.approx((10, 2, 3))
    assert asked == [21]


def test_a_whole_run_and_the_grid_are_multiplied_out() -> None:
    job = job_of(lambda *_: None, n_units=100, n_steps=4, n_validations=10, together=5, grid_runs=600)
    found = extrapolated(job, Measured(before=30, unit=2, validation=7))
    whole = 30 + 100 * 2 + 10 * 7
    assert found["steps"] == 400
    assert found["seconds_per_step"] == pytest.approx((200 + 70) / 400 / 5)
    assert found["extrapolated_hours"] == pytest.approx(whole / 5 / 3600)
    assert found["grid_hours"] == pytest.approx(whole / 5 / 3600 * 600)


def test_steps_and_runs_of_table_1_are_the_papers() -> None:
    rows = [job for job in all_jobs() if job.chapter == "targets" and job.name.startswith("NICE, EEG, ")]
    assert {(job.n_units, job.n_validations, job.together) for job in rows} == {(5800, 50, 5)}
    assert sum(job.grid_runs for job in rows) == 600
    across = next(job for job in all_jobs() if "across" in job.name)
    assert across.n_units == 150 * (9 * 16540 * 9 // 10 // 512)


def row(number: int, steps: int, device: str) -> dict[str, Any]:
    assert (steps, device) == (3, "cpu")
    found = extrapolated(all_jobs()[number], Measured(0, 1, 0))
    return {**found, "peak_mb": LIMIT_MB + 1 if "people" in all_jobs()[number].name else 100}


def test_rows_are_written_and_told_and_too_much_memory_is_marked(tmp_path: Path) -> None:
    said: list[str] = []
    file = tmp_path / "rows.json"
    fits = rehearse(["targets", "ruler"], steps=3, device="cpu", file=file, run=row, say=said.append)
    rows = json.loads(file.read_text("utf-8"))["rows"]
    assert not fits
    assert {one["chapter"] for one in rows} == {"targets"}
    assert set(rows[0]) == {
        *("chapter", "job", "size", "seconds_per_step", "steps", "extrapolated_hours"),
        *("grid_runs", "grid_hours", "peak_mb", "note"),
    }
    over = [one for one in said if "OVER 16 GB" in one]
    assert len(over) == 1
    assert "across people" in over[0]
    assert said[-1].startswith("ruler: nothing to rehearse")
    assert rehearse(["ruler"], run=row, say=said.append)


def test_times_are_told_in_units_that_fit() -> None:
    told = {"chapter": "a", "job": "b", "size": "c", "seconds_per_step": 0.5, "steps": 10, "grid_runs": 3}
    for hours, words in ((1 / 3600, "1 s"), (0.5, "30.0 min"), (3, "3.0 h"), (96, "4.0 days")):
        assert f"{words} a run" in line(
            {**told, "extrapolated_hours": hours, "grid_hours": 1, "peak_mb": 1024}
        )


def test_bad_requests_are_refused() -> None:
    with pytest.raises(CompanionError, match="No chapter is called target"):
        rehearse(["target"])
    with pytest.raises(CompanionError, match="Two steps"):
        rehearse(["ruler"], steps=1)


def test_a_job_runs_in_a_process_of_its_own() -> None:
    number = next(i for i, job in enumerate(all_jobs()) if job.name == "exchange of pictures")
    command = [sys.executable, "-m", "companion.running.rehearsal.one", str(number), "20", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["steps"] == 1
    assert 50 < found["peak_mb"] < 4000
    assert found["seconds_per_step"] > 0


def test_another_size_gives_other_jobs_with_the_same_names() -> None:
    """Steps follow the number of responses, names and grids do not."""
    larger = all_jobs(replace(TINY, eeg=replace(TINY.eeg, n_training=4000)))
    assert [(one.chapter, one.grid_runs) for one in larger] == [(one.chapter, one.grid_runs) for one in JOBS]
    changed = [one.name for one, other in zip(larger, JOBS, strict=True) if one.n_units != other.n_units]
    assert any(name.startswith("NICE, EEG") for name in changed)
    assert not any("GOD" in name or "MEG" in name for name in changed)
