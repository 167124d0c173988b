"""Paired comparisons of a few units: t, Wilcoxon and sign-flip tests, effect sizes with intervals.

The unit is whatever the pairs are: with one value per subject (averaged over seeds beforehand), the subject.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from companion.checks import finite, whole
from companion.errors import DataError

MOST_ENUMERATED = 20
"""Largest number of pairs whose 2^n sign patterns are enumerated."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PairedResult:
    """Everything a paired comparison of ``first`` and ``second`` says; differences are first minus second.

    Attributes
    ----------
    n : int
        Number of pairs.
    wins, ties, losses : int
        Pairs with a positive, zero and negative difference.
    difference, low, high : float
        Mean difference and its 95 % interval (Student's t).
    correlation : float
        Pearson correlation of the two columns over the units; undefined where a column is constant.
    dz, dz_low, dz_high : float
        Cohen's dz, the mean difference over the standard deviation of the differences, and its 95 % interval.
    t, p_t : float
        Paired t statistic, n - 1 degrees of freedom, and its two-sided p.
    p_wilcoxon, p_sign_flip : float
        Exact two-sided p of the signed-rank and the sign-flip test.
    floor : float
        Smallest p that either exact test can give with this many non-zero differences.

    Examples
    --------
    >>> from companion.statistics import paired_tests
    >>> result = paired_tests([30.1, 28.4, 33.0, 29.5], [27.9, 28.0, 30.2, 27.1])
    >>> result.n, result.wins, round(result.difference, 2), round(result.dz, 2)
    (4, 4, 1.95, 1.83)
    >>> result.p_sign_flip == result.floor  # four people cannot give less
    True
    """

    n: int
    wins: int
    ties: int
    losses: int
    difference: float
    low: float
    high: float
    correlation: float
    dz: float
    dz_low: float
    dz_high: float
    t: float
    p_t: float
    p_wilcoxon: float
    p_sign_flip: float
    floor: float


def paired_tests(first: ArrayLike, second: ArrayLike) -> PairedResult:
    """Compare two columns of paired values in every way used in this book.

    Parameters
    ----------
    first, second : array-like of shape (n_units,)
        Row i of both belongs to unit i.

    Returns
    -------
    PairedResult

    Raises
    ------
    DataError
        If the columns do not pair, hold fewer than 3 or more than `MOST_ENUMERATED` units or a value that is
        not finite, or if all differences are equal (their spread is zero and t has no value).

    Examples
    --------
    >>> from companion.statistics import paired_tests
    >>> aligned, base = [30.1, 28.4, 33.0, 29.5, 31.2, 27.7], [27.9, 28.0, 30.2, 27.1, 31.5, 26.0]
    >>> result = paired_tests(aligned, base)
    >>> round(result.difference, 2), round(result.low, 2), round(result.high, 2)
    (1.53, 0.25, 2.82)
    >>> round(result.p_t, 3), result.p_sign_flip, result.floor
    (0.028, 0.0625, 0.03125)
    """
    one, two = (finite("values of units", values, ndim=1).astype(np.float64) for values in (first, second))
    if one.shape != two.shape:
        raise DataError(
            "Two columns do not pair", expected="equally long columns", got=f"{one.shape}, {two.shape}"
        )
    differences = _checked(one - two)
    if np.ptp(differences) <= 1e-12 * np.abs(differences).max():
        raise DataError("All paired differences are equal, so t has no value", got=differences[0])
    test = stats.ttest_rel(one, two)
    low, high = test.confidence_interval(0.95)
    dz_low, dz_high = dz_interval(float(test.statistic), differences.size)
    signs = np.sign(differences)
    with np.errstate(invalid="ignore"):  # a constant column correlates with nothing: nan, and no warning
        correlation = float(np.corrcoef(one, two)[0, 1])
    return PairedResult(
        n=differences.size,
        wins=int((signs > 0).sum()),
        ties=int((signs == 0).sum()),
        losses=int((signs < 0).sum()),
        difference=float(differences.mean()),
        low=float(low),
        high=float(high),
        correlation=correlation,
        dz=float(differences.mean() / differences.std(ddof=1)),
        dz_low=dz_low,
        dz_high=dz_high,
        t=float(test.statistic),
        p_t=float(test.pvalue),
        p_wilcoxon=wilcoxon(differences),
        p_sign_flip=sign_flip(differences),
        floor=exact_floor(int((signs != 0).sum())),
    )


def sign_flip(differences: ArrayLike) -> float:
    """Exact two-sided sign-flip test of a mean difference of zero.

    Were there no effect, each unit's difference could as well have the other sign. p is the share of all 2^n
    sign patterns whose absolute sum is at least the one observed. Zeros stay in; their sign does not matter.

    Parameters
    ----------
    differences : array-like of shape (n_units,)

    Returns
    -------
    float
        A multiple of 2 / 2^n.

    Notes
    -----
    Sums within rounding error of the observed one count as reaching it, because printed values tie often and
    sums of decimals are not exact.

    Examples
    --------
    >>> from companion.statistics import sign_flip
    >>> sign_flip([1.0, 2.0, 3.0, 4.0]), sign_flip([-1.0, 2.0, 3.0, 4.0])
    (0.125, 0.25)
    """
    return _signs_enumerated(_checked(differences))


def wilcoxon(differences: ArrayLike) -> float:
    """Exact two-sided Wilcoxon signed-rank test.

    Zero differences are dropped (Wilcoxon's rule). Tied ones share their mean rank, and p is still exact,
    because the signs of the mid-ranks are enumerated. Without ties it is scipy's exact one.

    Parameters
    ----------
    differences : array-like of shape (n_units,)

    Returns
    -------
    float
        1 if every difference is zero.

    Examples
    --------
    >>> from companion.statistics import wilcoxon
    >>> wilcoxon([1.0, 2.0, 3.0, 4.0]), wilcoxon([-1.0, 2.0, 3.0, 4.0, 0.0])
    (0.125, 0.25)
    """
    values = _checked(differences)
    moved = values[values != 0]
    if moved.size < 2:
        return 1.0
    # Printed decimals that are equal may differ in the last bit once subtracted; a small unit ties nothing.
    unit = min(1.0, float(np.abs(moved).max()))
    ranks = stats.rankdata(np.round(np.abs(moved) / unit, 9))
    return _signs_enumerated(np.sign(moved) * ranks)


def exact_floor(n_nonzero: int) -> float:
    """Smallest two-sided p of the signed-rank and sign-flip tests: 2 / 2^n.

    Parameters
    ----------
    n_nonzero : int
        Number of pairs that differ.

    Examples
    --------
    >>> from companion.statistics import exact_floor
    >>> exact_floor(4), exact_floor(10)
    (0.125, 0.001953125)
    """
    whole("n_nonzero", n_nonzero, least=0)
    return min(1.0, 2.0 ** (1 - int(n_nonzero)))


def dz_interval(t: float, n: int) -> tuple[float, float]:
    """95 % interval of Cohen's dz: the noncentralities under which the observed t is just not surprising.

    Parameters
    ----------
    t : float
        Paired t statistic.
    n : int
        Number of pairs.

    Returns
    -------
    low, high : float
        In units of the standard deviation of the differences.

    References
    ----------
    Steiger and Fouladi (1997), in What if there were no significance tests?, 221-257.
    """
    # The distribution mirrors, and scipy's is more accurate for positive t. Near-normal theory says how far
    # to search: the bounds lie about 1.96 of these standard deviations from t, and scipy fails far beyond.
    size, deviation = abs(t), float(np.sqrt(1 + t**2 / (2 * (n - 1))))

    def bound(probability: float) -> float:
        def excess(noncentrality: float) -> float:
            return float(stats.nct.cdf(size, n - 1, noncentrality)) - probability

        return float(optimize.brentq(excess, size - 2.2 * deviation, size + 2.2 * deviation) / np.sqrt(n))

    low, high = bound(0.975), bound(0.025)
    return (low, high) if t >= 0 else (-high, -low)


def _signs_enumerated(values: Floats) -> float:
    """Share of all sign patterns whose absolute sum reaches the observed one; half mirror the others."""
    sums = values[-1:]
    for value in values[:-1]:  # each doubles the sums that there are
        sums = np.concatenate([sums - value, sums + value])
    tolerance = 1e-9 * np.abs(values).sum()
    return float(np.mean(np.abs(sums) >= abs(values.sum()) - tolerance))


def _checked(differences: ArrayLike) -> Floats:
    values = finite("differences", differences, ndim=1).astype(np.float64)
    if not 3 <= values.size <= MOST_ENUMERATED:
        raise DataError(
            "These differences cannot be tested by enumeration",
            expected=f"3 to {MOST_ENUMERATED} finite numbers, one per unit",
            got=f"shape {values.shape}, {int(np.isfinite(values).sum())} finite",
            do="average to one value per unit first",
        )
    return values
