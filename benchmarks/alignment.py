"""Speed of brain-aligning: auto-encoders together against one by one, and decoders against a loop over units.

Usage: ``python benchmarks/alignment.py [--small]``

Made-up data of the published sizes: 150 categories, vectors of 512 and 300 features; 1,200 samples of a
region with 1,000 voxels. Prints one JSON object. ``--small`` goes through all of it in seconds, at sizes that
mean nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from companion.alignment.autoencoder import Model, Options, train_autoencoders
from companion.alignment.brain import ALPHAS
from companion.decoding.linear import N_VOXELS, fit_linear
from companion.embeddings import Embeddings

N_MODELS = 350
"""Regions x held-out people x spaces x alphas of Fig. 3: half of each space."""


class Size(NamedTuple):
    """Sizes of one run of the benchmark; models and units timed of those that there are."""

    n: int
    features: tuple[int, ...]
    n_epochs: int
    n_models: int
    n_samples: int
    n_region: int
    n_used: int
    n_units: int
    n_looped: int


PUBLISHED = Size(150, (512, 300), 20, 10, 1200, 1000, N_VOXELS, 512, 8)
SMALL = Size(60, (16,), 2, 3, 60, 40, 20, 8, 2)


def measure(small: bool) -> dict[str, Any]:
    """Everything, as one record."""
    size = SMALL if small else PUBLISHED
    return {
        "threads": torch.get_num_threads(),
        "load_of_machine": round(os.getloadavg()[0], 1),
        "auto-encoders": {f"{d} features": autoencoders(d, size) for d in size.features},
        "decoders": decoders(size),
    }


def autoencoders(n_features: int, size: Size) -> dict[str, float]:
    """Seconds for a model, together and alone, and for half of the paper's, at 500 epochs."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(size.n, n_features, generator=generator)
    teachers = torch.stack([torch.corrcoef(torch.randn(size.n, 40, generator=generator)) for _ in range(2)])
    models = [Model(ALPHAS[i % len(ALPHAS)], i % 2, i) for i in range(size.n_models)]
    options = Options(n_epochs=size.n_epochs)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    vectors, teachers = vectors.to(device), teachers.to(device)
    train_autoencoders(vectors, teachers, models[:1], replace(options, n_epochs=1))
    alone = _seconds(lambda: [train_autoencoders(vectors, teachers, [one], options) for one in models])
    together = _seconds(lambda: train_autoencoders(vectors, teachers, models, options))
    whole = Options().n_epochs / size.n_epochs / size.n_models
    per_model = operations(n_features, size.n, Options())
    return {
        "seconds_per_model_alone": alone * whole,
        "seconds_per_model_together": together * whole,
        "times_faster_together": alone / together,
        "extrapolated_seconds_for_half_of_350": together * whole * N_MODELS / 2,
        "operations_per_model_tera": per_model / 1e12,
        "giga_operations_per_second": per_model / (together * whole) / 1e9,
    }


def operations(n_features: int, n: int, options: Options) -> float:
    """Multiplications and additions of one model: layers and similarities, forward and backward."""
    m, latent = options.batch_size, n_features // 2
    # Encoder: output and weights (its input needs no gradient); decoder: also its input; cosines likewise.
    products = (2 + 3) * m * n_features * latent + 3 * m * m * latent
    return 2.0 * products * (n // m) * options.n_epochs


def decoders(size: Size) -> dict[str, float]:
    """Seconds for all units of a space: the package, and a loop of least squares over some units."""
    rng = np.random.default_rng(0)
    ids = tuple(f"s{i}" for i in range(size.n_samples))
    vectors = rng.normal(size=(size.n_samples, size.n_units))
    responses = vectors @ rng.normal(size=(size.n_units, size.n_region))
    responses += rng.normal(scale=responses.std(), size=responses.shape)
    space = Embeddings(vectors, ids, "made up")
    ours = _seconds(lambda: fit_linear(responses, ids, {"made up": space}, n_voxels=size.n_used))
    X = (responses - responses.mean(0)) / responses.std(0, ddof=1)

    def loop() -> list[Any]:
        found = []
        for unit in vectors.T[: size.n_looped]:
            own = np.argsort(-np.abs(X.T @ (unit - unit.mean())))[: size.n_used]
            found.append(np.linalg.lstsq(np.column_stack([X[:, own], np.ones(len(X))]), unit, rcond=None))
        return found

    looped = _seconds(loop) * size.n_units / size.n_looped
    return {"seconds": ours, "seconds_of_a_loop_extrapolated": looped, "times_faster": looped / ours}


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure("--small" in sys.argv), indent=1) + "\n")
