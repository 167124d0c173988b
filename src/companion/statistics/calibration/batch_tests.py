"""Tests over people, done for many sets at once; each gives what the book's own function gives set by set.

The book's functions take one comparison at a time. Thousands of null sets need the same arithmetic on arrays
with one more axis; ``tests/statistics/test_calibration_batches.py`` holds every function here against the
book's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from companion.statistics.similarity import FloatArray


class Bounds(NamedTuple):
    """Lower and upper bound of an interval in each set."""

    low: FloatArray
    high: FloatArray

    def excludes(self, value: float = 0.0) -> FloatArray:
        """Whether a value lies outside, set by set: (n_sets,)."""
        return np.asarray((self.low > value) | (self.high < value))


def paired_t(differences: FloatArray) -> FloatArray:
    """Two-sided p of t tests of mean zero (:func:`companion.statistics.paired.paired_tests`).

    Parameters
    ----------
    differences : ndarray of shape (n_sets, n_units)

    Returns
    -------
    ndarray of shape (n_sets,)
        1 where all differences are zero, 0 where they are equal and not zero.
    """
    n = differences.shape[1]
    mean, error = differences.mean(axis=1), differences.std(axis=1, ddof=1) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(mean == 0, 0.0, np.abs(mean) / error)
    return np.asarray(2 * stats.t.sf(t, n - 1))


def t_bounds(differences: FloatArray, level: float = 0.95) -> Bounds:
    """Student's interval of the mean over units, set by set."""
    n = differences.shape[1]
    half = stats.t.isf((1 - level) / 2, n - 1) * differences.std(axis=1, ddof=1) / np.sqrt(n)
    mean = differences.mean(axis=1)
    return Bounds(mean - half, mean + half)


def sign_flips(differences: FloatArray) -> FloatArray:
    """Exact two-sided sign-flip p (:func:`companion.statistics.paired.sign_flip`).

    Parameters
    ----------
    differences : ndarray of shape (n_sets, n_units)
        Up to about a dozen units: all sign patterns are enumerated.

    Returns
    -------
    ndarray of shape (n_sets,)
    """
    n_free = differences.shape[1] - 1
    patterns = 2.0 * (np.arange(2**n_free)[:, None] >> np.arange(n_free) & 1) - 1
    sums = differences[:, -1:] + differences[:, :-1] @ patterns.T
    observed = np.abs(differences.sum(axis=1)) - 1e-9 * np.abs(differences).sum(axis=1)
    return np.asarray((np.abs(sums) >= observed[:, None]).mean(axis=1))


def signed_ranks(differences: FloatArray) -> FloatArray:
    """Exact two-sided Wilcoxon p (:func:`companion.statistics.paired.wilcoxon`).

    Parameters
    ----------
    differences : ndarray of shape (n_sets, n_units)

    Returns
    -------
    ndarray of shape (n_sets,)
        1 where fewer than two differences are not zero.
    """
    moved = differences != 0
    ranks = stats.rankdata(np.round(np.abs(differences), 9), axis=1)
    # Zeros have the smallest ranks; without them all others move down by their number.
    own = np.where(moved, ranks - (~moved).sum(axis=1, keepdims=True), 0.0)
    found = sign_flips(np.sign(differences) * own)
    return np.where(moved.sum(axis=1) < 2, 1.0, found)


def crossed_bounds(tables: FloatArray, *, n_bootstrap: int, seed: int, level: float = 0.95) -> Bounds:
    """Crossed bootstrap intervals (:func:`companion.statistics.crossed_bootstrap.crossed_interval`).

    Every set is resampled with the same draws, as it is when each is a call with the same seed.

    Parameters
    ----------
    tables : ndarray of shape (n_sets, n_people, n_images)
    n_bootstrap, seed : int
    level : float
    """
    rng = np.random.default_rng(seed)
    of_people, of_images = (
        rng.multinomial(size, np.full(size, 1 / size), size=n_bootstrap) / size for size in tables.shape[1:]
    )
    draws = np.stack([((of_people.T) * (table @ of_images.T)).sum(axis=0) for table in tables])
    tail = (1 - level) / 2
    return Bounds(*np.quantile(draws, [tail, 1 - tail], axis=1))


def people_bounds(differences: FloatArray, *, n_bootstrap: int, seed: int, level: float = 0.95) -> Bounds:
    """Percentile bootstrap over units (:func:`companion.statistics.concept_bootstrap.bootstrap_means`).

    Parameters
    ----------
    differences : ndarray of shape (n_sets, n_units)
    n_bootstrap, seed : int
    level : float
    """
    n = differences.shape[1]
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=n_bootstrap)
    tail = (1 - level) / 2
    return Bounds(*np.quantile(differences @ counts.T / n, [tail, 1 - tail], axis=1))


def accelerated_bounds(differences: FloatArray, *, n_bootstrap: int, seed: int) -> Bounds:
    """Bias-corrected and accelerated intervals, as in :func:`companion.statistics.scales.bootstrap_scales`.

    Parameters
    ----------
    differences : ndarray of shape (n_sets, n_units)
        Points; of their mean the interval of pairs and that of differences are the same.
    n_bootstrap, seed : int

    Returns
    -------
    Bounds
        Where the method has no value (all differences equal), the mean.
    """
    bounds = np.empty((2, len(differences)))
    for row, values in enumerate(differences):
        if np.ptp(values) == 0:
            bounds[:, row] = values[0]
            continue
        found = stats.bootstrap(
            (values,), np.mean, n_resamples=n_bootstrap, vectorized=True, rng=np.random.default_rng(seed)
        ).confidence_interval
        bounds[:, row] = found.low, found.high
    return Bounds(*bounds)


def mixed(tables: FloatArray) -> FloatArray:
    """Two-sided p of the mixed model (:func:`companion.statistics.mixed_difference.mixed_difference`).

    Parameters
    ----------
    tables : ndarray of shape (n_sets, n_people, n_images)
        Differences.

    Returns
    -------
    ndarray of shape (n_sets,)
    """
    _, people, images = tables.shape
    mean = tables.mean(axis=(1, 2), keepdims=True)
    rows, columns = (tables.mean(axis=axis, keepdims=True) - mean for axis in (2, 1))
    left = tables - mean - rows - columns
    sums = np.stack(
        [images * (rows**2).sum((1, 2)), people * (columns**2).sum((1, 2)), (left**2).sum((1, 2))]
    )
    dfs = np.array([people - 1.0, images - 1.0, (people - 1.0) * (images - 1.0)])
    variance, df = _pooled(sums, dfs)
    error = np.sqrt(variance / (people * images))
    return np.asarray(2 * stats.t.sf(np.abs(mean[:, 0, 0]) / error, df))


def _pooled(sums: FloatArray, dfs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Variance of the mean, times the number of differences, and its df, (n_sets,) each, by REML."""
    plain = sums / dfs[:, None]
    order = np.argsort(plain[:2], axis=0)
    pooled = np.zeros(plain.shape, dtype=bool)
    pooled[2] = True
    rest = plain[2].copy()
    for place in order:  # the smaller of the two mean squares first
        taken = np.take_along_axis(plain, place[None], axis=0)[0] < rest
        np.put_along_axis(pooled, place[None], taken[None], axis=0)
        rest = np.where(taken, (sums * pooled).sum(axis=0) / (dfs[:, None] * pooled).sum(axis=0), rest)
    squares = np.where(pooled, rest, plain)
    variance = squares[0] + squares[1] - squares[2]
    weight = pooled.sum(axis=0) - 2
    spread = np.where(pooled, 0, squares**2 / dfs[:, None]).sum(axis=0)
    spread += weight**2 * rest**2 / (dfs[:, None] * pooled).sum(axis=0)
    return variance, variance**2 / spread


def equivalent(differences: FloatArray, margin: float) -> FloatArray:
    """Larger p of two one-sided paired t tests (:func:`companion.statistics.equivalence.equivalence`).

    Parameters
    ----------
    differences : ndarray of shape (n_sets, n_units)
    margin : float

    Returns
    -------
    ndarray of shape (n_sets,)
        1 where all differences are equal.
    """
    n = differences.shape[1]
    mean, error = differences.mean(axis=1), differences.std(axis=1, ddof=1) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.minimum(mean + margin, margin - mean) / error
    return np.where(np.ptp(differences, axis=1) == 0, 1.0, stats.t.sf(t, n - 1))


def unpaired_t(first: FloatArray, second: FloatArray) -> FloatArray:
    """Two-sided p of Student's t test of two independent samples of one size.

    With equal sizes its statistic is that of :func:`companion.statistics.summaries.welch`.

    Parameters
    ----------
    first, second : ndarray of shape (n_sets, n_units)

    Returns
    -------
    ndarray of shape (n_sets,)
        1 where neither sample has any spread.
    """
    n = first.shape[1]
    error = np.sqrt((first.var(axis=1, ddof=1) + second.var(axis=1, ddof=1)) / n)
    apart = np.abs(first.mean(axis=1) - second.mean(axis=1))
    t = np.divide(apart, error, out=np.zeros_like(apart), where=error > 0)
    return np.asarray(2 * stats.t.sf(t, 2 * n - 2))
