"""Figures over frequency: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D

from companion.figures.frequency import (
    LOWEST_GAIN,
    drops_over_frequency,
    gains_over_frequency,
    map_spectra,
    recovery_dots,
)

HERTZ = np.linspace(0, 20, 41)


def xs(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_xdata())


def ys(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_ydata())


def test_gains_are_drawn_in_decibels_and_zeros_stay_in_the_figure() -> None:
    gain = np.full(41, 0.1)
    gain[7] = 0
    figure = gains_over_frequency({"a": gain, "b": np.ones(41)}, HERTZ, marks=[3, 10], signal=HERTZ)
    (ax,) = figure.axes
    first, second = (ys(line) for line in ax.lines if len(xs(line)) == 41)
    np.testing.assert_allclose(np.delete(first, 7), -20)
    assert first[7] == LOWEST_GAIN
    np.testing.assert_allclose(second, 0)
    assert [text.get_text() for text in ax.texts] == ["3 Hz", "10 Hz"]
    area = np.asarray(ax.collections[0].get_paths()[0].vertices)
    assert area[:, 1].max() < 0
    assert area[area[:, 1].argmax(), 0] == 20


def test_a_map_s_spectrum_is_shaded_beyond_its_own_rate_and_has_the_axis_of_the_fields() -> None:
    spectra = {"base": (np.arange(6.0), np.full(6, 0.2)), "human-aligned": (np.arange(6.0), np.full(6, 0.1))}
    ax = map_spectra(spectra, data_up_to=3.0, field_hertz=0.5).axes[0]
    np.testing.assert_allclose(ys(ax.lines[0]), 20)
    shade = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (shade.x0, shade.x1) == pytest.approx((3, 5))


def test_drops_of_each_decoder_and_their_means_are_drawn_at_the_middle_of_the_band() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        [(decoder, subject, role, low, low + 2.0, rng.normal())
         for decoder in ("one", "two") for subject in ("a", "b", "c")
         for role in ("base", "human-aligned") for low in (0.0, 2.0, 4.0)],
        columns=["decoder", "subject", "alignment", "low", "high", "drop"],
    )  # fmt: skip
    figure = drops_over_frequency(table, label="drop", planted=(np.array([1.0, 3, 5]), np.array([0.0, 2, 1])))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["one", "two"]
    for ax, decoder in zip(figure.axes, titles, strict=True):
        drawn = [line for line in ax.lines if len(xs(line)) == 3]
        assert len(drawn) == 2 * 4
        np.testing.assert_allclose(xs(drawn[0]), [1, 3, 5])
        part = table[(table["decoder"] == decoder) & (table["alignment"] == "base")]
        np.testing.assert_allclose(ys(drawn[3]), part.groupby("low")["drop"].mean())


def test_recovery_has_a_dot_for_each_subject_and_a_tick_at_their_mean() -> None:
    table = pd.DataFrame(
        [("time", "map", "a", 0.5), ("time", "map", "b", 0.7), ("band", "removal", "a", -0.2)],
        columns=["panel", "row", "subject", "value"],
    )
    time, band = recovery_dots(table, label="r").axes
    dots, tick = map(xs, time.lines[:2])
    np.testing.assert_allclose(dots, [0.5, 0.7])
    assert float(tick[0]) == pytest.approx(0.6)
    assert [label.get_text() for label in time.get_yticklabels()] == ["map", "removal"]
    assert [len(xs(line)) for line in band.lines[:3]] == [0, 1, 1]
