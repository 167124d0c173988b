"""Intervals for similarity scores from resampled concepts.

Pairs of a matrix are not independent: each concept is in many of them. Concepts are therefore drawn with
replacement, a pair counts as often as the product of its two concepts was drawn, and pairs of a concept with
its own copies do not count. All scores see the same draws, so differences between scores have intervals too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from companion.checks import finite, number, whole
from companion.statistics.similarity import FloatArray, Pairs, standardised


def bootstrap_spearman(
    first: FloatArray,
    second: FloatArray,
    pairs: Pairs,
    *,
    n_bootstrap: int,
    seed: int,
    control: FloatArray | None = None,
) -> FloatArray:
    """Rank correlations of every row of ``first`` with every row of ``second`` in resampled concepts.

    Ranks are formed anew in each resample. The work per resample is linear in the number of pairs: values are
    sorted once, and the rank of a value is the weight of all smaller values plus half the weight of its ties.

    Parameters
    ----------
    first : ndarray of shape (n_first, n_pairs)
    second : ndarray of shape (n_second, n_pairs)
    pairs : Pairs
        The pairs that both were taken from; their labels are what is resampled.
    n_bootstrap : int
        Number of resamples.
    seed : int
        Seed of the draws.
    control : ndarray of shape (n_pairs,), optional
        As in :func:`companion.statistics.spearman`.

    Returns
    -------
    ndarray of shape (n_bootstrap, n_first, n_second)

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import Pairs, bootstrap_spearman
    >>> rng = np.random.default_rng(0)
    >>> pairs = Pairs([f"concept {row}" for row in range(12)])
    >>> brain = rng.normal(size=len(pairs))
    >>> model = brain + rng.normal(size=(2, len(pairs))) * [[0.3], [3.0]]
    >>> draws = bootstrap_spearman(model, brain[None], pairs, n_bootstrap=200, seed=0)
    >>> draws.shape, bool((draws[:, 0, 0] > draws[:, 1, 0]).mean() > 0.95)
    ((200, 2, 1), True)

    References
    ----------
    Nili et al. (2014), PLoS Computational Biology 10, e1003553 (resampled conditions).
    """
    first, second = (finite("pair values", side, ndim=2) for side in (first, second))
    vectors = [*first, *second] + ([] if control is None else [finite("controlled pair values", control)])
    if any(np.shape(vector) != (len(pairs),) for vector in vectors):
        raise ValueError(f"every vector holds one value for each of the {len(pairs)} pairs")
    places = [np.unique(vector, return_inverse=True)[1] for vector in vectors]
    label_of = pairs.label_codes[pairs.first], pairs.label_codes[pairs.second]
    resamples = label_counts(pairs.n_labels, n_bootstrap, seed)
    draws = np.empty((n_bootstrap, len(first), len(second)))
    for row, counts in enumerate(resamples):
        weights = counts[label_of[0]] * counts[label_of[1]]
        drawn = np.flatnonzero(weights)  # about two fifths of the pairs
        if not drawn.size:
            raise ValueError(f"a resample of {pairs.n_labels} labels holds no pair; resample more of them")
        weights = weights[drawn]
        ranks = np.stack([_weighted_ranks(place[drawn], weights) for place in places])
        fixed = None if control is None else standardised(ranks[-1], weights)
        both = standardised(ranks[: len(first) + len(second)], weights, fixed)
        draws[row] = both[: len(first)] @ both[len(first) :].T
    return draws


def bootstrap_columns(first: FloatArray, second: FloatArray, *, n_bootstrap: int, seed: int) -> FloatArray:
    """Pearson correlations of matching columns in resampled rows.

    Parameters
    ----------
    first, second : ndarray of shape (n_rows, n_columns)

    Returns
    -------
    ndarray of shape (n_bootstrap, n_columns)
    """
    weights = np.stack(list(label_counts(len(first), n_bootstrap, seed))) / len(first)
    # Centring first changes no correlation and keeps the differences of squares accurate.
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    mean_x, mean_y = weights @ x, weights @ y
    covariance = weights @ (x * y) - mean_x * mean_y
    spread = (weights @ x**2 - mean_x**2) * (weights @ y**2 - mean_y**2)
    return np.asarray(covariance / np.sqrt(spread))


def bootstrap_means(values: FloatArray, *, n_bootstrap: int, seed: int) -> FloatArray:
    """Column means in resampled rows: ndarray of shape (n_rows, n_columns) to (n_bootstrap, n_columns)."""
    return np.stack(list(label_counts(len(values), n_bootstrap, seed))) @ values / len(values)


def interval(draws: FloatArray, level: float = 0.95) -> FloatArray:
    """Middle part of bootstrap draws: ndarray of shape (n_bootstrap, ...) to (2, ...)."""
    number("level", level, above=0, below=1)
    tail = (1 - level) / 2
    return np.asarray(np.quantile(draws, [tail, 1 - tail], axis=0))


def label_counts(n_labels: int, n_bootstrap: int, seed: int) -> Iterator[FloatArray]:
    """How often each label is drawn, resample by resample."""
    whole("n_bootstrap", n_bootstrap)
    rng = np.random.default_rng(seed)
    return (
        np.bincount(rng.integers(n_labels, size=n_labels), minlength=n_labels).astype(np.float64)
        for _ in range(n_bootstrap)
    )


def _weighted_ranks(places: np.ndarray, weights: FloatArray) -> FloatArray:
    """Mean ranks of values that occur ``weights`` times; ``places`` numbers the distinct values in order."""
    weight_at = np.bincount(places, weights)
    ranks: FloatArray = (np.cumsum(weight_at) - weight_at / 2)[places]
    return ranks
