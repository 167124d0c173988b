"""A few kills of each of five commands; ``python -m tests.faults`` has two hundred.

Each command is a process of the command line. It is killed where a kill did harm once, or alone where its
helpers live on, and run again.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.faults.campaign import Round, Undisturbed, undisturbed
from tests.faults.data_scenarios import Fetch
from tests.faults.kills import Kill
from tests.faults.scenario import Scenario
from tests.faults.small_scenarios import OneChapter, OnePage, OneRecording, ShortSweep

pytestmark = pytest.mark.skipif(os.name != "posix", reason="groups of processes and SIGKILL are POSIX's")


def recover(scenario: Scenario, known: Undisturbed, *kills: Kill) -> None:
    """Kill, go on, and hold what is left against what is right."""
    done = Round(scenario, known, random.Random(0)).play(len(kills), kills)
    assert done, "the command was over before the event came"
    assert len(done) == len(kills)
    assert done[-1].problems == []


def test_fetch(tmp_path: Path) -> None:
    part = "data/second-set/.a.bin.*.part"
    with Fetch(tmp_path / "fetch") as scenario:
        known = undisturbed(scenario)
        kills = [
            Kill("group", event="open", path=part, delay=0.1),
            Kill("one", event="os.rename", path="data/second-set/a.bin"),
        ]
        recover(scenario, known, *kills)


def test_simulate(tmp_path: Path, smoke_world: Path) -> None:
    with OneRecording(tmp_path / "simulate", smoke_world) as scenario:
        mark = "data/miniature/smoke/world/.making-ecog/.done/1"
        recover(scenario, scenario.known(), Kill("group", event="open", path=mark))


def test_sweep(tmp_path: Path) -> None:
    with ShortSweep(tmp_path / "sweep") as scenario:
        cell = "data/sweeps/tiny/cells/*.parquet"
        recover(scenario, scenario.known(), Kill("one", event="os.rename", path=cell, number=3, delay=0.01))


def test_run_and_build(tmp_path: Path) -> None:
    with OneChapter(tmp_path / "run") as running:
        results = "project/_build/results/first.json"
        recover(running, running.known(), Kill("group", event="os.rename", path=results))
        with OnePage(tmp_path / "build", running.state) as building:
            pages = "project/_build/html"
            recover(building, undisturbed(building), Kill("one", event="os.rename", path=pages))
