"""Intervals for means over people and pictures, where every person saw the same pictures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from companion.checks import finite, whole
from companion.statistics.concept_bootstrap import interval
from companion.statistics.similarity import FloatArray


class CrossedInterval(NamedTuple):
    """A mean with its bootstrap interval, in the unit of the values."""

    mean: float
    low: float
    high: float


def crossed_draws(values: ArrayLike, *, n_bootstrap: int, seed: int) -> FloatArray:
    """Means of a table whose rows and columns are both drawn anew.

    Parameters
    ----------
    values : array-like of shape (n_subjects, n_images)
        For a comparison, differences.
    n_bootstrap : int
        Number of draws.
    seed : int
        Of the draws.

    Returns
    -------
    ndarray of shape (n_bootstrap,)

    Raises
    ------
    DataError
        If the table is not full.
    """
    table = np.asarray(finite("scores of subjects by images", values, ndim=2), dtype=np.float64)
    whole("n_bootstrap", n_bootstrap)
    rng = np.random.default_rng(seed)
    of_subjects, of_images = (
        rng.multinomial(size, np.full(size, 1 / size), size=n_bootstrap) / size for size in table.shape
    )
    draws: FloatArray = ((of_subjects @ table) * of_images).sum(axis=1)
    return draws


def crossed_interval(
    values: ArrayLike, *, n_bootstrap: int = 10_000, seed: int = 0, level: float = 0.95
) -> CrossedInterval:
    """Percentile interval of a mean over subjects and test images, with both drawn anew.

    Subjects who saw the same 200 images share whatever is peculiar to these. An interval over subjects alone
    says what other people would show on the *same* images; this one also lets the images vary.

    Parameters
    ----------
    values : array-like of shape (n_subjects, n_images)
        For a comparison, differences.
    n_bootstrap, seed : int
        Number of draws, and their seed.
    level : float
        Coverage asked for.

    Notes
    -----
    Conservative: what neither subjects nor images explain (noise of single cells) is counted once by drawing
    subjects, once by drawing images, so that the variance is too large, up to threefold where cells are
    nothing but noise. It errs towards saying less. With very few subjects percentiles are too narrow as
    usual; four subjects stay four.

    Examples
    --------
    Two people who agree about pictures that do not; the interval lets both vary:

    >>> import numpy as np
    >>> from companion.statistics import crossed_interval
    >>> gains = np.array([[0.0, 10.0, 0.0, 10.0], [0.0, 10.0, 2.0, 10.0]])
    >>> crossed = crossed_interval(gains, n_bootstrap=2000, seed=0)
    >>> crossed.mean, bool(crossed.low < 2 < 8 < crossed.high)
    (5.25, True)

    References
    ----------
    McCullagh (2000), Bernoulli 6, 285-301; Owen (2007), Annals of Applied Statistics 1, 386-411.
    """
    draws = crossed_draws(values, n_bootstrap=n_bootstrap, seed=seed)
    low, high = interval(draws, level)
    return CrossedInterval(float(np.asarray(values, dtype=np.float64).mean()), float(low), float(high))
