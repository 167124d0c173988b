"""What the human-aligned paper reads off its maps: when they are high, and how jagged they are.

Neither says which frequencies of the brain were used: a spectrum of a map's course over time describes the
map. For that, remove frequencies from the responses (:mod:`companion.decoding.attribution.frequency`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from companion.decoding.attribution.frequency import BANDS, Bands

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]


def scaled(maps: FloatArray) -> FloatArray:
    """Keep positive values and scale each map from 0 to 1; a map without any stays 0.

    Parameters
    ----------
    maps : ndarray of shape (n, ...)

    Returns
    -------
    ndarray of shape (n, ...)
    """
    positive = np.maximum(maps, 0)
    over = tuple(range(1, maps.ndim))
    low = positive.min(axis=over, keepdims=True)
    span = positive.max(axis=over, keepdims=True) - low
    return np.asarray((positive - low) / np.where(span > 0, span, 1))


def high_counts(maps: FloatArray, *, percentile: float = 99.0) -> IntArray:
    """Count at each time the values of one model's maps that are above its threshold.

    Parameters
    ----------
    maps : ndarray of shape (n, n_times) or (n, n_channels, n_times)
        Maps of all test responses of **one** trained model; they are :func:`scaled` here.
    percentile : float
        The threshold is this percentile of all values of the model. With maps scaled one by one it lies
        near 1, so that what counts is where the maxima are.

    Returns
    -------
    ndarray of int, shape (n_times,)
        Add the counts of models; bin times afterwards.

    Notes
    -----
    Stretched maps are held constant beyond their first and last position: a maximum there fills several
    samples, one elsewhere hardly two. Maps of pure noise are high four times too often in the first and last
    12 ms of one second. Counts of maps that were not stretched do not have this error.

    References
    ----------
    Rajabi et al. (2025), ICML, section 5.5, figure 4a.
    """
    values = scaled(maps)
    # Unstretched maps are short, and their maxima alone exceed the share: then the threshold is 1 itself.
    above = (values >= np.percentile(values, percentile)) & (values > 0)
    return np.asarray(above.reshape(-1, maps.shape[-1]).sum(axis=0))


def band_energy(
    courses: FloatArray, sampling_rate: float, *, bands: Bands = BANDS, with_mean: bool
) -> dict[str, FloatArray]:
    r"""Share of each band in the periodogram :math:`|X_k|^2 / N` of courses over time.

    Parameters
    ----------
    courses : ndarray of shape (n, n_times)
        Maps over time, averaged over channels.
    sampling_rate : float
        Hertz of the axis that the courses are drawn on. Positions of NICE lie 1.39 times closer in its
        receptive fields than in a map stretched over one second at 250 Hz.
    bands : mapping of str to (float, float)
        Hertz, the upper edge excluded.
    with_mean : bool
        Whether the mean of a course counts, as energy at 0 Hz. Maps are not negative, so that it dominates.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        Shares of the energy at all frequencies counted; 0 for a course without any.

    References
    ----------
    Rajabi et al. (2025), ICML, section 5.5, figure 4b; how they treat the mean is not said.
    """
    centred = courses if with_mean else courses - courses.mean(axis=-1, keepdims=True)
    frequencies = np.fft.rfftfreq(courses.shape[-1], 1 / sampling_rate)
    power = np.abs(np.fft.rfft(centred)) ** 2 / courses.shape[-1]
    total = power.sum(axis=-1)
    return {
        name: np.divide(
            power[:, (frequencies >= low) & (frequencies < high)].sum(axis=-1),
            total,
            out=np.zeros_like(total),
            where=total > 0,
        )
        for name, (low, high) in bands.items()
    }
