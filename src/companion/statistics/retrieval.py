"""Retrieval between two sets of vectors, and the gap between their clouds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from companion.checks import finite, whole
from companion.statistics.similarity import FloatArray, unit_rows


class Retrieval(NamedTuple):
    """Share of queries whose own target comes first, what guessing gives, and the smallest possible step."""

    top1: float
    chance: float
    step: float


def cosine_between(first: FloatArray, second: FloatArray) -> FloatArray:
    """Cosine of every row of one set with every row of another.

    Parameters
    ----------
    first : ndarray of shape (n_first, n_features)
    second : ndarray of shape (n_second, n_features)

    Returns
    -------
    ndarray of shape (n_first, n_second)
    """
    cosines: FloatArray = unit_rows(first) @ unit_rows(second).T
    return cosines


def top1_hits(similarity: FloatArray, n_way: int) -> FloatArray:
    r"""Probability that the own target of each query comes first among ``n_way`` candidates.

    The wrong candidates are drawn from the gallery without replacement, and ties are broken at random.
    Instead of drawing, the probability is computed: with :math:`t` ties and :math:`l` candidates below the
    target,

    .. math:: \sum_j \frac{1}{1 + j} \binom{t}{j} \binom{l}{n - 1 - j} \Big/ \binom{g - 1}{n - 1}

    for a gallery of :math:`g`. With ``n_way`` equal to the gallery and no ties, that is 1 or 0.

    Parameters
    ----------
    similarity : ndarray of shape (n_queries, n_queries)
        Queries by candidates; the target of a query stands on the diagonal.
    n_way : int
        Number of candidates, the target included.

    Returns
    -------
    ndarray of shape (n_queries,)

    Examples
    --------
    Among all three, the last query misses; against one random other, it has an even chance:

    >>> import numpy as np
    >>> from companion.statistics import top1_hits
    >>> similarity = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.1], [0.7, 0.2, 0.5]])
    >>> top1_hits(similarity, 3).round(3).tolist(), top1_hits(similarity, 2).round(3).tolist()
    ([1.0, 1.0, 0.0], [1.0, 1.0, 0.5])
    """
    similarity = finite("similarities", similarity, ndim=2)
    n_gallery = len(similarity)
    if similarity.shape != (n_gallery, n_gallery):
        raise ValueError(f"queries and candidates are matched one to one, got {similarity.shape}")
    whole("n_way", n_way, least=2, most=n_gallery)
    own = similarity.diagonal()[:, None]
    below = (similarity < own).sum(axis=1)
    ties = (similarity == own).sum(axis=1) - 1
    hits = np.zeros(n_gallery)
    for tied in range(min(int(ties.max()), n_way - 1) + 1):
        log_odds = _log_binomial(ties, tied) + _log_binomial(below, n_way - 1 - tied)
        hits += np.exp(log_odds - _log_binomial(np.array(n_gallery - 1), n_way - 1)) / (1 + tied)
    return hits


def retrieval(similarity: FloatArray, n_way: int) -> Retrieval:
    """Top-1 retrieval among ``n_way`` candidates; arguments as in :func:`top1_hits`."""
    return Retrieval(float(top1_hits(similarity, n_way).mean()), 1 / n_way, 1 / len(similarity))


def modality_gap(images: FloatArray, texts: FloatArray) -> FloatArray:
    r"""Vector from the centre of the texts to the centre of the images, both on the unit sphere.

    .. math:: \Delta = \frac{1}{n} \sum_i \frac{x_i}{|x_i|} - \frac{1}{m} \sum_j \frac{y_j}{|y_j|}

    Its length is the distance usually quoted: 0 for clouds with a common centre, 2 at most.

    Parameters
    ----------
    images : ndarray of shape (n_images, n_features)
    texts : ndarray of shape (n_texts, n_features)

    Returns
    -------
    ndarray of shape (n_features,)

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import modality_gap
    >>> images, texts = np.array([[3.0, 4.0], [3.0, -4.0]]), np.array([[-3.0, 4.0], [-3.0, -4.0]])
    >>> (modality_gap(images, texts).round(3) + 0.0).tolist()
    [1.2, 0.0]

    References
    ----------
    Liang et al. (2022), NeurIPS (the gap as the difference of two centres).
    """
    centres = [unit_rows(values).mean(axis=0) for values in (images, texts)]
    if centres[0].shape != centres[1].shape:
        raise ValueError(f"images and texts lie in one space, got {images.shape} and {texts.shape}")
    gap: FloatArray = centres[0] - centres[1]
    return gap


def on_one_centre(values: FloatArray, reference: FloatArray) -> FloatArray:
    """Subtract the mean unit vector of a reference set from unit vectors, and bring them back to length one.

    Done to images and to texts, each with its own reference, this removes the modality gap.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
    reference : ndarray of shape (n_reference, n_features)
        Rows whose mean is taken out. For a score on unseen stimuli these are the training rows.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
    """
    return unit_rows(unit_rows(values) - unit_rows(reference).mean(axis=0))


def common_plane(images: FloatArray, texts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Flat picture of two clouds: their first two common principal components.

    Parameters
    ----------
    images, texts : ndarray of shape (n_images, n_features) and (n_texts, n_features)
        Brought to length one first.

    Returns
    -------
    images, texts : ndarray of shape (n_images, 2) and (n_texts, 2)
        The first component has the images on the right.
    shares : ndarray of shape (2,)
        Share of the variance of both clouds together along each component.
    """
    both = np.concatenate([unit_rows(images), unit_rows(texts)])
    both = both - both.mean(axis=0)
    _, singular, directions = np.linalg.svd(both, full_matrices=False)
    flat = both @ directions[:2].T
    flat[:, 0] *= 1 if flat[: len(images), 0].mean() >= flat[len(images) :, 0].mean() else -1
    shares = singular[:2] ** 2 / (singular**2).sum()
    return flat[: len(images)], flat[len(images) :], shares


def _log_binomial(n: np.ndarray, k: int) -> FloatArray:
    """Logarithm of the number of ways to choose k of n; minus infinity where there is none."""
    possible = n >= k
    enough = np.where(possible, n, k)
    ways = gammaln(enough + 1) - gammaln(k + 1) - gammaln(enough - k + 1)
    return np.where(possible, ways, -np.inf)
