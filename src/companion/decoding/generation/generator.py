"""A small generator: from the vector of a picture to a picture of 64 x 64 pixels, by flow matching.

Noise is carried to a picture along straight lines. Between noise ``e`` and the latents ``x`` of a picture
(:mod:`companion.decoding.generation.latents`) lies ``x_t = (1 - t) e + t x``. A network sees ``x_t``, ``t``
and the vector of the picture, and says what ``x`` it expects; a step goes from ``x_t`` towards that
expectation. One single step gives the mean of all latents with such a vector, many small ones one of them.

It was trained on the picture pool alone (:mod:`companion.decoding.generation.train`). Vectors that it was not
trained on make pictures as good-looking as any: what a picture is worth shows only beside its companions.

References
----------
Lipman et al. (2023), ICLR: flow matching. Rombach et al. (2022), CVPR: in latents. Ho and Salimans (2022):
guidance without a classifier.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from companion import checks
from companion.decoding.generation.cosines import UInt8Array
from companion.embeddings import Embeddings
from companion.errors import DataError

if TYPE_CHECKING:
    import torch

    from companion.decoding.generation.latents import FirstStage

Variant = Literal["full", "without_test_kinds"]
"""Whether the pool held other pictures of the test kinds, as web data do, or none of them."""

WEIGHTS = Path(__file__).parent / "weights"
FIRST_STAGE = WEIGHTS / "first_stage.safetensors"
"""Its pool held no picture of a test kind, whichever variant draws with it."""
N_STEPS = 20
GUIDANCE = 2.0
"""Chosen on pictures of the pool, made from their true vectors."""
_N_WAVES = 16  # of time, sines and cosines
_MOST_GUIDANCE = 100  # pictures are nothing but black and white long before
_CONDITION = 160  # width of what vector and time become together


@dataclass(frozen=True, eq=False)
class Generator:
    """A trained network, and what draws pictures from its latents.

    Attributes
    ----------
    network : torch.nn.ModuleDict
        From :func:`build_network`.
    first_stage : FirstStage
    space : str
        Name of the space whose vectors it reads.
    """

    network: torch.nn.ModuleDict
    first_stage: FirstStage
    space: str


def build_network(n_latents: int, n_features: int, *, width: int, n_blocks: int) -> torch.nn.ModuleDict:
    """Make the layers: residual blocks of one layer each, modulated by vector and time.

    Parameters
    ----------
    n_latents, n_features : int
        Numbers of a picture, and of its vector.
    width : int
        Units of each layer.
    n_blocks : int
    """
    from torch import nn

    layers: dict[str, nn.Module] = {
        "condition": nn.Linear(n_features + 2 * _N_WAVES, _CONDITION),
        "deeper": nn.Linear(_CONDITION, _CONDITION),
        "enter": nn.Linear(n_latents, width),
        "begin": nn.Linear(_CONDITION, width, bias=False),
        "leave": nn.Linear(width, n_latents),
    }
    for number in range(n_blocks):
        layers[f"modulate{number}"] = nn.Linear(_CONDITION, 2 * width)
        layers[f"block{number}"] = nn.Linear(width, width)
    return nn.ModuleDict(layers)


def expected_latents(
    network: torch.nn.ModuleDict, noisy: torch.Tensor, vectors: torch.Tensor, times: torch.Tensor
) -> torch.Tensor:
    """Say which latents lie at the end of the line.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`build_network`.
    noisy : Tensor of shape (n, n_latents)
        Between noise and picture.
    vectors : Tensor of shape (n, n_features)
        Of length one; all zeros stand for an unknown vector.
    times : Tensor of shape (n,)
        0 where there is noise only, 1 where there is the picture only.

    Returns
    -------
    Tensor of shape (n, n_latents)
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
    expected: torch.Tensor = network["leave"](layer_norm(values, width))
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

    Examples
    --------
    >>> from companion.decoding import load_generator
    >>> generator = load_generator()
    >>> generator.space
    'miniature CLIP'
    """
    checks.choice("variant", variant, get_args(Variant))
    return read_generator(WEIGHTS / f"{variant}.safetensors", FIRST_STAGE)


def read_generator(path: Path, first_stage: Path) -> Generator:
    """Read a generator, and its first stage, from files of :mod:`companion.decoding.generation.train`."""
    from companion.decoding.generation.latents import read_first_stage
    from companion.decoding.generation.weight_files import from_file, read_weights

    with from_file(path):
        tensors, metadata = read_weights(path)
        width, n_latents = tensors["enter.weight"].shape
        network = build_network(
            n_latents,
            tensors["condition.weight"].shape[1] - 2 * _N_WAVES,
            width=width,
            n_blocks=sum(name.startswith("block") and name.endswith("weight") for name in tensors),
        )
        network.load_state_dict(tensors)
        space = metadata["space"]
    return Generator(network.eval(), read_first_stage(first_stage), space)


def generate(
    generator: Generator,
    vectors: Embeddings,
    *,
    seed: int = 0,
    n_steps: int = N_STEPS,
    guidance: float = GUIDANCE,
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
        Steps from noise to picture; with one, what is drawn from the mean latents of such a vector.
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

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import generate, load_generator
    >>> generator = load_generator()
    >>> vectors = Embeddings(np.eye(64)[:2], ("cat", "dog"), generator.space)
    >>> pictures = generate(generator, vectors, n_steps=2)
    >>> list(pictures), pictures["cat"].shape, str(pictures["cat"].dtype)
    (['cat', 'dog'], (64, 64, 3), 'uint8')
    """
    import torch

    if vectors.space != generator.space:
        raise DataError(
            "The generator reads vectors of another space",
            where=repr(vectors),
            expected=generator.space,
            got=vectors.space,
        )
    n_features = generator.network.state_dict()["condition.weight"].shape[1] - 2 * _N_WAVES
    if vectors.values.shape[1] != n_features:
        raise DataError(
            "The generator reads longer or shorter vectors",
            where=repr(vectors),
            expected=f"{n_features} features",
            got=vectors.values.shape[1],
        )
    checks.whole("n_steps", n_steps)
    checks.number("guidance", guidance, least=0, most=_MOST_GUIDANCE)
    n_latents = generator.first_stage.n_latents
    noise = np.stack([_noise(name, seed, n_latents) for name in vectors.ids])
    given = torch.from_numpy(vectors.normalised().values.astype(np.float32))
    with torch.inference_mode():
        made = flow(generator.network, torch.from_numpy(noise), given, n_steps=n_steps, guidance=guidance)
    pictures = generator.first_stage.draw(made)
    return dict(zip(vectors.ids, pictures, strict=True))


def flow(
    network: torch.nn.ModuleDict,
    noise: torch.Tensor,
    vectors: torch.Tensor,
    *,
    n_steps: int,
    guidance: float,
) -> torch.Tensor:
    """Carry noise to pictures in equal steps of time: shape (n, n_latents), twice."""
    import torch

    values = noise
    for step in range(n_steps):
        times = vectors.new_full((len(vectors),), step / n_steps)
        if guidance == 1:
            aim = expected_latents(network, values, vectors, times)
        else:  # known and unknown vectors in one call
            both = torch.cat([vectors, torch.zeros_like(vectors)])
            known, unknown = expected_latents(
                network, torch.cat([values, values]), both, torch.cat([times, times])
            ).chunk(2)
            aim = unknown + guidance * (known - unknown)
        values = values + (aim - values) / (n_steps - step)  # the last step arrives at what is expected
    return values


def _noise(stimulus: str, seed: int, n: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng([seed, zlib.crc32(stimulus.encode())])
    return rng.standard_normal(n, dtype=np.float32)
