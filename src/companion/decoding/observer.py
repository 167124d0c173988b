"""What an ideal observer reads of a response: its coordinates in the subspace that expected responses span.

Expected responses of a simulated brain have as many dimensions as its codes, far fewer than values. The
generalised least-squares coordinates there are sufficient: the noise in all other directions tells nothing
more about what was seen. So all that follows costs as much as the codes are wide
(``companion.decoding.oracle``).

References
----------
Kay (1993), Fundamentals of Statistical Signal Processing I, chapters 4 and 5: sufficient coordinates.
Ledoit & Wolf (2004), Journal of Multivariate Analysis 88, 365-411: shrinkage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cho_factor, cho_solve

from companion.checks import finite

FloatArray = npt.NDArray[np.float64]

MOST_DIMENSIONS = 256
"""Dimensions that expected responses may span; the miniature world has at most 192."""
_NEGLIGIBLE = 1e-5  # singular values below this share of the largest are rounding of float32


@dataclass(frozen=True, eq=False)
class Observer:
    """One person's responses, read as coordinates in the subspace of expected responses.

    Parameters
    ----------
    mean : ndarray of shape (n_values,)
        Mean expected response.
    axes : ndarray of shape (n_values, n_dimensions)
        Orthonormal basis of expected responses about their mean.
    reader : ndarray of shape (n_values, n_dimensions)
        Generalised least squares: coordinates of a noisy response.
    noise : ndarray of shape (n_dimensions, n_dimensions)
        Covariance of the coordinates that it reads.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.decoding.observer import make_observer
    >>> expected = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])  # responses vary along one of three values
    >>> observer = make_observer(expected, np.eye(3))
    >>> observer.axes.shape, np.abs(observer.coordinates(expected)).round(3).ravel().tolist()
    ((3, 1), [1.0, 1.0])
    """

    mean: FloatArray
    axes: FloatArray
    reader: FloatArray
    noise: FloatArray

    def read(self, responses: npt.ArrayLike) -> FloatArray:
        """Coordinates of noisy responses (n_trials, ...): (n_trials, n_dimensions)."""
        coordinates: FloatArray = (_flat(responses) - self.mean) @ self.reader
        return coordinates

    def coordinates(self, expected: npt.ArrayLike) -> FloatArray:
        """Coordinates of expected responses (n_stimuli, ...): (n_stimuli, n_dimensions)."""
        coordinates: FloatArray = (_flat(expected) - self.mean) @ self.axes
        return coordinates


def make_observer(expected_population: npt.ArrayLike, noise_covariance: npt.ArrayLike) -> Observer:
    """Prepare what all candidates and all spaces share.

    Parameters
    ----------
    expected_population : array-like of shape (n_stimuli, ...)
        Expected responses of many pictures, in the units of the responses.
    noise_covariance : array-like of shape (n_values, n_values)
        Of one response as it will be read: of a mean of repetitions where means are read.

    Raises
    ------
    ValueError
        If shapes do not fit, expected responses are all alike, or they span more than `MOST_DIMENSIONS`.
    numpy.linalg.LinAlgError
        If the covariance is not positive definite.

    Examples
    --------
    The second value holds no signal, only noise; where the first shares it, reading both is more exact:

    >>> import numpy as np
    >>> from companion.decoding.observer import make_observer
    >>> expected = np.array([[1.0, 0.0], [-1.0, 0.0]])
    >>> shared = np.array([[1.0, 0.8], [0.8, 1.0]])
    >>> make_observer(expected, np.eye(2)).noise.round(3).item()
    1.0
    >>> make_observer(expected, shared).noise.round(3).item()
    0.36
    """
    from sklearn.utils.extmath import randomized_svd

    expected = _flat(expected_population)
    covariance = np.asarray(finite("covariances of noise", noise_covariance, ndim=2), dtype=np.float64)
    n_stimuli, n_values = expected.shape
    if covariance.shape != (n_values, n_values):
        raise ValueError(f"noise of {n_values} values needs that many rows and columns: {covariance.shape}")
    mean = expected.mean(axis=0)
    # exact: a random mixture of pictures spans what all of them span
    n_tried = min(n_stimuli, n_values, MOST_DIMENSIONS + 1)
    _, sizes, rows = randomized_svd(
        expected - mean, n_tried, n_oversamples=0, n_iter=0, flip_sign=False, random_state=0
    )
    kept = sizes > _NEGLIGIBLE * sizes[0]
    if not sizes[0] > 0 or kept.sum() > MOST_DIMENSIONS:
        raise ValueError(f"expected responses span 1 to {MOST_DIMENSIONS} dimensions, got {kept.sum()}")
    axes: FloatArray = rows[kept].T
    try:
        weighted = cho_solve(cho_factor(covariance, lower=True), axes)
    except np.linalg.LinAlgError as error:
        raise ValueError(f"noise of {n_values} values leaves directions without any: {error}") from error
    noise = np.linalg.inv(axes.T @ weighted)
    return Observer(mean, axes, weighted @ noise, (noise + noise.T) / 2)


def repetition_covariance(trials: npt.ArrayLike, stimuli: Sequence[str]) -> FloatArray:
    """Covariance of the noise of one repetition, from what repetitions of a picture differ by; shrunk.

    Parameters
    ----------
    trials : array-like of shape (n_trials, ...)
        Single repetitions. Those of several splits may be put together.
    stimuli : sequence of str
        What was shown.

    Returns
    -------
    ndarray of shape (n_values, n_values)
        Divide it by the number of repetitions where their mean is read. What a picture's repetitions have in
        common is not in it.

    Raises
    ------
    ValueError
        If no picture was repeated.
    """
    from sklearn.covariance import ledoit_wolf

    values = _flat(trials)
    codes, names = pd.factorize(np.asarray(stimuli, dtype=object))
    n_free = len(values) - len(names)
    if n_free < 1:
        raise ValueError(
            f"no picture was repeated, so that noise is no different from signal: got {len(names)}"
        )
    rest = values.copy()
    for code in range(len(names)):
        own = np.flatnonzero(codes == code)
        rest[own] -= values[own].mean(axis=0)
    covariance: FloatArray = ledoit_wolf(rest, assume_centered=True)[0]
    return covariance * (len(values) / n_free)


def _flat(values: npt.ArrayLike) -> FloatArray:
    array = np.asarray(finite("responses", values), dtype=np.float64)
    return array.reshape(len(array), -1)
