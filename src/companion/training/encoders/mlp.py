"""The residual network that reads fMRI responses, as in MindEye."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import gelu

from companion.training.encoders.interface import BrainEncoder, Mask, drop, sizes

DROPPED_FIRST, DROPPED = 0.5, 0.15
"""Share of units dropped after the first layer and in each block."""


class ResidualMlp(BrainEncoder):
    """A wide first layer, residual blocks of one layer each, two linear maps out.

    With the published sizes (15,724 voxels, 768 features) these are 135 million weights, half of them in the
    first layer. Nothing lies between the two closing maps, so they act as one; the published code has both.

    Parameters
    ----------
    n_voxels : int
    n_features : int
        Length of the image vectors.
    width : int
        Units of each layer.
    n_blocks : int

    Examples
    --------
    >>> import torch
    >>> from companion.training import ResidualMlp
    >>> encoder = ResidualMlp(n_voxels=200, n_features=32, width=64, n_blocks=2)
    >>> tuple(encoder(torch.zeros(3, 200)).shape), sum(one.numel() for one in encoder.parameters())
    ((3, 32), 24704)

    References
    ----------
    Scotti et al. (2023), NeurIPS: architecture. Rajabi et al. (2025), ICML: no projector; the closing map.
    """

    def __init__(self, n_voxels: int, n_features: int, width: int = 4096, n_blocks: int = 4) -> None:
        super().__init__()
        self.configuration = sizes(n_voxels=n_voxels, n_features=n_features, width=width, n_blocks=n_blocks)
        self.width = width
        self.enter = _layer(n_voxels, width)
        self.blocks = nn.ModuleList(_layer(width, width) for _ in range(n_blocks))
        self.leave = nn.Sequential(nn.Linear(width, n_features), nn.Linear(n_features, n_features))

    def masks(self) -> tuple[Mask, ...]:
        """After the first layer and inside each block."""
        return Mask((self.width,), DROPPED_FIRST), *[Mask((self.width,), DROPPED)] * len(self.blocks)

    def forward(self, *inputs: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """See ``BrainEncoder.forward``."""
        given = iter(masks)
        values = drop(gelu(self.enter(inputs[0])), given)
        for block in self.blocks:
            values = values + drop(gelu(block(values)), given)
        return self.leave(values)  # type: ignore[no-any-return]


def _layer(n_in: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, width), nn.LayerNorm(width))
