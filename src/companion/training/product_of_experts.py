r"""Mixtures of products of experts: the terms of the loss that BraVL trains its joint latent space by.

Each modality's encoder is an *expert*, a normal distribution over the latent variables. Experts of a subset
of modalities are multiplied; the joint posterior is a mixture of these products over all subsets (MoPoE).
Everything here is a function of tensors; networks are in :mod:`companion.training.joint_vae`.

References
----------
Sutter, Daunhawer and Vogt (2021), ICLR: the generalised multimodal ELBO. Du et al. (2023), TPAMI 45,
10760-10777, and its released code: the two mutual-information terms. Dieng et al. (2017), NeurIPS: the chi
upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain, combinations
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Normal

from companion.training.mapping_networks import divergence

Modality = Literal["brain", "image", "text"]
MODALITIES: tuple[Modality, ...] = ("brain", "image", "text")
SCALE = 0.75
"""Standard deviation of every likelihood, of decoders and of those who guess latent variables."""


class Latent(NamedTuple):
    """Independent normal distributions over latent variables.

    Parameters
    ----------
    mean, log_variance : Tensor of shape (n, n_latent)
    """

    mean: Tensor
    log_variance: Tensor


def product(experts: Sequence[Latent]) -> Latent:
    r"""Multiply normal distributions: precisions add, and means are weighted by them.

    :math:`\sigma^{-2} = \sum_m \sigma_m^{-2}`, :math:`\mu = \sigma^2 \sum_m \mu_m \sigma_m^{-2}`.

    Parameters
    ----------
    experts : sequence of Latent
        At least one.

    Returns
    -------
    Latent
    """
    precisions = torch.stack([(-one.log_variance).exp() for one in experts])
    means = torch.stack([one.mean for one in experts])
    total = precisions.sum(dim=0)
    return Latent((means * precisions).sum(dim=0) / total, -total.log())


def subset_products(experts: Mapping[Modality, Latent]) -> list[Latent]:
    """Products over all subsets of the modalities that are there, small subsets first.

    Parameters
    ----------
    experts : mapping of modality to Latent

    Returns
    -------
    list of Latent
        Seven for three modalities, three for two, one for one. The subset of all three modalities has a
        standard normal distribution as a fourth expert, as in the released code; no other subset has.

    Notes
    -----
    All components are equally probable, and their divergences count alike. The released code also has weights
    of a quarter for each modality and for a prior, which this kind of posterior does not use (seen in its
    version for EEG; that part of the one for fMRI could not be read).
    """
    present = [name for name in MODALITIES if name in experts]
    subsets = chain.from_iterable(combinations(present, size) for size in range(1, len(present) + 1))
    return [_product_of(experts, subset) for subset in subsets]


def _product_of(experts: Mapping[Modality, Latent], subset: Sequence[Modality]) -> Latent:
    chosen = [experts[name] for name in subset]
    if len(subset) == len(MODALITIES):
        zeros = torch.zeros_like(chosen[0].mean)
        chosen.append(Latent(zeros, zeros))
    return product(chosen)


def one_of_each(components: Sequence[Latent]) -> Latent:
    """Give every row one component of the mixture, all components as many rows as possible alike.

    Parameters
    ----------
    components : sequence of Latent
        Of the same rows, equally probable.

    Returns
    -------
    Latent
        Each row from one component, drawn by torch's global generator. The released code gives the first
        rows to the first component; where rows are in the order of categories that would give each category
        another component.
    """
    n = len(components[0].mean)
    row = torch.arange(n)
    which = (torch.randperm(n) * len(components)) // n
    return Latent(
        torch.stack([one.mean for one in components])[which, row],
        torch.stack([one.log_variance for one in components])[which, row],
    )


def drawn(latent: Latent, n_draws: int) -> Tensor:
    """Draw latent variables so that gradients pass: mean plus deviation times standard normal numbers.

    Returns
    -------
    Tensor of shape (n_draws, n, n_latent)
    """
    noise = torch.randn(n_draws, *latent.mean.shape, dtype=latent.mean.dtype, device=latent.mean.device)
    return latent.mean + (latent.log_variance / 2).exp() * noise


def log_likelihood(values: Tensor, means: Tensor) -> Tensor:
    """Logarithm of the density of values under independent normals of deviation `SCALE`.

    Parameters
    ----------
    values, means : Tensor of shape (..., n_features)

    Returns
    -------
    Tensor of shape (...)
    """
    scaled: Tensor = Normal(means, SCALE).log_prob(values)  # type: ignore[no-untyped-call]
    return scaled.sum(dim=-1)


def negative_elbo(
    inputs: Mapping[Modality, Tensor],
    decoded: Mapping[Modality, Tensor],
    components: Sequence[Latent],
    weight: float,
) -> Tensor:
    r"""Joint evidence lower bound of a mixture, turned round; mean over rows.

    :math:`-\sum_m \log p(x_m \mid z) + w \frac{1}{K}\sum_k D_{KL}(q_k \,\|\, N(0, 1))`.

    Parameters
    ----------
    inputs, decoded : mapping of modality to Tensor of shape (n, n_features)
        What was there, and the means of what decoders make of one draw of the latent variables.
    components : sequence of Latent
        Of the mixture.
    weight : float
        Of the divergence.
    """
    apart = torch.stack([divergence(one.mean, one.log_variance).mean() for one in components]).mean()
    likely = torch.stack([log_likelihood(inputs[name], decoded[name]).mean() for name in inputs])
    return weight * apart - likely.sum()


def chi_upper_bound(log_joint: Tensor, log_posterior: Tensor) -> Tensor:
    r"""Chi-divergence upper bound of the log evidence, mean over rows.

    :math:`\tfrac12 \log \frac1K \sum_k (p(x, z_k) / q(z_k \mid x))^2`; to make it small where modalities do
    not belong together is to make wrong pairs improbable.

    Parameters
    ----------
    log_joint, log_posterior : Tensor of shape (n_draws, n)
        At the draws.

    Notes
    -----
    The released code takes the logarithm of the exponential of this bound divided by a million and multiplies
    again, which leaves the bound and its gradient, up to rounding and a constant.
    """
    n_draws = len(log_joint)
    of_rows = 0.5 * (torch.logsumexp(2 * (log_joint - log_posterior), dim=0) - math.log(n_draws))
    return of_rows.mean()


def log_density(values: Tensor, latent: Latent) -> Tensor:
    """Logarithm of the density of draws.

    Parameters
    ----------
    values : Tensor of shape (n_draws, n, n_latent)
    latent : Latent

    Returns
    -------
    Tensor of shape (n_draws, n)
    """
    density: Tensor = Normal(latent.mean, (latent.log_variance / 2).exp()).log_prob(values)  # type: ignore[no-untyped-call]
    return density.sum(dim=-1)


def guessed(latents: Tensor, guesses: Mapping[Modality, Tensor]) -> Tensor:
    """Lower bound, up to a constant, of the information that decoded modalities keep about latent variables.

    Parameters
    ----------
    latents : Tensor of shape (n, n_latent)
    guesses : mapping of modality to Tensor of shape (n, n_latent)
        What a network guesses the latent variables to be, from what was decoded from them.

    Returns
    -------
    Tensor of shape ()
        Mean log likelihood of the latent variables, summed over modalities.
    """
    return torch.stack([log_likelihood(latents, one).mean() for one in guesses.values()]).sum()


def mismatched(inputs: Mapping[Modality, Tensor]) -> list[dict[Modality, Tensor]]:
    """Batches whose modalities do not belong together, in all patterns.

    Parameters
    ----------
    inputs : mapping of modality to Tensor of shape (n, ...)

    Returns
    -------
    list of dict
        For three modalities six: each one exchanged, and each two, independently. Rows that kept all they
        exchange are left out.
    """
    names = list(inputs)
    patterns = chain.from_iterable(combinations(names, size) for size in range(1, len(names)))
    return [batch for batch in (_exchanged(inputs, pattern) for pattern in patterns) if len(batch[names[0]])]


def _exchanged(inputs: Mapping[Modality, Tensor], pattern: Sequence[Modality]) -> dict[Modality, Tensor]:
    batch = dict(inputs)
    moved = torch.zeros(len(inputs[pattern[0]]), dtype=torch.bool, device=inputs[pattern[0]].device)
    for name in pattern:
        values = inputs[name]
        batch[name] = values[torch.randperm(len(values)).to(values.device)]
        moved |= (batch[name] != values).flatten(1).any(dim=1)
    return {name: values[moved] for name, values in batch.items()}
