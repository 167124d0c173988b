"""The labelled recording: checks at construction, and selections that keep labels and values together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.recording import Recording

STIMULI = ["cat", "dog", "cat", "fox"]


def recording(**changes: object) -> Recording:
    given = {
        "responses": np.arange(24.0).reshape(4, 2, 3),
        "trials": pd.DataFrame({"stimulus": STIMULI, "session": [1, 1, 2, 2]}),
        "units": pd.DataFrame({"name": ["Oz", "Pz"], "roi_V1": [True, False], "roi_none": [False, False]}),
        "subject": "S1",
        "dataset": "trial",
        "modality": "EEG",
        "split": "train",
        "times": np.array([-0.1, 0.0, 0.1]),
    }
    return Recording(**{**given, **changes})


def test_shapes_labels_and_marker_are_shown() -> None:
    assert repr(recording(simulated=True)) == (
        "Recording(trial, S1, EEG, train: 4 x 2 x 3, 3 stimuli, simulated)"
    )
    assert recording().responses.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        recording().responses[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"times": None}, "do not fit"),
        ({"responses": np.zeros((3, 2, 3))}, "do not fit"),
        ({"responses": np.full((4, 2, 3), np.nan)}, "trial 0, unit Oz"),
        ({"trials": pd.DataFrame({"image": STIMULI})}, "'stimulus'"),
        ({"trials": pd.DataFrame({"stimulus": ["a", "b", None, "d"]})}, "'stimulus'"),
        ({"units": pd.DataFrame({"name": ["Oz", "Oz"]})}, "one name"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        recording(**changes)


def test_trials_are_joined_by_stimulus() -> None:
    mean = recording().averaged()
    assert mean.stimuli == ["cat", "dog", "fox"]
    assert mean.trials["n_repetitions"].tolist() == [2, 1, 1]
    both = recording().responses[[0, 2]].mean(axis=0)
    assert np.array_equal(mean.for_stimuli(["fox", "cat"]).responses[1], both)
    with pytest.raises(DataError, match="1 of 2 stimuli were not shown"):
        mean.for_stimuli(["cat", "owl"])
    with pytest.raises(DataError, match="more than one trial"):
        recording().for_stimuli(["cat"])


def test_units_regions_and_times_are_selected_with_their_labels() -> None:
    assert recording().roi("V1").units["name"].tolist() == ["Oz"]
    with pytest.raises(DataError, match="Unknown region"):
        recording().roi("V9")
    with pytest.raises(DataError, match="no voxels"):
        recording().roi("none")
    late = recording().crop(0.0, 0.1)
    assert late.times.tolist() == [0.0, 0.1]
    assert np.array_equal(late.responses, recording().responses[:, :, 1:])
    with pytest.raises(DataError, match="No sample"):
        recording().crop(3, 4)
    still = recording(responses=np.zeros((4, 2)), times=None)
    with pytest.raises(DataError, match="no time axis"):
        still.crop(0, 1)


def test_standardising_uses_only_the_statistics_it_is_given() -> None:
    train = recording()
    mean, deviation = train.unit_statistics()
    z = train.standardised(mean, deviation).responses
    assert np.allclose(z.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(z.std(axis=0, ddof=1), 1, atol=1e-6)
    other = recording(responses=train.responses + 100, split="test")
    assert np.allclose(other.standardised(mean, deviation).responses, z + 100 / deviation, rtol=1e-5)
    flat = recording(responses=np.ones((4, 2, 3)))
    assert not flat.standardised(*flat.unit_statistics()).responses.any()


def test_selecting_trials_keeps_the_order_given() -> None:
    chosen = recording().select_trials([3, 0])
    assert chosen.stimuli == ["fox", "cat"]
    assert chosen.trials["session"].tolist() == [2, 1]
    assert recording().select_trials(np.array([True, False, False, True])).stimuli == ["cat", "fox"]
