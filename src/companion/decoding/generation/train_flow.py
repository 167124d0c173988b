"""Train the second stage: the flow from noise to the latents of a picture, given its vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from companion.decoding.generation.cosines import UInt8Array
from companion.decoding.generation.descent import descend
from companion.decoding.generation.generator import Generator, build_network, expected_latents
from companion.decoding.generation.latents import FirstStage
from companion.decoding.generation.weight_files import write_weights
from companion.errors import DataError


@dataclass(frozen=True)
class FlowTraining:
    """Settings of the second stage.

    Attributes
    ----------
    width, n_blocks
        Of the network.
    n_steps, batch_size
        Steps of the optimiser, and pictures in each.
    learning_rate, weight_decay
        Of AdamW, with a warm-up and a cosine.
    unknown
        Share of pictures whose vector is withheld (Ho and Salimans 2022).
    jitter
        Largest length of the noise added to a unit vector: decoded vectors are never quite right.
    nearest
        Largest time: the error is divided by the way that is left, which must not become zero.
    averaging
        Weights that are kept are a running mean with this memory.
    seed
        Of weights, order, noise and times.
    """

    width: int = 512
    n_blocks: int = 3
    n_steps: int = 8000
    batch_size: int = 512
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    unknown: float = 0.1
    jitter: float = 0.2
    nearest: float = 0.95
    averaging: float = 0.999
    seed: int = 21


def train_generator(
    pictures: UInt8Array,
    vectors: npt.NDArray[np.floating[Any]],
    stage: FirstStage,
    settings: FlowTraining,
    *,
    space: str,
) -> tuple[Generator, npt.NDArray[np.float64]]:
    """Learn to expect the latents at the end of the line from noise, given the vector of the picture.

    The loss is ``|expected - x|^2 / (1 - t)``, averaged over pictures and latents. Any weight of a time has
    the same optimum. The error of the velocity (Lipman et al. 2023, equation 23) has ``1 / (1 - t)^2``, since
    ``x - e = (x - x_t) / (1 - t)``; with it a short training learns to clean latents before it learns what
    vectors say.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, 64, 64, 3)
    vectors : ndarray of shape (n, n_features)
        Of any length; brought to length one.
    stage : FirstStage
        With its encoder; not trained here.
    settings : FlowTraining
    space : str
        Name of the space of the vectors.

    Returns
    -------
    generator : Generator
    losses : ndarray of shape (n_steps,)

    Raises
    ------
    DataError
        If there is not one vector for each picture.
    """
    if len(pictures) != len(vectors) or len(pictures) < settings.batch_size:
        raise DataError(
            "A generator learns from pictures with one vector each",
            expected=f"at least {settings.batch_size} of both",
            got=f"{len(pictures)} pictures, {len(vectors)} vectors",
        )
    data = stage.squeeze(pictures).clone()  # usable outside of inference
    unit = torch.from_numpy((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = build_network(
            data.shape[1], unit.shape[1], width=settings.width, n_blocks=settings.n_blocks
        )
        losses = np.array(list(_steps(network, data, unit, settings)))
    return Generator(network.eval(), stage, space), losses


def write_generator(generator: Generator, path: Path) -> None:
    """Write the network of a generator, without its first stage."""
    write_weights(path, generator.network.state_dict(), {"space": generator.space})


def _steps(
    network: torch.nn.ModuleDict, data: torch.Tensor, unit: torch.Tensor, settings: FlowTraining
) -> Iterator[float]:
    """Train in place; yields the loss of each step, and leaves the averaged weights in the network."""
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.averaging))  # type: ignore[no-untyped-call]

    def loss() -> torch.Tensor:
        rows = torch.randint(len(data), (settings.batch_size,))
        return _loss(network, data[rows], unit[rows], settings)

    for value in descend(
        network.parameters(),
        loss,
        n_steps=settings.n_steps,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    ):
        averaged.update_parameters(network)
        yield value
    network.load_state_dict(averaged.module.state_dict())


def _loss(
    network: torch.nn.ModuleDict, data: torch.Tensor, unit: torch.Tensor, settings: FlowTraining
) -> torch.Tensor:
    from torch.nn.functional import normalize

    n, n_features = unit.shape
    jitter = settings.jitter * torch.rand(n, 1) * torch.randn(n, n_features) / n_features**0.5
    vectors = normalize(unit + jitter) * (torch.rand(n, 1) >= settings.unknown)
    times = settings.nearest * torch.rand(n)
    t = times[:, None]
    noisy = (1 - t) * torch.randn_like(data) + t * data
    error = expected_latents(network, noisy, vectors, times) - data
    return (error.square() / (1 - t)).mean()
