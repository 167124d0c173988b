r"""The oracle line: how well anybody could decode a simulated response, and what limits everybody.

Where expected responses are known (``companion.loading.truth``), two observers can be written down:

* **noise-limited**: knows the expected response :math:`\mu_i` of every candidate;
  :math:`r \sim N(\mu_i, C)` with the noise :math:`C` of a response;
* **ruler-limited**: knows a candidate only by its vector :math:`v_i` in a space, and how expected responses
  go with vectors in a population of pictures;
  :math:`r \sim N(\mu + B^\top (v_i - \bar v), R + C)` with the regression :math:`B` of expected responses on
  vectors and the covariance :math:`R` of what it leaves.

Both rank candidates by their log-likelihood, which is best for equal prior chances.

Assumed: noise is Gaussian, alike for all pictures and independent of them; responses of neighbours in time
count as noise; expected responses and vectors are jointly Gaussian, so that what a vector tells beyond a
linear map is not used. A decoder that is not bound by the last assumption may pass the ruler-limited line.
Both lines know the forward model, so that neither suffers from few training trials.

Everything happens in the subspace that expected responses span (as many dimensions as the codes have): the
generalised least-squares coordinates there are sufficient, hence nothing is lost.

References
----------
Bishop (2006), Pattern Recognition and Machine Learning, section 2.3: conditional Gaussians.
Kay (1993), Fundamentals of Statistical Signal Processing I, chapter 4: sufficient coordinates.
Ledoit & Wolf (2004), Journal of Multivariate Analysis 88, 365-411: shrinkage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cho_factor, cho_solve, solve_triangular

FloatArray = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.intp]

MOST_DIMENSIONS = 256
"""Dimensions that expected responses may span; the miniature world has at most 192."""
_NEGLIGIBLE = 1e-5  # singular values below this share of the largest are rounding of float32
_TIE = 1e-12  # scores closer than this count as equal: rounding must not break ties


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


@dataclass(frozen=True, eq=False)
class OracleRanks:
    """Ranks of what was seen, 1 for the best: ndarrays of shape (n_trials,).

    Attributes
    ----------
    noise_limited, ruler_limited
        The two observers.
    mean_predictor
        Floor: every response decoded as the population's mean vector, candidates ranked by cosine.
    shuffled
        Floor: the ruler-limited observer is handed another trial's response, drawn at random.
    """

    noise_limited: Ranks
    ruler_limited: Ranks
    mean_predictor: Ranks
    shuffled: Ranks


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
    """
    from sklearn.utils.extmath import randomized_svd

    expected = _flat(expected_population)
    covariance = np.asarray(noise_covariance, dtype=np.float64)
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
    weighted = cho_solve(cho_factor(covariance, lower=True), axes)
    noise = np.linalg.inv(axes.T @ weighted)
    return Observer(mean, axes, weighted @ noise, (noise + noise.T) / 2)


def noise_limited(
    observer: Observer, responses: npt.ArrayLike, expected_gallery: npt.ArrayLike
) -> FloatArray:
    """Log-likelihood of each candidate, its expected response being known.

    Parameters
    ----------
    observer : Observer
        Of the person.
    responses : array-like of shape (n_trials, ...)
        What was measured.
    expected_gallery : array-like of shape (n_candidates, ...)
        Expected responses.

    Returns
    -------
    ndarray of shape (n_trials, n_candidates)
        Natural logarithm, up to a constant of each trial.
    """
    centres = observer.coordinates(expected_gallery)
    return _log_likelihoods(observer.read(responses), centres, observer.noise)


def ruler_limited(
    observer: Observer,
    responses: npt.ArrayLike,
    vectors_gallery: npt.ArrayLike,
    expected_population: npt.ArrayLike,
    vectors_population: npt.ArrayLike,
) -> FloatArray:
    """Log-likelihood of each candidate, known by its vector alone.

    Parameters
    ----------
    observer, responses
        As in `noise_limited`.
    vectors_gallery : array-like of shape (n_candidates, n_features)
        In the space whose worth is asked for, treated as decoders treat it (centred, normalised).
    expected_population, vectors_population : array-like of shape (n_stimuli, ...) and (n_stimuli, n_features)
        Pictures that the regression is taken over: many more than features, and no candidates among them.

    Returns
    -------
    ndarray of shape (n_trials, n_candidates)

    Raises
    ------
    ValueError
        If pictures are too few for the regression, or do not match.
    """
    vectors = np.asarray(vectors_population, dtype=np.float64)
    coordinates = observer.coordinates(expected_population)
    if len(vectors) != len(coordinates) or len(vectors) < 2 * vectors.shape[1]:
        raise ValueError(
            f"a regression on {vectors.shape[1]} features needs twice as many pictures, each with a vector "
            f"and an expected response: {len(vectors)} and {len(coordinates)}"
        )
    centre, mean = vectors.mean(axis=0), coordinates.mean(axis=0)
    weights, _, n_used, _ = np.linalg.lstsq(vectors - centre, coordinates - mean, rcond=_NEGLIGIBLE)
    rest = coordinates - mean - (vectors - centre) @ weights
    left = rest.T @ rest / (len(vectors) - 1 - n_used)
    centres = mean + (np.asarray(vectors_gallery, dtype=np.float64) - centre) @ weights
    return _log_likelihoods(observer.read(responses), centres, observer.noise + left)


def oracle_ranks(
    observer: Observer,
    responses: npt.ArrayLike,
    seen: npt.ArrayLike,
    *,
    expected_gallery: npt.ArrayLike,
    vectors_gallery: npt.ArrayLike,
    expected_population: npt.ArrayLike,
    vectors_population: npt.ArrayLike,
    seed: int = 0,
) -> OracleRanks:
    """Both observers and both floors, for one person and one space.

    Parameters
    ----------
    observer, responses, expected_gallery, vectors_gallery, expected_population, vectors_population
        As in `noise_limited` and `ruler_limited`.
    seen : array-like of int of shape (n_trials,)
        Row of the gallery that was seen in each trial.
    seed : int
        Of the shuffling.
    """
    by_vector = ruler_limited(observer, responses, vectors_gallery, expected_population, vectors_population)
    mean = np.asarray(vectors_population, dtype=np.float64).mean(axis=0)
    gallery = np.asarray(vectors_gallery, dtype=np.float64)
    cosines = gallery @ mean / np.linalg.norm(gallery, axis=1)
    shuffled = np.random.default_rng(seed).permutation(len(by_vector))
    return OracleRanks(
        ranks_by_score(noise_limited(observer, responses, expected_gallery), seen),
        ranks_by_score(by_vector, seen),
        ranks_by_score(np.broadcast_to(cosines, by_vector.shape), seen),
        ranks_by_score(by_vector[shuffled], seen),
    )


def ranks_by_score(scores: FloatArray, seen: npt.ArrayLike) -> Ranks:
    """Rank of what was seen, 1 for the highest score; of equal scores that of the seen one comes last.

    Parameters
    ----------
    scores : ndarray of shape (n_trials, n_candidates)
        Such as log-likelihoods.
    seen : array-like of int of shape (n_trials,)
        Column of what was seen.
    """
    own = np.take_along_axis(scores, np.asarray(seen, dtype=np.intp)[:, None], axis=1)
    ranks: Ranks = (scores >= own - _TIE).sum(axis=1)
    return ranks


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
        raise ValueError("no picture was repeated, so that noise cannot be told from signal")
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, codes, values)
    rest = values - (sums / np.bincount(codes)[:, None])[codes]
    covariance: FloatArray = ledoit_wolf(rest, assume_centered=True)[0]
    return covariance * (len(values) / n_free)


def _log_likelihoods(read: FloatArray, centres: FloatArray, covariance: FloatArray) -> FloatArray:
    """Gaussian log-likelihoods with one covariance, up to a constant: (n_trials, n_candidates)."""
    root = np.linalg.cholesky(covariance)
    one, two = (solve_triangular(root, values.T, lower=True).T for values in (read, centres))
    likelihoods: FloatArray = one @ two.T - np.sum(two**2, axis=1) / 2
    return likelihoods


def _flat(values: npt.ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    return array.reshape(len(array), -1)
