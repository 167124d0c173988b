"""Speed of brain-aligning: auto-encoders together against one by one, and decoders against a loop over units.

Usage: ``python benchmarks/alignment.py [--small]``

Everything is measured in this run, on made-up data of the published sizes: 150 categories with vectors of 512
and 300 features; 1,200 samples of a region with 1,000 voxels. On a CPU, auto-encoders are timed for a few
epochs and extrapolated to all of them; with a GPU, all of Fig. 3 are trained there in full, too. Prints one
JSON object. ``--small`` goes through all of it in seconds, at sizes that mean nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from floors import FLOAT, Costs, ceilings, least_of_decoders
from reference_alignment import plain_autoencoder, unit_by_unit
from rows import machine
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from turns import Work, compared

from companion.alignment.autoencoder import Model, Options, encode, train_autoencoders
from companion.alignment.brain import ALPHAS
from companion.decoding.linear import N_VOXELS, fit_linear
from companion.embeddings import Embeddings

N_TEACHERS = 35
"""Regions x held-out people of Fig. 3; each teaches a model for every alpha in each of the two spaces."""
N_MODELS = N_TEACHERS * len(ALPHAS)
N_SETS = 2 * N_TEACHERS * (1 + len(ALPHAS))
"""Sets of decoders: a region of a person to the vectors of a space, original or aligned with some alpha."""
AGREEMENT = 1e-6


class Size(NamedTuple):
    """Arrays; how many models, epochs and units are timed, of those that there are; and how often."""

    n: int
    features: tuple[int, ...]
    n_epochs: int
    n_together: int
    n_alone: int
    n_samples: int
    n_region: int
    n_used: int
    n_units: int
    n_looped: int
    n_turns: int


PUBLISHED = Size(150, (512, 300), 20, 32, 10, 1200, 1000, N_VOXELS, 512, 8, 3)
IN_FULL = PUBLISHED._replace(n_epochs=Options().n_epochs, n_together=N_MODELS, n_alone=3)
SMALL = Size(100, (16, 12), 2, 6, 3, 60, 40, 20, 8, 2, 2)


def measure(small: bool) -> dict[str, Any]:
    """Everything, as one record."""
    size = SMALL if small else PUBLISHED
    record: dict[str, Any] = {"torch": torch.__version__}
    for n_threads in (1,) if small else (1, 2):
        torch.set_num_threads(n_threads)
        with threadpool_limits(n_threads):  # of numpy; torch has threads of its own
            record[f"auto-encoders, threads: {n_threads}"] = autoencoders(size, torch.device("cpu"))
            record[f"decoders, threads: {n_threads}"] = decoders(size)
    if torch.cuda.is_available() and not small:
        name = torch.cuda.get_device_name()
        record[f"auto-encoders, {name}"] = autoencoders(IN_FULL, torch.device("cuda"))
    return record


def autoencoders(size: Size, device: torch.device) -> dict[str, Any]:
    """Both spaces, and what all models of Fig. 3 take: together, one by one, and at the least."""
    spaces = {f"{n_features} features": one_space(n_features, size, device) for n_features in size.features}
    ways = next(iter(spaces.values()))["seconds_per_model"]
    possible = ceilings(device)
    needed = [least(n_features, size.n, Options()) for n_features in size.features]
    floors = {
        name: N_MODELS * sum(getattr(one, name) for one in needed) / getattr(possible, name)
        for name in ("operations", "bytes")
    }
    return spaces | {
        "all of Fig. 3": {
            "n_models": N_MODELS * len(spaces),
            "share_trained_together": size.n_together / N_MODELS * size.n_epochs / Options().n_epochs,
            "tera_operations": N_MODELS * sum(one.operations for one in needed) / 1e12,
            "tera_bytes_of_optimiser": N_MODELS * sum(one.bytes for one in needed) / 1e12,
            "machine_per_second": {name: getattr(possible, name) for name in floors},
            "seconds": {
                way: N_MODELS * sum(one["seconds_per_model"][way]["median"] for one in spaces.values())
                for way in ways
            },
            "seconds_at_the_floor": floors | {"both": sum(floors.values())},
        }
    }


def one_space(n_features: int, size: Size, device: torch.device) -> dict[str, Any]:
    """Seconds per model of all epochs, three ways; how many times faster; and whether all do the same."""
    vectors, teachers = made_up(n_features, size.n, device)
    models = [Model(ALPHAS[i % len(ALPHAS)], i // len(ALPHAS), 0) for i in range(size.n_together)]
    ours, plain = ways(vectors, teachers, Options(n_epochs=size.n_epochs))
    few = models[: size.n_alone]
    together = Work(lambda: ours(models), size.n_epochs * len(models))
    alone = Work(lambda: [ours([one]) for one in few], size.n_epochs * len(few))
    written_out = Work(lambda: plain(few), size.n_epochs * len(few))
    against = {
        "one by one": compared(together, alone, size.n_turns),
        "plain loop": compared(together, written_out, size.n_turns),
    }
    seconds = {"together": _seconds(against["plain loop"]["ours_per_second"])}
    seconds |= {way: _seconds(found["other_per_second"]) for way, found in against.items()}
    return {
        "seconds_per_model": seconds,
        "times_faster": {way: found["ratio_per_second"] for way, found in against.items()},
        "times_faster_per_core_second": {w: found["ratio_per_core_second"] for w, found in against.items()},
        "load_of_machine": against["plain loop"]["load_of_machine"],
        "latent_vectors_differ_by": float((ours(few) - plain(few)).abs().max()),
        "operations_of_an_epoch": operations(n_features, size.n, Options()),
        "operations_counted": counted(vectors, teachers, few[-1]),
    }


def made_up(n_features: int, n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Vectors, and similarities of 40 made-up voxels for each teacher."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(n, n_features, generator=generator)
    teachers = [torch.corrcoef(torch.randn(n, 40, generator=generator)) for _ in range(N_TEACHERS)]
    return vectors.to(device), torch.stack(teachers).to(device)


def ways(vectors: Tensor, teachers: Tensor, options: Options) -> list[Callable[[Sequence[Model]], Tensor]]:
    """Our program and the plain loop; both train models, and give their latent vectors.

    Vectors are asked for on the CPU, so that nothing is still on its way when a clock is read.
    """

    def ours(models: Sequence[Model]) -> Tensor:
        trained = train_autoencoders(vectors, teachers, models, options)
        return torch.stack([encode(one, vectors, options) for one in trained]).cpu()

    @torch.no_grad()
    def latent(model: Model) -> Tensor:
        with torch.enable_grad():
            network = plain_autoencoder(vectors, teachers[model.teacher], model, options)
        found: Tensor = network[:2](vectors)
        return found

    return [ours, lambda models: torch.stack([latent(one) for one in models]).cpu()]


def operations(n_features: int, n: int, options: Options) -> dict[str, float]:
    """Multiplications and additions of one model in an epoch, forward and backward, of each part.

    A layer has three products: output, gradient of weights, gradient of input; the encoder's input needs
    none. Similarities have two, because their matrix is symmetric; the plain loop takes them without
    products of matrices.
    """
    m, latent = options.batch_size, n_features // 2
    layer = m * n_features * latent
    products = {"encoder": 2 * layer, "decoder": 3 * layer, "similarities": 2 * m * m * latent}
    return {name: 2.0 * (n // m) * number for name, number in products.items()}


def counted(vectors: Tensor, teachers: Tensor, model: Model) -> dict[str, float]:
    """Operations of an epoch as torch counts them: those of two epochs less those of one."""
    found: dict[str, list[float]] = {"ours": [], "plain loop": []}
    for n_epochs in (1, 2):
        runs = ways(vectors, teachers, replace(Options(), n_epochs=n_epochs))
        for way, run in zip(found, runs, strict=True):
            with FlopCounterMode(display=False) as counter:
                run([model])
            found[way].append(counter.get_total_flops())
    return {way: two - one for way, (one, two) in found.items()}


def least(n_features: int, n: int, options: Options) -> Costs:
    """Costs of a model, were nothing but what Adam needs moved, and nothing of it kept in a cache.

    Adam reads weights, gradients and two moments, and writes three of them; the gradient is written once.
    """
    latent = n_features // 2
    weights = 2 * n_features * latent + latent + n_features
    n_steps = options.n_epochs * (n // options.batch_size)
    all_operations = options.n_epochs * sum(operations(n_features, n, options).values())
    return Costs(all_operations, FLOAT * 8 * weights * n_steps, 0)


def decoders(size: Size) -> dict[str, Any]:
    """Seconds for a set: ours with its products of voxels, and a loop of least squares over some units."""
    rng = np.random.default_rng(0)
    ids = tuple(f"s{i}" for i in range(size.n_samples))
    vectors = rng.normal(size=(size.n_samples, size.n_units))
    responses = vectors @ rng.normal(size=(size.n_units, size.n_region))
    responses += rng.normal(scale=responses.std(), size=responses.shape)
    space = {"made up": Embeddings(vectors, ids, "made up")}
    X = (responses - responses.mean(axis=0)) / responses.std(axis=0, ddof=1)
    some = vectors[:, : size.n_looped]
    found = compared(
        Work(lambda: fit_linear(responses, ids, space, n_voxels=size.n_used), size.n_units),
        Work(lambda: unit_by_unit(X, some, size.n_used), size.n_looped),
        size.n_turns,
    )
    decoder = fit_linear(responses, ids, space, n_voxels=size.n_used)
    looped = unit_by_unit(X, some, size.n_used)
    new = rng.normal(size=X.shape)
    decoded = decoder.predict(decoder.mean + new * decoder.deviation, ids)["made up"]
    differences = {
        "weights": np.abs(decoder.weights["made up"][:, : size.n_looped] - looped[:-1]).max(),
        "predictions": np.abs(decoded.values[:, : size.n_looped] - (new @ looped[:-1] + looped[-1])).max(),
    }
    if max(differences.values()) > AGREEMENT:
        sys.exit(f"Decoders and the loop disagree: {differences}")
    needed = least_of_decoders(size.n_samples, size.n_region, size.n_used, size.n_units)
    seconds = {"ours": _seconds(found["ours_per_second"], size.n_units)}
    seconds["loop"] = _seconds(found["other_per_second"], size.n_units)
    return {
        "seconds_per_set": seconds,
        "seconds_at_the_floor": machine().seconds(needed.operations, needed.bytes),
        "times_faster": found["ratio_per_second"],
        "times_faster_per_core_second": found["ratio_per_core_second"],
        "load_of_machine": found["load_of_machine"],
        "largest_difference": {name: float(value) for name, value in differences.items()},
        "minutes_for_all_sets": {way: N_SETS * one["median"] / 60 for way, one in seconds.items()},
    }


def _seconds(rates: dict[str, float], n: int = Options().n_epochs) -> dict[str, float]:
    """Seconds for all epochs of a model, or all units of a set, from how many are done in one."""
    return {
        "median": n / rates["median"],
        "lowest": n / rates["highest"],
        "highest": n / rates["lowest"],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure("--small" in sys.argv), indent=1) + "\n")
