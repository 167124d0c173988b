"""Where the right candidate stands among all, with equal ones counted fairly, and what fewer would give.

Where candidates are equally similar, every rank and hit here is what breaking the ties at random gives on
average. A decoder that always says the same thus scores exactly what guessing does: neither zero, as with the
pessimistic ranks of :mod:`companion.decoding.retrieval`, nor one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from companion.checks import finite, full, whole
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

TIE = 1e-12
"""Similarities closer than this count as equal: rounding must not break ties."""


class Standing(NamedTuple):
    """Where the best right candidate of each query stands; all of shape (n_queries,).

    Parameters
    ----------
    better : ndarray
        Wrong candidates that are more similar than the best right one.
    tied : ndarray
        Wrong candidates that are exactly as similar.
    right : ndarray
        Right candidates that are as similar as the best right one, itself included; 1 unless there are
        several right ones.
    similarity : ndarray
        Of the best right candidate.
    """

    better: FloatArray
    tied: FloatArray
    right: FloatArray
    similarity: FloatArray

    def ranks(self) -> FloatArray:
        """Mean rank of the best right candidate, from 1, with ties broken at random: one tie adds a half."""
        return 1 + self.better + self.tied / (self.right + 1)

    def hits(self, k: int) -> FloatArray:
        """Probability that a right candidate is among the first k, with ties broken at random."""
        return hit_probability(k - self.better, self.tied, self.right)


def standing(similarity: npt.ArrayLike, right: Booleans) -> Standing:
    """Compare the best right candidate of each query with all wrong ones.

    Parameters
    ----------
    similarity : array-like of shape (n_queries, n_candidates)
    right : ndarray of bool of shape (n_queries, n_candidates)
        Which candidates are right; at least one in each row.

    Returns
    -------
    Standing

    Raises
    ------
    DataError
        If a value is not finite, or a query has no right candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.decoding import standing
    >>> right = np.array([[True, False, False], [False, True, False]])
    >>> found = standing([[0.9, 0.2, 0.1], [0.5, 0.5, 0.5]], right)  # the second query ties
    >>> found.ranks().tolist(), found.hits(1).round(3).tolist()
    ([1.0, 2.0], [1.0, 0.333])
    """
    values = np.asarray(finite("similarities", similarity, ndim=2), dtype=np.float64)
    fits = values.shape == right.shape and right.dtype == bool
    if not fits or not right.any(axis=1).all():
        raise DataError(
            "Queries cannot be ranked",
            expected="a right candidate for every query",
            got=f"{values.shape}, {right.dtype} {right.shape}, {int(right.any(axis=-1).sum())} with one",
        )
    best = np.where(right, values, -np.inf).max(axis=1, keepdims=True)
    equal = np.abs(values - best) <= TIE
    above = (values > best + TIE) & ~right
    better, tied, alike = (
        chosen.sum(axis=1).astype(np.float64) for chosen in (above, equal & ~right, equal & right)
    )
    return Standing(better, tied, alike, best[:, 0])


def hit_probability(places: npt.ArrayLike, tied: npt.ArrayLike, right: npt.ArrayLike) -> FloatArray:
    r"""Probability that one of ``right`` is among the first ``places`` of ``tied + right`` in random order.

    .. math:: 1 - \binom{t}{q} \Big/ \binom{t + r}{q}

    With nothing but ties it is the chance level of a query with several right candidates.

    Parameters
    ----------
    places, tied, right : array-like of shape (n,)
        Whole numbers. No place, or a negative number of them, gives 0.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> hit_probability([1, 2, 5, 0], [3, 3, 3, 3], [1, 1, 2, 1]).tolist()
    [0.25, 0.5, 1.0, 0.0]
    """
    q, t, r = (np.asarray(values, dtype=np.float64) for values in (places, tied, right))
    missed = np.ones(np.broadcast_shapes(q.shape, t.shape, r.shape))
    for taken in range(int(max(0, min(q.max(initial=0), t.max(initial=0) + 1)))):
        step = np.maximum(t - taken, 0) / np.maximum(t + r - taken, 1)
        missed = np.where(taken < q, missed * step, missed)
    return 1 - missed


def table_of(items: Iterable[str], answers: Iterable[str], found: Standing, right: Booleans) -> pd.DataFrame:
    """Write standings as a table, one row per query.

    Parameters
    ----------
    items, answers : iterable of str
        What was asked, and what is right.
    found : Standing
    right : ndarray of bool of shape (n_queries, n_candidates)
        As in :func:`standing`; says how many candidates are right, and so what guessing gives.

    Returns
    -------
    DataFrame
        ``item``, ``answer``, ``better`` and ``tied`` (wrong candidates above and beside the best right one),
        ``rank`` (from 1), ``percentile`` (share of wrong candidates that are beaten, 0 to 1), ``top1`` and
        ``top5`` (0 to 1; fractions only with ties), ``chance1`` and ``chance5`` (what guessing gives for
        them), ``similarity`` (with the best right candidate), ``n_right``, and ``n_candidates`` (wrong ones
        plus one).

    Examples
    --------
    >>> import numpy as np
    >>> from companion.decoding import standing, table_of
    >>> right = np.eye(3, dtype=bool)
    >>> similarity = [[0.9, 0.2, 0.1], [0.6, 0.5, 0.1], [0.0, 0.1, 0.8]]
    >>> table = table_of("abc", "abc", standing(similarity, right), right)
    >>> table[["item", "rank", "percentile", "top1"]].values.tolist()
    [['a', 1.0, 1.0, 1.0], ['b', 2.0, 0.5, 0.0], ['c', 1.0, 1.0, 1.0]]
    """
    n_right, n_all = right.sum(axis=1), right.shape[1]
    n_wrong = n_all - n_right
    ranks = found.ranks()
    return pd.DataFrame(
        {
            "item": list(items),
            "answer": list(answers),
            "better": found.better,
            "tied": found.tied,
            "rank": ranks,
            "percentile": 1 - (ranks - 1) / np.maximum(n_wrong, 1),
            "top1": found.hits(1),
            "top5": found.hits(5),
            "chance1": hit_probability(1, n_wrong, n_right),
            "chance5": hit_probability(5, n_wrong, n_right),
            "similarity": found.similarity,
            "n_right": n_right,
            "n_candidates": n_wrong + 1,
        }
    )


def n_way_hits(table: pd.DataFrame, n_way: int, k: int = 1) -> FloatArray:
    """Probability of a hit if the right candidate met ``n_way - 1`` random wrong ones of its gallery.

    Nothing is drawn. With ties broken at random, ``better`` to ``better + tied`` wrong candidates stand above
    the right one, each number equally likely; how many of them are among the distractors is hypergeometric.

    Parameters
    ----------
    table : DataFrame
        As :func:`table_of` makes it, with one right candidate per query.
    n_way : int
        Candidates, the right one included; from 2 to the size of the gallery.
    k : int
        A hit is a rank of at most ``k``.

    Returns
    -------
    ndarray of shape (n_queries,)

    Raises
    ------
    DataError
        If a query has several right candidates, or there are not so many candidates.
    """
    full(table, labels=(), values=("better", "tied", "n_right", "n_candidates"))
    smallest = int(table["n_candidates"].min())
    counts = table[["better", "tied"]]
    if (counts < 0).any(axis=None) or (counts.sum(axis=1) >= table["n_candidates"]).any():
        raise DataError("More wrong candidates stand above than there are", got=counts.max().to_dict())
    if not 2 <= n_way <= smallest or not 1 <= k < n_way or (table["n_right"] != 1).any():
        raise DataError(
            "There is no such N-way score",
            expected=f"one right candidate per query, n_way from 2 to {smallest}, k below n_way",
            got=f"n_way {n_way!r}, k {k!r}, {int(table['n_right'].max())} right candidates",
        )
    kinds = table[["better", "tied", "n_candidates"]].astype(int)
    share = {
        (better, tied, n): stats.hypergeom.cdf(
            k - 1, n - 1, np.arange(better, better + tied + 1), n_way - 1
        ).mean()
        for better, tied, n in set(kinds.itertuples(index=False, name=None))
    }
    return np.array([share[row] for row in kinds.itertuples(index=False, name=None)], dtype=np.float64)


def n_way_curve(table: pd.DataFrame, ways: Sequence[int], *, k: int = 1) -> pd.DataFrame:
    """Accuracy against the number of candidates, exact for every number.

    Parameters
    ----------
    table : DataFrame
        As :func:`table_of` makes it, with one right candidate per query.
    ways : sequence of int
        Numbers of candidates.
    k : int
        A hit is a rank of at most ``k``.

    Returns
    -------
    DataFrame
        ``n_way``, ``value`` and ``chance``, both in percent.

    Examples
    --------
    One of two queries has the right candidate first of four, the other second:

    >>> import pandas as pd
    >>> from companion.decoding import n_way_curve
    >>> table = pd.DataFrame({"better": [0, 1], "tied": 0, "n_right": 1, "n_candidates": 4})
    >>> n_way_curve(table, [2, 4]).round(1).values.tolist()
    [[2.0, 83.3, 50.0], [4.0, 50.0, 25.0]]
    """
    for n in ways:
        whole("n_way", n, least=2)
    whole("k", k)
    rows = [(n, 100 * n_way_hits(table, n, k).mean(), 100 * k / n) for n in ways]
    return pd.DataFrame(rows, columns=["n_way", "value", "chance"])
