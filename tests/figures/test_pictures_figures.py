"""Scores of pictures: what is drawn where, in which colour, with which interval."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from companion.figures.pictures import measure_points
from companion.figures.style import COLOURS, INK

LEVELS = {"brain": ["made", "found"], "companions": ["ceiling", "mean vector"]}


def table() -> pd.DataFrame:
    rows = [
        {"measure": measure, "level": level, "subject": person, "value": 0.1 * number + 0.01 * person,
         "low": 0.1 * number - 0.05, "high": 0.1 * number + 0.06}
        for measure in ("pixel correlation", "two-way")
        for number, level in enumerate(["mean vector", "made", "ceiling", "found"])
        for person in range(3)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_lines_are_in_the_order_asked_for_and_say_what_the_table_says() -> None:
    figure = measure_points(table(), levels=LEVELS, chance={"two-way": 0.5})
    figure.draw_without_rendering()
    first, second = figure.axes
    assert [text.get_text() for text in first.get_yticklabels()] == [
        "made",
        "found",
        "ceiling",
        "mean vector",
    ]
    ticks = dict(zip(["made", "found", "ceiling", "mean vector"], first.get_yticks(), strict=True))
    assert (
        first.get_ylim()[0] > ticks["mean vector"] > ticks["ceiling"] > ticks["found"] > first.get_ylim()[1]
    )
    assert ticks["ceiling"] - ticks["found"] > ticks["found"] - ticks["made"]  # a gap between groups
    means = {float(line.get_ydata()[0]): line for line in first.lines if line.get_marker() == "o"}  # type: ignore[index]
    for number, level in enumerate(["mean vector", "made", "ceiling", "found"]):
        line = means[ticks[level]]
        assert line.get_xdata()[0] == pytest.approx(0.1 * number + 0.01)  # type: ignore[index]
        wanted = COLOURS["human-aligned"] if level in LEVELS["brain"] else INK
        assert same_color(line.get_color(), wanted)
    assert [one.get_title(loc="left") for one in (first, second)] == ["pixel\ncorrelation", "two-way"]
    dashed = [[line for line in ax.lines if line.get_linestyle() == "--"] for ax in (first, second)]
    assert [len(lines) for lines in dashed] == [0, 1]
    assert list(dashed[1][0].get_xdata()) == [0.5, 0.5]


def test_titles_do_not_touch() -> None:
    wide = pd.concat(
        [table().replace("two-way", name) for name in ("structural similarity", "larger class")] + [table()]
    ).drop_duplicates()
    figure = measure_points(wide, levels=LEVELS, chance={})
    figure.draw_without_rendering()
    boxes = [ax._left_title.get_window_extent() for ax in figure.axes]  # type: ignore[attr-defined]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    labels = [[text.get_window_extent() for text in ax.get_xticklabels()] for ax in figure.axes]
    for ax in labels:
        assert all(np.diff([box.x0 for box in ax]) > 0)
        assert not any(one.overlaps(other) for one, other in pairwise(ax))
