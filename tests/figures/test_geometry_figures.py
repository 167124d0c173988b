"""Figures of the shape of spaces: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from companion.figures.geometry import LINE_COLOURS, gap_clouds, hub_curves, spectrum_curves


def test_spectra_are_summed_and_ranks_named_in_the_colour_of_their_line() -> None:
    shares = {"one": np.array([0.75, 0.25]), "two": np.array([0.5, 0.25, 0.25])}
    ranks = pd.DataFrame({"variance": [2.0, 1.0], "entropy": [3.0, 1.5]}, index=["two", "one"])
    curves, dots = spectrum_curves(shares, ranks).axes
    np.testing.assert_allclose(curves.lines[0].get_xydata(), [[1, 75], [2, 100]])
    np.testing.assert_allclose(curves.lines[1].get_ydata(), [50, 75, 100])
    filled, hollow = dots.collections[1:]
    np.testing.assert_allclose(filled.get_offsets(), [[1, 0], [2, 1]])
    np.testing.assert_allclose(hollow.get_offsets(), [[1.5, 0], [3, 1]])
    np.testing.assert_array_equal(hollow.get_facecolor(), [[1, 1, 1, 1]])
    labels = [(label.get_text(), label.get_color()) for label in dots.get_yticklabels()]
    assert labels == [("one", LINE_COLOURS[0]), ("two", LINE_COLOURS[1])]
    assert [text.get_text() for text in dots.texts] == ["variance", "entropy"]


def test_hub_curves_hold_the_share_named_so_often() -> None:
    counts = {"a": np.array([0, 1, 1, 2]), "b": np.array([1, 1, 1, 1])}
    (ax,) = hub_curves(counts, np.array([0.7, 0.2, 0.01]), unit="pictures").axes
    first, second, random = ax.lines
    np.testing.assert_allclose(first.get_xydata(), [[1, 75], [2, 25]])
    np.testing.assert_allclose(second.get_xydata(), [[1, 100]])
    np.testing.assert_allclose(random.get_xydata(), [[1, 70], [2, 20]])  # less than half a row is not drawn
    assert [text.get_text() for text in ax.texts] == ["random neighbours (dashed)", "b", "a"]
    assert ax.texts[-1].get_color() == first.get_color()
    assert ax.get_ylabel() == "share of pictures (%)"


def test_matches_are_joined_and_the_rest_is_drawn() -> None:
    first = np.arange(20.0).reshape(10, 2)
    second = -first
    figure = gap_clouds(
        {"before": (first, second, np.array([0.5, 0.25])), "after": (first, first, np.array([0.4, 0.1]))},
        4,
        ("images", "captions"),
    )
    before, after = figure.axes
    (lines,) = (item for item in before.collections if isinstance(item, LineCollection))
    np.testing.assert_allclose(lines.get_segments(), [[first[k], second[k]] for k in (0, 3, 6, 9)])
    np.testing.assert_allclose(before.lines[0].get_xydata(), first)
    np.testing.assert_allclose(before.lines[2].get_xydata(), second)
    assert before.get_xlabel() == "first component (50% of variance)"
    assert after.get_title(loc="left") == "after"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["images", "captions"]
    np.testing.assert_allclose([line.get_markersize() for line in before.lines[:4]], [3, 4, 3, 4])


def test_clouds_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="same shape"):
        gap_clouds({"x": (np.zeros((3, 2)), np.zeros((1, 2)), np.ones(2))}, 3, ("a", "b"))
