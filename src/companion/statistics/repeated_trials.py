"""Tests and intervals where every image was shown many times: the image, not the trial, is what was drawn.

GOD's 1,750 test trials are 50 images, 35 times each. Trials of an image are not 1,750 draws: whatever the
decoder gets wrong about an image, because of the image, of the voxels or of the candidates that happen to lie
near, it gets wrong in all of its trials. A test that exchanges single trials breaks these blocks up, finds
the observed score far outside of what it calls chance, and is wrong. Blocks must be exchanged as wholes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from companion.checks import finite, whole
from companion.errors import DataError
from companion.statistics.concept_bootstrap import interval
from companion.statistics.similarity import FloatArray

_DECIMALS = 12  # similarities that agree so far count as equal
_BLOCK = 2**22  # answers looked up at a time


class Permuted(NamedTuple):
    """A score and what it is when answers are exchanged; fractions.

    Parameters
    ----------
    observed : float
    null_mean, null_deviation : float
        Of the score under exchanged answers. The mean is chance *for these responses*, which need not be one
        over the number of candidates: some candidates lie nearer to everything.
    p : float
        One-sided: share of exchanges that reach the observed score, the observed one included.
    floor : float
        Smallest p that so many exchanges can give.
    """

    observed: float
    null_mean: float
    null_deviation: float
    p: float
    floor: float


class ClusterInterval(NamedTuple):
    """A mean over trials with its interval over images.

    Parameters
    ----------
    mean, low, high : float
        Mean over all trials and its percentile interval, images drawn anew with all of their trials.
    error_images, error_trials : float
        Standard error of the mean with images drawn, and what it would be were all trials independent.
    effective_trials : float
        How many independent trials would give the error over images.
    """

    mean: float
    low: float
    high: float
    error_images: float
    error_trials: float
    effective_trials: float


def hits_by_answer(similarity: npt.ArrayLike, k: int = 1) -> FloatArray:
    """Whether each candidate would be a hit, were it the answer: its place among the candidates of a trial.

    Parameters
    ----------
    similarity : array-like of shape (n_trials, n_candidates)
    k : int
        A hit is a rank of at most ``k``.

    Returns
    -------
    ndarray of shape (n_trials, n_candidates)
        0 or 1, and fractions where ties at place ``k`` are broken at random; each row sums to ``k``.

    Examples
    --------
    >>> from companion.statistics import hits_by_answer
    >>> hits_by_answer([[0.9, 0.2, 0.1], [0.5, 0.5, 0.1]]).tolist()
    [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    """
    values = np.round(finite("similarities of trials", similarity, ndim=2).astype(np.float64), _DECIMALS)
    if k not in range(1, values.shape[1] + 1):
        raise DataError("Trials cannot be ranked", expected=f"k from 1 to {values.shape[1]}", got=k)
    edge = np.partition(values, -k, axis=1)[:, -k, None]  # the value at place k; nothing else is ranked
    above, equal = values > edge, values == edge
    places = k - above.sum(axis=1, keepdims=True)
    hits: FloatArray = above + equal * (places / equal.sum(axis=1, keepdims=True))
    return hits


def image_permutation(
    hits: npt.ArrayLike, shown: Sequence[str], candidates: Sequence[str], *, n: int = 10_000, seed: int = 0
) -> Permuted:
    """Test a share of hits by exchanging the answers of whole images.

    Were nothing about the image in the responses, the block of an image's trials could as well have come from
    any other image. Each exchange gives all trials of an image the answer of one other (or the same) image.

    Parameters
    ----------
    hits : array-like of shape (n_trials, n_candidates)
        What each candidate would score as the answer: :func:`hits_by_answer`, or any other score.
    shown : sequence of str
        What was shown, one per trial.
    candidates : sequence of str
        Names of the columns; every shown one is among them.
    n : int
        Exchanges drawn.
    seed : int
        Of the exchanges.

    Returns
    -------
    Permuted

    Raises
    ------
    DataError
        If lengths differ, an image is no candidate, or fewer than two images were shown.

    Examples
    --------
    Four images, five trials each, all right; single trials would seem far more surprising:

    >>> import numpy as np
    >>> from companion.statistics import hits_by_answer, image_permutation
    >>> names = ["cat", "dog", "key", "cup"]
    >>> hits = hits_by_answer(np.repeat(np.eye(4), 5, axis=0))
    >>> result = image_permutation(hits, np.repeat(names, 5).tolist(), names, n=999)
    >>> result.observed, round(result.null_mean, 1), 0.02 < result.p < 0.07  # 1 of 24 exchanges
    (1.0, 0.3, True)
    """
    table, rows, columns = _coded(hits, shown, candidates)
    sums = np.zeros((len(columns), len(columns)))  # of the trials of an image, under each answer
    np.add.at(sums, rows, table[:, columns])
    return _permuted(sums / len(table), np.arange(len(columns)), n, seed)


def trial_permutation(
    hits: npt.ArrayLike, shown: Sequence[str], candidates: Sequence[str], *, n: int = 10_000, seed: int = 0
) -> Permuted:
    """Test a share of hits by exchanging the answers of single trials. Wrong where images were repeated.

    For demonstration only: it takes trials of an image for independent, and so calls chance surprising.
    Arguments and result as in :func:`image_permutation`; with one trial per image the two agree.
    """
    table, rows, columns = _coded(hits, shown, candidates)
    return _permuted(table[:, columns] / len(table), rows, n, seed)


def cluster_interval(
    values: npt.ArrayLike, shown: Sequence[str], *, n: int = 10_000, seed: int = 0, level: float = 0.95
) -> ClusterInterval:
    """Bootstrap a mean over trials, drawing images with all of their trials.

    Parameters
    ----------
    values : array-like of shape (n_trials,)
        Scores, such as hits.
    shown : sequence of str
        What was shown, one per trial.
    n, seed : int
        Number of draws, and their seed.
    level : float
        Coverage asked for.

    Returns
    -------
    ClusterInterval

    Raises
    ------
    DataError
        If lengths differ, a value is not finite, or fewer than two images were shown.

    Notes
    -----
    An interval for one decoder, had other images been shown. Trials are not drawn within images: the spread
    of image means holds their noise already.

    Examples
    --------
    Ten trials of each of two images, all alike within an image, are worth two trials:

    >>> from companion.statistics import cluster_interval
    >>> result = cluster_interval([1.0] * 10 + [0.0] * 10, ["cat"] * 10 + ["dog"] * 10, seed=0)
    >>> result.mean, round(result.effective_trials)
    (0.5, 2)

    References
    ----------
    Davison and Hinkley (1997), Bootstrap methods and their application, section 3.8 (clusters drawn whole).
    """
    scores = finite("scores of trials", values, ndim=1).astype(np.float64)
    whole("n", n, least=2)
    names, rows = np.unique(np.asarray(shown, dtype=str), return_inverse=True)
    if scores.shape != rows.shape or len(names) < 2:
        raise DataError(
            "Scores cannot be resampled by image",
            expected="one finite score per trial, of two images or more",
            got=f"{scores.shape}, {len(names)} images",
        )
    sums, counts = np.bincount(rows, scores), np.bincount(rows).astype(np.float64)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=n)
    draws = drawn @ sums / (drawn @ counts)
    low, high = interval(draws, level)
    error, naive = float(draws.std(ddof=1)), float(scores.std() / np.sqrt(len(scores)))
    effective = float(scores.var() / error**2) if error > 0 else float("nan")
    return ClusterInterval(float(scores.mean()), float(low), float(high), error, naive, effective)


def _coded(
    hits: npt.ArrayLike, shown: Sequence[str], candidates: Sequence[str]
) -> tuple[FloatArray, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Hits; number of each trial's image, in order of appearance; column of each image's own candidate."""
    table = finite("hits of trials", hits, ndim=2).astype(np.float64)
    column_of = {name: column for column, name in enumerate(candidates)}
    images = list(dict.fromkeys(shown))
    fits = table.shape == (len(shown), len(candidates)) and len(column_of) == len(candidates)
    if not fits or len(images) < 2 or not set(images) <= set(column_of):
        raise DataError(
            "Answers cannot be exchanged",
            expected="a row per trial, a column per candidate, each named once; two shown images or more",
            got=f"{table.shape}, {len(shown)} trials of {len(images)} images, {len(column_of)} candidates",
            do=f"unknown images: {sorted(set(images) - set(column_of))[:5]}",
        )
    number_of = {name: number for number, name in enumerate(images)}
    rows = np.array([number_of[name] for name in shown], dtype=np.intp)
    return table, rows, np.array([column_of[name] for name in images], dtype=np.intp)


def _permuted(by_answer: FloatArray, answers: npt.NDArray[np.intp], n: int, seed: int) -> Permuted:
    """Exchange the answers of rows: by_answer (n_rows, n_images) holds what a row adds under each answer."""
    whole("n", n)
    rng = np.random.default_rng(seed)
    rows = np.arange(len(answers))
    observed = float(by_answer[rows, answers].sum())
    step = max(1, _BLOCK // len(answers))
    null = np.concatenate(
        [
            by_answer[rows, rng.permuted(np.tile(answers, (min(step, n - start), 1)), axis=1)].sum(axis=1)
            for start in range(0, n, step)
        ]
    )
    # Sums of the same terms in another order differ in rounding.
    reached = int((null >= observed - 1e-9).sum())
    return Permuted(observed, float(null.mean()), float(null.std()), (1 + reached) / (1 + n), 1 / (1 + n))
