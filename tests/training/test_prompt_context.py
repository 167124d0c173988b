"""Learned prompt context: the same as words where it is words' vectors, and learnt on training categories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from companion.encoders.clip import build_clip
from companion.encoders.miniature import CONTEXT_LENGTH, WEIGHTS, load_miniature_clip
from companion.encoders.words import WordTokenizer
from companion.errors import DataError
from companion.training.prompt_context import (
    ContextSettings,
    LearntContext,
    Prompts,
    learn_context,
    text_vectors,
)

OFFICIAL: dict[str, Any] = {  # RN101's layout, small: residual image tower, 77 tokens, QuickGELU
    "embed_dim": 12,
    "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    "quick_gelu": True,
}
NOUNS = ["goldfish", "electric guitar", "owl", "stained-glass window"]
SHORT = ContextSettings(n_epochs=15, batch_size=8, learning_rate=0.05)


def official(**changes: Any) -> tuple[nn.Module, Any]:
    import open_clip

    torch.manual_seed(0)
    clip: nn.Module = build_clip(OFFICIAL | changes).eval()
    with torch.no_grad():
        for name in ("token_embedding.weight", "positional_embedding"):  # far from the small starting values
            dict(clip.named_parameters())[("text." if "custom_text" in changes else "") + name].mul_(20)
    return clip, open_clip.SimpleTokenizer(context_length=77)


def miniature() -> tuple[nn.Module, Any]:
    encoder = load_miniature_clip()
    return encoder._model, WordTokenizer.from_file(WEIGHTS / "clip_full/vocabulary.txt", CONTEXT_LENGTH)


def prompts(tokenise: Any, nouns: list[str], first: int, n_words: int = 3) -> Prompts:
    return Prompts(tokenise([" ".join(["a"] * n_words + [one + "."]) for one in nouns]), first, n_words)


CASES = {
    "RN101's layout": lambda: (*official(), NOUNS, ["an", "image", "of"], 1),
    "a text tower apart": lambda: (*official(custom_text=True), NOUNS, ["an", "image", "of"], 1),
    "the miniature": lambda: (*miniature(), ["perzuv", "sikab", "unheard"], ["an", "image", "of"], 0),
}


@pytest.mark.parametrize("case", list(CASES))
def test_the_vectors_of_real_words_give_what_clip_gives_for_the_sentence(case: str) -> None:
    clip, tokenise, nouns, words, first = CASES[case]()
    sentence = tokenise([" ".join([*words, one + "."]) for one in nouns])
    with torch.no_grad():
        expected = clip.encode_text(sentence)
        tower = clip.text if case == "a text tower apart" else clip
        context = tower.token_embedding(tokenise([" ".join(words)]))[0, first : first + len(words)]
        found = text_vectors(clip, prompts(tokenise, nouns, first), context)
        plain = text_vectors(clip, prompts(tokenise, nouns, first))
        other = text_vectors(clip, prompts(tokenise, nouns, first), context.flip(-1))
        placeholders = clip.encode_text(prompts(tokenise, nouns, first).tokens)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(plain, placeholders, rtol=1e-5, atol=1e-5)
    assert float((other - expected).abs().max()) > 1e-3
    assert float((plain - expected).abs().max()) > 1e-3


def test_a_tower_that_is_read_out_elsewhere_is_refused() -> None:
    clip, tokenise = official()
    clip.text_pool_type = "last"  # type: ignore[assignment]
    with pytest.raises(DataError, match="read out at the end token"):
        text_vectors(clip, prompts(tokenise, NOUNS, 1))


# ---------------------------------------------------------------------------------------------- training


def problem() -> tuple[nn.Module, Prompts, Tensor, Tensor]:
    """Pictures that lie where a certain context would put their names."""
    clip, tokenise = miniature()
    vocabulary = tokenise.vocabulary
    asked = prompts(tokenise, list(vocabulary[40:52]), 0)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        hidden = clip.token_embedding.weight.std() * torch.randn(3, 96, generator=generator)
        centres = text_vectors(clip, asked, hidden)
        noise = 0.3 * centres.std() * torch.randn(12, 4, centres.shape[1], generator=generator)
        images = (centres[:, None] + noise).flatten(0, 1)
    return clip, asked, images, torch.arange(12).repeat_interleave(4)


HELD_OUT = torch.arange(9, 12)


def learnt(settings: ContextSettings = SHORT, seed: int = 0, images: Tensor | None = None) -> LearntContext:
    clip, asked, own, categories = problem()
    return learn_context(clip, asked, own if images is None else images, categories, HELD_OUT, settings, seed)


def test_a_context_is_learnt_that_names_categories_it_has_not_seen() -> None:
    found = learnt()
    assert found.training_losses[-1] < found.training_losses[0]
    assert found.best > 0
    assert found.validation_losses[found.best] == min(found.validation_losses) < found.validation_losses[0]
    assert found.vectors.shape == (3, 96)


def test_the_loss_written_out() -> None:
    """Cross entropy in NumPy, of held-out pictures among held-out categories alone."""
    clip, asked, images, categories = problem()
    found = learnt(replace(SHORT, n_epochs=1))
    with torch.no_grad():
        names = text_vectors(clip, asked, found.vectors).numpy()[9:]
    names = names / np.linalg.norm(names, axis=1, keepdims=True)
    seen = images[36:].numpy()
    seen = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    logits = float(clip.logit_scale.exp()) * seen @ names.T
    logits = logits - logits.max(axis=1, keepdims=True)
    likely = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -likely[np.arange(12), categories[36:].numpy() - 9].mean()
    assert found.validation_losses == (pytest.approx(expected, rel=1e-4),)


def test_pictures_of_held_out_categories_never_reach_the_context() -> None:
    settings = replace(SHORT, n_epochs=1, slow=0.05)  # one epoch, so that its choice cannot differ
    _, _, images, _ = problem()
    changed = images.clone()
    changed[36:] = 1.0
    assert torch.equal(learnt(settings).vectors, learnt(settings, images=changed).vectors)
    changed[0] = 1.0
    assert not torch.equal(learnt(settings).vectors, learnt(settings, images=changed).vectors)


def test_names_of_held_out_categories_never_reach_the_context() -> None:
    """Their names are no wrong answers in training either."""
    clip, asked, images, categories = problem()
    settings = replace(SHORT, n_epochs=1, slow=0.05)
    other = asked._replace(tokens=torch.cat([asked.tokens[:9], asked.tokens[:3]]))
    found = learn_context(clip, other, images, categories, HELD_OUT, settings, 0)
    assert torch.equal(found.vectors, learnt(settings).vectors)


def test_everything_else_stays_frozen() -> None:
    clip, asked, images, categories = problem()
    before = {name: one.clone() for name, one in clip.state_dict().items()}
    learn_context(clip, asked, images, categories, HELD_OUT, replace(SHORT, n_epochs=2), 0)
    for name, one in clip.state_dict().items():
        assert torch.equal(one, before[name]), name
    assert all(one.grad is None for one in clip.parameters())


def test_a_seed_decides_everything_and_leaves_torch_as_it_was() -> None:
    settings = replace(SHORT, n_epochs=2)
    learnt(settings)
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    clip, asked, images, categories = problem()
    first, again, other = (
        learn_context(clip, asked, images, categories, HELD_OUT, settings, seed) for seed in (3, 3, 4)
    )
    assert torch.equal(first.vectors, again.vectors)
    assert not torch.equal(first.vectors, other.vectors)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    "change",
    [
        {"n_epochs": 3},
        {"batch_size": 16},
        {"learning_rate": 0.1},
        {"momentum": 0.0},
        {"weight_decay": 0.5},
        {"slow": 0.05},
    ],
)
def test_every_setting_changes_something(change: dict[str, float]) -> None:
    settings = replace(SHORT, n_epochs=2)
    changed = learnt(replace(settings, **change))  # type: ignore[arg-type]
    assert changed.training_losses != learnt(settings).training_losses


def test_what_cannot_be_learnt_is_refused() -> None:
    clip, asked, images, categories = problem()
    with pytest.raises(DataError, match="has no prompt"):
        learn_context(clip, asked, images, categories + 1, HELD_OUT, SHORT, 0)
    with pytest.raises(DataError, match="two or more"):
        learn_context(clip, asked, images, categories, torch.tensor([3]), SHORT, 0)
    with pytest.raises(ValueError, match="batch_size"):
        replace(SHORT, batch_size=0)
