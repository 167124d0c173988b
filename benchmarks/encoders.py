"""Training of every brain encoder at its published size, against plain loops of the published modules.

Usage: ``python benchmarks/encoders.py [--small]``

Both start from the same weights and see the same made-up responses. Prints a list of rows (:mod:`rows`).
Takes about ten minutes on one idle core; ``--small`` goes through all of it, at sizes that mean nothing.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from encoder_cases import (
    CHEAP,
    FULL,
    PAIRS,
    PUBLISHED,
    SMALL,
    TINY,
    Case,
    Plan,
    made_up,
    ours,
    published,
    settings_of,
)
from floors import Costs, ceilings, rates_at_the_floor
from floors_encoders import costs
from reference_encoders import reference
from reference_loop import Loop
from rows import TARGET, against, obey, peaks, row, timed
from torch import Tensor
from turns import Work, compared

from companion.running.memory import peak_memory_mb
from companion.training.program import Program

Made = TypeVar("Made")


def at_published_size(case: Case, plan: Plan, machine: Costs, small: bool) -> dict[str, Any]:
    """Measure samples per second and peak memory of one encoder, and count its floor."""
    settings = settings_of(case, 100, 100, small)
    program = ours(case, settings, PAIRS[small])
    plain, size = published(case, program), settings.batch_size
    found = compared(Work(program.update, size), Work(plain.update, size), plan.n_turns)
    possible, encoder = rates_at_the_floor(costs(program.encoder, size), machine), program.encoder
    bound = min((name for name in possible if name != "together"), key=lambda name: possible[name])
    return row(
        case.path,
        case.size(size),
        "samples/s",
        **against(found),
        target=TARGET,
        floor=possible["together"],
        floor_note=f"{bound} alone allow {possible[bound]:.0f} samples/s; the floor is all of them in turn",
        peak_mb=peaks(__file__, case.path, small),
        note=f"{sum(values.numel() for values in encoder.parameters()):,} weights",
    )


def to_a_loss(case: Case, plan: Plan, small: bool) -> dict[str, Any]:
    """Seconds until the validation loss falls below a level: halfway from chance to the plain loop's last.

    Everything counts: making data and encoder, for ours preparation of responses, steps, validations.
    """
    settings = settings_of(case, plan.n_steps, plan.every, small)
    program, before_ours = _made(lambda: ours(case, settings, 4 * settings.batch_size))
    loop, before_plain = _made(lambda: published(case, program))
    plain = [(before_plain + seconds, loss) for seconds, loss in _plain_losses(loop, plan)]
    own = [(before_ours + seconds, loss) for seconds, loss in _own_losses(program)]
    chance, last = math.log(min(settings.batch_size, 128)), plain[-1][1]
    level = (chance + last) / 2
    reached = {
        name: next((seconds for seconds, loss in losses if loss < level), None)
        for name, losses in (("ours", own), ("reference", plain))
    }
    rates = [plan.n_steps / losses[-1][0] for losses in (own, plain)]
    return row(
        f"time to a loss: {case.path}",
        case.size(settings.batch_size),
        "steps/s, with making of both and validations",
        _once(rates[0]),
        reference=_once(rates[1]),
        times_faster=_once(rates[0] / rates[1]),
        seconds_to_loss=reached | {"level": level, "chance": chance},
        note=f"one seed; loss after {plan.n_steps} steps: ours {own[-1][1]:.3f}, reference {last:.3f}",
    )


def _made(make: Callable[[], Made]) -> tuple[Made, float]:
    """Make something, and say how many seconds it took."""
    started = time.perf_counter()
    return make(), time.perf_counter() - started


def _plain_losses(plain: Loop, plan: Plan) -> Iterator[tuple[float, float]]:
    """Seconds and validation losses of the plain loop."""
    started = time.perf_counter()
    for step in range(1, plan.n_steps + 1):
        plain.update()
        if step % plan.every == 0:
            loss = plain.validate()
            yield time.perf_counter() - started, loss


def _own_losses(program: Program) -> Iterator[tuple[float, float]]:
    """Seconds and validation losses of ours."""
    started = time.perf_counter()
    while not program.finished:
        program.advance()
        yield time.perf_counter() - started, float(program.validation_losses[-1])


def growth(plan: Plan, small: bool) -> Iterator[dict[str, Any]]:
    """Show how the cost of NICE grows: with seeds trained together, channels, and people held."""
    nice = (SMALL if small else CHEAP)[0]
    settings = settings_of(nice, 100, 100, small)
    n = settings.batch_size
    for n_runs in plan.seeds:
        program = ours(nice, settings, 4 * n, n_runs)
        rates = timed(Work(program.update, n_runs * n), plan.n_turns)
        yield row(
            "growth: seeds trained together", f"{n_runs} runs of NICE, {nice.arrays}", "samples/s", rates
        )
    for n_channels in plan.channels:
        case = nice._replace(shape=(n_channels, 90 if small else 250))
        rates = timed(Work(ours(case, settings, 2 * n).update, n), plan.n_turns)
        yield row("growth: channels", f"NICE, {case.arrays}", "samples/s", rates)
    for n_people in plan.people:
        program = ours(nice, settings, n_people * plan.n_conditions)
        held = sum(values.numel() * values.element_size() for values in program.inputs) / 2**20
        rates = timed(Work(program.update, n), plan.n_turns)
        size = f"{n_people} × {plan.n_conditions:,} responses of {nice.arrays}"
        yield row("growth: people", size, "samples/s", rates, note=f"{held:.0f} MB of prepared responses")


def not_adopted(case: Case, plan: Plan, small: bool, *, compiled: bool) -> Iterator[dict[str, Any]]:
    """Compare the step in bfloat16, or compiled too, with ours as it is."""
    settings = settings_of(case, 100, 100, small)
    n = settings.batch_size
    ways: dict[str, Callable[..., Any]] = {"bfloat16 autocast": in_bfloat16}
    if compiled and not small and shutil.which("g++"):
        ways["torch.compile"] = torch.compile
    for name, way in ways.items():
        other, plain = (ours(case, settings, PAIRS[small]) for _ in range(2))
        started = time.perf_counter()
        other._loss = way(other._loss)  # type: ignore[method-assign]
        losses = [float(program.update()) for program in (other, plain)]
        first = time.perf_counter() - started
        found = compared(Work(other.update, n), Work(plain.update, n), plan.n_turns)
        yield row(
            f"not adopted: {name}, {case.path}",
            case.size(n),
            "samples/s",
            **against(found),
            note=f"first step of both {first:.1f} s; first losses differ by {abs(losses[0] - losses[1]):.1e}",
        )


def in_bfloat16(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let products run in bfloat16, as the published scripts do on a CPU."""

    def mixed(*arguments: Any) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return loss(*arguments)

    return mixed


def peak(path: str, side: str, small: bool) -> float:
    """Largest memory of this process, which does nothing but two steps of one side, data included."""
    case = next(one for one in (SMALL if small else PUBLISHED) if one.path == path)
    settings = settings_of(case, 100, 100, small)
    if side == "ours":
        steps: Program | Loop = ours(case, settings, PAIRS[small])
    else:
        data = made_up(case.shape, case.n_features, PAIRS[small])
        steps = Loop(reference(case.made()), *data, range(PAIRS[small]), range(0), settings)
    for _ in range(2):  # the second one has what the first one left
        steps.update()
    return peak_memory_mb()


def measure(small: bool) -> list[dict[str, Any]]:
    """Collect all rows, on one thread."""
    plan = TINY if small else FULL
    torch.set_num_threads(1)
    machine = ceilings()
    rows = [at_published_size(case, plan, machine, small) for case in plan.cases]
    rows += [to_a_loss(case, plan, small) for case in plan.cheap]
    rows += growth(plan, small)
    # Compiling NICE took 4 minutes and gained nothing.
    rows += not_adopted(plan.cases[0], plan, small, compiled=False)
    rows += not_adopted(plan.cases[3], plan, small, compiled=True)
    return rows


def _once(value: float) -> dict[str, float]:
    """Write what was measured once as a median with its range."""
    return dict.fromkeys(("median", "lowest", "highest"), float(f"{value:.4g}"))


def main(arguments: list[str]) -> None:
    """Measure, or be the process whose memory is measured."""
    obey(arguments, measure, peak, __doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
