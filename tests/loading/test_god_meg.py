"""GOD-MEG: each epoch keeps its image; bins and baselines against loops; faults are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.god.meg import load_god_meg
from companion.loading.god.time_bins import Reduction
from companion.simulation.writers.god_meg import gradiometer_info, write_god_meg_session

RATE = 200.0
TIMES = np.arange(-20, 101) / RATE
IMAGES = {"n00000001_5": "train", "n00000001_6": "train", "n00000002_5": "train", "n00000009_1": "test"}
N_SENSORS = 5
Session = tuple[np.ndarray, pd.DataFrame, Any]


def sensors(n_sensors: int = N_SENSORS) -> Any:
    directions = np.random.default_rng(0).normal(size=(n_sensors, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return gradiometer_info(0.12 * directions, directions, RATE)


def make_sessions() -> dict[str, Session]:
    """Two sessions of three presentations of each image, in random order."""
    rng = np.random.default_rng(8)
    sessions = {}
    for name in ("01", "02"):
        shown = rng.permutation(list(IMAGES) * 3)
        trials = pd.DataFrame(
            {"stimulus": shown, "split": [IMAGES[image] for image in shown], "run": np.arange(12) // 6 + 1}
        )
        sessions[name] = (rng.normal(0, 1e-13, (12, N_SENSORS, len(TIMES))), trials, sensors())
    return sessions


def write(folder: Path, sessions: dict[str, Session], *, simulated: bool = True) -> Path:
    for name, (responses, trials, info) in sessions.items():
        write_god_meg_session(folder, 1, name, responses, trials, info, simulated=simulated)
    return folder


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("meg"), make_sessions(), simulated=False)


def of_split(split: str) -> tuple[np.ndarray, list[str]]:
    rows = [
        (response, trial.stimulus)
        for responses, trials, _ in make_sessions().values()
        for response, trial in zip(responses, trials.itertuples(), strict=True)
        if trial.split == split
    ]
    return np.stack([response for response, _ in rows]), [stimulus for _, stimulus in rows]


@pytest.mark.parametrize("split", ["train", "test"])
def test_epochs_keep_their_images(official: Path, split: str) -> None:
    recording = load_god_meg(official, 1, split=split, baseline=None)
    responses, stimuli = of_split(split)
    assert recording.stimuli == stimuli
    np.testing.assert_allclose(recording.responses, responses, rtol=1e-6, atol=1e-20)
    np.testing.assert_allclose(recording.times, TIMES, atol=1e-9)
    assert (recording.subject, recording.dataset, recording.modality) == ("M1", "GOD-MEG", "MEG")
    assert not recording.simulated
    assert (
        recording.trials.groupby("stimulus")["repetition"]
        .agg(list)
        .map(sorted)
        .eq(pd.Series({image: [1, 2, 3, 4, 5, 6] for image in set(stimuli)}))
        .all()
    )


def test_the_baseline_is_subtracted(official: Path) -> None:
    found = load_god_meg(official, 1, split="test").responses
    responses, _ = of_split("test")
    kept = [k for k, time in enumerate(TIMES) if -0.1 <= round(time, 6) <= 0]
    assert len(kept) == 21
    np.testing.assert_allclose(
        found, responses - responses[..., kept].mean(axis=-1, keepdims=True), rtol=1e-5, atol=1e-19
    )


def test_bins_are_means_of_their_samples(official: Path) -> None:
    found = load_god_meg(official, 1, split="train", bin_width=0.05, baseline=None)
    responses, _ = of_split("train")
    expected = [
        responses[..., [k for k, time in enumerate(TIMES) if start <= round(1000 * time) < start + 50]]
        for start in range(0, 500, 50)
    ]
    assert {part.shape[-1] for part in expected} == {10}
    means = np.stack([part.mean(axis=-1) for part in expected], axis=-1)
    np.testing.assert_allclose(found.responses, means, rtol=1e-5, atol=1e-19)
    np.testing.assert_allclose(found.times, np.arange(0.025, 0.5, 0.05))


@pytest.mark.parametrize(("rate", "n_samples"), [(1000.0, 50), (200.0, 10), (120.0, 6), (100.0, 5)])
def test_bins_start_at_onset_at_any_rate(rate: float, n_samples: int) -> None:
    times = np.arange(round(-0.1 * rate), round(0.5 * rate) + 1) / rate
    reduced = Reduction.of(times, 0.05, None, where="here")
    assert reduced.edges is not None
    assert set(np.diff(reduced.edges)) == {n_samples}
    assert times[reduced.edges[0]] == 0


def test_sensors_come_in_head_coordinates(official: Path, tmp_path: Path) -> None:
    import mne

    units = load_god_meg(official, 1, split="test").units
    places = np.array([channel["loc"][:3] for channel in sensors()["chs"]])
    np.testing.assert_allclose(units[["x", "y", "z"]], places, atol=1e-7)
    assert set(units["space"]) == {"head"}

    sessions = make_sessions()
    for number, (_, _, info) in enumerate(sessions.values()):
        shift = mne.transforms.translation(z=-0.03 - number)
        with info._unlock():
            info["dev_head_t"] = mne.transforms.Transform("meg", "head", shift)
    moved = load_god_meg(write(tmp_path, sessions), 1, split="test").units
    np.testing.assert_allclose(moved["z"], places[:, 2] - 0.03, atol=1e-7)


def test_a_bad_sensor_is_left_out_everywhere(tmp_path: Path) -> None:
    sessions = make_sessions()
    sessions["02"][0][:, 1] = np.nan
    sessions["02"][2]["bads"] = ["MEG 002"]
    recording = load_god_meg(write(tmp_path, sessions), 1, split="train", baseline=None)
    assert list(recording.units["name"]) == ["MEG 001", "MEG 003", "MEG 004", "MEG 005"]
    np.testing.assert_allclose(
        recording.responses, of_split("train")[0][:, [0, 2, 3, 4]], rtol=1e-6, atol=1e-20
    )


def test_sensors_in_another_order_keep_their_signals(tmp_path: Path) -> None:
    """The second session again, by MNE alone: sensors turned round, a stimulus channel before them."""
    import mne

    sessions = make_sessions()
    responses, trials, info = sessions.pop("02")
    write(tmp_path, sessions)
    events = np.column_stack([np.arange(12) * 100, np.zeros(12, int), np.ones(12, int)])
    epochs = mne.EpochsArray(responses, info, events, tmin=-0.1, metadata=trials, verbose="error")
    stimulus = mne.EpochsArray(
        np.ones((12, 1, len(TIMES))),
        mne.create_info(["STI"], RATE, "stim"),
        events,
        tmin=-0.1,
        verbose="error",
    )
    epochs.add_channels([stimulus], force_update_info=True)
    epochs.reorder_channels(["STI", *info.ch_names[::-1]])
    epochs.save(tmp_path / "sub-M1_ses-02_epo.fif", verbose="error")
    for split in ("train", "test"):
        found = load_god_meg(tmp_path, 1, split=split, baseline=None)
        np.testing.assert_allclose(found.responses, of_split(split)[0], rtol=1e-6, atol=1e-20)


def parts_of_one_session(folder: Path) -> tuple[list[Path], np.ndarray, pd.DataFrame]:
    """One session that MNE writes in several parts: 1,000 epochs."""
    import mne

    trials = pd.DataFrame({"stimulus": list(IMAGES) * 250, "split": list(IMAGES.values()) * 250, "run": 1})
    trials = trials.sample(frac=1, random_state=0, ignore_index=True)
    responses = np.random.default_rng(0).normal(0, 1e-13, (1000, N_SENSORS, len(TIMES)))
    epochs = mne.EpochsArray(responses, sensors(), tmin=-0.1, metadata=trials, verbose="error")
    saved = epochs.save(folder / "sub-M1_ses-01_epo.fif", split_size="2MB", verbose="error")
    return [Path(part) for part in saved], responses, trials


def test_a_session_in_parts_is_read_to_its_end(tmp_path: Path) -> None:
    parts, responses, trials = parts_of_one_session(tmp_path)
    assert len(parts) > 1
    found = load_god_meg(tmp_path, 1, split="test", baseline=None)
    shown = (trials["split"] == "test").to_numpy()
    np.testing.assert_allclose(found.responses, responses[shown], rtol=1e-6, atol=1e-20)


def test_a_lost_part_is_named(tmp_path: Path) -> None:
    parts, _, _ = parts_of_one_session(tmp_path)
    parts[1].unlink()
    with pytest.raises(DataError, match=r"(?s)missing.*sub-M1_ses-01_epo-1.fif"):
        load_god_meg(tmp_path, 1, split="test")


def test_a_changed_test_epoch_changes_no_training_value(official: Path, tmp_path: Path) -> None:
    sessions = make_sessions()
    for responses, trials, _ in sessions.values():
        responses[(trials["split"] == "test").to_numpy()] *= 50
    write(tmp_path, sessions)
    before, after = (load_god_meg(folder, 1, split="train").responses for folder in (official, tmp_path))
    np.testing.assert_array_equal(before, after)


def test_the_marker_of_simulation_is_read(tmp_path: Path) -> None:
    assert load_god_meg(write(tmp_path, make_sessions()), 1, split="test").simulated


def test_one_simulated_session_marks_the_recording(tmp_path: Path) -> None:
    first, second = ({name: session} for name, session in make_sessions().items())
    write(tmp_path, first, simulated=False)
    write(tmp_path, second)
    assert load_god_meg(tmp_path, 1, split="test").simulated


def change_cell(column: str, value: object) -> Callable[[dict[str, Session]], None]:
    def change(sessions: dict[str, Session]) -> None:
        trials = sessions["02"][1]
        row = trials.index[trials["stimulus"] == "n00000001_6"][0]
        trials.loc[row, column] = value

    return change


def set_nan(sessions: dict[str, Session]) -> None:
    trials = sessions["02"][1]
    sessions["02"][0][trials.index[trials["split"] == "train"][0], 3, 40] = np.nan


def lose_epoch(sessions: dict[str, Session]) -> None:
    responses, trials, info = sessions["01"]
    lost = int(trials.index[trials["stimulus"] == "n00000002_5"][0])
    sessions["01"] = (np.delete(responses, lost, axis=0), trials.drop(index=lost), info)


def lose_sensor(sessions: dict[str, Session]) -> None:
    responses, trials, _ = sessions["02"]
    sessions["02"] = (responses[:, :4], trials, sensors(4))


def shorten(sessions: dict[str, Session]) -> None:
    responses, trials, info = sessions["02"]
    sessions["02"] = (responses[..., :-3], trials, info)


FAULTS: dict[str, tuple[Callable[[dict[str, Session]], object], str]] = {
    "unknown id": (
        change_cell("stimulus", "goldfish_12s"),
        r"not the name of a GOD image.*sub-M1_ses-02_epo.fif, image \d+.*'goldfish_12s'",
    ),
    "category in both splits": (
        change_cell("stimulus", "n00000009_7"),
        r"1 test categories are among the training images.*got: n00000009",
    ),
    "epoch of another image": (
        change_cell("stimulus", "n00000001_5"),
        r"not shown as often.*over all sessions.*do: keep every epoch",
    ),
    "epoch lost": (lose_epoch, r"1 images are not shown as often.*expected: 6 epochs.*got: 5 of n00000002_5"),
    "value that is no number": (set_nan, r"not a finite number.*ses-02_epo.fif, epoch \d+, sensor MEG 004"),
    "sensor lost": (lose_sensor, r"sensors of two sessions differ.*ses-02.*ses-01.*expected: 5.*MEG 005"),
    "other times": (shorten, r"sampled at other times.*ses-02.*expected: 121 samples.*got: 118 samples"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(tmp_path: Path, fault: str) -> None:
    break_it, message = FAULTS[fault]
    sessions = make_sessions()
    break_it(sessions)
    write(tmp_path, sessions)
    with pytest.raises(DataError, match=f"(?s){message}"):
        load_god_meg(tmp_path, 1, split="train")


@pytest.mark.parametrize("share", [0, 0.01, 0.2, 0.5, 0.9])
def test_a_file_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    write(tmp_path, make_sessions())
    path = tmp_path / "sub-M1_ses-02_epo.fif"
    with path.open("r+b") as stream:
        stream.truncate(round(share * path.stat().st_size))
    with pytest.raises(DataError, match=r"(?s)cannot be read.*sub-M1_ses-02_epo.fif"):
        load_god_meg(tmp_path, 1, split="train")


def test_metadata_must_be_those_of_the_layout(tmp_path: Path) -> None:
    import mne

    responses, trials, info = make_sessions()["01"]
    for metadata, message in (
        (None, r"lack 'stimulus'.*got: no metadata"),
        (trials.drop(columns="run"), r"lack 'run'.*got: stimulus, split"),
        (trials.replace({"split": {"test": "catch"}}), r"of no split.*ses-01_epo.fif.*got: catch"),
    ):
        epochs = mne.EpochsArray(responses, info, tmin=-0.1, metadata=metadata, verbose="error")
        epochs.save(tmp_path / "sub-M1_ses-01_epo.fif", overwrite=True, verbose="error")
        with pytest.raises(DataError, match=f"(?s){message}"):
            load_god_meg(tmp_path, 1, split="train")


def test_a_person_without_files_is_named(official: Path) -> None:
    with pytest.raises(MissingDataError, match=r"(?s)person M2.*sub-M2_ses-01_epo.fif"):
        load_god_meg(official, 2, split="train")


def test_there_is_no_imagery(official: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)no such split.*got: 'imagery'"):
        load_god_meg(official, 1, split="imagery")


@pytest.mark.parametrize("width", [0.0, -0.05, 0.03, 1.0])
def test_bins_that_do_not_divide_the_window_are_refused(official: Path, width: float) -> None:
    with pytest.raises(DataError, match=r"must divide 0\.5 s"):
        load_god_meg(official, 1, split="train", bin_width=width)


def test_bins_without_samples_are_refused(official: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)do not fill the bins.*steps of 0\.005 s"):
        load_god_meg(official, 1, split="train", bin_width=0.001)


def test_a_baseline_outside_the_epochs_is_refused(official: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)lack the baseline.*\(-0\.5, 0\.0\).*-0\.1 to 0\.5 s"):
        load_god_meg(official, 1, split="train", baseline=(-0.5, 0.0))
