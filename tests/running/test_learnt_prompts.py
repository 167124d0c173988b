"""Names with a learnt context: learnt once, on training categories alone, for every category."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.miniature import load_miniature_clip
from companion.errors import DataError
from companion.loading.god.people import god_folder
from companion.loading.god.stimuli import category_of, read_god_stimuli
from companion.running import learnt_prompts as module
from companion.running.joint_space import JointSpace, god_joint_space
from companion.running.learnt_prompts import LearntPrompts, god_learnt_prompts, learnt_prompts
from companion.training.prompt_context import ContextSettings

SHORT = ContextSettings(n_epochs=2, batch_size=16, learning_rate=0.01)
NOUNS = ("perzuv", "sikab", "klilvob", "beach", "red", "blue", "sky", "small", "green", "field")
TRAINED = [f"n{category}_{picture}" for category in range(8) for picture in range(3)]
TESTED = ["n8_0", "n9_0"]


def problem() -> JointSpace:
    """Pictures near the vectors of their prompts, for words that the miniature CLIP knows."""
    encoder = load_miniature_clip()
    vectors = encoder.texts([f"an image of {one}." for one in NOUNS]).astype(np.float64)
    names = [f"n{number}" for number in range(len(NOUNS))]
    shown = [*TRAINED, *TESTED]
    rng = np.random.default_rng(0)
    own = np.stack([vectors[int(name.split("_")[0][1:])] for name in shown])
    texts = [f"an image of {NOUNS[number]}." for number in range(8)]
    return JointSpace(
        images=Embeddings(own + 0.2 * rng.normal(size=own.shape), tuple(shown), "miniature CLIP"),
        texts=Embeddings(vectors[:8], tuple(texts), "miniature CLIP", simulated=True),
        texts_of={name: (texts[int(name.split("_")[0][1:])],) for name in TRAINED},
        names={"prompt": Embeddings(vectors, tuple(names), "miniature CLIP")},
        nouns=dict(zip(names, NOUNS, strict=True)),
        tested=tuple(TESTED),
    )


def learnt(space: JointSpace | None = None, **changes: Any) -> LearntPrompts:
    return learnt_prompts(load_miniature_clip(), space or problem(), SHORT, **({"n_words": 3} | changes))


def test_every_category_is_named_and_the_context_is_learnt_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    original = module._learnt

    def counted(*given: Any) -> Any:
        made.append(given[4])
        return original(*given)

    monkeypatch.setattr(module, "_learnt", counted)
    first, again, other = learnt(), learnt(), learnt(seed=1)
    assert made == [0, 1]
    assert first.names.ids == tuple(f"n{number}" for number in range(10))
    assert first.names.simulated
    assert first.names.space == "miniature CLIP"
    np.testing.assert_allclose(np.linalg.norm(first.names.values, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(first.names.values, again.names.values)
    assert not np.allclose(first.names.values, other.names.values)
    assert len(first.training_losses) == len(first.validation_losses) == SHORT.n_epochs
    assert first.best == int(np.argmin(again.validation_losses))


def test_vectors_are_those_of_the_context_that_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the context is the vectors of real words, names are written as with these words."""
    encoder = load_miniature_clip()
    with_words = encoder._model.token_embedding(encoder._tokenise(["an image of"]))[0, :3].detach().numpy()
    losses = {"training_losses": np.zeros(1), "validation_losses": np.zeros(1)}
    monkeypatch.setattr(module, "_learnt", lambda *_: losses | {"context": with_words})
    expected = problem().names["prompt"].normalised().values
    np.testing.assert_allclose(learnt().names.values, expected, atol=1e-5)


def test_the_context_stands_where_words_stood_whatever_the_tokenizer() -> None:
    import open_clip

    official = SimpleNamespace(_tokenise=open_clip.SimpleTokenizer(context_length=77))
    for encoder, first in ((official, 1), (load_miniature_clip(), 0)):
        found = module._prompts(encoder, ["electric guitar", "red"], 3, "cpu")  # type: ignore[arg-type]
        assert (found.first, found.n_words) == (first, 3)
        (word,) = set(found.tokens[:, first : first + 3].flatten().tolist())  # one token, everywhere
        assert word not in found.tokens[:, first + 3 :]
        without = encoder._tokenise(["electric guitar.", "red."])  # type: ignore[attr-defined]
        assert found.tokens[:, first + 3 :].tolist() == without[:, first:-3].tolist()


@pytest.mark.parametrize("part", ["pictures", "nouns"])
def test_nothing_of_a_test_category_reaches_the_context(part: str) -> None:
    space = problem()
    assert space.images is not None
    if part == "pictures":
        values = np.array(space.images.values)
        values[-2:] = 9.0
        other = replace(space, images=space.images.with_rows(values, space.images.ids))
    else:
        other = replace(space, nouns=dict(space.nouns) | {"n8": "unheard", "n9": "word"})
    first, second = learnt(), learnt(other)
    np.testing.assert_array_equal(first.training_losses, second.training_losses)
    np.testing.assert_array_equal(first.validation_losses, second.validation_losses)
    known = [name for name in space.nouns if name not in ("n8", "n9")]
    np.testing.assert_allclose(first.names.select(known).values, second.names.select(known).values, atol=1e-6)


def test_a_picture_of_a_training_category_does_reach_it() -> None:
    space = problem()
    assert space.images is not None
    values = np.array(space.images.values)
    values[: len(TRAINED)] = values[: len(TRAINED)][::-1]
    other = replace(space, images=space.images.with_rows(values, space.images.ids))
    assert not np.allclose(learnt().names.values, learnt(other).names.values)


def test_without_pictures_nothing_can_be_learnt() -> None:
    with pytest.raises(DataError, match="learnt from pictures"):
        learnt(replace(problem(), images=None))


def test_in_a_world_names_with_a_learnt_context_name_pictures(
    smoke_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    lists = read_god_stimuli(god_folder(source="miniature", scale="smoke", null=None))
    world: dict[str, Any] = {"source": "miniature", "scale": "smoke"}
    space = god_joint_space(lists, **world, writings=["prompt"], cache=EmbeddingCache())
    assert space.images is not None
    found = god_learnt_prompts(lists, space, replace(SHORT, n_epochs=4), **world, device="cpu")
    assert found.names.ids == space.names["prompt"].ids
    assert min(found.validation_losses) < found.validation_losses[0]
    seen = list(lists.test["stimulus"])
    pictures = space.images.select(seen).normalised().values
    names = found.names.select([category_of(name) for name in seen]).values
    right = (pictures @ names.T).argmax(axis=1) == np.arange(len(seen))
    assert right.mean() > 0.5
