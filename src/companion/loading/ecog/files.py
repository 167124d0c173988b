"""Files of the ECoG data set (BIDS iEEG): runs, their channels and events, each checked as it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from companion.errors import DataError, MissingDataError
from companion.loading.json_files import read_json_object
from companion.loading.reading import foreign_reader, present, read_table

BASELINE_TASK = "baseline"
TASKS = {"train": "training", "test": "test"}
"""BIDS task of each split."""
IMAGE_EVENT = "image"
"""``trial_type`` of an event that counts; all others, such as leading images of another set, do not."""
CHANNEL_TYPES = ("ECOG", "SEEG")


LONGEST = 1e7
"""Seconds; no run lasts so long."""


@dataclass(frozen=True)
class Run:
    """One run of one session: its BrainVision header and, beside it, the tables that BIDS asks for."""

    session: str
    task: str
    number: int
    header: Path

    def table(self, suffix: str, columns: Sequence[str]) -> pd.DataFrame:
        """Read the table of this run that ends in ``suffix``; `columns` must be there."""
        path = self.header.with_name(self.header.name.replace("_ieeg.vhdr", f"_{suffix}.tsv"))
        return read_table(path, columns)


def is_simulated(folder: Path) -> bool:
    """Whether ``dataset_description.json`` carries the marker of simulated data.

    Raises
    ------
    DataError
        If the file is missing or no JSON object: then the folder is not the root of a BIDS data set.
    """
    return bool(read_json_object(folder / "dataset_description.json").get("Simulated", False))


def find_runs(folder: Path, subject: str) -> list[Run]:
    """All runs of the subject that the layout knows, in the order of sessions and runs.

    Raises
    ------
    MissingDataError
        If the subject has no run.
    DataError
        If a session has no baseline run, or a file is named unlike BIDS.
    """
    from mne_bids import get_entities_from_fname

    runs = []
    for header in sorted(folder.glob(f"sub-{subject}/ses-*/ieeg/*_ieeg.vhdr")):
        with foreign_reader("A file name is not BIDS", where=header, do="name it as BIDS has it"):
            entities = get_entities_from_fname(header)
            number = int(entities["run"] or 1)
        if not header.name.startswith(f"sub-{subject}_{header.parents[1].name}_"):
            raise DataError(
                "A file lies in the folder of another person or session",
                where=header,
                expected=f"a name that begins with sub-{subject}_{header.parents[1].name}_",
                got=header.name,
            )
        if entities["task"] in (BASELINE_TASK, *TASKS.values()):
            runs.append(Run(str(entities["session"]), str(entities["task"]), number, present(header)))
    if not runs:
        raise MissingDataError(
            f"No ECoG recording of sub-{subject}",
            where=folder,
            expected=f"sub-{subject}/ses-*/ieeg/*_task-{{{BASELINE_TASK},{','.join(TASKS.values())}}}_*_ieeg.vhdr",
        )
    for session in sorted({run.session for run in runs}):
        if not any(run.session == session and run.task == BASELINE_TASK for run in runs):
            raise DataError(
                "A session has no baseline run, so that its power cannot be normalised",
                where=f"sub-{subject}, ses-{session}",
                expected=f"a run of task {BASELINE_TASK}",
                got=", ".join(sorted({run.task for run in runs if run.session == session})),
            )
    named = [(run.session, run.task, run.number) for run in runs]
    if twice := [run for run, name in zip(runs, named, strict=True) if named.count(name) > 1]:
        raise DataError(
            "Two files are of one run",
            where=twice[0].header,
            expected="one recording for each session, task and run",
            got=", ".join(run.header.name for run in twice),
        )
    return sorted(runs, key=lambda run: (run.session, run.number))


def good_channels(runs: Sequence[Run]) -> list[str]:
    """Channels that are good in every run, in the order of the first run.

    One set serves all sessions and splits, so that they share their channels and their reference.

    Raises
    ------
    DataError
        If the runs do not have the same channels, or fewer than two are good everywhere.
    """
    first: list[str] = []
    bad: set[str] = set()
    for run in runs:
        table = run.table("channels", ("name", "type"))
        table = table[table["type"].str.upper().isin(CHANNEL_TYPES)]
        names = list(table["name"])
        first = first or names
        if len(names) != len(set(names)) or set(names) != set(first):
            raise DataError(
                "The lists of channels of two runs differ",
                where=f"{run.header.name} against {runs[0].header.name}",
                expected=f"{len(first)} channels",
                got=f"{len(names)} channels; not in both: {', '.join(sorted(set(names) ^ set(first))[:8])}",
                do="give all runs the same channels, and mark those that are missing as bad",
            )
        if "status" in table.columns:
            bad |= set(table.loc[table["status"] == "bad", "name"])
    good = [name for name in first if name not in bad]
    if len(good) < 2:
        raise DataError(
            "A common average needs two good channels",
            where=runs[0].header.parent.name,
            expected=f"channels of type {' or '.join(CHANNEL_TYPES)} that are good in every run",
            got=f"{len(good)} of {len(first)}",
        )
    return good


def image_events(run: Run, *, named: bool) -> pd.DataFrame:
    """Onsets of the images of a run, in their order.

    Parameters
    ----------
    run : Run
        The run.
    named : bool
        Whether the images must be named, in column ``stim_id``. Those of a baseline run need not be.

    Returns
    -------
    DataFrame
        ``onset`` in seconds from the first sample, float; ``stim_id`` where named.

    Raises
    ------
    DataError
        If a column is missing, there is no image, or an onset is no number or occurs twice.
    """
    table = run.table("events", ("onset", "trial_type", *(["stim_id"] if named else [])))
    table = table[table["trial_type"] == IMAGE_EVENT]
    events = table.assign(onset=pd.to_numeric(table["onset"], errors="coerce").astype(float))
    where = run.header.name.replace("_ieeg.vhdr", "_events.tsv")
    if events.empty:
        raise DataError(
            "No image was shown in this run",
            where=where,
            expected=f"trial_type {IMAGE_EVENT!r}",
            got="no such row",
        )
    faulty = ~(events["onset"].abs() < LONGEST) | events["onset"].duplicated()
    if faulty.any():
        raise DataError(
            "An onset is no number, or occurs twice",
            where=f"{where}, row {int(faulty.to_numpy().argmax())} of the images",
            expected="seconds from the first sample",
            got=repr(table["onset"].iloc[int(faulty.to_numpy().argmax())]),
        )
    events = events.sort_values("onset", ignore_index=True)
    return events[["onset", "stim_id"]] if named else events[["onset"]]
