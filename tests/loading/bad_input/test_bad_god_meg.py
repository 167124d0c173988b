"""GOD-MEG: epochs of sessions that do not fit, hold no numbers, or are no epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bad_input.damage import ODD_VALUES
from tests.bad_recordings import ODD_NUMBERS, Verdict, any_accident, copy_of, demand

from companion.loading.god.meg import load_god_meg
from companion.simulation.writers.god_meg import gradiometer_info, write_god_meg_session

REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER
RATE = 200.0
IMAGES = {"n00000001_5": "train", "n00000002_5": "train", "n00000009_1": "test"}
NAME = "sub-M1_ses-02_epo.fif"


def table() -> pd.DataFrame:
    return pd.DataFrame({"stimulus": list(IMAGES), "split": list(IMAGES.values()), "run": [1, 1, 2]})


def sensors(n_sensors: int = 3, rate: float = RATE) -> mne.Info:
    return gradiometer_info(np.eye(5)[:n_sensors, :3] * 0.12 + 0.01, np.ones((n_sensors, 3)), rate)


def signals(n_trials: int = 3, n_sensors: int = 3, n_times: int = 121) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1e-13, (n_trials, n_sensors, n_times))


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meg")
    for session in ("01", "02"):
        write_god_meg_session(folder, 1, session, signals(), table(), sensors())
    return folder


def load(folder: Path, **options: Any) -> Any:
    return load_god_meg(folder, 1, **{"split": "train", **options})


def other_cells(draw: st.DrawFn, folder: Path) -> Verdict:
    frame = table().astype(object)
    column = draw(st.sampled_from(list(frame)))
    odd = draw(ODD_VALUES.filter(lambda value: "ud800" not in ascii(value)))  # which MNE cannot write
    cells = [odd, *frame[column][1:]]
    return save(
        folder, signals(), frame.assign(**{column: pd.Series(cells, dtype=object)}), sensors(), EITHER
    )


def other_columns(draw: st.DrawFn, folder: Path) -> Verdict:
    frame = table()
    kind = draw(st.sampled_from(["missing", "more", "none", "leak", "uneven", "unknown split"]))
    if kind == "missing":
        return save(
            folder, signals(), frame.drop(columns=draw(st.sampled_from(list(frame)))), sensors(), REFUSED
        )
    if kind == "more":
        return save(folder, signals(), frame.assign(note="x"), sensors(), SAME)
    if kind == "leak":
        frame["split"] = ["train", "test", "test"]
    elif kind == "uneven":
        frame.loc[0, "stimulus"] = "n00000002_5"
    elif kind == "unknown split":
        frame.loc[2, "split"] = draw(st.sampled_from(["Test", "", "valid"]))
    return save(folder, signals(), None if kind == "none" else frame, sensors(), REFUSED)


def other_signals(draw: st.DrawFn, folder: Path) -> Verdict:
    kind = draw(st.sampled_from(["number", "sensors", "rate", "times", "one sample", "constant"]))
    values, info, verdict = signals(), sensors(), REFUSED
    if kind == "number":
        values[draw(st.integers(0, 1)), draw(st.integers(0, 2)), draw(st.integers(0, 120))] = np.nan
    elif kind == "sensors":
        values, info = signals(n_sensors=2), sensors(2)
    elif kind == "rate":
        info = sensors(rate=draw(st.sampled_from([1.0, 100.0, 1e5])))
    elif kind == "times":
        values = signals(n_times=draw(st.sampled_from([2, 20, 120, 200])))
    elif kind == "one sample":
        values = signals(n_times=1)
    else:
        values[:, 0], verdict = 0.0, EITHER
    return save(folder, values, table(), info, verdict)


def save(
    folder: Path, values: np.ndarray, frame: pd.DataFrame | None, info: mne.Info, verdict: Verdict
) -> Verdict:
    """Save the second session as MNE does, whatever its table is."""
    epochs = mne.EpochsArray(
        values, info, tmin=-0.1, metadata=frame, baseline=None, proj=False, verbose="error"
    )
    epochs.info["description"] = "SIMULATED"
    epochs.save(folder / NAME, overwrite=True, verbose="error")
    return verdict


def the_file(draw: st.DrawFn, folder: Path) -> Verdict:
    verdict = any_accident(draw, folder / NAME)
    there = (folder / NAME).exists() or (folder / NAME).is_symlink()
    return verdict if there else EITHER  # a session less is a recording with fewer repetitions


@given(
    data=st.data(),
    change=st.sampled_from([other_cells, other_columns, other_signals, the_file]),
    bin_width=st.sampled_from([None, 0.1]),
)
def test_a_session(valid: Path, data: st.DataObject, change: Any, bin_width: float | None) -> None:
    same = load(valid, bin_width=bin_width)
    with copy_of(valid) as folder:
        verdict = change(data.draw, folder)
        demand(lambda: load(folder, bin_width=bin_width), verdict, names=[NAME, str(folder)], same=same)


@given(
    bin_width=ODD_NUMBERS | st.floats(-1, 1) | st.sampled_from([0.0, -0.05, 1e-300, 1e-6, 0.3, 0.05, 0.5]),
    start=ODD_NUMBERS | st.floats(-1, 1),
    stop=ODD_NUMBERS | st.floats(-1, 1),
)
def test_bins_and_baselines(valid: Path, bin_width: float, start: float, stop: float) -> None:
    options = {"bin_width": bin_width, "baseline": (start, stop)}
    demand(lambda: load(valid, **options), EITHER, names="sub-M1_ses-01_epo.fif")


@given(subject=st.sampled_from([0, 2, -1, 10]), split=ODD_VALUES | st.just("imagery"))
def test_people_and_splits_that_do_not_exist(valid: Path, subject: int, split: Any) -> None:
    demand(lambda: load_god_meg(valid, subject, split="train"), REFUSED, names=str(valid))
    demand(lambda: load(valid, split=split), REFUSED, names="split")
