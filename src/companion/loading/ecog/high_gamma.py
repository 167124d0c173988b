"""High-gamma power of intracranial signals: one value per channel and epoch.

The paper cuts 0 to 0.5 s after onset from a recording at 10 kHz, takes Welch's spectrum with windows of 1024
samples and sums 80 to 150 Hz. Such a window lasts 102.4 ms, its bins are 9.77 Hz wide, and seven of them lie
in the band: 87.9 to 146.5 Hz. Here the *duration* of the window is held, not its number of samples: at 10 kHz
that is 1024 samples exactly, and at any other rate the bins stay (within rounding) where the paper had them.
So the epoch always holds several windows, at 1000 Hz too, where 1024 samples would be longer than the epoch.

References
----------
Vafaei et al. (2026), Communications Biology 9, 206, Methods, ECoG.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from companion.errors import DataError

BAND = (80.0, 150.0)
"""Lowest and highest frequency of a bin, in Hz, both included."""
WINDOW = 0.1024
"""Duration of Welch's windows in seconds; they overlap by half."""

HIGHEST_RATE = 1e6
"""Samples per second; no amplifier of brain signals has more."""

Array = npt.NDArray[np.float64]


def window_length(sampling_rate: float) -> int:
    """Count the samples in one window.

    Examples
    --------
    >>> window_length(10_000.0), window_length(1000.0)
    (1024, 102)
    """
    return round(WINDOW * sampling_rate)


def band_frequencies(sampling_rate: float) -> Array:
    """Frequencies, in Hz, of the spectral bins that are summed.

    Raises
    ------
    DataError
        If the sampling rate cannot hold the band.

    Examples
    --------
    >>> band_frequencies(10_000.0).round(1).tolist()
    [87.9, 97.7, 107.4, 117.2, 127.0, 136.7, 146.5]
    """
    check_rate(sampling_rate)
    frequencies = np.fft.rfftfreq(window_length(sampling_rate), 1 / sampling_rate).astype(np.float64)
    return frequencies[_in_band(frequencies)]


def common_average(signals: npt.ArrayLike) -> Array:
    """Subtract the mean over channels from every sample.

    Parameters
    ----------
    signals : array of shape (..., n_channels, n_samples)
        Good channels only: a bad one would spread to all.

    Returns
    -------
    ndarray of the same shape
    """
    values = np.asarray(signals, dtype=np.float64)
    referenced: Array = values - values.mean(axis=-2, keepdims=True)
    return referenced


def high_gamma_power(signals: npt.ArrayLike, sampling_rate: float) -> Array:
    """Power between 80 and 150 Hz.

    Sum over the bins of :func:`band_frequencies` of Welch's density (Hann windows, mean of each window taken
    out), times the width of a bin: V² for signals in V, at any sampling rate.

    Parameters
    ----------
    signals : array of shape (..., n_samples)
        Volts.
    sampling_rate : float
        Samples per second.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    DataError
        If the sampling rate is too low, or the signals are shorter than one window.
    """
    from scipy.signal import welch

    check_rate(sampling_rate)
    values = np.asarray(signals, dtype=np.float64)
    length = window_length(sampling_rate)
    if values.shape[-1] < length:
        raise DataError(
            "The signals are shorter than one spectral window",
            expected=f"at least {length} samples ({WINDOW * 1000:g} ms)",
            got=values.shape[-1],
        )
    frequencies, density = welch(values, fs=sampling_rate, nperseg=length)
    power: Array = density[..., _in_band(frequencies)].sum(axis=-1) * (sampling_rate / length)
    return power


def _in_band(frequencies: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    return (frequencies >= BAND[0]) & (frequencies <= BAND[1])


def check_rate(sampling_rate: float) -> None:
    """Refuse a rate at which the band cannot be measured.

    Raises
    ------
    DataError
        If it is too low, or no rate at all.
    """
    if not 2 * BAND[1] < sampling_rate <= HIGHEST_RATE:
        raise DataError(
            "The sampling rate is too low for high gamma, or none",
            expected=f"more than {2 * BAND[1]:g} Hz, twice the upper end of the band",
            got=f"{sampling_rate:g} Hz",
        )
