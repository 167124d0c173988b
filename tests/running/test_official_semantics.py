"""Semantic spaces of files in the official layouts: words, published features, pictures; what is missing."""

from __future__ import annotations

import importlib.util
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from companion.encoders.glove import words_of
from companion.encoders.interface import Float32Array
from companion.errors import DataError, MissingDataError
from companion.loading.god.features import load_god_features
from companion.loading.god.stimuli import category_of, read_god_stimuli
from companion.loading.wordnet import read_lemmas
from companion.running import official_semantics
from companion.running.semantic_spaces import SemanticSpace, semantic_spaces
from companion.simulation.writers.god import write_god_features
from tests import god_world as world

LISTS = world.stimuli()
TRAINED = tuple(dict.fromkeys(map(category_of, world.TRAIN)))
LEMMAS = {
    **dict(zip(TRAINED, (["ostrich"], ["emu bird", "Rhea"], ["frog", "toad frog"], ["turtle"]), strict=True)),
    "n01621127": ["owl", "bird of Minerva"],
    "n03626115": ["knob", "boss"],
    "n04572121": ["welder's mask"],
    "n00000123": ["hop"],
    "n00000124": ["Struthio camelus"],
    "n15102894": ["knot hole"],
    "n00004475": ["organism", "being"],
    "n00005787": ["owl"],
}
VOCABULARY = sorted({word for names in LEMMAS.values() for name in names for word in words_of(name)})
UNKNOWN = {"struthio", "camelus", "minerva", "of"}
VECTORS = {
    word: np.round(np.random.default_rng(row).normal(size=4), 3)
    for row, word in enumerate(VOCABULARY)
    if word not in UNKNOWN
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    return tmp_path


def put_words(root: Path, *, without: Sequence[str] = ()) -> None:
    lines = [f"{word} {' '.join(map(str, v))}\n" for word, v in VECTORS.items() if word not in without]
    for entry in ("glove-42b", "wordnet-lemmas"):
        (root / entry).mkdir()
    with zipfile.ZipFile(root / "glove-42b/glove.42B.300d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("glove.42B.300d.txt", "".join(lines))
    (root / "wordnet-lemmas/imagenet_synset_to_lemma.txt").write_text(
        "".join(f"{category}\t{', '.join(words)}\n" for category, words in LEMMAS.items()), "utf-8"
    )


def put_features(root: Path) -> Path:
    folder = root / "god-image-features"
    folder.mkdir()
    write_god_features(folder, world.features(), simulated=False)  # type: ignore[arg-type]
    return folder


class Colours:
    """Stands in for CLIP: mean and deviation of each colour of a picture."""

    name, n_features, fingerprint = "colours", 6, "colours"

    def images(self, batch: Sequence[Image.Image]) -> Float32Array:
        pixels = [np.asarray(picture, dtype=np.float32) for picture in batch]
        return np.array([[*one.mean(axis=(0, 1)), *one.std(axis=(0, 1))] for one in pixels])


def put_pictures(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = root / "clip-openai-models/ViT-B-32/open_clip_model.safetensors"
    weights.parent.mkdir(parents=True)
    weights.touch()
    asked = ("ViT-B-32-quickgelu", weights, "openai")
    monkeypatch.setattr(
        official_semantics,
        "load_clip",
        lambda name, path, *, training, device: Colours() if (name, path, training) == asked else None,
    )
    for name in world.TRAIN:
        draw(root / f"god-stimulus-images/training/{name}.JPEG")
    for name in world.TEST:
        draw(root / f"god-stimulus-images/test/{name}.JPEG")
    for category in ("n00000123", "n00004475", "n00005787", "n09999999", TRAINED[0]):
        for number in range(1, 9):
            draw(root / f"imagenet-candidates/{category}/{category}_{number}.JPEG")


def draw(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(path.stem.encode()))
    Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(path, "PNG")


def made(**options: object) -> dict[str, SemanticSpace]:
    return semantic_spaces(LISTS, source="official", **options)  # type: ignore[arg-type,return-value]


def brute_force(category: str) -> np.ndarray:
    """Mean over lemmas of the means over their words, as the dossier says it."""
    of_lemmas = []
    for lemma in LEMMAS[category]:
        words = [word for word in words_of(lemma) if word in VECTORS]
        if words:
            of_lemmas.append(sum(VECTORS[word] for word in words) / len(words))
    return sum(of_lemmas) / len(of_lemmas)


def test_words_alone(root: Path) -> None:
    put_words(root)
    spaces = made()
    assert list(spaces) == ["word"]
    space = spaces["word"]
    assert (space.name, space.dropped) == ("GloVe 42B", ())
    assert space.targets.ids == tuple(world.TRAIN)
    assert space.categories.ids == TRAINED
    assert space.test.ids == tuple(world.IMAGERY)
    assert space.candidates.ids == ("n00000123", "n00004475", "n00005787", "n15102894")
    for part in (space.targets, space.categories, space.test, space.candidates):
        assert not part.simulated
        wanted = [brute_force(category_of(name)) for name in part.ids]
        np.testing.assert_allclose(part.values, wanted, atol=1e-12)


def test_the_big_file_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_words(root)
    first = made(n_candidates=2)["word"]
    monkeypatch.setattr(official_semantics, "category_vectors", None)
    again = made(n_candidates=2)["word"]
    assert first.candidates.ids == again.candidates.ids
    np.testing.assert_array_equal(first.targets.values, again.targets.values)
    path = root / "wordnet-lemmas/imagenet_synset_to_lemma.txt"
    path.write_text(path.read_text("utf-8").replace("organism", "turtle"), "utf-8")
    with pytest.raises(TypeError, match="not callable"):  # other words: what was kept is not for them
        made()


def test_published_features_stand_in_for_pictures(root: Path) -> None:
    folder = put_features(root)
    space = made()["image"]
    assert space.name == "GOD cnn8"
    train = load_god_features(folder, "cnn8", "training images")
    np.testing.assert_array_equal(space.targets.values, train.select(world.TRAIN).values)
    for row, category in enumerate(TRAINED):
        of_one = [train.values[at] for at, name in enumerate(train.ids) if category_of(name) == category]
        np.testing.assert_allclose(space.categories.values[row], sum(of_one) / 3, atol=1e-12)
    test = load_god_features(folder, "cnn8", "test images").select(world.TEST)
    np.testing.assert_array_equal(space.test.values, test.values)
    assert space.test.ids == tuple(world.IMAGERY)
    others = load_god_features(folder, "cnn8", "other categories")
    assert TRAINED[0] in others.ids  # a training category has an average, too: it is no candidate
    assert space.candidates.ids == ("n00000123", "n15102894")
    np.testing.assert_array_equal(space.candidates.values, others.select(space.candidates.ids).values)


def test_candidates_have_a_vector_in_every_space_and_the_same_categories_are_dropped(root: Path) -> None:
    put_words(root, without=["turtle", "welder", "s", "mask"])
    put_features(root)
    spaces = made()
    assert list(spaces) == ["image", "word"]
    for space in spaces.values():
        assert space.dropped == (TRAINED[3], "n04572121")
        assert space.categories.ids == TRAINED[:3]
        assert space.test.ids == ("n01621127", "n03626115")
        assert len(space.targets) == 9
        assert space.candidates.ids == ("n00000123", "n15102894")


def test_pictures_come_before_published_features(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_words(root)
    put_features(root)
    put_pictures(root, monkeypatch)
    spaces = made()
    space = spaces["image"]
    assert space.name == "CLIP ViT-B/32"
    assert not space.targets.simulated
    assert space.candidates.ids == spaces["word"].candidates.ids == ("n00000123", "n00004475", "n00005787")
    encoder = Colours()
    for name, got in zip(space.targets.ids, space.targets.values, strict=True):
        picture = Image.open(root / f"god-stimulus-images/training/{name}.JPEG")
        np.testing.assert_allclose(got, encoder.images([picture])[0], rtol=1e-6)
    for name, got in zip(world.TEST, space.test.values, strict=True):
        picture = Image.open(root / f"god-stimulus-images/test/{name}.JPEG")
        np.testing.assert_allclose(got, encoder.images([picture])[0], rtol=1e-6)


def test_a_candidate_is_one_of_its_pictures_drawn_by_the_seed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pictures(root, monkeypatch)
    encoder, drawn = Colours(), []
    for seed in (0, 1, 2, 0):
        candidates = made(seed=seed)["image"].candidates
        assert candidates.ids == ("n00000123", "n00004475", "n00005787", "n09999999")
        numbers = []
        for name, got in zip(candidates.ids, candidates.values, strict=True):
            paths = [root / f"imagenet-candidates/{name}/{name}_{number}.JPEG" for number in range(1, 9)]
            far = np.abs(encoder.images([Image.open(path) for path in paths]) - got).max(axis=1)
            assert far.min() < 1e-4
            numbers.append(int(far.argmin()))
        drawn.append(numbers)
    assert drawn[0] == drawn[3]
    assert len({tuple(numbers) for numbers in drawn}) == 3
    everyone = made(seed=0)["image"].candidates
    few = made(seed=0, n_candidates=2)["image"].candidates
    np.testing.assert_array_equal(few.values, everyone.select(few.ids).values)


def test_pictures_that_are_there_in_part_do_not_fall_back_to_the_stand_in(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_features(root)
    put_pictures(root, monkeypatch)
    (root / f"god-stimulus-images/test/{world.TEST[1]}.JPEG").unlink()
    with pytest.raises(DataError, match=r"1 of 15 stimulus images are not there\n.*\n.*n03626115_19498"):
        made()


@pytest.mark.parametrize("lacks", ["clip-openai-models", "god-stimulus-images", "imagenet-candidates"])
def test_without_one_of_its_parts_clip_gives_way_to_the_stand_in(
    root: Path, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    put_features(root)
    put_pictures(root, monkeypatch)
    (root / lacks).rename(root / "elsewhere")
    assert made()["image"].name == "GOD cnn8"


def test_with_nothing_there_all_that_is_missing_is_named(root: Path) -> None:
    with pytest.raises(MissingDataError, match="No semantic space can be made") as error:
        made()
    for part in ("clip-openai-models", "ImageFeatures.h5", "glove.42B.300d.zip"):
        assert part in str(error.value)


def test_damaged_files_are_not_taken_for_missing_ones(root: Path) -> None:
    put_features(root)
    put_words(root)
    (root / "glove-42b/glove.42B.300d.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"cannot be read\n.*glove\.42B\.300d\.zip"):
        made()


def test_real_words_of_real_categories(real: Path, root: Path) -> None:
    """The 200 GOD categories among all ImageNet categories, in a small sample of real word vectors."""
    spec = importlib.util.find_spec("timm")
    assert spec is not None
    assert spec.origin is not None
    words = Path(spec.origin).parent / "data/_info/imagenet_synset_to_lemma.txt"
    for entry in ("glove-42b", "wordnet-lemmas"):
        (root / entry).mkdir()
    (root / "wordnet-lemmas" / words.name).write_bytes(words.read_bytes())
    values = np.load(real / "glove_twitter_25d/vectors.npy")
    spelt = (real / "glove_twitter_25d/words.txt").read_text("utf-8").split("\n")[: len(values)]
    with zipfile.ZipFile(root / "glove-42b/glove.42B.300d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        lines = (f"{word} {' '.join(map(str, row))}\n" for word, row in zip(spelt, values, strict=True))
        archive.writestr("glove.42B.300d.txt", "".join(lines))
    lists = read_god_stimuli(real / "god_stimuli")
    space = semantic_spaces(lists, source="official")["word"]
    listed = pd.read_csv(real / "god_stimuli/categories.csv").set_index("wnid")["wordnet_lemmas"]
    sample, vector = set(spelt), dict(zip(spelt, values, strict=True))
    lacking = {
        name
        for name, text in listed.items()
        if not sample & {word for lemma in text.split(", ") for word in words_of(lemma)}
    }
    assert set(space.dropped) == lacking
    assert {"n01443537", "n02690373"} <= lacking  # goldfish, airliner
    assert (len(space.categories), len(space.test)) == (150 - 58, 50 - 15)
    assert len(space.targets) == 8 * len(space.categories)
    swan = (vector["swan"]).astype(float)
    np.testing.assert_allclose(space.test.select(["n01858441"]).values[0], swan, atol=1e-6)
    assert len(space.candidates) == 1000
    assert not set(space.candidates.ids) & set(listed.index)
    assert set(space.candidates.ids) <= set(read_lemmas(words))
