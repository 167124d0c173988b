"""A cell: one point of a grid, named by all that decides its result."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from companion.loading.sources import Null, Part, ScaleName, Source, recordings_folder

Value = str | int | float | bool
SWEEP_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
"""A sweep's name is that of a folder, too."""


class World(NamedTuple):
    """Whose recordings: what chapters take as parameters of these names."""

    source: Source = "miniature"
    scale: ScaleName = "lesson"
    null: Null | None = None

    def folder(self, part: Part) -> Path:
        """Folder of a part; see :func:`companion.loading.sources.recordings_folder`."""
        return recordings_folder(part, source=self.source, scale=self.scale, null=self.null)


@dataclass(frozen=True, eq=False)
class Cell:
    """One run of a grid.

    Attributes
    ----------
    job : str
        What is done; a key of :data:`companion.running.sweeps.job.JOBS`.
    world : World
    axes : mapping of str to str, int, float or bool
        The place of the cell in the grid.
    settings : mapping
        What all cells of a block of the grid share, complete: defaults are written out.
    """

    job: str
    world: World
    axes: Mapping[str, Value]
    settings: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> str:
        """Name of the cell's file: a checksum of everything that it declares."""
        told = {
            "job": self.job,
            "world": self.world._asdict(),
            "axes": dict(self.axes),
            "settings": dict(self.settings),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:20]

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.axes.items())

    def __reduce__(self) -> tuple[Any, ...]:
        return _cell, (self.job, self.world, dict(self.axes), dict(self.settings))


def _cell(job: str, world: World, axes: dict[str, Value], settings: dict[str, Any]) -> Cell:
    """Make a cell whose mappings cannot be changed."""
    return Cell(job, world, MappingProxyType(axes), MappingProxyType(settings))
