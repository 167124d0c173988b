"""Evidence that a difference is small: not the same as a test that found none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from companion.checks import finite, number
from companion.errors import DataError


class Equivalence(NamedTuple):
    """Two one-sided paired t tests.

    Attributes
    ----------
    n : int
        Pairs.
    difference : float
        Mean of first minus second.
    low, high : float
        90 % interval. It lies within the margins exactly where p is below .05.
    p : float
        The larger of the two one-sided p: small means that the difference is within the margins.
    margin : float
        As given.
    """

    n: int
    difference: float
    low: float
    high: float
    p: float
    margin: float


def equivalence(first: ArrayLike, second: ArrayLike, *, margin: float) -> Equivalence:
    """Test whether a mean paired difference lies between minus and plus a margin.

    Parameters
    ----------
    first, second : array-like of shape (n_units,)
        Row i of both belongs to unit i.
    margin : float
        Largest difference that counts as none, in the unit of the values, fixed before looking.

    Raises
    ------
    DataError
        If the columns do not pair, hold fewer than 3 units, or differ by a constant.

    Examples
    --------
    >>> from companion.statistics import equivalence
    >>> first, second = [20.1, 22.0, 19.5, 21.2, 20.4], [20.0, 22.3, 19.4, 21.0, 20.6]
    >>> equivalence(first, second, margin=1.0).p < 0.05  # within one point
    True
    >>> equivalence(first, second, margin=0.1).p < 0.05  # not shown to be within a tenth
    False

    References
    ----------
    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    from statsmodels.stats.weightstats import ttost_paired

    number("margin", margin, above=0)
    one, two = (finite("scores", values, ndim=1).astype(np.float64) for values in (first, second))
    if one.shape != two.shape or len(one) < 3:
        raise DataError(
            "Two columns do not pair", expected="3 or more finite pairs", got=(one.shape, two.shape)
        )
    if np.ptp(one - two) <= 1e-12 * np.abs([one, two]).max():
        raise DataError("All paired differences are equal, so t has no value", got=float((one - two)[0]))
    p, _, _ = ttost_paired(one, two, -margin, margin)
    low, high = stats.ttest_rel(one, two).confidence_interval(0.90)
    return Equivalence(len(one), float((one - two).mean()), float(low), float(high), float(p), margin)
