"""Multivariate noise normalisation: make the noise of all channels alike and uncorrelated.

The covariance is taken over time within each trial, shrunk after Ledoit and Wolf, averaged over the
repetitions of a condition and then over conditions. Trials are multiplied by its inverse square root.
Whoever calls this hands over **training trials only**; the test partition is then multiplied by the same
matrix.

References
----------
Guggenmos, Sterzer & Cichy (2018), NeuroImage 173, 434-447: noise normalisation before decoding.
Ledoit & Wolf (2004), Journal of Multivariate Analysis 88, 365-411: the amount of shrinkage.
Song et al. (2024), ICLR: statistics from the training partition alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.recording_checks import all_finite

FloatArray = npt.NDArray[np.float64]
Trials = npt.NDArray[np.floating[Any]]

TRIALS_PER_BLOCK = 256
SMALLEST_RATIO = 1e-12
"""Smallest eigenvalue of a covariance, as a share of the largest, that is still inverted."""


def shrunk_covariances(trials: Trials) -> FloatArray:
    """Ledoit-Wolf covariance between channels, of each trial over its samples.

    Channels are scaled to unit variance first, and back afterwards, so that the target of the shrinkage is
    the diagonal of variances and not a sphere. A channel that is flat in a trial adds nothing.

    Parameters
    ----------
    trials : ndarray of shape (n_trials, n_channels, n_times)
        One trial, its samples taken as observations.

    Returns
    -------
    ndarray of shape (n_trials, n_channels, n_channels)
        As ``sklearn.covariance.ledoit_wolf`` after ``StandardScaler``, for all trials at once.
    """
    _, n_channels, n_times = trials.shape
    centred = trials.astype(np.float64)
    centred -= centred.mean(axis=2, keepdims=True)
    scale = centred.std(axis=2, keepdims=True)
    scaled = np.divide(centred, scale, out=np.zeros_like(centred), where=scale > 0)
    covariances = scaled @ scaled.transpose(0, 2, 1) / n_times
    mean_variance = np.trace(covariances, axis1=1, axis2=2) / n_channels
    # Ledoit & Wolf (2004), section 3: dispersion of the estimate against its distance from the target
    squares = np.einsum("nij,nij->n", covariances, covariances)
    fourth = np.square(np.square(scaled).sum(axis=1)).sum(axis=1) / n_times
    dispersion = (fourth - squares) / n_times / n_channels
    distance = squares / n_channels - mean_variance**2
    amount = np.divide(
        np.minimum(dispersion, distance), distance, out=np.zeros_like(distance), where=distance > 0
    )
    shrunk = (1 - amount)[:, None, None] * covariances
    shrunk += (amount * mean_variance)[:, None, None] * np.eye(n_channels)
    rescaled: FloatArray = scale * shrunk * scale.transpose(0, 2, 1)
    return rescaled


def noise_covariance(trials: Trials, conditions: npt.ArrayLike) -> FloatArray:
    """Mean covariance over conditions, after the mean over the repetitions of each.

    Parameters
    ----------
    trials : ndarray of shape (n_trials, n_channels, n_times)
        Training trials of one session.
    conditions : array-like of shape (n_trials,)
        What was shown in each trial; a condition counts the same however often it was shown.

    Returns
    -------
    ndarray of shape (n_channels, n_channels)
        In the squared unit of the trials.

    Raises
    ------
    DataError
        If conditions are not as many as trials, or a value is not finite.

    Examples
    --------
    Two channels with independent noise, of which the second has three times the spread:

    >>> import numpy as np
    >>> from companion.loading import noise_covariance
    >>> rng = np.random.default_rng(0)
    >>> trials = rng.normal(size=(40, 2, 200)) * [[[1.0], [3.0]]]
    >>> noise_covariance(trials, ["cat", "key"] * 20).round(1) + 0.0
    array([[1. , 0. ],
           [0. , 8.9]])
    """
    shown = np.asarray(conditions)
    if np.ndim(trials) != 3 or shown.shape != (len(trials),) or not all_finite(trials):
        raise DataError(
            "Trials and conditions do not fit each other, or a value is not finite",
            where="trials and conditions",
            expected=f"finite numbers (n_trials, n_channels, n_times), conditions of {len(trials)} trials",
            got=f"{np.shape(trials)}, {shown.shape}",
            do="hand over one condition for each trial",
        )
    _, codes, counts = np.unique(shown, return_inverse=True, return_counts=True)
    weights = 1 / (counts[codes] * len(counts))
    total = np.zeros((trials.shape[1], trials.shape[1]))
    for start in range(0, len(trials), TRIALS_PER_BLOCK):
        block = slice(start, start + TRIALS_PER_BLOCK)
        total += np.einsum("n,nij->ij", weights[block], shrunk_covariances(trials[block]))
    return total


def whitening_matrix(covariance: FloatArray, *, where: object) -> FloatArray:
    """Inverse square root of a covariance.

    Parameters
    ----------
    covariance : ndarray of shape (n_channels, n_channels)
        Symmetric.
    where : object
        The place that an error names.

    Returns
    -------
    ndarray of shape (n_channels, n_channels)
        Symmetric: multiplied with trials from either side it gives the same.

    Raises
    ------
    DataError
        If the covariance is not finite or not square, or cannot be inverted, as when a channel is flat or two
        are the same.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.loading import whitening_matrix
    >>> whitening_matrix(np.diag([1.0, 4.0]), where="session 1").round(3)
    array([[1. , 0. ],
           [0. , 0.5]])
    """
    size = len(covariance)
    if not size or covariance.shape != (size, size) or not np.isfinite(covariance).all():
        raise DataError(
            "This is no covariance",
            where=where,
            expected="finite numbers of shape (n_channels, n_channels)",
            got=f"shape {covariance.shape}",
            do="look for values in the trials that are not finite",
        )
    values, vectors = np.linalg.eigh(covariance)
    if not values[0] > SMALLEST_RATIO * values[-1]:
        variances = np.diag(covariance)
        flat = int((variances <= SMALLEST_RATIO * variances.max()).sum())
        raise DataError(
            "The noise covariance cannot be inverted",
            where=where,
            expected=f"a smallest eigenvalue above {SMALLEST_RATIO:g} of the largest",
            got=f"{values[0]:.3g} and {values[-1]:.3g}; {flat} channels are flat throughout",
            do="look for channels that are flat or copies of each other",
        )
    matrix: FloatArray = (vectors / np.sqrt(values)) @ vectors.T
    return matrix


def whitened(trials: Trials, matrix: FloatArray) -> FloatArray:
    """Multiply the channels of trials by a whitening matrix.

    Parameters
    ----------
    trials : ndarray of shape (n_trials, n_channels, n_times)
        Of either partition.
    matrix : ndarray of shape (n_channels, n_channels)
        From `whitening_matrix`.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.loading import whitened, whitening_matrix
    >>> trials = np.array([[[1.0, -1.0], [6.0, 2.0]]])
    >>> whitened(trials, whitening_matrix(np.diag([1.0, 4.0]), where="session 1"))
    array([[[ 1., -1.],
            [ 3.,  1.]]])
    """
    product: FloatArray = np.matmul(matrix, trials, dtype=np.float64)
    return product
