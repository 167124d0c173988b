"""Grids: a YAML file that declares runs, and the cells that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from companion.errors import DataError
from companion.loading.sources import Null, ScaleName, Source
from companion.running.sweeps.cells import SWEEP_NAME, Cell, Value, World
from companion.running.sweeps.job import Job, job_of
from companion.system.strict_yaml import read_yaml

ALL = "all"


class Block(BaseModel):
    """A product of axes, all of whose cells share their settings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    axes: dict[str, list[Value] | Value]
    settings: dict[str, Any] = {}


class Grid(BaseModel):
    """A declared grid.

    Attributes
    ----------
    name : str
        Of the folder of its results.
    about : str
        What it is, for people.
    job : str
    source, scale, null : str
        Whose recordings; as the parameters of chapters.
    settings : dict
        Of all blocks; a block's own come on top.
    blocks : list of Block
        Products of axes; a cell that two of them declare alike counts once.

    Examples
    --------
    >>> from companion.running import Grid
    >>> grid = Grid(name="toy", job="retrieval", blocks=[{"axes": {"subject": [1, 2], "seed": [0, 1, 2]}}])
    >>> grid.source, grid.blocks[0].axes["subject"]
    ('miniature', [1, 2])
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    about: str = ""
    job: str
    source: Source = "miniature"
    scale: ScaleName = "lesson"
    null: Null | None = None
    settings: dict[str, Any] = {}
    blocks: list[Block] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not SWEEP_NAME.fullmatch(name):
            raise ValueError("a name is made of small letters, digits and hyphens: it names a folder")
        return name

    @property
    def world(self) -> World:
        """Whose recordings."""
        return World(self.source, self.scale, self.null)

    def cells(self) -> list[Cell]:
        """Expand the grid.

        Returns
        -------
        list of Cell
            In the order of the file, the last axis fastest, each once.

        Raises
        ------
        DataError
            If an axis or a setting is missing, unknown or of the wrong type, or a cell can never run.
        """
        job = job_of(self.job)
        found: dict[str, Cell] = {}
        for number, block in enumerate(self.blocks, start=1):
            where = f"grid {self.name}, block {number}"
            settings = _settings(job, self.settings | block.settings, where)
            for axes in _product(job, block, self.world, where):
                cell = Cell(self.job, self.world, MappingProxyType(axes), MappingProxyType(settings))
                found.setdefault(cell.key, cell)
        cells = list(found.values())
        job.check(cells)
        return cells


def read_grid(path: Path) -> Grid:
    """Read a grid file.

    Raises
    ------
    DataError
        If the file cannot be read or does not declare a grid.

    Examples
    --------
    >>> from companion import project_root
    >>> from companion.running import read_grid
    >>> grid = read_grid(project_root() / "book" / "grids" / "small.yaml")
    >>> grid.job, grid.scale, grid.blocks[0].axes["seed"]
    ('retrieval', 'smoke', [0, 1, 2, 3])
    """
    try:
        return Grid.model_validate(read_yaml(path))
    except (yaml.YAMLError, ValidationError) as error:
        raise DataError(
            "This is not a grid",
            where=path,
            expected="YAML with name, job and blocks; each block has axes, and settings where it needs any",
            got=_told(error),
            do="compare with the files in book/grids; nothing was run",
        ) from error


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors()
        )
    return str(error)


def _settings(job: Job, given: dict[str, Any], where: str) -> dict[str, Any]:
    """Write the defaults of settings out, so that a later change of a default names other cells."""
    try:
        return job.settings.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise DataError(
            "The settings of a grid do not fit its job",
            where=where,
            expected=f"any of {', '.join(job.settings.model_fields)}",
            got=_told(error),
            do="correct them; nothing was run",
        ) from error


def _product(job: Job, block: Block, world: World, where: str) -> Iterator[dict[str, Value]]:
    if not set(block.axes) >= set(job.axes) or (set(block.axes) != set(job.axes) and not job.free_axes):
        raise DataError(
            "The axes of a grid are not those of its job",
            where=where,
            expected=", ".join(job.axes),
            got=", ".join(block.axes) or "none",
            do="give each axis a value, a list of values, or `all` where the job knows what there is",
        )
    values = {name: _values(job, name, block.axes[name], world, where) for name in block.axes}
    for place in product(*values.values()):
        yield dict(zip(values, place, strict=True))


def _values(job: Job, axis: str, given: list[Value] | Value, world: World, where: str) -> list[Value]:
    if given == ALL and (known := job.known(axis, world)) is not None:
        return list(known)
    listed = given if isinstance(given, list) else [given]
    if not listed or len(set(listed)) < len(listed):
        raise DataError(f"Axis {axis} is empty or names a value twice", where=where, got=listed)
    if axis not in job.axes:
        return listed
    kind = job.axes[axis]
    for value in listed:
        fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        if not fits or (isinstance(value, bool) and kind is not bool):
            raise DataError(
                f"A value of axis {axis} has the wrong type",
                where=where,
                expected=kind.__name__,
                got=f"{value!r} ({type(value).__name__})",
            )
    return [kind(value) for value in listed]
