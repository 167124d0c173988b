"""Learned prompt context (CoOp): what stands before a name is learnt, everything else of CLIP is frozen.

Instead of the words "an image of" a few vectors are put where words' vectors would stand, the same before
every name, and are learnt on pictures of training categories. Test categories are named with them afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from companion.errors import DataError

SPREAD = 0.02
"""Standard deviation of the context before training, as published."""


class Prompts(NamedTuple):
    """Tokens of sentences that begin with as many words as there are context vectors.

    Parameters
    ----------
    tokens : Tensor of int, shape (n, length)
        Of the tower's own tokenizer: words to be replaced, name, end, padding.
    first : int
        Position of the first word: 1 where a start token stands before it, else 0.
    n_words : int
        To be replaced.
    """

    tokens: Tensor
    first: int
    n_words: int


@dataclass(frozen=True)
class ContextSettings:
    """How a context is learnt; published settings as defaults.

    Attributes
    ----------
    n_epochs, batch_size : int
        Published for 16 pictures a category, and for 8.
    learning_rate, momentum, weight_decay : float
        Of stochastic gradient descent; the rate falls along a cosine.
    slow : float
        Learning rate of the first epoch.

    References
    ----------
    Zhou et al. (2022), IJCV 130, 2337-2348, and its released code: unified context, name at the end.
    """

    n_epochs: int = 200
    batch_size: int = 32
    learning_rate: float = 2e-3
    momentum: float = 0.9
    weight_decay: float = 5e-4
    slow: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("n_epochs", "batch_size", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is above zero, got {getattr(self, name)!r}")


class LearntContext(NamedTuple):
    """Context vectors at their best epoch.

    Parameters
    ----------
    vectors : Tensor of shape (n_words, width)
        In the place of words' vectors.
    training_losses, validation_losses : tuple of float
        By epoch: naming training pictures among training categories, and held-out ones among held-out ones.
    best : int
        Epoch of the lowest validation loss.
    """

    vectors: Tensor
    training_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best: int


def text_vectors(clip: nn.Module, prompts: Prompts, context: Tensor | None = None) -> Tensor:
    """Vectors of sentences, their first words replaced by a context; without one, as ``encode_text`` gives.

    Parameters
    ----------
    clip : nn.Module
        A CLIP of open_clip whose text tower looks backwards only and is read out at the end token.
    prompts : Prompts
        Of n sentences.
    context : Tensor of shape (n_words, width), optional

    Returns
    -------
    Tensor of shape (n, n_features)
        Of any length.

    Raises
    ------
    DataError
        If the text tower is another one.
    """
    tower = _text_tower(clip)
    ends = prompts.tokens.argmax(dim=-1)
    length = int(ends.max()) + 1  # what stands behind the end changes nothing: the tower looks backwards
    values = tower.token_embedding(prompts.tokens[:, :length])
    if context is not None:
        start, stop = prompts.first, prompts.first + prompts.n_words
        own = context.expand(len(values), -1, -1)
        values = torch.cat([values[:, :start], own, values[:, stop:]], dim=1)
    values = values + tower.positional_embedding[:length]
    values = tower.ln_final(tower.transformer(values, attn_mask=tower.attn_mask[:length, :length]))
    read = values[torch.arange(len(values), device=values.device), ends]
    projection = tower.text_projection
    vectors: Tensor = projection(read) if isinstance(projection, nn.Linear) else read @ projection
    return vectors


def learn_context(
    clip: nn.Module,
    prompts: Prompts,
    images: Tensor,
    categories: Tensor,
    held_out: Tensor,
    settings: ContextSettings,
    seed: int,
) -> LearntContext:
    """Learn a context by which pictures of training categories are named.

    Parameters
    ----------
    clip : nn.Module
        As in :func:`text_vectors`; frozen, and left as it was.
    prompts : Prompts
        One sentence per training category.
    images : Tensor of shape (n, n_features)
        CLIP's vectors of training pictures.
    categories : Tensor of int, shape (n,)
        Row of `prompts` that each picture belongs to.
    held_out : Tensor of int
        Rows of `prompts` whose pictures choose the epoch instead of training.
    settings : ContextSettings
    seed : int
        Of the context before training, and of batches.

    Returns
    -------
    LearntContext

    Raises
    ------
    DataError
        If categories are not rows of the prompts, or one side of the split has fewer than two.
    """
    known = set(range(len(prompts.tokens)))
    outside = set(held_out.tolist())
    if not set(categories.tolist()) <= known or not outside <= known:
        raise DataError("A category has no prompt", expected=f"0 to {len(known) - 1}")
    if min(len(outside), len(known - outside)) < 2:
        raise DataError(
            "Training and held-out categories are two or more", got=(len(known - outside), len(outside))
        )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _Trainer(clip, prompts, images, categories, settings).run(sorted(outside))


class _Trainer:
    """One training; the global generator of torch draws everything."""

    def __init__(
        self, clip: nn.Module, prompts: Prompts, images: Tensor, categories: Tensor, settings: ContextSettings
    ) -> None:
        self.clip, self.prompts, self.settings = clip, prompts, settings
        self.images, self.categories = normalize(images, dim=-1), categories
        weights = _text_tower(clip).token_embedding.weight
        drawn = SPREAD * torch.randn(prompts.n_words, weights.shape[1])
        self.context = drawn.to(weights).requires_grad_()
        self.scale = clip.get_parameter("logit_scale").detach().exp()

    def run(self, held_out: list[int]) -> LearntContext:
        """Train for all epochs, and go back to the best one."""
        settings = self.settings
        inside = [row for row in range(len(self.prompts.tokens)) if row not in set(held_out)]
        training, validation = self._pictures_of(inside), self._pictures_of(held_out)
        optimiser = torch.optim.SGD(
            [self.context],
            lr=settings.learning_rate,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate)
        trained: list[float] = []
        validated: list[float] = []
        best = self.context.detach().clone()
        for _ in range(settings.n_epochs):
            order = training[torch.randperm(len(training)).to(training.device)]
            batches = torch.split(order, settings.batch_size)
            total = sum(self._step(rows, inside, optimiser) * len(rows) for rows in batches)
            schedule.step()
            trained.append(total / len(training))
            with torch.no_grad():
                validated.append(float(self._loss(validation, held_out)))
            if validated[-1] < min(validated[:-1], default=float("inf")):
                best = self.context.detach().clone()
        return LearntContext(best, tuple(trained), tuple(validated), validated.index(min(validated)))

    def _rate(self, epoch: int) -> float:
        """Learning rate of an epoch, as a share of the highest."""
        if epoch == 0:
            return self.settings.slow / self.settings.learning_rate
        return 0.5 * (1 + math.cos(math.pi * epoch / self.settings.n_epochs))

    def _pictures_of(self, chosen: list[int]) -> Tensor:
        right = torch.tensor(chosen, device=self.categories.device)
        return torch.nonzero(torch.isin(self.categories, right))[:, 0]

    def _step(self, rows: Tensor, chosen: list[int], optimiser: torch.optim.Optimizer) -> float:
        loss = self._loss(rows, chosen)
        (self.context.grad,) = torch.autograd.grad(loss, [self.context])
        optimiser.step()
        return float(loss.detach())

    def _loss(self, rows: Tensor, chosen: list[int]) -> Tensor:
        """Cross entropy of naming these pictures among the chosen categories, at CLIP's temperature."""
        asked = self.prompts._replace(tokens=self.prompts.tokens[chosen])
        names = normalize(text_vectors(self.clip, asked, self.context), dim=-1)
        right = torch.tensor(chosen, device=rows.device)
        labels = torch.searchsorted(right, self.categories[rows])
        return cross_entropy(self.scale * self.images[rows] @ names.T, labels)


def _text_tower(clip: nn.Module) -> Any:
    """Find where a model keeps its text tower: in itself, or apart, as open_clip has both."""
    apart = getattr(clip, "text", None)
    tower = apart if isinstance(apart, nn.Module) else clip
    pooled = getattr(tower, "text_pool_type", getattr(tower, "pool_type", None))
    if pooled != "argmax" or getattr(tower, "attn_mask", None) is None:
        raise DataError(
            "A context can be learnt for text towers that look backwards and are read out at the end token",
            got=f"{type(tower).__name__}, read out at {pooled!r}",
        )
    return tower
