"""Stimuli through encoders: by id, in batches, raw, and nothing unreadable or infinite let through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from companion.encoders import inputs
from companion.encoders.cache import EmbeddingCache
from companion.encoders.interface import encode_images, encode_texts
from companion.errors import DataError
from tests.encoders.toys import ToyImages, ToyTexts

RED = np.full((6, 8, 3), (200, 10, 30), dtype=np.uint8)
BLUE = np.full((5, 5, 3), (0, 0, 255), dtype=np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path | np.ndarray]:
    Image.fromarray(RED).save(tmp_path / "red.png")
    return {"00002_b/b_01": BLUE, "00001_a/a_01": tmp_path / "red.png", "grey": np.full((4, 4), 9, np.uint8)}


def test_rows_carry_the_ids_in_their_order_and_raw_values(pictures: dict) -> None:
    space = encode_images(ToyImages(), pictures, batch_size=2)
    assert space.ids == ("00002_b/b_01", "00001_a/a_01", "grey")
    np.testing.assert_array_equal(space.values, [[0, 0, 255, 5], [200, 10, 30, 6], [9, 9, 9, 4]])
    assert space.space == "toy colours"


@pytest.mark.parametrize(("batch_size", "asked"), [(1, [1, 1, 1]), (2, [2, 1]), (9, [3])])
def test_the_batch_size_changes_the_calls_and_not_the_vectors(
    pictures: dict, batch_size: int, asked: list[int]
) -> None:
    encoder = ToyImages()
    space = encode_images(encoder, pictures, batch_size=batch_size)
    assert encoder.asked == asked
    np.testing.assert_array_equal(space.values, encode_images(ToyImages(), pictures, batch_size=3).values)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_has_at_least_one_stimulus(batch_size: int) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        encode_texts(ToyTexts(), {"a": "b"}, batch_size=batch_size)


def test_texts_are_joined_by_id() -> None:
    encoder = ToyTexts()
    space = encode_texts(encoder, {"n2": "a cat", "n1": "a dog", "n3": "a cat"}, batch_size=2)
    assert space.ids == ("n2", "n1", "n3")
    wanted = [encoder.vector(text) for text in ("a cat", "a dog", "a cat")]
    np.testing.assert_array_equal(space.values, np.stack(wanted))


def test_nothing_to_encode_is_an_error() -> None:
    with pytest.raises(DataError, match="nothing to encode"):
        encode_texts(ToyTexts(), {}, batch_size=2)


@pytest.mark.parametrize("cached", [False, True])
def test_numbers_that_are_not_finite_are_refused_by_name_and_not_kept(cached: bool, tmp_path: Path) -> None:
    class Broken(ToyTexts):
        def vector(self, text: str) -> np.ndarray:
            return super().vector(text) * (np.nan if text == "bad" else 1)

    cache = EmbeddingCache(tmp_path) if cached else None
    with pytest.raises(DataError, match="'two'") as caught:
        encode_texts(Broken(), {"one": "good", "two": "bad"}, batch_size=5, cache=cache)
    assert "'one'" not in str(caught.value)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_another_shape_than_promised_is_refused() -> None:
    encoder = ToyTexts()
    encoder.n_features = 6
    with pytest.raises(DataError, match="shape"):
        encode_texts(encoder, {"a": "b"}, batch_size=1)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((3, 4, 4), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
        np.zeros(4, np.uint8),
    ],
)
def test_an_array_that_is_no_picture_is_refused_by_name(array: np.ndarray) -> None:
    with pytest.raises(DataError, match="'odd'"):
        encode_images(ToyImages(), {"odd": array}, batch_size=1)


def test_an_absent_a_cut_and_a_foreign_file_are_refused_by_name(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.jpg")
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no image")
    for name in ("absent.png", "cut.jpg", "text.png"):
        with pytest.raises(DataError, match=f"{name}, stimulus 'odd'"):
            encode_images(ToyImages(), {"odd": tmp_path / name}, batch_size=1)


def test_a_file_that_changes_meanwhile_is_not_stored_under_its_old_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(RED).save(path)
    monkeypatch.setattr(inputs, "sha256_of", lambda _: "the digest of what lay there before")
    with pytest.raises(DataError, match="changed"):
        encode_images(ToyImages(), {"a": path}, batch_size=1, cache=EmbeddingCache(tmp_path / "cache"))


def test_transparency_is_dropped(tmp_path: Path) -> None:
    layers = np.dstack([RED, np.full(RED.shape[:2], 128, np.uint8)])
    Image.fromarray(layers).save(tmp_path / "red.png")
    space = encode_images(ToyImages(), {"red": tmp_path / "red.png"}, batch_size=1)
    np.testing.assert_array_equal(space.values, [[200, 10, 30, 6]])


def test_the_inputs_stay_as_they_were(pictures: dict) -> None:
    before = pictures["grey"].copy()
    encode_images(ToyImages(), pictures, batch_size=2)
    np.testing.assert_array_equal(pictures["grey"], before)
