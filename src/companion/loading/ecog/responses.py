"""ECoG of the patients E1 to E4 who saw the GOD images: BIDS iEEG in, one high-gamma value per channel out.

The recordings of the paper are closed patient data whose files nobody outside has seen. This module reads
them, or any other recording of the task, in the BIDS iEEG layout::

    dataset_description.json
    sub-E1/ses-01/ieeg/
        sub-E1_ses-01_space-fsaverage_electrodes.tsv      name, x, y, z, size, region
        sub-E1_ses-01_space-fsaverage_coordsystem.json    iEEGCoordinateSystem, iEEGCoordinateUnits
        sub-E1_ses-01_task-baseline_run-01_ieeg.vhdr      BrainVision (.vhdr, .vmrk, .eeg), and for each run
        sub-E1_ses-01_task-baseline_run-01_channels.tsv   name, type (ECOG or SEEG), status (good or bad)
        sub-E1_ses-01_task-baseline_run-01_events.tsv     onset, trial_type; stim_id in training and test
        sub-E1_ses-01_task-training_run-01_ieeg.vhdr ...  training: the 1,200 training images in two runs
        sub-E1_ses-02_task-test_run-01_ieeg.vhdr ...      test: the 50 test images

``trial_type`` is ``image`` for what counts; other events, such as the ten leading images of another set, are
passed over. ``stim_id`` names the GOD image. ``region`` is one of the 22 groups of the HCP-MMP atlas.

Each value is made so: channels marked bad in any run are dropped; the mean over the others is subtracted
(common average); 0 to 0.5 s after onset goes into
:func:`companion.loading.ecog.high_gamma.high_gamma_power`; from it the mean of the baseline run *of the
same session* is subtracted, and the rest divided by its standard deviation (impedances drift from session
to session). The baseline is the same measure after the onset of the baseline images, so no number of a
training or a test run enters it. The mean and deviation are our reading: the paper says no more than that
the baseline makes up for the drift. There is no notch at 120 Hz.

References
----------
Vafaei et al. (2026), Communications Biology 9, 206, Methods, ECoG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from companion.errors import DataError
from companion.loading.bids_surroundings import check_surroundings
from companion.loading.brainvision import check_parts
from companion.loading.ecog.electrodes import electrode_table
from companion.loading.ecog.files import (
    BASELINE_TASK,
    TASKS,
    Run,
    find_runs,
    good_channels,
    image_events,
    is_simulated,
)
from companion.loading.ecog.high_gamma import Array, check_rate, common_average, high_gamma_power
from companion.loading.god.checks import check_categories_apart, check_image_names
from companion.loading.reading import advising, foreign_reader, located, official, one_of
from companion.recording import Recording, Split
from companion.recording_checks import all_finite

DATASET = "GOD-ECoG"
EPOCH = 0.5
"""Seconds after onset that are analysed."""
VENTRAL_STREAM = "Ventral Stream Visual Cortex"
"""The region whose channels the paper decodes from, as MNE's combined HCP-MMP atlas names it."""
_COPY = "copy the .vhdr, .vmrk and .eeg files again"


@advising(official("god-ecog-osaka"))
def load_ecog(folder: Path, subject: int, *, split: Split, log_power: bool = False) -> Recording:
    """Read the high-gamma power of one patient.

    Parameters
    ----------
    folder : Path
        Root of the BIDS data set.
    subject : int
        1 for patient E1, and so on.
    split : {"train", "test"}
        Runs of task ``training`` or ``test``, of all sessions.
    log_power : bool
        Take the logarithm of the power of trials and baseline alike, before they are normalised. The paper
        does not mention one.

    Returns
    -------
    Recording of shape (n_trials, n_channels)
        In deviations of the session's baseline. One trial per shown image, in the order of sessions, runs and
        onsets: ``stimulus``, ``session``, ``run``, ``onset`` (s), ``repetition`` (from 1, within the split).
        Units: ``name``; ``x``, ``y``, ``z`` in metres of ``space``; ``region``.

    Raises
    ------
    DataError
        If a file, column, baseline run or place of an electrode is missing, runs differ in their channels, a
        sample is not finite, an epoch leaves the recording, an id is not that of a GOD image, or a category
        is in both splits.

    Examples
    --------
    Two channels, and one session of three runs, in a BIDS folder:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, pandas as pd
    >>> from companion.loading import load_ecog
    >>> from companion.simulation.writers.ecog import EcogRun, write_ecog_subject
    >>> rng = np.random.default_rng(0)
    >>> def run(task, images):
    ...     events = pd.DataFrame({"onset": 0.5 + np.arange(len(images)), "duration": 0.5,
    ...         "trial_type": "image", "stim_id": images})
    ...     return EcogRun("01", task, "01", rng.normal(0, 1e-5, (2, 1000 * (len(images) + 1))), events)
    >>> runs = [run("baseline", ["face_1", "face_2", "face_3"]), run("training", ["n00000001_5"]),
    ...     run("test", ["n00000002_7"])]
    >>> electrodes = pd.DataFrame({"name": ["A1", "A2"], "x": [0.01, 0.02], "y": -0.05, "z": -0.02,
    ...     "region": "Ventral Stream Visual Cortex", "type": "ECOG"})
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_ecog_subject(Path(name), 1, runs, electrodes=electrodes, sampling_rate=1000.0)
    ...     load_ecog(Path(name), 1, split="train")
    Recording(GOD-ECoG, E1, ECoG, train: 1 x 2, 1 stimuli, simulated)
    """
    label = f"E{subject}"
    one_of(split, TASKS, what="ECoG has no such split", where="split")
    task = TASKS[split]
    simulated = is_simulated(folder)
    runs = find_runs(folder, label)
    for header in {run.header.parent: run.header for run in runs}.values():
        check_surroundings(header, folder)
    channels = good_channels(runs)
    electrodes = electrode_table(runs, channels)
    events = {run: image_events(run, named=run.task != BASELINE_TASK) for run in runs}
    _check_stimuli(events, folder)

    sessions = sorted({run.session for run in runs if run.task == task})
    if not sessions:
        got = ", ".join(sorted({run.task for run in runs}))
        raise DataError(f"sub-{label} has no run of task {task}", where=folder, expected=task, got=got)
    wanted = [run for run in runs if run.session in sessions and run.task in (task, BASELINE_TASK)]
    opened = [_open_run(run, channels, events[run]["onset"]) for run in wanted]  # all, before the long work
    trials, values = [], []
    for session in sessions:
        mean, deviation = session_baseline(opened, session, log_power=log_power)
        for this in opened:
            if (this.run.session, this.run.task) == (session, task):
                values.append((this.power(log_power=log_power) - mean) / deviation)
                trials.append(_trials(this.run, events[this.run]))
    table = pd.concat(trials, ignore_index=True)
    table["repetition"] = table.groupby("stimulus").cumcount() + 1
    return Recording(
        responses=np.concatenate(values).astype(np.float32),
        trials=table,
        units=electrodes,
        subject=label,
        dataset=DATASET,
        modality="ECoG",
        split=split,
        simulated=simulated,
    )


@dataclass(frozen=True)
class OpenRun:
    """A run whose header is read, whose channels are found and whose epochs lie within the recording."""

    run: Run
    raw: Any
    picks: list[int]
    starts: list[int]
    length: int

    def power(self, *, log_power: bool) -> Array:
        """High-gamma power of every epoch, read one at a time: ndarray of shape (n_epochs, n_channels)."""
        rate = self.raw.info["sfreq"]
        values = np.empty((len(self.starts), len(self.picks)))
        for row, start in enumerate(self.starts):
            with foreign_reader("A recording cannot be read", where=self.run.header.name, do=_COPY):
                signals = self.raw.get_data(picks=self.picks, start=start, stop=start + self.length)
            if not all_finite(signals):
                channel, sample = np.argwhere(~(np.abs(signals) <= np.finfo(np.float32).max))[0]
                raise DataError(
                    "A sample is not a finite number",
                    where=f"{self.run.header.name}, channel {self.raw.ch_names[self.picks[channel]]}, "
                    f"{(start + sample) / rate:g} s",
                    expected="volts",
                    do="mark the channel as bad in channels.tsv, or leave the event out",
                )
            values[row] = high_gamma_power(common_average(signals), rate)
        if log_power and not (values > 0).all():
            raise DataError(
                "Power that is zero has no logarithm",
                where=self.run.header.name,
                expected="power above zero in every epoch and channel",
                got=f"{int((values <= 0).sum())} values of zero",
                do="load with log_power=False, or mark the flat channel as bad in channels.tsv",
            )
        return np.log(values) if log_power else values


def session_baseline(opened: Sequence[OpenRun], session: str, *, log_power: bool) -> tuple[Array, Array]:
    """Mean and standard deviation (ddof = 1) over the epochs of a session's baseline run.

    Returns
    -------
    mean, deviation : ndarray of shape (n_channels,)

    Raises
    ------
    DataError
        If there are fewer than two epochs, or a channel is flat.
    """
    baseline = [this for this in opened if (this.run.session, this.run.task) == (session, BASELINE_TASK)]
    power = np.concatenate([this.power(log_power=log_power) for this in baseline])
    where = baseline[0].run.header.name
    if len(power) < 2:
        raise DataError(
            "A deviation needs two baseline images", where=where, expected="two or more", got=len(power)
        )
    deviation = power.std(axis=0, ddof=1)
    if not (np.isfinite(deviation) & (deviation > 0)).all():
        flat = int(np.flatnonzero(~(np.isfinite(deviation) & (deviation > 0)))[0])
        raise DataError(
            "The high-gamma power of a channel is constant in the baseline run",
            where=f"{where}, channel {baseline[0].raw.ch_names[baseline[0].picks[flat]]}",
            expected="a deviation above zero",
            got=deviation[flat],
            do="mark the channel as bad in channels.tsv",
        )
    return power.mean(axis=0), deviation


def _check_stimuli(events: dict[Run, pd.DataFrame], folder: Path) -> None:
    shown: dict[str, list[str]] = {task: [] for task in TASKS.values()}
    for run, table in events.items():
        if run.task != BASELINE_TASK:
            check_image_names(table["stim_id"], where=run.header.name.replace("_ieeg.vhdr", "_events.tsv"))
            shown[run.task] += list(table["stim_id"])
    check_categories_apart(shown[TASKS["train"]], shown[TASKS["test"]], where=folder)


def _open_run(run: Run, channels: Sequence[str], onsets: pd.Series[float]) -> OpenRun:
    from mne_bids import get_bids_path_from_fname, read_raw_bids

    check_parts(run.header)
    where = f"{run.header.name}, or a table beside it"
    with foreign_reader("A recording cannot be read", where=where, do=_COPY):
        raw = read_raw_bids(get_bids_path_from_fname(run.header), verbose="error")
    if lost := [name for name in channels if name not in raw.ch_names]:
        raise DataError(
            "Channels of channels.tsv are not in the recording",
            where=run.header.name,
            expected=f"{len(channels)} good channels",
            got=f"without {', '.join(lost[:8])}",
        )
    rate = raw.info["sfreq"]
    with located(run.header.name):
        check_rate(rate)
    length = round(EPOCH * rate)
    starts = np.round(onsets.to_numpy() * rate)
    outside = (starts < 0) | (starts + length > raw.n_times)
    if outside.any():
        raise DataError(
            f"{int(outside.sum())} events lie outside the recording, or too near its end",
            where=run.header.name,
            expected=f"onsets from 0 to {(raw.n_times - length) / rate:g} s, {EPOCH:g} s before the end",
            got=f"{onsets.to_numpy()[outside][0]:g} s",
            do="check that the file is whole and that onsets are in seconds from its first sample",
        )
    picks = [raw.ch_names.index(name) for name in channels]
    return OpenRun(run, raw, picks, starts.astype(int).tolist(), length)


def _trials(run: Run, events: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stimulus": events["stim_id"],
            "session": run.session,
            "run": run.number,
            "onset": events["onset"],
        }
    )
