"""Figures of calibration draw every row once, and stay inside the page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from companion.figures.calibration import (
    attainable_steps,
    component_bars,
    coverage_lines,
    error_curves,
    power_curves,
    size_dots,
)


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for legend in figure.legends for text in legend.get_texts()}


@pytest.fixture
def sizes() -> pd.DataFrame:
    rows = [
        (panel, row, group, 0.05, 0.03, 0.08)
        for panel in ("EEG, 10 × 200", "GOD, 5 × 50", "MEG, 4 × 200")
        for row in ("t", "mixed")
        for group in ("people", "images")
    ]
    return pd.DataFrame(rows, columns=["panel", "row", "group", "size", "low", "high"])


@pytest.fixture
def drawn(sizes: pd.DataFrame) -> Figure:
    panels = list(sizes["panel"].unique())
    return size_dots(sizes, panels=panels, groups=["people", "images"])


def test_sizes_have_a_dot_for_each_row_and_group(drawn: Figure) -> None:
    first, _, third, empty = drawn.axes
    assert (first.get_title(loc="left"), third.get_title(loc="left")) == ("EEG\n10 × 200", "MEG\n4 × 200")
    assert [label.get_text() for label in first.get_yticklabels()] == ["t", "mixed"]
    dots = [line for line in first.lines if line.get_marker() in ("o", "s")]
    assert [len(line.get_xdata()) for line in dots] == [2, 2]
    assert not empty.axison
    assert first.get_xlim()[1] == pytest.approx(1.05 * 0.08)
    assert texts(drawn) == {"people", "images"}


def test_one_group_needs_no_legend(sizes: pd.DataFrame) -> None:
    own = sizes[sizes["group"] == "people"]
    figure = size_dots(own, panels=["GOD, 5 × 50"], groups=["people"], columns=1, limit=0.5)
    assert not figure.legends
    assert figure.axes[0].get_xlim()[1] == 0.5


def test_attainable_levels_stand_at_their_n() -> None:
    table = pd.DataFrame({"n": [3, 10, 3, 10], "test": ["a", "a", "b", "b"], "level": [0, 0.04, 0, 0.05]})
    ax = attainable_steps(table).axes[0]
    marks = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_marker() in ("o", "s")]
    assert np.round(np.asarray(marks[0].get_xdata())).tolist() == [3, 10]
    assert np.asarray(marks[1].get_ydata()).tolist() == [0, 0.05]


def test_coverage_has_a_mark_per_interval_and_number_of_people() -> None:
    rows = [
        (panel, kind, n, 0.9, 0.88, 0.92)
        for panel in ("people", "images")
        for kind in ("t", "bootstrap")
        for n in (10, 4)
    ]
    table = pd.DataFrame(rows, columns=["panel", "interval", "n_people", "coverage", "low", "high"])
    figure = coverage_lines(table, panels=["people", "images"])
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["4", "10"]
    places = np.asarray(figure.axes[1].lines[0].get_xdata())
    assert (np.diff(places) > 0).all()
    assert texts(figure) == {"t", "bootstrap"}


def test_power_rises_along_the_effects() -> None:
    rows = [(panel, "t", points, points / 10) for panel in ("EEG", "GOD") for points in (8, 0, 4)]
    figure = power_curves(pd.DataFrame(rows, columns=["panel", "test", "points", "power"]))
    assert np.asarray(figure.axes[0].lines[0].get_xdata()).tolist() == [0, 4, 8]
    assert not figure.axes[2].axison


def test_bars_carry_their_values() -> None:
    shares = {"one": {"person": 0.1, "image": 0.25}, "two": {"person": 0.0, "image": 0.3}}
    figure = component_bars(shares, {"image": "Image", "person": "Person"})
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.250", "0.100"]
    assert figure.axes[1].get_title(loc="left") == "two"
    coarse = component_bars(shares, {"image": "Image"}, unit="points", decimals=1)
    assert coarse.axes[0].texts[0].get_text() == "0.2"
    assert coarse.get_supxlabel() == "standard deviation (points)"


def test_errors_fall_with_seeds_one_line_for_each_number_of_people() -> None:
    errors = pd.DataFrame({2: [3.0, 2.0], 10: [1.5, 1.0]}, index=[1, 5])
    ax = error_curves(errors, label="points").axes[0]
    assert [text.get_text() for text in ax.texts] == ["2 people", "10 people"]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[3.0, 2.0], [1.5, 1.0]]
    assert ax.get_ylim()[0] == 0
