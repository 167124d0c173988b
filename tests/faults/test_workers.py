"""Kernels, processes of chapters and workers that end before their work does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from companion.running.build import _failure
from companion.running.layout import Layout, sha256
from tests.faults.books import plain_book
from tests.running.conftest import outcomes, run_all

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
UNLESS_FLAG = "if not flag.exists():\n    import os, signal\n    {}"
CELLS = {
    "good": "print(2 * n)",
    "kernel": UNLESS_FLAG.format("os.kill(os.getpid(), signal.SIGKILL)"),
    "process": UNLESS_FLAG.format("os.kill(os.getppid(), signal.SIGKILL)"),
}


def test_pages_whose_renderer_is_killed_say_so(tmp_path: Path) -> None:
    told = str(_failure(Layout(tmp_path), "reading sources... [ 50%]", -9))
    assert "terminated abruptly, by signal 9" in told
    assert "what to do: close other programs" in told


def test_a_kernel_or_a_process_that_the_system_kills_fails_its_chapter_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = plain_book(tmp_path / "project", CELLS, monkeypatch)
    runs = run_all(book)
    assert outcomes(runs) == {"good": "ran", "kernel": "failed", "process": "failed"}
    for name in ("kernel", "process"):
        told = runs[name].detail
        assert f"The {name} of chapter {name} ended suddenly; most likely the system stopped it" in told
        assert f"companion run {name} --jobs 1" in told
        assert "Traceback" not in told
        assert not book.layout.record(name).exists()
    kept = sha256(book.layout.record("good"))
    (book.root / "flag").touch()
    assert outcomes(run_all(book)) == {"good": "unchanged", "kernel": "ran", "process": "ran"}
    assert sha256(book.layout.record("good")) == kept
    assert not list((book.layout.build / "running").iterdir())
