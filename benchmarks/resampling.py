"""Tests and intervals by exchange and by resampling, at published sizes, for :mod:`decoding`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import reference_decoding as plain
from rows import DOUBLE, FloatArray, Job, Machine, fastest, row, timed
from turns import Work

from companion.statistics.category_types import type_interaction
from companion.statistics.crossed_bootstrap import crossed_draws
from companion.statistics.paired import sign_flip
from companion.statistics.paired_hits import compare_ranks
from companion.statistics.repeated_trials import hits_by_answer, image_permutation

REPEATED = 20
"""Calls that are timed together, where one takes microseconds."""
DRAWING = "drawing the random numbers, which a seed fixes; nothing else is counted"
Jobs = Mapping[str, Callable[[], Job]]


class Size(NamedTuple):
    """Images and trials of each, pairs, people; exchanges and draws; those of the plain loops; what grows."""

    n_images: int
    n_trials: int
    n_pairs: int
    n_people: int
    n_draws: int
    n_looped: int
    exchanges: tuple[int, ...]
    people: tuple[int, ...]


PUBLISHED = Size(50, 35, 200, 10, 10_000, 2_000, (1_000, 10_000, 100_000), (10, 15, 20))
SMALL = Size(6, 3, 8, 5, 400, 400, (20, 40), (5, 6))


def all_jobs(size: Size, possible: Machine) -> Jobs:
    """Every path by a short name; data are made when it is asked for."""
    return {
        "images": lambda: images(size, size.n_draws),
        "methods": lambda: methods(size),
        "labels": lambda: labels(size),
        "sign flips": lambda: signs(size.n_people, possible),
        "crossed bootstrap": lambda: crossed(size),
    }


def images(size: Size, n: int) -> Job:
    """Answers of whole images exchanged; compared are mean and spread of chance."""
    rng = np.random.default_rng(0)
    image_of = np.repeat(np.arange(size.n_images), size.n_trials)
    hits = hits_by_answer(rng.normal(size=(len(image_of), size.n_images)))
    names = [f"i{i}" for i in range(size.n_images)]
    shown = [names[i] for i in image_of]
    answers = np.tile(np.arange(size.n_images), (n, 1))

    def ours() -> FloatArray:
        found = image_permutation(hits, shown, names, n=n)
        return np.array([found.null_mean, found.null_deviation])

    return Job(
        "permutation of images",
        f"{len(image_of):,} trials of {size.n_images} images, {n:,} exchanges",
        "exchanges/s",
        ours,
        n,
        lambda: moments(plain.exchanged_images(hits, image_of, size.n_looped, 1)),
        size.n_looped,
        hits.std() / np.sqrt(len(hits)),  # a standard error of the score: far above that of its moments
        fastest(Work(lambda: np.random.default_rng(0).permuted(answers, axis=1), n)),
        DRAWING,
    )


def methods(size: Size) -> Job:
    """Two methods exchanged image by image, and images drawn anew; compared are p values and an interval."""
    first, second = np.random.default_rng(0).integers(1, 201, (2, size.n_pairs)).astype(float)
    n, pairs = size.n_draws - 1, np.tile(np.arange(2), (1000, size.n_pairs, 1))

    def ours() -> FloatArray:
        found = compare_ranks(first, second, n_permutations=n, n_bootstrap=size.n_draws, seed=0)
        return np.array([found.p_greater, found.p_less])

    def reference() -> FloatArray:
        null = plain.exchanged_methods(first, second, size.n_looped, 1)
        plain.resampled(first - second, size.n_looped, 1)
        observed = (first - second).mean()
        return np.array([(null >= observed - 1e-9).mean(), (null <= observed + 1e-9).mean()])

    def drawn() -> None:
        rng = np.random.default_rng(0)
        for _ in range(0, n, len(pairs)):
            rng.permuted(pairs, axis=-1)
        for _ in range(size.n_draws):
            rng.integers(size.n_pairs, size=size.n_pairs)

    return Job(
        "exchange of two methods, with a bootstrap",
        f"{size.n_pairs} images, {size.n_draws:,} of each",
        "exchanges/s",
        ours,
        n,
        reference,
        size.n_looped,
        3 / np.sqrt(size.n_looped),
        fastest(Work(drawn, n)),
        DRAWING,
        "scipy draws an exchange as an order of each pair. Once for all sides; they took a run each before.",
    )


def labels(size: Size) -> Job:
    """Types of categories exchanged, and categories drawn anew; compared are p values."""
    rng = np.random.default_rng(0)
    living = np.arange(size.n_images) < size.n_images // 2
    values, n = rng.normal(size=(size.n_images, 2)), size.n_draws
    category = np.tile(np.arange(size.n_images), 2)
    table = pd.DataFrame({"space": np.repeat(["a", "b"], size.n_images), "category": category})
    table = table.assign(living=np.tile(living, 2), value=values.T.ravel())
    both = np.column_stack([values, values[:, 0] - values[:, 1]])
    observed = np.abs(both[living].mean(axis=0) - both[~living].mean(axis=0))

    def ours() -> FloatArray:
        found = type_interaction(table, first="a", second="b", n_permutations=n, n_bootstrap=n)
        return np.append(found.effects["p"].to_numpy(), found.p)

    def reference() -> FloatArray:
        null = np.abs(plain.exchanged_labels(both, living, size.n_looped, 1))
        plain.resampled(both[living], size.n_looped, 1)
        plain.resampled(both[~living], size.n_looped, 2)
        found: FloatArray = (null >= observed - 1e-9).mean(axis=0)
        return found

    def drawn() -> None:
        rng = np.random.default_rng(0)
        rng.permuted(np.tile(living, (n, 1)), axis=1)
        for part in (living.sum(), (~living).sum()):
            rng.multinomial(part, np.full(part, 1 / part), size=n)

    return Job(
        "permutation of labels, with a bootstrap",
        f"{size.n_images} categories, two spaces, {n:,} of each",
        "exchanges/s",
        ours,
        n,
        reference,
        size.n_looped,
        3 / np.sqrt(size.n_looped),
        fastest(Work(drawn, n)),
        DRAWING,
    )


def signs(n_people: int, possible: Machine) -> Job:
    """Exact sign-flip test of a few people."""
    differences = np.random.default_rng(0).normal(0.5, size=n_people)
    n, half = 2**n_people, 2 ** (n_people - 1)
    return Job(
        "exact sign-flip test",
        f"{n_people} people, {n:,} patterns",
        "patterns/s",
        lambda: np.array([sign_flip(differences) for _ in range(REPEATED)])[:1],
        REPEATED * n,
        lambda: np.array([plain.signs_flipped(differences)]),
        n,
        1e-12,
        n / possible.seconds(2 * half, DOUBLE * 4 * half),
        "each sum made from one before, written, read and compared; for few people, calls of numpy",
    )


def crossed(size: Size) -> Job:
    """Mean over people and pictures, both drawn anew; compared are its mean and its spread."""
    table = np.random.default_rng(0).normal(size=(size.n_people, size.n_pairs))
    n = size.n_draws

    def drawn() -> None:
        rng = np.random.default_rng(0)
        for side in table.shape:
            rng.multinomial(side, np.full(side, 1 / side), size=n)

    return Job(
        "crossed bootstrap",
        f"{size.n_people} people, {size.n_pairs} images, {n:,} draws",
        "draws/s",
        lambda: moments(crossed_draws(table, n_bootstrap=n, seed=0)),
        n,
        lambda: moments(plain.resampled_both_ways(table, size.n_looped, 1)),
        size.n_looped,
        5 * table.std() / np.sqrt(table.size),
        fastest(Work(drawn, n)),
        DRAWING,
    )


def growth(size: Size, n_turns: int) -> list[dict[str, Any]]:
    """How costs grow with exchanges and with people; ours only."""
    jobs = [("permutation of images with exchanges", images(size, n)) for n in size.exchanges]
    jobs += [("sign-flip test with people", signs(n, Machine(1, 1))) for n in size.people]
    return [
        row(f"growth: {name}", job.size, job.unit, timed(Work(job.ours, job.n_ours), n_turns))
        for name, job in jobs
    ]


def moments(values: FloatArray) -> FloatArray:
    """Mean and standard deviation."""
    return np.array([values.mean(), values.std()])
