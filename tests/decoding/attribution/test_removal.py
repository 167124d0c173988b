"""Times, bands and channels that were planted are found; what does not matter does not show."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.decoding.attribution.channels import channel_drops, regions
from companion.decoding.attribution.frequency import (
    BANDS,
    band_drops,
    boxcar_gain,
    front_end_gain,
    narrow_bands,
    without_band,
)
from companion.decoding.attribution.occlusion import occlusion, sliding_windows
from companion.decoding.attribution.removal import METRICS, Readout, drops
from companion.errors import DataError
from companion.loading.things_eeg2.layout import CHANNELS_17, CHANNELS_63
from tests.decoding.attribution.planted import (
    GALLERY,
    N_CHANNELS,
    N_FEATURES,
    N_TIMES,
    RATE,
    TIMES,
    N,
    bursts,
    planted,
)

EVERYWHERE = np.ones(N_CHANNELS)


def window_course(start: int, stop: int) -> np.ndarray:
    course = np.zeros((N_FEATURES, N_TIMES))
    course[:, start:stop] = np.random.default_rng(2).normal(size=(N_FEATURES, stop - start))
    return course


def test_scores_are_those_of_a_count_by_hand() -> None:
    rng = np.random.default_rng(3)
    vectors, gallery, seen = rng.normal(size=(8, 4)), rng.normal(size=(11, 4)), rng.integers(0, 11, 8)
    found = Readout(lambda x: x[:, :, 0], gallery, seen).scores(vectors[:, :, None])
    for n, (vector, own) in enumerate(zip(vectors, seen, strict=True)):
        cosines = gallery @ vector / np.linalg.norm(gallery, axis=1) / np.linalg.norm(vector)
        others = np.delete(cosines, own)
        assert found["top1"][n] == (cosines.argmax() == own)
        assert found["rank"][n] == pytest.approx((others < cosines[own]).mean())
        assert found["margin"][n] == pytest.approx(cosines[own] - others.mean())


def test_an_empty_response_scores_nothing() -> None:
    _, readout = planted(window_course(0, 100), EVERYWHERE)
    scores = readout.scores(np.zeros((N, N_CHANNELS, N_TIMES)))
    assert not scores["top1"].any()
    assert not scores["rank"].any()


def test_bad_galleries_are_refused() -> None:
    with pytest.raises(DataError, match="gallery"):
        Readout(lambda x: x, GALLERY, np.array([0, N]))
    with pytest.raises(DataError, match="lost"):
        Readout(lambda x: GALLERY[:3], GALLERY, np.arange(N)).scores(np.zeros((N, 1, 1)))


@pytest.mark.parametrize("metric", METRICS)
def test_occlusion_finds_the_planted_window(metric: str) -> None:
    responses, readout = planted(window_course(30, 40), EVERYWHERE)
    table = occlusion(readout, responses, TIMES).query("metric == @metric")
    assert len(table) == 19
    worst = table.loc[table["drop"].idxmax()]
    assert (worst["start"], worst["stop"]) == pytest.approx((0.30, 0.39))
    assert worst["centre"] == pytest.approx(0.345)
    assert worst["share"] == pytest.approx(1)
    outside = table[(table["stop"] < 0.30) | (table["start"] > 0.39)]
    assert_allclose(outside[["drop", "share"]], 0, atol=1e-6)
    assert_allclose(table["drop"], table["intact"] - table["score"])


def test_removal_around_the_mean_keeps_what_all_responses_share() -> None:
    responses, readout = planted(window_course(30, 60), EVERYWHERE)
    mean = 50 + np.zeros((N_CHANNELS, N_TIMES))
    shifted = Readout(lambda x: readout.decode(x - mean), GALLERY, readout.seen)
    plain = occlusion(readout, responses, TIMES)
    around = occlusion(shifted, responses + mean, TIMES, around=mean)
    assert_allclose(around["drop"], plain["drop"], atol=1e-3)
    assert_allclose(around["share"], plain["share"], atol=1e-3)


def test_windows_are_complete_and_refused_where_they_do_not_fit() -> None:
    windows = sliding_windows(TIMES, width=0.1, step=0.05)
    assert (windows[0], windows[-1]) == (slice(0, 10), slice(90, 100))
    for width, step in ((1.2, 0.05), (0.1, 0.001), (0.001, 0.05)):
        with pytest.raises(ValueError, match="do not fit"):
            sliding_windows(TIMES, width=width, step=step)


@pytest.mark.parametrize(
    ("frequency", "band"), [(2.0, "delta"), (6.0, "theta"), (10.0, "alpha"), (20.0, "beta")]
)
def test_band_stop_finds_the_planted_band_and_leaves_the_others(frequency: float, band: str) -> None:
    responses, readout = planted(bursts(frequency), EVERYWHERE)
    table = band_drops(readout, responses, RATE).query("metric == 'margin'").set_index("removed")
    assert table["drop"].idxmax() == band
    assert table.loc[band, "share"] > 0.9
    others = table.drop(index=band)
    far = others[(others["low"] > 2 * frequency) | (others["high"] < frequency / 2)]
    assert (far["share"] < 0.01).all()
    assert (far["drop"].abs() < 0.01 * table.loc[band, "drop"]).all()


def test_narrow_bands_tell_3_6_and_10_hertz_apart() -> None:
    for frequency in (3.0, 6.0, 10.0):
        responses, readout = planted(bursts(frequency), EVERYWHERE)
        table = band_drops(readout, responses, RATE, bands=narrow_bands([3, 6, 10]))
        table = table.query("metric == 'margin'").set_index("removed")
        assert table["drop"].idxmax() == f"{frequency:g} Hz"


def test_bands_take_the_signal_apart() -> None:
    signals = np.random.default_rng(0).normal(size=(4, 3, 100)).cumsum(axis=-1)
    parts = [signals - without_band(signals, RATE, low, high) for low, high in BANDS.values()]
    assert_allclose(sum(parts), signals, atol=1e-10)
    assert sum(np.square(part).sum() for part in parts) == pytest.approx(np.square(signals).sum())
    assert_allclose(without_band(signals, RATE, 0, np.inf), 0, atol=1e-12)


def test_removing_a_band_does_not_shift_the_rest() -> None:
    slow, fast = (np.cos(np.pi * f * (np.arange(100) + 0.5) / 50) for f in (3, 10))
    assert_allclose(without_band(slow + fast, RATE, 8, 12), slow, atol=1e-12)


def test_the_moving_mean_of_nice_lets_through_what_its_formula_says() -> None:
    gain = boxcar_gain([1, 2, 4, 250 / 51, 8, 10, 15, 20], 51, 250)
    assert_allclose(gain[:4], [0.93, 0.75, 0.21, 0.0], atol=5e-3)
    assert_allclose(20 * np.log10(gain[4:]), [-15, -34, -34, -34], atol=0.6)
    wave = np.exp(2j * np.pi * 7 * np.arange(51) / 250)
    assert boxcar_gain(7, 51, 250) == pytest.approx(abs(wave.mean()))


def test_mean_gain_of_bands() -> None:
    for low, high, expected in ((0, 4, -2.6), (4, 8, -15.7), (8, 12, -20), (12, 30, -24), (30, 100, -33)):
        fine = np.linspace(low, high, 4000)
        assert 10 * np.log10(np.mean(boxcar_gain(fine, 51, 250) ** 2)) == pytest.approx(expected, abs=0.5)


def test_filters_and_mean_together_are_one_filter() -> None:
    filters = np.random.default_rng(0).normal(size=(4, 25))
    together = np.array([np.convolve(one, np.ones(51) / 51) for one in filters])
    frequencies = np.array([0.0, 3.0, 10.0, 40.0])
    waves = np.exp(-2j * np.pi * np.arange(75)[:, None] * frequencies / 250)
    assert_allclose(front_end_gain(filters, frequencies, 250), np.abs(together @ waves), atol=1e-12)


def test_channel_removal_finds_the_planted_channel() -> None:
    topography = np.zeros(N_CHANNELS)
    topography[3] = 1
    responses, readout = planted(window_course(0, 100), topography)
    single = {str(channel): [channel] for channel in range(N_CHANNELS)}
    table = channel_drops(readout, responses, {**single, "two": [0, 3]}).query("metric == 'rank'")
    drop = table.set_index("removed")["drop"]
    assert drop["3"] == drop["two"] > 0.9
    assert_allclose(drop[["0", "1", "2", "4"]], 0)
    assert table.set_index("removed").loc["two", "n_channels"] == 2


def test_regions_cover_every_channel_once() -> None:
    for names in (CHANNELS_17, CHANNELS_63, ("MLO11", "MRC63", "MZF01", "MLP12-1609", "MRT57")):
        groups = regions(names)
        assert sorted(np.concatenate(list(groups.values()))) == list(range(len(names)))
    by_region = {name: [CHANNELS_17[row] for row in rows] for name, rows in regions(CHANNELS_17).items()}
    assert list(by_region) == ["parietal", "occipital"]
    assert set(by_region["occipital"]) == {"O1", "Oz", "O2", "PO7", "PO3", "POz", "PO4", "PO8"}
    with pytest.raises(DataError, match="region"):
        regions(["E12x"])


def test_nothing_removed_costs_nothing() -> None:
    responses, readout = planted(window_course(0, 100), EVERYWHERE, noise=30.0)
    table = drops(readout, responses, {"nothing": lambda x: x.copy()})
    assert_allclose(table[["drop", "share"]], 0, atol=1e-9)
    assert table.set_index("metric").loc["rank", "intact"] < 1
