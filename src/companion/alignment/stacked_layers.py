"""Layers, first weights and the misfit of similarities of auto-encoders whose weights are stacked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

_BLOCK_BYTES = 64 * 2**20
"""On a CPU, weights, gradients and moments of the models of one block fit here: 16 models of 512 features."""
_BATCH_BYTES = 2 * 2**20
"""And here a batch of vectors for each: with more, what passes between layers leaves the cache."""


def models_at_a_time(n_features: int, n_layers: int, batch_size: int) -> int:
    """Count the auto-encoders that a CPU trains fastest together.

    Parameters
    ----------
    n_features, n_layers, batch_size : int
        Of each of them; layers on either side.
    """
    n_weights = n_features**2 * (1 + 2 * (n_layers - 1))
    of_batches = _BATCH_BYTES // (4 * batch_size * n_features)
    return max(1, min(of_batches, _BLOCK_BYTES // (16 * n_weights)))


def through(values: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """Linear layers with ReLU between them, of several models at a time.

    Parameters
    ----------
    values : Tensor of shape (n_models, n, n_in)
    weights : sequence of Tensor
        In turn of shape (n_models, n_in, n_out) and (n_models, n_out).
    """
    for place in range(0, len(weights), 2):
        values = torch.baddbmm(weights[place + 1][:, None], relu(values) if place else values, weights[place])
    return values


def first_weights(n_features: int, n_layers: int, generator: torch.Generator) -> list[Tensor]:
    """Weights and biases of one auto-encoder, as torch draws them for linear layers.

    Parameters
    ----------
    n_features, n_layers : int
        Half as many latent features; layers on either side.
    generator : torch.Generator
        One number is taken from it.
    """
    n_latent = n_features // 2
    extra = n_layers - 1
    sizes = [n_features] * (1 + extra) + [n_latent] * (1 + extra) + [n_features]
    found = []
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        for n_in, n_out in pairwise(sizes):
            layer = nn.Linear(n_in, n_out)
            found += [layer.weight.detach().T.contiguous(), layer.bias.detach()]
    return found


def misfit(vectors: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of cosines and given similarities, over all pairs.

    Parameters
    ----------
    vectors : Tensor of shape (n_models, n, n_features)
    wanted : Tensor of shape (n_models, n, n)
        Symmetric. What is on the diagonal does not count.

    Returns
    -------
    Tensor of shape (n_models,)
    """
    n = vectors.shape[1]
    return _apart(vectors, wanted)[0].square().sum((1, 2)) / (n * (n - 1))


def misfit_gradient(vectors: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    r"""Gradient of the weighted :func:`misfit` for the vectors.

    With unit vectors :math:`u` and :math:`D = u u^\top - S`, zero in the diagonal, the gradient for :math:`u`
    is :math:`4 D u / n(n - 1)`, less what lies along each vector, which would not turn it. Taken step by
    step, torch would keep and pass over three times as many arrays.

    Parameters
    ----------
    vectors, wanted
        As for :func:`misfit`.
    weights : Tensor of shape (n_models,)

    Returns
    -------
    Tensor of shape (n_models, n, n_features)
    """
    apart, unit, lengths = _apart(vectors, wanted)
    n = vectors.shape[1]
    moved = torch.bmm(apart, unit).mul_((4 / (n * (n - 1)) * weights)[:, None, None])
    along = (moved * unit).sum(-1, keepdim=True)
    return moved.addcmul_(unit, along, value=-1).div_(lengths)


def _apart(vectors: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cosines less what they should be, zero in the diagonal; unit vectors; lengths."""
    lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True).clamp_min_(1e-12)
    unit = vectors / lengths
    apart = torch.baddbmm(wanted, unit, unit.transpose(1, 2), beta=-1)
    apart.diagonal(dim1=1, dim2=2).zero_()  # a vector of length zero has no cosine with itself either
    return apart, unit, lengths
