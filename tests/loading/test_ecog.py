"""ECoG: what was planted comes out; nothing of a test run reaches the baseline; faults are named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.signal import welch

from companion.errors import DataError
from companion.loading.ecog.responses import VENTRAL_STREAM, load_ecog
from companion.simulation.writers.ecog import EcogRun, write_ecog_subject

RATE = 1000.0
NAMES = ["A1", "A2", "A3", "B1", "B2", "B3"]
BAD = "A2"
GOOD = [name for name in NAMES if name != BAD]
TRAINING = [f"n0000000{category}_{image}" for category in (1, 2, 3) for image in (10, 11, 12, 13)]
TEST = ["n00000008_7", "n00000009_7"] * 2
ELECTRODES = pd.DataFrame(
    {
        "name": NAMES,
        "x": np.linspace(0.01, 0.06, 6),
        "y": -0.05,
        "z": np.linspace(-0.02, -0.01, 6),
        "region": ["Ventral Stream Visual Cortex"] * 3 + ["Early Visual Cortex"] * 3,
        "type": ["ECOG"] * 4 + ["SEEG"] * 2,
    }
)
Plan = list[tuple[str, str, str, list[str]]]
PLAN: Plan = [
    ("01", "baseline", "01", [f"face_{k}" for k in range(8)]),
    ("01", "training", "01", TRAINING[:6]),
    ("01", "training", "02", TRAINING[6:]),
    ("01", "test", "01", TEST[:2]),
    ("02", "baseline", "01", [f"face_{k}" for k in range(8)]),
    ("02", "training", "01", TRAINING[:6]),
    ("02", "test", "01", TEST),
]
Change = Callable[[EcogRun], EcogRun]


def make_runs() -> list[EcogRun]:
    rng = np.random.default_rng(11)
    runs = []
    for session, task, number, images in PLAN:
        shown = ["other_1", *images]  # a leading image of another set, which does not count
        onsets = 0.2 + np.cumsum(rng.uniform(0.5, 0.55, len(shown))).round(3)
        events = pd.DataFrame({"onset": onsets, "duration": 0.5, "stim_id": shown})
        events["trial_type"] = ["leading"] + ["image"] * len(images)
        signals = rng.normal(0, 1e-5, (6, round((onsets[-1] + 0.6) * RATE)))
        runs.append(EcogRun(session, task, number, signals, events, (BAD,) if session == "02" else ()))
    return runs


def write(folder: Path, change: Change = lambda run: run) -> Path:
    write_ecog_subject(
        folder, 1, map(change, make_runs()), electrodes=ELECTRODES, sampling_rate=RATE, simulated=True
    )
    return folder


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("ecog"))


@pytest.fixture
def copied(official: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(official, tmp_path / "copy"))


def by_hand(task: str, *, log_power: bool = False) -> np.ndarray:
    """Every step on the arrays that were written, in plain loops."""
    rows = [NAMES.index(name) for name in GOOD]

    def power(run: EcogRun) -> np.ndarray:
        signals = run.signals[rows] - run.signals[rows].mean(axis=0)
        values = []
        for event in run.events[run.events["trial_type"] == "image"].itertuples():
            start = round(event.onset * RATE)
            frequencies, density = welch(signals[:, start : start + 500], RATE, nperseg=102)
            kept = [k for k, frequency in enumerate(frequencies) if 80 <= frequency <= 150]
            values.append(density[:, kept].sum(axis=1) * RATE / 102)
        return np.log(values) if log_power else np.array(values)

    runs, values = make_runs(), []
    for run in runs:
        if run.task == task:
            (baseline,) = (
                power(other) for other in runs if (other.session, other.task) == (run.session, "baseline")
            )
            values.append((power(run) - baseline.mean(axis=0)) / baseline.std(axis=0, ddof=1))
    return np.concatenate(values)


def test_labels_are_those_of_the_files(official: Path) -> None:
    recording = load_ecog(official, 1, split="train")
    assert recording.responses.shape == (18, 5)
    assert recording.stimuli == TRAINING + TRAINING[:6]
    assert (recording.subject, recording.modality, recording.split) == ("E1", "ECoG", "train")
    assert recording.simulated
    assert recording.times is None
    assert list(recording.trials["session"]) == ["01"] * 12 + ["02"] * 6
    assert list(recording.trials["run"]) == [1] * 6 + [2] * 6 + [1] * 6
    assert list(recording.trials["repetition"]) == [1] * 12 + [2] * 6


def test_electrodes_come_with_place_space_and_region(official: Path) -> None:
    units = load_ecog(official, 1, split="test").units
    expected = ELECTRODES.set_index("name").loc[GOOD].reset_index()
    np.testing.assert_allclose(units[["x", "y", "z"]], expected[["x", "y", "z"]])
    assert list(units["name"]) == GOOD
    assert list(units["region"]) == list(expected["region"])
    assert set(units["space"]) == {"fsaverage"}
    assert list(units.loc[units["region"] == VENTRAL_STREAM, "name"]) == ["A1", "A3"]


def test_millimetres_become_metres(copied: Path) -> None:
    for file in copied.glob("sub-E1/*/ieeg/*_coordsystem.json"):
        file.write_text(file.read_text().replace('"iEEGCoordinateUnits": "m"', '"iEEGCoordinateUnits": "mm"'))
    units = load_ecog(copied, 1, split="test").units
    np.testing.assert_allclose(units["y"], -0.05e-3)


@pytest.mark.parametrize("log_power", [False, True])
@pytest.mark.parametrize(("split", "task"), [("train", "training"), ("test", "test")])
def test_values_equal_each_step_by_hand(official: Path, split: str, task: str, log_power: bool) -> None:
    found = load_ecog(official, 1, split=split, log_power=log_power).responses
    np.testing.assert_allclose(found, by_hand(task, log_power=log_power), rtol=1e-4, atol=1e-4)


def with_burst(frequency: float) -> Change:
    """A burst in channel B2 after the fifth training image of session 02."""

    def change(run: EcogRun) -> EcogRun:
        if (run.session, run.task) != ("02", "training"):
            return run
        signals = run.signals.copy()
        start = round(run.events["onset"].iloc[5] * RATE)
        times = np.arange(500) / RATE
        signals[NAMES.index("B2"), start : start + 500] += 3e-5 * np.sin(2 * np.pi * frequency * times)
        return replace(run, signals=signals)

    return change


def test_a_burst_is_found_in_its_trial_and_channel(official: Path, tmp_path: Path) -> None:
    found = load_ecog(write(tmp_path, with_burst(110)), 1, split="train").responses
    trial, channel = np.unravel_index(found.argmax(), found.shape)
    assert (trial, GOOD[channel]) == (12 + 4, "B2")
    change = found - load_ecog(official, 1, split="train").responses
    assert change[trial, channel] > 10
    assert np.abs(np.delete(change, trial, axis=0)).max() < 0.02 * change[trial, channel]


@pytest.mark.parametrize("frequency", [40, 200])
def test_a_burst_outside_the_band_is_not(official: Path, tmp_path: Path, frequency: float) -> None:
    found = load_ecog(write(tmp_path, with_burst(frequency)), 1, split="train").responses
    before = load_ecog(official, 1, split="train").responses
    assert np.abs(found - before).max() < 0.5


def test_a_signal_common_to_the_good_channels_is_removed(official: Path, tmp_path: Path) -> None:
    def add_common(run: EcogRun) -> EcogRun:
        common = 1e-4 * np.sin(2 * np.pi * 110 * np.arange(run.signals.shape[1]) / RATE)
        signals = run.signals + common
        signals[NAMES.index(BAD)] = 1.0  # were it part of the average, it would undo the rest
        return replace(run, signals=signals)

    found = load_ecog(write(tmp_path, add_common), 1, split="train").responses
    np.testing.assert_allclose(found, load_ecog(official, 1, split="train").responses, atol=2e-3)


def test_a_drift_of_impedance_between_sessions_is_normalised_away(official: Path, tmp_path: Path) -> None:
    def drift(run: EcogRun) -> EcogRun:
        return replace(run, signals=run.signals * (3.0 if run.session == "02" else 1.0))

    found = load_ecog(write(tmp_path, drift), 1, split="train").responses
    np.testing.assert_allclose(found, load_ecog(official, 1, split="train").responses, atol=2e-3)


def eeg_file(folder: Path, session: str, task: str) -> np.memmap:
    name = f"sub-E1_ses-{session}_task-{task}_run-01_ieeg.eeg"
    values = np.memmap(folder / f"sub-E1/ses-{session}/ieeg" / name, dtype="<f4", mode="r+")
    return values.reshape(-1, 6)  # multiplexed: sample by sample


def test_a_changed_test_run_changes_no_training_value(official: Path, copied: Path) -> None:
    eeg_file(copied, "01", "test")[:] *= 7
    eeg_file(copied, "02", "test")[:] += np.random.default_rng(1).normal(0, 1e3, (1, 6)).astype("f4")
    before, after = (load_ecog(folder, 1, split="train").responses for folder in (official, copied))
    np.testing.assert_array_equal(before, after)


def test_a_changed_test_run_changes_no_other_test_value(official: Path, copied: Path) -> None:
    """The baseline of session 01 does not see the test run of session 01 either: only its own rows change."""
    eeg_file(copied, "01", "test")[:] *= 7
    before, after = (load_ecog(folder, 1, split="test") for folder in (official, copied))
    other = (before.trials["session"] == "02").to_numpy()
    np.testing.assert_array_equal(before.responses[other], after.responses[other])
    assert (before.responses[~other] != after.responses[~other]).all()


def test_a_changed_baseline_run_does_change_its_session(official: Path, copied: Path) -> None:
    values = eeg_file(copied, "02", "baseline")
    values[:] *= 2
    before, after = (load_ecog(folder, 1, split="train") for folder in (official, copied))
    changed = (before.trials["session"] == "02").to_numpy()
    np.testing.assert_array_equal(before.responses[~changed], after.responses[~changed])
    assert (before.responses[changed] != after.responses[changed]).all()


def test_shuffled_rows_of_events_keep_their_images(official: Path, copied: Path) -> None:
    for file in copied.glob("sub-E1/*/ieeg/*_events.tsv"):
        header, *rows = file.read_text().splitlines()
        file.write_text("\n".join([header, *rows[::-1]]) + "\n")
    before, after = (load_ecog(folder, 1, split="train") for folder in (official, copied))
    assert before.stimuli == after.stimuli
    np.testing.assert_array_equal(before.responses, after.responses)


def test_a_file_that_mne_bids_wrote_with_channels_in_another_order(official: Path, copied: Path) -> None:
    """Session 02's training run again, by mne-bids alone, channels turned round."""
    import mne
    from mne_bids import BIDSPath, write_raw_bids

    (run,) = (run for run in make_runs() if (run.session, run.task) == ("02", "training"))
    info = mne.create_info(NAMES[::-1], RATE, ["seeg"] * 2 + ["ecog"] * 4)
    raw = mne.io.RawArray(run.signals[::-1], info, verbose="error")
    places = ELECTRODES.set_index("name")[["x", "y", "z"]]
    montage = mne.channels.make_dig_montage(
        {name: places.loc[name].to_numpy() for name in NAMES[::-1]}, coord_frame="mni_tal"
    )
    raw.set_montage(montage, verbose="error")
    raw.info["line_freq"] = 60
    samples = np.round(run.events["onset"].to_numpy() * RATE).astype(int)
    codes = np.where(run.events["trial_type"] == "image", 2, 1)
    path = BIDSPath(root=copied, subject="E1", session="02", task="training", run="01", datatype="ieeg")
    electrodes = next(copied.glob("sub-E1/ses-02/ieeg/*_electrodes.tsv"))
    table = electrodes.read_text()
    write_raw_bids(
        raw,
        path,
        events=np.column_stack([samples, np.zeros_like(samples), codes]),
        event_id={"leading": 1, "image": 2},
        event_metadata=run.events[["trial_type", "stim_id"]],
        extra_columns_descriptions={"stim_id": "image", "trial_type": "kind"},
        allow_preload=True,
        format="BrainVision",
        overwrite=True,
        verbose="error",
    )
    electrodes.write_text(table)
    before, after = (load_ecog(folder, 1, split="train") for folder in (official, copied))
    assert before.stimuli == after.stimuli
    assert list(before.units["name"]) == list(after.units["name"])
    np.testing.assert_allclose(before.responses, after.responses, atol=1e-4)


def edit(folder: Path, pattern: str, old: str, new: str) -> None:
    files = sorted(folder.glob(f"sub-E1/{pattern}"))
    assert files
    for file in files:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))


def drop(folder: Path, pattern: str) -> None:
    files = sorted(folder.glob(f"sub-E1/{pattern}"))
    assert files
    for file in files:
        file.unlink()


def cut(folder: Path, pattern: str, size: int) -> None:
    (file,) = folder.glob(f"sub-E1/{pattern}")
    with file.open("r+b") as stream:
        stream.truncate(size)


def not_a_number(folder: Path, session: str, task: str, channel: str) -> None:
    values = eeg_file(folder, session, task)
    values[len(values) // 2, NAMES.index(channel)] = np.nan


def set_last_onset(folder: Path, onset: str) -> None:
    (file,) = folder.glob("sub-E1/ses-01/ieeg/*training_run-02_events.tsv")
    *rows, last = file.read_text().splitlines()
    file.write_text("\n".join([*rows, onset + last[last.index("\t") :]]) + "\n")


def flatten(folder: Path) -> None:
    eeg_file(folder, "02", "baseline")[:] = 1.0


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no stim_id": (
        lambda root: edit(root, "ses-02/ieeg/*training*_events.tsv", "stim_id", "picture"),
        r"lacks column 'stim_id'.*ses-02_task-training_run-01_events.tsv.*got: onset",
    ),
    "no onset": (
        lambda root: edit(root, "ses-01/ieeg/*baseline*_events.tsv", "onset", "start"),
        r"lacks column 'onset'.*baseline_run-01_events.tsv",
    ),
    "no events file": (
        lambda root: drop(root, "ses-01/ieeg/*test*_events.tsv"),
        r"missing.*test_run-01_events",
    ),
    "no electrodes": (
        lambda root: drop(root, "ses-02/ieeg/*_electrodes.tsv"),
        r"one table of electrodes.*ses-02",
    ),
    "no coordinate system": (
        lambda root: drop(root, "ses-02/ieeg/*_coordsystem.json"),
        r"missing.*coordsystem",
    ),
    "unknown unit": (
        lambda root: edit(root, "ses-01/ieeg/*_coordsystem.json", '"m"', '"pixels"'),
        r"coordinate system.*'pixels'",
    ),
    "no region": (
        lambda root: edit(root, "ses-01/ieeg/*_electrodes.tsv", "region", "lobe"),
        r"lacks column 'region'.*space-fsaverage_electrodes",
    ),
    "electrode without a place": (
        lambda root: edit(root, "ses-01/ieeg/*_electrodes.tsv", "B3\t0.06", "B3\tn/a"),
        r"no electrode with a place.*nothing for B3",
    ),
    "electrode twice": (
        lambda root: edit(root, "ses-01/ieeg/*_electrodes.tsv", "B3\t", "B2\t"),
        r"listed twice.*got: B2",
    ),
    "electrodes that moved": (
        lambda root: edit(root, "ses-02/ieeg/*_electrodes.tsv", "B3\t0.06", "B3\t0.07"),
        r"electrodes of two sessions differ.*got: B3",
    ),
    "renamed channel": (
        lambda root: edit(root, "ses-02/ieeg/*test*_channels.tsv", "B3\t", "B4\t"),
        r"lists of channels of two runs differ.*ses-02_task-test.*B3, B4",
    ),
    "sample that is no number": (
        lambda root: not_a_number(root, "02", "training", "B1"),
        r"not a finite number.*ses-02_task-training_run-01_ieeg.vhdr, channel B1, \d",
    ),
    "baseline sample that is no number": (
        lambda root: not_a_number(root, "01", "baseline", "A3"),
        r"not a finite number.*ses-01_task-baseline_run-01_ieeg.vhdr, channel A3",
    ),
    "onset beyond the end": (
        lambda root: set_last_onset(root, "99.5"),
        r"1 events lie outside.*ses-01_task-training_run-02.*got: 99.5 s",
    ),
    "onset too near the end": (lambda root: set_last_onset(root, "4.0"), r"1 events lie outside.*got: 4 s"),
    "onset before the start": (
        lambda root: set_last_onset(root, "-0.1"),
        r"1 events lie outside.*got: -0.1 s",
    ),
    "onset that is no number": (
        lambda root: set_last_onset(root, "n/a"),
        r"no number, or occurs twice.*training_run-02_events.tsv, row 5 of the images.*'n/a'",
    ),
    "event twice": (
        lambda root: set_last_onset(root, "3.36"),
        r"no number, or occurs twice.*training_run-02_events.tsv.*'3.36'",
    ),
    "flat baseline": (
        lambda root: flatten(root),
        r"constant in the baseline run.*ses-02_task-baseline.*channel ",
    ),
    "unknown id": (
        lambda root: edit(root, "ses-02/ieeg/*training*_events.tsv", "n00000001_10", "aardvark_01b"),
        r"not the name of a GOD image.*ses-02_task-training_run-01_events.tsv, image 0.*'aardvark_01b'",
    ),
    "id with an extension": (
        lambda root: edit(root, "ses-02/ieeg/*test*_events.tsv", "n00000008_7", "n00000008_7.JPEG"),
        r"not the name of a GOD image.*'n00000008_7.JPEG'",
    ),
    "test category in training": (
        lambda root: edit(root, "ses-02/ieeg/*training*_events.tsv", "n00000001_10", "n00000008_12"),
        r"1 test categories are among the training images.*got: n00000008",
    ),
    "no image": (
        lambda root: [edit(root, "ses-01/ieeg/*test*_events.tsv", "image", "shape") for _ in range(2)],
        r"No image was shown.*ses-01_task-test",
    ),
    "no baseline": (
        lambda root: drop(root, "ses-02/ieeg/*baseline*"),
        r"no baseline run.*ses-02.*got: test, train",
    ),
    "recording cut short": (
        lambda root: cut(root, "ses-02/ieeg/*training*_ieeg.eeg", 6 * 4 * 1000),
        r"lie outside the recording.*ses-02_task-training.*expected: onsets from 0 to 0.5 s",
    ),
    "recording empty": (
        lambda root: cut(root, "ses-02/ieeg/*training*_ieeg.eeg", 0),
        r"ses-02_task-training_run-01_ieeg.vhdr",
    ),
    "header cut short": (
        lambda root: cut(root, "ses-02/ieeg/*training*_ieeg.vhdr", 300),
        r"cannot be read.*ses-02_task-training_run-01_ieeg.vhdr",
    ),
    "no signals": (
        lambda root: drop(root, "ses-02/ieeg/*training*_ieeg.eeg"),
        r"missing.*ses-02_task-train",
    ),
    "no description": (
        lambda root: (root / "dataset_description.json").unlink(),
        r"missing.*dataset_description.json",
    ),
    "description that is no JSON": (
        lambda root: (root / "dataset_description.json").write_text("{"),
        r"not JSON.*dataset_description.json",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(copied: Path, fault: str) -> None:
    break_it, message = FAULTS[fault]
    break_it(copied)
    with pytest.raises(DataError, match=f"(?s){message}"):
        load_ecog(copied, 1, split="train")


def test_power_of_zero_has_no_logarithm(copied: Path) -> None:
    flatten(copied)
    with pytest.raises(DataError, match=r"(?s)no logarithm.*ses-02_task-baseline_run-01_ieeg.vhdr"):
        load_ecog(copied, 1, split="train", log_power=True)


def test_a_file_name_that_is_not_bids_is_named(copied: Path) -> None:
    (file,) = copied.glob("sub-E1/ses-02/ieeg/*task-test*_ieeg.vhdr")
    file.rename(file.with_name("sub-E1_ses-02_task-test_run-b_ieeg.vhdr"))
    with pytest.raises(DataError, match=r"(?s)not BIDS.*run-b_ieeg.vhdr"):
        load_ecog(copied, 1, split="train")


def test_a_bad_channel_may_hold_anything(official: Path, copied: Path) -> None:
    not_a_number(copied, "01", "training", BAD)
    before, after = (load_ecog(folder, 1, split="train").responses for folder in (official, copied))
    np.testing.assert_array_equal(before, after)


def test_two_epochs_are_needed_for_a_deviation(copied: Path) -> None:
    (file,) = copied.glob("sub-E1/ses-02/ieeg/*baseline*_events.tsv")
    file.write_text("\n".join(file.read_text().splitlines()[:3]) + "\n")
    with pytest.raises(DataError, match=r"(?s)two baseline images.*ses-02_task-baseline.*got: 1"):
        load_ecog(copied, 1, split="train")


@pytest.mark.parametrize(
    ("subject", "split", "message"),
    [(2, "train", r"No ECoG recording of sub-E2"), (1, "imagery", r"no such split.*train or test.*imagery")],
)
def test_what_is_not_there_is_named(official: Path, subject: int, split: str, message: str) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        load_ecog(official, subject, split=split)


def test_an_unmarked_data_set_is_not_simulated(copied: Path) -> None:
    file = copied / "dataset_description.json"
    content = json.loads(file.read_text())
    del content["Simulated"]
    file.write_text(json.dumps(content))
    assert not load_ecog(copied, 1, split="test").simulated
