"""Recordings made by hand, and everything asked of them, with odd arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.bad_input.damage import ODD_VALUES
from tests.bad_recordings import ODD_NUMBERS, Verdict, demand

from companion.errors import DataError
from companion.loading.things_eeg2.noise_normalisation import noise_covariance, whitened, whitening_matrix
from companion.loading.things_eeg2.trials import normalised, normalised_recording
from companion.recording import Recording

REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER
NAMES = ["toy", "session", "trials"]
VALUES = arrays.arrays(
    st.sampled_from([np.float32, np.float64, np.dtype(">f8"), np.int16, np.bool_]),
    arrays.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=4),
    elements=st.integers(0, 1) | st.sampled_from([1]),
)


def made(values: Any, **changes: Any) -> Recording:
    shape = values.shape if isinstance(values, np.ndarray) and values.ndim == 3 else (4, 2, 3)
    labels: dict[str, Any] = {
        "trials": pd.DataFrame({"stimulus": [f"s{n % 2}" for n in range(shape[0])]}, dtype=object),
        "units": pd.DataFrame({"name": [f"u{n}" for n in range(shape[1])]}, dtype=object),
        "times": np.arange(shape[2]) / 10,
    }
    return Recording(
        values,
        **{"subject": "S1", "dataset": "toy", "modality": "EEG", "split": "train", **labels, **changes},
    )


@given(values=VALUES)
def test_any_shape_that_fits_its_labels(values: np.ndarray) -> None:
    """No trial, one trial, one unit, constant units: each method works, or says why it cannot."""
    recording = demand(lambda: made(values), EITHER, names=NAMES)
    assert recording is not None
    np.testing.assert_array_equal(recording.responses, values.astype(np.float32))
    mean = recording.averaged()
    assert len(mean) == len(set(recording.stimuli))
    assert mean.for_stimuli([]).responses.shape[0] == 0
    assert recording.select_trials([]).responses.shape[1:] == values.shape[1:]
    statistics = demand(recording.unit_statistics, REFUSED if len(values) < 2 else EITHER, names=NAMES)
    if statistics is not None:
        scaled = recording.standardised(*statistics).responses
        assert np.isfinite(scaled).all()
        flat = np.ptp(values.astype(float), axis=0) == 0
        assert not scaled[:, flat].any()


ODD_RESPONSES = st.one_of(
    ODD_NUMBERS.map(lambda odd: np.where(np.arange(24).reshape(4, 2, 3) == 5, odd, 1.0)),
    st.sampled_from(
        [
            np.ones((4, 2)),
            np.ones((3, 2, 3)),
            np.ones((4, 2, 3), dtype=complex),
            np.ones((4, 2, 3), dtype="U1"),
            np.ones((4, 2, 3), dtype=object),
            np.ones((4, 2, 3), dtype="M8[s]"),
            [[[1.0], [1.0, 2.0]]],
            None,
            "text",
        ]
    ),
)
ODD_TABLES = st.one_of(
    st.lists(ODD_VALUES, min_size=4, max_size=4).map(
        lambda cells: pd.DataFrame({"stimulus": pd.Series(cells, dtype=object)})
    ),
    st.sampled_from(
        [pd.DataFrame({"image": list("abcd")}), pd.DataFrame([list("ab")] * 4, columns=["stimulus"] * 2)]
    ),
)
ODD_UNITS = st.sampled_from(
    [
        pd.DataFrame({"name": ["u", "u"]}),
        pd.DataFrame({"name": ["u", None]}),
        pd.DataFrame({"name": [1, 2]}),
        pd.DataFrame({"name": ["u", "v"], "roi_V1": [1, 0]}),
        pd.DataFrame({"name": ["u", "v"], "roi_V1": [True, None]}),
        pd.DataFrame({"name": ["u", "v"], "roi_V1": [0.5, np.nan]}),
    ]
)
ODD_TIMES = st.one_of(
    st.lists(ODD_NUMBERS | st.floats(-1, 1), min_size=3, max_size=3).map(np.array),
    st.sampled_from(
        [np.array([0.0, 0.0, 0.1]), np.array(["a", "b", "c"]), np.zeros((3, 1)), [0.0, 0.1, 0.2], 0.5]
    ),
)


@given(
    change=st.fixed_dictionaries(
        {},
        optional={"responses": ODD_RESPONSES, "trials": ODD_TABLES, "units": ODD_UNITS, "times": ODD_TIMES},
    )
)
def test_odd_parts(change: dict[str, Any]) -> None:
    values = change.pop("responses", np.ones((4, 2, 3)))
    recording = demand(lambda: made(values, **change), EITHER, names=NAMES)
    if recording is not None:
        assert np.isfinite(recording.responses).all()
        assert recording.times is None or (np.diff(recording.times) > 0).all()


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e39])
def test_what_is_no_finite_number_is_refused_in_every_place(odd: float) -> None:
    """The one rule: a recording holds finite numbers only."""
    for place in np.ndindex(4, 2, 3):
        values = np.ones((4, 2, 3))
        values[place] = odd
        with pytest.raises(DataError, match=rf"trial {place[0]}, unit u{place[1]}"):
            made(values)


@given(
    keep=st.lists(st.integers(-9, 9) | st.booleans() | ODD_VALUES, max_size=5) | ODD_VALUES,
    window=st.tuples(ODD_NUMBERS | st.floats(-1, 1), ODD_NUMBERS | st.floats(-1, 1)),
    region=ODD_VALUES,
    asked=st.lists(st.sampled_from(["s0", "s1", "s2"]) | ODD_VALUES, max_size=3),
)
def test_odd_selections(keep: Any, window: tuple[float, float], region: Any, asked: list[Any]) -> None:
    recording = made(np.arange(24.0).reshape(4, 2, 3))
    demand(lambda: recording.select_trials(keep), EITHER, names=NAMES)
    demand(lambda: recording.select_units(keep), EITHER, names=NAMES)
    demand(lambda: recording.crop(*window), EITHER, names=NAMES)
    demand(lambda: recording.roi(region), REFUSED, names=NAMES)
    demand(lambda: recording.averaged().for_stimuli(asked), EITHER, names=NAMES)


@given(mean=ODD_VALUES | ODD_RESPONSES, deviation=ODD_VALUES | ODD_RESPONSES)
def test_odd_statistics(mean: Any, deviation: Any) -> None:
    recording = made(np.arange(24.0).reshape(4, 2, 3))
    found = demand(lambda: recording.standardised(mean, deviation), EITHER, names=NAMES)
    assert found is None or np.isfinite(found.responses).all()


TRIALS = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=4),
    elements=st.sampled_from([0.0, 1.0, -2.0, 1e-30]),
)


@given(trials=TRIALS, odd=st.none() | ODD_NUMBERS)
def test_noise_normalisation(trials: np.ndarray, odd: float | None) -> None:
    """Few samples, flat channels, one trial: a matrix that whitens, or a refusal."""
    if odd is not None:
        trials = np.where(np.arange(trials.size).reshape(trials.shape) == 0, odd, trials)
    conditions = np.arange(len(trials)) % 2

    def read() -> np.ndarray:
        matrix = whitening_matrix(noise_covariance(trials, conditions), where="session 1")
        return whitened(trials, matrix)

    found = demand(read, REFUSED if odd is not None else EITHER, names=NAMES)
    assert found is None or np.isfinite(found).all()
    found = demand(
        lambda: normalised(trials, where="session 1"), REFUSED if odd is not None else EITHER, names=NAMES
    )
    assert found is None or np.isfinite(found).all()


def test_a_flat_trial_cannot_be_normalised() -> None:
    flat = made(np.zeros((4, 2, 3)))
    with pytest.raises(DataError, match="zero throughout"):
        normalised_recording(flat)


@pytest.mark.parametrize("conditions", [[], ["cat"], [["cat", "key"]]])
def test_conditions_that_do_not_fit_their_trials(conditions: Any) -> None:
    with pytest.raises(DataError, match=r"(?s)conditions.*2 trials"):
        noise_covariance(np.ones((2, 3, 4)), conditions)


@pytest.mark.parametrize("matrix", [np.ones((2, 3)), np.ones(4), np.full((2, 2), np.nan), np.zeros((0, 0))])
def test_what_is_no_covariance(matrix: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"(?s)session 1.*(expected|got)"):
        whitening_matrix(matrix, where="session 1")
