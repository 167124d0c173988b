"""High-gamma power against Parseval, a spectrum by hand, and tones inside and outside the band."""

from __future__ import annotations

import numpy as np
import pytest

from companion.errors import DataError
from companion.loading.ecog.high_gamma import (
    band_frequencies,
    common_average,
    high_gamma_power,
    window_length,
)

RATES = (400.0, 512.0, 1000.0, 2000.0, 10_000.0)


def tone(frequency: float, rate: float, amplitude: float = 1.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(0.5 * rate)) / rate)


def power_by_hand(signal: np.ndarray, rate: float) -> float:
    """Welch's method, written out: Hann windows that overlap by half, their means out, spectra averaged."""
    length = round(0.1024 * rate)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    starts = range(0, len(signal) - length + 1, length - length // 2)
    pieces = [signal[start : start + length] for start in starts]
    spectra = [np.abs(np.fft.fft((piece - piece.mean()) * window)) ** 2 for piece in pieces]
    density = np.mean(spectra, axis=0) / (rate * (window**2).sum())
    bins = [k for k in range(length // 2) if 80 <= k * rate / length <= 150]
    return sum(2 * density[k] for k in bins) * rate / length


def test_at_10_khz_the_bins_are_those_of_the_paper() -> None:
    assert window_length(10_000.0) == 1024
    assert band_frequencies(10_000.0).round(1).tolist() == [87.9, 97.7, 107.4, 117.2, 127.0, 136.7, 146.5]


@pytest.mark.parametrize("rate", RATES)
def test_other_rates_keep_seven_bins_near_those(rate: float) -> None:
    found = band_frequencies(rate)
    assert len(found) == 7
    np.testing.assert_allclose(found, band_frequencies(10_000.0), rtol=0.012)


@pytest.mark.parametrize("rate", RATES)
def test_power_equals_the_method_by_hand(rate: float) -> None:
    signals = np.random.default_rng(3).normal(size=(2, 3, round(0.5 * rate)))
    found = high_gamma_power(signals, rate)
    by_hand = [[power_by_hand(signal, rate) for signal in epoch] for epoch in signals]
    np.testing.assert_allclose(found, by_hand, rtol=1e-9)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_in_the_band_has_its_power(rate: float) -> None:
    assert high_gamma_power(tone(115, rate, 2.0), rate) == pytest.approx(2.0**2 / 2, rel=0.02)


@pytest.mark.parametrize("frequency", [10, 40, 60, 180, 199])
def test_a_tone_outside_the_band_has_next_to_none(frequency: float) -> None:
    assert high_gamma_power(tone(frequency, 1000.0), 1000.0) < 1e-3 * 0.5


def test_a_slow_offset_is_not_power() -> None:
    assert high_gamma_power(np.full(500, 5.0), 1000.0) == pytest.approx(0, abs=1e-20)


def test_common_average_takes_out_what_all_channels_share() -> None:
    rng = np.random.default_rng(4)
    own = rng.normal(size=(3, 5, 40))
    shared = rng.normal(size=(3, 1, 40))
    np.testing.assert_allclose(common_average(own + shared), common_average(own), atol=1e-12)
    np.testing.assert_allclose(common_average(own).sum(axis=1), 0, atol=1e-12)


def test_a_low_rate_is_refused() -> None:
    with pytest.raises(DataError, match=r"(?s)too low.*more than 300 Hz.*got: 300 Hz"):
        high_gamma_power(np.zeros(500), 300.0)


def test_signals_shorter_than_a_window_are_refused() -> None:
    with pytest.raises(DataError, match=r"(?s)at least 102 samples.*got: 101"):
        high_gamma_power(np.zeros(101), 1000.0)
