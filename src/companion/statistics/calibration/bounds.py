"""What counted rejections say of a test: simultaneous bounds, attainable levels, a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from companion.errors import DataError

LEVEL = 0.05
"""Nominal level of every test of the book."""
CONFIDENCE = 0.99
"""That *all* bounds of a table hold at once."""
Verdict = Literal["recommended", "too often", "cannot reject"]


def simultaneous_bounds(
    rejections: ArrayLike, n_sets: ArrayLike, *, n_rows: int | None = None, confidence: float = CONFIDENCE
) -> pd.DataFrame:
    """Clopper-Pearson bounds of several shares that hold all at once (Bonferroni).

    Parameters
    ----------
    rejections, n_sets : array-like of shape (n_rows,)
        Sets in which the test rejected, of how many.
    n_rows : int, optional
        Number of shares in the family, where it is larger than what is given.
    confidence : float
        That no bound of the family is wrong.

    Returns
    -------
    DataFrame
        ``size``, ``low``, ``high``: fractions.

    Raises
    ------
    DataError
        If there are more rejections than sets.
    """
    from statsmodels.stats.proportion import proportion_confint

    counts, totals = np.broadcast_arrays(np.asarray(rejections), np.asarray(n_sets))
    if (counts > totals).any() or (counts < 0).any() or (totals < 1).any():
        raise DataError("Rejections are counted among sets", expected="0 to n_sets", got=(counts, totals))
    alpha = (1 - confidence) / (n_rows or max(counts.size, 1))
    low, high = proportion_confint(counts, totals, alpha=alpha, method="beta")
    return pd.DataFrame({"size": counts / totals, "low": low, "high": high})


def judged(size: float, low: float, attainable: float) -> Verdict:
    """Judge a test by its size.

    Parameters
    ----------
    size, low : float
        Share of null sets that it rejects, and the lower simultaneous bound.
    attainable : float
        Level that it may have at most: the nominal one, or, of an exact test, the largest p that it can give
        at or below it.

    Returns
    -------
    {"recommended", "too often", "cannot reject"}
        ``too often`` where even the lower bound exceeds the level: the excess is no accident of the draws.

    Examples
    --------
    >>> judged(0.052, 0.045, 0.05), judged(0.09, 0.08, 0.05), judged(0.0, 0.0, 0.0)
    ('recommended', 'too often', 'cannot reject')
    """
    if low > attainable:
        return "too often"
    return "cannot reject" if attainable == 0 and size == 0 else "recommended"


def attainable_level(
    p_values: ArrayLike, probabilities: ArrayLike | None = None, level: float = LEVEL
) -> float:
    """Largest probability of rejection, not above the level, that an exact test can have.

    Parameters
    ----------
    p_values : array-like
        All p that it can give under the null hypothesis.
    probabilities : array-like, optional
        How likely each is; equally, if left out.
    level : float

    Returns
    -------
    float
        0 where no p is at or below the level.
    """
    values = np.asarray(p_values, dtype=np.float64)
    chances = np.full(values.shape, 1 / values.size) if probabilities is None else np.asarray(probabilities)
    return float(chances[values <= level + 1e-12].sum())


def sign_flip_level(n: int, level: float = LEVEL) -> float:
    """Attainable two-sided level of the sign flip with n different differences.

    Examples
    --------
    >>> sign_flip_level(5), sign_flip_level(6)
    (0.0, 0.03125)
    """
    return float(np.floor(level * 2.0 ** (n - 1) + 1e-9) / 2.0 ** (n - 1))


def signed_rank_level(n: int, level: float = LEVEL) -> float:
    """Attainable two-sided level of the signed-rank test without ties.

    Examples
    --------
    >>> signed_rank_level(5), signed_rank_level(6)
    (0.0, 0.03125)
    """
    signs = np.array(list(product([-1.0, 1.0], repeat=n)))
    sums = np.abs(signs @ np.arange(1, n + 1))
    p_values = (sums[None] >= sums[:, None] - 1e-9).mean(axis=1)
    return attainable_level(p_values, level=level)


def binomial_level(n: int, chance: float, level: float = LEVEL) -> float:
    """Attainable one-sided level of the exact binomial test of n images.

    Examples
    --------
    >>> round(binomial_level(50, 1 / 50), 4)
    0.0178
    """
    counts = np.arange(n + 1)
    guesses = stats.binom(n, chance)
    return attainable_level(guesses.sf(counts - 1), guesses.pmf(counts), level)


def permutation_level(n: int, level: float = LEVEL) -> float:
    """Attainable one-sided level of the permutation of n pairings, all n! of them, were no two tied.

    Examples
    --------
    >>> permutation_level(3), round(permutation_level(4), 4)
    (0.0, 0.0417)
    """
    orders = float(np.prod(np.arange(1, n + 1, dtype=np.float64)))
    return float(np.floor(level * orders + 1e-9) / orders)


def attainable_table(people: Sequence[int] = (3, 4, 5, 6, 8, 10)) -> pd.DataFrame:
    """Floors and attainable levels of the exact tests at several n.

    Parameters
    ----------
    people : sequence of int

    Returns
    -------
    DataFrame
        ``n``; ``floor``: smallest two-sided p of sign flip and signed ranks; ``sign flip``, ``signed ranks``:
        attainable two-sided levels; ``one-sided flip``; ``McNemar``: with n images that differ;
        ``binomial``: n images among as many candidates; ``pairings``: all permutations of n pairs.
    """
    rows = []
    for n in people:
        counts = np.arange(n + 1)
        two_sided = np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(counts, n - counts), n, 0.5))
        rows.append(
            {
                "n": n,
                "floor": 2.0 ** (1 - n),
                "sign flip": sign_flip_level(n),
                "signed ranks": signed_rank_level(n),
                "one-sided flip": float(np.floor(LEVEL * 2.0**n + 1e-9) / 2.0**n),
                "McNemar": attainable_level(two_sided, stats.binom.pmf(counts, n, 0.5)),
                "binomial": binomial_level(n, 1 / n),
                "pairings": permutation_level(n),
            }
        )
    return pd.DataFrame(rows)
