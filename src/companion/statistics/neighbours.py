"""Local structure of a similarity matrix: who stands next to whom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from companion.checks import finite, whole
from companion.errors import DataError
from companion.statistics.similarity import FloatArray


def nearest(similarity: FloatArray, n_nearest: int) -> npt.NDArray[np.intp]:
    """Most similar other rows, best first; of equal ones the earlier row.

    Parameters
    ----------
    similarity : ndarray of shape (n_rows, n_rows)
    n_nearest : int
        How many to name, less than ``n_rows``.

    Returns
    -------
    ndarray of shape (n_rows, n_nearest)
        Row numbers; a row is never its own neighbour.
    """
    similarity = finite("similarities", similarity, ndim=2)
    n_rows = len(similarity)
    if similarity.shape != (n_rows, n_rows):
        raise DataError("Similarities are a square matrix", expected=(n_rows, n_rows), got=similarity.shape)
    whole("n_nearest", n_nearest, most=n_rows - 1)
    order = np.argsort(np.where(np.eye(n_rows, dtype=bool), np.inf, -similarity), axis=1, kind="stable")
    return order[:, :n_nearest]


def related_by(categories: Sequence[Sequence[str]]) -> npt.NDArray[np.bool_]:
    """Whether two rows share a category: ndarray of shape (n_rows, n_rows)."""
    names = sorted({name for row in categories for name in row})
    member = np.array([[name in row for name in names] for row in categories], dtype=int)
    return np.asarray(member @ member.T > 0)


def related_neighbours(similarity: FloatArray, related: npt.NDArray[np.bool_], n_nearest: int) -> FloatArray:
    """Share of related rows among the nearest 1, 2, ... ``n_nearest`` neighbours of each row.

    Parameters
    ----------
    similarity : ndarray of shape (n_rows, n_rows)
    related : ndarray of bool, shape (n_rows, n_rows)
    n_nearest : int
        Largest number of neighbours looked at.

    Returns
    -------
    ndarray of shape (n_rows, n_nearest)
        Column ``k - 1`` holds the share among the nearest ``k``.
    """
    hits = np.take_along_axis(related, nearest(similarity, n_nearest), axis=1)
    share: FloatArray = hits.cumsum(axis=1) / np.arange(1, n_nearest + 1)
    return share
