"""What the training loop asks of a brain encoder, so that it can train one alone or many in one program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from companion.checks import whole
from companion.errors import DataError
from companion.training.rows import finite_rows

Inputs = tuple[Tensor, ...]


class Mask(NamedTuple):
    """One place where units are dropped: what a mask of one response looks like, and how many are dropped."""

    shape: tuple[int, ...]
    p: float


class BrainEncoder(nn.Module, ABC):
    """Maps brain responses to vectors of an image space.

    Three things differ from a plain module. What needs no parameter is computed once for a whole data set
    (:meth:`prepare`). Dropout masks come from outside (:meth:`masks`), so that each run draws its own, in the
    same order whether it trains alone or beside others. And nothing depends on values of tensors, so that
    ``torch.vmap`` can run many encoders as one.

    Attributes
    ----------
    configuration : dict
        Arguments that build the same architecture again; checkpoints keep them.

    Examples
    --------
    An encoder of one's own says what it is built from and how inputs become vectors:

    >>> import torch
    >>> from companion.training import BrainEncoder
    >>> class Plain(BrainEncoder):
    ...     def __init__(self, n_voxels, n_features):
    ...         super().__init__()
    ...         self.configuration = {"n_voxels": n_voxels, "n_features": n_features}
    ...         self.layer = torch.nn.Linear(n_voxels, n_features)
    ...
    ...     def forward(self, *inputs, masks=()):
    ...         return self.layer(inputs[0])
    >>> encoder = Plain(50, 8)
    >>> tuple(encoder(*encoder.prepare(torch.zeros(3, 50))).shape)
    (3, 8)
    """

    configuration: dict[str, int | float | bool | str]

    def prepare(self, responses: Tensor, subjects: Tensor | None = None) -> Inputs:
        """Compute once, for a whole data set, what does not depend on parameters.

        What only training uses is left out in evaluation mode (``encoder.eval()``).

        Parameters
        ----------
        responses : Tensor of shape (n, n_channels, n_times) or (n, n_voxels)
        subjects : Tensor of int, shape (n,), optional
            Number of the person of each response, from 0; for encoders that know people apart.

        Returns
        -------
        tuple of Tensor, each of shape (n, ...)
            Arguments of :meth:`forward`.
        """
        del subjects
        self.check_responses(responses)
        return (responses,)

    def check_responses(self, responses: Tensor) -> None:
        """Refuse responses that are not of the size, or not of the type, that this encoder was made for."""
        finite_rows("responses", responses)
        known = getattr(self, "configuration", {})
        size = tuple(known[name] for name in ("n_channels", "n_times", "n_voxels") if name in known)
        kinds = {weight.dtype for weight in self.parameters()}
        if (size and tuple(responses.shape[1:]) != size) or (kinds and responses.dtype not in kinds):
            raise DataError(
                "An encoder reads responses of the size and type that it was made for",
                where=type(self).__name__,
                expected=f"(n, {', '.join(map(str, size))}) of {', '.join(map(str, kinds))}",
                got=f"{tuple(responses.shape)} of {responses.dtype}",
            )

    def masks(self) -> tuple[Mask, ...]:
        """Places of dropout, in the order in which :meth:`forward` meets them."""
        return ()

    @abstractmethod
    def forward(self, *inputs: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """Vectors of responses.

        Parameters
        ----------
        *inputs : Tensor, each of shape (n, ...)
            As :meth:`prepare` made them.
        masks : sequence of Tensor, each of shape (n, ...)
            One for each of :meth:`masks`, zero or ``1 / (1 - p)``; none: nothing is dropped.

        Returns
        -------
        Tensor of shape (n, n_features)
        """


def sizes(**numbers: int) -> dict[str, int | float | bool | str]:
    """Make the configuration of an encoder, every size of which is a whole number above zero."""
    for name, number in numbers.items():
        whole(name, number)
    return {name: int(number) for name, number in numbers.items()}


def draw_masks(places: Sequence[Mask], n: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw one mask for each place: tensors of shape (n, ...) on the generator's device."""
    return tuple(
        torch.rand((n, *shape), generator=generator, device=generator.device).ge_(p).div_(1 - p)
        for shape, p in places
    )


def drop(values: Tensor, masks: Iterator[Tensor]) -> Tensor:
    """Apply the next mask, if there is one."""
    mask = next(masks, None)
    return values if mask is None else values * mask


class BatchNorm(nn.Module):
    """Batch normalisation as in torch, in a form that ``torch.vmap`` can run over encoders.

    Parameters
    ----------
    n_features : int
        Length of the second dimension of what comes in.
    momentum, eps : float
        Of the running statistics, and for stability.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, n_features: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(n_features))
        self.bias = nn.Parameter(torch.zeros(n_features))
        self.register_buffer("running_mean", torch.zeros(n_features))
        self.register_buffer("running_var", torch.ones(n_features))

    def forward(self, values: Tensor) -> Tensor:
        """Normalise (n, n_features, ...) over all dimensions but the second."""
        if not self.training:
            scale, shift = self.affine()
            shape = (-1, *[1] * (values.ndim - 2))
            return values * scale.view(shape) + shift.view(shape)
        normal, mean, inverse = torch.native_batch_norm(
            values, self.weight, self.bias, None, None, True, self.momentum, self.eps
        )
        self.update(mean, inverse.pow(-2) - self.eps, values.numel() // values.shape[1])
        return normal

    def affine(self, mean: Tensor | None = None, variance: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Scale and shift that normalise, from the given or from the running statistics."""
        mean = self.running_mean if mean is None else mean
        variance = self.running_var if variance is None else variance
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return scale, self.bias - mean * scale

    @torch.no_grad()
    def update(self, mean: Tensor, variance: Tensor, n: int) -> None:
        """Move the running statistics by those of a batch of n values (variance without correction)."""
        self.running_mean.mul_(1 - self.momentum).add_(self.momentum * mean)
        self.running_var.mul_(1 - self.momentum).add_(self.momentum * n / max(n - 1, 1) * variance)
