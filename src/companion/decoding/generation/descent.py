"""How both stages of the generator are trained: AdamW, with a warm-up and a cosine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch


def descend(
    parameters: Iterable[torch.Tensor],
    loss: Callable[[], torch.Tensor],
    *,
    n_steps: int,
    learning_rate: float,
    weight_decay: float,
) -> Iterator[float]:
    """Train parameters in place.

    Parameters
    ----------
    parameters : iterable of Tensor
    loss : callable
        Gives the loss of a new batch.
    n_steps : int
    learning_rate : float
        The highest one, after a twentieth of the steps.
    weight_decay : float

    Yields
    ------
    float
        The loss of each step, when the step has been made.
    """
    optimiser = torch.optim.AdamW(parameters, learning_rate, weight_decay=weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=n_steps, pct_start=0.05, cycle_momentum=False
    )
    for _ in range(n_steps):
        found = loss()
        optimiser.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        yield found.item()
