"""Auto-encoders whose latent similarities are pulled to a given matrix; many trained in one program.

One linear layer to half the size, ReLU, one linear layer back. The loss weighs how well vectors are
reconstructed against how well the cosines of latent vectors agree with a matrix of target similarities:

    alpha * mean((y - y')^2) + (1 - alpha) * mean over pairs i < j of (cos(z_i, z_j) - S_ij)^2

A figure of the paper needs hundreds of them, each too small to keep a processor busy. So the weights of many
are stacked, and one step moves them all; every model has its own gradient, because no weight is shared.
Models of one seed see the same batches, so that a step reads each batch once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import relu

from companion import checks
from companion.alignment.stacked_layers import (
    first_weights,
    misfit,
    misfit_gradient,
    models_at_a_time,
    through,
)
from companion.errors import DataError


@dataclass(frozen=True)
class Options:
    """What the paper does not state, with the reading used here.

    Parameters
    ----------
    n_epochs, batch_size, learning_rate : int, int, float
        Of Adam. The similarities of a step are those within its batch; an incomplete batch is left out.
    latent : {"after ReLU", "before ReLU"}
        Which activation is the aligned vector, and enters the similarities. Cosines of vectors without
        negative entries are never negative, those of brains often are: only the second can reach them.
    reduction : {"mean", "sum"}
        Of the squared reconstruction error over features. The sum weighs it up by their number, so that each
        alpha means less alignment.
    n_layers : {1, 2}
        Linear layers on either side; the additional ones keep the size and have a ReLU.
    output_relu : bool
        Whether reconstructions pass a ReLU, too. Vectors with negative entries then have no reconstruction.

    Examples
    --------
    >>> from companion.alignment import Options
    >>> Options(n_epochs=20).latent, Options(latent="before ReLU").n_epochs
    ('after ReLU', 500)
    """

    n_epochs: int = 500
    batch_size: int = 50
    learning_rate: float = 1e-3
    latent: Literal["after ReLU", "before ReLU"] = "after ReLU"
    reduction: Literal["mean", "sum"] = "mean"
    n_layers: Literal[1, 2] = 1
    output_relu: bool = False

    def __post_init__(self) -> None:
        checks.whole("n_epochs", self.n_epochs)
        checks.whole("batch_size", self.batch_size, least=2)
        checks.number("learning_rate", self.learning_rate, above=0, below=1e3)
        checks.choice("latent", self.latent, ("after ReLU", "before ReLU"))
        checks.choice("reduction", self.reduction, ("mean", "sum"))
        checks.whole("n_layers", self.n_layers, most=2)


class Model(NamedTuple):
    """What one auto-encoder is trained for.

    Parameters
    ----------
    alpha : float
        Weight of reconstruction, in (0, 1]; 1 leaves the similarities out.
    teacher : int
        Which of the target matrices.
    seed : int
        Of the first weights and of the batches. Models of one seed start alike and see the same batches.
    """

    alpha: float
    teacher: int
    seed: int


class Trained(NamedTuple):
    """A trained auto-encoder.

    Parameters
    ----------
    encoder, decoder : list of (weight (n_in, n_out), bias (n_out,)) pairs
        Layers in order.
    reconstruction, similarity : tuple of float
        Mean squared errors on the training vectors, all pairs, before training and after it.
    """

    encoder: list[tuple[Tensor, Tensor]]
    decoder: list[tuple[Tensor, Tensor]]
    reconstruction: tuple[float, float]
    similarity: tuple[float, float]


def train_autoencoders(
    vectors: Tensor, teachers: Tensor, models: Sequence[Model], options: Options | None = None
) -> list[Trained]:
    """Train one auto-encoder per model.

    Parameters
    ----------
    vectors : Tensor of shape (n, n_features)
        Training vectors, on the device that is to compute.
    teachers : Tensor of shape (n_teachers, n, n)
        Target similarities of these vectors; only what lies above the diagonal is read.
    models : sequence of Model
    options : Options, optional

    Returns
    -------
    list of Trained
        In the order of `models`.

    Raises
    ------
    DataError
        If shapes do not fit, a teacher is not there, an alpha is out of range, or there is no full batch.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: loss and alphas. Optimiser, steps and batches are not
    stated there.
    """
    options = options or Options()
    _check(vectors, teachers, models, options)
    size = (
        10_000
        if vectors.is_cuda
        else models_at_a_time(vectors.shape[1], options.n_layers, options.batch_size)
    )
    found: dict[int, Trained] = {}
    by_seed = sorted(range(len(models)), key=lambda number: models[number].seed)
    for _, same in groupby(by_seed, key=lambda number: models[number].seed):
        numbers = list(same)
        for start in range(0, len(numbers), size):
            chosen = numbers[start : start + size]
            block = _Block(vectors, teachers, [models[number] for number in chosen], options)
            found |= zip(chosen, block.trained(), strict=True)
    for place, one in enumerate(models):
        errors = (*found[place].reconstruction, *found[place].similarity)
        checks.not_diverged(f"auto-encoder of alpha {one.alpha:g}, seed {one.seed}", errors)
    return [found[place] for place in range(len(models))]


class _Block:
    """Models of one seed whose weights are stacked: every array has a first dimension over models."""

    def __init__(self, vectors: Tensor, teachers: Tensor, models: Sequence[Model], options: Options) -> None:
        self.vectors, self.options = vectors, options
        self.alphas = torch.tensor([one.alpha for one in models]).to(vectors)
        distinct = sorted({one.teacher for one in models})
        self.taught_by = torch.tensor([distinct.index(one.teacher) for one in models]).to(vectors.device)
        above = teachers[distinct].triu(1)
        self.teachers = above + above.transpose(1, 2)
        self.generator = torch.Generator().manual_seed(models[0].seed)
        drawn = first_weights(vectors.shape[1], options.n_layers, self.generator)
        self.weights = [
            layer.to(vectors).repeat(len(models), *[1] * layer.ndim).requires_grad_() for layer in drawn
        ]

    def trained(self) -> list[Trained]:
        """Train, and take the models apart."""
        before = self._errors()
        optimiser = torch.optim.Adam(self.weights, lr=self.options.learning_rate, fused=True)
        for rows in self._batches():
            optimiser.zero_grad(set_to_none=True)
            self._backward(rows)
            optimiser.step()
        after = self._errors()
        layers = [weight.detach() for weight in self.weights]
        half = len(layers) // 2
        return [
            Trained(
                [(layers[i][number], layers[i + 1][number]) for i in range(0, half, 2)],
                [(layers[i][number], layers[i + 1][number]) for i in range(half, len(layers), 2)],
                (before[0][number], after[0][number]),
                (before[1][number], after[1][number]),
            )
            for number in range(len(self.alphas))
        ]

    def _batches(self) -> Iterator[Tensor]:
        """Rows of each step: (batch_size,)."""
        n, size = len(self.vectors), self.options.batch_size
        for _ in range(self.options.n_epochs):
            order = torch.randperm(n, generator=self.generator).to(self.vectors.device)
            for start in range(0, n - size + 1, size):
                yield order[start : start + size]

    def _run(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Latent vectors and reconstructions of (n_models, n, n_features)."""
        half = len(self.weights) // 2
        before = through(values, self.weights[:half])
        latent = relu(before)
        rebuilt = through(latent, self.weights[half:])
        chosen = latent if self.options.latent == "after ReLU" else before
        return chosen, relu(rebuilt) if self.options.output_relu else rebuilt

    def _backward(self, rows: Tensor) -> None:
        """Give weights their gradients: those of both errors are known, torch goes on through the layers."""
        values = self.vectors[rows].expand(len(self.alphas), -1, -1)
        latent, rebuilt = self._run(values)
        averaged = values[0].numel() if self.options.reduction == "mean" else len(rows)
        with torch.no_grad():
            wanted = self.teachers.index_select(1, rows).index_select(2, rows)[self.taught_by]
            of_rebuilt = (rebuilt - values).mul_((2 / averaged * self.alphas)[:, None, None])
            of_latent = misfit_gradient(latent, wanted, 1 - self.alphas)
        torch.autograd.backward((rebuilt, latent), (of_rebuilt, of_latent))

    @torch.no_grad()
    def _errors(self) -> tuple[list[float], list[float]]:
        """Mean squared error of reconstructions, and of similarities, over all training vectors."""
        everything = self.vectors.expand(len(self.alphas), -1, -1)
        latent, rebuilt = self._run(everything)
        apart = misfit(latent, self.teachers[self.taught_by])
        return (everything - rebuilt).square().mean((1, 2)).tolist(), apart.tolist()


def encode(trained: Trained, vectors: Tensor, options: Options | None = None) -> Tensor:
    """Latent vectors, of training vectors or any others: (n, n_features) to (n, n_latent)."""
    values = vectors
    for number, (weight, bias) in enumerate(trained.encoder):
        values = (relu(values) if number else values) @ weight + bias
    return values if (options or Options()).latent == "before ReLU" else relu(values)


def _check(vectors: Tensor, teachers: Tensor, models: Sequence[Model], options: Options) -> None:
    n = len(vectors)
    if teachers.ndim != 3 or teachers.shape[1:] != (n, n):
        raise DataError(
            "Target similarities do not fit the vectors", expected=f"(n, {n}, {n})", got=tuple(teachers.shape)
        )
    if not (bool(vectors.isfinite().all()) and bool(teachers.isfinite().all())):
        raise DataError("A vector or a target similarity is not finite", expected="finite numbers", got=n)
    for number, one in enumerate(models):
        if not 0 < one.alpha <= 1 or not 0 <= one.teacher < len(teachers):
            raise DataError(
                "A model cannot be trained",
                where=f"model {number}",
                expected=f"alpha in (0, 1] and a teacher below {len(teachers)}",
                got=one,
            )
    if n < options.batch_size:
        raise DataError("There is no full batch", expected=f"at least {options.batch_size} vectors", got=n)
