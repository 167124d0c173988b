"""Chapters that cannot run, fail, or are killed; and a chapter without the runner."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from companion.errors import ChapterError
from companion.running.build import build_book
from companion.running.chapters import all_chapters, choose
from companion.running.layout import read_json, sha256

from .conftest import TinyBook, outcomes, run_all


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_resample": 5}, "Unknown parameter n_resample"),
        ({"n_resamples": "many"}, "wrong type"),
        ({"n_resamples": True}, "wrong type"),
        ({"seeds": 3}, "wrong type"),
    ],
)
def test_bad_parameters_are_refused_before_anything_runs(
    tiny: TinyBook, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ChapterError, match=message):
        run_all(tiny, given)
    assert not tiny.layout.build.exists()


def test_unknown_chapters_are_refused(tiny: TinyBook) -> None:
    assert list(all_chapters()) == ["first", "second"]
    with pytest.raises(ChapterError, match="No chapter is called thrid"):
        choose(["thrid"])


FAULTS = {
    "raises": ("numbers = []\nnumbers[3]", "IndexError: list index out of range"),
    "warns": ("import warnings\nwarnings.warn('mind the gap')", "mind the gap"),
    "exits": ("import sys\nsys.exit(0)", "left early"),
    "dies": ("import os\nos._exit(3)", "Kernel died|DeadKernel|ended with status"),
}


def test_faulty_chapters_show_cell_and_error_and_keep_the_others(built: TinyBook) -> None:
    good = sha256(built.layout.html / "book/first.html")
    for name, (cell, _) in FAULTS.items():
        built.write_chapter(name, f"```{{code-cell}} ipython3\n{cell}\n```\n")
    runs = run_all(built)
    assert outcomes(runs) == {"first": "unchanged", "second": "unchanged", **dict.fromkeys(FAULTS, "failed")}
    for name, (cell, message) in FAULTS.items():
        assert re.search(message, runs[name].detail), runs[name].detail
        assert name == "dies" or cell.splitlines()[-1] in runs[name].detail
        assert not built.layout.record(name).exists()
    with pytest.raises(ChapterError, match="has not been run"):
        build_book(built.layout)
    assert sha256(built.layout.html / "book/first.html") == good, "the last good pages stay"


def test_a_killed_run_goes_on_where_it_was(tiny: TinyBook) -> None:
    flag = tiny.root / "go"
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(flag)!r}).exists():\n    time.sleep(0.05)\n"
    tiny.write_chapter("second", f"(second-part)=\n## A part\n\n```{{code-cell}} ipython3\n{wait}```\n")
    command = [sys.executable, "-m", "companion.cli", "run", "--jobs", "2"]
    started = subprocess.Popen(command, cwd=tiny.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not tiny.layout.record("first").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    finished = tiny.layout.record("first").stat().st_mtime_ns
    flag.touch()
    assert outcomes(run_all(tiny)) == {"first": "unchanged", "second": "ran"}
    assert tiny.layout.record("first").stat().st_mtime_ns == finished


def test_plain_papermill_runs_a_chapter_after_one_jupytext_command(tiny: TinyBook) -> None:
    tools = Path(sys.executable).parent
    line = (
        f"{tools}/jupytext book/first.md --to ipynb -o - | "
        f"{tools}/papermill - first.ipynb -p n_resamples 12 --no-progress-bar"
    )
    done = subprocess.run(line, shell=True, cwd=tiny.root, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.returncode == 0, done.stderr
    assert read_json(tiny.root / "_build/by_hand/first/results.json") == {"value": 3.0}
    assert not tiny.layout.results("first").exists()
