"""NSD in the joint space: five captions an image, none that trains worded like one that tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from companion.encoders.miniature import load_miniature_clip
from companion.errors import DataError, MissingDataError
from companion.running import joint_scenes
from companion.running.joint_scenes import (
    captions_of_tests,
    for_training,
    nsd_joint_space,
    training_captions,
)
from companion.simulation.writers.nsd import write_nsd_captions, write_nsd_pictures

NUMBERS = range(3, 8)
TRAIN, TEST = ("nsd-00005", "nsd-00003", "nsd-00004"), ("nsd-00007", "nsd-00006")
SHARED = "A man riding  a wave."


def captions() -> dict[int, list[str]]:
    found = {number: [f"{number} {n}" for n in range(5)] for number in NUMBERS}
    found[3][1] = SHARED
    found[7][4] = SHARED.lower().replace("  ", " ").removesuffix(".")
    found[4].append("4 and more")
    found[6].append("5 0")  # beyond the fifth, it still is a caption of a test image
    return found


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(1, 255, (425, 425, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The NSD stimuli of a miniature world."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    folder = tmp_path / "miniature/lesson/stimuli/nsd"
    folder.mkdir(parents=True)
    (folder.parent / "world.json").write_text("{}")
    write_nsd_captions(folder, captions())
    write_nsd_pictures(folder, ((number, picture(number)) for number in NUMBERS))
    return folder


def test_captions_of_test_images_are_left_out_and_others_repeated() -> None:
    given = {
        "a": ["s", "t", "u", "v", "w", "x"],
        "b": ["s.", "p", "q", "r", "o"],
        "c": ["Q", "1", "2", "3", "4"],
    }
    assert training_captions(given, ["a"], ["b"]) == {"a": ("t", "u", "v", "w", "x")}
    assert training_captions(given, ["b", "a"], ["c"]) == {
        "b": ("s.", "p", "r", "o", "s."),
        "a": ("s", "t", "u", "v", "w"),
    }
    with pytest.raises(DataError, match=r"Every caption.*\n.*a\n"):
        training_captions({"a": ["s"] * 5, "b": ["S"]}, ["a"], ["b"])


def test_each_image_has_five_captions_and_the_vectors_are_those_of_clip(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joint_scenes, "_BATCH", 2)  # pictures come in three parts
    space = nsd_joint_space(TRAIN, TEST, source="miniature")
    encoder = load_miniature_clip()
    assert space.images is not None
    assert space.images.ids == (*TRAIN, *TEST)
    wanted = [encoder.images([picture(int(name[-1]))])[0] for name in (*TRAIN, *TEST)]
    np.testing.assert_allclose(space.images.values, wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(space.texts.values, encoder.texts(space.texts.ids), rtol=1e-4, atol=1e-4)
    assert space.texts_of["nsd-00004"] == tuple(f"4 {n}" for n in range(5))
    assert space.texts_of["nsd-00003"] == ("3 0", "3 2", "3 3", "3 4", "3 0")
    assert space.texts_of["nsd-00005"] == ("5 1", "5 2", "5 3", "5 4", "5 1")
    assert space.texts_of["nsd-00007"] == (*(f"7 {n}" for n in range(4)), "a man riding a wave")
    assert space.trained == TRAIN
    assert space.tested == TEST
    assert set(space.training_texts.ids).isdisjoint(text for name in TEST for text in space.texts_of[name])
    assert len(space.training_texts) == 5 + 4 + 4
    assert space.images.simulated
    assert space.texts.simulated
    assert dict(space.names) == {}


def test_stimuli_that_both_train_and_test_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"listed twice\n.*nsd-00003"):
        nsd_joint_space(TRAIN, ("nsd-00003",), source="miniature")


def test_official_files_lie_in_folders_of_their_own_and_pictures_may_be_absent(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        joint_scenes, "official_clip", lambda name, device: asked.append(name) or load_miniature_clip()
    )
    with pytest.raises(MissingDataError, match="nsd-coco-captions"):
        nsd_joint_space(TRAIN, TEST, source="official")
    folder.rename(tmp_path / "nsd-coco-captions")
    texts_alone = nsd_joint_space(TRAIN, TEST, source="official", backbone="ViT-L-14")
    assert asked == ["RN101", "ViT-L-14"]
    assert texts_alone.images is None
    assert not texts_alone.texts.simulated
    (tmp_path / "nsd-stimuli").mkdir()
    (tmp_path / "nsd-coco-captions/nsd_stimuli.hdf5").rename(tmp_path / "nsd-stimuli/nsd_stimuli.hdf5")
    complete = nsd_joint_space(TRAIN, TEST, source="official")
    assert complete.images is not None
    assert len(complete.images) == 5
    np.testing.assert_array_equal(complete.texts.values, texts_alone.texts.values)


def test_one_person_sees_own_images_and_all_tests(folder: Path) -> None:
    space = nsd_joint_space(TRAIN, TEST, source="miniature")
    own = for_training(space, TRAIN[1:])
    alone = nsd_joint_space(TRAIN[1:], TEST, source="miniature")
    assert own.images is not None
    assert alone.images is not None
    assert own.trained == TRAIN[1:]
    assert own.tested == TEST
    assert own.texts_of == alone.texts_of
    assert own.texts.ids == alone.texts.ids
    assert own.images.ids == alone.images.ids
    np.testing.assert_array_equal(own.training_texts.values, alone.training_texts.values)
    np.testing.assert_array_equal(own.images.values, alone.images.values)
    for wrong in ("nsd-00009", TEST[0]):
        with pytest.raises(DataError, match=rf"Not training images(.*\n)*.*{wrong}"):
            for_training(space, [wrong])


def test_a_caption_of_two_test_images_stands_for_both(folder: Path) -> None:
    (folder / "captions_train2017.json").unlink(missing_ok=True)
    found = captions()
    found[6][2] = found[7][1]
    write_nsd_captions(folder, found)
    space = nsd_joint_space(TRAIN, TEST, source="miniature")
    gallery, image_of = captions_of_tests(space)
    assert gallery.ids[:2] == ("nsd-00007 #1", "nsd-00007 #2")
    assert len(gallery) == 10
    assert list(image_of.values()) == [*["nsd-00007"] * 5, *["nsd-00006"] * 5]
    np.testing.assert_array_equal(gallery.values[7], gallery.values[1])
    np.testing.assert_array_equal(gallery.values[6], space.texts.select(["6 1"]).values[0])
    assert len(space.texts) == 5 + 4 + 4 + 9
