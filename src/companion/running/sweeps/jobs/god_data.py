"""Recordings of Generic Object Decoding, as the jobs of both fMRI papers ask for them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, get_args

from companion.errors import DataError, MissingDataError
from companion.loading.god.people import CLASSIC, god_folder, load_god_people, subjects_there
from companion.loading.god.stimuli import GodStimuli, god_stimuli, read_god_stimuli
from companion.loading.manifest import load_manifest
from companion.loading.store import how_to_get
from companion.recording import Recording, Split
from companion.running.sweeps.cells import Cell, Value, World

Roi = Literal["V1", "V2", "V3", "V4", "LOC", "FFA", "PPA"]
"""Regions of both papers."""
ROIS: tuple[Roi, ...] = get_args(Roi)
N_TRAINED, N_PER_CATEGORY, N_TESTED = 150, 8, 50
"""Published: training categories, pictures of each, test categories."""


def stimuli_of(world: World) -> GodStimuli:
    """Read the lists of what was shown and imagined."""
    return god_stimuli() if world.source == "official" else read_god_stimuli(god_folder(**world._asdict()))


def recordings(
    world: World, split: Split, rois: Iterable[str], people: Iterable[int]
) -> dict[int, Recording]:
    """Read some regions of some people; see :func:`companion.loading.god.people.load_god_people`."""
    return load_god_people(
        god_folder(**world._asdict()),
        split=split,
        stimuli=stimuli_of(world),
        rois=list(rois),
        subjects=list(people),
    )


def people_there(world: World) -> list[int]:
    """Numbers of the people whose recordings are here.

    Raises
    ------
    MissingDataError
        If nobody's are.
    """
    return subjects_there(god_folder(**world._asdict()))


def refuse_absent(world: World, people: Collection[int]) -> None:
    """Refuse people whose recordings are not here.

    Raises
    ------
    MissingDataError
        Naming the first one, and how to get what is missing.
    """
    there = people_there(world)
    if absent := sorted(set(people) - set(there)):
        raise MissingDataError(
            "Recordings of a person are not here",
            where=god_folder(**world._asdict()),
            expected=f"Subject{absent[0]}",
            got=there,
            do=how_to_get(load_manifest().entry(CLASSIC))
            if world.source == "official"
            else "name people who are there: each scale has its number",
        )


def refuse_unknown(cells: Sequence[Cell], axis: str, known: Collection[Value]) -> None:
    """Refuse values of an axis that no cell could run with.

    Raises
    ------
    DataError
        Naming the first one.
    """
    for value in dict.fromkeys(cell.axes[axis] for cell in cells):
        if value not in known:
            raise DataError(
                f"Unknown {axis}",
                where=f"axis {axis} of the grid",
                expected=f"one of {', '.join(map(str, known))}",
                got=value,
                do="correct the grid; nothing was run",
            )


def count_voxels(world: World, rois: Sequence[str], otherwise: int) -> int:
    """Voxels of the first person who is there, in some regions together; `otherwise` where nobody is."""
    try:
        one = recordings(world, "imagery", rois, people_there(world)[:1])
    except MissingDataError:
        return otherwise
    return len(next(iter(one.values())).units)


def alike(cells: Sequence[Cell], axes: Sequence[str]) -> list[list[Cell]]:
    """Cells of one world and the same settings that also agree on some axes, in order of appearance."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        told: list[Any] = [cell.world, dict(cell.settings), [cell.axes[name] for name in axes]]
        found.setdefault(json.dumps(told, sort_keys=True), []).append(cell)
    return list(found.values())
