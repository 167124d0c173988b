"""Ordinary least squares from a few voxels to each unit of a vector, as GOD's decoders do it.

Every unit of the image or word vector has a decoder of its own, on the voxels that correlate most with it
over the training samples. Solved one by one, hundreds of units cost hundreds of decompositions of nearly the
same data. Here products of voxels are taken once per person and region; a unit's normal equations are a part
of them, solved by a Cholesky decomposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import lstsq
from scipy.linalg.lapack import dposv

from companion.checks import divisor, finite, whole
from companion.embeddings import Embeddings
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]

N_VOXELS = 500
"""Voxels of each unit in GOD's published decoders, where a region has so many."""
_BYTES = 32 * 2**20
"""Of normal equations solved at a time; with more, fresh memory costs as much as solving."""


@dataclass(frozen=True, eq=False)
class LinearDecoder:
    """Fitted decoders of all units of some spaces; made by :func:`fit_linear`.

    Attributes
    ----------
    spaces : dict of str to Embeddings
        Training targets, for the names of the spaces.
    weights : dict of str to ndarray of shape (n_voxels, n_features)
        For standardised voxels; zero where a unit does not use a voxel.
    origins : dict of str to ndarray of shape (n_features,)
        Mean target over training samples.
    mean, deviation : ndarray of shape (n_voxels,)

    Examples
    --------
    Repetitions of a stimulus become one decoded vector:

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import fit_linear
    >>> rng = np.random.default_rng(0)
    >>> space = Embeddings(rng.normal(size=(40, 2)), tuple(map(str, range(40))), "toy")
    >>> responses = space.values @ rng.normal(size=(2, 10)) + 0.1 * rng.normal(size=(40, 10))
    >>> decoder = fit_linear(responses, space.ids, {"toy": space}, n_voxels=5)
    >>> decoder.predict(responses[:4], ["new", "new", "other", "other"])["toy"].ids
    ('new', 'other')
    """

    spaces: Mapping[str, Embeddings]
    weights: Mapping[str, FloatArray]
    origins: Mapping[str, FloatArray]
    mean: FloatArray
    deviation: FloatArray

    def predict(self, responses: npt.ArrayLike, stimuli: Sequence[str]) -> dict[str, Embeddings]:
        """Decode responses, and average the predictions of a stimulus over its repetitions.

        Parameters
        ----------
        responses : array-like of shape (n, n_voxels)
        stimuli : sequence of str
            What was seen, one per response; may repeat.

        Returns
        -------
        dict of str to Embeddings of shape (n_stimuli, n_features)
            In order of first appearance.
        """
        values = np.asarray(finite("responses", responses, ndim=2), dtype=np.float64)
        if values.shape != (len(stimuli), len(self.mean)):
            raise DataError(
                "Responses do not fit the decoder", expected=(len(stimuli), len(self.mean)), got=values.shape
            )
        names = list(dict.fromkeys(stimuli))
        row_of = {name: row for row, name in enumerate(names)}
        rows = np.array([row_of[name] for name in stimuli])
        means = np.zeros((len(names), values.shape[1]))  # the mean prediction is the prediction of the mean
        np.add.at(means, rows, values)
        means /= np.bincount(rows)[:, None]
        scaled = (means - self.mean) / self.deviation
        return {
            name: space.with_rows(scaled @ self.weights[name] + self.origins[name], names)
            for name, space in self.spaces.items()
        }


def fit_linear(
    responses: npt.ArrayLike,
    stimuli: Sequence[str],
    targets: Mapping[str, Embeddings],
    *,
    n_voxels: int = N_VOXELS,
) -> LinearDecoder:
    """Fit one linear decoder per unit, on the voxels that correlate most with it.

    Parameters
    ----------
    responses : array-like of shape (n, n_region_voxels)
        Training samples.
    stimuli : sequence of str
        What was seen, one per sample; may repeat.
    targets : mapping of str to Embeddings
        One or more spaces.
    n_voxels : int
        Voxels per unit, chosen by the size of their correlation over the training samples.

    Returns
    -------
    LinearDecoder
        A unit that never varies is predicted by its value.

    Raises
    ------
    DataError
        If there are not more samples than voxels per unit, lengths differ, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import fit_linear
    >>> rng = np.random.default_rng(0)
    >>> space = Embeddings(rng.normal(size=(40, 2)), tuple(map(str, range(40))), "toy")
    >>> responses = np.hstack([space.values, rng.normal(size=(40, 8))])  # two voxels know, eight do not
    >>> decoder = fit_linear(responses, space.ids, {"toy": space}, n_voxels=2)
    >>> np.flatnonzero(decoder.weights["toy"][:, 0]).size
    2
    >>> decoded = decoder.predict(responses, space.ids)["toy"]
    >>> bool(np.allclose(decoded.values, space.values))
    True

    References
    ----------
    Horikawa and Kamitani (2017), Nature Communications 8, 15037: decoders, there by sparse regression;
    ordinary least squares as in their published example code.
    """
    raw = np.asarray(finite("responses", responses, ndim=2), dtype=np.float64)
    whole("n_voxels", n_voxels)
    n_used = min(n_voxels, raw.shape[1])
    if len(raw) != len(stimuli):
        raise DataError(
            "Each training sample is finite and has one stimulus", expected=len(raw), got=len(stimuli)
        )
    if len(raw) <= n_used + 1:
        raise DataError(
            "Least squares needs more samples than voxels",
            expected=f"more than {n_used + 1} samples",
            got=len(raw),
            do="use fewer voxels per unit, or ridge (decoding.ridge)",
        )
    mean, deviation = raw.mean(axis=0), raw.std(axis=0, ddof=1)
    deviation = divisor(deviation, mean)
    X = (raw - mean) / deviation
    if not targets:
        raise DataError("Nothing to fit", expected="one target or more", got="none")
    rows = {name: space.rows_of(stimuli) for name, space in targets.items()}
    origins = {name: values.mean(axis=0) for name, values in rows.items()}
    products = X.T @ X
    weights = {name: _solve(products, X, rows[name] - origins[name], n_used) for name in rows}
    return LinearDecoder(dict(targets), weights, origins, mean, deviation)


def _solve(products: FloatArray, X: FloatArray, Y: FloatArray, n_used: int) -> FloatArray:
    """Weights of all units: (n_region_voxels, n_units)."""
    covariances = X.T @ Y
    if n_used == len(products):
        whole: FloatArray = _cholesky(products[None], covariances[None])[0]
        return whole
    strength = np.abs(covariances)  # voxels have equal lengths, so that this orders them as correlations do
    chosen = np.sort(np.argpartition(-strength, n_used - 1, axis=0)[:n_used], axis=0).T
    weights = np.zeros_like(covariances)
    for units in _parts(Y.shape[1], n_used):
        own = chosen[units]  # (n_part, n_used)
        systems = products[own[:, :, None], own[:, None, :]]
        sides = np.take_along_axis(covariances[:, units].T, own, axis=1)[..., None]
        solved = _cholesky(systems, sides)[..., 0]
        weights[own, np.arange(units.start, units.stop)[:, None]] = solved
    return weights


def _cholesky(systems: FloatArray, sides: FloatArray) -> FloatArray:
    """Solve positive definite systems; singular ones in the sense of least squares."""
    solved = np.empty_like(sides)
    for number, (system, side) in enumerate(zip(systems, sides, strict=True)):
        # The transpose of a symmetric matrix is the same one, in the order that LAPACK reads without a copy.
        factor, solved[number], failed = dposv(system.T, side)
        diagonal = factor.diagonal()
        if failed or diagonal.min() < 1e-7 * diagonal.max():  # constant or repeated voxels
            precision = np.finfo(system.dtype).eps * len(system)
            solved[number] = lstsq(system, side, cond=precision)[0]
    return solved


def _parts(n_units: int, n_used: int) -> Iterator[slice]:
    step = max(1, _BYTES // (8 * n_used**2))
    for start in range(0, n_units, step):
        yield slice(start, min(start + step, n_units))
