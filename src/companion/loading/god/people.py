"""Which people of Generic Object Decoding are there, and their fMRI in whichever of two layouts it lies.

Where a folder holds classic files, ``Subject1.h5``, these are read; else files per task,
``Subject1_ImageNetTraining.h5``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from companion.errors import MissingDataError
from companion.loading.god.fmri import TASKS, load_god, load_god_task
from companion.loading.god.stimuli import GodStimuli
from companion.loading.manifest import load_manifest
from companion.loading.reading import official
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.loading.store import how_to_get
from companion.project import data_root
from companion.recording import Recording, Split

CLASSIC, PER_TASK = "god-fmri", "god-fmri-per-task"
"""Manifest entries of the two releases."""


def god_folder(*, source: Source, scale: ScaleName = "lesson", null: Null | None = None) -> Path:
    """Folder of the fMRI that goes with a chapter's source.

    Of the two official releases the classic one is taken if any person of it is there.

    Parameters
    ----------
    source : {"miniature", "null", "official"}
    scale : {"smoke", "lesson", "paper"}
    null : {"N0", "N1", "N2", "N3"}, optional
        Where source is ``null``.

    Raises
    ------
    MissingDataError
        If the recordings are not on this machine.
    """
    if source != "official":
        return recordings_folder("god", source=source, scale=scale, null=null)
    for entry in (CLASSIC, PER_TASK):
        if subjects_there(data_root() / entry):
            return data_root() / entry
    raise MissingDataError(
        "Neither release of the fMRI of GOD is on this machine",
        where=f"{CLASSIC} or {PER_TASK} in {data_root()}",
        do=how_to_get(load_manifest().entry(CLASSIC)),
    )


def subjects_there(folder: Path, *, split: Split = "train") -> list[int]:
    """Numbers of the people whose files are there, in ascending order.

    Parameters
    ----------
    folder : Path
        Where the official files lie, of either layout.
    split : {"train", "test", "imagery"}
        Which task, where files are per task; a classic file holds all three.
    """
    return _numbers(folder, "") or _numbers(folder, f"_{TASKS[split]}")


def load_god_people(
    folder: Path,
    *,
    split: Split,
    stimuli: GodStimuli,
    rois: Sequence[str] | None = None,
    subjects: Sequence[int] | None = None,
) -> dict[int, Recording]:
    """Read one split of several people.

    Parameters
    ----------
    folder : Path
        Where the official files lie, of either layout.
    split : {"train", "test", "imagery"}
    stimuli : GodStimuli
        The lists that each file is compared with.
    rois : sequence of str, optional
        Regions to read; every voxel if left out, which of per-task files is about 1 GB per person.
    subjects : sequence of int, optional
        Numbers of people; all who are there if left out.

    Returns
    -------
    dict of int to Recording
        By number of the person, in the order asked for.

    Raises
    ------
    MissingDataError
        If nobody is there, or somebody who was asked for is not.
    DataError
        As of :func:`companion.loading.god.fmri.load_god`.

    References
    ----------
    Horikawa & Kamitani (2017), Nature Communications 8, 15037.
    """
    there = subjects_there(folder, split=split)
    wanted = there if subjects is None else list(subjects)
    if absent := sorted(set(wanted) - set(there)):
        raise MissingDataError(
            "Recordings of a person are not there",
            where=folder,
            expected=f"Subject{absent[0]}",
            got=f"Subject{there}" if there else "nobody",
            do="name people who are there, or get the others' files: companion data list",
        )
    if not wanted:
        raise MissingDataError(
            "No person's recordings are there",
            where=folder,
            expected=f"Subject1.h5 or Subject1_{TASKS[split]}.h5",
            do=official("god-fmri"),
        )
    load = load_god if _numbers(folder, "") else load_god_task
    return {number: load(folder, number, split=split, stimuli=stimuli, rois=rois) for number in wanted}


def _numbers(folder: Path, task: str) -> list[int]:
    form = re.compile(rf"Subject([1-9]\d*){task}\.h5")
    names = [form.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name[1]) for name in names if name)
