"""All that one run of training leaves to chance, from generators of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class Draws:
    """Chance in one run: initial weights, order of batches, dropout.

    Parameters
    ----------
    seed : int
        Weights, order and masks come from three streams of it.
    n_training : int
    batch_size : int
    device : torch.device
        Where masks are drawn.
    """

    def __init__(self, seed: int, n_training: int, batch_size: int, device: torch.device) -> None:
        streams = np.random.SeedSequence(seed).generate_state(3, np.uint64).astype(np.int64).tolist()
        self.weights = streams[0]
        self.order = torch.Generator().manual_seed(streams[1])
        self.masks = torch.Generator(device).manual_seed(streams[2])
        self.batch_size = batch_size
        self.left = torch.empty(0, dtype=torch.long)
        self.n_training = n_training

    def batch(self) -> Tensor:
        """Rows of the next batch, in a new order each time the data are used up: (batch_size,)."""
        if len(self.left) < self.batch_size:
            self.left = torch.randperm(self.n_training, generator=self.order)
        rows, self.left = self.left[: self.batch_size], self.left[self.batch_size :]
        return rows

    def state(self) -> dict[str, Tensor]:
        """Take down what continues the streams."""
        return {"order": self.order.get_state(), "masks": self.masks.get_state(), "left": self.left}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on where `state` was taken."""
        self.order.set_state(state["order"])
        self.masks.set_state(state["masks"])
        self.left = state["left"]


def draw_pairs(training: Sequence[Tensor], draws: Sequence[Draws], n_steps: int) -> Tensor:
    """Draw the next batches of several runs.

    Parameters
    ----------
    training : sequence of Tensor of int, shape (n, 2)
        Pairs of each run.
    draws : sequence of Draws
        Chance of each run.
    n_steps : int

    Returns
    -------
    Tensor of shape (n_steps, n_runs, batch_size, 2)
    """
    return torch.stack(
        [
            pairs[torch.stack([chance.batch() for _ in range(n_steps)])]
            for pairs, chance in zip(training, draws, strict=True)
        ],
        dim=1,
    )
