"""Tests within single persons, done for many sets at once; each gives what the book's own function gives."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import stats

from companion.statistics.similarity import FloatArray

_BLOCK = 2**23  # exchanged means held at a time
_RANGES = np.linspace(0, 12, 1201)


class Exchanged(NamedTuple):
    """p of exchanging two methods image by image: two-sided, first above second, first below second."""

    two_sided: FloatArray
    greater: FloatArray
    less: FloatArray


def exchanged(differences: FloatArray, *, n_permutations: int, rng: np.random.Generator) -> Exchanged:
    """Exchange two methods image by image (:func:`companion.statistics.paired_hits.compare_ranks`).

    All sets see the same exchanges.

    Parameters
    ----------
    differences : ndarray of shape (n_sets, n_images)
        Of one person each.
    n_permutations : int
    rng : Generator

    Returns
    -------
    Exchanged
        Arrays of shape (n_sets,).
    """
    n = differences.shape[1]
    signs = rng.integers(0, 2, size=(n_permutations, n)) * 2.0 - 1
    step = max(1, _BLOCK // n_permutations)
    reached = []
    for start in range(0, len(differences), step):
        part = differences[start : start + step]
        observed, drawn = part.sum(axis=1, keepdims=True), part @ signs.T
        slack = 1e-9 * np.abs(part).sum(axis=1, keepdims=True)  # sums in another order differ in rounding
        above, below = drawn >= observed - slack, drawn <= observed + slack
        reached.append(np.stack([above.sum(axis=1), below.sum(axis=1)]))
    greater, less = (1 + np.concatenate(reached, axis=1)) / (1 + n_permutations)
    return Exchanged(np.minimum(1.0, 2 * np.minimum(greater, less)), greater, less)


def stouffers(p_values: FloatArray) -> FloatArray:
    """Combine one-sided p values over people (:func:`companion.statistics.paired_hits.stouffer`).

    Parameters
    ----------
    p_values : ndarray of shape (n_sets, n_people)
        Above 0 and below 1.

    Returns
    -------
    ndarray of shape (n_sets,)
    """
    scores = stats.norm.isf(p_values).sum(axis=1) / np.sqrt(p_values.shape[1])
    return np.asarray(stats.norm.sf(scores))


def mcnemars(first: FloatArray, second: FloatArray) -> FloatArray:
    """Exact two-sided McNemar p (:func:`companion.statistics.paired_hits.mcnemar_exact`).

    Parameters
    ----------
    first, second : ndarray of shape (n_sets, n_images)
        Hits of one person; anything but zero is one.

    Returns
    -------
    ndarray of shape (n_sets,)
    """
    one, two = first != 0, second != 0
    only = np.stack([(one & ~two).sum(axis=1), (~one & two).sum(axis=1)])
    return np.asarray(np.minimum(1.0, 2 * stats.binom.cdf(only.min(axis=0), only.sum(axis=0), 0.5)))


def binomials(hits: FloatArray, chance: float) -> FloatArray:
    """One-sided exact binomial p (:func:`companion.statistics.small_samples.above_chance`).

    Parameters
    ----------
    hits : ndarray of shape (n_sets, n_images)
        0 or 1.
    chance : float
        Probability of a hit.

    Returns
    -------
    ndarray of shape (n_sets,)
    """
    return np.asarray(stats.binom.sf(hits.sum(axis=1) - 1, hits.shape[1], chance))


def largest_difference(levels: FloatArray) -> FloatArray:
    """Smallest p of all Tukey pairs (:func:`companion.statistics.level_tests.compare_levels`).

    Parameters
    ----------
    levels : ndarray of shape (n_sets, n_levels, n_units)

    Returns
    -------
    ndarray of shape (n_sets,)
    """
    _, n_levels, n = levels.shape
    within = levels.var(axis=2, ddof=1).mean(axis=1)
    means = levels.mean(axis=2)
    q = np.ptp(means, axis=1) / np.sqrt(within / n)
    df = n_levels * (n - 1)
    return np.asarray(np.interp(q, _RANGES, _studentised(n_levels, df)))


@cache
def _studentised(n_levels: int, df: int) -> FloatArray:
    """Upper tail of the studentised range up to 12; it is slow to compute, and smooth."""
    from scipy.interpolate import PchipInterpolator

    places = np.linspace(0, 12, 31)
    tail = stats.studentized_range.sf(places, n_levels, df)
    return np.asarray(np.clip(PchipInterpolator(places, tail)(_RANGES), 0, 1))
