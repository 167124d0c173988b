"""What the raw sessions of THINGS-EEG2 hold: their files, checked, and the trials that are kept of them.

All checks that need no more than the labels and the stimulus channel are made here, before a trial is cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils import shuffle

from companion.errors import DataError, MissingDataError
from companion.loading.reading import listed_texts
from companion.loading.things_eeg2.layout import CHANNELS_63, PARTITIONS, checked_dictionary, raw_file
from companion.recording import Split

RAW_ARRAY = "raw_eeg_data"
RAW_SFREQ = 1000
TARGET_CODE = 99999
"""Event code of trials in which a target had to be detected; they show no image of the lists."""

STIMULUS_CHANNEL = "stim"
_MOST_CODES = 2**31
MOST_REPETITIONS: dict[Split, int] = {"train": 2, "test": 20}
"""Repetitions of an image that are kept of one session."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Partition:
    """Kept trials of one file, sorted by image.

    Attributes
    ----------
    path : Path
        The file.
    rows : ndarray of shape (63,)
        Rows of the file that hold the channels, in the order of `CHANNELS_63`.
    images, onsets, places : ndarray of shape (n_kept,)
        Image (index in the list of the split), sample of its onset in the file, and place among the
        repetitions of that image in all sessions.
    n_repetitions : int
        Repetitions of every image in all sessions.
    simulated : bool
        Whether the file carries the marker.
    """

    path: Path
    rows: Integers
    images: Integers
    onsets: Integers
    places: Integers
    n_repetitions: int
    simulated: bool


Session = dict[Split, Partition]


def plan_sessions(
    folder: Path, subject: int, n_images: dict[Split, int], *, margins: tuple[int, int], seed: int
) -> dict[int, Session]:
    """Find the sessions of a subject, check them, and choose their trials.

    Parameters
    ----------
    folder, subject
        As in `companion.loading.things_eeg2.raw.load_things_eeg2_raw`.
    n_images : dict of str to int
        Images of each split.
    margins : tuple of int
        Samples that a trial needs before its onset, and from its onset on.
    seed : int
        Of the draw of repetitions.

    Returns
    -------
    dict of int to dict of str to Partition
        For each session both partitions.

    Raises
    ------
    DataError
        See `companion.loading.things_eeg2.raw.load_things_eeg2_raw`.
    """
    parent = raw_file(folder, subject, 1, "train").parents[1]
    numbers = sorted(int(path.name.removeprefix("ses-")) for path in parent.glob("ses-[0-9][0-9]"))
    if not numbers:
        people = ", ".join(sorted(path.name for path in folder.glob("sub-[0-9][0-9]"))) or "nobody"
        raise MissingDataError(
            "No session was found",
            where=parent,
            expected="folders ses-01, ses-02 and so on",
            got=f"sessions of {people}",
        )
    sessions: dict[int, Session] = {number: {} for number in numbers}
    for split in PARTITIONS:
        found = [
            _read_partition(raw_file(folder, subject, number, split), split, n_images[split], margins, seed)
            for number in numbers
        ]
        for number, partition in zip(numbers, _placed(found, n_images[split], seed), strict=True):
            sessions[number][split] = partition
    return sessions


def _read_partition(
    path: Path, split: Split, n_images: int, margins: tuple[int, int], seed: int
) -> Partition:
    content = checked_dictionary(path, [RAW_ARRAY, "ch_names", "sfreq", "ch_types"])
    rows, stimulus = _channel_rows(content, path)
    codes, onsets = _events(content[RAW_ARRAY][stimulus], path)
    whole = (onsets >= margins[0]) & (onsets + margins[1] <= content[RAW_ARRAY].shape[1])
    keep = whole & (codes != TARGET_CODE)
    codes, onsets = codes[keep], onsets[keep]
    if ((codes < 1) | (codes > n_images)).any():
        raise DataError(
            "An event code names no image of the list",
            where=f"{path}, channel {STIMULUS_CHANNEL}",
            expected=f"1 to {n_images}, or {TARGET_CODE} for a target",
            got=int(codes[(codes < 1) | (codes > n_images)][0]),
        )
    kept = _drawn(codes, MOST_REPETITIONS[split], seed)
    simulated = bool(content.get("simulated", False))
    return Partition(path, rows, codes[kept] - 1, onsets[kept], np.zeros_like(kept), 0, simulated)


def _channel_rows(content: dict[str, Any], path: Path) -> tuple[Integers, int]:
    """Rows of the 63 channels and of the stimulus channel."""
    names, types = (listed_texts(content[key]) for key in ("ch_names", "ch_types"))
    data, rate = content[RAW_ARRAY], content["sfreq"]
    shape = data.shape if isinstance(data, np.ndarray) and data.dtype.kind == "f" else None
    if shape is None or len(shape) != 2 or shape[0] != len(names) or len(types) != len(names):
        raise DataError(
            "The recording does not fit its channel lists",
            where=f"{path}, {RAW_ARRAY}, ch_names, ch_types",
            expected=f"numbers of shape ({len(names)} ch_names, samples), and as many ch_types",
            got=f"{type(data).__name__} of shape {shape}, {len(types)} ch_types",
        )
    if not isinstance(rate, int | float | np.number) or rate != RAW_SFREQ:
        raise DataError("Another sampling rate", where=f"{path}, sfreq", expected=RAW_SFREQ, got=repr(rate))
    wanted = (*CHANNELS_63, STIMULUS_CHANNEL)
    if wrong := [name for name in wanted if names.count(name) != 1]:
        raise DataError(
            "A channel is absent, or there twice",
            where=f"{path}, ch_names",
            expected=f"the 63 channels and {STIMULUS_CHANNEL}, each once",
            got=f"not so: {', '.join(wrong)}",
        )
    *rows, stimulus = (names.index(name) for name in wanted)
    if types[stimulus] != "stim":
        raise DataError(
            "The stimulus channel has another type",
            where=f"{path}, ch_types",
            expected="stim",
            got=types[stimulus],
        )
    return np.array(rows), stimulus


def _events(stimulus: npt.NDArray[np.float64], path: Path) -> tuple[Integers, Integers]:
    """Codes and onsets on the stimulus channel, in order of time."""
    import mne

    whole = (
        np.isfinite(stimulus) & (stimulus == np.rint(stimulus)) & (stimulus >= 0) & (stimulus < _MOST_CODES)
    )
    if not (len(stimulus) and whole.all()):
        raise DataError(
            "An event code is no whole number",
            where=f"{path}, {RAW_ARRAY}, channel {STIMULUS_CHANNEL}",
            expected=f"at every sample a whole number from 0 to {_MOST_CODES}",
            got=f"{stimulus[~whole][0]} at sample {np.flatnonzero(~whole)[0]}"
            if len(stimulus)
            else "no sample",
        )
    info = mne.create_info([STIMULUS_CHANNEL], RAW_SFREQ, ["stim"], verbose="error")
    raw = mne.io.RawArray(stimulus[None], info, verbose="error")
    events = mne.find_events(raw, STIMULUS_CHANNEL, shortest_event=1, verbose="error")
    return events[:, 2].astype(np.int64), events[:, 0].astype(np.int64)


def _drawn(codes: Integers, most: int, seed: int) -> Integers:
    """Choose events, sorted by code, at most so many of each; every draw begins with the same seed."""
    by_code = np.argsort(codes, kind="stable")
    groups = np.split(by_code, np.flatnonzero(np.diff(codes[by_code])) + 1)
    chosen = [
        shuffle(group, random_state=seed, n_samples=min(most, len(group))) for group in groups if len(group)
    ]
    return np.concatenate(chosen) if chosen else by_code


def _placed(partitions: list[Partition], n_images: int, seed: int) -> list[Partition]:
    """Give every trial its place among the repetitions of its image in all sessions, in a seeded order."""
    images = np.concatenate([partition.images for partition in partitions])
    counts = np.bincount(images, minlength=n_images)
    if counts.min() != counts.max() or counts.min() < 1:
        usual = max(1, int(np.bincount(counts).argmax()))
        odd = int(np.flatnonzero(counts != usual)[0])
        raise DataError(
            "Images differ in their number of repetitions",
            where=f"{partitions[0].path.parents[1]}, {partitions[0].path.name} of all sessions",
            expected=f"{usual} repetitions of each of {n_images} images",
            got=f"{counts[odd]} of the image with event code {odd + 1}",
            do="check that all sessions are there and complete",
        )
    by_image = np.argsort(images, kind="stable")  # the sessions of an image one after the other
    order = shuffle(np.arange(counts[0]), random_state=seed)
    places = np.empty_like(images)
    places[by_image] = np.tile(np.argsort(order), n_images)
    cuts = np.cumsum([len(partition.images) for partition in partitions])[:-1]
    return [
        replace(partition, places=part, n_repetitions=int(counts[0]))
        for partition, part in zip(partitions, np.split(places, cuts), strict=True)
    ]
