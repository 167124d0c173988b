"""A variational auto-encoder of responses, pictures and texts together, in BraVL's manner.

It is the rival that BrainCLIP is compared with in print: where a mapping network sends responses into a space
that is there, this one learns a latent space of its own, which responses, pictures and texts share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from companion.checks import number, whole
from companion.training.product_of_experts import (
    MODALITIES,
    Latent,
    Modality,
    chi_upper_bound,
    drawn,
    guessed,
    log_density,
    log_likelihood,
    mismatched,
    negative_elbo,
    one_of_each,
    subset_products,
)

Inputs = Mapping[Modality, Tensor]


@dataclass(frozen=True)
class JointVaeSettings:
    """Sizes and training, with what the released code has for fMRI as defaults.

    Attributes
    ----------
    widths : tuple of int
        Of the two hidden layers of encoders and decoders of responses, pictures and texts.
    guess_width : int
        Of the hidden layer of those who guess latent variables.
    n_latent : int
    n_epochs, batch_size : int
    learning_rate : float
        Of Adam.
    warm_up : float
        The weight of the divergence rises by so much an epoch, from 0 to 1.
    intra_weight, inter_weight : float
        Of the information within modalities, and of the bounds that tell right pairs from wrong ones.
    n_draws : int
        Of latent variables, for the chi bound.

    Examples
    --------
    >>> from companion.training import JointVaeSettings
    >>> JointVaeSettings(n_epochs=10).n_latent
    32
    >>> JointVaeSettings(n_draws=0)
    Traceback (most recent call last):
        ...
    ValueError: n_draws is a whole number at least 1, got 0

    References
    ----------
    Du et al. (2023), TPAMI 45, 10760-10777, released code.
    """

    widths: tuple[int, int, int] = (512, 2048, 512)
    guess_width: int = 512
    n_latent: int = 32
    n_epochs: int = 100
    batch_size: int = 512
    learning_rate: float = 1e-4
    warm_up: float = 0.01
    intra_weight: float = 1e-3
    inter_weight: float = 1e-3
    n_draws: int = 30

    def __post_init__(self) -> None:
        for name in ("guess_width", "n_latent", "n_epochs", "n_draws"):
            object.__setattr__(self, name, whole(name, getattr(self, name)))
        for width in self.widths:
            whole("each of widths", width)
        object.__setattr__(self, "batch_size", whole("batch_size", self.batch_size, least=2))
        number("learning_rate", self.learning_rate, above=0, below=1e6)
        for name in ("warm_up", "intra_weight", "inter_weight"):
            number(name, getattr(self, name), least=0, below=1e6)


class JointVae(nn.Module):
    """Encoders and decoders of three modalities around one latent space.

    Parameters
    ----------
    sizes : mapping of modality to int
        Features of each.
    settings : JointVaeSettings
    """

    def __init__(self, sizes: Mapping[Modality, int], settings: JointVaeSettings) -> None:
        super().__init__()
        n_latent = settings.n_latent
        widths = dict(zip(MODALITIES, settings.widths, strict=True))
        self.encoders = nn.ModuleDict(
            {name: layers(sizes[name], widths[name], 2 * n_latent) for name in MODALITIES}
        )
        self.decoders = nn.ModuleDict(
            {name: layers(n_latent, widths[name], sizes[name]) for name in MODALITIES}
        )

    def experts(self, inputs: Inputs) -> dict[Modality, Latent]:
        """Encode the modalities that are there, each on its own."""
        return {name: Latent(*self.encoders[name](one).chunk(2, dim=-1)) for name, one in inputs.items()}

    def decoded(self, latents: Tensor, wanted: Inputs) -> dict[Modality, Tensor]:
        """Decode the means of the wanted modalities, of shape (..., n_features)."""
        return {name: self.decoders[name](latents) for name in wanted}


def joint_loss(
    network: JointVae, guessers: nn.ModuleDict, inputs: Inputs, weight: float, settings: JointVaeSettings
) -> Tensor:
    r"""Loss of a batch: :math:`-L - \lambda_1 I + \lambda_2 (-L + \bar U)`.

    L is the evidence lower bound of right pairs, I the information that decoded modalities keep, and U the
    chi upper bound, averaged over the patterns of wrong pairs.

    Parameters
    ----------
    network : JointVae
    guessers : ModuleDict by modality
        Guess latent variables from decoded modalities.
    inputs : mapping of modality to Tensor of shape (n, n_features)
    weight : float
        Of the divergence.
    settings : JointVaeSettings
    """
    components = subset_products(network.experts(inputs))
    latents = drawn(one_of_each(components), 1)[0]
    decoded = network.decoded(latents, inputs)
    elbo = negative_elbo(inputs, decoded, components, weight)
    kept = guessed(latents, {name: guessers[name](one) for name, one in decoded.items()})
    wrong = [_upper_bound(network, batch, settings.n_draws) for batch in mismatched(inputs)]
    apart = elbo + (torch.stack(wrong).mean() if wrong else 0)
    return elbo - settings.intra_weight * kept + settings.inter_weight * apart


def _upper_bound(network: JointVae, inputs: Inputs, n_draws: int) -> Tensor:
    posterior = one_of_each(subset_products(network.experts(inputs)))
    latents = drawn(posterior, n_draws)
    zeros = torch.zeros_like(posterior.mean)
    log_joint = log_density(latents, Latent(zeros, zeros))
    for name, means in network.decoded(latents, inputs).items():
        log_joint = log_joint + log_likelihood(inputs[name], means)
    return chi_upper_bound(log_joint, log_density(latents, posterior))


def layers(n_in: int, width: int, n_out: int, n_hidden: int = 2) -> nn.Sequential:
    """Hidden layers of one width with rectified units, then a linear one."""
    sizes = [n_in, *[width] * n_hidden]
    hidden = [layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(width, n_out))
