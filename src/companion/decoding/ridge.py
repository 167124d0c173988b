"""Ridge from responses to several target spaces at once: one factorisation serves them all.

The costly part of ridge depends on responses and penalty, not on targets. Several spaces (base, aligned,
permuted) are therefore stacked side by side and solved together. The penalty is chosen per space, not per
column: columns of an embedding are arbitrary axes, and a choice that sees only the summed squared error of a
space does not change when that space is turned. So a rotated copy of a space is decoded exactly as well as
the space itself, as it should be. himalaya, which gives the same predictions at the same penalty, chooses per
column, and needs four times as long for three spaces of 64 columns.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

from companion.embeddings import Embeddings
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]

PENALTIES: tuple[float, ...] = tuple(float(value) for value in np.logspace(-2, 4, 9))
"""Penalties tried, in units of the mean squared length of a standardised response."""
N_FOLDS = 10


@dataclass(frozen=True, eq=False)
class RidgeDecoder:
    """A fitted decoder; made by :func:`fit_ridge`.

    Attributes
    ----------
    spaces : dict of str to Embeddings
        Training targets, for the names of the spaces.
    weights : dict of str to ndarray of shape (n_units, n_features)
        For standardised responses.
    origins : dict of str to ndarray of shape (n_features,)
        Mean target over training rows.
    mean, deviation : ndarray of shape (n_units,)
        Of responses over training rows.
    penalties : dict of str to float
        Chosen, in units of the mean squared length of a response.
    losses : dict of str to ndarray of shape (n_penalties,)
        Cross-validated squared error as a share of the variance; 1 is what predicting the mean gives.
    """

    spaces: Mapping[str, Embeddings]
    weights: Mapping[str, FloatArray]
    origins: Mapping[str, FloatArray]
    mean: FloatArray
    deviation: FloatArray
    penalties: Mapping[str, float]
    losses: Mapping[str, FloatArray]

    def predict(self, responses: npt.ArrayLike, stimuli: Sequence[str]) -> dict[str, Embeddings]:
        """Decode responses into every space.

        Parameters
        ----------
        responses : array-like of shape (n, ...)
            Of the shape trained on.
        stimuli : sequence of str
            What was seen, one per response; each once.

        Returns
        -------
        dict of str to Embeddings of shape (n, n_features)
        """
        flat = _flat(responses)
        if flat.shape[1] != len(self.mean):
            raise DataError("Responses of another size", expected=len(self.mean), got=flat.shape[1])
        scaled = (flat - self.mean) / self.deviation
        return {
            name: space.with_rows(scaled @ self.weights[name] + self.origins[name], stimuli)
            for name, space in self.spaces.items()
        }


def fit_ridge(
    responses: npt.ArrayLike,
    stimuli: Sequence[str],
    targets: Mapping[str, Embeddings],
    groups: Sequence[Hashable],
    *,
    penalties: Sequence[float] = PENALTIES,
) -> RidgeDecoder:
    """Fit ridge regressions from responses to target vectors, with penalties chosen by cross-validation.

    Parameters
    ----------
    responses : array-like of shape (n, ...)
        Training responses; all but the first dimension are laid out in one row of ``n_units`` numbers, each
        standardised over the training rows.
    stimuli : sequence of str
        What was seen, one per response.
    targets : mapping of str to Embeddings
        One or more target spaces; rows are found by id.
    groups : sequence of n labels
        Concept of each response. A concept is never on both sides of a fold.
    penalties : sequence of float
        Tried, in units of the mean squared length of a standardised response.

    Returns
    -------
    RidgeDecoder

    Raises
    ------
    DataError
        If lengths differ, there are fewer concepts than folds, or a value is not finite.
    """
    flat = _flat(responses)
    _check(flat, stimuli, groups)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0)
    deviation[deviation == 0] = np.inf  # what never varies says nothing
    X = (flat - mean) / deviation
    rows = {name: space.rows_of(stimuli) for name, space in targets.items()}
    origins = {name: values.mean(axis=0) for name, values in rows.items()}
    Y = np.concatenate([rows[name] - origins[name] for name in rows], axis=1)
    ends = np.cumsum([values.shape[1] for values in rows.values()])
    parts = {name: slice(end - rows[name].shape[1], end) for name, end in zip(rows, ends, strict=True)}
    unit = float((X**2).sum(axis=1).mean())
    factors = _factors(X)
    errors = _cross_validated(factors, Y, _folds(groups), unit * np.asarray(penalties))
    losses = {name: errors[:, part].sum(axis=1) / (Y[:, part] ** 2).sum() for name, part in parts.items()}
    chosen = {name: float(penalties[int(loss.argmin())]) for name, loss in losses.items()}
    weights = {name: _weights(X, factors, Y[:, part], unit * chosen[name]) for name, part in parts.items()}
    return RidgeDecoder(dict(targets), weights, origins, mean, deviation, chosen, losses)


class _Factors(NamedTuple):
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


def _factors(X: FloatArray) -> _Factors:
    """Decompose the Gram matrix of whichever side is shorter: several times faster than decomposing X."""
    wide = len(X) <= X.shape[1]
    powers, vectors = linalg.eigh(X @ X.T if wide else X.T @ X, driver="evd", overwrite_a=True)
    kept = powers > powers[-1] * 1e-12  # the rest is rounding; one power is zero because X is centred
    powers, vectors = powers[kept], vectors[:, kept]
    return _Factors(vectors if wide else X @ vectors / np.sqrt(powers), powers)


def _cross_validated(
    factors: _Factors, Y: FloatArray, folds: Sequence[npt.NDArray[np.intp]], penalties: FloatArray
) -> FloatArray:
    r"""Squared error of held-out rows, summed per column: shape (n_penalties, n_columns).

    Nothing is fitted again per fold. With :math:`H` the matrix that turns targets into fitted values,
    intercept included, the errors of rows :math:`g` had they been left out are
    :math:`(I - H_{gg})^{-1} (y - H y)_g`, exactly, for any method that minimises a sum of squares and a
    quadratic penalty. Single precision is enough to choose a penalty, and twice as fast.
    """
    vectors, powers = factors
    shares = (powers / (powers + penalties[:, None])).astype(np.float32)  # (n_penalties, n_kept)
    fits = shares[:, :, None] * (vectors.T @ Y).astype(np.float32)
    vectors, Y = vectors.astype(np.float32), Y.astype(np.float32)
    errors = np.zeros((len(penalties), Y.shape[1]))
    for fold in folds:
        own = vectors[fold]
        for row, share in enumerate(shares):
            rest = np.eye(len(fold), dtype=np.float32) - (own * share) @ own.T - np.float32(1 / len(Y))
            left_out = np.linalg.solve(rest, Y[fold] - own @ fits[row])  # 1 / n above is the intercept
            errors[row] += (left_out.astype(np.float64) ** 2).sum(axis=0)
    return errors


def _weights(X: FloatArray, factors: _Factors, Y: FloatArray, penalty: float) -> FloatArray:
    """Ridge weights of centred rows: shape (n_units, n_columns)."""
    vectors, powers = factors
    weights: FloatArray = X.T @ (vectors @ ((vectors.T @ Y) / (powers + penalty)[:, None]))
    return weights


def _folds(groups: Sequence[Hashable]) -> list[npt.NDArray[np.intp]]:
    """Rows of each fold; all rows of a group are in one."""
    from sklearn.model_selection import GroupKFold

    codes = {group: code for code, group in enumerate(dict.fromkeys(groups))}
    labels = np.array([codes[group] for group in groups])
    return [held_out for _, held_out in GroupKFold(N_FOLDS).split(labels, groups=labels)]


def _flat(responses: npt.ArrayLike) -> FloatArray:
    array = np.asarray(responses, dtype=np.float64)
    return array.reshape(len(array), -1)


def _check(flat: FloatArray, stimuli: Sequence[str], groups: Sequence[Hashable]) -> None:
    if not len(flat) == len(stimuli) == len(groups):
        raise DataError(
            "Each response has one stimulus and one group",
            expected=f"{len(flat)} of each",
            got=f"{len(stimuli)} stimuli, {len(groups)} groups",
        )
    if not np.isfinite(flat).all():
        raise DataError("A response is not a finite number", got=f"{int((~np.isfinite(flat)).sum())} values")
    if (n_groups := len(set(groups))) < N_FOLDS:
        raise DataError("Too few concepts for the folds", expected=f"at least {N_FOLDS}", got=n_groups)
