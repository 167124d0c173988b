r"""The oracle line: how well anybody could decode a simulated response, and what limits everybody.

Where expected responses are known (``companion.loading.truth``), two observers can be written down:

* **noise-limited**: knows the expected response :math:`\mu_i` of every candidate;
  :math:`r \sim N(\mu_i, C)` with the noise :math:`C` of a response;
* **ruler-limited**: knows a candidate only by its vector :math:`v_i` in a space, and how expected responses
  go with vectors in a population of pictures;
  :math:`r \sim N(\mu + B^\top (v_i - \bar v), R + C)` with the regression :math:`B` of expected responses on
  vectors and the covariance :math:`R` of what it leaves.

Both rank candidates by their log-likelihood, which is best for equal prior chances. The papers' decoders have
one more bound: they decode **a vector**, and rank candidates by its cosine. So a third line decodes the
posterior mean of the vector under the same model, the decoded vector of least squared error, and is ranked as
they are. It lies lower, for a vector says neither how sure its directions are nor how noise bends them; since
least squared error is not highest rank, a contrastive decoder might pass it, but not the ruler-limited line.

Assumed: noise is Gaussian, alike for all pictures and independent of them; responses of neighbours in time
count as noise; expected responses and vectors are jointly Gaussian, so that what a vector tells beyond a
linear map is not used. A decoder that is not bound by the last assumption may pass the ruler-limited line.
All lines know the forward model, so that none suffers from few training trials: what a trained decoder lacks
of its line is what it could not learn.

References
----------
Bishop (2006), Pattern Recognition and Machine Learning, section 2.3: conditional Gaussians.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from companion.decoding.observer import Observer

FloatArray = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.intp]

_NEGLIGIBLE = 1e-5  # singular values of vectors below this share of the largest are rounding of float32
_TIE = 1e-12  # scores closer than this count as equal: rounding must not break ties


@dataclass(frozen=True, eq=False)
class OracleRanks:
    """Ranks of what was seen, 1 for the best: ndarrays of shape (n_trials,).

    Attributes
    ----------
    noise_limited, ruler_limited
        The two observers.
    decoded_vector
        The posterior mean of the vector, candidates ranked by cosine.
    mean_predictor
        Floor: every response decoded as the population's mean vector, candidates ranked by cosine.
    shuffled
        Floor: the ruler-limited observer is handed another trial's response, drawn at random.
    """

    noise_limited: Ranks
    ruler_limited: Ranks
    decoded_vector: Ranks
    mean_predictor: Ranks
    shuffled: Ranks


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


def decoded_vectors(
    observer: Observer,
    responses: npt.ArrayLike,
    expected_population: npt.ArrayLike,
    vectors_population: npt.ArrayLike,
) -> FloatArray:
    """Decode the posterior mean of the vector, of all decoded vectors that of least squared error.

    Parameters
    ----------
    observer, responses, expected_population, vectors_population
        As in `ruler_limited`.

    Returns
    -------
    ndarray of shape (n_trials, n_features)
    """
    return vector_decoder(observer, expected_population, vectors_population)(responses)


def vector_decoder(
    observer: Observer, expected_population: npt.ArrayLike, vectors_population: npt.ArrayLike
) -> Callable[[npt.ArrayLike], FloatArray]:
    """Prepare `decoded_vectors` for responses that come again and again, as when parts of them are removed.

    Parameters
    ----------
    observer, expected_population, vectors_population
        As in `ruler_limited`.

    Returns
    -------
    callable
        Responses of shape (n_trials, ...) to vectors of shape (n_trials, n_features).
    """
    vectors = np.asarray(vectors_population, dtype=np.float64)
    coordinates = observer.coordinates(expected_population)
    centre, mean = vectors.mean(axis=0), coordinates.mean(axis=0)
    signal = (coordinates - mean).T @ (coordinates - mean) / (len(vectors) - 1)
    shared = (coordinates - mean).T @ (vectors - centre) / (len(vectors) - 1)
    weights = np.linalg.solve(signal + observer.noise, shared)

    def decode(responses: npt.ArrayLike) -> FloatArray:
        decoded: FloatArray = centre + (observer.read(responses) - mean) @ weights
        return decoded

    return decode


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
    """All lines and both floors, for one person and one space.

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
    directions = gallery / np.linalg.norm(gallery, axis=1, keepdims=True)
    decoded = decoded_vectors(observer, responses, expected_population, vectors_population)
    shuffled = np.random.default_rng(seed).permutation(len(by_vector))
    return OracleRanks(
        ranks_by_score(noise_limited(observer, responses, expected_gallery), seen),
        ranks_by_score(by_vector, seen),
        ranks_by_score(decoded @ directions.T, seen),  # the decoded vector's own length moves no rank
        ranks_by_score(np.broadcast_to(directions @ mean, by_vector.shape), seen),
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


def _log_likelihoods(read: FloatArray, centres: FloatArray, covariance: FloatArray) -> FloatArray:
    """Gaussian log-likelihoods with one covariance, up to a constant: (n_trials, n_candidates)."""
    root = np.linalg.cholesky(covariance)
    one, two = (solve_triangular(root, values.T, lower=True).T for values in (read, centres))
    likelihoods: FloatArray = one @ two.T - np.sum(two**2, axis=1) / 2
    return likelihoods
