"""Summaries of maps on cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.attribution.gradcam import stretched
from companion.decoding.attribution.map_summaries import band_energy, high_counts, scaled


def test_each_map_is_scaled_alone_and_an_empty_one_stays_empty() -> None:
    maps = np.array([[-1.0, 2.0, 4.0], [0.0, 0.5, 0.25], [-1.0, -2.0, 0.0]])
    np.testing.assert_allclose(scaled(maps), [[0, 0.5, 1], [0, 1, 0.5], [0, 0, 0]])


def test_counts_are_those_of_a_count_by_hand() -> None:
    maps = np.random.default_rng(0).uniform(size=(20, 3, 50))
    values = scaled(maps)
    threshold = np.percentile(values, 90)
    expected = [sum(v >= threshold for v in values[..., t].ravel()) for t in range(50)]
    np.testing.assert_array_equal(high_counts(maps, percentile=90), expected)
    assert high_counts(maps, percentile=90).sum() == 300


def test_short_maps_still_count_their_maxima() -> None:
    maps = np.random.default_rng(0).uniform(size=(30, 36))
    counts = high_counts(maps)
    assert counts.sum() == 30
    np.testing.assert_array_equal(counts, np.bincount(maps.argmax(axis=1), minlength=36))
    assert high_counts(np.zeros((4, 36))).sum() == 0


def test_stretching_makes_noise_high_at_both_ends() -> None:
    noise = np.random.default_rng(0).uniform(size=(1000, 36)).astype(np.float32)
    counts = high_counts(stretched(noise, (1, 250))[:, 0])
    assert counts[:3].mean() > 3 * counts.mean()
    assert counts[-3:].mean() > 3 * counts.mean()
    ends = high_counts(noise)[[0, -1]]
    assert (np.abs(ends - 1000 / 36) < 4 * np.sqrt(1000 / 36)).all()


def test_band_energy_of_a_wave_is_in_its_band_and_the_mean_in_delta() -> None:
    times = np.arange(250) / 250
    course = 3 + np.cos(2 * np.pi * 10 * times)[None]
    without = band_energy(course, 250, with_mean=False)
    assert without["alpha"][0] == pytest.approx(1)
    assert sum(share[0] for share in without.values()) == pytest.approx(1)
    with_mean = band_energy(course, 250, with_mean=True)
    # |X_0|^2 = 9 N^2 against |X_10|^2 = N^2 / 4 of the half-spectrum
    assert with_mean["delta"][0] == pytest.approx(9 / 9.25)
    assert band_energy(np.ones((1, 250)), 250, with_mean=False)["delta"][0] == 0
