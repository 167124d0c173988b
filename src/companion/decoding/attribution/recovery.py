"""How well an attribution finds what was planted; only a simulation can tell."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]


class Recovery(NamedTuple):
    """Agreement of a found profile with the planted one.

    Attributes
    ----------
    correlation : float
        Pearson; NaN where one of them is flat, since a flat profile says nothing.
    rank_correlation : float
        Spearman.
    peak_error : float
        Place of the found maximum minus that of the planted one, in units of the axis.
    overlap : float
        Shared area of both, each kept positive and scaled to sum 1: 1 if equal, 0 if apart.
    """

    correlation: float
    rank_correlation: float
    peak_error: float
    overlap: float


def recovery(found: FloatArray, planted: FloatArray, at: FloatArray) -> Recovery:
    """Compare a found importance profile with the planted one on the same axis.

    Parameters
    ----------
    found, planted : ndarray of shape (n,)
        Importance at each place: a time, a band, a channel. Only shapes count, not units.
    at : ndarray of shape (n,)
        Where the places lie: seconds, hertz or numbers.

    Returns
    -------
    Recovery

    Raises
    ------
    ValueError
        If lengths differ, or there are fewer than three places.
    """
    from scipy.stats import rankdata

    if not len(found) == len(planted) == len(at) or len(at) < 3:
        raise ValueError(
            f"{len(found)} found, {len(planted)} planted, {len(at)} places; the three are equal, 3 or more"
        )
    one, other = _area_one(found), _area_one(planted)
    return Recovery(
        _pearson(found, planted),
        _pearson(rankdata(found), rankdata(planted)),
        float(at[np.argmax(found)] - at[np.argmax(planted)]),
        float(np.minimum(one, other).sum()),
    )


def seen_through(planted: FloatArray, times: FloatArray, starts: FloatArray, stops: FloatArray) -> FloatArray:
    """Planted profile as a method with windows can at best show it: its mean in each window.

    Parameters
    ----------
    planted : ndarray of shape (n_times,)
        Importance at each sample.
    times : ndarray of shape (n_times,)
        Seconds.
    starts, stops : ndarray of shape (n_windows,)
        Seconds of the first and the last sample of each window.

    Returns
    -------
    ndarray of shape (n_windows,)

    Raises
    ------
    ValueError
        If a window holds no sample.
    """
    close = 1e-9
    inside = (times >= starts[:, None] - close) & (times <= stops[:, None] + close)
    if not inside.any(axis=1).all():
        raise ValueError("a window holds no sample")
    return np.asarray(inside @ planted / inside.sum(axis=1))


def _pearson(one: FloatArray, other: FloatArray) -> float:
    one, other = one - np.mean(one), other - np.mean(other)
    norm = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / norm if norm > 0 else float("nan")


def _area_one(profile: FloatArray) -> FloatArray:
    positive = np.maximum(profile, 0)
    total = positive.sum()
    return np.asarray(positive / total if total > 0 else positive)
