"""Teachers that know nothing of brains: what they do to a space is not owed to brains either."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from companion.checks import finite
from companion.errors import DataError


def permuted_teacher(matrix: npt.ArrayLike, seed: int) -> npt.NDArray[np.float64]:
    """Exchange the categories of a similarity matrix: the same values, about other categories.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
    seed : int

    Returns
    -------
    ndarray of shape (n, n)

    Examples
    --------
    >>> from companion.alignment import permuted_teacher
    >>> cosines = [[1.0, 0.8, 0.1], [0.8, 1.0, 0.2], [0.1, 0.2, 1.0]]
    >>> permuted_teacher(cosines, seed=0)
    array([[1. , 0.1, 0.2],
           [0.1, 1. , 0.8],
           [0.2, 0.8, 1. ]])
    """
    values = _square(matrix)
    order = np.random.default_rng(seed).permutation(len(values))
    return values[np.ix_(order, order)]


def spectrum_matched_teacher(matrix: npt.ArrayLike, seed: int) -> npt.NDArray[np.float64]:
    """Turn the axes of a similarity matrix at random: as many directions, as wide, about nothing.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Symmetric, with a diagonal of ones.
    seed : int

    Returns
    -------
    ndarray of shape (n, n)
        Brought back to a diagonal of ones, which changes the spectrum a little.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.alignment import spectrum_matched_teacher
    >>> cosines = [[1.0, 0.8, 0.1], [0.8, 1.0, 0.2], [0.1, 0.2, 1.0]]
    >>> np.round(spectrum_matched_teacher(cosines, seed=0), 2)
    array([[ 1.  , -0.22, -0.21],
           [-0.22,  1.  , -0.09],
           [-0.21, -0.09,  1.  ]])
    """
    values = _square(matrix)
    widths = np.clip(np.linalg.eigvalsh((values + values.T) / 2), 0, None)
    drawn, triangle = np.linalg.qr(np.random.default_rng(seed).normal(size=values.shape))
    axes = drawn * np.sign(np.diag(triangle))  # uniform over all turns, Mezzadri (2007)
    turned = (axes * widths) @ axes.T
    if not widths.any():
        raise DataError(
            "A matrix without variance has no spectrum", expected="a diagonal of ones", got=values.shape
        )
    lengths = np.sqrt(np.diag(turned))
    found: npt.NDArray[np.float64] = turned / np.outer(lengths, lengths)
    return found


def _square(matrix: npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = finite("similarities of the teacher", matrix, ndim=2).astype(np.float64)
    if values.shape[0] != values.shape[1]:
        raise DataError("A teacher is a square matrix", expected=(len(values), len(values)), got=values.shape)
    return values
