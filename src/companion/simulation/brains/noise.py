"""What EEG and MEG show besides the response: background activity, alpha rhythm, drifts, sensor noise.

Everything is Gaussian, given how strong the alpha rhythm and the blocks are. The background comes from
dipoles all over the brain, so that channels share most of it: that is what noise normalisation takes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len

from companion.simulation.codes import FloatArray

Signal = npt.NDArray[np.float32]
Spectrum = Callable[[FloatArray], FloatArray]

NOISE_EXPONENT = 1.0
"""Power of the background falls with this power of frequency above `BACKGROUND_BAND`'s lower end."""
BACKGROUND_BAND = 0.1, 40.0
"""Hertz between which the amplitude of the background is counted; below, its spectrum is flat."""

DRIFT_EXPONENT = 2.0
DRIFT_BAND = 0.01, 1.0
"""Hertz; as above, for the drift of each channel."""

ALPHA_WIDTH = 1.0
"""Standard deviation in hertz of the peak of the alpha rhythm."""
ALPHA_SWELL = 0.4
"""Standard deviation of the logarithm of the rhythm's amplitude, ..."""
ALPHA_SWELL_BAND = 0.005, 0.05
"""... which drifts at these frequencies in hertz."""

SHORTEST = 20.0
"""Seconds that are drawn at least, so that a short stretch has slow frequencies too."""

BLOCK_SECONDS = 60.0
"""After so long there is a pause: noise has another level, and every channel another offset."""
BLOCK_LEVEL_SD = 0.10
"""Standard deviation of the logarithm of the level."""
BLOCK_OFFSET = 0.5
"""Standard deviation of the offset, in units of the drift."""


@dataclass(frozen=True)
class NoiseLevels:
    """Amplitudes of the parts of the noise: root mean squares over channels, in the channels' unit.

    Attributes
    ----------
    background, alpha, drift : float
        Volts or tesla.
    sensor : float
        Density of each channel's white noise, per square root of hertz.
    high_pass : float
        Hertz below which a preprocessed signal has nothing left; 0 for none.
    """

    background: float
    alpha: float
    drift: float
    sensor: float
    high_pass: float = 0.0


EEG_LEVELS = NoiseLevels(background=10e-6, alpha=4e-6, drift=5e-6, sensor=0.15e-6)
MEG_LEVELS = NoiseLevels(background=150e-15, alpha=100e-15, drift=50e-15, sensor=6e-15)
GOD_MEG_LEVELS = NoiseLevels(background=150e-15, alpha=100e-15, drift=0.0, sensor=6e-15, high_pass=0.5)
"""The layout of GOD-MEG holds signals above 0.5 Hz."""


@dataclass(frozen=True, eq=False)
class ChannelNoise:
    """Noise of one person's recording.

    Parameters
    ----------
    levels : NoiseLevels
        How strong.
    background : ndarray of shape (n_background_sources, n_channels)
        Topographies, scaled so that independent sources of variance one give channels a mean variance of one.
    alpha : ndarray of shape (n_alpha_sources, n_channels)
        Likewise.
    alpha_frequency : float
        Hertz.
    """

    levels: NoiseLevels
    background: FloatArray
    alpha: FloatArray
    alpha_frequency: float

    def draw(self, n_samples: int, sampling_rate: float, rng: np.random.Generator) -> Signal:
        """Draw a stretch of noise: ndarray of shape (n_channels, n_samples), float32."""
        levels = self.levels
        n_channels = self.background.shape[1]

        def coloured(n_rows: int, spectrum: Spectrum) -> Signal:
            return _coloured(n_rows, n_samples, sampling_rate, spectrum, rng, high_pass=levels.high_pass)

        noise = _mixed(
            levels.background * self.background,
            coloured(len(self.background), power_law(NOISE_EXPONENT, BACKGROUND_BAND)),
        )
        slowly = power_law(0.0, ALPHA_SWELL_BAND)
        swell = _coloured(1, n_samples, sampling_rate, slowly, rng, shortest=2 / ALPHA_SWELL_BAND[0])
        # the mean square of exp(s) is exp(2 var s)
        swell = np.exp(ALPHA_SWELL * swell - ALPHA_SWELL**2)
        rhythm = coloured(len(self.alpha), _peak(self.alpha_frequency, ALPHA_WIDTH))
        noise += _mixed(levels.alpha * self.alpha, rhythm * swell)
        noise *= self._block_levels(n_samples, sampling_rate, rng)
        white = rng.standard_normal(noise.shape, dtype=np.float32)
        noise += np.float32(levels.sensor * np.sqrt(sampling_rate / 2)) * white
        if levels.drift:
            drift = coloured(n_channels, power_law(DRIFT_EXPONENT, DRIFT_BAND))
            drift += self._block_offsets(n_channels, n_samples, sampling_rate, rng)
            noise += np.float32(levels.drift) * drift
        return noise

    def covariance(self, sampling_rate: float) -> FloatArray:
        """Covariance between channels of background, alpha and sensor noise: (n_channels, n_channels).

        Drifts and offsets are left out: they are what the subtraction of a baseline takes away.
        """
        levels = self.levels
        nyquist = sampling_rate / 2
        low, high = BACKGROUND_BAND
        start = max(low, levels.high_pass)
        kept = (np.log(nyquist / start) + max(0.0, low - levels.high_pass) / low) / np.log(high / low)
        shared = kept * levels.background**2 * self.background.T @ self.background
        total: FloatArray = shared + levels.alpha**2 * self.alpha.T @ self.alpha
        total *= np.exp(2 * BLOCK_LEVEL_SD**2)
        total += levels.sensor**2 * nyquist * np.eye(len(total))
        return total

    def _block_levels(self, n_samples: int, sampling_rate: float, rng: np.random.Generator) -> Signal:
        block, n_blocks = _blocks(n_samples, sampling_rate)
        return np.exp(BLOCK_LEVEL_SD * rng.normal(size=n_blocks)).astype(np.float32)[block]

    def _block_offsets(
        self, n_channels: int, n_samples: int, sampling_rate: float, rng: np.random.Generator
    ) -> Signal:
        block, n_blocks = _blocks(n_samples, sampling_rate)
        return (BLOCK_OFFSET * rng.normal(size=(n_channels, n_blocks))).astype(np.float32)[:, block]


def scaled_topographies(lead: FloatArray) -> FloatArray:
    """Scale topographies (n_sources, n_channels) as `ChannelNoise` wants them."""
    scaled: FloatArray = lead / np.sqrt(np.square(lead).sum(axis=0).mean())
    return scaled


def power_law(exponent: float, band: tuple[float, float]) -> Spectrum:
    """Power density ``f**-exponent``, flat below the band, with a variance of one inside it.

    Parameters
    ----------
    exponent : float
        0 for noise within the band only: then there is none above it.
    band : (float, float)
        Hertz.

    Returns
    -------
    function
        From frequencies in hertz to power per hertz.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import power_law
    >>> density = power_law(1.0, (1.0, 40.0))(np.array([10.0, 20.0]))
    >>> float((density[0] / density[1]).round(6))
    2.0
    """
    low, high = band
    grid = np.geomspace(low, high, 2000)
    variance = float(np.trapezoid(grid**-exponent, grid))

    def density(frequencies: FloatArray) -> FloatArray:
        power: FloatArray = np.maximum(frequencies, low) ** -exponent / variance
        if exponent == 0:
            power[(frequencies < low) | (frequencies > high)] = 0
        return power

    return density


def _peak(centre: float, width: float) -> Spectrum:
    def density(frequencies: FloatArray) -> FloatArray:
        heights = np.exp(-(((frequencies - centre) / width) ** 2) / 2)
        power: FloatArray = heights / (width * np.sqrt(2 * np.pi))
        return power

    return density


def _coloured(
    n_rows: int,
    n_samples: int,
    sampling_rate: float,
    spectrum: Spectrum,
    rng: np.random.Generator,
    *,
    high_pass: float = 0.0,
    shortest: float = SHORTEST,
) -> Signal:
    """Gaussian noise of a given power density: (n_rows, n_samples)."""
    n_drawn = next_fast_len(max(n_samples, round(shortest * sampling_rate)), real=True)
    frequencies: FloatArray = np.arange(n_drawn // 2 + 1, dtype=np.float64) * (sampling_rate / n_drawn)
    power = spectrum(frequencies)
    power[frequencies < high_pass] = 0
    power[0] = 0
    amplitude = np.sqrt(power * sampling_rate * n_drawn).astype(np.float32) / 2
    white: npt.NDArray[Any] = rng.standard_normal((n_rows, 2 * len(frequencies)), dtype=np.float32)
    coefficients = white.view(np.complex64)
    coefficients *= amplitude
    signal: Signal = irfft(coefficients, n_drawn, axis=-1, overwrite_x=True)[:, :n_samples]
    return signal


def _mixed(topographies: FloatArray, sources: Signal) -> Signal:
    mixed: Signal = topographies.T.astype(np.float32) @ sources
    return mixed


def _blocks(n_samples: int, sampling_rate: float) -> tuple[npt.NDArray[np.intp], int]:
    """Block of each sample, and the number of blocks."""
    block = (np.arange(n_samples) / (BLOCK_SECONDS * sampling_rate)).astype(np.intp)
    return block, int(block[-1]) + 1
