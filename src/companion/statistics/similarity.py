"""Representational similarity: compare two matrices over the pairs that may be compared.

Scores work on vectors of pair values, taken from square matrices by :class:`Pairs`, so that a score, its
noise ceiling and its interval always use the same pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from companion.checks import finite

FloatArray = npt.NDArray[np.floating[Any]]


class Pairs:
    """Pairs of rows of a square matrix, each pair once, whose labels differ.

    Parameters
    ----------
    labels : sequence of str
        One label per row of the matrices. Rows with one label are never paired: two pictures of one concept
        do not show how concepts relate.

    Attributes
    ----------
    label_codes : ndarray of shape (n_rows,)
        Number of the label of each row, 0 to ``n_labels - 1``.
    first, second : ndarray of shape (n_pairs,)
        Row and column of each pair.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import Pairs
    >>> pairs = Pairs(["hand", "ear", "hand"])
    >>> len(pairs), pairs.of(np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]]))
    (2, array([1, 3]))
    """

    def __init__(self, labels: Sequence[str]) -> None:
        names, self.label_codes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
        self.n_labels = len(names)
        first, second = np.triu_indices(len(self.label_codes), k=1)
        differ = self.label_codes[first] != self.label_codes[second]
        if not differ.any():
            raise ValueError(f"pairs need two different labels, got {list(names)}")
        self.first, self.second = first[differ], second[differ]

    def __len__(self) -> int:
        return len(self.first)

    def of(self, matrices: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of the pairs: ndarray of shape (..., n_rows, n_rows) to (..., n_pairs)."""
        n_rows = len(self.label_codes)
        if matrices.shape[-2:] != (n_rows, n_rows):
            raise ValueError(f"the pairs are those of a {n_rows} x {n_rows} matrix, got {matrices.shape}")
        values: npt.NDArray[Any] = matrices[..., self.first, self.second]
        return values


class NoiseCeiling(NamedTuple):
    """Range in which the mean score of the best possible model lies, given how far people agree."""

    lower: float
    upper: float


def cosine_similarity(values: FloatArray) -> FloatArray:
    """Cosine of the angle between every two rows.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        Not centred here: whether a mean is subtracted first is the caller's choice, and it matters.

    Returns
    -------
    ndarray of shape (n_rows, n_rows)

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import cosine_similarity
    >>> cosine_similarity(np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 4.0]])).round(3).tolist()
    [[1.0, 1.0, 0.6], [1.0, 1.0, 0.6], [0.6, 0.6, 1.0]]
    """
    unit = unit_rows(values)
    similarity: FloatArray = unit @ unit.T
    return similarity


def unit_rows(values: FloatArray) -> FloatArray:
    """Rows divided by their length.

    Raises
    ------
    ValueError
        If a row has length zero.
    """
    values = finite("vectors", values, ndim=2)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError(f"a vector of length zero has no direction, in row {int(lengths.argmin())}")
    unit: FloatArray = values / lengths
    return unit


def standardised(
    values: FloatArray, weights: FloatArray | None = None, control: FloatArray | None = None
) -> FloatArray:
    """Values with mean 0 and length 1, so that inner products are correlations.

    Parameters
    ----------
    values : ndarray of shape (..., n_pairs)
    weights : ndarray of shape (n_pairs,), optional
        How often each pair counts; once if left out. Results carry the square root of the weight.
    control : ndarray of shape (n_pairs,), optional
        A standardised vector whose linear share is taken out: inner products are then partial correlations.

    Raises
    ------
    ValueError
        If a vector is constant, or nothing is left of it: its correlations are not defined.
    """
    w = np.ones(values.shape[-1]) if weights is None else weights
    mean = (values @ w / w.sum())[..., None]
    centred = (values - mean) * np.sqrt(w)
    size = np.linalg.norm(centred, axis=-1, keepdims=True)
    if control is not None:
        centred = centred - (centred @ control)[..., None] * control
    left = np.linalg.norm(centred, axis=-1, keepdims=True)
    if not (left > 1e-9 * np.maximum(size, np.finfo(float).tiny)).all():
        raise ValueError(
            "a correlation with a constant (or with what is controlled for) is not defined; "
            f"got {values.size // values.shape[-1]} vectors of {values.shape[-1]} pairs"
        )
    return np.asarray(centred / left)


def spearman(first: FloatArray, second: FloatArray, *, control: FloatArray | None = None) -> FloatArray:
    """Rank correlation over pairs; with a control, the partial rank correlation.

    Parameters
    ----------
    first, second : ndarray of shape (..., n_pairs)
        Leading axes are broadcast against each other. Ties take their mean rank.
    control : ndarray of shape (n_pairs,), optional
        Its ranks are taken out of both sides linearly.

    Returns
    -------
    ndarray of shape (...)

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import spearman
    >>> round(float(spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))), 6)
    1.0
    """
    first, second = (finite("pair values", side) for side in (first, second))
    control = None if control is None else finite("controlled pair values", control, ndim=1)
    sides = [first, second] if control is None else [first, second, control]
    lengths = [side.shape[-1] if side.ndim else 0 for side in sides]
    if len(set(lengths)) > 1:
        raise ValueError(f"all sides hold the same pairs, got {lengths} of them")
    fixed = None if control is None else standardised(rankdata(control))
    one, other = (standardised(rankdata(side, axis=-1), control=fixed) for side in (first, second))
    return np.asarray((one * other).sum(axis=-1))


def noise_ceiling(people: FloatArray, *, control: FloatArray | None = None) -> NoiseCeiling:
    """How well a model could do, were it perfect, when it is compared with each person in turn.

    Lower bound: mean correlation of each person with the mean of the others. Upper bound: with the mean of
    all, the person included. The score it bounds is the *mean over people* of model and person, on these
    pairs; the correlation with the group mean is another, larger number.

    Parameters
    ----------
    people : ndarray of shape (n_people, n_pairs)
        Values are averaged as they are. Ranking each person first raises both bounds by up to 0.01 on the
        data used here.
    control : ndarray of shape (n_pairs,), optional
        As in :func:`spearman`.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import noise_ceiling
    >>> ceiling = noise_ceiling(np.array([[1.0, 2, 3, 4], [1, 3, 2, 4], [2, 1, 3, 4]]))
    >>> round(ceiling.lower, 3), round(ceiling.upper, 3)
    (0.755, 0.867)

    References
    ----------
    Nili et al. (2014), PLoS Computational Biology 10, e1003553.
    """
    people = finite("pair values of people", people, ndim=2)
    n_people = len(people)
    if n_people < 2:
        raise ValueError(f"a noise ceiling needs two people or more, got {n_people}")
    others = (people.sum(axis=0) - people) / (n_people - 1)
    lower = spearman(people, others, control=control)
    upper = spearman(people, people.mean(axis=0), control=control)
    return NoiseCeiling(float(lower.mean()), float(upper.mean()))


def row_agreement(first: FloatArray, second: FloatArray) -> FloatArray:
    """Agreement of two matrices row by row.

    Does this stimulus stand in the same relations to the others in both?

    Parameters
    ----------
    first, second : ndarray of shape (n_rows, n_rows)

    Returns
    -------
    ndarray of shape (n_rows,)
        Rank correlation of the two rows, the diagonal left out.
    """
    n_rows = len(first)
    off_diagonal = ~np.eye(n_rows, dtype=bool)
    return spearman(
        first[off_diagonal].reshape(n_rows, n_rows - 1), second[off_diagonal].reshape(n_rows, n_rows - 1)
    )
