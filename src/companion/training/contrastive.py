"""InfoNCE: a brain response and its picture belong together, all other pairs of the batch do not."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from companion.checks import number
from companion.errors import DataError


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

    Examples
    --------
    Vectors that all match, and the same vectors paired wrongly; guessing among four gives log 4 = 1.386:

    >>> import torch
    >>> from companion.training import info_nce
    >>> pictures = torch.eye(4)
    >>> round(info_nce(pictures, pictures, temperature=0.1).item(), 4)
    0.0001
    >>> round(info_nce(pictures.roll(1, 0), pictures, temperature=0.1).item(), 4)
    10.0001
    >>> round(info_nce(torch.ones(4, 4), pictures, temperature=0.1).item(), 4)
    1.3863

    References
    ----------
    Radford et al. (2021), ICML, figure 3. Rajabi et al. (2025), equation 2, print the sum; their code takes
    the mean.
    """
    logits = _logits(predicted, targets, temperature)
    own = torch.arange(len(logits), device=logits.device)
    if same is not None:
        others = same & ~torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(others, -torch.inf)
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def shared_info_nce(
    predicted: Tensor, targets: Tensor, temperature: float | Tensor, belongs: Tensor
) -> Tensor:
    r"""Symmetric InfoNCE where a response may belong to several targets of the batch, more or less.

    As :func:`info_nce`, but the wanted distribution over targets is a row of `belongs`, brought to sum 1, and
    that over responses a column of it. With the unit matrix it is plain InfoNCE.

    Parameters
    ----------
    predicted, targets, temperature
        As for :func:`info_nce`.
    belongs : Tensor of shape (n, n)
        Not negative, with something in every row and column. Ones where texts are equal
        (:func:`equal_rows`): a caption that several pictures share is then no wrong answer for either.
        :func:`soft_belonging`: the more alike two targets, the less they are held apart.

    Returns
    -------
    Tensor, a single number

    Notes
    -----
    Where vectors of shared texts are exactly equal, sharing changes nothing: over targets, equal logits get
    the same loss however the wanted share is split among them; over responses, the losses of equal texts sum
    to the same. Shared texts raise the floor of the loss and push nothing apart.

    Examples
    --------
    The first two responses belong to one caption:

    >>> import torch
    >>> from companion.training import info_nce, shared_info_nce
    >>> captions = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> belongs = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> round(shared_info_nce(captions, captions, 0.1, belongs).item(), 4)
    0.4621
    >>> plain = info_nce(captions, captions, 0.1)
    >>> bool(torch.isclose(shared_info_nce(captions, captions, 0.1, torch.eye(3)), plain))
    True

    References
    ----------
    Khosla et al. (2020), NeurIPS, equation 2, for several positives. Scotti et al. (2023), NeurIPS, for soft
    targets.
    """
    logits = _logits(predicted, targets, temperature)
    if belongs.shape != logits.shape:
        raise DataError("Every pair belongs or not", expected=tuple(logits.shape), got=tuple(belongs.shape))
    over_targets = belongs / belongs.sum(1, keepdim=True)
    over_responses = belongs.T / belongs.sum(0)[:, None]
    return (cross_entropy(logits, over_targets) + cross_entropy(logits.T, over_responses)) / 2


def equal_rows(labels: Tensor) -> Tensor:
    """Mark equal entries, as `belongs` of :func:`shared_info_nce`: (n,) to ones and zeros of (n, n).

    Examples
    --------
    >>> import torch
    >>> from companion.training import equal_rows
    >>> equal_rows(torch.tensor([7, 7, 3])).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if labels.ndim != 1 or not len(labels):
        raise DataError("Labels are a list", expected="(n,)", got=tuple(labels.shape))
    return (labels[:, None] == labels[None, :]).float()


def soft_belonging(targets: Tensor, temperature: float | Tensor) -> Tensor:
    r"""Similarity of targets among each other, :math:`e^{s_{ij} / \tau}`, as `belongs`.

    Parameters
    ----------
    targets : Tensor of shape (n, n_features)
        Any length.
    temperature : float or Tensor of one number

    Returns
    -------
    Tensor of shape (n, n)
        1 on the diagonal, below it elsewhere.

    Examples
    --------
    >>> import torch
    >>> from companion.training import soft_belonging
    >>> pictures = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    >>> print(soft_belonging(pictures, temperature=0.5).numpy().round(2))
    [[1.   0.45 0.14]
     [0.45 1.   0.67]
     [0.14 0.67 1.  ]]
    """
    logits = _logits(targets, targets, temperature)
    return (logits - 1 / temperature).exp()


def centred_unit(vectors: Tensor) -> Tensor:
    """Vectors minus their own mean over features, at length 1: (n, n_features) both.

    Rajabi et al. (2025) do so with both sides of the loss, in their code. With one side centred, centring the
    other one changes the size of logits and no ranking.
    """
    return normalize(vectors - vectors.mean(dim=-1, keepdim=True), dim=-1)


def _logits(predicted: Tensor, targets: Tensor, temperature: float | Tensor) -> Tensor:
    if not isinstance(temperature, Tensor):  # one that is learnt is checked where training starts
        number("temperature", temperature, above=0)
    if predicted.ndim != 2 or predicted.shape != targets.shape or not len(predicted):
        shapes = tuple(predicted.shape), tuple(targets.shape)
        raise DataError(
            "Predicted and true vectors do not pair", expected="(n, n_features), twice", got=shapes
        )
    mixed = predicted.dtype != targets.dtype and not torch.is_autocast_enabled(predicted.device.type)
    if not predicted.is_floating_point() or mixed:
        raise DataError("Vectors are real numbers of one type", got=(predicted.dtype, targets.dtype))
    return normalize(predicted, dim=-1) @ normalize(targets, dim=-1).T / temperature
