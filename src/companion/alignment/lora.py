"""Low-rank adaptation: bend a frozen network by small additions to its weight matrices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING

from companion.alignment.front import split_front
from companion.checks import number, whole
from companion.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor, nn


class LoRA:
    """A frozen module whose weights ``W`` are used as ``W + (alpha / rank) * up @ down``.

    ``up`` (n_out, rank) starts at zero, so the outputs are the module's own at first; ``down`` (rank, n_in)
    is drawn from U(-1, 1) / sqrt(n_in). Only these are trained. Targets can be the weights of linear layers,
    of convolutions (a kernel counts as one row) and the joint query-key-value weights of
    ``nn.MultiheadAttention``. The module given is copied, and runs in evaluation mode: normalisation
    statistics stay frozen too.

    Parameters
    ----------
    module : torch.nn.Module
    rank : int
        16 in DreamSim.
    alpha : float
        Scale of the addition; 32 in DreamSim's single models.
    targets : str
        Regular expression searched for in the weights' names, such as ``"in_proj_weight"`` for attention
        alone; the empty one finds all.
    seed : int
        Of the first ``down``.

    Attributes
    ----------
    names : tuple of str
        The weights that are bent.

    Raises
    ------
    DataError
        If no weight is found.

    References
    ----------
    Hu et al. (2022), ICLR: LoRA, section 4.1; Fu et al. (2023), NeurIPS 36: DreamSim.

    Examples
    --------
    Before training the outputs are the network's own; only low-rank additions can be trained.

    >>> import torch
    >>> from companion.alignment import LoRA
    >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 4))
    >>> bent = LoRA(network, rank=2)
    >>> bent.names, sum(part.numel() for part in bent.parameters())
    (('1.weight',), 32)
    >>> pixels = torch.ones(1, 3, 2, 2)
    >>> torch.equal(bent(pixels), network(pixels))
    True
    """

    def __init__(
        self, module: nn.Module, *, rank: int = 16, alpha: float = 32.0, targets: str = "", seed: int = 0
    ) -> None:
        import torch

        whole("rank", rank)
        number("alpha", alpha)
        self._module = deepcopy(module).eval().requires_grad_(requires_grad=False)
        self._rest = self._module
        possible = _matrices(self._module)
        try:
            self.names = tuple(name for name in possible if re.search(targets, name))
        except (re.error, TypeError) as error:
            raise DataError(
                "No pattern of names", expected="a regular expression", got=f"{targets!r}: {error}"
            ) from error
        if not self.names:
            raise DataError(
                "No weight to bend", where=type(module).__name__, expected=sorted(possible), got=targets
            )
        self._scale = alpha / rank
        generator = torch.Generator().manual_seed(seed)
        self._down: dict[str, Tensor] = {}
        self._up: dict[str, Tensor] = {}
        for name in self.names:
            weight = possible[name].flatten(1)  # (n_out, n_in)
            n_out, n_in = weight.shape
            drawn = (2 * torch.rand(rank, n_in, generator=generator) - 1) / n_in**0.5
            self._down[name] = drawn.to(weight).requires_grad_()
            self._up[name] = weight.new_zeros(n_out, rank).requires_grad_()

    def parameters(self) -> list[Tensor]:
        """List what is trained: ``down`` and ``up`` of each target."""
        return [*self._down.values(), *self._up.values()]

    def weights(self) -> dict[str, Tensor]:
        """Bent weights by name; gradients flow through them to :meth:`parameters`."""
        frozen = dict(self._module.named_parameters())
        return {
            name: frozen[name] + self._scale * (self._up[name] @ self._down[name]).view_as(frozen[name])
            for name in self.names
        }

    def __call__(self, inputs: Tensor) -> Tensor:
        """Run the module with its bent weights, on pixels or on what :meth:`skip_front` gave."""
        from torch.func import functional_call

        outputs: Tensor = functional_call(self._rest, self.weights(), (inputs,))
        return outputs

    def skip_front(self, pixels: Tensor, used: Tensor) -> Tensor:
        """Run the layers before the first bent one now, once; calls then take what this returns.

        Parameters
        ----------
        pixels : torch.Tensor of shape (n_pictures, 3, height, width)
        used : torch.Tensor of shape (n_used,), int
            Rows that calls will ask for.

        Returns
        -------
        torch.Tensor of shape (n_pictures, ...)
            See :func:`split_front`.
        """
        self._rest, inputs = split_front(self._module, self.names, pixels, used)
        return inputs

    def merged(self, weights: Mapping[str, Tensor] | None = None) -> nn.Module:
        """Write the bent weights into a copy of the module, which then costs no more than the module did.

        Parameters
        ----------
        weights : mapping of str to torch.Tensor, optional
            Weights kept from an earlier call of :meth:`weights`; those of now if left out.

        Returns
        -------
        torch.nn.Module
            Frozen, in evaluation mode.
        """
        bent = deepcopy(self._module)
        bent.load_state_dict(self.weights() if weights is None else dict(weights), strict=False)
        return bent


def _matrices(module: nn.Module) -> dict[str, Tensor]:
    """Weights that multiply inputs, by their name in the module."""
    from torch import nn

    found: dict[str, Tensor] = {}
    for place, layer in module.named_modules():
        before = f"{place}." if place else ""
        if isinstance(layer, nn.Linear | nn.Conv2d):
            found[f"{before}weight"] = layer.weight
        elif isinstance(layer, nn.MultiheadAttention) and isinstance(layer.in_proj_weight, nn.Parameter):
            found[f"{before}in_proj_weight"] = layer.in_proj_weight
    return found
