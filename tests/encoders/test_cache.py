"""The cache: found by content, computed once, damaged parts never believed."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save_file

from companion.encoders.cache import EmbeddingCache
from companion.encoders.inputs import digest_of_picture, digest_of_text
from companion.encoders.interface import encode_images, encode_texts
from companion.errors import DataError
from tests.encoders.toys import ToyImages, ToyTexts

ANIMALS = {"n1": "a cat", "n2": "a dog", "n3": "an owl"}


def parts(root: Path) -> list[Path]:
    return sorted(root.rglob("*.safetensors"))


def direct(texts: dict[str, str], encoder: ToyTexts | None = None) -> np.ndarray:
    return encode_texts(encoder or ToyTexts(), texts, batch_size=100).values


def test_the_second_time_nothing_is_computed_and_the_numbers_are_the_same(tmp_path: Path) -> None:
    encoder, cache = ToyTexts(), EmbeddingCache(tmp_path)
    first = encode_texts(encoder, ANIMALS, batch_size=2, cache=cache)
    assert (cache.hits, cache.misses) == (0, 3)
    second = encode_texts(encoder, ANIMALS, batch_size=2, cache=cache)
    assert (cache.hits, cache.misses) == (3, 3)
    assert encoder.asked == list(ANIMALS.values())
    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_array_equal(first.values, direct(ANIMALS))


def test_only_what_is_new_is_computed_whatever_its_id(tmp_path: Path) -> None:
    encoder, cache = ToyTexts(), EmbeddingCache(tmp_path)
    encode_texts(encoder, ANIMALS, batch_size=2, cache=cache)
    more = {"x": "an owl", "y": "a fox", "z": "a cat"}
    space = encode_texts(encoder, more, batch_size=2, cache=EmbeddingCache(tmp_path))
    assert encoder.asked == [*ANIMALS.values(), "a fox"]
    assert space.ids == ("x", "y", "z")
    np.testing.assert_array_equal(space.values, direct(more))


def test_equal_inputs_are_computed_once(tmp_path: Path) -> None:
    encoder, cache = ToyTexts(), EmbeddingCache(tmp_path)
    twins = {"a": "a cat", "b": "a dog", "c": "a cat"}
    space = encode_texts(encoder, twins, batch_size=1, cache=cache)
    assert encoder.asked == ["a cat", "a dog"]
    assert cache.misses == 2
    np.testing.assert_array_equal(space.values, direct(twins))


def test_another_fingerprint_is_another_encoder(tmp_path: Path) -> None:
    encode_texts(ToyTexts(), ANIMALS, batch_size=2, cache=EmbeddingCache(tmp_path))
    other, cache = ToyTexts("sentences 2"), EmbeddingCache(tmp_path)
    space = encode_texts(other, ANIMALS, batch_size=2, cache=cache)
    assert (cache.hits, cache.misses) == (0, 3)
    np.testing.assert_array_equal(space.values, direct(ANIMALS, other))
    assert not np.array_equal(space.values, direct(ANIMALS))


def test_a_text_and_a_file_of_the_same_bytes_have_different_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a cat")
    assert digest_of_text("a cat") != digest_of_picture("a", tmp_path / "a")


def test_a_changed_file_is_computed_anew_and_a_moved_one_is_not(tmp_path: Path) -> None:
    path, cache, encoder = tmp_path / "a.png", EmbeddingCache(tmp_path / "cache"), ToyImages()
    Image.fromarray(np.full((2, 2, 3), 10, np.uint8)).save(path)
    encode_images(encoder, {"a": path}, batch_size=1, cache=cache)
    path = path.rename(tmp_path / "b.png")
    assert encode_images(encoder, {"b": path}, batch_size=1, cache=cache).values[0, 0] == 10
    assert cache.misses == 1
    Image.fromarray(np.full((2, 2, 3), 20, np.uint8)).save(path)
    assert encode_images(encoder, {"b": path}, batch_size=1, cache=cache).values[0, 0] == 20
    assert cache.misses == 2


def test_arrays_of_the_same_bytes_and_another_shape_are_told_apart(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path)
    flat, high = np.full((2, 6, 3), 7, np.uint8), np.full((6, 2, 3), 7, np.uint8)
    space = encode_images(ToyImages(), {"flat": flat, "high": high}, batch_size=2, cache=cache)
    assert cache.misses == 2
    assert list(space.values[:, 3]) == [2, 6]


def test_by_default_it_lies_in_the_data_folder_and_making_it_touches_nothing() -> None:
    data = Path(os.environ["COMPANION_DATA"])
    cache = EmbeddingCache()
    assert not (data / "embeddings").exists()
    encode_texts(ToyTexts(), ANIMALS, batch_size=2, cache=cache)
    assert len(parts(data / "embeddings")) == 2


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    class Stops(ToyTexts):
        def texts(self, batch: object, /) -> np.ndarray:
            if self.asked:
                raise KeyboardInterrupt
            return super().texts(batch)

    with pytest.raises(KeyboardInterrupt):
        encode_texts(Stops(), ANIMALS, batch_size=2, cache=EmbeddingCache(tmp_path))
    encoder = ToyTexts()
    encode_texts(encoder, ANIMALS, batch_size=2, cache=EmbeddingCache(tmp_path))
    assert encoder.asked == ["an owl"]


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[:-7])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "last byte":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "other numbers":  # a whole safetensors file, with another part's promise
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as part:
            tensors = {name: part.get_tensor(name) for name in part.keys()}  # noqa: SIM118
            metadata = part.metadata()
        tensors["vectors"] = tensors["vectors"] + 1
        save_file(tensors, path, metadata)


@pytest.mark.parametrize("how", ["cut", "empty", "last byte", "other numbers"])
def test_a_damaged_part_is_removed_and_computed_anew_and_never_believed(tmp_path: Path, how: str) -> None:
    encode_texts(ToyTexts(), ANIMALS, batch_size=2, cache=EmbeddingCache(tmp_path))
    of_two = max(parts(tmp_path), key=lambda path: path.stat().st_size)
    damage(of_two, how)
    cache = EmbeddingCache(tmp_path)
    space = encode_texts(ToyTexts(), ANIMALS, batch_size=1, cache=cache)
    np.testing.assert_array_equal(space.values, direct(ANIMALS))
    assert (cache.hits, cache.misses, cache.damaged) == (1, 2, 1)
    assert not of_two.exists()
    healed = EmbeddingCache(tmp_path)
    encode_texts(ToyTexts(), ANIMALS, batch_size=2, cache=healed)
    assert (healed.hits, healed.misses, healed.damaged) == (3, 0, 0)


def test_vectors_of_another_length_are_not_believed(tmp_path: Path) -> None:
    encode_texts(ToyTexts(), ANIMALS, batch_size=3, cache=EmbeddingCache(tmp_path))

    class Shorter(ToyTexts):
        n_features = 4

        def vector(self, text: str) -> np.ndarray:
            return super().vector(text)[:4]

    space = encode_texts(Shorter(), ANIMALS, batch_size=3, cache=EmbeddingCache(tmp_path))
    np.testing.assert_array_equal(space.values, direct(ANIMALS)[:, :4])


def test_a_part_of_another_encoder_put_in_its_place_is_not_believed(tmp_path: Path) -> None:
    for fingerprint in ("one", "two"):
        encode_texts(ToyTexts(fingerprint), {"a": "a cat"}, batch_size=1, cache=EmbeddingCache(tmp_path))
    first, second = parts(tmp_path)
    second.write_bytes(first.read_bytes())
    for fingerprint in ("one", "two"):
        encoder = ToyTexts(fingerprint)
        space = encode_texts(encoder, {"a": "a cat"}, batch_size=1, cache=EmbeddingCache(tmp_path))
        np.testing.assert_array_equal(space.values[0], encoder.vector("a cat"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), length=st.integers(0, 10_000))
def test_no_flipped_bit_and_no_cut_changes_a_vector(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int, length: int
) -> None:
    root = tmp_path_factory.mktemp("cache")
    encode_texts(ToyTexts(), ANIMALS, batch_size=3, cache=EmbeddingCache(root))
    (part,) = parts(root)
    content = bytearray(part.read_bytes())
    content[place % len(content)] ^= 1 << bit
    part.write_bytes(content[: length % len(content) or None] if length % 2 else content)
    space = encode_texts(ToyTexts(), ANIMALS, batch_size=3, cache=EmbeddingCache(root))
    np.testing.assert_array_equal(space.values, direct(ANIMALS))


@settings(max_examples=40, deadline=None)
@given(
    calls=st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=6), min_size=1, max_size=4),
    batch_size=st.integers(1, 4),
)
def test_whatever_was_asked_before_the_vectors_are_the_computed_ones(
    tmp_path_factory: pytest.TempPathFactory, calls: list[list[str]], batch_size: int
) -> None:
    root, encoder = tmp_path_factory.mktemp("cache"), ToyTexts()
    for call in calls:
        texts = {str(number): text for number, text in enumerate(call)}
        space = encode_texts(encoder, texts, batch_size=batch_size, cache=EmbeddingCache(root))
        np.testing.assert_array_equal(space.values, direct(texts))
    assert sorted(encoder.asked) == sorted({text for call in calls for text in call})


def test_what_a_broken_run_left_behind_is_swept_and_never_read(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path)
    encode_texts(ToyTexts(), ANIMALS, batch_size=3, cache=cache)
    left = parts(tmp_path)[0].parent / ".half.writing"
    left.write_bytes(b"half a part")
    encode_texts(ToyTexts(), {"n": "new"}, batch_size=3, cache=cache)
    assert not left.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "embeddings").write_text("a file is in the way")
    with pytest.raises(DataError, match="cannot be kept"):
        encode_texts(ToyTexts(), ANIMALS, batch_size=2, cache=EmbeddingCache(tmp_path / "embeddings"))


class Slow(ToyTexts):
    """Leaves a mark for each time it computes."""

    def __init__(self, marks: Path) -> None:
        super().__init__()
        self._marks = marks

    def texts(self, batch: object, /) -> np.ndarray:
        (self._marks / f"{os.getpid()}").write_text("computed")
        time.sleep(0.3)
        return super().texts(batch)


def _encode_in_a_process(root: Path, marks: Path, both_are_here: Barrier) -> None:
    both_are_here.wait(60)
    space = encode_texts(Slow(marks), ANIMALS, batch_size=3, cache=EmbeddingCache(root))
    np.testing.assert_array_equal(space.values, direct(ANIMALS))


def test_of_two_processes_one_computes_and_the_other_waits_for_it(tmp_path: Path) -> None:
    (marks := tmp_path / "marks").mkdir()
    spawn = multiprocessing.get_context("spawn")
    told = (tmp_path / "cache", marks, spawn.Barrier(2))
    both = [spawn.Process(target=_encode_in_a_process, args=told) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(list(marks.iterdir())) == 1
