"""How much pictures made from brain activity resemble what was seen: in pixels, in structure, in meaning.

Every measure gives one value per picture, so that pictures can be drawn anew for an interval
(:func:`companion.statistics.crossed_bootstrap.crossed_interval`) and methods compared picture by picture.
Features and class probabilities are handed in: they must come from a network that neither guided nor
conditioned what made the pictures, or the score says only that the network agrees with itself. No measure
picks the best of several pictures. What the four companions of a picture reach (recovery ceiling, shuffled
pairing, mean vector, nearest training category) is measured in the same way. Arrays that do not fit together,
or hold numbers that are not finite, are refused with a ``DataError``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats
from skimage.color import rgb2gray
from skimage.metrics import structural_similarity

from companion.checks import finite
from companion.errors import DataError
from companion.statistics.similarity import FloatArray

_DECIMALS = 12  # what differs less counts as equal: rounding must not break ties
_SIGMA = 1.5  # pixels, of the Gaussian window of structural similarity


class BeatenTest(NamedTuple):
    """Whether pictures beat more distractors than guessing does.

    Parameters
    ----------
    mean : float
        Mean share of distractors beaten; guessing gives one half.
    p : float
        Of Wilcoxon's signed-rank test against one half, one-sided.
    n_images : int
        Pictures, those at exactly one half included.
    """

    mean: float
    p: float
    n_images: int


def pixel_correlation(pictures: npt.NDArray[Any], references: npt.NDArray[Any]) -> FloatArray:
    """Pearson correlation of each picture with its reference over all pixels and colours (PixCorr).

    Parameters
    ----------
    pictures, references : ndarray of shape (n_pictures, height, width, 3)
        In the same unit.

    Returns
    -------
    ndarray of shape (n_pictures,)
        A picture of one single value correlates with nothing: 0.

    References
    ----------
    Ozcelik and VanRullen (2023), Scientific Reports 13, 15666 (the measure as it is used for NSD).
    """
    _check_pictures(pictures, references)
    first, second = (_profiles(values.reshape(len(values), -1)) for values in (pictures, references))
    return np.asarray(np.einsum("ij,ij->i", first, second))


def structure_similarity(pictures: npt.NDArray[np.uint8], references: npt.NDArray[np.uint8]) -> FloatArray:
    """Structural similarity (SSIM) of grey pictures: 1 for equal ones, about 0 for unrelated ones.

    As in the original: Gaussian window of 1.5 pixels, cut to 11 x 11; covariances divided by the number of
    pixels; constants .01 and .03. Pictures keep their size. (MindEye enlarges both to 425 pixels first, so
    that the window covers less of a picture: values from different sizes do not compare.)

    Parameters
    ----------
    pictures, references : ndarray of uint8, shape (n_pictures, height, width, 3)

    Returns
    -------
    ndarray of shape (n_pictures,)

    References
    ----------
    Wang et al. (2004), IEEE Transactions on Image Processing 13, 600-612. Computed by scikit-image.
    """
    _check_pictures(pictures, references)
    window = 2 * int(3.5 * _SIGMA + 0.5) + 1
    if pictures.dtype != np.uint8 or references.dtype != np.uint8 or min(pictures.shape[1:3]) < window:
        raise DataError(
            "Structural similarity needs pictures of bytes, larger than its window",
            expected=f"uint8 of at least {window} x {window} pixels",
            got=f"{pictures.dtype} and {references.dtype} of {pictures.shape[1]} x {pictures.shape[2]}",
        )
    found = [
        structural_similarity(  # type: ignore[no-untyped-call]
            rgb2gray(one),
            rgb2gray(other),
            data_range=1.0,
            gaussian_weights=True,
            sigma=_SIGMA,
            use_sample_covariance=False,
        )
        for one, other in zip(pictures, references, strict=True)
    ]
    return np.array(found, dtype=np.float64)


def distractors_beaten(features: FloatArray, references: FloatArray) -> FloatArray:
    """Two-way identification: share of other references that resemble a picture less than its own does.

    The mean over pictures is the two-way accuracy, one half for guessing. For identification among more than
    two, hand the correlations to :func:`companion.statistics.top1_hits`.

    Parameters
    ----------
    features, references : ndarray of shape (n_pictures, n_features)
        Of the pictures made and of those that were seen, in one order.

    Returns
    -------
    ndarray of shape (n_pictures,)
        Resemblance is the correlation of features; equal ones count one half.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import distractors_beaten
    >>> seen = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> distractors_beaten(np.array([[0.9, 0.1, 0.0], [0.7, 0.5, 0.1], [0.9, 0.5, 0.0]]), seen).tolist()
    [1.0, 0.5, 0.0]

    References
    ----------
    Scotti et al. (2024), ICML, appendix (a made picture against all seen ones).
    """
    return beaten_by_answer(features, references).diagonal().copy()


def beaten_by_answer(features: FloatArray, references: FloatArray) -> FloatArray:
    """Share of distractors that each picture would beat, were each of the references its own.

    What pairings of pictures with references are exchanged in, to test a person's score:
    :func:`companion.statistics.repeated_trials.image_permutation`. Arguments as of
    :func:`distractors_beaten`, which is the diagonal; shape (n_pictures, n_pictures).
    """
    features, references = (finite("features", values, ndim=2) for values in (features, references))
    if features.shape != references.shape or len(features) < 2:
        raise DataError(
            "Identification compares two or more pictures with as many references",
            expected="two matrices of one shape",
            got=f"{features.shape} and {references.shape}",
        )
    correlations = np.round(_profiles(features) @ _profiles(references).T, _DECIMALS)
    ranks: FloatArray = (stats.rankdata(correlations, axis=1) - 1) / (len(features) - 1)
    return ranks


def semantic_accuracy(
    probabilities: FloatArray, classes: npt.NDArray[np.integer[Any]], *, n_way: int, k: int = 1
) -> FloatArray:
    r"""Probability that the right class is among the best ``k`` of ``n_way``, the others drawn at random.

    A classifier looks at the picture made; the right class is the one that it gives to the seen picture
    (``argmax`` of that picture's probabilities). Published scores draw the other classes 1,000 times; here
    the expectation is computed. With :math:`a` classes more probable than the right one, :math:`t` equally
    probable ones and :math:`m` classes in all, the drawn numbers :math:`A` and :math:`T` of both are
    hypergeometric, and ties are broken at random:

    .. math:: \sum_{A < k} \sum_T P(A, T) \min\left(1, \frac{k - A}{1 + T}\right)

    Parameters
    ----------
    probabilities : ndarray of shape (n_pictures, n_classes)
        What the classifier says of the pictures made; any score will do, only its order counts.
    classes : ndarray of int, shape (n_pictures,)
        Number of the right class of each.
    n_way : int
        Classes to choose from, the right one included.
    k : int
        How many guesses are allowed, less than ``n_way``.

    Returns
    -------
    ndarray of shape (n_pictures,)
        Guessing gives ``k / n_way``.

    References
    ----------
    Chen et al. (2023), CVPR, N-way top-K classification accuracy.
    """
    n_classes = probabilities.shape[1]
    if not 1 <= k < n_way <= n_classes:
        raise ValueError(f"k < n_way <= {n_classes}, from 1; got k {k!r} and n_way {n_way!r}")
    if len(classes) != len(probabilities) or not ((classes >= 0) & (classes < n_classes)).all():
        raise DataError("Each picture has one right class", expected=f"0 to {n_classes - 1}", got=classes)
    own = np.take_along_axis(probabilities, np.asarray(classes)[:, None], axis=1)
    above = (probabilities > own).sum(axis=1)
    tied = (probabilities == own).sum(axis=1) - 1
    hits = np.zeros(len(probabilities))
    for n_above in range(k):
        of_above = stats.hypergeom.pmf(n_above, n_classes - 1, above, n_way - 1)
        left = n_way - 1 - n_above  # drawn from what is not more probable
        for n_tied in range(min(int(tied.max()), left) + 1):
            of_tied = stats.hypergeom.pmf(n_tied, np.maximum(n_classes - 1 - above, left), tied, left)
            hits += of_above * of_tied * min(1.0, (k - n_above) / (1 + n_tied))
    return hits


def beaten_test(shares: FloatArray) -> BeatenTest:
    """Test shares of distractors beaten against one half, with pictures as cases (Wilcoxon's signed ranks).

    Pictures at one half stay in by their rank (Pratt). The pictures share their distractors, so they are not
    quite independent; the permutation of whole pairings is the safer test of one person's score.

    Parameters
    ----------
    shares : ndarray of shape (n_pictures,)
        From :func:`distractors_beaten`.

    Returns
    -------
    BeatenTest
        ``p`` is 1 where every picture is at exactly one half.

    References
    ----------
    Pratt (1959), Journal of the American Statistical Association 54, 655-667.
    """
    if shares.ndim != 1 or not len(shares) or not np.isfinite(shares).all():
        raise DataError("Not one finite number per picture", got=f"shape {shares.shape}")
    excess = np.round(shares - 0.5, _DECIMALS)  # equal shares are equal ranks
    p = 1.0
    if excess.any():
        p = float(stats.wilcoxon(excess, alternative="greater", zero_method="pratt").pvalue)
    return BeatenTest(float(np.mean(shares)), p, len(excess))


def _profiles(values: npt.NDArray[Any]) -> FloatArray:
    """Rows without mean and of length one; constant rows become 0."""
    rows = values - values.mean(axis=1, keepdims=True, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    largest = np.abs(values).max(axis=1, keepdims=True).astype(np.float64)
    unit: FloatArray = rows / np.where(lengths > 1e-9 * largest, lengths, np.inf)
    return unit


def _check_pictures(pictures: npt.NDArray[Any], references: npt.NDArray[Any]) -> None:
    if pictures.shape != references.shape or pictures.ndim != 4 or pictures.shape[3] != 3:
        raise DataError(
            "Pictures and references differ in shape",
            expected="(n_pictures, height, width, 3), twice",
            got=f"{pictures.shape} and {references.shape}",
        )
