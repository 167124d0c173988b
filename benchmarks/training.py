"""Speed of training: our trainer against the published loop, runs together against one, and Table 1 on a GPU.

Usage: ``python benchmarks/training.py [--small]``

Everything is measured in this run, on the same made-up data: averaged responses of 63 channels and 250
samples, whose slow part carries image vectors. Prints one JSON object. Takes about ten minutes on two idle
cores; ``--small`` goes through all of it in seconds, at sizes that mean nothing.
"""

from __future__ import annotations

import math
import subprocess
import sys
from statistics import mean, stdev
from typing import Any, NamedTuple, cast

import table_one
import torch
from floors import ceilings, layer_operations, least, least_of_stack, rates_at_the_floor
from reference_nice import ReferenceStack, ReferenceTraining
from rows import obey
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from turns import Work, compared

from companion.running.memory import peak_memory_mb
from companion.training.encoders.atm import AtmS
from companion.training.encoders.interface import draw_masks
from companion.training.encoders.nice import Nice, moving_mean
from companion.training.program import Program, Run
from companion.training.settings import Settings

SEEDS = (7, 42, 191)


class Size(NamedTuple):
    """Arrays, batches, how many turns are timed, and after how many steps losses are compared."""

    n_channels: int
    n_times: int
    n_features: int
    n_conditions: int
    n_training: int
    batch_size: int
    n_turns: int
    n_steps: int

    @property
    def array(self) -> tuple[int, int, int]:
        """What an encoder is built for."""
        return self.n_channels, self.n_times, self.n_features


FULL = Size(63, 250, 512, 2048, 1792, 128, 9, 30)
LESSON = Size(17, 100, 64, 2048, 1792, 128, 15, 300)
SMALL = Size(4, 90, 8, 96, 64, 16, 2, 3)


def made_up(size: Size) -> tuple[Tensor, Tensor]:
    """Responses and vectors: four slow waves carry the vectors, below noise of four times their size."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(size.n_conditions, size.n_features, generator=generator)
    mixing = torch.randn(size.n_features, 4 * size.n_channels, generator=generator) / size.n_features**0.5
    course = torch.linspace(0, torch.pi, size.n_times)
    waves = torch.stack([torch.sin(number * course) for number in range(1, 5)])
    slow = (vectors @ mixing).view(-1, size.n_channels, 4) @ waves
    return slow + 4 * torch.randn(slow.shape, generator=generator), vectors


def ours(size: Size, seeds: tuple[int, ...]) -> Program:
    """Our trainer: one run per seed, all on the same pairs."""
    responses, vectors = made_up(size)
    pairs = torch.arange(size.n_conditions)[:, None].repeat(1, 2)
    runs = [Run(seed, pairs[: size.n_training], pairs[size.n_training :]) for seed in seeds]
    inputs = Nice(*size.array).prepare(responses)
    program = Program(lambda: Nice(*size.array), inputs, vectors, runs, _settings(size))
    program.encoder.train()
    return program


def reference(size: Size, program: Program) -> ReferenceTraining:
    """Build the published loop, from the weights of ours before it trains, on its first run's pairs."""
    rows = program.training[0][:, 0].tolist(), program.validation[0][:, 0].tolist()
    encoder = cast(Nice, program.encoders()[0])
    return ReferenceTraining(encoder, *made_up(size), *rows, program.settings)


def nice_alone(size: Size) -> dict[str, Any]:
    """One NICE run, ours and the reference."""
    program = ours(size, SEEDS[:1])
    published = reference(size, program)
    n_steps = 8  # about as long as one step of the reference
    record = compared(
        Work(lambda: [program.update() for _ in range(n_steps)], n_steps * size.batch_size),
        Work(published.update, size.batch_size),
        size.n_turns,
    )
    counted = {}
    for name, update in (("ours", program.update), ("other", published.update)):
        with FlopCounterMode(display=False) as counter:
            update()
        counted[name] = counter.get_total_flops() / size.batch_size
    return record | {"operations_counted_per_sample": counted}


def floor(size: Size) -> dict[str, Any]:
    """Operations and bytes of a step, and what they allow on this machine."""
    needed, possible = least(*size.array, size.batch_size), ceilings()
    return {
        "operations_per_sample": {
            "ours": layer_operations(*size.array, pooled_first=True),
            "other": layer_operations(*size.array, pooled_first=False),
        },
        "least_per_sample": needed._asdict(),
        "machine_per_second": possible._asdict(),
        "samples_per_second": rates_at_the_floor(needed, possible),
        "of_the_stack_of_ATM-S": rates_at_the_floor(least_of_stack(*size.array[:2]), possible),
    }


def lesson(size: Size) -> dict[str, Any]:
    """Nine runs in one batched program ("ours"), and as many steps of one by itself ("other")."""
    together, alone, n_runs = ours(size, tuple(range(9))), ours(size, (0,)), 9
    n_samples = n_runs * size.batch_size
    return compared(
        Work(together.update, n_samples),
        Work(lambda: [alone.update() for _ in range(n_runs)], n_samples),
        size.n_turns,
    )


def atm_stack(size: Size) -> dict[str, Any]:
    """Convolutional part of ATM-S, forward and backward to the tokens that come in."""
    encoder, published = AtmS(*size.array), ReferenceStack(size.n_channels)
    stack = encoder.stack
    published.take(stack)
    generator = torch.Generator().manual_seed(0)
    shape = (size.batch_size, size.n_channels, size.n_times)
    tokens = torch.randn(shape, generator=generator).requires_grad_()

    def own() -> None:
        means = moving_mean(tokens).transpose(1, 2)
        masks = iter(draw_masks([stack.mask], size.batch_size, generator))
        _backward(stack(means, encoder._moments(means), masks))

    def other() -> None:
        _backward(published(tokens))

    return compared(Work(own, size.batch_size), Work(other, size.batch_size), size.n_turns)


def losses(size: Size) -> dict[str, Any]:
    """Compare validation losses after as many steps, and say how much of that is the seed."""
    found: dict[str, list[float]] = {"ours": [], "other": []}
    for seed in SEEDS:
        program = ours(size, (seed,))
        torch.manual_seed(seed)  # order of batches and dropout of the reference
        published = reference(size, program)
        program.advance()
        for _ in range(size.n_steps):
            published.update()
        found["ours"].append(float(program.validation_losses[-1]))
        found["other"].append(published.validate())
    differences = [one - other for one, other in zip(found["ours"], found["other"], strict=True)]
    return {
        "n_steps": size.n_steps,
        "chance": math.log(size.batch_size),
        "losses": found,
        "difference": {"mean": mean(differences), "sd": stdev(differences)},
        "sd_over_seeds": {name: stdev(values) for name, values in found.items()},
    }


def peak(kind: str, small: bool) -> float:
    """Largest memory of this process, which does nothing but one step, data included: in megabytes."""
    size = SMALL if small else FULL
    if kind == "ours":
        ours(size, SEEDS[:1]).update()
    else:
        rows = range(size.n_training), range(size.n_training, size.n_conditions)
        ReferenceTraining(Nice(*size.array), *made_up(size), *rows, _settings(size)).update()
    return peak_memory_mb()


def peaks(small: bool) -> dict[str, float]:
    """Measure the peak memory of each trainer in a process of its own."""
    found = {}
    for kind in ("ours", "other"):
        command = [sys.executable, __file__, *["--small"] * small, "--peak", kind]
        found[kind] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def measure(small: bool) -> dict[str, Any]:
    """All of it; timings of one NICE run on two threads and on one."""
    full, of_lesson = (SMALL, SMALL) if small else (FULL, LESSON)
    record: dict[str, Any] = {"torch": torch.__version__, "peak_mb": peaks(small)}
    for n_threads in (1,) if small else (1, 2):
        torch.set_num_threads(n_threads)
        record[f"one NICE run, threads: {n_threads}"] = nice_alone(full)
        record[f"floor, threads: {n_threads}"] = floor(full)
        record[f"convolutions of ATM-S, threads: {n_threads}"] = atm_stack(full)
    record["validation loss"] = losses(full)
    torch.set_num_threads(1)
    record["lesson, nine runs together, threads: 1"] = lesson(of_lesson)
    record["lesson, validation loss"] = losses(of_lesson)
    if torch.cuda.is_available() and not small:
        record["Table 1, NICE"] = table_one.table_one(table_one.PUBLISHED, torch.device("cuda"))
    elif small:
        record["Table 1, NICE"] = table_one.table_one(table_one.SMALL, torch.device("cpu"))
    return record


def _settings(size: Size) -> Settings:
    return Settings(n_steps=size.n_steps, batch_size=size.batch_size, validate_every=size.n_steps)


def _backward(values: Tensor) -> None:
    torch.autograd.backward(values.square().sum())


def main(arguments: list[str]) -> None:
    """Measure, or be the process whose memory is measured."""
    obey(arguments, measure, peak, __doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
