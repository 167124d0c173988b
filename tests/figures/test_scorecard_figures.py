"""Figures of the scorecard."""

from __future__ import annotations

import pandas as pd
from matplotlib.colors import to_hex

from companion.figures.scorecard import OUTCOMES, outcome_bars, printed_against_ours


def test_each_claim_is_one_box_in_the_colour_of_its_outcome() -> None:
    table = pd.DataFrame(
        [
            ("HA-1", "human-aligned", "printed numbers", "holds"),
            ("HA-2", "human-aligned", "simulated", "contradicted"),
            ("HA-3", "human-aligned", "simulated", "holds"),
            ("BC-1", "BrainCLIP", "none", "not testable"),
        ],
        columns=["claim", "paper", "evidence", "outcome"],
    )
    figure = outcome_bars(table)
    figure.draw_without_rendering()
    first, second = figure.axes
    assert [len(ax.patches) for ax in (first, second)] == [3, 1]
    assert [text.get_text() for text in first.texts] == ["HA\n1", "HA\n3", "HA\n2"]
    assert [to_hex(patch.get_facecolor()) for patch in first.patches] == [
        OUTCOMES["holds"].lower(),
        OUTCOMES["holds"].lower(),
        OUTCOMES["contradicted"].lower(),
    ]
    assert first.get_title(loc="left") == "human-aligned"


def test_printed_numbers_stand_beside_ours_with_their_intervals() -> None:
    nan = float("nan")
    table = pd.DataFrame(
        [
            ("HA-2", "gain", "printed numbers", "points", 21.0, 21.2, nan, nan),
            ("HA-1b", "gain", "simulated", "points", 13.9, 8.0, 6.0, 10.0),
            ("BA-1b", "cells", "simulated", "cells", 42.0, 30.0, nan, nan),
        ],
        columns=["claim", "what", "evidence", "unit", "printed", "found", "low", "high"],
    )
    figure = printed_against_ours(table)
    figure.draw_without_rendering()
    points, cells = figure.axes
    assert (points.get_xlabel(), cells.get_xlabel()) == ("points", "cells")
    drawn = [tuple(line.get_xdata()) for line in points.lines]
    assert (21.0,) in drawn
    assert (6.0, 10.0) in drawn
    assert len(points.lines) == 2 * 3 + 1
    assert [label.get_text() for label in cells.get_yticklabels()] == ["BA-1b: cells"]
