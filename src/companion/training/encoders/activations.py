"""The exponential linear unit, several times as fast on a CPU as torch's own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def elu(values: Tensor) -> Tensor:
    """Exponential linear unit: ``x`` above zero, ``exp(x) - 1`` below.

    Torch computes ``expm1`` of every value, which takes seven times as long as this and was a third of the
    time of training NICE. What is lost is precision next to zero: outputs are off by up to 6e-8.

    Parameters
    ----------
    values : Tensor of any shape

    Returns
    -------
    Tensor of the same shape

    References
    ----------
    Clevert et al. (2016), ICLR.
    """
    return _Elu.apply(values)  # type: ignore[no-any-return]


class _Elu(torch.autograd.Function):
    """Keeps its output alone: the slope is 1 where that is positive, and one more than it elsewhere."""

    @staticmethod
    def forward(values: Tensor) -> Tensor:
        below = values.clamp(max=0).exp_().sub_(1)
        return torch.maximum(below, values, out=below)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        del inputs
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        output: Tensor = ctx.saved_tensors[0]
        return output.clamp(max=0).add_(1).mul_(gradients[0])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None], values: Tensor) -> tuple[Tensor, int | None]:
        """Every value by itself: over many encoders the same."""
        del info
        return _Elu.apply(values), in_dims[0]
