"""Committed results of the book, how far each may move, and what moved.

A record is ``book/records/<name>.json``, with name ``smoke``, ``lesson`` or, for a whole book made in a null
world, ``lesson-N1``. It keeps numbers, truth values, and words that a claim reads, with a tolerance for each
number, and the outcome of every claim. Other words follow from these.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from companion.running.claims import Claim, Results, Value
from companion.running.records import Kept, Record

TIMES_SPREAD = 2.0
"""A number may move this many times the largest difference between runs of other seeds."""
SAME = 1e-4
"""Relative difference of numbers that count as the same: sums in single precision differ between machines."""
ROUNDING = 1e-6
"""Difference that is none, however small the number: what two ways to one result leave is such."""


@dataclass(frozen=True)
class Moved:
    """A result or an outcome that is not what the record says.

    Attributes
    ----------
    what : str
        ``chapter::key`` or the id of a claim.
    then, now : float, int, str or bool
        None where one side lacks it.
    tolerance : float
    """

    what: str
    then: Value | None
    now: Value | None
    tolerance: float = 0.0

    def __str__(self) -> str:
        margin = f" (may move by {self.tolerance:.3g})" if self.tolerance else ""
        return f"{self.what}: {_told(self.then)} in the record, {_told(self.now)} now{margin}"


def make_record(claims: Iterable[Claim], runs: Sequence[Results], smaller: Record | None = None) -> Record:
    """Keep the results of a book, with tolerances from how they vary over runs of other seeds.

    A number that varies may move `TIMES_SPREAD` times its largest difference from run to run, and at least
    as far as, relative to their size, half of the numbers of its chapter do: two runs can agree by accident.
    A percentage that does not vary may move by one picture, where the chapter records that step.

    Parameters
    ----------
    claims : iterable of Claim
    runs : sequence of mapping
        Results by chapter and key; the first are kept, the others differ from it in seeds only.
    smaller : Record, optional
        Of a smaller book, whose numbers vary more: its tolerances, for a book that takes long to make.
    """
    claims = list(claims)
    read = {key for claim in claims for key in claim.keys}
    varied = {
        name: {key: one.tolerance for key, one in kept.items() if one.basis == "seed spread"}
        for name, kept in (smaller.results if smaller else {}).items()
    }
    chapters = {
        name: _kept(name, [run[name] for run in runs if name in run], read, varied.get(name, {}))
        for name in runs[0]
    }
    return Record(chapters, outcomes_of(claims, runs[0]))


def outcomes_of(claims: Iterable[Claim], results: Results) -> dict[str, str]:
    """Outcome of each claim whose chapters were run, by id."""
    return {claim.id: claim.outcome(results) for claim in claims if claim.chapters <= set(results)}


def compare_results(record: Record, results: Results) -> list[Moved]:
    """Name the results that moved beyond their tolerance, in the chapters that were run.

    Parameters
    ----------
    record : Record
    results : mapping
        By chapter and key. A number that the record does not have counts as moved, too.
    """
    found = []
    for chapter, now in results.items():
        then = record.results.get(chapter, {})
        for key in [*then, *(key for key in now if key not in then and _is_number(now[key]))]:
            kept = then.get(key)
            if kept is None:
                found.append(Moved(f"{chapter}::{key}", None, now[key]))
            elif key not in now or not _stands(kept, now[key]):
                found.append(Moved(f"{chapter}::{key}", kept.value, now.get(key), kept.tolerance))
    return found


def compare_outcomes(record: Record, outcomes: Mapping[str, str]) -> list[Moved]:
    """Name the claims whose outcome is another one.

    Parameters
    ----------
    record : Record
    outcomes : mapping of str to str
        Outcome of each claim, by id.
    """
    return [
        Moved(name, record.outcomes.get(name), outcomes.get(name))
        for name in sorted({*record.outcomes, *outcomes})
        if record.outcomes.get(name) != outcomes.get(name)
    ]


def _kept(
    chapter: str, runs: Sequence[Mapping[str, Value]], read: Collection[str], varied: Mapping[str, float]
) -> dict[str, Kept]:
    first, step = runs[0], runs[0].get("step")
    found = {key: [float(run[key]) for run in runs if _is_number(run.get(key))] for key in first}
    spreads = {key: max(values) - min(values) for key, values in found.items() if _is_number(first[key])}
    relative = [
        spread / abs(float(first[key])) for key, spread in spreads.items() if spread and float(first[key])
    ]
    usual = statistics.median(relative) if relative else 0.0
    kept: dict[str, Kept] = {}
    for key, value in first.items():
        if key in varied and _is_number(value):
            kept[key] = Kept(value, varied[key], "seed spread at smoke scale")
        elif key in spreads:
            kept[key] = _with_tolerance(float(value), spreads[key], usual, step)
        elif (not isinstance(value, str) or f"{chapter}::{key}" in read) and all(
            run.get(key) == value for run in runs
        ):
            kept[key] = Kept(value, 0.0, "exact")
    return kept


def _with_tolerance(value: float, spread: float, usual: float, step: Value | None) -> Kept:
    if spread > SAME * max(abs(value), SAME):
        tolerance = max(TIMES_SPREAD * spread, usual * abs(value))
        return Kept(value, float(f"{tolerance:.3g}"), "seed spread")
    if isinstance(step, float) and not value.is_integer() and _is_share(value, step):
        return Kept(value, step, "one picture")
    return Kept(value, 0.0, "exact")


def _is_share(value: float, step: float) -> bool:
    """Whether a number is a mean of up to thirty percentages, each a multiple of the step, and not 0."""
    counts = [value * n / step for n in range(1, 31)]
    return any(round(count) and math.isclose(count, round(count), abs_tol=1e-4) for count in counts)


def _stands(kept: Kept, now: Value) -> bool:
    if not _is_number(kept.value) or not _is_number(now):
        return kept.value == now
    then, value = float(kept.value), float(now)
    return abs(value - then) <= kept.tolerance + max(SAME * max(abs(then), abs(value)), ROUNDING)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(value: Value | None) -> str:
    return "nothing" if value is None else f"{value:.6g}" if isinstance(value, float) else repr(value)
