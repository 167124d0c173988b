"""The job of whole chapters: each cell is a chapter with some parameters, run by papermill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pandas as pd
from pydantic import Field

from companion.errors import ChapterError, MissingDataError
from companion.project import data_root
from companion.running.chapters import Chapter, choose
from companion.running.layout import Layout, read_json, read_sealed
from companion.running.parameters import check_parameters, declared_parameters
from companion.running.schedule import run_chapters
from companion.running.sweeps.cells import Cell, Value, World
from companion.running.sweeps.job import Cost, Job, JobSettings
from companion.running.worlds import world_of

_BYTES = 2e9  # of a chapter that was never run here; none takes more at lesson scale


class ChapterSettings(JobSettings):
    """Parameters that all cells of a block share, as ``companion run -p`` takes them."""

    parameters: dict[str, Any] = Field(default_factory=dict)


class ChapterRuns(Job):
    """Chapters; whichever of their parameters the grid names are axes too.

    A parameter that is a list takes each value as a list of one.
    Executed notebooks and figures lie below ``chapter-runs`` of the data folder.
    """

    axes: ClassVar[Mapping[str, type]] = MappingProxyType({"chapter": str})
    free_axes: ClassVar[bool] = True
    settings: ClassVar[type[JobSettings]] = ChapterSettings

    def known(self, axis: str, world: World) -> Sequence[Value] | None:
        """Nothing: a grid names its chapters."""
        del axis, world
        return None

    def check(self, cells: Sequence[Cell]) -> None:
        """Refuse chapters that do not exist, and parameters that they do not have."""
        for cell in cells:
            chapter = _chapter(cell)
            check_parameters([chapter], _given(cell, chapter))

    def check_data(self, cells: Sequence[Cell]) -> None:
        """Refuse what ``companion run`` would refuse; it looks when a chapter starts."""

    def packs(self, cells: Sequence[Cell], device: str) -> list[list[Cell]]:
        """Every chapter by itself."""
        del device
        return [[cell] for cell in cells]

    def costs(self, packs: Sequence[Sequence[Cell]], device: str) -> list[Cost]:
        """Tell what the chapter took when the book was last built here, or what it says that it takes."""
        del device
        return [_cost(cells[0]) for cells in packs]

    def run(self, cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
        """Run chapters; their results as rows, numbers in ``value``, words in ``text``."""
        for cell in cells:
            chapter = _chapter(cell)
            given = _given(cell, chapter)
            if "device" in declared_parameters(chapter):
                given = {"device": device} | given
            layout = Layout(folder_of(cell))
            [done] = run_chapters([chapter], given, layout, jobs=1, say=lambda _: None)
            if done.outcome == "data missing":
                raise MissingDataError("Data of a chapter are not here", where=chapter.name, got=done.detail)
            if done.outcome == "failed":
                raise ChapterError(f"Chapter {chapter.name} failed", got=done.detail)
            world = world_of(chapter, check_parameters([chapter], given)[chapter.name])
            yield (
                cell,
                _table(read_json(layout.results(chapter.name)) or {}, world is not None and world.simulated),
            )


def folder_of(cell: Cell) -> Path:
    """Where the notebook, the figures and the provenance of a cell lie."""
    return data_root() / "chapter-runs" / cell.key


def _chapter(cell: Cell) -> Chapter:
    return choose([str(cell.axes["chapter"])])[0]


def _given(cell: Cell, chapter: Chapter) -> dict[str, Any]:
    """Parameters of a cell: its world, its block's, its axes'."""
    declared = declared_parameters(chapter)
    world = {name: value for name, value in cell.world._asdict().items() if value and name in declared}
    own = {
        name: [value] if name in declared and declared[name][0].startswith("list") else value
        for name, value in cell.axes.items()
        if name != "chapter"
    }
    return world | dict(cell.settings["parameters"]) | own


def _cost(cell: Cell) -> Cost:
    chapter = _chapter(cell)
    record = read_sealed(Layout.default().record(chapter.name))
    if record is None:
        return Cost(chapter.core_seconds, _BYTES)
    return Cost(record["seconds"], 1e6 * record["peak_memory_mb"])


def _table(results: Mapping[str, Any], simulated: bool) -> pd.DataFrame:
    """One row per recorded value."""
    words = {name: value for name, value in results.items() if isinstance(value, str)}
    numbers = {name: float(value) for name, value in results.items() if name not in words}
    return pd.DataFrame(
        {
            "metric": list(results),
            "value": [numbers.get(name) for name in results],
            "text": [words.get(name) for name in results],
            "simulated": simulated,
        }
    )
