"""Train the generator on a pool of pictures and their vectors, and on nothing else.

Run it as ``python -m companion.decoding.generation.train --pool POOL.npz --variant full --out FOLDER``. The
file holds ``pictures`` (n, 64, 64, 3), ``vectors`` (n, n_features) and ``allowed`` (n,), which says whether a
picture may be used: near-duplicates of test pictures may not, and nor may pictures of test kinds in the
variant without them. ``weights/MODEL_CARD.md`` says how the file was made. The same machine and versions give
the same weights.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from cyclopts import App

from companion.decoding.generation.cosines import UInt8Array, to_coefficients
from companion.decoding.generation.generator import Generator, Variant, build_network, expected_picture
from companion.errors import DataError

if TYPE_CHECKING:
    import torch

SPACES: dict[Variant, str] = {
    "full": "miniature CLIP",
    "without_test_kinds": "miniature CLIP without test kinds",
}
"""Whose vectors each generator reads."""

app = App(help="Train the generator and write its weights.")


@dataclass(frozen=True)
class GeneratorTraining:
    """Settings of the training.

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
    whitening
        Waves are divided by their spread to this power: 0 leaves the coarse ones as strong as in pictures, 1
        makes all equally strong.
    nearest
        Largest time: the error is divided by the way that is left, which must not become zero.
    averaging
        Weights that are kept are a running mean with this memory.
    seed
        Of weights, order, noise and times.
    """

    width: int = 384
    n_blocks: int = 2
    n_steps: int = 2600
    batch_size: int = 512
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    unknown: float = 0.1
    jitter: float = 0.2
    whitening: float = 0.5
    nearest: float = 0.9
    averaging: float = 0.998
    seed: int = 21


@app.default
def main(pool: Path, variant: Variant, out: Path, *, steps: int = GeneratorTraining.n_steps) -> None:
    """Read the pool, train, and write weights and record.

    Parameters
    ----------
    pool
        File with ``pictures``, ``vectors`` and ``allowed``.
    variant
        Which pool it is; names the files and the space of the vectors.
    out
        Folder for the two files.
    steps
        Steps of the optimiser.
    """
    import torch

    torch.set_num_threads(1)  # so that sums are taken in one order
    with np.load(pool, allow_pickle=False) as file:
        allowed = file["allowed"]
        pictures, vectors = file["pictures"][allowed], file["vectors"][allowed]
    settings, begun = GeneratorTraining(n_steps=steps), time.monotonic()
    generator, losses = train_generator(pictures, vectors, settings, space=SPACES[variant])
    write_generator(generator, out / f"{variant}.safetensors")
    record = {
        "simulated": True,
        "settings": asdict(settings),
        "n_pictures": len(pictures),
        "n_left_out": int((~allowed).sum()),
        "seconds": round(time.monotonic() - begun),
        "loss_of_last_tenth": round(float(np.mean(losses[-len(losses) // 10 :])), 4),
    }
    (out / f"{variant}.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def train_generator(
    pictures: UInt8Array,
    vectors: npt.NDArray[np.floating[Any]],
    settings: GeneratorTraining,
    *,
    space: str,
) -> tuple[Generator, npt.NDArray[np.float64]]:
    """Learn to expect the picture at the end of the line from noise, given its vector.

    The loss is ``|expected - x|^2 / (1 - t)``, averaged over pictures and waves. Any weight of a time has the
    same optimum. The error of the velocity (Lipman et al. 2023, equation 23) has ``1 / (1 - t)^2``, since
    ``x - e = (x - x_t) / (1 - t)``; with it a short training learns to clean pictures before it learns what
    vectors say.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, 64, 64, 3)
    vectors : ndarray of shape (n, n_features)
        Of any length; brought to length one.
    settings : GeneratorTraining
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
    import torch

    if len(pictures) != len(vectors) or len(pictures) < settings.batch_size:
        raise DataError(
            "A generator learns from pictures with one vector each",
            expected=f"at least {settings.batch_size} of both",
            got=f"{len(pictures)} pictures, {len(vectors)} vectors",
        )
    waves, mean, scale = _standard_waves(pictures, settings.whitening)
    data = torch.from_numpy(waves)
    unit = torch.from_numpy((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = build_network(
            data.shape[1], unit.shape[1], width=settings.width, n_blocks=settings.n_blocks
        )
        losses = np.array(list(_steps(network, data, unit, settings)))
    return Generator(network.eval(), mean, scale, space), losses


def write_generator(generator: Generator, path: Path) -> None:
    """Write a generator as safetensors, in half precision, marked as simulated."""
    import torch
    from safetensors.torch import save_file

    tensors = {
        name: tensor.detach().half().contiguous() for name, tensor in generator.network.state_dict().items()
    }
    tensors |= {"mean": torch.from_numpy(generator.mean), "scale": torch.from_numpy(generator.scale)}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    save_file(tensors, partial, metadata={"simulated": "true", "space": generator.space})
    partial.replace(path)


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
    network: torch.nn.ModuleDict, data: torch.Tensor, unit: torch.Tensor, settings: GeneratorTraining
) -> Iterator[float]:
    """Train in place; yields the loss of each step, and leaves the averaged weights in the network."""
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.averaging))  # type: ignore[no-untyped-call]
    optimiser = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.n_steps, pct_start=0.05, cycle_momentum=False
    )
    for _ in range(settings.n_steps):
        rows = torch.randint(len(data), (settings.batch_size,))
        loss = _loss(network, data[rows], unit[rows], settings)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        averaged.update_parameters(network)
        yield loss.item()
    network.load_state_dict(averaged.module.state_dict())


def _loss(
    network: torch.nn.ModuleDict, data: torch.Tensor, unit: torch.Tensor, settings: GeneratorTraining
) -> torch.Tensor:
    import torch
    from torch.nn.functional import normalize

    n, n_features = unit.shape
    jitter = settings.jitter * torch.rand(n, 1) * torch.randn(n, n_features) / n_features**0.5
    vectors = normalize(unit + jitter) * (torch.rand(n, 1) >= settings.unknown)
    times = settings.nearest * torch.rand(n)
    t = times[:, None]
    noisy = (1 - t) * torch.randn_like(data) + t * data
    error = expected_picture(network, noisy, vectors, times) - data
    return (error.square() / (1 - t)).mean()


if __name__ == "__main__":
    app()
