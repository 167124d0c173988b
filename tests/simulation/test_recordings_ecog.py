"""A simulated ECoG patient, read back: ids, the planted gain on ventral electrodes alone, drift undone."""

from __future__ import annotations

from pathlib import Path

import mne_bids
import numpy as np
import pandas as pd
import pytest
from tests.random_codes import god_codes, random_stimuli

from companion.errors import DataError
from companion.loading.ecog.files import BASELINE_TASK, find_runs, image_events
from companion.loading.ecog.responses import VENTRAL_STREAM, load_ecog
from companion.recording import Recording
from companion.simulation.brains.ecog import ecog_model
from companion.simulation.dials import Dials
from companion.simulation.recordings import ecog
from companion.simulation.recordings.ecog import simulate_subject
from companion.simulation.scales import EcogScale

SCALE = EcogScale(1, 8, 4, 400.0)
STIMULI = random_stimuli(20, 15)
CODES = god_codes(STIMULI)
DIALS = Dials(signal={"ecog": 3.0})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ecog")
    simulate_subject(folder, 1, stimuli=STIMULI, codes=CODES, scale=SCALE, dials=DIALS)
    return folder


@pytest.fixture(scope="module")
def recordings(folder: Path) -> dict[str, Recording]:
    return {split: load_ecog(folder, 1, split=split, log_power=True) for split in ("train", "test")}  # type: ignore[arg-type]


def test_everything_is_shown_as_often_as_planned(recordings: dict[str, Recording]) -> None:
    for split, count in (("train", 1), ("test", 4)):
        trials = recordings[split].trials
        shown = trials["stimulus"].value_counts()
        assert set(shown.index) == set(STIMULI.of(split)["stimulus"])  # type: ignore[arg-type]
        assert (shown == count).all()
        assert recordings[split].simulated
    assert recordings["train"].trials.groupby("session")["run"].nunique().to_dict() == {"01": 2}
    per_session = recordings["test"].trials.groupby("session")["stimulus"].value_counts()
    assert set(per_session) == {2}
    assert set(recordings["test"].trials["session"]) == {"02", "03"}


def test_events_have_the_timing_of_the_task(folder: Path) -> None:
    for run in find_runs(folder, "E1"):
        events = run.table("events", ("onset", "duration", "trial_type"))
        onsets, durations = (events[name].astype(float) for name in ("onset", "duration"))
        np.testing.assert_allclose(onsets + durations, [*onsets[1:], onsets.iloc[-1] + durations.iloc[-1]])
        short, long = ecog.BASELINE_ASYNCHRONY if run.task == BASELINE_TASK else ecog.ASYNCHRONY
        assert short - 0.003 <= durations.min() < durations.max() <= long + 0.003
        leading = (events["trial_type"] == ecog.LEADING_EVENT).sum()
        assert leading == (0 if run.task == BASELINE_TASK else ecog.N_LEADING)
        assert len(image_events(run, named=True)) == len(events) - leading


def test_high_gamma_follows_the_codes_on_ventral_electrodes_alone(recordings: dict[str, Recording]) -> None:
    model = ecog_model(1, SCALE.n_electrodes, codes=CODES, dials=DIALS)
    assert model.ventral.sum() == 3
    for recording in recordings.values():
        ventral = (recording.units["region"] == VENTRAL_STREAM).to_numpy()
        np.testing.assert_array_equal(ventral, model.ventral)
        gains = model.expected(CODES.select(recording.stimuli))
        assert not gains[:, ~ventral].any()
        told, found = (
            values[:, ventral] - values[:, ventral].mean(axis=0) for values in (gains, recording.responses)
        )
        right = np.corrcoef(told.ravel(), found.ravel())[0, 1]
        wrong = np.corrcoef(np.roll(told, 1, axis=0).ravel(), found.ravel())[0, 1]
        assert right > 0.4
        assert right > wrong + 0.25


def test_electrodes_elsewhere_do_not_repeat(recordings: dict[str, Recording]) -> None:
    test = recordings["test"]
    order = sorted(set(test.stimuli))
    first, second = (
        test.select_trials((test.trials["session"] == session).to_numpy()).averaged().for_stimuli(order)
        for session in ("02", "03")
    )
    ventral = (test.units["region"] == VENTRAL_STREAM).to_numpy()

    def repeats(inside: np.ndarray) -> float:
        one, two = (
            half.responses[:, inside] - half.responses[:, inside].mean(axis=0) for half in (first, second)
        )
        return float((one * two).sum() / np.sqrt((one**2).sum() * (two**2).sum()))

    assert repeats(ventral) > 0.5
    assert abs(repeats(~ventral)) < 0.25


def test_the_baseline_undoes_the_drift_of_impedances(
    folder: Path, recordings: dict[str, Recording], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ecog, "IMPEDANCE_SD", 0.0)
    simulate_subject(tmp_path, 1, stimuli=STIMULI, codes=CODES, scale=SCALE, dials=DIALS)
    drift = np.array([amplitudes(folder, at) - amplitudes(tmp_path, at) for at in ("02", "03")])
    assert drift.std() == pytest.approx(0.3, rel=0.4)
    steady = load_ecog(tmp_path, 1, split="test", log_power=True).responses
    drifting = recordings["test"].responses
    # the common average mixes electrodes, so that a little of the drift is left
    assert np.abs(drifting - steady).mean() < 0.3
    assert np.corrcoef(drifting.ravel(), steady.ravel())[0, 1] > 0.93


def amplitudes(folder: Path, session: str) -> np.ndarray:
    """Logarithm of the standard deviation of each electrode in the baseline run."""
    path = mne_bids.BIDSPath(
        root=folder, subject="E1", session=session, task="baseline", run="01", datatype="ieeg"
    )
    logarithms: np.ndarray = np.log(mne_bids.read_raw_bids(path, verbose="error").get_data().std(axis=1))
    return logarithms


def test_gain_multiplies_high_gamma_and_nothing_else() -> None:
    from scipy.signal import welch

    model = ecog_model(1, SCALE.n_electrodes, codes=CODES, dials=DIALS)
    onsets = np.arange(200) * 0.5 + 0.5
    quiet, loud = (
        model.signals(np.full((200, 8), gain), onsets, 101.0, 500.0, np.random.default_rng(3))
        for gain in (0, 1)
    )
    frequencies, before = welch(quiet, fs=500.0, nperseg=250)
    ratio = np.log(welch(loud, fs=500.0, nperseg=250)[1] / before).mean(axis=0)
    inside = (frequencies >= 90) & (frequencies <= 140)
    outside = (frequencies < 70) | (frequencies > 165)
    assert ratio[inside].mean() == pytest.approx(1.0, abs=0.12)
    assert abs(ratio[outside]).max() < 0.12


def test_electrodes_have_places_in_their_regions() -> None:
    electrodes = ecog_model(2, 24, codes=CODES, dials=Dials()).electrodes
    assert electrodes["name"].is_unique
    ventral = electrodes[electrodes["region"] == VENTRAL_STREAM]
    assert len(ventral) == 10
    assert (ventral["z"] < 0.005).all()
    assert (ventral["y"] < -0.02).all()
    assert (electrodes.loc[electrodes["region"] == "Inferior Parietal Cortex", "z"] > 0.01).all()


def test_the_same_patient_twice_even_where_one_was_left_by_a_killed_process(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "sub-E1").mkdir()
    (tmp_path / "sub-E1/left.txt").touch()
    simulate_subject(tmp_path, 1, stimuli=STIMULI, codes=CODES, scale=SCALE, dials=DIALS)
    name = "sub-E1/ses-02/ieeg/sub-E1_ses-02_task-test_run-01"
    assert (tmp_path / f"{name}_ieeg.eeg").read_bytes() == (folder / f"{name}_ieeg.eeg").read_bytes()
    one, two = (pd.read_csv(root / f"{name}_events.tsv", sep="\t") for root in (tmp_path, folder))
    pd.testing.assert_frame_equal(one, two)
    assert not (tmp_path / "sub-E1/left.txt").exists()


def test_repetitions_that_two_sessions_cannot_share_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="shared out"):
        simulate_subject(
            tmp_path, 1, stimuli=STIMULI, codes=CODES, scale=EcogScale(1, 8, 3, 400.0), dials=DIALS
        )
    assert not list(tmp_path.iterdir())
