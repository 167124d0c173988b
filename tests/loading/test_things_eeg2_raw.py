"""Raw THINGS-EEG2 sessions: against the published steps done one by one with MNE, SciPy and scikit-learn."""

import os
import shutil

import mne
import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power
from sklearn.discriminant_analysis import _cov
from sklearn.utils import shuffle

from companion.errors import DataError
from companion.loading.things_eeg2 import raw as things_eeg2_raw
from companion.loading.things_eeg2.layout import CHANNELS_63, raw_file
from companion.loading.things_eeg2.raw import DRAW_SEED, load_things_eeg2_raw
from companion.simulation.writers.things_eeg2 import write_image_metadata, write_raw_session

TRAINING = ["00001_a/a_01b", "00001_a/a_02s", "00002_b/b_01b", "00003_c/c_01b"]
TEST = ["00001_d/d_01b", "00002_e/e_04n"]
IMAGES = {"train": TRAINING, "test": TEST}
SESSIONS = (1, 2, 3)
MOST = {"train": 2, "test": 20}
# as in the recordings, a training image occurs in two sessions only, and in one more often than is kept
SHOWN = {
    ("train", 1): [1, 2, 1, 3, 2, 1, 3],
    ("train", 2): [4, 3, 3, 4, 2, 2],
    ("train", 3): [4, 1, 4, 1, 4],
    ("test", 1): [1, 2] * 2,
    ("test", 2): [2, 1] * 2,
    ("test", 3): [1, 1, 2, 2],
}
FILE_CHANNELS = ["Fz", *CHANNELS_63[::-1]]  # another order, and one more
TARGET = 99999


def recording(split, session, seed=0):
    """Signals in volts with drift, shared noise and offsets, and event codes every 200 ms with targets."""
    rng = np.random.default_rng([seed, len(split), session])
    events = list(SHOWN[split, session])
    events.insert(2, TARGET)
    codes = np.zeros(400 + 200 * len(events) + 1100)
    codes[350 + 200 * np.arange(len(events))] = events
    mixing = rng.normal(size=(64, 64)) / 8 + np.eye(64)
    noise = (
        mixing @ rng.normal(size=(64, len(codes))) + np.cumsum(rng.normal(size=(64, len(codes))), axis=1) / 20
    )
    return 1e-5 * noise + 1e-4, codes


def write_session(folder, split, session, *, signals, codes, simulated=True):
    options = {"split": split, "channels": FILE_CHANNELS, "simulated": simulated}
    return write_raw_session(folder, 1, session, signals=signals, codes=codes, **options)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """Sessions that no test changes."""
    folder = tmp_path_factory.mktemp("eeg2")
    write_image_metadata(folder, training=TRAINING, test=TEST)
    for split, session in SHOWN:
        signals, codes = recording(split, session)
        write_session(folder, split, session, signals=signals, codes=codes)
    return folder


@pytest.fixture
def world(untouched, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(untouched, tmp_path / "copy")


@pytest.fixture(scope="module")
def published(untouched):
    return published_steps(untouched)


def published_steps(folder):
    """The order of the published code, step after step, everything in memory and double precision."""
    whitened, conditions = {"train": [], "test": []}, {"train": [], "test": []}
    for session in SESSIONS:
        sorted_by_image = {}
        for split in IMAGES:
            content = np.load(raw_file(folder, 1, session, split), allow_pickle=True).item()
            info = mne.create_info(content["ch_names"], content["sfreq"], content["ch_types"])
            raw = mne.io.RawArray(content["raw_eeg_data"], info, verbose="error")
            events = mne.find_events(raw, stim_channel="stim", verbose="error")
            raw.pick(list(CHANNELS_63), verbose="error").reorder_channels(list(CHANNELS_63))
            events = events[events[:, 2] != TARGET]
            epochs = mne.Epochs(
                raw, events, tmin=-0.2, tmax=1.0, baseline=(None, 0), preload=True, verbose="error"
            )
            epochs.resample(250, verbose="error")
            data = epochs.get_data(copy=True)[..., 50:]
            codes = epochs.events[:, 2]
            kept = {}
            for code in np.unique(codes):
                found = np.flatnonzero(codes == code)
                n_kept = min(MOST[split], len(found))
                kept[int(code)] = data[shuffle(found, random_state=DRAW_SEED, n_samples=n_kept)]
            sorted_by_image[split] = kept
        covariance = np.mean(
            [
                np.mean([_cov(trial.T, shrinkage="auto") for trial in repetitions], axis=0)
                for repetitions in sorted_by_image["train"].values()
            ],
            axis=0,
        )
        matrix = fractional_matrix_power(covariance, -0.5)
        for split, kept in sorted_by_image.items():
            for code, repetitions in kept.items():
                conditions[split].append(code)
                whitened[split].append((repetitions.swapaxes(1, 2) @ matrix).swapaxes(1, 2))
    merged = {}
    for split in IMAGES:
        rows = [
            np.concatenate([w for w, c in zip(whitened[split], conditions[split], strict=True) if c == i + 1])
            for i in range(len(IMAGES[split]))
        ]
        together = np.stack(rows)
        merged[split] = together[:, shuffle(np.arange(together.shape[1]), random_state=DRAW_SEED)]
    return merged


def test_every_repetition_is_that_of_the_published_steps(untouched, published, monkeypatch):
    monkeypatch.setattr(things_eeg2_raw, "TRIALS_PER_BLOCK", 3)
    found = load_things_eeg2_raw(untouched, 1, average=False, normalise=False)
    for ours, (split, expected) in zip(found, published.items(), strict=True):
        assert ours.split == split
        assert expected.shape == (len(IMAGES[split]), 4 if split == "train" else 6, 63, 250)
        flat = expected.reshape(-1, 63, 250)
        np.testing.assert_allclose(ours.responses, flat, atol=1e-5 * np.abs(flat).max())
        np.testing.assert_array_equal(ours.times, np.arange(250) / 250)
        assert list(ours.units["name"]) == list(CHANNELS_63)
        assert ours.stimuli == [image for image in IMAGES[split] for _ in range(expected.shape[1])]


def test_averages_of_normalised_and_plain_repetitions(untouched, published):
    for normalise in (True, False):
        for ours in load_things_eeg2_raw(untouched, 1, normalise=normalise):
            x = published[ours.split]
            if normalise:
                x = (x - x.mean(axis=3, keepdims=True)) / np.linalg.norm(x, axis=3, keepdims=True)
            mean = x.mean(axis=1)
            np.testing.assert_allclose(ours.responses, mean, atol=1e-5 * np.abs(mean).max())
            assert ours.stimuli == IMAGES[ours.split]
            assert set(ours.trials["n_repetitions"]) == {x.shape[1]}


def test_sessions_and_repetitions_are_told(untouched):
    training, test = load_things_eeg2_raw(untouched, 1, average=False)
    for stimulus, rows in training.trials.groupby("stimulus"):
        code = TRAINING.index(stimulus) + 1
        where = [session for session in SESSIONS if code in SHOWN["train", session]]
        assert sorted(rows["session"]) == sorted(where * 2)
        assert sorted(rows["repetition"]) == [1, 2, 3, 4]
    assert sorted(test.trials["session"]) == sorted([1, 2, 3] * 4)
    assert training.simulated
    assert test.simulated


def test_the_seed_draws_the_repetitions(untouched):
    default, other = (load_things_eeg2_raw(untouched, 1, seed=seed)[0] for seed in (DRAW_SEED, 0))
    again = load_things_eeg2_raw(untouched, 1)[0]
    np.testing.assert_array_equal(default.responses, again.responses)
    assert not np.array_equal(default.responses[0], other.responses[0])  # three shown in session 1, two kept


def test_whitening_takes_nothing_from_the_test_partition(world):
    training, test = load_things_eeg2_raw(world, 1, normalise=False)
    for session in SESSIONS:
        signals, codes = recording("test", session)
        write_session(world, "test", session, signals=7 * signals, codes=codes)
    training_again, test_again = load_things_eeg2_raw(world, 1, normalise=False)
    np.testing.assert_array_equal(training_again.responses, training.responses)
    # were the test trials part of the covariance, seven times the signal would give something else
    np.testing.assert_allclose(test_again.responses, 7 * test.responses, rtol=1e-3, atol=1e-4)
    for session in SESSIONS:
        signals, codes = recording("train", session)
        write_session(world, "train", session, signals=7 * signals, codes=codes)
    rescaled, _ = load_things_eeg2_raw(world, 1, normalise=False)
    np.testing.assert_allclose(rescaled.responses, training.responses, rtol=1e-3, atol=1e-4)


def test_written_as_the_field_does(world):
    expected = load_things_eeg2_raw(world, 1)[0]
    for split, session in SHOWN:
        signals, codes = recording(split, session)
        content = {
            "raw_eeg_data": np.append(signals, codes[None], axis=0),
            "ch_names": [*FILE_CHANNELS, "stim"],
            "ch_types": ["eeg"] * 64 + ["stim"],
            "sfreq": 1000,
            "highpass": 0.01,
            "lowpass": 100,
        }
        ours = np.load(raw_file(world, 1, session, split), allow_pickle=True).item()
        assert ours.pop("simulated") is True
        assert {key: type(value) for key, value in ours.items()} == {k: type(v) for k, v in content.items()}
        np.testing.assert_array_equal(ours.pop("raw_eeg_data"), content["raw_eeg_data"])
        assert ours.items() <= content.items()
        np.save(raw_file(world, 1, session, split), content)
    found = load_things_eeg2_raw(world, 1)[0]
    np.testing.assert_array_equal(found.responses, expected.responses)
    assert not found.simulated


# ---------------------------------------------------------------------- faults


def edited(change):
    """Apply a change to the content of session 2's training file."""

    def edit(folder):
        path = raw_file(folder, 1, 2, "train")
        content = np.load(path, allow_pickle=True).item()
        change(content)
        np.save(path, content)

    return edit


def set_codes(old, new):
    def change(content):
        stimulus = content["raw_eeg_data"][-1]
        stimulus[np.flatnonzero(stimulus == old)[0]] = new

    return edited(change)


def set_signal(value, where):
    return edited(lambda c: c["raw_eeg_data"].__setitem__(where, value))


FAULTS = {
    "no data": (edited(lambda c: c.pop("raw_eeg_data")), "lacks the key 'raw_eeg_data'"),
    "no rate": (edited(lambda c: c.pop("sfreq")), "lacks the key 'sfreq'"),
    "other rate": (edited(lambda c: c.update(sfreq=512)), "(?s)sampling rate.*expected: 1000.*got: 512"),
    "one name short": (edited(lambda c: c["ch_names"].pop()), "does not fit its channel lists"),
    "one type short": (edited(lambda c: c["ch_types"].pop()), "does not fit its channel lists"),
    "text": (edited(lambda c: c.update(raw_eeg_data="a")), "(?s)does not fit.*got: str"),
    "other channel": (edited(lambda c: c["ch_names"].__setitem__(5, "A1")), "(?s)absent.*not so: "),
    "no stimulus channel": (edited(lambda c: c["ch_names"].__setitem__(-1, "x")), "(?s)absent.*not so: stim"),
    "type of the stimulus": (edited(lambda c: c["ch_types"].__setitem__(-1, "eeg")), "(?s)stim.*got: eeg"),
    "unknown code": (set_codes(4, 5), "(?s)names no image.*expected: 1 to 4, or 99999.*got: 5"),
    "no whole code": (set_codes(4, 3.5), "no whole number"),
    "other image": (set_codes(4, TARGET), "(?s)number of repetitions.*expected: 4 .*got: 3 .*code 4"),
    "late event": (
        edited(lambda c: c.update(raw_eeg_data=c["raw_eeg_data"][:, :-400])),
        "(?s)number of repetitions.*got: 3 .*code 2",
    ),
    "not a number": (set_signal(np.nan, (7, 900)), "(?s)not a finite number.*ses-02.*event codes 2 to 4"),
    "flat": (set_signal(1e-4, slice(7, 8)), None),
    "no file": (lambda folder: raw_file(folder, 1, 3, "test").unlink(), r"ses-03/raw_eeg_test\.npy"),
    "no session": (lambda folder: (folder / "sub-01").rename(folder / "sub-02"), "(?s)No session.*ses-01"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(world, name):
    damage, message = FAULTS[name]
    damage(world)
    if name == "flat":  # the row of the stimulus channel must stay
        content = np.load(raw_file(world, 1, 2, "train"), allow_pickle=True).item()
        assert np.ptp(content["raw_eeg_data"][7]) == 0
        message = "(?s)cannot be inverted.*ses-02.*1 channels are flat"
    with pytest.raises(DataError, match=message) as error:
        load_things_eeg2_raw(world, 1)
    assert str(world) in str(error.value)


def test_a_session_that_is_gone_is_noticed(world):
    for split in IMAGES:
        raw_file(world, 1, 3, split).unlink()
    raw_file(world, 1, 3, "train").parent.rmdir()
    with pytest.raises(DataError, match=r"(?s)number of repetitions.*raw_eeg_training"):
        load_things_eeg2_raw(world, 1)


def test_truncated_file(world):
    path = raw_file(world, 1, 2, "test")
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(DataError, match=r"(?s)refused.*ses-02"):
        load_things_eeg2_raw(world, 1)


class Hostile:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_hostile_session_runs_nothing(world):
    trace = world / "executed"
    edited(lambda content: content.update(sfreq=Hostile(trace)))(world)
    with pytest.raises(DataError, match="nothing of it was executed"):
        load_things_eeg2_raw(world, 1)
    assert not trace.exists()
