"""A trap: content that would leave a trace on the disk if anything of it were executed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest


class Exploit:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = str(trace)

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.trace,)


class Trap(NamedTuple):
    """Where a test may write, and what appears only if a file was executed or written outside of it."""

    folder: Path
    trace: Path

    @property
    def exploit(self) -> Exploit:
        return Exploit(self.trace)


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    """Folder of hostile files; afterwards nothing lies beside it."""
    folder = tmp_path / "inside"
    folder.mkdir()
    yield Trap(folder, tmp_path / "executed")
    assert [path.name for path in tmp_path.iterdir()] == ["inside"], (
        "something was executed or written outside"
    )
