"""Two processes that want the same: the second says at once whom it waits for, and both end well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
NEEDS_MAKE = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("make") is None, reason="make and file locks of POSIX"
)
PYTHON = """#!/bin/sh
# Stands for Python, uv and the book: it says what it was asked, and takes its time.
case "$*" in
  -c*) exec {real} "$@";;
  --version) echo "Python of the test";;
  "-m venv --clear .venv") echo cleared >> made.log; rm -rf .venv; mkdir -p .venv/bin
    for name in python uv companion; do cp {own} .venv/bin/$name; done;;
  "-m pip"*) sleep 0.4;;
  "pip install"*-e*) echo installed >> made.log; [ ! -e die ] || kill -9 $PPID;;
  "pip install"*) sleep 0.4;;
  book*) echo "the book";;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone with an interpreter that makes a .venv of nothing in two seconds."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    own = tmp_path / "python-of-the-test"
    own.write_text(PYTHON.format(real=sys.executable, own=own))
    own.chmod(0o755)
    return tmp_path


def make(clone: Path) -> subprocess.Popen[str]:
    command = ["make", "book", f"PYTHON={clone}/python-of-the-test"]
    return subprocess.Popen(
        command, cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def log(clone: Path) -> list[str]:
    path = clone / "made.log"
    return path.read_text().split() if path.exists() else []


@NEEDS_MAKE
def test_two_makes_in_one_clone_make_one_environment(clone: Path) -> None:
    first = make(clone)
    until(lambda: log(clone) == ["cleared"])
    second = make(clone)
    told = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], told
    assert log(clone) == ["cleared", "installed"]
    assert "waiting" not in told[0]
    assert "is making it; waiting" in told[1]
    assert all(text.endswith("the book\n") for text in told)


@NEEDS_MAKE
def test_an_environment_that_a_killed_make_left_is_made_anew(clone: Path) -> None:
    (clone / "die").touch()
    killed = make(clone)
    killed.communicate(timeout=60)
    assert killed.returncode != 0
    (clone / "die").unlink()
    again = make(clone)
    assert again.communicate(timeout=60)[0].endswith("the book\n")
    assert log(clone) == ["cleared", "installed"] * 2


@NEEDS_MAKE
def test_an_environment_stands_by_what_it_was_made_from_and_not_by_the_clock(clone: Path) -> None:
    make(clone).communicate(timeout=60)
    future = time.time() + 3e7
    for name in ("requirements.lock", "pyproject.toml"):
        os.utime(clone / name, (future, future))
    assert make(clone).communicate(timeout=60)[0] == "the book\n"
    with (clone / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    os.utime(clone / "requirements.lock", (0, 0))
    make(clone).communicate(timeout=60)
    assert log(clone) == ["cleared", "installed"] * 2
