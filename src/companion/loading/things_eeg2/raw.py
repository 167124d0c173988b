"""Raw sessions of THINGS-EEG2, preprocessed as published: epochs, 250 Hz, noise normalisation per session.

Each session is cut, resampled and whitened on its own, in blocks; the training trials of one session (1 GB)
lie in memory besides the result. Files are mapped, and their pages count as memory while a session is read.

References
----------
Song et al. (2024), ICLR: steps, seed and channel order of the preprocessing.
Gifford, Dwivedi, Roig & Cichy (2022), NeuroImage 264, 119754: the sessions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.loading.pickles import read_pickled_npy
from companion.loading.reading import advising, official
from companion.loading.things_eeg2.layout import (
    CHANNELS_63,
    DATASET,
    EPOCH_START,
    METADATA_FILE,
    WHITENED_250HZ,
    image_ids,
    units_table,
)
from companion.loading.things_eeg2.noise_normalisation import noise_covariance, whitened, whitening_matrix
from companion.loading.things_eeg2.sessions import RAW_ARRAY, RAW_SFREQ, Partition, plan_sessions
from companion.loading.things_eeg2.trials import check_finite, normalised, trials_table
from companion.recording import Recording, Responses, Split

DRAW_SEED = 20200220
"""Seed of the published draw of repetitions."""

TRIALS_PER_BLOCK = 100
_MARGINS = 200, 1001  # samples before and from the onset on: -0.2 to 1.0 s at 1000 Hz, both included

Block = tuple[slice, npt.NDArray[np.floating]]


@advising(official("things-eeg2-raw"))
def load_things_eeg2_raw(
    folder: Path,
    subject: int,
    *,
    average: bool = True,
    normalise: bool = True,
    metadata: Path | None = None,
    seed: int = DRAW_SEED,
) -> tuple[Recording, Recording]:
    """Load and preprocess the raw sessions of one subject.

    Per session: drop target trials (code 99999), cut epochs of -0.2 to 1.0 s, subtract the mean before onset,
    resample to 250 Hz, keep 0 to 1 s and 63 channels, keep at most 2 (training) or 20 (test) repetitions of
    an image by a seeded draw, and whiten both partitions with the covariance of the **training** trials.

    Parameters
    ----------
    folder : Path
        Holds ``sub-01/ses-01/raw_eeg_training.npy``, ``raw_eeg_test.npy`` and so on; all sessions found are
        used.
    subject : int
        Counted from 1.
    average, normalise, metadata
        As in `companion.loading.things_eeg2.preprocessed.load_things_eeg2`. Event code c shows image c - 1
        of the list of its partition: the layout defines it so.
    seed : int
        Of the draw of repetitions, and of their order where they are not averaged.

    Returns
    -------
    training, test : Recording
        Both at once, since the test trials need the training trials of their session. Trials that are not
        averaged also have a column ``session``.

    Raises
    ------
    DataError
        Before any trial is cut: if a file is refused, damaged or absent; if keys, channels, the sampling rate
        or event codes are wrong; if images differ in their number of repetitions; if concepts overlap.
        Later: if a value is not finite, or a covariance cannot be inverted.
    """
    images = image_ids(metadata or folder / METADATA_FILE)
    counts = {split: len(ids) for split, ids in images.items()}
    sessions = plan_sessions(folder, subject, counts, margins=_MARGINS, seed=seed)
    collected = {
        split: _Collected(images[split], next(iter(sessions.values()))[split].n_repetitions, average=average)
        for split in images
    }
    for number, session in sessions.items():
        training = _all_epochs(session["train"])
        covariance = noise_covariance(training, session["train"].images)
        matrix = whitening_matrix(covariance, where=f"{session['train'].path}, {RAW_ARRAY}")
        for split, partition in session.items():
            for rows, trials in _blocks(training) if split == "train" else _epochs(partition):
                clean = whitened(trials, matrix)
                if normalise:
                    clean = normalised(clean, where=_place(partition, rows))
                collected[split].add(partition, rows, clean, number)
    simulated = any(partition.simulated for session in sessions.values() for partition in session.values())
    return (
        collected["train"].recording(subject, "train", simulated=simulated),
        collected["test"].recording(subject, "test", simulated=simulated),
    )


class _Collected:
    """Trials of a split, put together from the sessions."""

    def __init__(self, stimuli: tuple[str, ...], n_repetitions: int, *, average: bool) -> None:
        n_trials = len(stimuli) * (1 if average else n_repetitions)
        self._average = average
        self._n_repetitions = n_repetitions
        self._trials: pd.DataFrame = trials_table(stimuli, n_repetitions, average=average)
        self._sessions = np.zeros(n_trials, dtype=np.int64)
        self._responses: Responses = np.zeros(
            (n_trials, len(CHANNELS_63), WHITENED_250HZ.n_times), np.float32
        )

    def add(self, partition: Partition, rows: slice, trials: npt.NDArray[np.float64], session: int) -> None:
        """Add trials to the mean of their image, or put each to its place."""
        images, places = partition.images[rows], partition.places[rows]
        if self._average:
            for image, trial in zip(images, trials, strict=True):
                self._responses[image] += trial / self._n_repetitions
        else:
            self._responses[images * self._n_repetitions + places] = trials
            self._sessions[images * self._n_repetitions + places] = session

    def recording(self, subject: int, split: Split, *, simulated: bool) -> Recording:
        """Give out what was collected."""
        return Recording(
            self._responses,
            self._trials if self._average else self._trials.assign(session=self._sessions),
            units_table(CHANNELS_63),
            subject=f"sub-{subject:02d}",
            dataset=DATASET,
            modality="EEG",
            split=split,
            times=WHITENED_250HZ.times,
            simulated=simulated,
        )


def _all_epochs(partition: Partition) -> Responses:
    shape = (len(partition.images), len(CHANNELS_63), WHITENED_250HZ.n_times)
    trials: Responses = np.empty(shape, dtype=np.float32)
    for rows, block in _epochs(partition):
        trials[rows] = block
    return trials


def _blocks(trials: Responses) -> Iterator[Block]:
    for start in range(0, len(trials), TRIALS_PER_BLOCK):
        rows = slice(start, min(start + TRIALS_PER_BLOCK, len(trials)))
        yield rows, trials[rows]


def _epochs(partition: Partition) -> Iterator[Block]:
    """Cut the kept trials of a file, block by block: (n_trials, 63, 250) in volts, 0 to 1 s."""
    raw = read_pickled_npy(partition.path)[RAW_ARRAY]
    before, after = _MARGINS
    for start in range(0, len(partition.onsets), TRIALS_PER_BLOCK):
        rows = slice(start, min(start + TRIALS_PER_BLOCK, len(partition.onsets)))
        onsets = partition.onsets[rows]
        cut = np.stack([raw[partition.rows, onset - before : onset + after] for onset in onsets])
        check_finite(cut, where=_place(partition, rows))
        yield rows, cut @ _epoch_matrix()


@cache
def _epoch_matrix() -> npt.NDArray[np.float64]:
    """Put what MNE does to an epoch (baseline, resampling, cut to 0-1 s) into one matrix: (1201, 250).

    All of it is linear and the same for every channel. The matrix, made by letting MNE do it to each
    single sample, gives the numbers of MNE in an eighth of its time.
    """
    import mne

    samples = np.eye(sum(_MARGINS))[:, None]
    info = mne.create_info(1, RAW_SFREQ, "eeg", verbose="error")
    epochs = mne.EpochsArray(samples, info, tmin=EPOCH_START, baseline=(None, 0), verbose="error")
    epochs.resample(WHITENED_250HZ.sfreq, verbose="error")
    matrix: npt.NDArray[np.float64] = epochs.get_data(verbose="error")[:, 0, -WHITENED_250HZ.n_times :].copy()
    matrix.flags.writeable = False
    return matrix


def _place(partition: Partition, rows: slice) -> str:
    first, last = partition.images[rows.start] + 1, partition.images[rows.stop - 1] + 1
    return f"{partition.path}, {RAW_ARRAY}, trials with event codes {first} to {last}"
