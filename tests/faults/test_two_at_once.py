"""Two processes that want the same: the second says at once whom it waits for, and both end well."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import Timeout

from companion.loading import download
from companion.loading.manifest import load_manifest
from companion.system.waiting import holder, turn
from tests.faults.books import plain_book

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
    # The tests themselves may have been started by make.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.Popen(
        command,
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Callable[[Path], int]]:
    """Start a process that takes its turn at a lock and keeps it until the test is over."""
    code = "import sys, time; from pathlib import Path; from companion.system.waiting import turn\n"
    code += "with turn(Path(sys.argv[1]), 'it'): print('in', flush=True); time.sleep(600)"
    started: list[subprocess.Popen[str]] = []

    def start(lock: Path) -> int:
        command = [sys.executable, "-c", code, str(lock)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8"))
        assert started[-1].stdout is not None
        assert started[-1].stdout.readline() == "in\n"
        return started[-1].pid

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_wait_is_announced_once_and_ends_when_the_other_process_does(
    other: Callable[[Path], int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = tmp_path / "lock"
    pid = other(lock)
    ending = threading.Timer(2.0, os.kill, (pid, signal.SIGTERM))
    ending.start()
    with turn(lock, "the dishes"):
        assert holder(lock) == f"process {os.getpid()}"
    ending.join()
    assert [record.message for record in caplog.records] == [
        f"waiting: process {pid} is at work on the dishes; Ctrl-C ends the waiting and leaves it alone"
    ]


def test_who_does_not_wait_and_who_need_not_wait_say_nothing(
    other: Callable[[Path], int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other(tmp_path / "lock")
    with pytest.raises(Timeout), turn(tmp_path / "lock", "the dishes", timeout=0):
        pass
    with turn(tmp_path / "free", "the dishes"):
        pass
    assert not caplog.records


@pytest.mark.skipif(sys.platform == "win32", reason="flock of POSIX")
def test_a_file_system_without_locks_is_served_by_a_mere_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning here, as filelock gives it, would fail a chapter, which must be silent."""
    import fcntl

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with turn(tmp_path / "lock", "the dishes"):
        assert holder(tmp_path / "lock") == f"process {os.getpid()}"
        with pytest.raises(Timeout), turn(tmp_path / "lock", "the dishes", timeout=0):
            pass


def test_two_fetches_of_one_entry_take_turns_and_say_so(
    other: Callable[[Path], int],
    mirror: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(download, "WAIT_FOR_OTHER_SECONDS", 1.5)
    (tmp_path / ".locks").mkdir()
    pid = other(tmp_path / ".locks" / "things-concepts.lock")
    found = download.fetch_entries([load_manifest().entry("things-concepts")], tmp_path, mirror=mirror)
    assert "Another process has been fetching this entry for long" in str(found[0].error)
    assert f"process {pid} is at work on fetching things-concepts" in caplog.text


def test_two_runs_of_one_chapter_run_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = (
        "import time\n(flag.parent / 'begun').open('a').write('x')\nwhile not flag.exists(): time.sleep(0.05)"
    )
    book = plain_book(tmp_path / "project", {"slow": cell}, monkeypatch)
    begun, flag = book.root / "begun", book.root / "flag"
    told = [tmp_path / "first.txt", tmp_path / "second.txt"]
    processes = []
    for path in told:
        with path.open("w") as stream:
            command = [sys.executable, "-u", "-m", "companion.cli", "run"]
            processes.append(subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT))
        until(begun.exists, 120)
    until(lambda: "waiting: process" in told[1].read_text(), 120)
    assert " is at work on chapter slow; Ctrl-C ends the waiting" in told[1].read_text()
    flag.touch()
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert begun.read_text() == "x"
    assert "waiting" not in told[0].read_text()
    assert "slow: ran (" in told[0].read_text()
    assert "slow: unchanged (another process has just made it)" in told[1].read_text()


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
