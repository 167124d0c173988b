"""How long training takes and how much memory: a few steps of the real program, in a process of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from companion.errors import CompanionError
from companion.running.decoders import chosen_device
from companion.running.sweeps.probes import peak_bytes, seconds_of
from companion.system.workers import end_with_parent
from companion.training.encoders import BrainEncoder
from companion.training.program import Program, Run
from companion.training.settings import Settings

_N_TIMED = 3
_MOST_VALIDATED = 2048


class Timing(NamedTuple):
    """What one program takes.

    Parameters
    ----------
    step : float
        Seconds of one update of all its runs.
    validation : float
        Seconds of one validation of all its runs.
    bytes : float
        Memory of the process, or of the GPU, beyond the responses that it holds.
    bytes_per_response : float
        Of what is held of each response: itself, and what is prepared of it.
    """

    step: float
    validation: float
    bytes: float
    bytes_per_response: float


def time_training(
    build: Callable[[], BrainEncoder],
    shape: tuple[int, ...],
    n_features: int,
    settings: Settings,
    *,
    n_validation: int,
    n_runs: int,
    device: str,
) -> Timing:
    """Train for a few steps on noise of this shape; time does not depend on what responses are.

    Parameters
    ----------
    build : callable
        Makes the encoder.
    shape : tuple of int
        Of one response.
    n_features : int
    settings : Settings
        Batch size and the like; the number of steps does not count.
    n_validation : int
        Pairs that a validation looks at.
    n_runs : int
        Trained together.
    device : str
    """
    place = chosen_device(device)
    n_looked = min(n_validation, _MOST_VALIDATED)
    n = settings.batch_size + n_looked
    responses = torch.randn(n, *shape)
    inputs = tuple(part.to(place) for part in build().prepare(responses))
    pairs = torch.arange(n)[:, None].repeat(1, 2)
    runs = [Run(seed, pairs[n_looked:], pairs[:n_looked]) for seed in range(n_runs)]
    every_step = replace(settings, n_steps=2 + 2 * _N_TIMED, validate_every=1)
    program = Program(build, inputs, torch.randn(n, n_features, device=place), runs, every_step)
    program.advance()
    step = _seconds(program.update, place)
    both = _seconds(program.advance, place)
    validation = max(0.0, both - step) * n_validation / n_looked
    held = responses.nbytes + sum(part.nbytes for part in inputs)
    return Timing(step, validation, peak_bytes(place) - held, held / n)


def in_own_process(work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call something where the memory that others took does not count.

    Parameters
    ----------
    work : callable
        Of a module; arguments are sent to the process.

    Raises
    ------
    CompanionError
        If the process is ended from outside.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_begin) as pool:
        try:
            return pool.submit(work, *arguments, **options).result()
        except BrokenProcessPool as error:
            raise CompanionError(
                "The process that times a few steps was ended from outside, most likely because memory was "
                "used up; nothing was run",
                do="close other programs, or take a larger machine: what is timed will need as much",
            ) from error


def _begin() -> None:
    end_with_parent()
    torch.set_num_threads(1)


def _seconds(work: Callable[[], object], place: torch.device) -> float:
    return seconds_of(lambda: [work() for _ in range(_N_TIMED)], place) / _N_TIMED
