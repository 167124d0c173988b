"""Similarity figures: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.figures.brain_similarity import people_and_ceiling
from companion.figures.similarity import (
    dimension_readability,
    matrix_panels,
    movers,
    pair_density,
    score_rows,
)


def dots(ax, marker: str) -> list[np.ndarray]:
    """Points of each set of markers on a panel."""
    return [np.column_stack(line.get_data()) for line in ax.lines if line.get_marker() == marker]


def test_matrices_are_shown_as_percentiles_with_an_empty_diagonal() -> None:
    matrix = np.random.default_rng(0).normal(size=(6, 6))
    matrix += matrix.T
    figure = matrix_panels({"a": matrix, "b": np.exp(matrix)}, [("x", 2), ("y", 4)], quantity="similarity")
    first, second = (figure.axes[k].images[0].get_array() for k in (0, 1))
    assert np.isnan(np.diag(first.filled(np.nan))).all()
    np.testing.assert_allclose(first.filled(np.nan), second.filled(np.nan))
    assert (np.nanmin(first), np.nanmax(first)) == (0, 100)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["x", "y"]
    np.testing.assert_allclose(figure.axes[0].get_yticks(), [0.5, 3.5])


def test_groups_must_cover_the_matrix() -> None:
    with pytest.raises(ValueError, match="3 rows"):
        matrix_panels({"a": np.eye(4)}, [("x", 3)], quantity="similarity")


def test_scores_stand_in_their_rows_with_their_intervals() -> None:
    scores = pd.DataFrame(
        [
            ("p", "CLIP", "one", 0.4, 0.3, 0.5),
            ("p", "ridge", "one", 0.8, 0.7, 0.9),
            ("q", "ridge", "one", 0.6, 0.5, 0.7),
        ],
        columns=["panel", "row", "kind", "score", "low", "high"],
    )
    controls = pd.DataFrame(
        [("p", "shuffled", 0.0), ("p", "shuffled", 0.1), ("q", "shuffled", 0.2)],
        columns=["panel", "row", "score"],
    )
    figure = score_rows(scores, controls, x_label="score")
    left, right = figure.axes
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["CLIP", "ridge", "shuffled"]
    np.testing.assert_allclose(dots(left, "o")[0], [[0.4, 0], [0.8, 1]])
    np.testing.assert_allclose(dots(right, "o")[0], [[0.6, 1]])
    np.testing.assert_allclose(dots(left, "|")[0], [[0.0, 2], [0.1, 2]])
    segments = left.collections[0].get_segments()
    np.testing.assert_allclose([segment[:, 0] for segment in segments], [[0.3, 0.5], [0.7, 0.9]])


def test_every_pair_is_in_a_cell() -> None:
    rng = np.random.default_rng(0)
    figure = pair_density(
        {"a": rng.normal(size=500), "b": rng.normal(size=500)}, rng.normal(size=500), y_label="y"
    )
    for ax in figure.axes[:2]:
        assert ax.collections[0].get_array().sum() == 500


def test_dimensions_are_sorted_and_the_extremes_named() -> None:
    rng = np.random.default_rng(0)
    r = rng.permutation(np.linspace(-0.1, 0.9, 12))
    table = pd.DataFrame({
        "dimension": [f"d{k}" for k in range(12)], "r": r, "low": r - 0.1, "high": r + 0.1,
        "spread": rng.uniform(0.1, 1, 12),
    })  # fmt: skip
    figure = dimension_readability(table, (-0.1, 0.1), n_named=2)
    np.testing.assert_allclose(dots(figure.axes[0], "o")[0][:, 1], np.sort(r)[::-1])
    named = {text.get_text(): text.xy[1] for text in figure.axes[0].texts if text.get_text().startswith("d")}
    expected = table.set_index("dimension")["r"].sort_values().iloc[[0, 1, -2, -1]]
    assert named == pytest.approx(expected.to_dict())
    np.testing.assert_allclose(sorted(dots(figure.axes[1], "o")[0][:, 0]), np.sort(table["spread"]))


def test_movers_names_concepts_at_their_dots_and_lines_at_their_ends() -> None:
    table = pd.DataFrame({"concept": ["a_b", "c"], "before": [0.1, 0.5], "after": [0.9, 0.6]})
    shares = pd.DataFrame({"w": [0.5, 0.4], "x": [0.6, 0.5], "y": [0.7, 0.5], "z": [0.8, 0.5]}, index=[1, 2])
    figure = movers(table, shares, 0.2, labels=("before", "after"), named=["a_b"])
    left, right = figure.axes
    np.testing.assert_allclose(dots(left, "o")[0], [[0.1, 0.9], [0.5, 0.6]])
    assert [(text.get_text(), text.xy) for text in left.texts] == [("a b", (0.1, 0.9))]
    lines = {tuple(line.get_ydata()) for line in right.lines}
    assert {(0.5, 0.4), (0.6, 0.5), (0.7, 0.5), (0.8, 0.5)} <= lines
    heights = sorted(text.xy[1] for text in right.texts if text.get_text() in "wxyz")
    assert np.diff(heights).min() > 0.04


def test_people_and_ceilings_stand_in_their_rows() -> None:
    scores = pd.DataFrame(
        [("IT", "m", 0.1), ("IT", "m", 0.3), ("IT", "n", 0.2), ("IT", "n", 0.4)],
        columns=["panel", "row", "score"],
    )
    ceilings = pd.DataFrame(
        [("IT", "n", 0.4, 0.6), ("IT", "m", 0.3, 0.5)], columns=["panel", "row", "lower", "upper"]
    )
    (ax,) = people_and_ceiling(scores, ceilings, x_label="score").axes
    np.testing.assert_allclose(np.vstack(dots(ax, "o")), [[0.1, 0], [0.3, 0], [0.2, 1], [0.4, 1]])
    np.testing.assert_allclose(np.vstack(dots(ax, "|")), [[0.2, 0], [0.3, 1]])
    boxes = [(box.get_x(), box.get_x() + box.get_width()) for box in ax.patches]
    np.testing.assert_allclose(boxes, [(0.3, 0.5), (0.4, 0.6)])
