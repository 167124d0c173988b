"""Shape of one space: how many directions it uses, how evenly, and who is everyone's neighbour.

All numbers depend on how many rows there are as well as on the space: ``n_rows`` points span at most
``n_rows - 1`` directions. Spaces are compared on the same stimuli.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from companion.checks import finite
from companion.statistics.neighbours import nearest
from companion.statistics.similarity import FloatArray, unit_rows


class Isotropy(NamedTuple):
    """How unevenly a space uses its directions; one that uses all alike has 0, 0 and 1 / n_features."""

    mean_cosine: float
    mean_cosine_centred: float
    top_share: float


class Hubness(NamedTuple):
    """How unevenly rows are named as neighbours: skewness, share named very often, share never named."""

    skewness: float
    hubs: float
    antihubs: float


def variance_shares(values: FloatArray) -> FloatArray:
    """Share of the variance along each principal component, largest first.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        Centred here.

    Returns
    -------
    ndarray of shape (min(n_rows - 1, n_features),)
        Sums to one.

    Raises
    ------
    ValueError
        If there is nothing to share: fewer than two rows, or all rows equal.
    """
    variances = _singular_values(values) ** 2
    shares: FloatArray = variances / variances.sum()
    return shares


def participation_ratio(values: FloatArray) -> float:
    r"""Effective number of directions, from the variances of the principal components.

    .. math:: \Big(\sum_i \lambda_i\Big)^2 \Big/ \sum_i \lambda_i^2

    It is ``n_features`` if all variances are equal and 1 if there is one direction. From ``n_rows`` points of
    an isotropic cloud one gets about ``1 / (1 / n_features + 1 / n_rows)``, so compare at equal numbers of
    rows.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        Centred here.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import participation_ratio
    >>> square = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> round(participation_ratio(square), 3), round(participation_ratio(square * [1.0, 0.1]), 3)
    (2.0, 1.02)

    References
    ----------
    Gao et al. (2017), bioRxiv 214262 (participation ratio of the variances of principal components).
    """
    return float(1 / (variance_shares(values) ** 2).sum())


def entropy_rank(values: FloatArray) -> float:
    r"""Effective rank: the exponential of the entropy of the normalised singular values.

    .. math:: \exp\Big(-\sum_i p_i \ln p_i\Big), \quad p_i = \sigma_i \Big/ \sum_j \sigma_j

    It counts small directions more than :func:`participation_ratio`, since it starts from standard
    deviations and since entropy falls slowly; it is never smaller.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        Centred here, unlike in the paper, so that a common mean is no direction.

    References
    ----------
    Roy and Vetterli (2007), EUSIPCO, pages 606-610.
    """
    singular = _singular_values(values)
    return float(np.exp(stats.entropy(singular)))


def isotropy(values: FloatArray) -> Isotropy:
    """Measure whether all vectors point the same way, before and after the mean is subtracted.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)

    Returns
    -------
    Isotropy
        Mean cosine over pairs of different rows, the same after centring (close to zero in most spaces, so
        more a check than a finding), and the share of the variance of the first component.

    References
    ----------
    Ethayarajh (2019), EMNLP (mean cosine); Mu and Viswanath (2018), ICLR (mean and first components).
    """
    centred = values - values.mean(axis=0)
    return Isotropy(mean_cosine(values), mean_cosine(centred), float(variance_shares(values)[0]))


def mean_cosine(values: FloatArray) -> float:
    """Mean cosine over all pairs of different rows, in time linear in their number.

    The squared length of the sum of unit vectors is the sum of all cosines, those of a row with itself
    included.
    """
    n_rows = len(values)
    total = (unit_rows(values).sum(axis=0) ** 2).sum()
    return float((total - n_rows) / (n_rows * (n_rows - 1)))


def k_occurrence(similarity: FloatArray, n_nearest: int) -> npt.NDArray[np.intp]:
    """How often each row is among the nearest neighbours of another: N_k.

    Parameters
    ----------
    similarity : ndarray of shape (n_rows, n_rows)
    n_nearest : int
        Neighbours that each row names, k.

    Returns
    -------
    ndarray of shape (n_rows,)
        Counts; their mean is ``n_nearest``.

    Examples
    --------
    The first row is the nearest neighbour of both others:

    >>> import numpy as np
    >>> from companion.statistics import k_occurrence
    >>> k_occurrence(np.array([[1.0, 0.9, 0.8], [0.9, 1.0, 0.1], [0.8, 0.1, 1.0]]), 1).tolist()
    [2, 1, 0]
    """
    return np.bincount(nearest(similarity, n_nearest).ravel(), minlength=len(similarity))


def random_occurrence(n_rows: int, n_nearest: int) -> FloatArray:
    """Probability of being named 1, 2, ... times or more if each row named others at random.

    Returns
    -------
    ndarray of shape (n_rows - 1,)
    """
    others = n_rows - 1
    probability: FloatArray = stats.binom.sf(np.arange(others), others, n_nearest / others)
    return probability


def hubness(counts: npt.NDArray[np.intp]) -> Hubness:
    """Summarise how unevenly rows are named as neighbours.

    Parameters
    ----------
    counts : ndarray of shape (n_rows,)
        From :func:`k_occurrence`.

    Returns
    -------
    Hubness
        Skewness of the counts (0 if all are equal); share of hubs, named more than two standard deviations
        more often than the mean; share of rows never named.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import hubness
    >>> hubness(np.array([2, 2, 2, 2])), hubness(np.array([8, 0, 0, 0, 0, 0, 0, 0])).hubs
    (Hubness(skewness=0.0, hubs=0.0, antihubs=0.0), 0.125)

    References
    ----------
    Radovanovic, Nanopoulos and Ivanovic (2010), Journal of Machine Learning
    Research 11, 2487-2531.
    """
    values = finite("counts", counts, ndim=1)
    if values.min() < 0:
        raise ValueError(f"counts are not negative, got {values.min()!r}")
    spread = values.std()
    skewness = float(stats.skew(values)) if spread else 0.0
    hubs = values > values.mean() + 2 * spread
    return Hubness(skewness, float(hubs.mean()), float((values == 0).mean()))


def _singular_values(values: FloatArray) -> FloatArray:
    """Singular values of the centred matrix that can differ from zero."""
    values = finite("vectors", values, ndim=2)
    n_rows, n_features = values.shape
    centred = values - values.mean(axis=0)
    if n_rows < 2 or np.ptp(values, axis=0).max() == 0:
        raise ValueError(f"{n_rows} equal rows have no directions; two different ones are needed")
    singular: FloatArray = np.linalg.svd(centred, compute_uv=False)[: min(n_rows - 1, n_features)]
    return singular
