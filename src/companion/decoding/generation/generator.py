"""A small generator: from the vector of a picture to a picture of 64 x 64 pixels, by flow matching.

Noise is carried to a picture along straight lines. Between noise ``e`` and the cosine waves ``x`` of a
picture lies ``x_t = (1 - t) e + t x``. A network sees ``x_t``, ``t`` and the vector of the picture, and says
what ``x`` it expects; a step goes from ``x_t`` towards that expectation. One single step gives the mean of
all pictures with such a vector, many small ones give one of them.

It was trained on the picture pool alone (:mod:`companion.decoding.generation.train`). Vectors that it was not
trained on make pictures as good-looking as any: what a picture is worth shows only beside its companions.

References
----------
Lipman et al. (2023), ICLR: flow matching. Ho and Salimans (2022): guidance without a classifier. Li and He
(2025), arXiv 2511.13720: expecting the picture where the network is narrower than the data.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from companion.decoding.generation.cosines import UInt8Array, to_pictures
from companion.embeddings import Embeddings
from companion.errors import DataError

if TYPE_CHECKING:
    import torch

Variant = Literal["full", "without_test_kinds"]
"""Whether the pool held other pictures of the test kinds, as web data do, or none of them."""

WEIGHTS = Path(__file__).parent / "weights"
N_STEPS = 40
_N_WAVES = 16  # of time, sines and cosines
_CONDITION = 160  # width of what vector and time become together


@dataclass(frozen=True, eq=False)
class Generator:
    """A trained network with what it needs to read vectors and write pictures.

    Attributes
    ----------
    network : torch.nn.ModuleDict
        From :func:`build_network`.
    mean, scale : ndarray of shape (n_coefficients,)
        Cosine waves are ``mean + scale * x``, where ``x`` is what the network handles.
    space : str
        Name of the space whose vectors it reads.
    """

    network: torch.nn.ModuleDict
    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    space: str


def build_network(n_coefficients: int, n_features: int, *, width: int, n_blocks: int) -> torch.nn.ModuleDict:
    """Make the layers: residual blocks of one layer each, modulated by vector and time.

    What follows from a vector in a straight line (scenes, mostly) has a way of its own to the picture.

    Parameters
    ----------
    n_coefficients, n_features : int
        Numbers of a picture, and of its vector.
    width : int
        Units of each layer.
    n_blocks : int
    """
    from torch import nn

    layers: dict[str, nn.Module] = {
        "condition": nn.Linear(n_features + 2 * _N_WAVES, _CONDITION),
        "deeper": nn.Linear(_CONDITION, _CONDITION),
        "direct": nn.Linear(n_features, n_coefficients, bias=False),
        "enter": nn.Linear(n_coefficients, width),
        "begin": nn.Linear(_CONDITION, width, bias=False),
        "leave": nn.Linear(width, n_coefficients),
    }
    for number in range(n_blocks):
        layers[f"modulate{number}"] = nn.Linear(_CONDITION, 2 * width)
        layers[f"block{number}"] = nn.Linear(width, width)
    return nn.ModuleDict(layers)


def expected_picture(
    network: torch.nn.ModuleDict, noisy: torch.Tensor, vectors: torch.Tensor, times: torch.Tensor
) -> torch.Tensor:
    """Say which picture lies at the end of the line.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`build_network`.
    noisy : Tensor of shape (n, n_coefficients)
        Between noise and picture.
    vectors : Tensor of shape (n, n_features)
        Of length one; all zeros stand for an unknown vector.
    times : Tensor of shape (n,)
        0 where there is noise only, 1 where there is the picture only.

    Returns
    -------
    Tensor of shape (n, n_coefficients)
    """
    import torch
    from torch.nn.functional import gelu, layer_norm

    angles = times[:, None] * torch.pi * torch.arange(1, _N_WAVES + 1, device=times.device)
    spread = vectors * vectors.shape[1] ** 0.5  # numbers of a unit vector are small
    told = gelu(network["condition"](torch.cat([spread, angles.sin(), angles.cos()], dim=1)))
    told = gelu(network["deeper"](told))
    values = network["enter"](noisy) + network["begin"](told)
    width = values.shape[1:]
    for number in range(sum(name.startswith("block") for name in network)):
        scale, shift = network[f"modulate{number}"](told).chunk(2, dim=1)
        inside = layer_norm(values, width) * (1 + scale) + shift
        values = values + network[f"block{number}"](gelu(inside))
    expected: torch.Tensor = network["leave"](layer_norm(values, width)) + network["direct"](spread)
    return expected


def load_generator(variant: Variant = "full") -> Generator:
    """Load the generator that comes with the package.

    Parameters
    ----------
    variant : {"full", "without_test_kinds"}
        What its pool held. The first reads vectors of the miniature CLIP; the second those of the miniature
        CLIP that has not seen the test kinds either.

    Returns
    -------
    Generator
    """
    if variant not in get_args(Variant):
        raise ValueError(f"variant is one of {', '.join(get_args(Variant))}, got {variant!r}")
    return read_generator(WEIGHTS / f"{variant}.safetensors")


def read_generator(path: Path) -> Generator:
    """Read a generator from a file that :func:`companion.decoding.generation.train.write_generator` wrote."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        space = file.metadata()["space"]
    mean, scale = (tensors.pop(name).numpy() for name in ("mean", "scale"))
    width, n_coefficients = tensors["enter.weight"].shape
    network = build_network(
        n_coefficients,
        tensors["condition.weight"].shape[1] - 2 * _N_WAVES,
        width=width,
        n_blocks=sum(name.startswith("block") and name.endswith("weight") for name in tensors),
    )
    network.load_state_dict(tensors)
    return Generator(network.eval(), mean, scale, space)


def generate(
    generator: Generator,
    vectors: Embeddings,
    *,
    seed: int = 0,
    n_steps: int = N_STEPS,
    guidance: float = 1.0,
) -> dict[str, UInt8Array]:
    """Make one picture of each vector. There is no choosing among several.

    The noise that a picture starts from depends on seed and stimulus only. Pictures of one stimulus from
    different vectors (decoded, true, shuffled ...) start from the same noise, so that only the vectors make
    them differ.

    Parameters
    ----------
    generator : Generator
    vectors : Embeddings of shape (n_stimuli, n_features)
        Decoded ones brought to the pool's statistics first; brought to length one here.
    seed : int
        Of the noise.
    n_steps : int
        Steps from noise to picture; with one, the mean of all pictures with such a vector.
    guidance : float
        1 follows the vector as in training; more exaggerates what the vector adds to an unknown one.

    Returns
    -------
    dict of str to ndarray of uint8, shape (64, 64, 3)
        By stimulus.

    Raises
    ------
    DataError
        If the vectors are of another space than the generator reads.
    """
    import torch

    if vectors.space != generator.space:
        raise DataError(
            "The generator reads vectors of another space",
            where=repr(vectors),
            expected=generator.space,
            got=vectors.space,
        )
    n_coefficients = len(generator.mean)
    noise = np.stack([_noise(name, seed, n_coefficients) for name in vectors.ids])
    given = torch.from_numpy(vectors.normalised().values.astype(np.float32))
    with torch.inference_mode():
        made = flow(generator.network, torch.from_numpy(noise), given, n_steps=n_steps, guidance=guidance)
    pictures = to_pictures(generator.mean + generator.scale * made.numpy())
    return dict(zip(vectors.ids, pictures, strict=True))


def flow(
    network: torch.nn.ModuleDict,
    noise: torch.Tensor,
    vectors: torch.Tensor,
    *,
    n_steps: int,
    guidance: float,
) -> torch.Tensor:
    """Carry noise to pictures in equal steps of time: shape (n, n_coefficients), twice."""
    values = noise
    for step in range(n_steps):
        times = vectors.new_full((len(vectors),), step / n_steps)
        aim = expected_picture(network, values, vectors, times)
        if guidance != 1:
            unknown = expected_picture(network, values, vectors.new_zeros(vectors.shape), times)
            aim = unknown + guidance * (aim - unknown)
        values = values + (aim - values) / (n_steps - step)  # the last step arrives at what is expected
    return values


def _noise(stimulus: str, seed: int, n: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng([seed, zlib.crc32(stimulus.encode())])
    return rng.standard_normal(n, dtype=np.float32)
