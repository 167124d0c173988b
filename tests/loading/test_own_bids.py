"""A BIDS folder written by MNE-BIDS comes back as epochs with all that its events files say."""

from __future__ import annotations

from pathlib import Path

import mne
import mne_bids
import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading.own_bids import epochs_from_bids
from companion.loading.own_epochs import recording_from_epochs

RATE, LENGTH = 100.0, 60
SIGNAL = 1e-5 * np.random.default_rng(0).normal(size=(2, 3, 10 * LENGTH))
"""Two runs of three channels, ten trials end to end."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bids")
    for run, signal in enumerate(SIGNAL, start=1):
        raw = mne.io.RawArray(signal, mne.create_info(["O1", "Oz", "O2"], RATE, "eeg"), verbose="error")
        raw.info["line_freq"] = 50
        onsets = np.arange(10) * LENGTH + 10
        table = pd.DataFrame({"picture": [f"picture {run}-{n}" for n in range(10)], "kind": ["a", "b"] * 5})
        path = mne_bids.BIDSPath(root=root, subject="01", task="see", run=f"{run:02d}", datatype="eeg")
        mne_bids.write_raw_bids(
            raw,
            path,
            events=np.column_stack([onsets, 0 * onsets, 0 * onsets + 1]),
            event_id={"picture": 1},
            event_metadata=table,
            extra_columns_descriptions={"picture": "what was shown", "kind": "of which kind"},
            allow_preload=True,
            format="BrainVision",
            verbose="error",
        )
    return root


def test_trials_come_back_with_what_was_shown(folder: Path) -> None:
    epochs = epochs_from_bids(folder, "01", task="see", tmin=-0.1, tmax=0.4, baseline=None)
    recording = recording_from_epochs(epochs, stimulus="picture", subject="sub-01")
    assert recording.stimuli == [f"picture {run}-{n}" for run in (1, 2) for n in range(10)]
    assert list(recording.trials["run"].astype(int)) == [1] * 10 + [2] * 10
    wanted = np.stack([SIGNAL[run, :, n * LENGTH : n * LENGTH + 51] for run in (0, 1) for n in range(10)])
    assert recording.responses == pytest.approx(wanted, abs=1e-9)  # a nanovolt: files hold single precision


def test_some_events_are_kept_and_runs_are_prepared(folder: Path) -> None:
    epochs = epochs_from_bids(
        folder,
        "01",
        task="see",
        keep=lambda events: events["kind"] == "a",
        prepare=lambda raw: raw.resample(50.0, verbose="error"),
        tmin=0.0,
        tmax=0.3,
        baseline=None,
    )
    assert set(epochs.metadata["kind"]) == {"a"}
    assert epochs.info["sfreq"] == 50
    assert len(epochs) == 10


def test_trials_beyond_a_range_are_dropped_with_their_labels(folder: Path) -> None:
    loud = np.ptp(SIGNAL[:, :, :51], axis=2).max()  # of the first trial of each run
    epochs = epochs_from_bids(
        folder, "01", task="see", tmin=-0.1, tmax=0.4, baseline=None, reject={"eeg": float(loud) * 0.999}
    )
    assert 0 < len(epochs) < 20
    assert len(epochs.metadata) == len(epochs)


def test_labels_that_fit_nothing_are_named(folder: Path) -> None:
    with pytest.raises(DataError, match="sub-01, task-hear"):
        epochs_from_bids(folder, "01", task="hear")


def test_no_trial_is_an_error(folder: Path) -> None:
    with pytest.raises(DataError, match="No event of a run is kept"):
        epochs_from_bids(folder, "01", task="see", keep=lambda events: events["kind"] == "c")
