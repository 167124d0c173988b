"""Train the first stage: an encoder that squeezes pictures into latents, a decoder that draws them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from companion.decoding.generation.cosines import UInt8Array, to_coefficients
from companion.decoding.generation.descent import descend
from companion.decoding.generation.latents import FirstStage, build_decoder, build_encoder
from companion.decoding.generation.weight_files import write_weights


@dataclass(frozen=True)
class LatentTraining:
    """Settings of the first stage.

    Attributes
    ----------
    n_latents, width
        Of both networks.
    n_steps, batch_size
        Steps of the optimiser, and pictures in each.
    learning_rate, weight_decay
        Of AdamW, with a warm-up and a cosine.
    noise
        Standard deviation of what is added to latents, whose own is 1: the decoder must not rely on digits
        that a flow never hits.
    whitening
        Waves are divided by their spread to this power: 0 leaves the coarse ones as strong as in pictures, 1
        makes all equally strong.
    seed
        Of weights, order and noise.
    """

    n_latents: int = 96
    width: int = 768
    n_steps: int = 9000
    batch_size: int = 256
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    noise: float = 0.1
    whitening: float = 0.5
    seed: int = 20


def train_first_stage(
    pictures: UInt8Array, settings: LatentTraining
) -> tuple[FirstStage, npt.NDArray[np.float64]]:
    """Learn to draw pictures again from latents, by the squared error of their waves.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, 64, 64, 3)
    settings : LatentTraining

    Returns
    -------
    stage : FirstStage
        With its encoder.
    losses : ndarray of shape (n_steps,)
    """
    waves, mean, scale = _standard_waves(pictures, settings.whitening)
    data = torch.from_numpy(waves)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        encoder = build_encoder(data.shape[1], settings.n_latents, width=settings.width)
        decoder = build_decoder(settings.n_latents, data.shape[1], width=settings.width)
        losses = np.array(list(_steps(encoder, decoder, data, settings)))
    return FirstStage(decoder.eval(), mean, scale, encoder.eval()), losses


def write_first_stage(stage: FirstStage, path: Path, *, encoder: bool) -> None:
    """Write the decoder, and the encoder if it is wanted."""
    tensors = {f"decoder.{name}": tensor for name, tensor in stage.decoder.state_dict().items()}
    if encoder and stage.encoder is not None:
        tensors |= {f"encoder.{name}": tensor for name, tensor in stage.encoder.state_dict().items()}
    tensors |= {"mean": torch.from_numpy(stage.mean), "scale": torch.from_numpy(stage.scale)}
    write_weights(path, tensors, {})


def _standard_waves(
    pictures: UInt8Array, whitening: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Cosine waves without mean, partly whitened, of variance one on average; with mean and scale."""
    waves = to_coefficients(pictures)
    mean = waves.mean(axis=0)
    waves -= mean
    spread = waves.std(axis=0)
    scale = np.maximum(spread, 1e-4 * spread.max()) ** whitening
    scale *= np.sqrt(np.mean((spread / scale) ** 2))
    waves /= scale
    return waves, mean, scale


def _steps(
    encoder: nn.Sequential, decoder: nn.Sequential, data: torch.Tensor, settings: LatentTraining
) -> Iterator[float]:
    """Train in place; yields the loss of each step."""

    def loss() -> torch.Tensor:
        wanted = data[torch.randint(len(data), (settings.batch_size,))]
        latents = encoder(wanted)
        drawn: torch.Tensor = decoder(latents + settings.noise * torch.randn_like(latents))
        return (drawn - wanted).square().mean()

    yield from descend(
        [*encoder.parameters(), *decoder.parameters()],
        loss,
        n_steps=settings.n_steps,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
