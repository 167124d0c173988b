"""What a step of NICE cannot do without, operations, bytes and the like; and how many the machine does."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import cycle
from typing import NamedTuple

import torch
from torch import Tensor

from companion.training.encoders.activations import elu
from companion.training.encoders.nice import KERNEL, N_FILTERS, POOL, STRIDE, Nice

FLOAT, DOUBLE = 4, 8  # bytes
CPU = torch.device("cpu")


class Costs(NamedTuple):
    """Per response, forward and backward, or of the machine per second.

    Multiplications and additions, bytes read or written in memory, exponentials, random numbers of dropout.
    """

    operations: float
    bytes: float
    exponentials: float
    draws: float = 0.0


def layer_operations(n_channels: int, n_times: int, n_features: int, pooled_first: bool) -> dict[str, float]:
    """Operations of each layer per response, forward and backward.

    A layer has three products: output, gradient of weights, gradient of input. The first layer's input is
    data and needs no gradient.
    """
    n_positions = (n_times - POOL + 1 - KERNEL) // STRIDE + 1
    n_filtered = n_positions if pooled_first else n_times - KERNEL + 1
    linear = n_positions * N_FILTERS * n_features + 2 * n_features**2
    products = {
        "temporal": 2 * n_filtered * n_channels * KERNEL * N_FILTERS,
        "spatial": 3 * n_positions * n_channels * N_FILTERS**2,
        "mixing": 3 * n_positions * N_FILTERS**2,
        "projector": 3 * linear,
    }
    return {name: 2.0 * n for name, n in products.items()}


def least(n_channels: int, n_times: int, n_features: int, batch_size: int) -> Costs:
    """Costs of a step of our trainer, were every array read and written once by each side that needs it.

    Forward writes windows and the first layer's output, backward reads them; blocks in cache cost nothing.
    AdamW reads weights, gradients and two moments, and writes three of them; the gradient is written once.
    """
    encoder = Nice(n_channels, n_times, n_features)
    n_positions = encoder.stack.n_positions
    windows, first = (n_positions * n_channels * n for n in (KERNEL, N_FILTERS))
    gathered = (n_times - POOL + 1) * n_channels
    weights = sum(values.numel() for values in encoder.parameters())
    operations = sum(layer_operations(n_channels, n_times, n_features, True).values())
    moved = 2 * gathered + 2 * windows + 2 * first + 8 * weights / batch_size
    exponentials, draws = n_positions * N_FILTERS * (n_channels + 1), n_positions * N_FILTERS + n_features
    return Costs(operations, FLOAT * moved, exponentials, draws)


def least_of_stack(n_channels: int, n_times: int) -> Costs:
    """Costs of the convolutions of ATM-S per response, where tokens come in and a gradient goes back to them.

    As :func:`least` has them, without projection and optimiser; tokens and windows have gradients, too.
    """
    layers = layer_operations(n_channels, n_times, 0, True)
    n_positions = (n_times - POOL + 1 - KERNEL) // STRIDE + 1
    windows, first = (n_positions * n_channels * n for n in (KERNEL, N_FILTERS))
    moved = 2 * n_times * n_channels + 4 * windows + 2 * first
    exponentials = n_positions * N_FILTERS * (n_channels + 1)
    operations = layers["temporal"] * 3 / 2 + layers["spatial"] + layers["mixing"]
    return Costs(operations, FLOAT * moved, exponentials, n_positions * N_FILTERS)


def least_of_decoders(n_samples: int, n_region: int, n_used: int, n_units: int) -> Costs:
    """Costs of the linear decoders of a region in double precision, every unit with voxels of its own.

    Products of voxels with each other and with units; for each unit a Cholesky decomposition and two
    triangular systems. Each unit's system is gathered (read, written) and decomposed (read, written).
    """
    products = 2.0 * n_samples * n_region * (n_region + n_units)
    systems = n_units * (n_used**3 / 3 + 2.0 * n_used**2)
    return Costs(products + systems, 4 * DOUBLE * n_units * n_used**2, 0)


def ceilings(device: torch.device = CPU) -> Costs:
    """Measure what a device does of each in a second, at its best of some tries, with the threads set.

    On a CPU pieces take a few milliseconds, so that some are never interrupted where other work runs beside.
    """
    on_cpu = device.type == "cpu"
    side = 512 if on_cpu else 8192  # smaller ones leave a GPU idle
    square, values = (torch.randn(n, device=device) for n in ((side, side), (2**17 if on_cpu else 2**19,)))
    large, into = torch.randn(2**25, device=device), torch.zeros(2**25, device=device)
    # The first half: what was written last may still be in the cache.
    size = 2**20 if on_cpu else 2**25
    pieces = cycle(list(zip(torch.split(into, size), torch.split(large, size), strict=True))[:16])
    generator = torch.Generator(device).manual_seed(0)
    return Costs(
        2 * side**3 / _fastest(lambda: square @ square, device),
        2 * FLOAT * size / _fastest(lambda: _copy(*next(pieces)), device, 16),
        values.numel() / _fastest(lambda: elu(values), device),
        values.numel() / _fastest(lambda: values.uniform_(generator=generator), device),
    )


def _copy(into: Tensor, values: Tensor) -> None:
    into.copy_(values)


def rates_at_the_floor(needed: Costs, possible: Costs) -> dict[str, float]:
    """Responses per second if only one of the costs counted, and if they add up."""
    seconds = {name: getattr(needed, name) / getattr(possible, name) for name in Costs._fields}
    return {name: 1 / value for name, value in seconds.items()} | {"together": 1 / sum(seconds.values())}


def _fastest(work: Callable[[], object], device: torch.device, tries: int = 40) -> float:
    found = []
    for _ in range(tries):
        started = _now(device)
        work()
        found.append(_now(device) - started)
    return min(found)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
