"""The open pool: what it shows, what can be left out, and pictures of any size as pixels of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from companion.encoders.miniature import load_miniature_clip
from companion.errors import DataError
from companion.running import picture_pool as module
from companion.running.picture_pool import OFFICIAL_POOL, as_pixels, picture_pool
from companion.simulation.picture_files import write_kinds
from companion.simulation.stimuli import all_kinds


def pictures(n: int) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (n, 64, 64, 3), dtype=np.uint8)


@pytest.fixture
def stimuli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stimuli of a miniature world whose pool has three pictures, of kinds 2, 5 and 2."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    folder = tmp_path / "miniature/lesson/stimuli"
    folder.mkdir(parents=True)
    (folder / "world.json").write_text("{}")
    write_kinds(folder)
    write_pool(folder, [f"a plain red {all_kinds()[kind].noun} in a room" for kind in (2, 5, 2)])
    return folder


def write_pool(folder: Path, captions: list[str]) -> None:
    np.savez(
        folder / "pool.npz", ids=np.array(["a", "b", "c"]), pictures=pictures(3), captions=np.array(captions)
    )


def test_pictures_have_vectors_nouns_and_larger_classes(stimuli: Path) -> None:
    found = picture_pool(source="miniature")
    assert found is not None
    second, fifth = all_kinds()[2], all_kinds()[5]
    assert found.nouns == {"a": second.noun, "b": fifth.noun, "c": second.noun}
    assert found.families == {"a": second.category, "b": fifth.category, "c": second.category}
    np.testing.assert_array_equal(found.pictures["b"], pictures(3)[1])
    wanted = load_miniature_clip().images(list(pictures(3)))
    np.testing.assert_allclose(found.vectors.values, wanted, rtol=1e-4, atol=1e-4)
    assert found.vectors.ids == ("a", "b", "c")
    other = picture_pool(source="miniature", pool="without_test_kinds")
    assert other is not None
    assert other.vectors.space == "miniature CLIP without test kinds"


def test_kinds_are_left_out_with_all_their_pictures(stimuli: Path) -> None:
    found = picture_pool(source="miniature")
    assert found is not None
    left = found.without([all_kinds()[2].noun])
    assert list(left.pictures) == ["b"]
    assert left.vectors.ids == ("b",)
    np.testing.assert_array_equal(left.vectors.values[0], found.vectors.values[1])


def test_a_caption_names_one_kind(stimuli: Path) -> None:
    write_pool(stimuli, ["a thing", "a thing", "a thing"])
    with pytest.raises(DataError, match="names one kind"):
        picture_pool(source="miniature")


def test_the_official_pool_may_be_absent_and_is_read_from_subfolders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    assert picture_pool(source="official") is None
    monkeypatch.setattr(module, "official_clip", lambda backbone, device: load_miniature_clip())
    folder = tmp_path / OFFICIAL_POOL / "val"
    folder.mkdir(parents=True)
    for name, one in zip(("y.JPEG", "x.png"), pictures(2), strict=True):
        Image.fromarray(one).save(folder / name)
    (folder / "list.txt").write_text("no picture")
    found = picture_pool(source="official")
    assert found is not None
    assert list(found.pictures) == ["x", "y"]
    assert (dict(found.nouns), dict(found.families)) == ({}, {})
    Image.fromarray(pictures(1)[0]).save(folder.parent / "x.jpg")
    with pytest.raises(DataError, match="one name"):
        picture_pool(source="official")


def test_pixels_are_the_middle_of_the_picture(tmp_path: Path) -> None:
    wide = np.zeros((128, 256, 3), dtype=np.uint8)
    wide[:, 64:192] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.fromarray(wide[:, :, 0]).save(tmp_path / "grey.png")
    given = {
        "file": tmp_path / "wide.png",
        "array": wide,
        "grey": tmp_path / "grey.png",
        "small": pictures(1)[0],
    }
    found = as_pixels(given, ["small", "grey", "array", "file"])
    assert list(found) == ["small", "grey", "array", "file"]
    for name in ("file", "array", "grey"):
        assert found[name].shape == (64, 64, 3)
        assert (found[name][:, 2:-2] == 200).all()
    np.testing.assert_array_equal(found["small"], pictures(1)[0])
