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

import numpy as np
import numpy.typing as npt

from companion.checks import divisor, finite
from companion.decoding.ridge_solver import (
    N_FOLDS,
    Factors,
    cross_validated,
    factors_of,
    folds_of,
    weights_of,
)
from companion.embeddings import Embeddings
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]

PENALTIES: tuple[float, ...] = tuple(float(value) for value in np.logspace(-2, 4, 9))
"""Penalties tried, in units of the mean squared length of a standardised response."""


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

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import fit_ridge
    >>> rng = np.random.default_rng(0)
    >>> names = [f"picture {row}" for row in range(40)]
    >>> space = Embeddings(rng.normal(size=(40, 3)), tuple(names), "toy")
    >>> responses = space.values @ rng.normal(size=(3, 20))
    >>> decoder = fit_ridge(responses[:30], names[:30], {"toy": space}, groups=names[:30])
    >>> decoder.weights["toy"].shape, decoder.penalties["toy"]
    ((20, 3), 0.01)
    >>> decoded = decoder.predict(responses[30:], names[30:])["toy"]
    >>> bool(np.abs(decoded.values - space.values[30:]).max() < 0.1)
    True
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
        flat = flat_responses(responses)
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

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import fit_ridge, ranks
    >>> rng = np.random.default_rng(0)
    >>> names = [f"picture {row}" for row in range(60)]
    >>> space = Embeddings(rng.normal(size=(60, 4)), tuple(names), "toy")
    >>> responses = space.values @ rng.normal(size=(4, 30)) + 0.5 * rng.normal(size=(60, 30))
    >>> decoder = fit_ridge(responses[:50], names[:50], {"toy": space}, groups=names[:50])
    >>> decoded = decoder.predict(responses[50:], names[50:])["toy"]
    >>> ranks(decoded, space.select(names[50:])).tolist()
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    return prepare_ridge(responses, stimuli, groups).fit(targets, penalties=penalties)


def prepare_ridge(
    responses: npt.ArrayLike, stimuli: Sequence[str], groups: Sequence[Hashable]
) -> PreparedRidge:
    """Do the part of :func:`fit_ridge` that needs no target, for responses that are read again and again.

    Parameters
    ----------
    responses, stimuli, groups
        As there.

    Returns
    -------
    PreparedRidge
        Holds two arrays as large as the responses, or as their Gram matrix.
    """
    flat = flat_responses(responses)
    _check(flat, stimuli, groups)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0)
    deviation = divisor(deviation, mean)  # what never varies says nothing
    X = (flat - mean) / deviation
    return PreparedRidge(X, factors_of(X), tuple(stimuli), tuple(folds_of(groups)), mean, deviation)


@dataclass(frozen=True, eq=False)
class PreparedRidge:
    """Training responses, decomposed; made by :func:`prepare_ridge`.

    Attributes
    ----------
    X : ndarray of shape (n, n_units)
        Standardised responses.
    factors : tuple of ndarray
        Left singular vectors of `X`, and its squared singular values.
    stimuli : tuple of str
        What was seen, one per response.
    folds : tuple of ndarray of int
        Rows held out together.
    mean, deviation : ndarray of shape (n_units,)
        Of responses over training rows.
    """

    X: FloatArray
    factors: Factors
    stimuli: tuple[str, ...]
    folds: tuple[npt.NDArray[np.intp], ...]
    mean: FloatArray
    deviation: FloatArray

    def fit(
        self, targets: Mapping[str, Embeddings], *, penalties: Sequence[float] = PENALTIES
    ) -> RidgeDecoder:
        """Fit the targets; as :func:`fit_ridge`."""
        tried = finite("penalties", penalties, ndim=1).astype(np.float64)
        if tried.min() <= 0 or not targets:
            raise DataError(
                "Nothing to fit", expected="targets, and penalties above zero", got=(list(targets), penalties)
            )
        rows = {name: space.rows_of(self.stimuli) for name, space in targets.items()}
        if same := [name for name, values in rows.items() if np.ptp(values, axis=0).max() == 0]:
            raise DataError("All vectors are the same, so there is nothing to decode", where=", ".join(same))
        origins = {name: values.mean(axis=0) for name, values in rows.items()}
        Y = np.concatenate([rows[name] - origins[name] for name in rows], axis=1)
        ends = np.cumsum([values.shape[1] for values in rows.values()])
        parts = {name: slice(end - rows[name].shape[1], end) for name, end in zip(rows, ends, strict=True)}
        unit = float((self.X**2).sum(axis=1).mean())
        seen = self.factors.vectors.T @ Y
        errors = cross_validated(self.factors, Y, seen, self.folds, unit * tried)
        losses = {name: errors[:, part].sum(axis=1) / (Y[:, part] ** 2).sum() for name, part in parts.items()}
        chosen = {name: float(penalties[int(loss.argmin())]) for name, loss in losses.items()}
        widths = [values.shape[1] for values in rows.values()]
        joint = weights_of(self.X, self.factors, seen, unit * np.repeat(list(chosen.values()), widths))
        weights = {name: joint[:, part] for name, part in parts.items()}
        return RidgeDecoder(dict(targets), weights, origins, self.mean, self.deviation, chosen, losses)


def flat_responses(responses: npt.ArrayLike) -> FloatArray:
    """Finite responses, one row each: shape (n, n_values)."""
    array = np.asarray(finite("responses", responses), dtype=np.float64)
    return array.reshape(len(array), -1)


def _check(flat: FloatArray, stimuli: Sequence[str], groups: Sequence[Hashable]) -> None:
    if not len(flat) == len(stimuli) == len(groups):
        raise DataError(
            "Each response has one stimulus and one group",
            expected=f"{len(flat)} of each",
            got=f"{len(stimuli)} stimuli, {len(groups)} groups",
        )
    if (n_groups := len(set(groups))) < N_FOLDS:
        raise DataError("Too few concepts for the folds", expected=f"at least {N_FOLDS}", got=n_groups)
