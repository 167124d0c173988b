"""What the benchmark of brain encoders trains: sizes, ours, and the plain loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from reference_encoders import reference
from reference_loop import Loop
from torch import Tensor

from companion.training.encoders import AtmS, BrainEncoder, EegConformer, EegNet, Nice, ResidualMlp
from companion.training.program import Program, Run
from companion.training.settings import PRINTED, Encoder, Setting, Settings

SEED = 7


class Case(NamedTuple):
    """An encoder, the settings it is printed with, its arrays, and how it is built."""

    encoder: Encoder
    setting: Setting
    shape: tuple[int, ...]
    n_features: int
    build: Callable[..., BrainEncoder]

    def made(self) -> BrainEncoder:
        """Build the encoder for its arrays."""
        return self.build(*self.shape, self.n_features)

    @property
    def path(self) -> str:
        """Name it."""
        return f"{self.encoder}, {self.setting}"

    @property
    def arrays(self) -> str:
        """Name its responses' size."""
        return " × ".join(f"{length:,}" for length in self.shape)

    def size(self, batch_size: int) -> str:
        """Name all of its sizes."""
        return f"{self.arrays}, {self.n_features} features, batch {batch_size}"


PUBLISHED = (
    Case("NICE", "EEG", (63, 250), 512, Nice),
    Case("ATM-S", "EEG", (63, 250), 512, partial(AtmS, as_published=True)),
    Case("EEGNet", "EEG", (63, 250), 512, EegNet),
    Case("EEGConformer", "EEG", (63, 250), 512, EegConformer),
    Case("NICE", "MEG", (271, 201), 512, Nice),
    Case("MLP", "fMRI", (15_724,), 768, ResidualMlp),
)
"""What the papers trained; subject 1 of NSD has 15,724 voxels."""
CHEAP = (
    *(case._replace(shape=(17, 100), n_features=64) for case in PUBLISHED[:4]),
    PUBLISHED[4]._replace(shape=(32, 100), n_features=64),
    PUBLISHED[5]._replace(shape=(1000,), n_features=64, build=partial(ResidualMlp, width=512)),
)
"""What is trained until a loss is reached."""
SMALL = (
    *(case._replace(shape=(4, 90), n_features=8) for case in PUBLISHED[:5]),
    PUBLISHED[5]._replace(shape=(30,), n_features=8, build=partial(ResidualMlp, width=128)),
)
PAIRS = {False: 512, True: 64}
"""Training pairs where steps are timed, in full and small: at least a batch."""


class Plan(NamedTuple):
    """How much is measured: cases, turns, steps until the last loss, and sizes that grow."""

    cases: tuple[Case, ...]
    cheap: tuple[Case, ...]
    n_turns: int
    n_steps: int
    every: int
    seeds: tuple[int, ...]
    channels: tuple[int, ...]
    people: tuple[int, ...]
    n_conditions: int


FULL = Plan(PUBLISHED, CHEAP, 3, 120, 10, (1, 3, 9, 27), (17, 63, 128, 271), (1, 3, 10), 1654)
TINY = Plan(SMALL, SMALL, 2, 4, 2, (1, 2), (3, 5), (1, 2), 160)


def settings_of(case: Case, n_steps: int, every: int, small: bool) -> Settings:
    """Take printed settings, for some steps; small batches where sizes mean nothing."""
    printed = PRINTED[case.encoder, case.setting]
    return Settings(
        n_steps,
        batch_size=16 if small else printed.batch_size,
        temperature=printed.temperature,
        learning_rate=printed.learning_rate,
        validate_every=every,
    )


def made_up(shape: tuple[int, ...], n_features: int, n: int) -> tuple[Tensor, Tensor]:
    """Responses and vectors: four slow waves of each channel, or voxels, carry vectors below noise."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(n, n_features, generator=generator)
    n_carriers = 4 * shape[0] if len(shape) == 2 else shape[0]
    signal = vectors @ (torch.randn(n_features, n_carriers, generator=generator) / n_features**0.5)
    if len(shape) == 2:
        course = torch.linspace(0, torch.pi, shape[1])
        waves = torch.stack([torch.sin(number * course) for number in range(1, 5)])
        signal = signal.view(n, shape[0], 4) @ waves
    return signal.add_(torch.randn(signal.shape, generator=generator), alpha=4), vectors


def ours(case: Case, settings: Settings, n_training: int, n_runs: int = 1) -> Program:
    """Our trainer: runs of several seeds on the same pairs; half a batch and at most 128 pairs validate."""
    n = n_training + min(settings.batch_size, 128)
    responses, vectors = made_up(case.shape, case.n_features, n)
    pairs = torch.arange(n)[:, None].repeat(1, 2)
    runs = [Run(SEED + seed, pairs[:n_training], pairs[n_training:]) for seed in range(n_runs)]
    inputs = case.made().train().prepare(responses)
    del responses  # encoders keep what they prepared
    program = Program(case.made, inputs, vectors, runs, settings)
    program.encoder.train()
    return program


def published(case: Case, program: Program) -> Loop:
    """Build the plain loop: the weights, pairs and settings of our trainer's first run, before it trains."""
    training, validation = program.training[0][:, 0], program.validation[0][:, 0]
    data = made_up(case.shape, case.n_features, len(training) + len(validation))
    model = reference(program.encoders()[0])
    torch.manual_seed(SEED)  # order of batches and dropout
    return Loop(model, *data, training.tolist(), validation.tolist(), program.settings)
