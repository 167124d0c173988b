"""Preprocessed THINGS-EEG2: both official forms, options against loops, faults, hostile files, memory."""

import os
import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading.things_eeg2 import preprocessed as things_eeg2
from companion.loading.things_eeg2.layout import (
    CHANNELS_17,
    CHANNELS_63,
    OSF_100HZ,
    WHITENED_250HZ,
    image_ids,
    preprocessed_file,
    subjects_there,
)
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_eeg2.trials import normalised_recording
from companion.recording import Recording
from companion.simulation.writers.things_eeg2 import write_image_metadata, write_preprocessed

TRAINING = [f"{n:05d}_{kind}/{kind}_{image}" for n, kind in enumerate("abc", 1) for image in ("01b", "02s")]
TEST = ["00001_d/d_01b", "00002_e/e_04n"]
IMAGES = {"train": TRAINING, "test": TEST}
N_REPETITIONS = {"train": 3, "test": 5}
FORMS = {"250 Hz": WHITENED_250HZ, "100 Hz": OSF_100HZ}
ARRAY = "preprocessed_eeg_data"


def trials(form, split, seed=0):
    rng = np.random.default_rng([seed, len(split)])
    shape = (len(IMAGES[split]), N_REPETITIONS[split], len(form.channels), form.n_times)
    return rng.normal(size=shape) + 0.3


def field_dictionary(form, split):
    """What the field's own scripts write."""
    times = (
        np.linspace(-0.2, 1.2 - 0.2 - 1 / 250, 300) if form is WHITENED_250HZ else np.arange(-20, 80) / 100
    )
    return {ARRAY: trials(form, split), "ch_names": list(form.channels), "times": times}


def write_as_the_field_does(folder, form, split, content, subject=1):
    path = preprocessed_file(folder, subject, split)
    path.parent.mkdir(exist_ok=True)
    if form is WHITENED_250HZ:
        with path.open("wb") as stream:
            pickle.dump(content, stream, protocol=4)
    else:
        np.save(path, content)
    return path


def write_world(folder, form, *, simulated=True):
    write_image_metadata(folder, training=TRAINING, test=TEST, simulated=simulated)
    for split in IMAGES:
        data = trials(form, split)
        write_preprocessed(folder, 1, data, split=split, shape=data.shape, layout=form, simulated=simulated)
    return folder


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


@pytest.fixture
def world(tmp_path, form):
    return write_world(tmp_path, form)


def by_loops(data, *, average, normalise):
    """Per repetition and channel subtract the mean and divide by the length before; then average."""
    out = []
    for image in data:
        repetitions = []
        for repetition in image:
            signals = []
            for x in repetition:
                signals.append((x - sum(x) / len(x)) / sum(x * x) ** 0.5 if normalise else x)
            repetitions.append(signals)
        out += [np.mean(repetitions, axis=0)] if average else repetitions
    return np.array(out)


# ---------------------------------------------------------------------- what is read


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("split", IMAGES)
def test_options_against_plain_loops(world, form, split, average, normalise, monkeypatch):
    monkeypatch.setattr(things_eeg2, "BLOCK_BYTES", 4 * N_REPETITIONS[split] * 63 * 250 * 8)  # several blocks
    found = load_things_eeg2(world, 1, split=split, average=average, normalise=normalise)
    expected = by_loops(trials(form, split), average=average, normalise=normalise)
    np.testing.assert_allclose(found.responses, expected, rtol=2e-6, atol=1e-7)
    if average:
        assert found.stimuli == IMAGES[split]
        assert set(found.trials["n_repetitions"]) == {N_REPETITIONS[split]}
    else:
        assert found.stimuli == [image for image in IMAGES[split] for _ in range(N_REPETITIONS[split])]
        assert found.trials["repetition"].tolist()[:4] == [1, 2, 3, 4 if split == "test" else 1]


def test_default_is_normalise_then_average(world):
    default = load_things_eeg2(world, 1, split="train")
    asked = load_things_eeg2(world, 1, split="train", average=True, normalise=True)
    np.testing.assert_array_equal(default.responses, asked.responses)
    plain = load_things_eeg2(world, 1, split="train", normalise=False).responses
    centred = plain - plain.mean(axis=2, keepdims=True)
    other_order = centred / np.linalg.norm(plain, axis=2, keepdims=True)
    assert not np.allclose(other_order, default.responses, rtol=0.05)


def test_length_is_one_only_where_the_mean_was_zero(world, form):
    """The published code divides by the length before centring: with a mean of 0.3 it is 4 % too long."""
    single = load_things_eeg2(world, 1, split="train", average=False).responses
    data = trials(form, "train").reshape(single.shape)
    share = 1 - data.mean(axis=2) ** 2 / (data**2).mean(axis=2)
    np.testing.assert_allclose(np.linalg.norm(single, axis=2) ** 2, share, rtol=1e-5)


def test_people_may_lie_in_the_folder_that_they_come_in(world, monkeypatch):
    assert subjects_there(world) == [1]
    expected = load_things_eeg2(world, 1, split="test").responses
    inner = world / "Preprocessed_data_250Hz"
    inner.mkdir()
    (world / "sub-01").rename(inner / "sub-01")
    entry = (
        world / "things-eeg2-image-metadata"
    )  # the download has no image list: that of the manifest counts
    entry.mkdir()
    (world / "image_metadata.npy").rename(entry / "image_metadata.npy")
    monkeypatch.setenv("COMPANION_DATA", str(world))
    np.testing.assert_array_equal(load_things_eeg2(world, 1, split="test").responses, expected)
    assert subjects_there(world) == [1]


def test_labels(world, form):
    found = load_things_eeg2(world, 1, split="test")
    assert repr(found) == (
        f"Recording(THINGS-EEG2, sub-01, EEG, test: 2 x {len(form.channels)} x {form.n_times}, "
        "2 stimuli, simulated)"
    )
    assert list(found.units["name"]) == list(form.channels)
    assert found.times[0] == pytest.approx(0 if form is WHITENED_250HZ else -0.2)
    assert found.times[-1] == pytest.approx(0.996 if form is WHITENED_250HZ else 0.79)
    assert len(CHANNELS_63) == 63
    assert set(CHANNELS_17) == set(CHANNELS_63[-17:])


def test_places_are_those_of_a_head(world):
    units = load_things_eeg2(world, 1, split="test").units.set_index("name")
    assert units.loc["O1", "x"] < -0.01 < 0.01 < units.loc["O2", "x"]
    assert units.loc["Oz", "y"] < units.loc["Pz", "y"] < 0
    assert np.linalg.norm(units[["x", "y", "z"]], axis=1).max() < 0.15


@pytest.mark.parametrize("split", IMAGES)
def test_files_of_the_field_give_the_same_as_ours(world, form, tmp_path, split):
    ours = load_things_eeg2(world, 1, split=split)
    write_as_the_field_does(tmp_path, form, split, field_dictionary(form, split))
    theirs = load_things_eeg2(tmp_path, 1, split=split)
    np.testing.assert_array_equal(theirs.responses, ours.responses)
    np.testing.assert_allclose(theirs.times, ours.times, atol=1e-12)
    assert (ours.simulated, theirs.simulated) == (True, False)


def test_single_precision_files(tmp_path, form, world):
    content = field_dictionary(form, "train")
    expected = load_things_eeg2(world, 1, split="train").responses
    write_as_the_field_does(tmp_path, form, "train", content | {ARRAY: content[ARRAY].astype(np.float32)})
    found = load_things_eeg2(tmp_path, 1, split="train").responses
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------------- rows and images


def test_permuted_rows_follow_the_image_list(tmp_path, form):
    expected = load_things_eeg2(write_world(tmp_path, form), 1, split="train")
    order = np.random.default_rng(1).permutation(len(TRAINING))
    write_image_metadata(tmp_path, training=[TRAINING[i] for i in order], test=TEST)
    content = field_dictionary(form, "train")
    write_as_the_field_does(tmp_path, form, "train", content | {ARRAY: content[ARRAY][order]})
    found = load_things_eeg2(tmp_path, 1, split="train")
    assert found.stimuli != expected.stimuli
    np.testing.assert_array_equal(found.for_stimuli(TRAINING).responses, expected.responses)


def test_permuted_channels_are_put_in_order(tmp_path, form, world):
    expected = load_things_eeg2(world, 1, split="train")
    order = np.random.default_rng(1).permutation(len(form.channels))
    content = field_dictionary(form, "train")
    content[ARRAY] = content[ARRAY][:, :, order]
    content["ch_names"] = [form.channels[i] for i in order]
    write_as_the_field_does(tmp_path, form, "train", content)
    found = load_things_eeg2(tmp_path, 1, split="train")
    assert list(found.units["name"]) == list(form.channels)
    np.testing.assert_array_equal(found.responses, expected.responses)


@pytest.mark.parametrize("rows", [slice(0, 5), [0, 1, 2, 3, 4, 5, 5]], ids=["missing", "repeated"])
def test_rows_that_are_missing_or_repeated(tmp_path, world, form, rows):
    content = field_dictionary(form, "train")
    write_as_the_field_does(tmp_path, form, "train", content | {ARRAY: content[ARRAY][rows]})
    n_rows = len(content[ARRAY][rows])
    with pytest.raises(
        DataError, match=rf"(?s)not those of the image list.*expected: 6 images.*got: {n_rows} rows"
    ):
        load_things_eeg2(tmp_path, 1, split="train")


def test_metadata_elsewhere(tmp_path, form):
    folder = write_world(tmp_path, form)
    moved = (folder / "image_metadata.npy").rename(tmp_path / "images.npy")
    with pytest.raises(DataError, match=r"image_metadata\.npy"):
        load_things_eeg2(folder, 1, split="test")
    assert load_things_eeg2(folder, 1, split="test", metadata=moved).stimuli == TEST


def test_official_image_list(mirror):
    found = image_ids(next(mirror.rglob("image_metadata.npy")))
    assert len(found["train"]) == 16540
    assert len(found["test"]) == 200
    assert found["train"][0] == "00001_aardvark/aardvark_01b"
    assert found["test"][-1] == "00200_wok/wok_12s"


METADATA = {
    "train_img_concepts": ["00001_a", "00001_a", "00002_b"],
    "train_img_files": ["a_01b.jpg", "a_02s.jpg", "b_01b.jpg"],
    "test_img_concepts": ["00001_d"],
    "test_img_files": ["d_01b.jpg"],
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_img_files": None}, "lacks the key 'train_img_files'"),
        ({"train_img_files": ["a_01b.jpg"]}, "(?s)differ in length.*expected: 3 files.*got: 1"),
        ({"test_img_files": [], "test_img_concepts": []}, "empty"),
        ({"train_img_files": ["a_01b.jpg", "a_01b.jpg", "b_01b.jpg"]}, "(?s)listed twice.*00001_a/a_01b"),
        ({"test_img_concepts": ["00001_b"]}, "(?s)also in the training split.*got: 1: b"),
        ({"test_img_concepts": ["d"]}, "not named like a concept"),
    ],
)
def test_faults_of_the_image_list(tmp_path, changes, message):
    path = tmp_path / "image_metadata.npy"
    np.save(path, {key: value for key, value in (METADATA | changes).items() if value is not None})
    with pytest.raises(DataError, match=message):
        image_ids(path)
    np.save(path, METADATA)
    assert image_ids(path)["train"] == ("00001_a/a_01b", "00001_a/a_02s", "00002_b/b_01b")
    np.save(path, [METADATA])
    with pytest.raises(DataError, match="dictionary"):
        image_ids(path)


# ---------------------------------------------------------------------- faults


def with_value(data, value, at):
    data[at] = value
    return data


FAULTS = {
    "no array": (lambda c: c.pop(ARRAY), f"lacks the key '{ARRAY}'"),
    "no channels": (lambda c: c.pop("ch_names"), "lacks the key 'ch_names'"),
    "no times": (lambda c: c.pop("times"), "lacks the key 'times'"),
    "whole numbers": (lambda c: c.update({ARRAY: c[ARRAY].astype(int)}), "(?s)four axes.*int64"),
    "three axes": (lambda c: c.update({ARRAY: c[ARRAY][:, 0]}), "four axes"),
    "list": (lambda c: c.update({ARRAY: [1.0]}), "(?s)four axes.*got: list"),
    "Fortran order": (lambda c: c.update({ARRAY: np.asfortranarray(c[ARRAY])}), "C order"),
    "channel fewer": (lambda c: c.update({ARRAY: c[ARRAY][:, :, 1:]}), "no official form"),
    "sample fewer": (lambda c: c.update({ARRAY: c[ARRAY][..., 1:]}), r"(?s)no official form.*\(63, 250\)"),
    "no repetition": (lambda c: c.update({ARRAY: c[ARRAY][:, :0]}), "with 0 repetitions"),
    "other channel": (
        lambda c: c["ch_names"].__setitem__(0, "Fz"),
        "(?s)channels are not those.*not expected: Fz",
    ),
    "channel twice": (lambda c: c["ch_names"].__setitem__(0, "Oz"), "channels are not those"),
    "channel list short": (lambda c: c["ch_names"].pop(), "(?s)missing here: [OP]2"),
    "times short": (lambda c: c.update(times=c["times"][1:]), "times are not those"),
    "times shifted": (lambda c: c.update(times=c["times"] + 0.1), "(?s)times are not those.*from -0.1"),
    "times no array": (lambda c: c.update(times=None), "times are not those"),
    "not a number": (
        lambda c: with_value(c[ARRAY], np.nan, (4, 1, 2, 3)),
        rf"(?s)not a finite.*{ARRAY}, rows 0 to 5.*got: nan at \(4, 1, 2, 3\)",
    ),
    "infinite": (lambda c: with_value(c[ARRAY], np.inf, (0, 0, 0, 0)), "not a finite"),
    "zero": (lambda c: with_value(c[ARRAY], 0, (0, 0, 0)), "(?s)zero throughout.*got: 1 such"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_name_file_key_expected_and_got(world, tmp_path, form, name):
    change, message = FAULTS[name]
    content = field_dictionary(form, "train")
    change(content)
    path = write_as_the_field_does(tmp_path, form, "train", content)
    with pytest.raises(DataError, match=message) as error:
        load_things_eeg2(world, 1, split="train")
    assert str(path) in str(error.value)
    assert "got: " in str(error.value)


def test_a_zero_signal_is_no_fault_of_a_plain_mean(world, tmp_path, form):
    content = field_dictionary(form, "train")
    content[ARRAY][0, :, 0] = 0
    write_as_the_field_does(tmp_path, form, "train", content)
    assert not load_things_eeg2(world, 1, split="train", normalise=False).responses[0, 0].any()


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.999])
def test_truncated_files(world, keep):
    path = preprocessed_file(world, 1, "train")
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(keep * len(data))])
    with pytest.raises(DataError, match=r"preprocessed_eeg_training\.npy"):
        load_things_eeg2(world, 1, split="train")


def test_absent_files_and_unknown_splits(world):
    with pytest.raises(DataError, match=r"(?s)is not there.*sub-07"):
        load_things_eeg2(world, 7, split="train")
    with pytest.raises(DataError, match="no such split"):
        load_things_eeg2(world, 1, split="imagery")


# ---------------------------------------------------------------------- hostile files


class Hostile:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("key", [ARRAY, "ch_names", "times", "extra"])
def test_hostile_pickle_runs_nothing(world, tmp_path, form, key):
    trace = tmp_path / "executed"
    content = field_dictionary(form, "train") | {key: Hostile(trace)}
    path = write_as_the_field_does(tmp_path, form, "train", content)
    with pytest.raises(DataError, match="nothing of it was executed"):
        load_things_eeg2(world, 1, split="train")
    assert not trace.exists()
    np.load(path, allow_pickle=True)  # what it would have done
    assert trace.exists()


def test_hostile_image_list_runs_nothing(world, tmp_path):
    trace = tmp_path / "executed"
    np.save(world / "image_metadata.npy", METADATA | {"train_img_files": [Hostile(trace)]})
    with pytest.raises(DataError, match="nothing of it was executed"):
        load_things_eeg2(world, 1, split="train")
    assert not trace.exists()


# ---------------------------------------------------------------------- leaks and memory


def test_test_data_change_nothing_of_the_training_split(world, tmp_path, form):
    before = load_things_eeg2(world, 1, split="train").responses
    content = field_dictionary(form, "test") | {ARRAY: 1000 * trials(form, "test", seed=9)}
    write_as_the_field_does(tmp_path, form, "test", content)
    np.testing.assert_array_equal(load_things_eeg2(world, 1, split="train").responses, before)


def test_averaging_needs_little_more_memory_than_its_result(tmp_path, monkeypatch):
    monkeypatch.setattr(things_eeg2, "BLOCK_BYTES", 2**20)
    n_images = 100
    training = [f"00001_a/a_{image}" for image in range(n_images)]
    write_image_metadata(tmp_path, training=training, test=TEST)
    shape = (n_images, 4, 63, 250)  # 50 MB
    row = np.random.default_rng(0).normal(size=shape[1:])
    write_preprocessed(
        tmp_path, 1, (row for _ in training), split="train", shape=shape, layout=WHITENED_250HZ
    )
    load_things_eeg2(tmp_path, 1, split="train")  # imports
    tracemalloc.start()
    found = load_things_eeg2(tmp_path, 1, split="train")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < found.responses.nbytes + 6 * 2**20


def test_a_recording_is_normalised_a_few_responses_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    responses = np.random.default_rng(3).normal(5, 2, (7, 2, 30)).astype(np.float32)
    names = pd.DataFrame({"stimulus": [f"picture {row}" for row in range(7)]})
    units = pd.DataFrame({"name": ["O1", "Oz"]})
    known = Recording(responses, names, units, "P1", "toy", "MEG", "train", np.arange(30) / 30)
    monkeypatch.setattr("companion.loading.things_eeg2.trials._BLOCK", 3)
    found = normalised_recording(known)
    whole = responses.astype(np.float64)
    expected = (whole - whole.mean(-1, keepdims=True)) / np.linalg.norm(whole, axis=-1, keepdims=True)
    np.testing.assert_array_equal(found.responses, expected.astype(np.float32))
    assert found.stimuli == known.stimuli
    with pytest.raises(DataError, match="zero throughout"):
        normalised_recording(replace(known, responses=np.zeros_like(responses)))
