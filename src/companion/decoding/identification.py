"""Identification: how many candidate categories resemble a decoded vector less than the right one does.

A score of its own means little. If the test categories lie nearer to the training mean than the candidates,
who always predicts that mean scores above one half without having seen a brain. So three levels stand beside
every score: what other categories' predictions reach for the same answer (shuffled), the same with one fixed
exchange, as a published t test uses it, and the mean predictor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import finite
from companion.embeddings import Embeddings
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]
_TIE = 1e-12  # correlations closer than this count as equal: rounding must not break ties

MEASURES = (
    "accuracy",
    "shuffled",
    "shuffled_once",
    "mean_predictor",
    "correlation",
    "correlation_shuffled",
)
"""Columns of the table that :func:`identify` makes."""


def identify(
    decoded: Embeddings,
    answers: Embeddings,
    candidates: Embeddings,
    *,
    mean: npt.ArrayLike,
    seed: int = 0,
    **labels: Any,
) -> pd.DataFrame:
    """Identify decoded categories among candidates by the correlation of profiles.

    Parameters
    ----------
    decoded : Embeddings of shape (n_categories, n_features)
        Vectors read from the brain, named by what was seen or imagined.
    answers : Embeddings
        Vectors of these categories, and perhaps of others.
    candidates : Embeddings of shape (n_candidates, n_features)
        Vectors of other categories.
    mean : array-like of shape (n_features,)
        Mean training vector: what a decoder says that sees nothing.
    seed : int
        Of the fixed exchange. The same categories are exchanged alike, whatever the space.
    **labels
        Further columns, such as ``subject``, ``roi`` and ``alpha``.

    Returns
    -------
    DataFrame
        One row per category: ``stimulus``; as fractions ``accuracy`` (candidates that correlate less with the
        decoded vector than the right one; equal ones count one half), ``shuffled`` (mean accuracy of all
        other categories' predictions for this answer), ``shuffled_once`` (this prediction, the answer of one
        other category) and ``mean_predictor``; ``correlation`` of the prediction with its answer and
        ``correlation_shuffled``, the mean correlation of all other predictions with it. A prediction that is
        the same in every feature correlates with nothing: 0, accuracy one half.

    Raises
    ------
    DataError
        If a decoded category is among the candidates, or spaces differ.

    Examples
    --------
    The decoded cat resembles the cat most; the decoded dog resembles one of two candidates more:

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import identify
    >>> answers = Embeddings(np.eye(4)[:2], ("cat", "dog"), "toy")
    >>> others = Embeddings(np.eye(4)[2:], ("key", "cup"), "toy")
    >>> decoded = Embeddings([[0.9, 0.2, 0.1, 0.0], [0.1, 0.5, 0.6, 0.0]], ("cat", "dog"), "toy")
    >>> table = identify(decoded, answers, others, mean=[0.4, 0.3, 0.2, 0.1])
    >>> table[["stimulus", "accuracy", "mean_predictor", "n_candidates"]].values.tolist()
    [['cat', 1.0, 1.0, 2], ['dog', 0.5, 1.0, 2]]

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206, identification accuracy and its chance.
    """
    right = answers.select(decoded.ids)
    _check(decoded, right, candidates)
    centre = finite("numbers of the mean vector", mean, ndim=1)
    if len(centre) != decoded.values.shape[1]:
        raise DataError("The mean has another length", expected=decoded.values.shape[1], got=len(centre))
    own, others = standard_profiles(right.values), standard_profiles(candidates.values)
    profiles = standard_profiles(decoded.values)
    correlations = profiles @ own.T
    accuracies = shares_beaten(correlations, profiles @ others.T)
    floor = standard_profiles(centre[None])
    n = len(decoded)
    exchanged = exchange(n, seed)
    found = {
        "accuracy": np.diag(accuracies),
        "shuffled": _of_others(accuracies),
        "shuffled_once": accuracies[np.arange(n), exchanged],
        "mean_predictor": shares_beaten(floor @ own.T, floor @ others.T)[0],
        "correlation": np.diag(correlations),
        "correlation_shuffled": _of_others(correlations),
    }
    return pd.DataFrame({"stimulus": decoded.ids, **found}).assign(**labels, n_candidates=len(candidates))


def shares_beaten(own: FloatArray, others: FloatArray) -> FloatArray:
    """Share of candidates that a value exceeds; equal ones count one half.

    Parameters
    ----------
    own : ndarray of shape (n, n_answers)
        Correlations of each prediction with each possible answer.
    others : ndarray of shape (n, n_candidates)
        Its correlations with the candidates.

    Returns
    -------
    ndarray of shape (n, n_answers)
    """
    beaten = np.empty(own.shape)
    orders = np.argsort(own, axis=1)  # what is looked up in order of size is found faster
    for row, (order, among) in enumerate(zip(orders, np.sort(others, axis=1), strict=True)):
        values = own[row, order]
        below, upto = np.searchsorted(among, values - _TIE), np.searchsorted(among, values + _TIE, "right")
        beaten[row, order] = (below + upto) / (2 * len(among))
    return beaten


def standard_profiles(values: npt.ArrayLike) -> FloatArray:
    """Rows without mean and of length one, so that products are correlations; constant rows become 0."""
    rows: FloatArray = np.asarray(values, dtype=np.float64)
    rows = rows - rows.mean(axis=1, keepdims=True)
    # Without copies as large as the rows, which numpy's norm and abs make: five times faster for 1,000 rows.
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    scale = max(rows.max(initial=0.0), -rows.min(initial=0.0))
    rows /= np.where(lengths > 1e-12 * max(scale, 1e-300), lengths, np.inf)
    return rows


def _of_others(table: FloatArray) -> FloatArray:
    """Mean of each column without its diagonal entry."""
    means: FloatArray = (table.sum(axis=0) - np.diag(table)) / (len(table) - 1)
    return means


def exchange(n: int, seed: int) -> npt.NDArray[np.intp]:
    """Draw another row for every row, by one random cycle through all: (n,) row numbers."""
    order = np.random.default_rng(seed).permutation(n)
    exchanged = np.empty(n, dtype=np.intp)
    exchanged[order] = np.roll(order, 1)
    return exchanged


def _check(decoded: Embeddings, right: Embeddings, candidates: Embeddings) -> None:
    if both := sorted(set(decoded.ids) & set(candidates.ids)):
        raise DataError("Categories to identify are among the candidates", got=both[:5])
    kinds = [(one.space, one.aligned_by, one.values.shape[1]) for one in (decoded, right, candidates)]
    if len(set(kinds)) > 1:
        raise DataError("Decoded vectors, answers and candidates differ in space", got=kinds)
    if len(decoded) < 2:
        raise DataError("Shuffling needs two categories", got=len(decoded))
