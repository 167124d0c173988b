"""What is drawn and counted: every test at every size of experiment that the book has it at."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from companion.statistics.calibration import batch_tests, guessing_nulls
from companion.statistics.calibration.bounds import LEVEL
from companion.statistics.calibration.category_nulls import CATEGORIES, FLOOR_SHARE, N_RESAMPLES
from companion.statistics.calibration.components import ScoreModel
from companion.statistics.calibration.difference_tests import (
    DIFFERENCES,
    FAMILY,
    LEVELS,
    MARGIN,
    N_BOOTSTRAP,
    N_PERMUTATIONS,
    WRONG,
    BookTest,
    Booleans,
)
from companion.statistics.calibration.guessing_nulls import BLOCK, GUESSING, HUB, OtherTest
from companion.statistics.calibration.null_sets import (
    DESIGNS,
    REDRAWN,
    Design,
    NullScores,
    Redrawn,
    draw_null,
)
from companion.statistics.similarity import FloatArray

Part = Literal["people", "recordings", "pooled", "family", "wrong", "other", "coverage", "power"]
SEED = 20260
CHUNK = 50
"""Sets drawn at a time, from a generator of their own."""
PEOPLE = (3, 4, 5, 6, 8, 10)
SHIFTS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Effects, in standard deviations of a single latent score."""
COLUMNS = (
    "part",
    "test",
    "design",
    "redrawn",
    "n_people",
    "n_images",
    "n_seeds",
    "shift",
    "points",
    "attainable",
    "n_sets",
    "rejections",
)
KEY = COLUMNS[:8]
_OVER_PEOPLE = ("paired t", "sign flip", "signed ranks", "crossed bootstrap", "mixed model")
_POWER = ("paired t", "sign flip", "crossed bootstrap", "mixed model", "people's exchanges combined")


@dataclass(frozen=True)
class Task:
    """Tests that are run on the same null sets.

    Attributes
    ----------
    part : str
        Of the table.
    design : Design
    redrawn : {"people", "people and images", "people, images and aligners"}
    tests : mapping of str to BookTest
    shift : float
        Effect that is there, for power.
    share : float
        Share of the sets asked for that are drawn; one where tests are slow.
    """

    part: Part
    design: Design
    redrawn: Redrawn
    tests: Mapping[str, BookTest] = field(repr=False)
    shift: float = 0.0
    share: float = 1.0

    def labels(self) -> dict[str, Any]:
        """Columns of the table that tasks differ in."""
        return {
            "part": self.part,
            "design": self.design.name,
            "redrawn": self.redrawn,
            "n_people": self.design.n_people,
            "n_images": self.design.n_images,
            "n_seeds": self.design.n_seeds,
            "shift": self.shift,
        }


@dataclass(frozen=True)
class OtherTask:
    """One test with null sets of its own."""

    test: OtherTest
    share: float = 0.5

    def labels(self) -> dict[str, Any]:
        """Columns of the table that tasks differ in."""
        return {
            "part": "wrong" if self.test.wrong else "other",
            "design": self.test.design,
            "redrawn": "",
            "n_people": self.test.n_people,
            "n_images": self.test.n_images,
            "n_seeds": 0,
            "shift": 0.0,
        }


def plan() -> list[Task | OtherTask]:
    """Everything that the table holds."""
    eeg, god = DESIGNS[0], next(one for one in DESIGNS if one.name == "GOD")
    tasks: list[Task | OtherTask] = []
    for redrawn in REDRAWN:
        tasks += [Task("recordings", design, redrawn, DIFFERENCES) for design in DESIGNS]
        tasks.append(Task("recordings", replace(eeg, n_seeds=3), redrawn, DIFFERENCES))
        over = {name: DIFFERENCES[name] for name in _OVER_PEOPLE}
        tasks += [Task("people", Design("any", n, 100), redrawn, over) for n in PEOPLE]
        tasks += [
            Task("pooled", replace(design, n_conditions=3), redrawn, LEVELS)
            for design in DESIGNS
            if design.score == "percentile"
        ]
        tasks.append(Task("family", replace(eeg, n_conditions=4), redrawn, {FAMILY.name: FAMILY}))
        tasks += [Task("wrong", replace(one, n_seeds=3), redrawn, WRONG) for one in (eeg, god)]
        tasks += [Task("coverage", Design("any", n, 100), redrawn, INTERVALS) for n in (4, 5, 10)]
    powerful = {name: DIFFERENCES[name] for name in _POWER}
    tasks += [
        Task("power", design, "people and images", powerful, shift, share=0.5)
        for design in DESIGNS
        for shift in SHIFTS
    ]
    others = (*GUESSING.values(), *CATEGORIES.values())
    return tasks + [OtherTask(test) for test in others]


def count(
    task: Task | OtherTask, chunks: Iterable[int], model: ScoreModel, *, seed: int = SEED
) -> pd.DataFrame:
    """Draw some chunks of a task's null sets and count rejections.

    Parameters
    ----------
    task : Task or OtherTask
    chunks : iterable of int
        Numbers of the chunks; each has a generator of its own, so that any can be drawn again alone.
    model : ScoreModel
    seed : int

    Returns
    -------
    DataFrame
        One row per test, columns `COLUMNS`. ``points``: mean difference of the sets drawn.
    """
    found = [_chunk(task, number, model, seed) for number in chunks]
    table = pd.concat(found)
    keys = [name for name in COLUMNS if name not in ("points", "n_sets", "rejections")]
    table["points"] *= table["n_sets"]
    summed = table.groupby(keys, sort=False, as_index=False)[["points", "n_sets", "rejections"]].sum()
    return summed.assign(points=(summed["points"] / summed["n_sets"]).round(4))[list(COLUMNS)]


def n_chunks(task: Task | OtherTask, n_sets: int) -> int:
    """How many chunks a task has, when so many sets are asked for."""
    return max(1, round(n_sets * task.share / CHUNK))


def _chunk(task: Task | OtherTask, number: int, model: ScoreModel, seed: int) -> pd.DataFrame:
    labels = task.labels()
    if isinstance(task, OtherTask):
        rng = _rng(seed, (*labels.values(), task.test.name), number)
        rejected = task.test.run(CHUNK, rng)
        own = {"test": task.test.name, "attainable": task.test.attainable, "points": 0.0}
        return pd.DataFrame([labels | own | {"n_sets": CHUNK, "rejections": int(rejected.sum())}])
    rng = _rng(seed, tuple(labels.values()), number)
    scores = draw_null(model, task.design, CHUNK, rng, redrawn=task.redrawn, shift=task.shift)
    means = scores.of(task.design.score).mean(axis=(0, 2, 3))
    rows = [
        {
            "test": name,
            "attainable": test.attainable(task.design),
            "points": float(means[0] - means[1]),
            "n_sets": CHUNK,
            "rejections": int(test.run(scores, task.design).sum()),
        }
        for name, test in task.tests.items()
    ]
    return pd.DataFrame([labels | row for row in rows])


def _rng(seed: int, key: Sequence[object], number: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(repr(key).encode()), number])


def _missed(
    bounds_of: Callable[[FloatArray], batch_tests.Bounds],
) -> Callable[[NullScores, Design], Booleans]:
    """Whether an interval misses the truth, zero."""

    def run(scores: NullScores, design: Design) -> Booleans:
        values = scores.of(design.score)
        return np.asarray(bounds_of(values[:, 0] - values[:, 1]).excludes())

    return run


_DRAWS: Mapping[str, int] = {"n_bootstrap": N_BOOTSTRAP, "seed": 0}
INTERVALS: Mapping[str, BookTest] = {
    test.name: test
    for test in (
        BookTest(
            "Student's t, people",
            "paired.paired_tests",
            "person",
            _missed(lambda d: batch_tests.t_bounds(d.mean(axis=2))),
        ),
        BookTest(
            "bootstrap of people, percentile",
            "concept_bootstrap.bootstrap_means",
            "person",
            _missed(lambda d: batch_tests.people_bounds(d.mean(axis=2), **_DRAWS)),
        ),
        BookTest(
            "bootstrap of people, accelerated",
            "scales.bootstrap_scales",
            "person",
            _missed(lambda d: batch_tests.accelerated_bounds(d.mean(axis=2), **_DRAWS)),
        ),
        BookTest(
            "crossed bootstrap",
            "crossed_bootstrap.crossed_interval",
            "person and image",
            _missed(lambda d: batch_tests.crossed_bounds(d, **_DRAWS)),
        ),
    )
}
"""Intervals of 95 %; a rejection is an interval that misses the truth."""


def settings(model_record: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what decides the rows of the table: written as its first line, compared when it is read.

    Parameters
    ----------
    model_record : mapping
        Second result of :func:`companion.statistics.calibration.components.read_model`.
    """
    tests = sorted({name for task in plan() if isinstance(task, Task) for name in task.tests})
    others = sorted(task.test.name for task in plan() if isinstance(task, OtherTask))
    return {
        "seed": SEED,
        "chunk": CHUNK,
        "n_bootstrap": N_BOOTSTRAP,
        "shifts": list(SHIFTS),
        "level": LEVEL,
        "margin": MARGIN,
        "exchanges": [N_PERMUTATIONS, guessing_nulls.N_PERMUTATIONS, N_RESAMPLES],
        "guessing": [HUB, BLOCK],
        "floor_share": FLOOR_SHARE,
        "tests": tests + others,
        "components": {name: model_record[name] for name in ("how", "level", "difference", "hit_rate")},
        "simulated": True,
    }
