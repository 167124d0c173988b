"""The training loop as the published scripts have it: what our trainer is timed against.

A dataset that hands out one response at a time; a loader that stacks them; the loss read by the host at every
step. In single precision and from averaged responses, as ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from torch.utils.data import DataLoader, Dataset, Subset

from companion.training.settings import Settings


class Pairs(Dataset[tuple[Tensor, Tensor]]):
    """Averaged responses and image vectors, one pair at a time."""

    def __init__(self, responses: Tensor, vectors: Tensor) -> None:
        self.responses, self.vectors = responses, vectors

    def __len__(self) -> int:
        return len(self.responses)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        return self.responses[row], self.vectors[row]


class Loop:
    """The published loop, on the pairs and with the settings that ours gets.

    Parameters
    ----------
    model : Module
        From responses to vectors; its weights are where training starts.
    responses : Tensor of shape (n, n_channels, n_times) or (n, n_voxels)
    vectors : Tensor of shape (n, n_features)
    training, validation : sequence of int
        Rows of both.
    settings : Settings
    """

    def __init__(
        self,
        model: nn.Module,
        responses: Tensor,
        vectors: Tensor,
        training: Sequence[int],
        validation: Sequence[int],
        settings: Settings,
    ) -> None:
        self.model, self.settings = model, settings
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
