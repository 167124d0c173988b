"""How well similarities in a space predict what judges chose among three pictures.

Two tasks. *Two alternatives*: which of two pictures is more like a reference? Its triplets are
``(reference, chosen, other)``. *Odd one out*: which of three does not belong? Its triplets are
``(kept, kept, odd)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import finite
from companion.errors import DataError
from companion.statistics.concept_bootstrap import label_counts
from companion.statistics.similarity import FloatArray

TWO_CHOICE_CHANCE = 1 / 2
ODD_ONE_OUT_CHANCE = 1 / 3

IntArray = npt.NDArray[np.intp]


class Consistency(NamedTuple):
    """How well answers to a triplet can be predicted at all, from people who answered it repeatedly.

    ``one_person`` is the accuracy of a single other answer, ``lower`` that of the majority of all other
    answers, ``upper`` that of the majority with the answer itself included. On these answers no model does
    better than ``upper``.
    """

    one_person: float
    lower: float
    upper: float


def triplet_rows(triplets: pd.DataFrame, ids: Sequence[str]) -> IntArray:
    """Row numbers of triplets that are given by id.

    Parameters
    ----------
    triplets : DataFrame
        Three columns of ids, in the order of the task.
    ids : sequence of str
        Ids of the rows of a space.

    Returns
    -------
    ndarray of shape (n_triplets, 3)

    Raises
    ------
    ValueError
        If there are not three columns, or an id has no row.
    """
    if triplets.shape[1] != 3:
        raise ValueError(f"a triplet has three columns, got {list(triplets.columns)}")
    named = pd.Index(triplets.to_numpy().ravel())
    rows = pd.Index(ids).get_indexer(named)
    if (rows < 0).any():
        unknown = named[int(rows.argmin())]
        raise ValueError(f"the space has no row for {unknown!r}, and {int((rows < 0).sum())} such entries")
    return np.asarray(rows.reshape(-1, 3))


def chosen_first(triplets: IntArray, choice: IntArray) -> IntArray:
    """Triplets as (reference, chosen, other), from triplets as shown and the side that was chosen.

    Parameters
    ----------
    triplets : ndarray of shape (n_triplets, 3)
        Rows of reference, left, right.
    choice : ndarray of shape (n_triplets,)
        0 where left was chosen, 1 where right was.
    """
    if not np.isin(choice, (0, 1)).all():
        raise ValueError(f"a choice is 0 for left or 1 for right, got {np.unique(choice).tolist()}")
    swapped = np.where(choice[:, None] == 0, triplets, triplets[:, [0, 2, 1]])
    return np.asarray(swapped)


def two_choice_hits(similarity: FloatArray, triplets: IntArray) -> FloatArray:
    """Whether the reference is more similar to the chosen picture than to the other; a tie counts one half.

    Parameters
    ----------
    similarity : ndarray of shape (n_rows, n_rows)
    triplets : ndarray of shape (n_triplets, 3)
        Rows of reference, chosen, other.

    Returns
    -------
    ndarray of shape (n_triplets,)
    """
    similarity = _checked(similarity, triplets)
    reference, chosen, other = triplets.T
    lead = similarity[reference, chosen] - similarity[reference, other]
    return np.where(lead == 0, 0.5, (lead > 0).astype(float))


def odd_one_out_hits(similarity: FloatArray, triplets: IntArray) -> FloatArray:
    """Whether the two pictures that were kept are the most similar pair; equal pairs share the hit.

    Parameters
    ----------
    similarity : ndarray of shape (n_rows, n_rows)
    triplets : ndarray of shape (n_triplets, 3)
        Rows of the two kept, and of the odd one.

    Returns
    -------
    ndarray of shape (n_triplets,)

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import odd_one_out_hits
    >>> similarity = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.3], [0.1, 0.3, 1.0]])
    >>> odd_one_out_hits(similarity, np.array([[0, 1, 2], [0, 2, 1]])).tolist()  # kept, kept, odd one
    [1.0, 0.0]
    """
    similarity = _checked(similarity, triplets)
    first, second, odd = triplets.T
    pairs = np.stack([similarity[first, second], similarity[first, odd], similarity[second, odd]])
    best = pairs == pairs.max(axis=0)
    hits: FloatArray = best[0] / best.sum(axis=0)
    return hits


def consistency(answers: IntArray) -> Consistency:
    """Ceiling for any model, from repeated answers to the same triplets.

    Parameters
    ----------
    answers : ndarray of shape (n_triplets, n_answers)
        Number of the alternative that was chosen, from 0. At least two answers to each triplet.

    Returns
    -------
    Consistency
        Means over triplets. Majorities that are tied share the hit.
    """
    n_triplets, n_answers = answers.shape
    if n_answers < 2:
        raise ValueError(f"consistency needs two answers to each triplet, got {n_answers}")
    counts = (answers[:, :, None] == np.arange(answers.max() + 1)).sum(axis=1)
    agreeing = (counts * (counts - 1)).sum() / (n_triplets * n_answers * (n_answers - 1))
    # A left-out answer c meets the majority of the rest; each of the counts[c] answers c does so alike.
    rest = counts[:, None, :] - np.eye(counts.shape[1], dtype=int)
    majority = rest == rest.max(axis=2, keepdims=True)
    share = np.diagonal(majority, axis1=1, axis2=2) / majority.sum(axis=2)
    lower = (counts * share).sum() / answers.size
    return Consistency(float(agreeing), float(lower), float(counts.max(axis=1).sum() / answers.size))


def bootstrap_triplets(
    hits: FloatArray, kinds: npt.NDArray[np.str_], *, n_bootstrap: int, seed: int
) -> FloatArray:
    """Mean hits in resampled kinds.

    Triplets that share a kind are not independent, so kinds are drawn with replacement and a triplet counts
    as often as the product of the numbers of times that its different kinds were drawn.

    Parameters
    ----------
    hits : ndarray of shape (n_scores, n_triplets)
        Of several spaces, for the same triplets: they see the same draws, so differences have intervals.
    kinds : ndarray of str, shape (n_triplets, 3)
        Kind of each picture.
    n_bootstrap : int
        Number of resamples.
    seed : int
        Seed of the draws.

    Returns
    -------
    ndarray of shape (n_bootstrap, n_scores)
    """
    if kinds.shape != (hits.shape[1], 3):
        raise ValueError(f"each of {hits.shape[1]} triplets has three kinds, got {kinds.shape}")
    names, codes = np.unique(kinds, return_inverse=True)
    codes = np.sort(codes.reshape(kinds.shape), axis=1)
    repeated = np.zeros(codes.shape, dtype=bool)
    repeated[:, 1:] = codes[:, 1:] == codes[:, :-1]
    draws = np.empty((n_bootstrap, len(hits)))
    for row, counts in enumerate(label_counts(len(names), n_bootstrap, seed)):
        weights = np.where(repeated, 1.0, counts[codes]).prod(axis=1)
        if not weights.any():
            raise ValueError(f"a resample of {len(names)} kinds holds none of the {len(kinds)} triplets")
        draws[row] = hits @ weights / weights.sum()
    return draws


def _checked(similarity: FloatArray, triplets: IntArray) -> FloatArray:
    """Finite similarities of which all triplets are rows."""
    values = finite("similarities", similarity, ndim=2)
    rows = np.asarray(triplets)
    whole_rows = rows.ndim == 2 and rows.shape[1] == 3 and len(rows) and rows.dtype.kind in "iu"
    if not whole_rows or rows.min() < 0 or rows.max() >= min(values.shape):
        raise DataError(
            "These are no triplets of rows",
            expected=f"whole numbers of shape (n_triplets, 3), 0 to {min(values.shape) - 1}",
            got=f"{rows.dtype} of shape {rows.shape}",
        )
    return values
