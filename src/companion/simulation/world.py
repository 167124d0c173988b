"""Make the miniature world: stimuli first, then one person of one recording at a time, side by side.

A part is made in a hidden folder beside its place and moved there when it is whole; the record ``world.json``
says what was put in. A person that is finished is kept when the making is interrupted, and so is a part that
was whole and had not yet been moved: what is marked as finished has reached the disk. A part stands as long
as its recipe does: dials, scale, and the source of the package's ``simulation`` and the weights it uses.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from companion.errors import CompanionError
from companion.loading.sources import PARTS, RECORD, Null, Part, ScaleName, miniature_folder
from companion.simulation.calibrated import calibrated_dials
from companion.simulation.dials import Dials
from companion.simulation.judgements import write_judgements
from companion.simulation.people import N_SUBJECTS, person_bytes, simulate_person, write_lists
from companion.simulation.recipe import recipe_of
from companion.simulation.scales import SCALES
from companion.simulation.stimulus_part import GROUPS, finish_stimuli, make_group
from companion.system.waiting import turn
from companion.system.whole_files import whole_path
from companion.system.workers import end_with_parent

Say = Callable[[str], None]
_RECIPE, _DONE = "recipe.json", ".done"
"""In a part that is being made: what it is to become, and marks of the people who are finished."""
_SPARE = 2 * 2**30
"""Bytes of disk left free."""


def make_world(
    parts: Sequence[Part] = PARTS,
    *,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    jobs: int | None = None,
    say: Say = print,
) -> list[Path]:
    """Make parts of the world that are absent or outdated, the stimuli always first.

    Parameters
    ----------
    parts : sequence of str
        Which parts; the recordings need the stimuli, which are made too.
    scale : {"smoke", "lesson", "paper"}
    null : {"N0", "N1", "N2", "N3"}, optional
        A null world instead of the world. N0 has the world's own recordings.
    jobs : int, optional
        Processes; one per core by default, each with one thread.
    say : callable
        Takes each line for the reader of the terminal.

    Returns
    -------
    list of Path
        Folders of the parts asked for.

    Raises
    ------
    CompanionError
        If the disk is too full for the next person.
    """
    dials = calibrated_dials()
    wanted: list[Part] = ["stimuli", *(part for part in PARTS if part in parts and part != "stimuli")]
    folders = [miniature_folder(part, scale=scale, null=null) for part in wanted]
    root = folders[0].parent
    root.mkdir(parents=True, exist_ok=True)
    with turn(root / ".lock", f"the miniature world, {scale}"):
        recipes = [recipe_of(part, scale, null, dials) for part in wanted]
        outdated = [
            (part, folder, recipe)
            for part, folder, recipe in zip(wanted, folders, recipes, strict=True)
            if not _stands(folder, recipe)
        ]
        if outdated:
            with _pool(jobs) as pool:
                for part, folder, recipe in outdated:
                    say(f"miniature world, {scale}{f', {null}' if null else ''}: making {part}")
                    _make_part(part, folder, recipe, pool)
    return [folder for part, folder in zip(wanted, folders, strict=True) if part in parts]


def _make_part(part: Part, folder: Path, recipe: dict[str, Any], pool: ProcessPoolExecutor) -> None:
    making = folder.with_name(f".making-{folder.name}")
    if not _stands(making, recipe):  # else it was whole when it was interrupted
        _make_files(part, making, recipe, pool)
    (making / _RECIPE).unlink(missing_ok=True)
    shutil.rmtree(making / _DONE, ignore_errors=True)
    (folder / RECORD).unlink(missing_ok=True)  # what is being removed does not count any more
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    making.replace(folder)


def _make_files(part: Part, making: Path, recipe: dict[str, Any], pool: ProcessPoolExecutor) -> None:
    """Make what is not there yet, and record it last."""
    if _read(making / _RECIPE) != recipe:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _write(making / _RECIPE, recipe)
    _sweep(making)
    try:
        if part == "stimuli":
            _make_stimuli(making, recipe, pool)
        elif part == "judges":
            stimuli = miniature_folder("stimuli", scale=recipe["scale"])
            scale, seed = SCALES[recipe["scale"]], int(recipe["dials"]["seed"])
            write_judgements(making, stimuli, scale, seed, recipe["null"])
        else:
            _make_people(part, making, recipe, pool)
    except BrokenProcessPool as error:
        raise CompanionError(
            f"A process that made {part} was ended from outside, most likely because memory was used up",
            where=making,
            do="run the same command again, with fewer processes (--jobs 1): finished people are kept",
        ) from error
    if _read(making / _RECIPE) != recipe:
        raise CompanionError(
            f"The folder of {part} was removed or emptied while it was being made",
            where=making,
            do="run the same command again; leave the folder alone until it has ended",
        )
    paths = sorted(path for path in making.rglob("*") if path.is_file() and path.name != _RECIPE)
    listed = {path.relative_to(making).as_posix(): path.stat().st_size for path in paths}
    listed = {name: size for name, size in listed.items() if not name.startswith(_DONE)}
    _to_disk()
    with whole_path(making / RECORD) as record:
        _write(record, recipe | {"simulated": True, "files": listed})


def _sweep(making: Path) -> None:
    """Remove what a killed process was at: its files and folders are hidden until they are whole."""
    for left in sorted(making.rglob(".*"), reverse=True):  # what lies inside comes first
        if left.is_dir() and left.name != _DONE:
            shutil.rmtree(left)
        elif left.is_file():
            left.unlink()


def _to_disk() -> None:
    """Let everything written so far reach the disk, so that marks outlive a crash of the machine rightly."""
    if hasattr(os, "sync"):
        os.sync()


def _make_stimuli(folder: Path, recipe: dict[str, Any], pool: ProcessPoolExecutor) -> None:
    scale = SCALES[recipe["scale"]]
    futures = {name: pool.submit(make_group, name, folder, scale) for name in GROUPS}
    finish_stimuli(folder, scale, {name: future.result() for name, future in futures.items()})


def _make_people(part: Part, folder: Path, recipe: dict[str, Any], pool: ProcessPoolExecutor) -> None:
    scale, dials = SCALES[recipe["scale"]], Dials(**recipe["dials"])
    stimuli = miniature_folder("stimuli", scale=recipe["scale"])
    write_lists(part, folder, stimuli, scale, dials, recipe["null"])
    done = folder / _DONE
    done.mkdir(exist_ok=True)
    waiting = [n for n in range(1, N_SUBJECTS[part](scale) + 1) if not (done / str(n)).exists()]
    room = person_bytes(part, scale)
    if shutil.disk_usage(folder).free < room * min(len(waiting), os.cpu_count() or 1) + _SPARE:
        raise CompanionError(
            f"Too little room for the next person of {part}",
            where=folder,
            expected=f"{(room + _SPARE) / 2**30:.1f} GB free for each",
            got=f"{shutil.disk_usage(folder).free / 2**30:.1f} GB",
            do="make room, or let COMPANION_DATA name a folder on a larger disk; finished people are kept",
        )
    futures = {
        pool.submit(simulate_person, part, folder, number, stimuli, scale, dials, recipe["null"]): number
        for number in waiting
    }
    for future in as_completed(futures):
        future.result()
        _to_disk()
        (done / str(futures[future])).touch()


def _stands(folder: Path, recipe: dict[str, Any]) -> bool:
    record = _read(folder / RECORD) or {}
    return all(record.get(key) == value for key, value in recipe.items())


def _pool(jobs: int | None) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        jobs or os.cpu_count() or 1, mp_context=get_context("spawn"), initializer=_begin
    )


def _begin() -> None:
    """Begin a worker: one thread, and no longer a life than the process that started it."""
    import threadpoolctl
    import torch

    end_with_parent()
    threadpoolctl.threadpool_limits(1)
    torch.set_num_threads(1)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
