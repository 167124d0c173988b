"""Writers of THINGS-EEG2: official keys, types and pickling; nothing half-written stays."""

import io
import pickle
import pickletools

import numpy as np
import pytest

from companion.loading.pickles import read_pickled_npy
from companion.loading.things_eeg2.layout import OSF_100HZ, WHITENED_250HZ, image_ids
from companion.simulation.writers.streamed_pickle import StreamedArray, dump_streamed
from companion.simulation.writers.things_eeg2 import (
    write_image_metadata,
    write_preprocessed,
    write_raw_session,
)

FORMS = {"250 Hz": WHITENED_250HZ, "100 Hz": OSF_100HZ}


@pytest.mark.parametrize("name", FORMS)
def test_preprocessed_file_is_opened_as_users_of_the_official_one_do(tmp_path, name):
    form = FORMS[name]
    data = np.random.default_rng(0).normal(size=(3, 2, len(form.channels), form.n_times))
    options = {"split": "test", "shape": data.shape, "layout": form}
    path = write_preprocessed(tmp_path, 3, data, **options)
    assert path == tmp_path / "sub-03" / "preprocessed_eeg_test.npy"
    loaded = np.load(path, allow_pickle=True)
    content = loaded if form is WHITENED_250HZ else loaded.item()
    assert list(content) == ["preprocessed_eeg_data", "ch_names", "times", "simulated"]
    assert content["simulated"] is True
    assert content["preprocessed_eeg_data"].dtype == np.float64
    np.testing.assert_array_equal(content["preprocessed_eeg_data"], data)
    assert content["ch_names"] == list(form.channels)
    assert content["times"].shape == ((300,) if form is WHITENED_250HZ else (100,))
    path = write_preprocessed(tmp_path, 3, data, **options, simulated=False)
    assert "simulated" not in read_pickled_npy(path)


@pytest.mark.parametrize("n_rows", [3, 100_000])  # content within a frame of the pickle, and outside
def test_bare_form_holds_the_instructions_that_pickle_writes(n_rows):
    def instructions(data):
        found = [opcode.name for opcode, *_ in pickletools.genops(data)]
        return [name for name in found if name not in ("FRAME", "MEMOIZE", "BINGET")]

    original = {"array": np.arange(4.0 * n_rows).reshape(n_rows, 4), "names": ["a", "b"]}
    ours = io.BytesIO()
    rows = StreamedArray((n_rows, 4), iter(original["array"]), np.dtype(float))
    dump_streamed(original | {"array": rows}, ours, in_npy=False)
    np.testing.assert_array_equal(pickle.loads(ours.getvalue())["array"], original["array"])
    theirs = pickle.dumps(original, protocol=4)
    assert [x.replace("SHORT_", "") for x in instructions(ours.getvalue())] == [
        x.replace("SHORT_", "") for x in instructions(theirs)
    ]


def test_wrong_rows_leave_no_file(tmp_path):
    shape = (3, 2, 17, 100)
    for rows in (np.zeros((2, 2, 17, 100)), np.zeros((4, 2, 17, 100)), np.zeros((3, 1, 17, 100))):
        with pytest.raises(ValueError, match="announced"):
            write_preprocessed(tmp_path, 1, rows, split="train", shape=shape, layout=OSF_100HZ)
    with pytest.raises(ValueError, match="does not fit the form"):
        write_preprocessed(tmp_path, 1, [], split="train", shape=shape, layout=WHITENED_250HZ)
    codes = np.zeros(50, dtype=int)
    with pytest.raises(ValueError, match="signals of shape"):
        write_raw_session(
            tmp_path, 1, 1, split="train", channels=["Oz"], signals=np.zeros((2, 50)), codes=codes
        )
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_interrupted_writing_keeps_the_old_file(tmp_path):
    data = np.zeros((3, 2, 17, 100))
    options = {"split": "train", "shape": data.shape, "layout": OSF_100HZ}
    path = write_preprocessed(tmp_path, 1, data, **options)
    before = path.read_bytes()

    def interrupted():
        yield data[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_preprocessed(tmp_path, 1, interrupted(), **options)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_image_list_is_the_official_one(tmp_path, mirror):
    official_path = next(mirror.rglob("image_metadata.npy"))
    official, ids = read_pickled_npy(official_path), image_ids(official_path)
    path = write_image_metadata(tmp_path, training=ids["train"], test=ids["test"], simulated=False)
    ours = np.load(path, allow_pickle=True).item()
    assert list(ours) == list(official)
    assert ours == official
