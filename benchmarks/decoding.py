"""Speed of decoding and of its statistics: ours against plain loops, at published sizes, and how costs grow.

Usage: ``python benchmarks/decoding.py [--small]``

Everything is measured in this run, on one thread and made-up data: identification among 1,000 candidates
(50 categories, 512 features), retrieval of 200 pictures among 200 and 16,740, ridge from 4,500 voxels to
three spaces; tests and intervals as in :mod:`resampling`. Prints rows as JSON. ``--small`` goes through all
of it in half a minute, at sizes that mean nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import reference_decoding as plain
import resampling
from rows import DOUBLE, FloatArray, Job, Machine, machine, measured, obey, peaks, row, timed
from threadpoolctl import threadpool_limits
from turns import Work

from companion.decoding.galleries import Gallery
from companion.decoding.identification import identify
from companion.decoding.retrieval import ranks, retrieved
from companion.decoding.ridge import PENALTIES, fit_ridge
from companion.decoding.ridge_solver import N_FOLDS, folds_of
from companion.embeddings import Embeddings
from companion.running.memory import peak_memory_mb

N_SPACES = 3
N_BEST = 10


class Size(NamedTuple):
    """Arrays; how many vectors, and penalties of one fold, the plain loops do; how often; sizes that grow."""

    n_features: int
    n_categories: int
    n_candidates: int
    n_pictures: int
    n_training: int
    n_images: int
    n_voxels: int
    n_looped: int
    n_turns: int
    galleries: tuple[int, ...]
    candidates: tuple[int, ...]
    voxels: tuple[int, ...]
    statistics: resampling.Size


GALLERIES, CANDIDATES, VOXELS = (200, 2_000, 16_740), (100, 1_000, 10_000), (500, 1_500, 4_500)
PUBLISHED = Size(
    512, 50, 1000, 200, 16_540, 1200, 4500, 3, 5, GALLERIES, CANDIDATES, VOXELS, resampling.PUBLISHED
)
SMALL = Size(8, 5, 20, 12, 40, 40, 30, 2, 2, (12, 30), (10, 30), (10, 30), resampling.SMALL)

Jobs = Mapping[str, Callable[[], Job]]


def measure(small: bool) -> list[dict[str, Any]]:
    """All rows: paths against plain loops, then how costs grow."""
    size = SMALL if small else PUBLISHED
    with threadpool_limits(1):
        jobs = all_jobs(size, machine())
        rows = [measured(job(), size.n_turns, peaks(__file__, name, small)) for name, job in jobs.items()]
        return rows + growth(size) + resampling.growth(size.statistics, size.n_turns)


def all_jobs(size: Size, possible: Machine) -> Jobs:
    """Every path by a short name; data are made when it is asked for."""
    images, training = size.n_pictures, size.n_training
    return {
        "identification": lambda: identification(size, size.n_candidates, possible),
        "retrieval": lambda: retrieval(size, 0, possible),
        "large retrieval": lambda: retrieval(size, training, possible),
        "naming the best": lambda: best(size, images + training, possible),
        "ridge": lambda: ridge(size, size.n_voxels, possible),
    } | resampling.all_jobs(size.statistics, possible)


def named(n: int, n_features: int, prefix: str, seed: int) -> Embeddings:
    """Made-up vectors."""
    values = np.random.default_rng(seed).normal(size=(n, n_features))
    return Embeddings(values, tuple(f"{prefix}{i}" for i in range(n)), "made up")


def identification(size: Size, n_candidates: int, possible: Machine) -> Job:
    """Count the candidates that correlate less with the decoded vector than the answer, as published."""
    n, f = size.n_categories, size.n_features
    decoded, answers = named(n, f, "t", 0), named(n, f, "t", 1)
    candidates, mean = named(n_candidates, f, "c", 2), np.random.default_rng(3).normal(size=f)
    few = slice(size.n_looped)
    products, moved = 2 * n * (n_candidates + n) * f, DOUBLE * ((2 * n + n_candidates) * 3 * f)
    return Job(
        f"identification, {n_candidates:,} candidates",
        f"{n} categories, {f} features",
        "vectors/s",
        lambda: identify(decoded, answers, candidates, mean=mean)["accuracy"].to_numpy(),
        n,
        lambda: plain.identified(decoded.values[few], answers.values[few], candidates.values),
        size.n_looped,
        1e-9,
        n / possible.seconds(products, moved),
        "products, and vectors read, centred and read again; the rest is sorting, and making a table",
        "Ours gives chance by all other predictions, and the mean predictor's score, too; the loop does not.",
    )


def gallery_of(size: Size, n_training: int) -> tuple[Embeddings, Gallery]:
    """Make up decoded vectors, and the pictures that were seen, with those of training or without."""
    images = named(size.n_pictures, size.n_features, "i", 1)
    decoded = images.with_values(named(size.n_pictures, size.n_features, "i", 2).values, aligned_by=None)
    if not n_training:
        return decoded, Gallery.presented(images)
    return decoded, Gallery.enlarged(images, named(n_training, size.n_features, "n", 3))


def retrieval(size: Size, n_training: int, possible: Machine) -> Job:
    """Rank of the seen picture among those presented, or also among all of training."""
    decoded, gallery = gallery_of(size, n_training)
    n, n_all, f = size.n_pictures, len(gallery.candidates), size.n_features
    few = decoded.values[: size.n_looped]
    return Job(
        f"retrieval, {n_all:,} candidates",
        f"{n} responses, {f} features",
        "vectors/s",
        lambda: ranks(decoded, gallery).astype(float),
        n,
        lambda: plain.ranked(few, gallery.candidates.values),
        size.n_looped,
        0,
        n / possible.seconds(2 * n * n_all * f, DOUBLE * (3 * n_all * f + 2 * n * n_all)),
        "products, the gallery read, written at length one and read again, cosines written and counted",
    )


def best(size: Size, n_all: int, possible: Machine) -> Job:
    """Name the best candidates of every response, against sorting all of them."""
    decoded, gallery = gallery_of(size, n_all - size.n_pictures)
    n, f = size.n_pictures, size.n_features
    row_of = {name: number for number, name in enumerate(gallery.candidates.ids)}

    def ours() -> FloatArray:
        names = retrieved(decoded, gallery, N_BEST)["candidate"]
        return np.array([row_of[name] for name in names], dtype=float).reshape(n, N_BEST)

    return Job(
        f"the {N_BEST} best of {n_all:,} candidates named",
        f"{n} responses, {f} features",
        "vectors/s",
        ours,
        n,
        lambda: plain.best_of_full_sort(decoded.values, gallery.candidates.values, N_BEST),
        n,
        0,
        n / possible.seconds(2 * n * n_all * f, DOUBLE * (3 * n_all * f + 4 * n * n_all)),
        "products, the gallery read, written at length one and read, cosines written, copied, partitioned",
        "The other way is a full sort of the same cosines by numpy, not a loop: there is no target.",
        None,
    )


def ridge(size: Size, n_voxels: int, possible: Machine) -> Job:
    """Choose penalties of all spaces, and fit weights; the other way tries one penalty, fold by fold."""
    n, f = size.n_images, size.n_features
    responses = np.random.default_rng(0).normal(size=(n, n_voxels))
    spaces = {f"space {i}": named(n, f, "s", i + 1) for i in range(N_SPACES)}
    ids, groups, middle = spaces["space 0"].ids, range(n), len(PENALTIES) // 2
    Y = spaces["space 0"].values - spaces["space 0"].values.mean(axis=0)

    def ours() -> FloatArray:
        return fit_ridge(responses, ids, spaces, groups).losses["space 0"][middle : middle + 1]

    def reference() -> FloatArray:
        X = (responses - responses.mean(axis=0)) / responses.std(axis=0)
        penalty = PENALTIES[middle] * (X**2).sum(axis=1).mean()
        return plain.ridge_losses(X, Y, folds_of(groups), np.array([penalty])) / (Y**2).sum()

    n_tried = len(PENALTIES) * N_SPACES
    return Job(
        f"ridge, {N_SPACES} spaces and {len(PENALTIES)} penalties at once",
        f"{n:,} images, {n_voxels:,} voxels, {f} features",
        "penalties of a space/s",
        ours,
        n_tried,
        reference,
        1,
        1e-4,  # penalties are compared in single precision
        n_tried / possible.seconds(ridge_operations(n, n_voxels, N_SPACES * f), DOUBLE * 6 * n * n_voxels),
        "products and the decomposition of the Gram matrix, responses read and written as they are scaled",
        "Ours gives weights, too.",
    )


def ridge_operations(n: int, n_voxels: int, n_columns: int) -> float:
    """Operations of ours in double precision; those in single precision, of cross-validation, count half.

    The shorter side of the responses has its Gram matrix decomposed: 10/3 of its cube, to reduce it and to
    bring its vectors back.
    """
    side, tried = min(n, n_voxels), len(PENALTIES)
    decomposed = 2 * side**2 * max(n, n_voxels) + 10 / 3 * side**3
    folds = tried * (2 * n**2 * side / N_FOLDS + 2 * n * side * n_columns + 2 * n**2 * n_columns / N_FOLDS)
    weights = 4 * n * side * n_columns + 2 * n * n_voxels * n_columns
    return decomposed + folds / 2 + weights


def growth(size: Size) -> list[dict[str, Any]]:
    """How costs grow with the gallery, the candidates, and the voxels; ours only."""
    unknown = Machine(1, 1)  # floors are left out
    n = size.n_pictures
    jobs = [
        *(("gallery", retrieval(size, number - n, unknown)) for number in size.galleries),
        *(("candidates", identification(size, number, unknown)) for number in size.candidates),
        *(("voxels", ridge(size, number, unknown)) for number in size.voxels),
    ]
    names = {"gallery": "retrieval", "candidates": "identification", "voxels": "ridge"}
    return [
        row(
            f"growth: {names[kind]} with {kind}",
            f"{job.path.split(', ')[1]}, {job.size}",
            job.unit,
            timed(Work(job.ours, job.n_ours), size.n_turns),
        )
        for kind, job in jobs
    ]


def peak(path: str, side: str, small: bool) -> float:
    """Largest memory of this process, which does one side of a path once: in megabytes."""
    job = all_jobs(SMALL if small else PUBLISHED, Machine(1, 1))[path]()
    (job.ours if side == "ours" else job.reference)()
    return peak_memory_mb()


def main(arguments: list[str]) -> None:
    """Measure, or be the process whose memory is measured."""
    obey(arguments, measure, peak, __doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
