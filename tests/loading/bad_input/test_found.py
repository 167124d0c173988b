"""What broke when files and arguments were damaged at random, one case each: none of it comes back."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import h5py
import mne
import mne_bids
import nibabel
import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.bids_surroundings import check_surroundings
from companion.loading.brainvision import check_parts
from companion.loading.fif_epochs import open_epochs
from companion.loading.god.images import god_image_files, images_of_category
from companion.loading.god.time_bins import Reduction
from companion.loading.json_files import read_json_object
from companion.loading.nsd.design import read_design
from companion.loading.nsd.responses import load_nsd
from companion.loading.own_bids import epochs_from_bids
from companion.loading.own_bids_fmri import recording_from_bids_fmri
from companion.loading.own_fmri import block_means, recording_from_patterns
from companion.loading.own_images import opened_mask, opened_run
from companion.loading.reading import foreign_reader, located, one_of, read_table
from companion.loading.things_eeg2.trials import normalised
from companion.recording import Recording
from companion.simulation.writers.nsd import write_nsd_design, write_nsd_voxels


def recording(values: object = None, **changes: object) -> Recording:
    given = {
        "responses": np.arange(8.0).reshape(4, 2) if values is None else values,
        "trials": pd.DataFrame({"stimulus": list("abab")}),
        "units": pd.DataFrame({"name": ["u", "v"]}),
        "subject": "S1",
        "dataset": "toy",
        "modality": "fMRI",
        "split": "train",
    }
    return Recording(**{**given, **changes})  # type: ignore[arg-type]


# ---------------------------------------------------------------------- recordings


def test_a_response_too_large_for_single_precision_is_no_warning() -> None:
    with pytest.raises(DataError, match="not a finite number"):
        recording(np.full((4, 2), 1e39))


def test_a_signalling_nan_is_no_warning() -> None:
    """A kind of NaN that damaged bytes can spell, and that every cast warns of."""
    values = np.full((4, 2), 1.0)
    values.view(np.uint64)[1, 0] = 0x7FF0000000000001
    with pytest.raises(DataError, match="not a finite number"):
        recording(values)


def test_regions_are_masks() -> None:
    """A missing value counts as True where a mask is made of it."""
    units = pd.DataFrame({"name": ["u", "v"], "roi_V1": [True, None]})
    with pytest.raises(DataError, match="not boolean"):
        recording(units=units)


def test_one_trial_has_no_deviation() -> None:
    one = recording().select_trials([0])
    with pytest.raises(DataError, match="needs two trials"):
        one.unit_statistics()
    with pytest.raises(DataError, match="do not fit"):
        one.standardised(np.zeros(2), np.full(2, np.nan))  # which made every response a silent zero


def test_no_trial_and_no_stimulus_are_answers_of_their_own() -> None:
    none = recording().select_trials([])
    assert len(none) == len(none.averaged()) == len(recording().averaged().for_stimuli([])) == 0


@pytest.mark.parametrize("times", [[0.0, 0.0], [0.1, 0.0], [0.0, np.nan]])
def test_times_ascend(times: list[float]) -> None:
    with pytest.raises(DataError, match="ascend"):
        recording(np.zeros((4, 2, 2)), times=np.array(times))


def test_huge_signals_are_refused_before_they_are_normalised() -> None:
    """Their squares are infinite, and division by infinity made zeros of them."""
    with pytest.raises(DataError, match="not a finite number"):
        normalised(np.full((1, 1, 4), 1e200), where="rows 0 to 0")


# ---------------------------------------------------------------------- epochs of MNE


@pytest.fixture
def fif(tmp_path: Path) -> Path:
    info = mne.create_info(["O1"], 100.0, "eeg")
    epochs = mne.EpochsArray(np.zeros((2, 1, 5)), info, verbose="error")
    epochs.save(tmp_path / "a-epo.fif", verbose="error")
    return tmp_path / "a-epo.fif"


@pytest.mark.parametrize("place", [16, 0])
def test_tags_that_lead_in_a_circle(fif: Path, place: int) -> None:
    """MNE followed such a chain for ever."""
    content = bytearray(fif.read_bytes())
    struct.pack_into(">i", content, 36 + 12, place or 36)  # where the second tag says that the next one is
    fif.write_bytes(bytes(content))
    with pytest.raises(DataError, match="chain of tags is broken"):
        open_epochs(fif)


@pytest.mark.parametrize("name", ["../other-epo.fif", "/etc/passwd", "a-epo.fif", "a\\b-epo.fif"])
def test_a_further_part_lies_beside_the_first(fif: Path, name: str) -> None:
    """One that names itself was read for ever, one elsewhere was followed."""

    def tag(kind: int, form: int, body: bytes) -> bytes:
        return struct.pack(">4i", kind, form, len(body), 0) + body

    content = fif.read_bytes()
    more = tag(115, 3, struct.pack(">i", 2)) + tag(118, 10, name.encode())
    fif.write_bytes(content[:-16] + more + content[-16:])
    with pytest.raises(DataError, match=r"not followed|do not end"):
        open_epochs(fif)


def test_whole_files_pass_the_walk(fif: Path) -> None:
    assert len(open_epochs(fif)) == 2


def test_bins_shorter_than_any_sample() -> None:
    with pytest.raises(DataError, match="Bins must divide"):
        Reduction.of(np.arange(100) / 100, 1e-300, None, where="a.fif")
    with pytest.raises(DataError, match="Bins must divide"):
        Reduction.of(np.zeros(1), 0.05, None, where="a.fif")


# ---------------------------------------------------------------------- NSD


def design(folder: Path) -> Path:
    images = np.arange(80).reshape(8, 10)
    images[:, :4] = [100, 101, 102, 103]
    return write_nsd_design(folder, np.arange(80) % 10, images, n_shared=4)


def test_without_shared_images_every_image_would_be_trained_on(tmp_path: Path) -> None:
    from scipy.io import loadmat, savemat

    path = design(tmp_path)
    content = {key: value for key, value in loadmat(path).items() if not key.startswith("__")}
    savemat(path, content | {"sharedix": np.zeros((0, 0))})
    with pytest.raises(DataError, match="A split would have no images"):
        read_design(path, 1)


def test_responses_that_are_declared_and_not_stored(tmp_path: Path) -> None:
    design(tmp_path)
    path = write_nsd_voxels(tmp_path, 1, [np.ones((80, 2), np.float32)], (80, 2))
    with h5py.File(path, "w") as file:
        file.create_dataset("voxels", (80, 10**12), np.float32, chunks=(1, 10))
    with pytest.raises(DataError, match="not in the file"):
        load_nsd(tmp_path, 1, split="train")


# ---------------------------------------------------------------------- tables, JSON, folders


@pytest.mark.parametrize(
    "text",
    ["a\ta\n1\t2\n", "a\tb\n1\n", "a\tb\n1\t2\t3\n", '"a\tb\n', "b\n1\n", ""],
    ids=["column twice", "short row", "long row", "open quote", "no column", "empty"],
)
def test_tables_that_are_read_wrongly_without_a_word(tmp_path: Path, text: str) -> None:
    path = tmp_path / "events.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"(?s)events\.tsv.*expected.*got.*what to do"):
        read_table(path, ("a",))


@pytest.mark.parametrize("content", [b'{"a": 1, "a": 2}', b'{"a":' * 100_000, b"\xff\xfe", b"[1]", b""])
def test_json_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "side.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"side\.json"):
        read_json_object(path)


def test_a_place_is_named_in_front_of_the_one_within() -> None:
    with pytest.raises(DataError, match=r"where: a\.tsv, row 3"), located("a.tsv"):
        raise DataError("Wrong", where="row 3", got=1)
    with pytest.raises(DataError, match=r"where: a\.tsv\n"), located("a.tsv"):
        raise DataError("Wrong", got=1)


def test_what_libraries_raise_and_warn_becomes_one_error() -> None:
    with pytest.raises(DataError, match="RuntimeWarning"), foreign_reader("Odd", where="x", do="y"):
        np.float64(1) / np.float64(0)
    with pytest.raises(DataError, match="KeyError"), foreign_reader("Odd", where="x", do="y"):
        raise KeyError("z")
    with pytest.raises(MissingDataError), foreign_reader("Odd", where="x", do="y"):
        raise MissingDataError("gone")


@pytest.mark.parametrize("value", [None, True, [], {}, 1.0, "c", np.float64(1)])
def test_arguments_that_are_not_known(value: object) -> None:
    with pytest.raises(DataError, match=r"(?s)expected: a or b.*name one of these"):
        one_of(value, ("a", "b"), what="Unknown", where="split")


def test_a_header_names_files_beside_it(tmp_path: Path) -> None:
    header = tmp_path / "a.vhdr"
    for name in ("../b.eeg", "/etc/passwd", "a\\b.eeg", ""):
        for line in (f"DataFile={name}", f"datafile : {name}", f"\x0bDataFile\xa0=\x0b{name}"):
            header.write_text(f"Brain Vision\n[Common Infos]\n{line}\n", "utf-8")
            with pytest.raises(DataError, match="does not lie beside it"):
                check_parts(header)
    header.write_text("Brain Vision\n[Common Infos]\nDataFile=$b.eeg\nMarkerFile=\n")
    with pytest.raises(MissingDataError, match=r"a\.eeg"):
        check_parts(header)
    (tmp_path / "a.eeg").touch()
    check_parts(header)


@pytest.mark.parametrize("number", ["1000000000", "1_000_000_000", "\uff11" + 9 * "\uff10", "+200000"])
def test_a_header_cannot_ask_for_all_memory(tmp_path: Path, number: str) -> None:
    """MNE makes arrays of that length at once."""
    header = tmp_path / "a.vhdr"
    header.write_text(f"Brain Vision\n[Common Infos]\nNumberOfChannels={number}\n", "utf-8")
    with pytest.raises(DataError, match="too many channels"):
        check_parts(header)


@pytest.mark.parametrize("codepage", ["utf-7", "utf-16", "idna", "nonsense"])
def test_a_header_in_an_odd_encoding(tmp_path: Path, codepage: str) -> None:
    """In UTF-7 other bytes could spell the name of a file."""
    header = tmp_path / "a.vhdr"
    header.write_text(f"Brain Vision\n[Common Infos]\nCodepage={codepage}\n+AEQ-ataFile=/etc/passwd\n")
    with pytest.raises(DataError, match="encoding"):
        check_parts(header)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_beside_a_recording(tmp_path: Path) -> None:
    """MNE-BIDS waited for it; a link to a device that has no end filled the memory."""
    folder = tmp_path / "sub-01" / "eeg"
    folder.mkdir(parents=True)
    check_surroundings(folder / "a.vhdr", tmp_path)
    os.mkfifo(tmp_path / "participants.tsv")
    with pytest.raises(DataError, match=r"participants\.tsv"):
        check_surroundings(folder / "a.vhdr", tmp_path)


def test_folders_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "n00000001_1.jpg").mkdir()
    with pytest.raises(MissingDataError, match="None of the stimulus images"):
        god_image_files(tmp_path, ["n00000001_1"])
    for category in ("..", "/", "n00000009"):
        with pytest.raises(MissingDataError, match="no folder of this category"):
            images_of_category(tmp_path, category)


# ---------------------------------------------------------------------- own data


def test_missing_labels_are_no_stimuli() -> None:
    """They became stimuli called "nan" and "None"."""
    for missing in (np.nan, None, "", ["a"]):
        with pytest.raises(DataError, match="no label"):
            recording_from_patterns(np.zeros((2, 1)), ["face", missing], subject="sub-01")  # type: ignore[list-item]
    with pytest.raises(DataError, match="no label"):  # a text is as long as its letters
        recording_from_patterns(np.zeros((4, 1)), "face", subject="sub-01")


@pytest.mark.parametrize("seconds", [0.0, -2.0, np.nan, np.inf])
def test_volumes_take_time(seconds: float) -> None:
    events = pd.DataFrame({"onset": [0.0], "duration": [4.0]})
    with pytest.raises(DataError, match="repetition_time"):
        block_means(np.ones((8, 2)), events, repetition_time=seconds, lag=0.0)


def image(
    values: np.ndarray, affine: np.ndarray | None = None, seconds: float = 2.0, unit: str = "sec"
) -> object:
    made = nibabel.Nifti1Image(values.astype(np.float32), np.eye(4) if affine is None else affine)
    if values.ndim == 4:
        made.header.set_zooms((1.0, 1.0, 1.0, seconds))
        made.header.set_xyzt_units("mm", unit)
    return made


def test_images_are_neither_moved_nor_filled(tmp_path: Path) -> None:
    """nilearn moved a mask to another grid, and put zeros where a value was missing, without a word."""
    mask = opened_mask(image(np.ones((2, 2, 2))))  # type: ignore[arg-type]
    path = tmp_path / "bold.nii"
    series = np.ones((2, 2, 2, 5))
    nibabel.save(image(series, np.diag([2.0, 2.0, 2.0, 1.0])), path)
    with pytest.raises(DataError, match="grid of the mask"):
        opened_run(path, mask)
    series[0, 0, 0, 3] = np.nan
    nibabel.save(image(series), path)
    with pytest.raises(DataError, match="volume 3, voxel 0"):
        opened_run(path, mask)
    nibabel.save(image(np.ones((2, 2, 2, 5)), seconds=2000.0, unit="msec"), path)
    assert opened_run(path, mask).repetition_time == pytest.approx(2.0)


def test_two_images_of_one_run_would_double_its_trials(tmp_path: Path) -> None:
    folder = tmp_path / "sub-01" / "func"
    folder.mkdir(parents=True)
    for name in ("sub-01_task-see_run-1_bold.nii", "sub-01_task-see_space-T1w_run-1_bold.nii"):
        nibabel.save(image(np.ones((2, 2, 2, 5))), folder / name)
    with pytest.raises(DataError, match="Two images are of one run"):
        recording_from_bids_fmri(tmp_path, "01", task="see", mask=image(np.ones((2, 2, 2))))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("duration\ttrial_type\n0.5\tcat\n", "lacks column 'onset'"),
        ("onset\ttrial_type\n0.5\tcat\n", "lacks column 'duration'"),
        ("onset\tduration\ttrial_type\nn/a\t0\tcat\n", "no number"),
        ("onset\tduration\ttrial_type\n99\t0\tcat\n", "outside its recording"),
        ("onset\tduration\ttrial_type\n-1\t0\tcat\n", "outside its recording"),
        ("onset\tduration\ttrial_type\n1\t0\tcat\n1\t0\tdog\n", "cannot be cut"),
    ],
)
def test_events_that_lie_nowhere(tmp_path: Path, text: str, message: str) -> None:
    info = mne.create_info(["O1"], 100.0, "eeg")
    info["line_freq"] = 50.0
    raw = mne.io.RawArray(np.zeros((1, 300)), info, verbose="error")
    raw.set_annotations(mne.Annotations([1.0], [0.5], ["cat"]))
    path = mne_bids.BIDSPath("01", task="see", root=tmp_path, datatype="eeg")
    mne_bids.write_raw_bids(raw, path, format="BrainVision", allow_preload=True, verbose="error")
    (events,) = tmp_path.rglob("*_events.tsv")
    events.write_text(text)
    with pytest.raises(DataError, match=rf"(?s){message}.*what to do"):
        epochs_from_bids(tmp_path, "01", task="see")
