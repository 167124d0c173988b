"""InfoNCE: a brain response and its picture belong together, all other pairs of the batch do not."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def info_nce(
    predicted: Tensor, targets: Tensor, temperature: float | Tensor, *, same: Tensor | None = None
) -> Tensor:
    r"""Symmetric InfoNCE of a batch.

    With cosine similarities :math:`s_{ij}` of response i and picture j: the mean of the two cross-entropies
    of :math:`s / \tau`, over pictures for each response and over responses for each picture.

    Parameters
    ----------
    predicted, targets : Tensor of shape (n, n_features)
        Vectors of responses and of their pictures, row for row; any length.
    temperature : float or Tensor of one number
        :math:`\tau`.
    same : Tensor of bool, shape (n, n), optional
        Pairs that show one picture. Off the diagonal they are left out, instead of being pushed apart.

    Returns
    -------
    Tensor, a single number

    References
    ----------
    Radford et al. (2021), ICML, figure 3. Rajabi et al. (2025), equation 2, print the sum; their code takes
    the mean.
    """
    logits = normalize(predicted, dim=-1) @ normalize(targets, dim=-1).T / temperature
    own = torch.arange(len(logits), device=logits.device)
    if same is not None:
        others = same & ~torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(others, -torch.inf)
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def centred_unit(vectors: Tensor) -> Tensor:
    """Vectors minus their own mean over features, at length 1: (n, n_features) both.

    Rajabi et al. (2025) do so with both sides of the loss, in their code. With one side centred, centring the
    other one changes the size of logits and no ranking.
    """
    return normalize(vectors - vectors.mean(dim=-1, keepdim=True), dim=-1)
