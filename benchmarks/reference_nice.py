"""NICE straightforwardly from its published description: what ours is timed against.

Convolution, then pooling. In single precision, as ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from reference_loop import Loop
from torch import Tensor, nn

from companion.training.encoders.nice import (
    KERNEL,
    N_FILTERS,
    POOL,
    STRIDE,
    ConvolutionStack,
    Nice,
    Projector,
)
from companion.training.settings import Settings


class ReferenceStack(nn.Module):
    """Convolutions over time and channels, in the published order."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, N_FILTERS, (1, KERNEL)),
            nn.AvgPool2d((1, POOL), (1, STRIDE)),
            nn.BatchNorm2d(N_FILTERS),
            nn.ELU(),
            nn.Conv2d(N_FILTERS, N_FILTERS, (n_channels, 1)),
            nn.BatchNorm2d(N_FILTERS),
            nn.ELU(),
            nn.Dropout(0.5),
            nn.Conv2d(N_FILTERS, N_FILTERS, 1),
        )

    def forward(self, responses: Tensor) -> Tensor:
        """(n, n_channels, n_times) to (n, n_flat), filters running fastest."""
        return self.layers(responses[:, None])[:, :, 0].transpose(1, 2).flatten(1)  # type: ignore[no-any-return]

    @torch.no_grad()
    def take(self, stack: ConvolutionStack) -> None:
        """Copy our weights; biases before a batch normalisation, which ours does without, start at zero."""
        weights = {name: values.detach() for name, values in stack.named_parameters()}
        spatial = weights["spatial.weight"].view(N_FILTERS, stack.n_channels, N_FILTERS)
        self.get_parameter("layers.0.weight").copy_(weights["temporal.weight"].view(N_FILTERS, 1, 1, KERNEL))
        self.get_parameter("layers.4.weight").copy_(spatial.transpose(1, 2)[..., None])
        self.get_parameter("layers.0.bias").zero_()
        self.get_parameter("layers.4.bias").zero_()
        self.get_parameter("layers.8.weight").copy_(weights["mixing.weight"][:, :, None, None])
        self.get_parameter("layers.8.bias").copy_(weights["mixing.bias"])


class ReferenceProjector(nn.Module):
    """From flat maps to the image space, and the closing linear map; starting from the weights of ours."""

    def __init__(self, projector: Projector) -> None:
        super().__init__()
        n_flat, n_features = projector.enter.in_features, projector.enter.out_features
        self.enter = nn.Linear(n_flat, n_features)
        self.within = nn.Sequential(nn.GELU(), nn.Linear(n_features, n_features), nn.Dropout(0.5))
        self.norm = nn.LayerNorm(n_features)
        self.leave = nn.Linear(n_features, n_features)
        self.within[1].load_state_dict(projector.within.state_dict())
        for name in ("enter", "norm", "leave"):
            getattr(self, name).load_state_dict(getattr(projector, name).state_dict())

    def forward(self, flat: Tensor) -> Tensor:
        """(n, n_flat) to (n, n_features)."""
        entered = self.enter(flat)
        return self.leave(self.norm(entered + self.within(entered)))  # type: ignore[no-any-return]


class ReferenceNice(nn.Sequential):
    """NICE as published, starting from the weights of ours: (n, n_channels, n_times) to (n, n_features)."""

    def __init__(self, encoder: Nice) -> None:
        stack = ReferenceStack(encoder.stack.n_channels)
        stack.take(encoder.stack)
        super().__init__(stack, ReferenceProjector(encoder.projector))


class ReferenceTraining(Loop):
    """The published loop on NICE; arguments as of :class:`reference_loop.Loop`, with our encoder as model."""

    def __init__(
        self,
        encoder: Nice,
        responses: Tensor,
        vectors: Tensor,
        training: Sequence[int],
        validation: Sequence[int],
        settings: Settings,
    ) -> None:
        super().__init__(ReferenceNice(encoder), responses, vectors, training, validation, settings)
