"""Figures of worlds where nothing is to be found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.figures.null_worlds import outcome_grid, similarity_pairs


def test_equal_similarities_lie_on_the_diagonal_and_have_a_correlation_of_one() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=40)
    figure = similarity_pairs(
        {"equal": (first, first), "unlike": (first, rng.normal(size=40))}, x_label="one", y_label="other"
    )
    figure.draw_without_rendering()
    equal, unlike = figure.axes
    assert [text.get_text() for text in equal.texts] == ["r = 1.00"]
    assert [text.get_text() for text in unlike.texts] != ["r = 1.00"]
    x, y = equal.lines[0].get_data()
    assert np.array_equal(x, y)
    assert equal.get_ylabel() == "other"


def test_each_outcome_stands_once_with_colour_and_letter() -> None:
    table = pd.DataFrame(
        {"world": ["holds", "inconclusive"], "N1": ["contradicted", "holds"]}, index=["A-1", "A-2"]
    )
    (ax,) = (figure := outcome_grid(table)).axes
    assert [text.get_text() for text in ax.texts] == ["h", "i", "c", "h"]
    assert len({patch.get_facecolor() for patch in ax.patches}) == 3
    assert [label.get_text() for label in ax.get_xticklabels()] == ["A-1", "A-2"]
    assert len(figure.legends[0].get_texts()) == 3


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(KeyError, match="maybe"):
        outcome_grid(pd.DataFrame({"world": ["maybe"]}, index=["A-1"]))
