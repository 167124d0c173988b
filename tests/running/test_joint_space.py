"""Pictures and texts in one space: what belongs to whom, no text of a test, files of both sources."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.clip import load_clip
from companion.encoders.miniature import load_miniature_clip
from companion.errors import DataError, MissingDataError
from companion.loading.god.stimuli import GodStimuli, category_of, read_god_stimuli
from companion.running import joint_sources
from companion.running.joint_space import WRITINGS, JointSpace, god_joint_space
from companion.simulation.picture_files import write_kinds
from companion.simulation.stimuli import all_kinds
from companion.simulation.writers.god_stimuli import write_god_captions

TRAIN = ("n01518878_1", "n01518878_2", "n02084071_1", "n02084071_2")
TEST = ("n01443537_22563", "n02071294_46212")
SENTENCES = ("a bird runs", "two birds under umbrellas", "a dog sleeps", "a dog beside a killer whale")
TINY = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    "quick_gelu": True,
}


def lists(train: tuple[str, ...] = TRAIN, test: tuple[str, ...] = TEST) -> GodStimuli:
    def table(names: tuple[str, ...]) -> pd.DataFrame:
        categories = [category_of(name) for name in names]
        numbers = pd.factorize(np.array(categories))[0] + 1
        return pd.DataFrame(
            {"stimulus": names, "category": categories, "category_index": numbers, "image_index": 1}
        )

    imagery = table(tuple(map(category_of, test))).drop(columns="image_index")
    return GodStimuli(table(train), table(test), imagery)


def captions(prompts: tuple[str, str] = ("Ostrich", "Dog")) -> dict[str, tuple[str, str]]:
    return {
        name: (f"an image of {prompts[row // 2]}.", SENTENCES[row] + ".") for row, name in enumerate(TRAIN)
    }


def draw(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(path.stem.encode()))
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path, "PNG")


def unit(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.linalg.norm(values, axis=-1, keepdims=True))


# ---------------------------------------------------------------------------------------------- the checks


def toy(**changes: Any) -> JointSpace:
    """Two training categories and a test category; ten features."""
    rng = np.random.default_rng(0)

    def vectors(*ids: str) -> Embeddings:
        return Embeddings(rng.normal(size=(len(ids), 10)), ids, "toy")

    parts: dict[str, Any] = {
        "texts_of": {
            "a_1": ("an image of cat.", "one"),
            "a_2": ("an image of cat.", "two"),
            "b_1": ("x", "y"),
        },
        "images": vectors("a_1", "a_2", "b_1", "t_1"),
        "names": {"prompt": vectors("a", "b", "t"), "name": vectors("b", "a", "t")},
        "nouns": {"a": "cat", "b": "hat", "t": "owl"},
        "tested": ("t_1",),
    } | changes
    texts = dict.fromkeys(text for own in parts["texts_of"].values() for text in own)
    return JointSpace(**{"texts": vectors(*texts)} | parts)


def test_a_space_knows_what_is_trained_on() -> None:
    space = toy(texts_of={"a_1": ("s", "t"), "t_1": ("u", "v"), "a_2": ("t", "w"), "b_1": ("s",)})
    assert space.trained == ("a_1", "a_2", "b_1")
    assert space.training_texts.ids == ("s", "t", "w")
    assert space.texts.ids == ("s", "t", "u", "v", "w")
    with pytest.raises(TypeError):
        space.texts_of["a_1"] = ()  # type: ignore[index]


def test_pictures_and_names_may_be_absent() -> None:
    bare = toy(images=None, names={}, nouns={}, tested=())
    assert bare.trained == ("a_1", "a_2", "b_1")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"texts_of": {"a_1": ("An image of  OWL",), "a_2": ("s",), "b_1": ("s",)}}, "among the training"),
        ({"texts_of": {"a_1": ("owl.",), "a_2": ("s",), "b_1": ("s",)}}, "among the training"),
        ({"texts_of": {"a_1": ("S.",), "a_2": ("q",), "b_1": ("q",), "t_1": ("s",)}}, "among the training"),
        ({"tested": ("b_2",), "images": None}, "test category is also trained on\n.*\n.*b"),
        ({"texts_of": {"a_1": ("s",), "a_2": (), "b_1": ("s",)}}, "empty list of texts"),
        ({"texts_of": {"a_1": ("s",), "b_1": ("s",)}}, "Images are not those"),
        ({"nouns": {"a": "cat", "b": "hat"}}, "same categories"),
        ({"tested": ("t_1", "u_1"), "images": None}, "has no name"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        toy(**changes)


def test_texts_and_spaces_that_differ_are_refused() -> None:
    space = toy()
    assert space.images is not None
    with pytest.raises(DataError, match="Texts are not those"):
        replace(space, texts=space.texts.select(space.texts.ids[:-1]))
    with pytest.raises(DataError, match="different spaces"):
        replace(space, images=replace(space.images, space="another"))
    with pytest.raises(DataError, match="different spaces"):
        replace(space, texts=Embeddings(space.texts.values[:, :9], space.texts.ids, "toy"))


def test_sentences_that_name_a_test_category_are_found() -> None:
    texts_of = {"a_1": ("two Owls sit", "an owlet"), "a_2": ("bowl", "an owl, a cat"), "b_1": ("cat", "hat")}
    assert toy(texts_of=texts_of).texts_naming_tests() == {
        "two Owls sit": ("owl",),
        "an owl, a cat": ("owl",),
    }


def miniature(root: Path) -> GodStimuli:
    """Stimuli of a miniature world: two training kinds and two test kinds, which one CLIP never saw."""
    folder = root / "miniature/lesson/stimuli"
    (folder / "god").mkdir(parents=True)
    (folder / "world.json").write_text("{}")
    write_kinds(folder)
    train = ("n90001855_1", "n90001855_2", "n90001856_1", "n90001856_2")
    test = ("n90002005_1", "n90002006_1")
    nouns = [all_kinds()[1854 + row // 2].noun for row in range(4)]
    write_god_captions(
        folder / "god",
        {
            name: (f"an image of {noun}.", f"a red {noun}" + " on a beach" * (name[-1] == "2"))
            for name, noun in zip(train, nouns, strict=True)
        },
    )
    for name in (*train, *test):
        draw(folder / f"god/images/{name}.JPEG")
    return lists(train, test)


@pytest.mark.parametrize("pool", ["full", "without_test_kinds"])
def test_the_miniature_space_holds_what_its_clip_gives(tmp_path: Path, monkeypatch, pool) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    shown = miniature(tmp_path)
    space = god_joint_space(shown, source="miniature", pool=pool, cache=EmbeddingCache())
    encoder = load_miniature_clip(pool)
    folder = tmp_path / "miniature/lesson/stimuli/god/images"
    assert space.images is not None
    assert space.images.ids == (*shown.train["stimulus"], *shown.test["stimulus"])
    for name, row in zip(space.images.ids, space.images.values, strict=True):
        np.testing.assert_allclose(
            row, encoder.images([Image.open(folder / f"{name}.JPEG")])[0], rtol=1e-4, atol=1e-4
        )
    first, other = (all_kinds()[number].noun for number in (1854, 1855))
    prompts = [f"an image of {first}.", f"an image of {other}."]
    assert space.texts_of["n90001855_2"] == (prompts[0], f"a red {first} on a beach")
    assert len(space.texts) == len(space.training_texts) == 6  # two prompts, four sentences
    np.testing.assert_allclose(
        space.texts.select(prompts).values, encoder.texts(prompts), rtol=1e-4, atol=1e-4
    )
    assert all(one.simulated for one in (space.images, space.texts, *space.names.values()))
    assert space.tested == ("n90002005_1", "n90002006_1")
    assert space.nouns["n90002005"] == all_kinds()[2004].noun
    assert set(space.names) == set(WRITINGS)
    for writing, vectors in space.names.items():
        assert vectors.ids == ("n90001855", "n90001856", "n90002005", "n90002006")
        known, tested = vectors.values[:2], vectors.values[2:]
        assert known[0] @ known[1] < 1 - 1e-6
        same_words = pool == "without_test_kinds" and writing != "gloss"
        assert (tested[0] @ tested[1] > 1 - 1e-9) == same_words


def test_a_world_that_was_not_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match="companion data simulate stimuli"):
        god_joint_space(lists(), source="miniature")


def test_in_a_world_pictures_lie_near_their_prompts(
    smoke_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    shown = read_god_stimuli(smoke_world / "miniature/smoke/stimuli/god")
    space = god_joint_space(shown, source="miniature", scale="smoke")
    assert space.images is not None
    vectors = unit(space.images.select(shown.test["stimulus"]).values)
    for writing in WRITINGS:
        anchors = space.names[writing].select(shown.test["category"]).values
        right = (vectors @ anchors.T).argmax(axis=1) == np.arange(len(anchors))
        assert right.mean() > 0.5
    assert space.texts_naming_tests() == {}


# ------------------------------------------------------------------------------- files in official layouts


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder with a tiny random CLIP under the names of RN101, and captions of four images."""
    import open_clip
    import torch
    from open_clip import factory
    from safetensors.torch import save_file

    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    monkeypatch.setattr(factory, "_MODEL_CONFIGS", factory._MODEL_CONFIGS | {"RN101-quickgelu": TINY})
    weights = tmp_path / "clip-openai-models/RN101/open_clip_model.safetensors"
    weights.parent.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = open_clip.CLIP(**TINY).state_dict()
        save_file({name: one + 0.3 * torch.randn(one.shape) for name, one in state.items()}, weights)
    (tmp_path / "brainclip-god-captions").mkdir()
    write_god_captions(tmp_path / "brainclip-god-captions", captions(), simulated=False)
    # the manifest pins the released file, which may not be copied into tests
    monkeypatch.setattr(
        joint_sources, "data_file", lambda entry: tmp_path / entry / joint_sources.CAPTIONS_FILE
    )
    return tmp_path


def tiny(root: Path) -> Any:
    weights = root / "clip-openai-models/RN101/open_clip_model.safetensors"
    return load_clip("RN101-quickgelu", weights, training="openai")


def test_without_pictures_texts_and_names_are_complete(official: Path) -> None:
    from open_clip import OPENAI_IMAGENET_TEMPLATES

    space = god_joint_space(lists(), source="official")
    encoder = tiny(official)
    assert space.images is None
    assert dict(space.texts_of) == captions()
    assert len(space.texts) == 6
    np.testing.assert_allclose(space.texts.values, encoder.texts(space.texts.ids), atol=1e-5)
    assert not space.texts.simulated
    categories = ("n01518878", "n02084071", "n01443537", "n02071294")
    nouns = ["ostrich", "dog", "goldfish", "killer whale"]
    assert dict(space.nouns) == dict(zip(categories, nouns, strict=True))
    gloss = "an image of goldfish, small golden or orange-red freshwater fishes of Eurasia used as pond or"
    written = {
        "prompt": [f"an image of {noun}." for noun in nouns],
        "name": nouns,
        "gloss": [None, None, f"{gloss} aquarium fishes.", None],
    }
    for writing, sentences in written.items():
        found = space.names[writing]  # type: ignore[index]
        assert found.ids == categories
        for row, sentence in enumerate(sentences):
            if sentence is not None:
                np.testing.assert_allclose(found.values[row], unit(encoder.texts([sentence])[0]), atol=1e-5)
    for row, noun in enumerate(nouns):
        ensemble = unit(unit(encoder.texts([fill(noun) for fill in OPENAI_IMAGENET_TEMPLATES])).mean(axis=0))
        np.testing.assert_allclose(space.names["ensemble"].values[row], ensemble, atol=1e-5)
    # of a training category, the released prompt and ours are the same to CLIP, capital or not
    own = unit(space.texts.select(["an image of Dog."]).values[0])
    np.testing.assert_allclose(space.names["prompt"].select(["n02084071"]).values[0], own, atol=1e-6)
    assert space.texts_naming_tests() == {"a dog beside a killer whale.": ("killer whale",)}


def test_only_the_writings_asked_for_are_made(official: Path) -> None:
    assert set(god_joint_space(lists(), source="official", writings=["prompt"]).names) == {"prompt"}


def test_official_pictures_are_taken_where_they_are_all_there(official: Path) -> None:
    for name in (*TRAIN, *TEST):
        draw(official / f"god-stimulus-images/some/{name}.JPEG")
    space = god_joint_space(lists(), source="official", writings=["prompt"])
    assert space.images is not None
    assert space.images.ids == (*TRAIN, *TEST)
    picture = Image.open(official / f"god-stimulus-images/some/{TEST[1]}.JPEG")
    np.testing.assert_allclose(space.images.values[-1], tiny(official).images([picture])[0], atol=1e-5)
    (official / f"god-stimulus-images/some/{TEST[1]}.JPEG").unlink()
    with pytest.raises(DataError, match="1 of 6 stimulus images"):
        god_joint_space(lists(), source="official", writings=["prompt"])


def test_weights_that_are_not_there_are_named(official: Path) -> None:
    with pytest.raises(MissingDataError, match=r"CLIP ViT-L-14 are not on this machine"):
        god_joint_space(lists(), source="official", backbone="ViT-L-14")
    shutil.rmtree(official / "clip-openai-models")
    with pytest.raises(MissingDataError, match="clip-openai-models"):
        god_joint_space(lists(), source="official")


def test_captions_of_a_test_category_are_refused(official: Path) -> None:
    path = official / "brainclip-god-captions" / joint_sources.CAPTIONS_FILE
    content = json.loads(path.read_text("utf-8"))
    content[TRAIN[0]][1] = "An image of Goldfish"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(DataError, match=r"among the training texts\n.*n01518878_1\n.*Goldfish"):
        god_joint_space(lists(), source="official", writings=["prompt"])


def test_the_released_captions_and_lists(official: Path, real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = real / "god_captions_cc_by_nc_sa/god_training_captions.json"
    monkeypatch.setattr(joint_sources, "data_file", lambda entry: source)
    shown = read_god_stimuli(real / "god_stimuli")
    space = god_joint_space(shown, source="official", writings=["prompt"])
    assert len(space.trained) == 1200
    assert space.training_texts.ids == space.texts.ids
    assert len(space.texts) == 150 + 1199
    assert len(space.names["prompt"]) == len(space.nouns) == 200
    assert space.tested == tuple(shown.test["stimulus"])
    for name in space.trained[::8]:
        own = space.names["prompt"].select([category_of(name)]).values[0]
        released = unit(space.texts.select(space.texts_of[name][:1]).values[0])
        np.testing.assert_allclose(own, released, atol=1e-6)
    # what a reader has to know: geese that people took for ducks, and words with two meanings
    named = space.texts_naming_tests()
    images = {
        name: {n for text in space.texts_of[name] for n in named.get(text, ())} for name in space.trained
    }
    about = pd.Series({name: ", ".join(sorted(nouns)) for name, nouns in images.items() if nouns})
    assert about.value_counts().to_dict() == {
        "bat": 8,
        "crab": 8,
        "duck": 8,
        "umbrella": 2,
        "bowling ball": 1,
        "microwave": 1,
    }
