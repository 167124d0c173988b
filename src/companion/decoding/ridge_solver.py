"""Linear algebra of :mod:`companion.decoding.ridge`: one decomposition, all folds, all penalties."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

FloatArray = npt.NDArray[np.float64]

N_FOLDS = 10


class Factors(NamedTuple):
    """Centred responses ``X = vectors diag(sqrt(powers)) directions``.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_kept)
        Orthonormal columns.
    powers : ndarray of shape (n_kept,)
        Positive, in order of size.
    """

    vectors: FloatArray
    powers: FloatArray


def factors_of(X: FloatArray) -> Factors:
    """Decompose the Gram matrix of whichever side is shorter: several times faster than decomposing X."""
    wide = len(X) <= X.shape[1]
    powers, vectors = linalg.eigh(X @ X.T if wide else X.T @ X, driver="evd", overwrite_a=True)
    kept = powers > powers[-1] * 1e-12  # the rest is rounding; one power is zero because X is centred
    powers, vectors = powers[kept], vectors[:, kept]
    return Factors(vectors if wide else X @ vectors / np.sqrt(powers), powers)


def cross_validated(
    factors: Factors,
    Y: FloatArray,
    seen: FloatArray,
    folds: Sequence[npt.NDArray[np.intp]],
    penalties: FloatArray,
) -> FloatArray:
    r"""Squared error of held-out rows, summed per column: shape (n_penalties, n_columns).

    Nothing is fitted again per fold. With :math:`H` the matrix that turns targets into fitted values,
    intercept included, the errors of rows :math:`g` had they been left out are
    :math:`(I - H_{gg})^{-1} (y - H y)_g`, exactly, for any method that minimises a sum of squares and a
    quadratic penalty. Single precision is enough to choose a penalty, and twice as fast.
    """
    vectors, powers = factors
    shares = (powers / (powers + penalties[:, None])).astype(np.float32)  # (n_penalties, n_kept)
    fits = shares[:, :, None] * seen.astype(np.float32)
    vectors, Y = vectors.astype(np.float32), Y.astype(np.float32)
    errors = np.zeros((len(penalties), Y.shape[1]))
    for fold in folds:
        own = vectors[fold]
        for row, share in enumerate(shares):
            rest = np.eye(len(fold), dtype=np.float32) - (own * share) @ own.T - np.float32(1 / len(Y))
            # 1 / n above is the intercept. Targets have many columns: to invert is faster than to solve.
            left_out = np.linalg.inv(rest) @ (Y[fold] - own @ fits[row])
            errors[row] += (left_out.astype(np.float64) ** 2).sum(axis=0)
    return errors


def weights_of(X: FloatArray, factors: Factors, seen: FloatArray, penalties: FloatArray) -> FloatArray:
    """Ridge weights of centred rows, each column with its own penalty: shape (n_units, n_columns)."""
    vectors, powers = factors
    weights: FloatArray = X.T @ (vectors @ (seen / (powers[:, None] + penalties)))
    return weights


def folds_of(groups: Sequence[Hashable]) -> list[npt.NDArray[np.intp]]:
    """Rows of each fold; all rows of a group are in one."""
    from sklearn.model_selection import GroupKFold

    codes = {group: code for code, group in enumerate(dict.fromkeys(groups))}
    labels = np.array([codes[group] for group in groups])
    return [held_out for _, held_out in GroupKFold(N_FOLDS).split(labels, groups=labels)]
