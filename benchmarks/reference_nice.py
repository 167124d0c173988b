"""NICE and its training loop, straightforwardly from the published description: what ours is timed against.

Convolution, then pooling; a dataset that hands out one response at a time; a loader that stacks them; the
loss read by the host at every step. As ours, in single precision and from averaged responses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from torch.utils.data import DataLoader, Dataset, Subset

from companion.training.encoders.nice import KERNEL, N_FILTERS, POOL, STRIDE, ConvolutionStack, Nice
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


class ReferenceNice(nn.Module):
    """NICE as published, starting from the weights of ours."""

    def __init__(self, encoder: Nice) -> None:
        super().__init__()
        n_flat, n_features = encoder.projector.enter.in_features, encoder.projector.enter.out_features
        self.stack = ReferenceStack(encoder.stack.n_channels)
        self.enter = nn.Linear(n_flat, n_features)
        self.within = nn.Sequential(nn.GELU(), nn.Linear(n_features, n_features), nn.Dropout(0.5))
        self.norm = nn.LayerNorm(n_features)
        self.leave = nn.Linear(n_features, n_features)
        self.stack.take(encoder.stack)
        self.within[1].load_state_dict(encoder.projector.within.state_dict())
        for name in ("enter", "norm", "leave"):
            getattr(self, name).load_state_dict(getattr(encoder.projector, name).state_dict())

    def forward(self, responses: Tensor) -> Tensor:
        """(n, n_channels, n_times) to (n, n_features)."""
        entered = self.enter(self.stack(responses))
        return self.leave(self.norm(entered + self.within(entered)))  # type: ignore[no-any-return]


class Pairs(Dataset[tuple[Tensor, Tensor]]):
    """Averaged responses and image vectors, one pair at a time."""

    def __init__(self, responses: Tensor, vectors: Tensor) -> None:
        self.responses, self.vectors = responses, vectors

    def __len__(self) -> int:
        return len(self.responses)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        return self.responses[row], self.vectors[row]


class ReferenceTraining:
    """The published loop, on the pairs and with the settings that ours gets.

    Parameters
    ----------
    encoder : Nice
        Its weights are where the reference starts.
    responses : Tensor of shape (n, n_channels, n_times)
    vectors : Tensor of shape (n, n_features)
    training, validation : sequence of int
        Rows of both.
    settings : Settings
    """

    def __init__(
        self,
        encoder: Nice,
        responses: Tensor,
        vectors: Tensor,
        training: Sequence[int],
        validation: Sequence[int],
        settings: Settings,
    ) -> None:
        self.model, self.settings = ReferenceNice(encoder), settings
        pairs = Pairs(responses, vectors)
        size = settings.batch_size
        own = Subset(pairs, training)
        self.loader: DataLoader[Any] = DataLoader(own, size, shuffle=True, drop_last=True)
        self.validation: DataLoader[Any] = DataLoader(Subset(pairs, validation), size)
        self.batches = self._endless()
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )

    def update(self) -> float:
        """One step; its loss."""
        self.model.train()
        responses, vectors = next(self.batches)
        self.optimiser.zero_grad()
        loss = self._loss(responses, vectors)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        return loss.item()

    @torch.no_grad()
    def validate(self) -> float:
        """Mean loss of validation batches, each counted by its pairs."""
        self.model.eval()
        losses = [(self._loss(*batch).item(), len(batch[0])) for batch in self.validation]
        return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)

    def _endless(self) -> Iterator[list[Tensor]]:
        while True:
            yield from self.loader

    def _loss(self, responses: Tensor, vectors: Tensor) -> Tensor:
        predicted = self.model(responses)
        predicted = normalize(predicted - predicted.mean(1, keepdim=True), dim=1)
        vectors = normalize(vectors - vectors.mean(1, keepdim=True), dim=1)
        logits = predicted @ vectors.T / self.settings.temperature
        own = torch.arange(len(logits))
        return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2
