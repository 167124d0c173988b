"""Own MNE epochs become a recording, labelled trial by trial, or are refused with a reason."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading.own_epochs import recording_from_epochs

NAMES = ["O1", "Oz", "O2"]


def made(kinds: list[str] | str = "eeg", metadata: pd.DataFrame | None = None) -> mne.EpochsArray:
    rng = np.random.default_rng(0)
    info = mne.create_info(NAMES, 100.0, kinds)
    events = np.column_stack([np.arange(4), np.zeros(4, int), [1, 2, 1, 2]])
    values = 1e-6 * rng.normal(size=(4, 3, 50))
    return mne.EpochsArray(
        values,
        info,
        events,
        tmin=-0.1,
        event_id={"face": 1, "house": 2},
        metadata=metadata,
        verbose="error",
    )


def test_the_names_of_events_say_what_was_shown() -> None:
    epochs = made()
    recording = recording_from_epochs(epochs, subject="sub-01")
    assert recording.stimuli == ["face", "house", "face", "house"]
    assert recording.modality == "EEG"
    assert recording.responses == pytest.approx(epochs.get_data(), rel=1e-6)
    assert recording.times == pytest.approx(epochs.times)
    assert list(recording.units["name"]) == NAMES
    assert "x" not in recording.units


def test_a_column_of_the_metadata_says_it_and_the_others_are_kept() -> None:
    table = pd.DataFrame({"picture": ["a", "b", "c", "d"], "block": [1, 1, 2, 2]}, index=[7, 8, 9, 10])
    recording = recording_from_epochs(made(metadata=table), stimulus="picture", subject="sub-01")
    assert recording.stimuli == list("abcd")
    assert list(recording.trials["block"]) == [1, 1, 2, 2]


def test_labels_stay_with_their_trials_when_some_are_dropped() -> None:
    table = pd.DataFrame({"picture": list("abcd")})
    epochs = made(metadata=table).drop([1], verbose="error")
    recording = recording_from_epochs(epochs, stimulus="picture", subject="sub-01")
    assert recording.stimuli == list("acd")


def test_bad_channels_and_those_of_no_brain_are_left_out() -> None:
    epochs = made(["eeg", "eog", "eeg"])
    epochs.info["bads"] = ["O2"]
    recording = recording_from_epochs(epochs, subject="sub-01")
    assert list(recording.units["name"]) == ["O1"]


def test_places_are_metres() -> None:
    epochs = made()
    epochs.set_montage("standard_1020", verbose="error")
    units = recording_from_epochs(epochs, subject="sub-01").units
    assert units[["x", "y", "z"]].to_numpy() == pytest.approx(
        np.array([channel["loc"][:3] for channel in epochs.info["chs"]])
    )


@pytest.mark.parametrize(("kind", "modality"), [("mag", "MEG"), ("ecog", "ECoG"), ("seeg", "ECoG")])
def test_other_modalities_are_told_by_their_channels(kind: str, modality: str) -> None:
    assert recording_from_epochs(made(kind), subject="sub-01").modality == modality


@pytest.mark.parametrize("kinds", [["eeg", "mag", "eeg"], "eog"])
def test_one_modality_is_asked_for(kinds: list[str] | str) -> None:
    with pytest.raises(DataError, match="one modality"):
        recording_from_epochs(made(kinds), subject="sub-01")


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="lack the column"):
        recording_from_epochs(made(), stimulus="picture", subject="sub-01")


def test_a_trial_that_showed_nobody_knows_what_is_refused() -> None:
    table = pd.DataFrame({"picture": ["a", None, "c", "d"]})
    with pytest.raises(DataError, match="trial 1"):
        recording_from_epochs(made(metadata=table), stimulus="picture", subject="sub-01")


def test_no_trial_left_is_refused() -> None:
    with pytest.raises(DataError, match="No trial is left"):
        recording_from_epochs(made().drop([0, 1, 2, 3], verbose="error"), subject="sub-01")
