"""Files are whole or absent: after errors, after kills, and with two processes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from companion.system.whole_files import whole_path

WRITER = """
import sys, time
from pathlib import Path
from companion.system.whole_files import whole_path
with whole_path(Path(sys.argv[1])) as part:
    part.write_text("half of")
    print("begun", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def killed_writer(path: Path) -> int:
    """Let a process begin to write, kill it, return its number."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    return process.pid


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with whole_path(path) as part:
        part.write_text("old")

    def broken_off() -> None:
        with whole_path(path) as part:
            part.write_text("half of the ne")
            path.parent.open("w")

    with pytest.raises(IsADirectoryError):
        broken_off()
    assert names(path.parent) == ["a.txt"]
    assert path.read_text() == "old"


def test_what_a_killed_process_left_is_removed_by_the_next_writer_of_that_file(tmp_path: Path) -> None:
    path = tmp_path / "a[1].txt"
    path.write_text("old")
    other = tmp_path / ".a[1].txt.notes.part"
    other.write_text("mine")
    killed_writer(path)
    assert len(names(tmp_path)) == 3
    assert path.read_text() == "old"
    with whole_path(path) as part:
        part.write_text("new")
    assert names(tmp_path) == [other.name, path.name]
    assert path.read_text() == "new"


def test_two_writers_of_one_file_do_not_meet_and_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with whole_path(path) as first:
        first.write_text("first")
        with whole_path(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert names(tmp_path) == ["a.txt"]


POOL = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from companion.system.workers import end_with_parent
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=end_with_parent)
    pool.submit(time.sleep, 0).result()
    print(*pool._processes, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal are POSIX's")
def test_a_worker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = tmp_path / "pool.py"
    program.write_text(POOL)
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while psutil.pid_exists(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)
