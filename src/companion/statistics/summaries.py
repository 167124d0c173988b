"""What follows from printed summaries alone, without the measurements behind them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from companion.errors import DataError


class Summary(NamedTuple):
    """Mean, standard deviation and number of the measurements of one group."""

    mean: float
    sd: float
    n: int


def welch(first: Summary, second: Summary) -> tuple[float, float]:
    """Welch's unpaired t test from two summaries.

    Returns
    -------
    t, p : float
        Statistic and two-sided p. Without any spread, equal means give p = 1 and others p = 0.

    Examples
    --------
    >>> from companion.statistics.summaries import Summary, welch
    >>> t, p = welch(Summary(30.0, 2.0, 10), Summary(28.0, 3.0, 10))
    >>> round(t, 3), round(p, 3)
    (1.754, 0.099)
    """
    if first.sd == second.sd == 0:
        same = first.mean == second.mean
        return (0.0, 1.0) if same else (float(np.copysign(np.inf, first.mean - second.mean)), 0.0)
    test = stats.ttest_ind_from_stats(*first, *second, equal_var=False)
    return float(test.statistic), float(test.pvalue)


def paired_p_if_correlated(first: Summary, second: Summary, correlation: float) -> float:
    """Two-sided p a paired t test would give, were the pairs correlated as stated.

    Parameters
    ----------
    first, second : Summary
        The two conditions, measured on the same ``n`` units.
    correlation : float
        Pearson correlation over the units.
    """
    n = _pairs(first, second)
    variance = first.sd**2 + second.sd**2 - 2 * correlation * first.sd * second.sd
    t = (first.mean - second.mean) / np.sqrt(variance / n)
    return float(2 * stats.t.sf(abs(t), n - 1))


def correlation_for_p(first: Summary, second: Summary, p: float) -> float:
    """Correlation over units at which a paired t test gives exactly this p; more correlation, smaller p.

    Parameters
    ----------
    first, second : Summary
        The two conditions, measured on the same ``n`` units.
    p : float
        Two-sided p.

    Returns
    -------
    float
        Values outside [-1, 1] mean that no correlation gives this p.
    """
    n = _pairs(first, second)
    t = stats.t.isf(p / 2, n - 1)
    variance = n * (first.mean - second.mean) ** 2 / t**2
    return float((first.sd**2 + second.sd**2 - variance) / (2 * first.sd * second.sd))


def fisher_interval(r: ArrayLike, n: int, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a Pearson correlation by Fisher's z.

    Parameters
    ----------
    r : array-like
        Correlations.
    n : int
        Number of independent pairs behind each.
    confidence : float
        Coverage.

    Returns
    -------
    low, high : ndarray
        Of the shape of ``r``.
    """
    half = stats.norm.isf((1 - confidence) / 2) / np.sqrt(n - 3)
    z = np.arctanh(np.asarray(r, dtype=np.float64))
    return np.tanh(z - half), np.tanh(z + half)


def mcnemar_bounds(hits_first: int, hits_second: int, n_items: int) -> tuple[float, float]:
    """Smallest and largest exact McNemar p that two hit counts allow.

    Two decoders tried the same items. McNemar's test reads how many items only the first got right and how
    many only the second; the counts of hits fix the difference of the two, not their sum. Every possible
    overlap is tried.

    Parameters
    ----------
    hits_first, hits_second : int
        Items each decoder got right.
    n_items : int
        Items both tried.

    Returns
    -------
    low, high : float
        If ``high`` is below 0.05 the decoders differ whatever the overlap; if ``low`` is above, no overlap
        makes the difference significant.

    Examples
    --------
    >>> low, high = mcnemar_bounds(9, 7, 200)
    >>> round(low, 2), round(high, 2)
    (0.5, 0.8)
    """
    both = np.arange(max(0, hits_first + hits_second - n_items), min(hits_first, hits_second) + 1)
    only_first, only_second = hits_first - both, hits_second - both
    p = [
        stats.binomtest(int(k), int(k + m)).pvalue if k + m else 1.0
        for k, m in zip(only_first, only_second, strict=True)
    ]
    return float(min(p)), float(max(p))


def _pairs(first: Summary, second: Summary) -> int:
    if first.n != second.n:
        raise DataError(
            "A paired test needs as many units in both conditions", got=f"{first.n} and {second.n}"
        )
    return first.n
