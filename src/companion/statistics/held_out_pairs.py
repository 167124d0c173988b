"""Similarity scores of held-out concepts over several splits, with one interval for their mean.

A concept is held out in more than one split, so scores of splits are no independent observations: an interval
from their spread would shrink with every split added. Here concepts are drawn once for all splits. In each
split the pairs of its held-out concepts count as often as both were drawn, and the mean over splits is taken
within each draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from companion.errors import DataError
from companion.statistics.concept_bootstrap import label_counts
from companion.statistics.similarity import FloatArray, Pairs

_RESAMPLES_AT_ONCE = 250
"""Weights of that many resamples and 5,000 pairs take 10 MB."""


class HeldOutPairs(Pairs):
    """Pairs of held-out concepts, taken from matrices of all concepts.

    Concepts keep their number among all, so that a resample draws the same ones in every split.

    Parameters
    ----------
    concepts : sequence of str
        All concepts, one per row of the matrices.
    held_out : sequence of str
        Those that may be paired.

    Raises
    ------
    DataError
        If a held-out concept is not among all, or there are fewer than three: a correlation over a single
        pair is not defined.

    Examples
    --------
    >>> pairs = HeldOutPairs(["cat", "dog", "key", "owl"], ["owl", "cat", "key"])
    >>> pairs.of(np.arange(16).reshape(4, 4))
    array([ 2,  3, 11])
    """

    def __init__(self, concepts: Sequence[str], held_out: Sequence[str]) -> None:
        super().__init__(concepts)
        unknown = sorted(set(held_out) - set(concepts))
        if unknown or len(set(held_out)) < 3:
            raise DataError(
                "Held-out concepts cannot be paired",
                expected="three or more of all concepts",
                got=f"{len(set(held_out))}, of which unknown: {unknown[:5]}",
            )
        rows = np.isin(np.asarray(concepts, dtype=str), list(held_out))
        both = rows[self.first] & rows[self.second]
        self.first, self.second = self.first[both], self.second[both]


def bootstrap_pearson(
    versions: FloatArray, target: FloatArray, pairs: Pairs, *, n_bootstrap: int, seed: int
) -> FloatArray:
    """Correlation of each version of a space with a target in resampled concepts.

    The same seed draws the same concepts for all :class:`HeldOutPairs` of the same concepts: average draws
    over splits, and subtract those of two versions, before taking an interval. Given ranks, the draws are
    Spearman correlations whose ranks are those of the sample; forming them anew in each resample, as
    :func:`companion.statistics.concept_bootstrap.bootstrap_spearman` does, costs ten times as much.

    Parameters
    ----------
    versions : ndarray of shape (n_versions, n_pairs)
    target : ndarray of shape (n_pairs,)
    pairs : Pairs
        The pairs that both were taken from; all their labels are drawn, also those that no pair holds.
    n_bootstrap : int
    seed : int

    Returns
    -------
    ndarray of shape (n_bootstrap, n_versions)

    Raises
    ------
    DataError
        If shapes do not fit, or a vector is constant in a resample.

    References
    ----------
    Nili et al. (2014), PLoS Computational Biology 10, e1003553 (resampled conditions).
    """
    if versions.ndim != 2 or versions.shape[1] != len(pairs) or target.shape != (len(pairs),):
        raise DataError(
            "Similarities do not fit the pairs",
            expected=f"(n_versions, {len(pairs)}) and ({len(pairs)},)",
            got=(versions.shape, target.shape),
        )
    # Centring first changes no correlation and keeps the differences of squares accurate.
    x, y = versions - versions.mean(axis=1, keepdims=True), target - target.mean()
    columns = np.vstack([x, x**2, x * y, y, y**2]).T
    first, second = pairs.label_codes[pairs.first], pairs.label_codes[pairs.second]
    counts = np.stack(list(label_counts(pairs.n_labels, n_bootstrap, seed)))
    draws = []
    for start in range(0, n_bootstrap, _RESAMPLES_AT_ONCE):
        drawn = counts[start : start + _RESAMPLES_AT_ONCE]
        weights = drawn[:, first] * drawn[:, second]
        draws.append(_correlations(weights @ columns, weights.sum(axis=1), len(x)))
    return np.concatenate(draws)


def _correlations(sums: FloatArray, totals: FloatArray, n_versions: int) -> FloatArray:
    """From weighted sums of x, x^2, x y, y and y^2, resample by resample."""
    if not (totals > 0).all():
        raise DataError("A resample holds no pair", do="hold out more concepts")
    means = sums / totals[:, None]
    mean_x, square_x, product = (means[:, k * n_versions : (k + 1) * n_versions] for k in range(3))
    mean_y, square_y = means[:, -2, None], means[:, -1, None]
    spread = (square_x - mean_x**2) * (square_y - mean_y**2)
    if not (spread > 1e-18 * square_x * square_y).all():
        raise DataError("A similarity is constant in a resample", do="hold out more concepts")
    return np.asarray((product - mean_x * mean_y) / np.sqrt(spread))
