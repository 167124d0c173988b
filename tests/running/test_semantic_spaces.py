"""Semantic spaces: what each part holds, what all spaces share, and what may not leak; miniature pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from companion.alignment.autoencoder import Options
from companion.alignment.brain import fit_aligners, pattern_similarity
from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.glove import word_vectors
from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip, miniature_word_vectors_file
from companion.errors import DataError, MissingDataError
from companion.loading.god.stimuli import GodStimuli, category_of
from companion.loading.sources import RECORD
from companion.running import miniature_semantics
from companion.running.semantic_spaces import SemanticSpace, semantic_spaces
from companion.simulation.picture_files import write_kinds
from companion.simulation.sets import god_category, god_id
from companion.simulation.stimuli import all_kinds

TRAIN_KINDS = (1856, 1854, 1855)
TEST_KINDS = (2005, 2004)
CANDIDATE_KINDS = (3, 1650, 1651, 7, 1653)


def listed(train: Sequence[int] = TRAIN_KINDS, test: Sequence[int] = TEST_KINDS) -> GodStimuli:
    shown = [(kind, image) for kind in train for image in (1, 2, 3)]

    def table(pictures: Sequence[tuple[int, int]]) -> pd.DataFrame:
        categories = [god_category(kind) for kind, _ in pictures]
        return pd.DataFrame(
            {
                "stimulus": [god_id(*picture) for picture in pictures],
                "category": categories,
                "category_index": pd.factorize(np.array(categories))[0] + 1,
                "image_index": [image for _, image in pictures],
            }
        )

    tested = table([(kind, 1) for kind in test])
    imagined = tested.assign(stimulus=tested["category"]).drop(columns="image_index")
    return GodStimuli(table(shown), tested, imagined)


LISTS = listed()


def draw(folder: Path, pictures: Sequence[tuple[int, int]], seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for kind, image in pictures:
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((64, 64)).save(folder / f"{god_id(kind, image)}.JPEG")


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of the miniature world, other pictures of test kinds among them."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    stimuli = tmp_path / "miniature/smoke/stimuli"
    folder = stimuli / "god/images"
    folder.mkdir(parents=True)
    (stimuli / RECORD).write_text("{}")
    write_kinds(stimuli)
    shown = [(kind, image) for kind in TRAIN_KINDS for image in (1, 2, 3)] + [
        (kind, 1) for kind in TEST_KINDS
    ]
    others = [(kind, image) for kind in (*TEST_KINDS, *CANDIDATE_KINDS) for image in (101, 102)]
    draw(folder, shown + others)
    return folder


def made(lists: GodStimuli = LISTS, **options: object) -> dict[str, SemanticSpace]:
    return semantic_spaces(lists, source="miniature", scale="smoke", **options)  # type: ignore[arg-type,return-value]


def parts_of(space: SemanticSpace) -> list[Embeddings]:
    return [space.targets, space.categories, space.test, space.candidates]


def test_all_spaces_have_the_same_ids_in_the_order_of_the_lists(images: Path) -> None:
    spaces = made()
    assert {kind: space.name for kind, space in spaces.items()} == {
        "image": "miniature CLIP",
        "word": "miniature words",
    }
    for kind, space in spaces.items():
        assert space.kind == kind
        assert space.targets.ids == tuple(LISTS.train["stimulus"])
        assert space.categories.ids == tuple(map(god_category, TRAIN_KINDS))
        assert space.test.ids == tuple(map(god_category, TEST_KINDS))
        assert space.candidates.ids == tuple(sorted(map(god_category, CANDIDATE_KINDS)))
        assert space.dropped == ()
        assert all(one.simulated and one.space == space.name for one in parts_of(space))


def test_image_vectors_are_those_of_the_pictures_and_categories_their_means(images: Path) -> None:
    space = made()["image"]
    encoder = load_miniature_clip()

    def vector(kind: int, image: int) -> np.ndarray:
        path = images / f"{god_id(kind, image)}.JPEG"
        return encode_images(encoder, {"one": path}, batch_size=1).values[0]

    for row, kind in enumerate(TRAIN_KINDS):
        of_images = [vector(kind, image) for image in (1, 2, 3)]
        np.testing.assert_allclose(
            space.targets.values[3 * row : 3 * row + 3], of_images, rtol=1e-4, atol=1e-3
        )
        mean = (of_images[0] + of_images[1] + of_images[2]) / 3
        np.testing.assert_allclose(space.categories.values[row], mean, rtol=1e-4, atol=1e-3)
    for row, kind in enumerate(TEST_KINDS):
        np.testing.assert_allclose(space.test.values[row], vector(kind, 1), rtol=1e-4, atol=1e-3)
    for name, got in zip(space.candidates.ids, space.candidates.values, strict=True):
        kind = next(one for one in CANDIDATE_KINDS if god_category(one) == name)
        np.testing.assert_allclose(got, vector(kind, 101), rtol=1e-4, atol=1e-3)


def test_in_the_word_space_all_images_of_a_category_have_the_vector_of_its_noun(images: Path) -> None:
    space = made()["word"]
    kinds = {god_category(kind): kind for kind in (*TRAIN_KINDS, *TEST_KINDS, *CANDIDATE_KINDS)}
    nouns = {name: all_kinds()[kind].noun for name, kind in kinds.items()}
    known = word_vectors(miniature_word_vectors_file(), nouns.values(), space="words")
    for part in parts_of(space):
        wanted = known.rows_of(nouns[category_of(name)] for name in part.ids)
        np.testing.assert_array_equal(part.values, wanted)


def test_candidates_are_drawn_once_for_all_spaces_and_again_the_same(images: Path) -> None:
    cache = EmbeddingCache(images.parents[4] / "embeddings")
    draws = set()
    for seed in (0, 1, 2, 3, 0):
        spaces = made(n_candidates=2, seed=seed, cache=cache)
        assert spaces["image"].candidates.ids == spaces["word"].candidates.ids
        assert len(spaces["word"].candidates) == 2
        draws.add((seed, spaces["image"].candidates.ids))
    assert len(draws) == 4
    assert len({drawn for _, drawn in draws}) > 1
    assert {name for _, drawn in draws for name in drawn} <= set(map(god_category, CANDIDATE_KINDS))
    with pytest.raises(ValueError, match="n_candidates"):
        made(n_candidates=0)


def test_nulls_have_the_spaces_of_the_world(images: Path) -> None:
    cache = EmbeddingCache(images.parents[4] / "embeddings")
    world = made(cache=cache)
    null = semantic_spaces(LISTS, source="null", scale="smoke", null="N1", cache=cache)
    for one, other in zip(world.values(), null.values(), strict=True):
        for ours, theirs in zip(parts_of(one), parts_of(other), strict=True):
            np.testing.assert_array_equal(ours.values, theirs.values)
    n_pictures = len(LISTS.train) + len(LISTS.test) + len(CANDIDATE_KINDS)
    assert (cache.misses, cache.hits) == (n_pictures, n_pictures)


def test_pictures_of_the_test_change_nothing_that_is_trained_on(images: Path) -> None:
    before = made()["image"]
    draw(images, [(kind, 1) for kind in TEST_KINDS] + [(kind, 101) for kind in CANDIDATE_KINDS], seed=9)
    after = made()["image"]
    np.testing.assert_array_equal(before.targets.values, after.targets.values)
    np.testing.assert_array_equal(before.categories.values, after.categories.values)
    for changed in ("test", "candidates"):
        assert np.abs(getattr(before, changed).values - getattr(after, changed).values).max() > 1e-3


def test_a_category_without_a_vector_is_left_out_everywhere_and_named(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {all_kinds()[kind].noun for kind in (TRAIN_KINDS[1], TEST_KINDS[0], CANDIDATE_KINDS[0])}
    lines = miniature_word_vectors_file().read_text("utf-8").splitlines(keepends=True)
    fewer = tmp_path / "fewer.txt"
    fewer.write_text("".join(line for line in lines if line.split(" ")[0] not in without), "utf-8")
    monkeypatch.setattr(miniature_semantics, "miniature_word_vectors_file", lambda: fewer)
    for space in made().values():
        assert space.dropped == (god_category(TRAIN_KINDS[1]), god_category(TEST_KINDS[0]))
        assert space.categories.ids == (god_category(TRAIN_KINDS[0]), god_category(TRAIN_KINDS[2]))
        assert set(map(category_of, space.targets.ids)) == set(space.categories.ids)
        assert len(space.targets) == 6
        assert space.test.ids == (god_category(TEST_KINDS[1]),)
        assert space.candidates.ids == tuple(sorted(map(god_category, CANDIDATE_KINDS[1:])))
    with pytest.raises(DataError, match="No test category has a vector in every space"):
        made(listed(test=TEST_KINDS[:1]))
    with pytest.raises(DataError, match="No train category has a vector in every space"):
        made(listed(train=TRAIN_KINDS[1:2]))


def test_nobody_left_to_draw(images: Path) -> None:
    for kind in CANDIDATE_KINDS:
        (images / f"{god_id(kind, 101)}.JPEG").unlink()
    with pytest.raises(DataError, match="draw candidates"):
        made()


def test_a_test_category_is_presented_by_one_image(images: Path) -> None:
    twice = pd.concat([LISTS.test, LISTS.test.iloc[:1].assign(stimulus=god_id(TEST_KINDS[0], 2))])
    with pytest.raises(DataError, match=rf"several images\n.*\n.*{god_category(TEST_KINDS[0])}"):
        made(replace(LISTS, test=twice))


def test_a_world_that_was_not_made_names_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match="companion data simulate stimuli --scale smoke"):
        made()


def toy(ids: Sequence[str], *, space: str = "toy", n_features: int = 6) -> Embeddings:
    values = np.random.default_rng(len(ids)).normal(size=(len(ids), n_features))
    return Embeddings(values, tuple(ids), space)


def toy_space(**other: object) -> SemanticSpace:
    train = [f"n{number:08d}" for number in range(1, 9)]
    parts = {
        "targets": toy([f"{name}_{image}" for name in train for image in (1, 2)]),
        "categories": toy(train),
        "test": toy(["n00000011", "n00000012"]),
        "candidates": toy(["n00000021", "n00000022", "n00000023"]),
        "dropped": ("n00000031",),
    }
    return SemanticSpace("image", **(parts | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"candidates": toy(["n00000021", "n00000001"])}, r"among the candidates\n.*toy\n.*\n.*n00000001"),
        ({"candidates": toy(["n00000021", "n00000012"])}, "among the candidates"),
        ({"candidates": toy(["n00000021", "n00000031"])}, "among the candidates"),
        ({"test": toy(["n00000011", "n00000001"])}, r"also trained on\n.*\n.*n00000001"),
        ({"categories": toy(["n00000001"])}, r"not of the same categories\n.*\n.*n00000002"),
        ({"test": toy(["n00000011"], space="other")}, "different spaces"),
        ({"test": toy(["n00000011"], n_features=5)}, "different spaces"),
    ],
)
def test_parts_that_leak_or_do_not_fit_are_refused(part: dict[str, Embeddings], message: str) -> None:
    with pytest.raises(DataError, match=message):
        toy_space(**part)


def test_all_parts_go_through_a_map() -> None:
    space = toy_space()
    teachers = {"people": pattern_similarity(np.random.default_rng(1).normal(size=(8, 5)))}
    options = Options(n_epochs=2, batch_size=4)
    aligner = fit_aligners(space.categories, teachers, alphas=(0.1,), options=options)["people", 0.1, 0]
    mapped = space.mapped(aligner.transform)
    assert (mapped.name, mapped.kind, mapped.dropped) == (space.name, space.kind, space.dropped)
    for before, after in zip(parts_of(space), parts_of(mapped), strict=True):
        assert after.ids == before.ids
        assert after.aligned_by == "brain (people), alpha 0.1"
        np.testing.assert_array_equal(after.values, aligner.transform(before).values)
        assert after.values.shape[1] == 3
