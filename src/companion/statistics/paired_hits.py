"""Hits and ranks of the same images under two methods, in one person and over a few.

Within a person the images are the units; over people, the people. Every test here compares what is paired.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from companion.checks import finite, whole
from companion.errors import DataError
from companion.statistics.concept_bootstrap import bootstrap_means, interval
from companion.statistics.paired import exact_floor, sign_flip
from companion.statistics.similarity import FloatArray
from companion.statistics.small_samples import whole_hits

_FEWEST = 2


class McNemar(NamedTuple):
    """Images that only one of two methods hits.

    Parameters
    ----------
    only_first, only_second : int
        Images that one method hits and the other misses.
    difference : float
        Accuracy of the first minus that of the second, as a fraction.
    p : float
        Two-sided exact p; 1 where no image tells the methods apart.
    """

    only_first: int
    only_second: int
    difference: float
    p: float


class PairedRanks(NamedTuple):
    """Ranks, or other scores, of the same images under two methods.

    Parameters
    ----------
    difference, low, high : float
        Mean of first minus second and its 95 % percentile interval, images drawn with replacement.
    p : float
        Two-sided p of exchanging the two methods image by image.
    p_greater, p_less : float
        One-sided ones: first above second, first below second.
    """

    difference: float
    low: float
    high: float
    p: float
    p_greater: float
    p_less: float


class OverPeople(NamedTuple):
    """A comparison over a few people.

    Parameters
    ----------
    n, wins : int
        People, and how many have a positive difference.
    difference : float
        Mean over people.
    p : float
        Two-sided exact sign-flip p.
    floor : float
        Smallest p that this test can give; with five people it is above .05, whatever they show.
    combined : float
        One-sided p of all people's tests together: that somebody shows the effect, not that people do.
    """

    n: int
    wins: int
    difference: float
    p: float
    floor: float
    combined: float


def mcnemar_exact(first: ArrayLike, second: ArrayLike) -> McNemar:
    """Compare which images two methods hit.

    Parameters
    ----------
    first, second : array-like of shape (n_images,)
        0 or 1, of the same images in the same order.

    Raises
    ------
    DataError
        If the columns do not pair, or hits are not whole.

    Examples
    --------
    >>> from companion.statistics import mcnemar_exact
    >>> mcnemar_exact([1, 1, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1])
    McNemar(only_first=6, only_second=1, difference=0.625, p=0.125)

    References
    ----------
    McNemar (1947), Psychometrika 12, 153-157; the exact form is the binomial test of the discordant images.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    one, two = (whole_hits(values).astype(bool) for values in _pairs(first, second))
    table = [[int((one & two).sum()), int((one & ~two).sum())], [int((~one & two).sum()), 0]]
    only_first, only_second = table[0][1], table[1][0]
    p = float(mcnemar(table, exact=True).pvalue) if only_first + only_second else 1.0
    return McNemar(only_first, only_second, (only_first - only_second) / len(one), min(1.0, p))


def compare_ranks(
    first: ArrayLike, second: ArrayLike, *, n_permutations: int = 9_999, n_bootstrap: int = 10_000, seed: int
) -> PairedRanks:
    """Compare ranks, or other scores, of the same images under two methods of one person.

    Parameters
    ----------
    first, second : array-like of shape (n_images,)
        Of the same images in the same order. Of ranks, smaller is better: ``p_less`` is the evidence for the
        first method.
    n_permutations, n_bootstrap : int
        Exchanges of the two methods (all of them, where there are no more), and draws of images.
    seed : int
        Of both.

    Raises
    ------
    DataError
        If the columns do not pair, or hold a value that is not finite.

    Examples
    --------
    >>> from companion.statistics import compare_ranks
    >>> result = compare_ranks([1, 2, 1, 3, 1, 2], [4, 3, 5, 3, 2, 9], n_bootstrap=500, seed=0)
    >>> round(result.difference, 2), result.p_less
    (-2.67, 0.03125)
    """
    one, two = _pairs(first, second)
    whole("n_permutations", n_permutations)
    whole("n_bootstrap", n_bootstrap)
    test = stats.permutation_test(
        (one, two),
        _mean_difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=n_permutations,
        batch=1000,
        alternative="greater",
        rng=np.random.default_rng(seed),
    )
    p_less = _less(test.statistic, test.null_distribution, all_exchanges=2 ** len(one) <= n_permutations)
    p = min(1.0, 2 * min(test.pvalue, p_less))
    draws = bootstrap_means((one - two)[:, None], n_bootstrap=n_bootstrap, seed=seed)[:, 0]
    low, high = interval(draws)
    return PairedRanks(
        float((one - two).mean()), float(low), float(high), float(p), float(test.pvalue), float(p_less)
    )


def over_people(differences: ArrayLike, p_values: ArrayLike) -> OverPeople:
    """Bring the comparisons of single people together.

    Parameters
    ----------
    differences : array-like of shape (n_people,)
        One per person.
    p_values : array-like of shape (n_people,)
        One-sided, in the direction of a positive difference.

    Notes
    -----
    The sign-flip test asks about people in general, and few people cannot answer it. The combined p asks
    about these people on these images. It takes their tests for independent; people who saw the same images,
    decoded with the same candidates, are not quite.
    """
    values = np.asarray(differences, dtype=np.float64)
    return OverPeople(
        n=len(values),
        wins=int((values > 0).sum()),
        difference=float(values.mean()),
        p=sign_flip(values),
        floor=exact_floor(int((values != 0).sum())),
        combined=stouffer(p_values),
    )


def stouffer(p_values: ArrayLike) -> float:
    r"""Combine one-sided p values of independent tests.

    .. math:: p = 1 - \Phi\Big( \frac{1}{\sqrt n} \sum_i \Phi^{-1}(1 - p_i) \Big)

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        Above 0 and below 1. Two-sided ones would count evidence against as evidence for.

    Raises
    ------
    DataError
        If a p is 0 or 1: its normal score is infinite and would decide alone. Use mid-p values
        (:func:`companion.statistics.small_samples.above_chance`).

    Examples
    --------
    >>> round(stouffer([0.05] * 5), 5)
    0.00012
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not ((values > 0) & (values < 1)).all():
        raise DataError(
            "These p values cannot be combined",
            expected="one-sided p values above 0 and below 1",
            got=values,
            do="take mid-p values of exact tests, and count the observed order among exchanges",
        )
    return float(stats.combine_pvalues(values, method="stouffer").pvalue)


def _less(observed: float, null: FloatArray, *, all_exchanges: bool) -> float:
    """Other side's p of the exchanges that were made for one: counted as scipy counts it.

    The observed order is one more exchange, unless all there are were made; values that differ by rounding
    are equal.
    """
    extra = 0 if all_exchanges else 1
    reached = (null <= observed + 100 * np.finfo(np.float64).eps * abs(observed)).sum()
    return float((reached + extra) / (len(null) + extra))


def _mean_difference(first: FloatArray, second: FloatArray, axis: int) -> FloatArray:
    difference: FloatArray = first.mean(axis=axis) - second.mean(axis=axis)
    return difference


def _pairs(first: ArrayLike, second: ArrayLike) -> tuple[FloatArray, FloatArray]:
    one, two = (finite("values of images", values, ndim=1).astype(np.float64) for values in (first, second))
    if one.shape != two.shape or len(one) < _FEWEST:
        raise DataError(
            "Two methods do not pair",
            expected=f"finite columns of equal length, {_FEWEST} images or more",
            got=f"{one.shape}, {two.shape}",
        )
    return one, two
