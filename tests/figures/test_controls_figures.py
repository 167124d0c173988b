"""Figures of controls show what they are handed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from companion.figures.controls import (
    floor_dots,
    honest_leaky,
    leak_forest,
    looks_curves,
    pass_shares,
    shuffled_strips,
)
from companion.figures.style import COLOURS, QUIET


def test_findings_beyond_their_bound_are_marked_in_nulls_only() -> None:
    table = pd.DataFrame(
        {
            "finding": ["a", "a", "b"],
            "kind": ["world", "N1", "N1"],
            "share": [0.9, 0.5, 0.1],
            "bound": [0.15, 0.15, 0.15],
            "n": 20,
        }
    )
    figure = pass_shares(table, effect="world")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["world", "N1"]
    colours = [[to_hex(line.get_color()) for line in ax.lines] for ax in figure.axes]
    assert colours == [
        [COLOURS["first"].lower()],
        [COLOURS["second"].lower(), QUIET.lower()],
    ]
    assert [line.get_xdata()[0] for line in figure.axes[1].lines] == [0.5, 0.1]


def test_every_score_has_a_panel_with_chance_floor_and_decoder() -> None:
    table = pd.DataFrame(
        {
            "score": ["top-1", "top-1", "identification among others"],
            "space": ["base", "aligned", "base"],
            "chance": [0.5, 0.5, 50.0],
            "floor": [0.5, 0.5, 80.0],
            "decoder": [20.0, 25.0, 90.0],
        }
    )
    figure = floor_dots(table)
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_title(loc="left").replace("\n", " ") for ax in shown] == [
        "top-1",
        "identification among others",
    ]
    assert [float(line.get_xdata()[0]) for line in shown[1].lines] == [50.0, 80.0, 90.0]
    assert [text.get_text() for text in shown[0].get_yticklabels()] == ["base", "aligned"]


def test_equal_shuffles_make_larger_dots() -> None:
    shuffles = pd.DataFrame({"subject": "sub-01", "value": [0.5, 0.5, 1.0]})
    figure = shuffled_strips(shuffles, {"sub-01": 30.0}, chance=0.5, bound=2.0, label="Top-1 (%)")
    near, beside = figure.axes
    assert near.collections[0].get_offsets().tolist() == [[0.5, 0.0], [1.0, 0.0]]
    assert near.collections[0].get_sizes().tolist() == [18, 9]
    assert beside.lines[0].get_xdata()[0] == 30.0
    assert near.get_xlim()[1] < 5


def test_means_of_honest_and_leaky_are_printed() -> None:
    table = pd.DataFrame(
        {"panel": "x", "unit": range(3), "honest": [1.0, 2.0, 3.0], "leaky": [2.0, 4.0, 6.0]}
    )
    (ax,) = honest_leaky(table, chance={"x": 0.5}, label="per cent").axes
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["2.0", "4.0"]
    assert np.array([line.get_ydata() for line in ax.lines[:3]]).tolist() == [[1, 2], [2, 4], [3, 6]]


def test_looks_have_a_thick_mean_and_thin_runs() -> None:
    table = pd.DataFrame(
        {
            "panel": "noise",
            "run": ["a", "a", "b", "b"],
            "look": [1, 2, 1, 2],
            "honest": [0.0, 0.0, 1.0, 0.0],
            "leaky": [0.0, 1.0, 1.0, 1.0],
        }
    )
    (ax,) = looks_curves(table, chance=0.5).axes
    means = [line.get_ydata().tolist() for line in ax.lines if line.get_linewidth() == 2]
    assert means == [[0.5, 0.0], [0.5, 1.0]]


def test_a_leak_without_interval_is_a_hollow_dot() -> None:
    leaks = pd.DataFrame(
        {
            "panel": ["r", "r"],
            "leak": ["one", "two"],
            "difference": [2.0, 0.5],
            "low": [1.0, np.nan],
            "high": [3.0, np.nan],
            "shows": [True, False],
        }
    )
    units = pd.DataFrame({"panel": "r", "leak": ["one", "one"], "difference": [1.5, 2.5]})
    (ax,) = leak_forest(leaks, units, label="points").axes
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert faces == [COLOURS["first"], "white"]
    intervals = [path for collection in ax.collections[1:] for path in collection.get_paths()]
    assert len(intervals) == 1
    assert [text.get_text() for text in ax.get_yticklabels()] == ["one", "two"]
    assert ax.collections[0].get_offsets().tolist() == pytest.approx(np.array([[1.5, 0.27], [2.5, 0.27]]))
