"""Table 1's NICE row on a GPU: how long its 600 runs take, from steps timed with 50 of them together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from companion.training.encoders.nice import Nice
from companion.training.program import Program, Run
from companion.training.settings import Settings, published


class Row(NamedTuple):
    """People, runs of each, arrays, image spaces of each length, and how many steps are timed."""

    n_people: int
    n_seeds: int
    n_channels: int
    n_times: int
    n_conditions: int
    n_validation: int
    n_targets: Mapping[int, int]
    n_steps: int


# Six models, human-aligned and base.
PUBLISHED = Row(10, 5, 63, 250, 16_540, 1_654, {512: 4, 768: 6, 1792: 2}, 40)
SMALL = Row(2, 2, 4, 90, 200, 20, {8: 2, 12: 1}, 2)


def table_one(row: Row, device: torch.device) -> dict[str, Any]:
    """Time all people and seeds of one target together, for each length of vectors; add up the row.

    Responses are noise: time does not depend on what they are. Loading files is not part of it.
    """
    started = _now(device)
    inputs = _inputs(row, device)
    prepared = _now(device) - started
    settings = (
        published("NICE", "EEG", row.n_conditions - row.n_validation) if row is PUBLISHED else Settings(4)
    )
    by_length: dict[int, dict[str, float]] = {}
    for n_features in row.n_targets:
        by_length[n_features] = _timed(row, inputs, n_features, settings, device)
    batch = sum(row.n_targets[n] * found["seconds_for_all_steps"] for n, found in by_length.items())
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        "runs_together": row.n_people * row.n_seeds,
        "runs_in_the_row": row.n_people * row.n_seeds * sum(row.n_targets.values()),
        "steps_per_run": settings.n_steps,
        "seconds_to_prepare": prepared,
        "by_length_of_vectors": by_length,
        "minutes_for_the_row": (prepared + batch) / 60,
    }


def _inputs(row: Row, device: torch.device) -> tuple[Tensor, ...]:
    encoder = Nice(row.n_channels, row.n_times, 8)
    generator = torch.Generator(device).manual_seed(0)
    shape = (row.n_conditions, row.n_channels, row.n_times)
    people = [
        encoder.prepare(torch.randn(shape, generator=generator, device=device)) for _ in range(row.n_people)
    ]
    return tuple(torch.cat(parts) for parts in zip(*people, strict=True))


def _timed(
    row: Row, inputs: tuple[Tensor, ...], n_features: int, settings: Settings, device: torch.device
) -> dict[str, float]:
    vectors = torch.randn(row.n_conditions, n_features, device=device)
    runs = []
    for seed in range(row.n_people * row.n_seeds):
        image = torch.randperm(row.n_conditions, generator=torch.Generator().manual_seed(seed))
        pairs = torch.stack([image + seed // row.n_seeds * row.n_conditions, image], dim=1)
        runs.append(Run(seed, pairs[row.n_validation :], pairs[: row.n_validation]))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    program = Program(lambda: Nice(row.n_channels, row.n_times, n_features), inputs, vectors, runs, settings)
    program.encoder.train()
    program.update()
    step = _seconds(program.update, row.n_steps, device)
    program._validate()  # the trainer's own; `advance` would train an epoch for it
    validation = _seconds(program._validate, 2, device)
    n_validations = settings.n_steps / settings.validate_every
    return {
        "seconds_per_step": step,
        "samples_per_second": len(runs) * settings.batch_size / step,
        "seconds_per_validation": validation,
        "seconds_for_all_steps": settings.n_steps * step + n_validations * validation,
        "peak_gpu_gb": torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else 0.0,
    }


def _seconds(work: Callable[[], object], n: int, device: torch.device) -> float:
    started = _now(device)
    for _ in range(n):
        work()
    return (_now(device) - started) / n


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
