r"""How far a measurement agrees with itself: split halves, growth with repetitions, patterns.

Responses are arrays of shape ``(n_stimuli, n_repetitions, n_units, ...)``; :func:`stack_repetitions` makes
them from single trials. Two questions have different answers: whether a *unit* tells stimuli apart
(agreement over stimuli), and whether a *pattern* of one stimulus comes back (agreement over units).

Each trial is taken as signal plus independent noise, :math:`x_{sr} = \mu_s + \varepsilon_{sr}`, with
variances :math:`\sigma^2_S` over stimuli and :math:`\sigma^2_N` over repetitions. The mean of :math:`m`
repetitions then has the reliability :math:`\sigma^2_S / (\sigma^2_S + \sigma^2_N / m)`, and reliabilities for
different :math:`m` obey the formula of Spearman and Brown.

References
----------
Spearman (1910), British Journal of Psychology 3, 271-295; Brown (1910), same volume, 296-322.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import finite, whole
from companion.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]


def stack_repetitions(
    responses: FloatArray, stimuli: Sequence[str], n_repetitions: int | None = None
) -> tuple[FloatArray, list[str]]:
    """Sort single trials by stimulus and repetition.

    Parameters
    ----------
    responses : ndarray of shape (n_trials, ...)
    stimuli : sequence of str
        Stimulus of each trial.
    n_repetitions : int, optional
        How many trials of each stimulus to keep, the first ones. By default as many as every stimulus has.

    Returns
    -------
    stacked : ndarray of shape (n_stimuli, n_repetitions, ...)
    names : list of str
        Stimuli in the order of first appearance.

    Raises
    ------
    DataError
        If lengths differ, or a stimulus has fewer trials than asked for.
    """
    if len(responses) != len(stimuli):
        raise DataError("Trials and stimuli differ in number", expected=len(responses), got=len(stimuli))
    codes, names = pd.factorize(np.asarray(stimuli, dtype=object))
    counts = np.bincount(codes, minlength=len(names))
    n_kept = counts.min() if n_repetitions is None else n_repetitions
    if counts.min() < n_kept:
        fewest = counts.argmin()
        raise DataError(
            "A stimulus has too few repetitions",
            where=names[fewest],
            expected=f"{n_kept} trials",
            got=counts[fewest],
        )
    order = np.argsort(codes, kind="stable")
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return responses[order[firsts[:, None] + np.arange(n_kept)]], [str(name) for name in names]


def spearman_brown(reliability: npt.ArrayLike, factor: npt.ArrayLike) -> FloatArray:
    r"""Reliability of an average of ``factor`` times as many measurements.

    .. math:: r_k = \frac{k\,r}{1 + (k - 1)\,r}

    Parameters
    ----------
    reliability : array-like
        From -1 to 1. Values below zero only arise by chance; they become more negative, down to -1, which
        also stands where the formula leads out of the range of a reliability: below :math:`-1 / (2k - 1)`.
    factor : array-like
        Ratio :math:`k` of the numbers of measurements, above zero; may be below 1.

    Examples
    --------
    >>> from companion.statistics import spearman_brown
    >>> float(spearman_brown(0.5, 3))
    0.75
    """
    r, k = (finite("reliabilities", one, least=0).astype(np.float64) for one in (reliability, factor))
    if np.abs(r).max() > 1 + 1e-9 or k.min() <= 0 or not _fit(r.shape, k.shape):
        raise DataError(
            "These are no reliabilities to carry over",
            expected="-1 to 1, and as many ratios above zero",
            got=f"{r.min():g} to {r.max():g} in {r.shape}, ratios from {k.min():g} in {k.shape}",
        )
    lengthened, below = np.broadcast_arrays(k * r, 1 + (k - 1) * r)
    carried = np.divide(lengthened, below, out=np.full(below.shape, -1.0), where=below > 0)
    return np.asarray(np.maximum(carried, -1.0))


def split_half_reliability(
    responses: FloatArray, *, n_splits: int = 20, rng: np.random.Generator
) -> FloatArray:
    r"""Reliability of the average over all repetitions, for each unit (and time).

    The repetitions of every stimulus are split at random into two halves of :math:`h = \lfloor n/2 \rfloor`
    (one repetition rests where :math:`n` is odd). The halves' averages are correlated over stimuli, the
    correlations averaged over splits, and the mean :math:`\bar r` is carried from :math:`h` to :math:`n`
    repetitions: :func:`spearman_brown` with :math:`k = n / h`.

    Parameters
    ----------
    responses : ndarray of shape (n_stimuli, n_repetitions, ...)
    n_splits : int
        Random splits.
    rng : Generator
        Source of the splits.

    Returns
    -------
    ndarray of shape (...)
        At most 1; about 0 without signal. A unit without any spread has 0.

    Raises
    ------
    DataError
        If there are fewer than three stimuli or two repetitions.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import split_half_reliability
    >>> rng = np.random.default_rng(0)
    >>> responses = rng.normal(size=(50, 1, 2)) * [1, 0] + 0.2 * rng.normal(size=(50, 8, 2))
    >>> (split_half_reliability(responses, rng=rng) > 0.5).tolist()  # the first unit knows the stimuli
    [True, False]
    """
    n = np.shape(responses)[1] if np.ndim(responses) > 1 else 0
    return spearman_brown(half_agreement(responses, n // 2, n_splits=n_splits, rng=rng), n / max(n // 2, 1))


def half_agreement(
    responses: FloatArray, n_averaged: int, *, n_splits: int = 20, rng: np.random.Generator
) -> FloatArray:
    """Correlation over stimuli of two averages of ``n_averaged`` repetitions that share none.

    It estimates the reliability of such an average, without any correction.

    Parameters
    ----------
    responses : ndarray of shape (n_stimuli, n_repetitions, ...)
    n_averaged : int
        Repetitions in each of the two averages; at most half of all.
    n_splits, rng
        As in :func:`split_half_reliability`.

    Returns
    -------
    ndarray of shape (...)
        Mean over splits.
    """
    responses = finite("responses", responses)
    check_repetitions(responses, n_averaged)
    whole("n_splits", n_splits)
    total = np.zeros(responses.shape[2:])
    for _ in range(n_splits):
        first, second = _random_averages(responses, n_averaged, rng)
        total += _correlation(first, second, axis=0)
    return np.asarray(total / n_splits)


def reliability_by_repetitions(
    responses: FloatArray, counts: Sequence[int], *, n_splits: int = 20, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Reliability of averages of few and many repetitions, measured and foretold.

    Parameters
    ----------
    responses : ndarray of shape (n_stimuli, n_repetitions, ...)
    counts : sequence of int
        Numbers of repetitions averaged, each at most half of all.
    n_splits, rng
        As in :func:`split_half_reliability`.

    Returns
    -------
    measured : ndarray of shape (n_counts, ...)
        :func:`half_agreement` at each count.
    predicted : ndarray of shape (n_counts, ...)
        :func:`spearman_brown` from the first count to each. The formula is not linear: predict unit by unit,
        then average over units, never the reverse.

    Notes
    -----
    Random splits make the repetitions exchangeable. So the two also agree where noise is shared by several
    repetitions, as in one session; it then counts as signal. Agreement is no proof of independent noise.
    """
    measured = np.stack([half_agreement(responses, m, n_splits=n_splits, rng=rng) for m in counts])
    factors = np.asarray(counts, dtype=np.float64).reshape(-1, *[1] * (measured.ndim - 1)) / counts[0]
    return measured, spearman_brown(measured[0], factors)


def pattern_agreement(
    responses: FloatArray, *, n_splits: int = 20, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Noise ceiling of the pattern over units, for each stimulus (and time).

    The average of one random half of the repetitions is correlated over units with the average of the other.
    From each half its mean pattern over stimuli is taken away first: what all stimuli evoke alike would
    otherwise pass for knowledge of the stimulus.

    Parameters
    ----------
    responses : ndarray of shape (n_stimuli, n_repetitions, n_units, ...)
        Bring units to one scale before: the loudest would decide alone.
    n_splits, rng
        As in :func:`split_half_reliability`.

    Returns
    -------
    lower : ndarray of shape (n_stimuli, ...)
        Correlation with the half left out: what another measurement of half the length reaches.
    upper : ndarray of shape (n_stimuli, ...)
        Square root of the reliability of the full average (:func:`spearman_brown`; 0 where it is negative):
        what a prediction without any noise reaches.
    """
    responses = finite("responses", responses)
    n = (*responses.shape, 0, 0)[1]
    check_repetitions(responses, n // 2)
    total = np.zeros((len(responses), *responses.shape[3:]))
    for _ in range(n_splits):
        first, second = _random_averages(responses, n // 2, rng)
        total += _correlation(first - first.mean(axis=0), second - second.mean(axis=0), axis=1)
    lower = total / n_splits
    return lower, np.sqrt(np.maximum(0.0, spearman_brown(lower, n / (n // 2))))


def check_repetitions(responses: FloatArray, n_averaged: int) -> None:
    """Refuse fewer than three stimuli, or fewer than two averages of ``n_averaged`` repetitions.

    Raises
    ------
    DataError
        If too little was measured.
    """
    n_stimuli, n_repetitions = (*responses.shape, 0, 0)[:2]
    if n_stimuli < 3 or n_averaged < 1 or 2 * n_averaged > n_repetitions:
        raise DataError(
            "Too little was measured to compare it with itself",
            expected=f"3 stimuli or more, and {2 * max(n_averaged, 1)} repetitions or more of each",
            got=f"{n_stimuli} stimuli, {n_repetitions} repetitions",
        )


def _fit(*shapes: tuple[int, ...]) -> bool:
    try:
        return bool(np.broadcast_shapes(*shapes) or True)
    except ValueError:
        return False


def _random_averages(
    responses: FloatArray, n_averaged: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Two averages of repetitions without a common one, drawn anew for each stimulus."""
    n_stimuli, n_repetitions = responses.shape[:2]
    order = rng.permuted(np.tile(np.arange(n_repetitions), (n_stimuli, 1)), axis=1)
    flat = responses.reshape(n_stimuli, n_repetitions, -1)
    weights = np.zeros((n_stimuli, 2, n_repetitions), dtype=flat.dtype)
    rows = np.arange(n_stimuli)[:, None]
    weights[rows, 0, order[:, :n_averaged]] = 1 / n_averaged
    weights[rows, 1, order[:, n_averaged : 2 * n_averaged]] = 1 / n_averaged
    averages = (weights @ flat).reshape(n_stimuli, 2, *responses.shape[2:])
    return averages[:, 0], averages[:, 1]


def _correlation(first: FloatArray, second: FloatArray, *, axis: int) -> FloatArray:
    """Pearson correlation along an axis; 0 where one side has no spread."""
    one, other = (side - side.mean(axis=axis, keepdims=True, dtype=np.float64) for side in (first, second))
    norm = np.sqrt((one**2).sum(axis=axis) * (other**2).sum(axis=axis))
    agreement: FloatArray = np.divide(
        (one * other).sum(axis=axis), norm, out=np.zeros_like(norm), where=norm > 0
    )
    return agreement
