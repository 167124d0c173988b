"""What is expected of simulated people fits what is loaded of them, and writing it changes no recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.random_codes import random_codes

from companion.errors import DataError, MissingDataError
from companion.loading.nsd.responses import load_nsd
from companion.loading.things_eeg2.layout import preprocessed_file
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_meg.epochs import load_things_meg
from companion.loading.truth import CODES_FILE, coded_stimuli, expected_file, read_expected, read_own_view
from companion.recording import Recording
from companion.simulation.codes import Codes
from companion.simulation.dials import DATASETS, Dials
from companion.simulation.recordings import nsd, things_eeg2, things_meg
from companion.simulation.scales import EegScale, MegScale, NsdScale
from companion.simulation.writers.expected import write_codes

PICTURES = tuple(f"dovel{kind}/dovel{kind}_{image:02d}b" for kind in range(1, 16) for image in (1, 2))
TEST_PICTURES = tuple(f"garn{kind}/garn{kind}_05s" for kind in range(1, 11))
CODES = random_codes(PICTURES + TEST_PICTURES)
NUMBERED = {name: f"{at:05d}_{name}" for at, name in enumerate(CODES.ids, start=1)}
EEG_SCALE = EegScale(1, 15, 2, 4, 10, 16, "OSF_100HZ")
MEG_SCALE = MegScale(1, 15, 2, 10, 8, 20, 100.0)
NSD_SCALE = NsdScale(2, 160, 80, 30)
NSD_IDS = [f"nsd-{at:05d}" for at in range(240)]
NSD_CODES = random_codes(NSD_IDS)
LOUD = Dials(signal=dict.fromkeys(DATASETS, 10.0))


def simulate_eeg(folder: Path) -> None:
    training, test = ([NUMBERED[name] for name in ids] for ids in (PICTURES, TEST_PICTURES))
    things_eeg2.write_shared(folder, training=training, test=test)
    things_eeg2.simulate_subject(
        folder,
        1,
        training=training,
        test=test,
        codes=CODES.renamed(NUMBERED),
        scale=EEG_SCALE,
        dials=LOUD,
    )


@pytest.fixture(scope="module")
def eeg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eeg")
    simulate_eeg(folder)
    write_codes(folder, CODES)
    return folder


@pytest.fixture(scope="module")
def meg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meg")
    things_meg.simulate_subject(
        folder, 1, training=PICTURES, test=TEST_PICTURES, codes=CODES, scale=MEG_SCALE, dials=LOUD
    )
    write_codes(folder, CODES)
    return folder


@pytest.fixture(scope="module")
def fmri(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nsd")
    nsd.write_shared(folder, {1: NSD_IDS[:160]}, NSD_IDS[160:], seed=0)
    nsd.simulate_subject(folder, 1, codes=NSD_CODES, scale=NSD_SCALE, dials=Dials())
    write_codes(folder, NSD_CODES)
    return folder


def varying(recording: Recording) -> np.ndarray:
    """Responses less their mean over pictures, in one row."""
    responses = recording.responses.astype(np.float64)
    return (responses - responses.mean(axis=0)).ravel()


def check_fit(expected: Recording, measured: Recording, least: float) -> None:
    assert expected.simulated
    assert expected.stimuli == measured.stimuli
    assert expected.responses.shape == measured.responses.shape
    assert expected.units.equals(measured.units)
    known, found = varying(expected), varying(measured)
    assert np.corrcoef(known, found)[0, 1] > least
    assert found @ known / (known @ known) == pytest.approx(1, abs=0.1)
    wrong = varying(expected.select_trials(np.roll(np.arange(len(expected)), 1)))
    assert np.corrcoef(wrong, found)[0, 1] < 0.3


def test_eeg_of_unseen_pictures_is_as_expected_in_the_loaders_units(eeg: Path) -> None:
    training, test = (load_things_eeg2(eeg, 1, split=split) for split in ("train", "test"))  # type: ignore[arg-type]
    expected = read_expected(eeg, test.stimuli, loaded=training)
    check_fit(expected, test, 0.7)
    assert np.abs(expected.responses.mean(axis=-1)).max() < 1e-4  # as the loader, less the mean over time


def test_a_picture_is_known_by_either_data_sets_name(eeg: Path) -> None:
    training = load_things_eeg2(eeg, 1, split="train")
    one = read_expected(eeg, PICTURES[:3], loaded=training)
    other = read_expected(eeg, [NUMBERED[name] for name in PICTURES[:3]], loaded=training)
    np.testing.assert_array_equal(one.responses, other.responses)
    assert set(one.stimuli) <= set(coded_stimuli(eeg))


def test_meg_of_unseen_pictures_is_as_expected(meg: Path) -> None:
    training, test = (
        load_things_meg(meg, 1, split=split, sampling_rate=100.0) for split in ("train", "test")
    )  # type: ignore[arg-type]
    test = test.averaged()
    check_fit(read_expected(meg, test.stimuli, loaded=training), test, 0.7)


def test_voxels_answer_as_their_model_says_and_get_no_gain(fmri: Path) -> None:
    training, test = (load_nsd(fmri, 1, split=split) for split in ("train", "test"))  # type: ignore[arg-type]
    expected = read_expected(fmri, test.stimuli, loaded=training)
    model = nsd.nsd_model(1, codes=NSD_CODES, scale=NSD_SCALE, dials=Dials())
    by_model = model.expected(NSD_CODES.select(test.stimuli))
    assert varying(expected) == pytest.approx((by_model - by_model.mean(axis=0)).ravel(), abs=1e-5)
    check_fit(expected, test, 0.4)
    loadings = read_own_view(fmri, "subj01")
    assert loadings.T @ loadings == pytest.approx(model.own_view_covariance(), abs=1e-5)
    own = model.own_view(NSD_IDS)
    assert own.T @ own / len(own) == pytest.approx(loadings.T @ loadings, abs=0.2)


def test_only_voxels_have_a_view_of_their_own(eeg: Path) -> None:
    assert read_own_view(eeg, "sub-01").shape == (0, 17, 100)


def test_writing_what_is_expected_leaves_recordings_bit_by_bit(
    eeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(things_eeg2, "write_expected", lambda *given: None)
    simulate_eeg(tmp_path)
    assert not (tmp_path / expected_file("sub-01")).exists()
    for split in ("train", "test"):
        files = [preprocessed_file(folder, 1, split).read_bytes() for folder in (eeg, tmp_path)]  # type: ignore[arg-type]
        assert files[0] == files[1]


def test_files_are_small_marked_and_hold_no_objects(eeg: Path) -> None:
    for name in (CODES_FILE, expected_file("sub-01")):
        with np.load(eeg / name, allow_pickle=False) as archive:
            assert archive["simulated"]
            assert all(archive[key].dtype.kind in "fUb" for key in archive.files)
        assert (eeg / name).stat().st_size < 200_000


def test_an_official_folder_has_no_truth(eeg: Path, tmp_path: Path) -> None:
    training = load_things_eeg2(eeg, 1, split="train")
    with pytest.raises(MissingDataError, match="miniature world only"):
        read_expected(tmp_path, PICTURES[:2], loaded=training)
    with pytest.raises(MissingDataError, match="of people they cannot be had"):
        read_own_view(tmp_path, "sub-01")


def test_what_does_not_fit_is_refused(eeg: Path) -> None:
    training = load_things_eeg2(eeg, 1, split="train")
    with pytest.raises(DataError, match="as the loader gives it"):
        read_expected(eeg, PICTURES[:2], loaded=training.crop(0.0, 0.5))
    with pytest.raises(DataError, match="has no code"):
        read_expected(eeg, ["nothing/nothing_01b"], loaded=training)
    with pytest.raises(MissingDataError, match="miniature world only"):
        read_expected(eeg, PICTURES[:2], loaded=replace(training, subject="sub-09"))


def test_codes_of_any_picture_give_an_expectation(eeg: Path, tmp_path: Path) -> None:
    training = load_things_eeg2(eeg, 1, split="train")
    halves = Codes(
        ("a", "b", "c"), {s: np.stack([z[0], z[1], (z[0] + z[1]) / 2]) for s, z in CODES.stages.items()}
    )
    joined = Codes(
        CODES.ids + halves.ids, {s: np.vstack([z, halves.stages[s]]) for s, z in CODES.stages.items()}
    )
    (tmp_path / expected_file("sub-01")).write_bytes((eeg / expected_file("sub-01")).read_bytes())
    write_codes(tmp_path, joined)
    one, two, between = read_expected(tmp_path, halves.ids, loaded=training).responses
    assert between == pytest.approx((one + two) / 2, abs=1e-5)
