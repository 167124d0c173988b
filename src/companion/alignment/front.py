"""Run once the first layers of a network that training leaves as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from companion.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor, nn

_AT_ONCE = 256  # pictures per batch


def split_front(
    module: nn.Module, trained: Collection[str], pixels: Tensor, used: Tensor
) -> tuple[nn.Module, Tensor]:
    """Split a network before the first layer that is trained.

    Layers are followed from the outside in, through ``nn.Sequential``. What ran before the first layer that
    holds a trained weight becomes an identity, and its outputs are computed once. The split network is
    compared with the whole one on a picture; where they differ, as when an early layer is read twice, nothing
    is split.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode, of pixels to vectors.
    trained : collection of str
        Names of the weights that change.
    pixels : torch.Tensor of shape (n_pictures, 3, height, width)
    used : torch.Tensor of shape (n_used,), int
        Rows of the pictures that are looked at. Other rows of the result are zero.

    Returns
    -------
    rest : torch.nn.Module
        With the names of ``module``; the module itself where it cannot be split.
    inputs : torch.Tensor of shape (n_pictures, ...)
        What ``rest`` takes in place of ``pixels``.

    Examples
    --------
    The first layer is left as it is, so it runs once; what comes after still gives the same vectors.

    >>> import torch
    >>> from companion.alignment import split_front
    >>> generator = torch.Generator().manual_seed(0)
    >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 4), torch.nn.Linear(4, 2))
    >>> pixels = torch.rand(5, 3, 2, 2, generator=generator)
    >>> rest, inputs = split_front(network.eval(), {"2.weight"}, pixels, torch.arange(5))
    >>> tuple(inputs.shape), torch.allclose(rest(inputs), network(pixels))
    ((5, 4), True)
    """
    import torch

    if used.ndim != 1 or not len(used) or used.dtype not in (torch.int64, torch.int32) or used.min() < 0:
        raise DataError(
            "No rows of pictures", expected="whole numbers from 0, one axis", got=tuple(used.shape)
        )
    parts = _parts(module, trained)
    place = next(module.parameters()).device
    calls, seen = _calls(module, [name for name, _ in parts], pixels[used[:1]].to(place))
    changes = {name for name, changed in parts if changed}
    first = next(iter(name for name in calls if name in changes), None)
    before = calls[: calls.index(first)] if first is not None else []
    if first is None or not before or any(calls.count(name) > 1 for name in before):
        return module, pixels
    rest = deepcopy(module)
    for name in before:
        rest.set_submodule(name, torch.nn.Identity())
    if not _alike(rest, seen[first], module, pixels[used[:1]].to(place)):
        return module, pixels
    inputs = torch.zeros(len(pixels), *seen[first].shape[1:])
    for chunk in torch.split(used, _AT_ONCE):
        inputs[chunk] = _calls(module, [first], pixels[chunk].to(place))[1][first].cpu()
    return rest, inputs


def _alike(rest: nn.Module, inputs: Tensor, module: nn.Module, pixels: Tensor) -> bool:
    """Whether the split network gives what the whole one gives."""
    import torch

    with torch.no_grad():
        try:
            return torch.allclose(rest(inputs), module(pixels), rtol=1e-4, atol=1e-6)
        except (AttributeError, IndexError, RuntimeError, TypeError):  # it looks into its own layers
            return False


def _parts(module: nn.Module, trained: Collection[str], prefix: str = "") -> list[tuple[str, bool]]:
    """Names of submodules, and whether they change; a chain that changes is taken apart."""
    from torch import nn

    found = []
    for child, part in module.named_children():
        name = f"{prefix}{child}"
        changed = any(weight.startswith(f"{name}.") for weight in trained)
        if changed and isinstance(part, nn.Sequential):
            found += _parts(part, trained, f"{name}.")
        else:
            found.append((name, changed))
    return found


def _calls(module: nn.Module, names: list[str], pixels: Tensor) -> tuple[list[str], dict[str, Tensor]]:
    """In which order submodules were called, and what each was called with first."""
    import torch

    order: list[str] = []
    seen: dict[str, Tensor] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            order.append(name)
            if name not in seen and inputs and isinstance(inputs[0], torch.Tensor):
                seen[name] = inputs[0].clone()

        return hook

    hooks = [module.get_submodule(name).register_forward_pre_hook(note(name)) for name in names]
    try:
        with torch.no_grad():
            module(pixels)
    finally:
        for hook in hooks:
            hook.remove()
    return order, seen
