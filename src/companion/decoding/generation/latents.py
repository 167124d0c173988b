"""Small pictures as a hundred numbers, and the network that draws pictures from these: the first stage.

A generator that works on pixels or waves has to learn, at every one of its steps, which of them go together
into an edge. Here that is learnt once: an encoder squeezes the waves of a picture into a few *latents*, and a
decoder has to draw the picture from them (Rombach et al. 2022). The flow from noise then makes latents only.
The first stage knows pictures and nothing else: no vector, no caption, no brain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import gelu

from companion.decoding.generation.cosines import UInt8Array, to_coefficients, to_pictures
from companion.decoding.generation.weight_files import from_file, read_weights

_BATCH = 1024
_N_BLOCKS = 2


class _Residual(nn.Module):
    """A layer that adds to what it gets."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layer = nn.Linear(width, width)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        added: torch.Tensor = self.layer(gelu(self.norm(values)))
        return values + added


def build_encoder(n_coefficients: int, n_latents: int, *, width: int) -> nn.Sequential:
    """Make the layers from standard waves to latents, which have mean 0 and variance 1 within a picture."""
    return nn.Sequential(
        nn.Linear(n_coefficients, width),
        *(_Residual(width) for _ in range(_N_BLOCKS)),
        nn.LayerNorm(width),
        nn.Linear(width, n_latents),
        nn.LayerNorm(n_latents, elementwise_affine=False),
    )


def build_decoder(n_latents: int, n_coefficients: int, *, width: int) -> nn.Sequential:
    """Make the layers from latents to standard waves."""
    return nn.Sequential(
        nn.Linear(n_latents, width),
        *(_Residual(width) for _ in range(_N_BLOCKS)),
        nn.LayerNorm(width),
        nn.GELU(),
        nn.Linear(width, n_coefficients),
    )


@dataclass(frozen=True, eq=False)
class FirstStage:
    """A trained decoder, and the encoder where latents of pictures are wanted.

    Attributes
    ----------
    decoder : nn.Sequential
    mean, scale : ndarray of shape (n_coefficients,)
        Cosine waves are ``mean + scale * x``, where ``x`` is what the networks handle.
    encoder : nn.Sequential or None
        Needed for training only, and not shipped.
    """

    decoder: nn.Sequential
    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    encoder: nn.Sequential | None = None

    @property
    def n_latents(self) -> int:
        """Numbers that a picture is drawn from."""
        return int(next(self.decoder.parameters()).shape[1])

    def draw(self, latents: torch.Tensor) -> UInt8Array:
        """Draw pictures: (n, n_latents) to uint8 of shape (n, 64, 64, 3)."""
        with torch.inference_mode():
            waves = self.decoder(latents).numpy()
        return to_pictures(self.mean + self.scale * waves)

    def squeeze(self, pictures: UInt8Array) -> torch.Tensor:
        """Latents of pictures: uint8 of shape (n, 64, 64, 3) to (n, n_latents).

        Raises
        ------
        ValueError
            If there is no encoder, as in the shipped file.
        """
        if self.encoder is None:
            raise ValueError("this first stage came without its encoder, which only its training writes")
        waves = torch.from_numpy((to_coefficients(pictures) - self.mean) / self.scale)
        with torch.inference_mode():
            return torch.cat([self.encoder(part) for part in torch.split(waves, _BATCH)])


def read_first_stage(path: Path) -> FirstStage:
    """Read what :func:`companion.decoding.generation.train_latents.write_first_stage` wrote."""
    with from_file(path):
        tensors, _ = read_weights(path)
        mean, scale = (tensors.pop(name).numpy() for name in ("mean", "scale"))
        parts = {
            part: {
                name.removeprefix(part + "."): tensor
                for name, tensor in tensors.items()
                if name.startswith(part)
            }
            for part in ("encoder", "decoder")
        }
        width, n_latents = parts["decoder"]["0.weight"].shape
        decoder = build_decoder(n_latents, len(mean), width=width)
        decoder.load_state_dict(parts["decoder"])
        encoder = None
        if parts["encoder"]:
            encoder = build_encoder(len(mean), n_latents, width=parts["encoder"]["0.weight"].shape[0])
            encoder.load_state_dict(parts["encoder"])
            encoder.eval()
    return FirstStage(decoder.eval(), mean, scale, encoder)
