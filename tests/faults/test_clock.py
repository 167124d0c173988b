"""A clock that jumps: nothing that is finished becomes unfinished, nothing fails, no duration is negative."""

from __future__ import annotations

import itertools
import os
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from companion.loading.download import Result, fetch_entries
from companion.loading.manifest import load_manifest
from companion.running.layout import read_sealed
from companion.running.sweeps.engines import here
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.results import read_sweep
from companion.running.sweeps.sweep import plan_sweep, run_sweep
from companion.running.workshop.pack import _zip
from tests.faults.books import plain_book
from tests.running.conftest import outcomes, run_all
from tests.running.sweeps.conftest import log, toy  # noqa: F401 - fixtures

HOUR, YEAR = 3600.0, 3.2e7
JUMPING = f"""
import itertools, time
_true, _jumps = time.time, itertools.cycle([0.0, {YEAR}, -{HOUR}])
time.time = lambda: _true() + next(_jumps)
"""


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the clock jump by a year and back by an hour whenever it is read, here and in child processes."""
    true, jumps = time.time, itertools.cycle([0.0, YEAR, -HOUR])
    monkeypatch.setattr(time, "time", lambda: true() + next(jumps))
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(JUMPING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "clock"))


def date(folder: Path, seconds: float) -> None:
    """Give every file and folder a time."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (seconds, seconds))


def test_a_book_does_not_depend_on_the_clock(
    tmp_path: Path, jumping: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = "import time\nassert sorted(times := [time.time() for _ in range(9)]) != times, 'it did not jump'"
    book = plain_book(tmp_path / "project", {"only": cell}, monkeypatch)
    runs = run_all(book)
    assert outcomes(runs) == {"only": "ran"}, runs
    assert re.fullmatch(r"\d+ s", runs["only"].detail)
    record = read_sealed(book.layout.record("only"))
    assert record is not None
    assert record["seconds"] > 0
    for seconds in (time.monotonic() + 2e9, 0.0):  # after 2033, and in 1970
        date(book.root, seconds)
        assert outcomes(run_all(book)) == {"only": "unchanged"}


def test_files_with_impossible_dates_go_into_a_zip(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.txt").write_text("a")
    for seconds in (0.0, 5e9):  # in 1970, and after 2107
        date(tmp_path / "home", seconds)
        _zip(tmp_path / "home", tmp_path / "home.zip")
        assert zipfile.ZipFile(tmp_path / "home.zip").read("home/a.txt") == b"a"


def test_a_fetch_does_not_depend_on_the_clock(mirror: Path, tmp_path: Path, jumping: None) -> None:
    entry = load_manifest().entry("things-concepts")
    for result in (Result.FETCHED, Result.ALREADY_THERE):
        assert {one.result for one in fetch_entries([entry], tmp_path, mirror=mirror)} == {result}
        date(tmp_path, 4e9)


def test_a_sweep_does_not_depend_on_the_clock(
    toy: Callable[..., Grid],  # noqa: F811
    tmp_path: Path,
    jumping: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    said: list[str] = []
    assert not run_sweep(plan_sweep(toy(), "cpu", timed=False), here("cpu"), say=said.append)
    first = read_sweep("toy")
    date(tmp_path, 4e9)
    plan = plan_sweep(toy(), "cpu", timed=False)
    assert plan.n_finished == len(plan.cells) == 8
    pd.testing.assert_frame_equal(read_sweep("toy"), first)
    assert not [line for line in said if "-" in line.partition("about")[2]]
