"""A short part of `python -m tests.soak`: nothing is left open or behind after a few rounds."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.running.conftest import lay_out, point_at
from tests.soak.measure import Use, growth
from tests.soak.rounds import chapters_again

pytestmark = pytest.mark.skipif(os.name != "posix", reason="open files are counted as POSIX has them")


def test_growth_is_the_slope_after_the_warm_up() -> None:
    uses = [Use(at * 10, 3, 1, 0, 0, 5) for at in (9, 1, 2, 3, 4)]
    assert growth(uses, 1) == {
        "memory": 10.0,
        "files": 0.0,
        "threads": 0.0,
        "children": 0.0,
        "temporary": 0.0,
        "disk": 0.0,
    }


def test_rounds_leave_no_file_open_no_process_and_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    book = point_at(lay_out(tmp_path / "project"), monkeypatch)
    first, *later = chapters_again(3, book.layout.build, ["first"])
    for use in later:
        assert (use.files, use.threads, use.children, use.temporary) == (
            first.files,
            first.threads,
            first.children,
            first.temporary,
        )
        assert abs(use.disk - first.disk) < 1000
