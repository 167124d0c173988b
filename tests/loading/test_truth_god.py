"""What is expected of people who saw, or imagined, the GOD images: voxels, gradiometers, electrodes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.random_codes import god_codes, random_stimuli

from companion.errors import DataError
from companion.loading.ecog.responses import VENTRAL_STREAM, load_ecog
from companion.loading.god.fmri import load_god
from companion.loading.god.meg import load_god_meg
from companion.loading.god.time_bins import Reduction
from companion.loading.truth import CODES_FILE, expected_file, read_expected, read_own_view
from companion.recording import Recording, Split
from companion.simulation.brains.fmri import IMAGINED, SEEN
from companion.simulation.codes import STAGES
from companion.simulation.dials import Dials
from companion.simulation.recordings import ecog, god, god_meg
from companion.simulation.scales import EcogScale, GodMegScale, GodScale
from companion.simulation.writers.expected import write_codes

STIMULI = random_stimuli(10, 12, 4)
CODES = god_codes(STIMULI)
TRAINING, TEST = (list(STIMULI.of(split)["stimulus"]) for split in ("train", "test"))  # type: ignore[arg-type]
IMAGE_OF = dict(zip(STIMULI.test["category"], TEST, strict=True))
SCALE = GodScale(1, 10, 12, 6, 6, 10, 5)
MEG_SCALE = GodMegScale(1, 6, 20, 100.0)
ECOG_SCALE = EcogScale(1, 8, 4, 400.0)
DIALS = Dials(signal={"god": 10.0, "god-meg": 100.0, "ecog": 2.0})


def simulate_god(folder: Path) -> None:
    god.write_shared(folder, STIMULI)
    god.simulate_subject(folder, 1, stimuli=STIMULI, codes=CODES, scale=SCALE, dials=DIALS)


def simulate_god_meg(folder: Path) -> None:
    god_meg.simulate_subject(
        folder, 1, training=TRAINING, test=TEST, codes=CODES, scale=MEG_SCALE, dials=DIALS
    )


def simulate_ecog(folder: Path) -> None:
    ecog.simulate_subject(folder, 1, stimuli=STIMULI, codes=CODES, scale=ECOG_SCALE, dials=DIALS)


PARTS = {"god": simulate_god, "god_meg": simulate_god_meg, "ecog": simulate_ecog}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The three recordings of GOD images."""
    made = {}
    for name, simulate in PARTS.items():
        made[name] = tmp_path_factory.mktemp(name)
        simulate(made[name])
        write_codes(made[name], CODES)
    return made


def varying(recording: Recording) -> np.ndarray:
    """Responses less their mean over pictures, in one row."""
    responses = recording.responses.astype(np.float64)
    return (responses - responses.mean(axis=0)).ravel()


@pytest.mark.parametrize("split", ["train", "test", "imagery"])
def test_what_god_voxels_answer_is_known_of_each_split(folders: dict[str, Path], split: Split) -> None:
    folder, gain = folders["god"], IMAGINED if split == "imagery" else SEEN
    model = god.god_model(1, codes=CODES, scale=SCALE, dials=DIALS)
    loaded = load_god(folder, 1, split=split, stimuli=STIMULI).averaged()
    expected = read_expected(folder, loaded.stimuli, loaded=loaded)
    images = [IMAGE_OF.get(name, name) for name in loaded.stimuli]
    by_model = model.expected(CODES.select(images), gain)
    assert varying(expected) == pytest.approx((by_model - by_model.mean(axis=0)).ravel(), abs=1e-4)
    assert expected.responses.mean(axis=0) == pytest.approx(loaded.responses.mean(axis=0), abs=1e-4)
    rows = np.arange(len(loaded))
    right, *wrong = (
        np.corrcoef(varying(expected.select_trials(np.roll(rows, by))), varying(loaded))[0, 1] for by in rows
    )
    assert right > 0.4
    assert max(wrong) < right - 0.1
    loadings = read_own_view(folder, "Subject1", split)
    assert loadings.T @ loadings == pytest.approx(model.own_view_covariance(gain), rel=1e-4, abs=1e-4)


def test_pictures_that_nobody_imagined_have_an_expectation_in_imagery(folders: dict[str, Path]) -> None:
    folder = folders["god"]
    imagery = load_god(folder, 1, split="imagery", stimuli=STIMULI)
    category, image = next(iter(IMAGE_OF.items()))
    expected = read_expected(folder, [category, image, *TRAINING], loaded=imagery)
    assert expected.stimuli[:3] == [category, image, TRAINING[0]]
    assert np.array_equal(expected.responses[0], expected.responses[1])
    seen = load_god(folder, 1, split="train", stimuli=STIMULI)
    with pytest.raises(DataError, match=f"(?s)has no code.*{category}"):  # what is seen is an image
        read_expected(folder, [category], loaded=seen)


@pytest.mark.parametrize("bin_width", [None, 0.05, 0.5])
def test_god_meg_is_expected_in_tesla_and_in_bins(folders: dict[str, Path], bin_width: float | None) -> None:
    folder = folders["god_meg"]
    training, test = (
        load_god_meg(folder, 1, split=split, bin_width=bin_width)
        for split in ("train", "test")  # type: ignore[arg-type]
    )
    expected = read_expected(folder, TEST, loaded=training)
    times = np.arange(-10, 51) / 100
    model = god_meg.meg_model(1, dict.fromkeys(STAGES, 6), DIALS, MEG_SCALE.n_sensors)
    reduce = Reduction.of(times, bin_width, (-0.1, 0.0), where="the test")
    by_model = reduce(model.expected(CODES.select(TEST), times))
    by_model -= by_model.mean(axis=0)
    assert varying(expected) == pytest.approx(by_model.ravel(), abs=2e-3 * np.abs(by_model).max())
    assert expected.times == pytest.approx(reduce.times)
    if bin_width != 0.5:  # half a second in one value holds as much of the image before
        found = test.averaged().for_stimuli(TEST)
        late = np.asarray(expected.times) > 0.15  # then the image before it is mostly over
        known, seen = (
            (one.responses - one.responses.mean(axis=0))[..., late].ravel() for one in (expected, found)
        )
        assert np.corrcoef(known, seen)[0, 1] > 0.8
        assert seen @ known / (known @ known) == pytest.approx(1, abs=0.1)


def test_god_meg_that_was_cut_is_refused(folders: dict[str, Path]) -> None:
    for bin_width in (None, 0.05):
        training = load_god_meg(folders["god_meg"], 1, split="train", bin_width=bin_width)
        with pytest.raises(DataError, match="as the loader gives it"):
            read_expected(folders["god_meg"], TEST, loaded=training.crop(0.1, 0.4))


@pytest.mark.parametrize("log_power", [True, False])
def test_high_gamma_of_unseen_pictures_is_as_expected(folders: dict[str, Path], log_power: bool) -> None:
    folder = folders["ecog"]
    training, test = (
        load_ecog(folder, 1, split=split, log_power=log_power)
        for split in ("train", "test")  # type: ignore[arg-type]
    )
    ventral = (training.units["region"] == VENTRAL_STREAM).to_numpy()
    expected = read_expected(folder, TEST, loaded=training)
    assert not varying(expected.select_units(~ventral)).any()
    known, found = (
        varying(one.select_units(ventral)) for one in (expected, test.averaged().for_stimuli(TEST))
    )
    assert np.corrcoef(known, found)[0, 1] > 0.7
    assert found @ known / (known @ known) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("name", list(PARTS))
def test_recordings_of_god_images_are_the_same_without_what_is_expected(
    name: str, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = {"god": god, "god_meg": god_meg, "ecog": ecog}[name]
    monkeypatch.setattr(module, "write_expected", lambda *given, **named: None)
    PARTS[name](tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert written
    folder = folders[name]
    for path in written:
        assert (folder / path).read_bytes() == (tmp_path / path).read_bytes(), path
    more = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    person = {"god": "Subject1", "god_meg": "M1", "ecog": "E1"}[name]
    files = {CODES_FILE, expected_file(person)}
    files |= {expected_file(person, "imagery")} if name == "god" else set()
    assert more - {path.as_posix() for path in written} == files


def test_a_region_is_selected_afterwards(folders: dict[str, Path]) -> None:
    folder = folders["god"]
    part, whole = (load_god(folder, 1, split="train", stimuli=STIMULI, rois=rois) for rois in (["V4"], None))
    with pytest.raises(DataError, match="select afterwards"):
        read_expected(folder, TEST, loaded=part)
    assert read_expected(folder, TEST, loaded=whole).roi("V4").units["name"].equals(part.units["name"])
