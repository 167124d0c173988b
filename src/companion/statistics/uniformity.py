"""Whether a test errs as often as it says: p-values of repeated null worlds against all they could have been.

An exact sign-flip p is no continuous number: with ten people it is a multiple of 1/512, and with tied or zero
differences some multiples cannot occur. Without an effect every sign pattern is as likely as the one
observed, so what p could have been is known for each world, and the p-values of many worlds are held against
that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from companion.errors import DataError

MOST_PEOPLE = 16
"""Largest number of people whose sign patterns are enumerated for every world."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Uniformity:
    """How the p-values of repeated worlds compare with what they could have been.

    Attributes
    ----------
    p_values : ndarray of shape (n_worlds,)
        Exact two-sided sign-flip p of each world.
    passed, expected : float
        Share of worlds with p at most ``level``, and the share expected without an effect; tied differences
        make it smaller than ``level``, never larger.
    level : float
    distance : float
        Largest distance between the distribution of the p-values and the expected one (Kolmogorov-Smirnov).
    p_distance : float
        How often signs drawn at random give so large a distance.
    p_passed : float
        How often signs drawn at random let so many worlds pass, or more.
    """

    p_values: Floats
    passed: float
    expected: float
    level: float
    distance: float
    p_distance: float
    p_passed: float


def uniformity(
    differences: npt.ArrayLike, *, level: float = 0.05, n_draws: int = 2000, seed: int = 0
) -> Uniformity:
    """Compare the sign-flip p-values of repeated worlds with all they could have been.

    Parameters
    ----------
    differences : array-like of shape (n_worlds, n_people)
        One row per world, with people of its own.
    level : float
        Of the test, 0 to 1.
    n_draws : int
        Drawn sets of signs; one pattern for each world.
    seed : int

    Returns
    -------
    Uniformity

    Raises
    ------
    DataError
        If there are fewer than 2 worlds, fewer than 3 or more than `MOST_PEOPLE` people, or a value that is
        not finite.
    """
    values = np.asarray(differences, dtype=np.float64)
    if (
        values.ndim != 2
        or len(values) < 2
        or not 3 <= values.shape[1] <= MOST_PEOPLE
        or not np.isfinite(values).all()
    ):
        raise DataError(
            "These differences are not those of repeated worlds",
            expected=f"2 worlds or more of 3 to {MOST_PEOPLE} people, finite numbers",
            got=f"shape {values.shape}, {int(np.isfinite(values).sum())} finite",
        )
    counts = np.stack([_pattern_counts(row) for row in values])  # p of each pattern, times their number
    n_patterns = counts.shape[1]
    chances = np.bincount(counts.ravel(), minlength=n_patterns + 1).cumsum() / counts.size
    most = int(np.floor(level * n_patterns + 1e-9))
    observed = counts[:, -1]  # the last pattern is the one observed
    distance, passed = _distance(observed[None], chances)[0], np.mean(observed <= most)
    rng = np.random.default_rng(seed)
    drawn = counts[np.arange(len(counts)), rng.integers(n_patterns, size=(n_draws, len(counts)))]
    distances, passes = _distance(drawn, chances), (drawn <= most).mean(axis=1)
    return Uniformity(
        p_values=observed / n_patterns,
        passed=float(passed),
        expected=float(chances[most]),
        level=level,
        distance=float(distance),
        p_distance=float((1 + (distances >= distance - 1e-12).sum()) / (n_draws + 1)),
        p_passed=float((1 + (passes >= passed - 1e-12).sum()) / (n_draws + 1)),
    )


def _pattern_counts(row: Floats) -> Integers:
    """For each sign pattern (half of them; the others mirror these), how many reach its absolute sum."""
    n_free = row.size - 1
    bits = np.arange(2**n_free)[:, None] >> np.arange(n_free) & 1
    sums = np.abs(row[-1] + (2.0 * bits - 1.0) @ row[:-1])
    # sums of decimals are not exact: what differs by rounding error counts as tied
    tolerance = 1e-9 * np.abs(row).sum()
    ordered = np.sort(sums)
    reached: Integers = len(sums) - np.searchsorted(ordered, sums - tolerance)
    return reached


def _distance(counts: Integers, chances: Floats) -> Floats:
    """Largest distance of each row's cumulative shares from the expected ones: (n_rows,)."""
    size = len(chances)
    places = counts + size * np.arange(len(counts))[:, None]
    shares = np.bincount(places.ravel(), minlength=size * len(counts)).reshape(-1, size) / counts.shape[1]
    largest: Floats = np.abs(shares.cumsum(axis=1) - chances).max(axis=1)
    return largest
