"""EEGConformer, the brain encoder of Song et al. (2023): convolutions, then attention over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, conv1d, gelu, log_softmax

from companion.training.encoders.activations import elu
from companion.training.encoders.attention import SelfAttention
from companion.training.encoders.interface import BatchNorm, BrainEncoder, Mask, drop, sizes

N_FILTERS, KERNEL, POOL, STRIDE = 40, 10, 25, 5
"""Filters, taps of one, samples averaged, samples between two averages."""
DEPTH, N_WIDE = 2, 160
"""Transformer layers and the width inside each."""
HEAD = (256, 32, 1024)
"""Units of the head that was made for classification."""
DROPPED, DROPPED_IN_LAYERS, DROPPED_IN_HEAD = 0.25, 0.5, (0.5, 0.3)
"""Share of units dropped after the mean, in the Transformer, and in the head."""


class EegConformer(BrainEncoder):
    """Temporal and spatial filters, mean over a window, attention over time, a classifier, a linear map.

    Nothing non-linear lies between temporal and spatial filters, so both act as one convolution over all
    channels: the same numbers for a fifth of the work, without the largest array.

    The published encoder is a classifier's: its vector passes through 32 units, then a log-softmax over 1,024
    classes that do not exist.

    Parameters
    ----------
    n_channels, n_times : int
        Of a response. With 100 samples, 14 positions remain of 44, and 560 units of 1,760 enter the head.
    n_features : int
        Length of the image vectors.

    Raises
    ------
    ValueError
        If a response is shorter than one window.

    Examples
    --------
    >>> import torch
    >>> from companion.training import EegConformer
    >>> encoder = EegConformer(n_channels=17, n_times=100, n_features=32)
    >>> tuple(encoder(torch.zeros(2, 17, 100)).shape), encoder.n_positions
    ((2, 32), 14)

    References
    ----------
    Song et al. (2023), IEEE TNSRE, as braindecode 0.8.1 has it. Rajabi et al. (2025), ICML: settings.
    """

    def __init__(self, n_channels: int, n_times: int, n_features: int) -> None:
        super().__init__()
        self.configuration = sizes(n_channels=n_channels, n_times=n_times, n_features=n_features)
        if n_times < KERNEL + POOL - 1:
            raise ValueError(f"EEGConformer needs at least {KERNEL + POOL - 1} samples, got {n_times}")
        self.n_positions = (n_times - KERNEL + 1 - POOL) // STRIDE + 1
        # A bias before the normalisation would be subtracted again.
        self.temporal = nn.Linear(KERNEL, N_FILTERS, bias=False)
        self.spatial = nn.Linear(N_FILTERS * n_channels, N_FILTERS, bias=False)
        self.norm = BatchNorm(N_FILTERS)
        self.mixing = nn.Linear(N_FILTERS, N_FILTERS)
        self.layers = nn.ModuleList(_Layer() for _ in range(DEPTH))
        widths = (N_FILTERS * self.n_positions, *HEAD, n_features)
        self.head = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(widths))

    def masks(self) -> tuple[Mask, ...]:
        """After the mean, four times in each layer, twice in the head."""
        layers = [mask for layer in self.layers for mask in layer.masks(self.n_positions)]  # type: ignore[operator]
        head = (Mask((n_units,), p) for n_units, p in zip(HEAD[:2], DROPPED_IN_HEAD, strict=True))
        return Mask((N_FILTERS, self.n_positions), DROPPED), *layers, *head

    def forward(self, *inputs: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """See ``BrainEncoder.forward``."""
        given = iter(masks)
        maps = elu(self.norm(conv1d(inputs[0], self.filters())))
        tokens = self.mixing(drop(avg_pool1d(maps, POOL, STRIDE), given).transpose(1, 2))
        for layer in self.layers:
            tokens = layer(tokens, given)
        first, second, third, last = self.head
        values = drop(elu(first(tokens.flatten(1))), given)
        values = drop(elu(second(values)), given)
        return last(log_softmax(third(values), dim=-1))  # type: ignore[no-any-return]

    def filters(self) -> Tensor:
        """Temporal and spatial filters as one: (40, n_channels, 10)."""
        spatial = self.spatial.weight.view(N_FILTERS, N_FILTERS, -1)
        return torch.einsum("ofc,ft->oct", spatial, self.temporal.weight)


class _Layer(nn.Module):
    """One Transformer layer: normalise, attend, add; normalise, widen, narrow, add."""

    def __init__(self) -> None:
        super().__init__()
        self.first_norm = nn.LayerNorm(N_FILTERS)
        self.attention = SelfAttention(N_FILTERS, 1)
        self.second_norm = nn.LayerNorm(N_FILTERS)
        self.widen = nn.Linear(N_FILTERS, N_WIDE)
        self.narrow = nn.Linear(N_WIDE, N_FILTERS)

    def masks(self, n_tokens: int) -> tuple[Mask, ...]:
        token = Mask((n_tokens, N_FILTERS), DROPPED_IN_LAYERS)
        wide = Mask((n_tokens, N_WIDE), DROPPED_IN_LAYERS)
        return self.attention.mask(n_tokens, DROPPED_IN_LAYERS), token, wide, token

    def forward(self, tokens: Tensor, masks: Iterator[Tensor]) -> Tensor:
        tokens = tokens + drop(self.attention(self.first_norm(tokens), masks), masks)
        wide = drop(gelu(self.widen(self.second_norm(tokens))), masks)
        return tokens + drop(self.narrow(wide), masks)
