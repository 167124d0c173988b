from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from companion.running.sweeps.grid import Grid
from tests.running.sweeps.toy import NAME


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the toy job writes every cell that it begins."""
    path = tmp_path / "log.txt"
    path.touch()
    return path


@pytest.fixture
def toy(log: Path) -> Callable[..., Grid]:
    """A grid of toy cells, eight unless told otherwise."""

    def make(numbers: list[int] | None = None, name: str = "toy", **settings: object) -> Grid:
        return Grid.model_validate(
            {
                "name": name,
                "job": NAME,
                "settings": {"log": str(log)} | settings,
                "blocks": [{"axes": {"number": numbers or [1, 2, 3, 4], "letter": ["a", "b"]}}],
            }
        )

    return make


@pytest.fixture
def world(smoke_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that holds the miniature world and nothing else."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    (tmp_path / "miniature").symlink_to(smoke_world / "miniature")
    return tmp_path
