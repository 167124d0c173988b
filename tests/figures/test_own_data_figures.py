"""Folds and exchanged answers are drawn where the numbers say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.figures.own_data import exchanged_answers, fold_points

SCORES = pd.DataFrame(
    {
        "encoder": ["LDA", "LDA", "ridge", "ridge"] * 2,
        "metric": ["top-1"] * 4 + ["percentile"] * 4,
        "split": ["fold 1", "fold 2"] * 4,
        "value": [0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.75, 0.85],
        "chance": [0.1] * 4 + [0.5] * 4,
    }
)


def test_every_fold_is_a_dot_and_the_mean_a_bar() -> None:
    figure = fold_points(SCORES, label="Share", panel="metric")
    first, second = figure.axes
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["top-1", "percentile"]
    assert [list(line.get_xdata()) for line in first.lines[:2]] == [[0.2, 0.3], [0.4, 0.6]]
    bars = [bar.get_segments()[0][0][0] for bar in second.collections]
    assert np.allclose(bars, [0.75, 0.8])
    assert [text.get_text() for text in first.get_yticklabels()] == ["LDA", "ridge"]


def test_a_row_without_folds_in_a_panel_stays_empty() -> None:
    figure = fold_points(SCORES.drop([6, 7]), label="Share", panel="metric")
    assert len(figure.axes[1].collections) == 1


def test_the_score_stands_beside_exchanged_answers() -> None:
    nulls = {"class": np.linspace(0.1, 0.2, 50), "picture": np.linspace(0.0, 0.1, 50)}
    figure = exchanged_answers(nulls, {"class": 0.4, "picture": 0.05}, label="Share")
    for ax, value in zip(figure.axes, (0.4, 0.05), strict=True):
        assert ax.lines[0].get_xdata()[0] == value
        assert sum(patch.get_height() for patch in ax.patches) == 50
