"""Naming figures: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.figures.naming import (
    level_points,
    matching_panels,
    n_way_curves,
    people_points,
    region_points,
)
from companion.figures.style import COLOURS

LEVELS = ["V", "T", "V&T"]


def accuracies() -> pd.DataFrame:
    rows = [
        (panel, f"S{s}", level, scale * (2.0 * s + number))
        for panel, scale in (("Top-1", 1), ("Top-5", 3))
        for s in (1, 2, 3)
        for number, level in enumerate(LEVELS)
    ]
    return pd.DataFrame(rows, columns=["panel", "subject", "level", "value"])


@pytest.mark.parametrize("known", [True, False])
def test_people_and_their_means_stand_level_by_level(known: bool) -> None:
    printed = pd.DataFrame([("Top-1", "BraVL", 14.0)], columns=["panel", "label", "value"])
    guessing = {"Top-1": (2.0, 8.0), "Top-5": (10.0, 20.0)}
    table = accuracies().sample(frac=1, random_state=0)
    table = table.sort_values(["panel", "subject"])  # levels in any order
    figure = people_points(table, levels=LEVELS, guessing=guessing, printed=printed if known else None)
    first, second = figure.axes
    marks = [
        line for line in first.lines if line.get_marker() in "osD" and len(np.atleast_1d(line.get_xdata()))
    ]
    people = [line for line in marks if len(np.atleast_1d(line.get_ydata())) == 3]
    assert [np.asarray(line.get_ydata()).tolist() for line in people] == [[2, 4, 6], [3, 5, 7], [4, 6, 8]]
    x = np.array([np.asarray(line.get_xdata()) for line in people])
    assert (np.diff(x, axis=0) > 0).all()
    np.testing.assert_allclose(x[1], [0, 1, 2])
    means = [line for line in marks if line not in people]
    assert [float(np.atleast_1d(line.get_ydata())[0]) for line in means] == [4, 5, 6]
    texts = [text.get_text() for text in first.texts]
    assert texts == ["4.0", "5.0", "6.0"]
    assert [text.get_text() for text in second.texts] == ["12.0", "15.0", "18.0"]
    assert [label.get_text() for label in second.get_xticklabels()] == ["S1", "S2", "S3", "mean"]
    assert (first.get_ylabel(), second.get_ylabel()) == ("Top-1 accuracy (%)", "Top-5 accuracy (%)")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [*LEVELS, "chance", "p < .05 in one person, from here"] + ["printed: BraVL"] * known
    assert first.get_ylim()[0] == 0
    assert first.get_ylim()[1] > (14 if known else 8)
    chances = [float(np.asarray(line.get_ydata())[0]) for line in first.lines if line.get_linestyle() == "--"]
    assert chances == [2.0]
    lines = [c.get_segments()[0] for c in first.collections if c.get_linewidth()[0] == 3]
    np.testing.assert_allclose(lines, [[[2.5, 14], [4.3, 14]]] if known else np.empty((0,)))
    thresholds = [c for c in first.collections if c.get_linewidth()[0] == 0.8]
    np.testing.assert_allclose(thresholds[0].get_segments()[0], [[-0.5, 8], [2.5, 8]])


def test_levels_of_a_task_are_joined_person_by_person_with_their_means() -> None:
    table = accuracies().sample(frac=1, random_state=0).sort_values("panel")
    figure = level_points(table, levels=LEVELS, chance=2.0)
    first, second = figure.axes
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Top-1", "Top-5"]
    people = sorted(
        np.asarray(line.get_ydata()).tolist() for line in first.lines if len(line.get_xdata()) == 3
    )
    assert people == [[2, 3, 4], [4, 5, 6], [6, 7, 8]]
    means = [line for line in second.lines if line.get_marker() in "osD"]
    assert [float(np.atleast_1d(line.get_ydata())[0]) for line in means] == [12, 15, 18]
    assert [float(np.atleast_1d(line.get_xdata())[0]) for line in means] == [0, 1, 2]
    assert [text.get_text() for text in second.texts] == ["12.0", "15.0", "18.0"]
    assert [label.get_text() for label in first.get_xticklabels()] == LEVELS
    dashed = [line for line in first.lines if line.get_linestyle() == "--"]
    assert [float(np.asarray(line.get_ydata())[0]) for line in dashed] == [2.0]
    assert first.get_ylim()[1] > 24


def test_matrices_are_percentiles_of_their_rows_and_the_diagonal_is_summed_up() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(6, 6)) + 5 * np.eye(6)
    figure = matching_panels(
        {"image": matrix, "bent": np.exp(matrix) + rng.normal(size=(6, 1)), "flat": np.ones((6, 6))},
        [("animals", 2), ("tools", 4)],
    )
    first, second, third = (np.asarray(figure.axes[k].images[0].get_array()) for k in range(3))
    np.testing.assert_allclose(first, second)
    np.testing.assert_allclose(np.sort(first, axis=1), np.tile([0, 20, 40, 60, 80, 100], (6, 1)))
    assert (np.diag(first) == 100).all()
    np.testing.assert_allclose(third, 50)
    titles = [figure.axes[k].get_title(loc="left") for k in (0, 2)]
    assert titles == ["image\nright ones at percentile 100", "flat\nright ones at percentile 50"]
    dots = [np.asarray(figure.axes[k].lines[0].get_xdata()).tolist() for k in (0, 2)]
    assert dots == [[0, 1, 2, 3, 4, 5], []]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["animals", "tools"]
    np.testing.assert_allclose(figure.axes[0].get_yticks(), [0.5, 3.5])
    assert figure.axes[0].images[0].get_clim() == (0, 100)
    with pytest.raises(ValueError, match="5 items"):
        matching_panels({"image": matrix}, [("animals", 5)])


def test_curves_fall_from_two_ways_to_the_gallery() -> None:
    rows = [
        ("fMRI to image", level, f"S{s}", n, 100 / n**0.5 + 2 * s + number, 100 / n)
        for level, number in (("V", 0), ("T", 10))
        for s in (1, 2, 3)
        for n in (2, 5, 10, 50)
    ]
    table = pd.DataFrame(rows, columns=["panel", "level", "subject", "n_way", "value", "chance"])
    other = table.assign(panel="image to fMRI", value=table["value"] + 1)
    figure = n_way_curves(pd.concat([table, other]), levels=["V", "T"])
    left, right = figure.axes
    assert [ax.get_title(loc="left") for ax in (left, right)] == ["fMRI to image", "image to fMRI"]
    by_name = {str(line.get_label()): line for line in left.lines}
    np.testing.assert_allclose(by_name["T"].get_ydata(), 100 / np.array([2, 5, 10, 50]) ** 0.5 + 14)
    np.testing.assert_allclose(by_name["chance"].get_ydata(), [50, 20, 10, 2])
    assert sum(line.get_linewidth() == 0.7 for line in left.lines) == 6
    assert [label.get_text() for label in left.get_xticklabels()] == ["2", "5", "10", "20", "50"]
    assert left.get_xscale() == "log"
    assert left.get_ylim()[0] == 0
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["V", "T", "chance"]
    assert by_name["V"].get_color() != by_name["T"].get_color() != COLOURS["ceiling"]


def test_regions_stand_in_their_order_with_people_means_and_guessing() -> None:
    rows = [
        (panel, region, f"S{person}", scale * (number + person))
        for panel, scale in (("top-1", 1.0), ("top-5", 3.0))
        for number, region in enumerate(("V4", "LOC", "FFA"))
        for person in (1, 2, 6)
    ]
    table = pd.DataFrame(rows, columns=["panel", "region", "subject", "value"])
    figure = region_points(table, guessing={"top-1": (2.0, 12.0), "top-5": (10.0, 20.0)})
    first, second = figure.axes
    assert [label.get_text() for label in first.get_xticklabels()] == ["V4", "LOC", "FFA"]
    people = np.array([line.get_ydata() for line in first.lines if line.get_marker() == "o"])
    np.testing.assert_array_equal(people, [[1, 2, 3], [2, 3, 4], [6, 7, 8]])
    (means,) = (line for line in second.lines if line.get_marker() == "_")
    np.testing.assert_allclose(np.asarray(means.get_ydata()), [9, 12, 15])
    flat = [float(np.asarray(line.get_ydata())[0]) for line in first.lines if line.get_marker() == "None"]
    assert flat == [2.0, 12.0]
    assert first.get_ylim() == (0, pytest.approx(13.2))  # the threshold is above what people reach
    assert (first.get_ylabel(), second.get_ylabel()) == ("top-1 accuracy (%)", "top-5 accuracy (%)")


@pytest.mark.parametrize(("n_panels", "height"), [(1, 4.9), (2, 4.9), (3, 3.9)])
def test_more_matrices_make_a_flatter_figure(n_panels: int, height: float) -> None:
    matrices = {f"panel {number}": np.eye(4) for number in range(n_panels)}
    assert matching_panels(matrices, [("all", 4)]).get_figheight() == pytest.approx(height)
