"""Networks that map a vector of voxels into a joint space of pictures and texts, in BrainCLIP's manner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from companion.checks import number
from companion.training.encoders.interface import sizes

Kind = Literal["linear", "MLP", "VAE"]


class Mapped(NamedTuple):
    """What a network says of some responses.

    Parameters
    ----------
    vectors : Tensor of shape (n, n_features)
        In the joint space; any length.
    divergence : Tensor of shape (n,)
        Kullback-Leibler divergence of the latent distribution from a standard normal one, in nats; zero
        where a network has no such distribution.
    """

    vectors: Tensor
    divergence: Tensor


class LinearMap(nn.Module):
    """Dropout of voxels, then one linear layer.

    Parameters
    ----------
    n_voxels, n_features : int
    dropped : float
        Share of voxels that a training step does not see.

    Examples
    --------
    >>> import torch
    >>> from companion.training import LinearMap
    >>> network = LinearMap(n_voxels=30, n_features=4)
    >>> mapped = network(torch.zeros(2, 30))
    >>> tuple(mapped.vectors.shape), mapped.divergence.tolist()
    ((2, 4), [0.0, 0.0])
    """

    def __init__(self, n_voxels: int, n_features: int, dropped: float = 0.5) -> None:
        super().__init__()
        number("dropped", dropped, least=0, most=1)
        sizes(n_voxels=n_voxels, n_features=n_features)
        self.layers = nn.Sequential(nn.Dropout(dropped), nn.Linear(n_voxels, n_features))

    def forward(self, responses: Tensor) -> Mapped:
        """Map (n, n_voxels)."""
        return _without_divergence(self.layers(responses))


class MlpMap(nn.Module):
    """A layer, a residual block, a closing layer.

    Parameters
    ----------
    n_voxels, n_features : int
    width : int
        Units of both hidden layers; 4,096 in the group's later work, with seven times as many responses.

    Examples
    --------
    >>> import torch
    >>> from companion.training import MlpMap
    >>> network = MlpMap(n_voxels=30, n_features=4, width=8)
    >>> tuple(network(torch.zeros(2, 30)).vectors.shape), network.leave.in_features
    ((2, 4), 8)
    """

    def __init__(self, n_voxels: int, n_features: int, width: int = 2048) -> None:
        super().__init__()
        sizes(n_voxels=n_voxels, n_features=n_features, width=width)
        self.enter, self.block = _layer(n_voxels, width, 0.5), _layer(width, width, 0.15)
        self.leave = nn.Linear(width, n_features)

    def forward(self, responses: Tensor) -> Mapped:
        """Map (n, n_voxels)."""
        values = self.enter(responses)
        return _without_divergence(self.leave(values + self.block(values)))


class VariationalMap(nn.Module):
    """As :class:`MlpMap`, through a few latent variables that are drawn in training.

    Parameters
    ----------
    n_voxels, n_features : int
    width : int
        Units of hidden layers.
    n_latent : int

    Examples
    --------
    Only this network has a latent distribution, and so a divergence:

    >>> import torch
    >>> from companion.training import VariationalMap
    >>> network = VariationalMap(n_voxels=30, n_features=4, width=8, n_latent=2)
    >>> mapped = network(torch.zeros(2, 30))
    >>> tuple(mapped.vectors.shape), bool((mapped.divergence > 0).all())
    ((2, 4), True)

    References
    ----------
    Kingma and Welling (2014), ICLR. The first version of BrainCLIP calls its model VAE-based; sizes are the
    dossier's.
    """

    def __init__(self, n_voxels: int, n_features: int, width: int = 2048, n_latent: int = 256) -> None:
        super().__init__()
        sizes(n_voxels=n_voxels, n_features=n_features, width=width, n_latent=n_latent)
        self.enter, self.block = _layer(n_voxels, width, 0.5), _layer(width, width, 0.15)
        self.latent = nn.Linear(width, 2 * n_latent)
        self.leave = nn.Sequential(_layer(n_latent, width, 0.0), nn.Linear(width, n_features))

    def forward(self, responses: Tensor) -> Mapped:
        """Map (n, n_voxels); in evaluation mode by the mean of the latent distribution."""
        values = self.enter(responses)
        mean, log_variance = self.latent(values + self.block(values)).chunk(2, dim=-1)
        drawn = mean
        if self.training:
            drawn = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return Mapped(self.leave(drawn), divergence(mean, log_variance))


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence of independent normals from standard ones.

    :math:`-\tfrac12 \sum_k (1 + \log \sigma_k^2 - \mu_k^2 - \sigma_k^2)`.

    Parameters
    ----------
    mean, log_variance : Tensor of shape (n, n_latent)

    Returns
    -------
    Tensor of shape (n,)

    References
    ----------
    Kingma and Welling (2014), ICLR, appendix B.
    """
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(dim=-1)


NETWORKS: Mapping[Kind, Callable[..., nn.Module]] = MappingProxyType(
    {"linear": LinearMap, "MLP": MlpMap, "VAE": VariationalMap}
)
"""By name; each takes ``n_voxels`` and ``n_features``, and all but the first a ``width``."""


def _layer(n_in: int, width: int, dropped: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, width), nn.LayerNorm(width), nn.GELU(), nn.Dropout(dropped))


def _without_divergence(vectors: Tensor) -> Mapped:
    return Mapped(vectors, vectors.new_zeros(len(vectors)))
