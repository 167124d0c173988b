"""What a leak adds to a score: leaky minus honest, over people, seeds or worlds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from companion.checks import finite
from companion.errors import DataError
from companion.statistics.recommended import FEWEST


class Inflation(NamedTuple):
    """Honest and leaky score side by side, in the unit of the scores.

    Parameters
    ----------
    n : int
        Units: people, seeds or worlds.
    honest, leaky : float
        Means.
    difference, low, high : float
        Leaky minus honest, with its 95 % interval over units (Student's t). Without an interval (not a
        number) where there are fewer than three units.
    """

    n: int
    honest: float
    leaky: float
    difference: float
    low: float
    high: float

    @property
    def word(self) -> str:
        """What the interval says: ``adds``, ``takes``, ``adds nothing that shows`` or ``untested``."""
        if np.isnan(self.low):
            return "untested"
        if self.low > 0:
            return "adds"
        return "takes" if self.high < 0 else "adds nothing that shows"


def inflation(honest: ArrayLike, leaky: ArrayLike) -> Inflation:
    """Compare two ways of scoring the same units.

    Parameters
    ----------
    honest, leaky : array-like of shape (n_units,)
        Row i of both belongs to unit i.

    Returns
    -------
    Inflation

    Raises
    ------
    DataError
        If the two do not pair, or a score is not finite.

    Examples
    --------
    >>> from companion.statistics import inflation
    >>> found = inflation(honest=[10.0, 12.0, 11.0, 9.0], leaky=[30.0, 33.0, 28.0, 31.0])
    >>> found.difference, found.word
    (20.0, 'adds')
    """
    one, two = (finite("scores", values, ndim=1).astype(np.float64) for values in (honest, leaky))
    if one.shape != two.shape:
        raise DataError("Honest and leaky scores do not pair", got=f"{one.shape}, {two.shape}")
    differences = two - one
    n, mean = differences.size, float(differences.mean())
    half = np.nan
    if n >= FEWEST:
        half = float(stats.t.isf(0.025, n - 1)) * float(differences.std(ddof=1)) / np.sqrt(n)
    return Inflation(n, float(one.mean()), float(two.mean()), mean, mean - half, mean + half)
