"""Which frequencies: bands are taken out of the responses; and what NICE lets through at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.decoding.attribution.removal import Readout, drops

FloatArray = npt.NDArray[np.floating[Any]]
Bands = Mapping[str, tuple[float, float]]

BANDS: Bands = MappingProxyType(
    {
        "delta": (0.0, 4.0),
        "theta": (4.0, 8.0),
        "alpha": (8.0, 12.0),
        "beta": (12.0, 30.0),
        "gamma": (30.0, np.inf),
    }
)
"""Hertz, the upper edge excluded; the bands of Rajabi et al. (2025), figure 4b. Delta holds the mean."""

N_AVERAGED = 51
"""Samples in the moving mean of NICE."""


def narrow_bands(centres: Sequence[float], half_width: float = 1.5) -> dict[str, tuple[float, float]]:
    """Bands of equal width around frequencies, in hertz.

    Examples
    --------
    >>> narrow_bands([3, 10])
    {'3 Hz': (1.5, 4.5), '10 Hz': (8.5, 11.5)}
    """
    return {f"{centre:g} Hz": (centre - half_width, centre + half_width) for centre in centres}


def without_band(signals: FloatArray, sampling_rate: float, low: float, high: float) -> FloatArray:
    """Take a band of frequencies out, without shifting anything in time.

    The signal is written as a sum of cosines (as if mirrored at both ends, so that a start and an end at
    different heights are no jump) and those of the band are left out. What the bands of a partition take out
    adds up to the signal, and their energies to its energy.

    Parameters
    ----------
    signals : ndarray of shape (..., n_times)
    sampling_rate : float
        Hertz.
    low, high : float
        Edges of the band in hertz, the upper excluded. Cosines lie ``sampling_rate / (2 n_times)`` apart.

    Returns
    -------
    ndarray of shape (..., n_times)
        In the precision of the signals.

    Notes
    -----
    A burst is not one frequency: under a Hann window of 0.4 s its spectrum spreads by 5 Hz to either side.
    No filter takes out a burst at 10 Hz and nothing else.
    """
    from scipy.fft import dct, idct

    n_times = signals.shape[-1]
    frequencies = np.arange(n_times) * sampling_rate / (2 * n_times)
    cosines = dct(signals, norm="ortho")
    cosines[..., (frequencies >= low) & (frequencies < high)] = 0
    return np.asarray(idct(cosines, norm="ortho"))


def band_drops(
    readout: Readout,
    responses: FloatArray,
    sampling_rate: float,
    *,
    bands: Bands = BANDS,
    around: FloatArray | float = 0.0,
) -> pd.DataFrame:
    """Drop of the scores for each band of frequencies that is taken out.

    Parameters
    ----------
    readout : Readout
    responses : ndarray of shape (n, n_channels, n_times)
    sampling_rate : float
        Hertz.
    bands : mapping of str to (float, float)
        Hertz.
    around : ndarray of shape (n_channels, n_times) or float
        As in :func:`~companion.decoding.attribution.removal.drops`.

    Returns
    -------
    DataFrame
        As of :func:`~companion.decoding.attribution.removal.drops`, with ``low`` and ``high`` in hertz.
    """
    removals = {
        name: partial(without_band, sampling_rate=sampling_rate, low=low, high=high)
        for name, (low, high) in bands.items()
    }
    table = drops(readout, responses, removals, around=around)
    edges = np.array([bands[name] for name in table["removed"]])
    return table.assign(low=edges[:, 0], high=edges[:, 1])


def boxcar_gain(frequency: npt.ArrayLike, n_samples: int, sampling_rate: float) -> FloatArray:
    r"""Amplitude that a moving mean lets through.

    .. math:: |\sin(\pi f N / f_s)| / (N |\sin(\pi f / f_s)|)

    Parameters
    ----------
    frequency : array-like
        Hertz, up to half the sampling rate.
    n_samples : int
        Samples averaged, :math:`N`.
    sampling_rate : float
        Hertz, :math:`f_s`.

    Returns
    -------
    ndarray
        1 at 0 Hz; 0 at multiples of ``sampling_rate / n_samples``.

    Examples
    --------
    >>> boxcar_gain([0, 1, 2, 250 / 51], 51, 250).round(2).tolist()
    [1.0, 0.93, 0.75, 0.0]
    """
    angle = np.pi * np.asarray(frequency, dtype=np.float64) / sampling_rate
    below = n_samples * np.sin(angle)
    gain = np.divide(np.sin(n_samples * angle), below, out=np.ones_like(angle), where=below != 0)
    return np.asarray(np.abs(gain))


def front_end_gain(
    filters: FloatArray, frequency: npt.ArrayLike, sampling_rate: float, *, n_averaged: int = N_AVERAGED
) -> FloatArray:
    """Amplitude that a moving mean and trained temporal filters let through together.

    A filter may amplify what the mean has weakened, but noise of the same frequency rises with it. And only
    every fifth output is kept: frequencies above a tenth of the sampling rate are mistaken for lower ones.

    Parameters
    ----------
    filters : ndarray of shape (n_filters, n_taps)
        Weights of the first convolution.
    frequency : array-like of shape (n_frequencies,)
        Hertz.
    sampling_rate : float
        Hertz.
    n_averaged : int
        Samples in the moving mean.

    Returns
    -------
    ndarray of shape (n_filters, n_frequencies)
    """
    hertz = np.asarray(frequency, dtype=np.float64)
    taps = np.arange(filters.shape[-1])
    waves = np.exp(-2j * np.pi * taps[:, None] * hertz / sampling_rate)
    return np.asarray(np.abs(filters @ waves) * boxcar_gain(hertz, n_averaged, sampling_rate))
