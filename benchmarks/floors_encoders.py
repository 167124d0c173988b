"""What a step of each brain encoder cannot do without, per response: in the way of :mod:`floors`.

Products of a layer count three times, for its output and two gradients; where data come in, twice. Bytes are
those of arrays that backward reads again, each written and read once, of the response, gathered from the data
set, and of the weights: two products read them, AdamW reads them with gradients and two moments and writes
three, and gradients are written once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from floors import FLOAT, Costs, layer_operations, least

from companion.training.encoders import AtmS, BrainEncoder, EegConformer, EegNet, Nice, ResidualMlp
from companion.training.encoders.eegnet import KERNEL, N_MAPS, SECOND_KERNEL
from companion.training.encoders.nice import N_FILTERS as N_NICE

WEIGHTS = 10
"""Times that all weights, gradients and moments pass through memory in a step."""


def costs(encoder: BrainEncoder, batch_size: int) -> Costs:
    """Least costs of a response in a step of an encoder."""
    kinds: dict[type[BrainEncoder], Callable[..., tuple[float, float, float]]] = {
        AtmS: _atm,
        EegNet: _eegnet,
        EegConformer: _conformer,
        ResidualMlp: _mlp,
    }
    if isinstance(encoder, Nice):
        n_channels, n_times, n_features = (int(size) for size in encoder.configuration.values())
        return least(n_channels, n_times, n_features, batch_size)
    operations, kept, exponentials = kinds[type(encoder)](encoder)
    draws = sum(math.prod(place.shape) for place in encoder.masks())
    weights = sum(values.numel() for values in encoder.parameters())
    moved = 2 * kept + WEIGHTS * weights / batch_size
    return Costs(operations, FLOAT * moved, exponentials, draws)


def _atm(encoder: AtmS) -> tuple[float, float, float]:
    n_channels, width, n_tokens = encoder.n_channels, encoder.n_times, encoder.n_channels + 1
    inner, heads = encoder.attention.queries.out_features, encoder.attention.n_heads
    wide, n_features = encoder.widen.out_features, encoder.projector.leave.out_features
    layers = 4 * width * inner + 2 * width * wide + 2 * n_tokens * inner
    stack = layer_operations(n_channels, width, n_features, True)
    operations = 2.0 * (2 * n_channels * width**2 + 3 * n_tokens * layers) + sum(stack.values())
    operations += stack["temporal"] / 2  # what comes in are tokens, which have a gradient
    pairs, n_positions = heads * n_tokens**2, encoder.stack.n_positions
    maps = n_positions * N_NICE * (n_channels + 1)
    tokens = n_tokens * (7 * width + 4 * inner + 2 * wide)  # in, dropped, between norms; read; wide
    windows = n_channels * n_positions * 25
    kept = n_channels * width + tokens + 2 * pairs + windows + maps
    return operations, kept, pairs + n_tokens * wide + maps + n_features


def _eegnet(encoder: EegNet) -> tuple[float, float, float]:
    n_channels, n_times = encoder.spatial.in_features, int(encoder.configuration["n_times"])
    linear = 2 * n_times * n_channels * N_MAPS + 3 * encoder.n_middle * N_MAPS**2
    linear += 3 * math.prod(encoder.leave.weight.shape)
    maps = N_MAPS * (n_times + encoder.n_middle)
    kept = n_channels * n_times + KERNEL * (KERNEL + 1) + 4 * maps  # before, between and after norm and ELU
    return 2.0 * linear + in_frequency(encoder), kept, maps


def in_frequency(encoder: EegNet) -> float:
    """Operations of EEGNet's filters: four real transforms of each map, three products of spectra."""
    n_times = int(encoder.configuration["n_times"])
    return sum(
        N_MAPS * (4 * 2.5 * length * math.log2(length) + 3 * 6 * length / 2)
        for length in (n_times + KERNEL // 2, encoder.n_middle + SECOND_KERNEL // 2)
    )


def _conformer(encoder: EegConformer) -> tuple[float, float, float]:
    n_channels, n_times = (int(encoder.configuration[name]) for name in ("n_channels", "n_times"))
    n, width, wide, depth = encoder.n_positions, 40, 160, len(encoder.layers)
    head = sum(values.numel() for values in encoder.head.parameters() if values.ndim == 2)
    layer = n * (4 * width**2 + 2 * width * wide) + 2 * n**2 * width
    products = 2 * (n_times - 9) * n_channels * 10 * width + 3 * (n * width**2 + depth * layer + head)
    maps = (n_times - 9) * width
    kept = n_channels * n_times + 3 * maps + depth * (2 * n**2 + n * (8 * width + 3 * wide))
    return 2.0 * products, kept, maps + depth * (n**2 + n * wide) + 256 + 32 + 1024


def _mlp(encoder: ResidualMlp) -> tuple[float, float, float]:
    n_voxels, n_blocks = int(encoder.configuration["n_voxels"]), len(encoder.blocks)
    first = n_voxels * encoder.width
    others = sum(values.numel() for values in encoder.parameters() if values.ndim == 2) - first
    layers = encoder.width * (n_blocks + 1)
    return 2.0 * (2 * first + 3 * others), n_voxels + 5 * layers, layers
