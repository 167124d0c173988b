"""What is asked of tensors before training starts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from companion.errors import DataError


def finite_rows(name: str, values: Tensor, n: int | None = None, *, dtype: torch.dtype | None = None) -> None:
    """Refuse tensors that hold no rows, no real numbers, or numbers that are not finite.

    Parameters
    ----------
    name : str
        What the rows are, in the plural.
    values : Tensor of shape (n, ...)
    n : int, optional
        Rows that there must be.
    dtype : torch.dtype, optional
        What the numbers must be, since they meet others of this type.

    Raises
    ------
    DataError
    """
    if (
        values.ndim < 2
        or not values.numel()
        or not values.is_floating_point()
        or n not in (None, len(values))
        or dtype not in (None, values.dtype)
    ):
        kind = "real numbers" if dtype is None else dtype
        raise DataError(
            f"The {name} are no rows of numbers",
            expected=f"{kind} of shape ({'n' if n is None else n}, ...)",
            got=f"{values.dtype} of shape {tuple(values.shape)}",
        )
    if not bool(torch.isfinite(torch.stack(values.aminmax())).all()):  # without an array of answers
        low, high = map(float, values.aminmax())
        raise DataError(f"The {name} hold numbers that are not finite", got=f"{low:g} to {high:g}")


def check_shapes(network: nn.Module, inputs: tuple[Tensor, ...], targets: Tensor) -> None:
    """Refuse responses that a network does not take, and targets of another length than what it gives.

    The network reads two responses in evaluation mode, which changes nothing in it.

    Raises
    ------
    DataError
    """
    network.to(inputs[0].device).eval()
    try:
        with torch.no_grad():
            given = network(*(values[:2] for values in inputs))
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        shapes = [tuple(values.shape) for values in inputs]
        raise DataError(f"A {type(network).__name__} does not take these responses", got=shapes) from error
    vectors = getattr(given, "vectors", given)
    if vectors.shape[1:] != targets.shape[1:]:
        raise DataError(
            "Targets have another length than what the network gives",
            expected=tuple(vectors.shape[1:]),
            got=tuple(targets.shape[1:]),
        )


def known_rows(name: str, numbers: Tensor, n: int) -> None:
    """Refuse what are no numbers of ``n`` rows, in a list.

    Raises
    ------
    DataError
    """
    whole = numbers.dtype in (torch.int64, torch.int32) and numbers.ndim == 1
    if not whole or not numbers.numel() or int(numbers.min()) < 0 or int(numbers.max()) >= n:
        limits = [f"{float(numbers.min()):g} to {float(numbers.max()):g}"] if numbers.numel() else ["none"]
        raise DataError(
            f"The {name} are no numbers of rows",
            expected=f"a list of whole numbers from 0 to {n - 1}",
            got=f"{numbers.dtype} of shape {tuple(numbers.shape)}, {limits[0]}",
        )
