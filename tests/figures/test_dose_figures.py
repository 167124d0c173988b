"""Dials, repeated worlds and what cannot be drawn: the right numbers stand in the right places."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from companion.figures.absent import not_drawn
from companion.figures.accuracy import subject_points
from companion.figures.doses import dose_response, p_value_steps

LEVELS = ["base", "aligned", "permuted"]


def doses() -> pd.DataFrame:
    rows = [
        (dial, value, seed, level, 10 + 20 * value * (level == "aligned") + seed)
        for dial in ("gap", "sharing")
        for value in (0.0, 0.25, 0.5)
        for seed in (1, 2)
        for level in LEVELS
    ]
    return pd.DataFrame(rows, columns=["dial", "value", "seed", "level", "accuracy"])


def drawn(table: pd.DataFrame, oracle: pd.DataFrame | None = None) -> Figure:
    """Figure of the toy doses."""
    default = {"gap": 0.25, "sharing": 0.5}
    effect = ("aligned", "permuted")
    return dose_response(table, levels=LEVELS, effect=effect, chance=1.0, default=default, oracle=oracle)


@pytest.mark.parametrize("known", [True, False])
def test_a_dose_response_shows_means_and_the_difference_of_the_first_two(known: bool) -> None:
    table = doses()
    oracle = table.groupby(["dial", "value", "level"], as_index=False)["accuracy"].mean() if known else None
    figure = drawn(table, oracle)
    above, _, below, _ = figure.axes
    aligned = above.lines[2 if known else 1]
    assert list(aligned.get_ydata()) == pytest.approx([11.5, 16.5, 21.5])
    differences = [line for line in below.lines if line.get_marker() == "o"]
    assert list(differences[0].get_ydata()) == pytest.approx([0, 5, 10])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [*LEVELS, *(["optimal decoder"] if known else [])]


def test_worlds_with_a_negative_effect_are_in_the_figure() -> None:
    table = doses()
    table.loc[(table["level"] == "permuted") & (table["seed"] == 2), "accuracy"] += 25
    figure = drawn(table)
    assert [ax.get_ylim()[0] for ax in figure.axes[:2]] == [0, 0]
    assert all(ax.get_ylim()[0] < -25 for ax in figure.axes[2:])


def test_steps_of_p_values_end_at_one_and_print_what_passes() -> None:
    values = {"N0": np.array([0.01, 0.2, 0.6, 0.9]), "N1": np.array([0.5, 0.75])}
    figure = p_value_steps(values)
    first, second = figure.axes
    steps = first.lines[1]
    assert np.asarray(steps.get_ydata())[-1] == 1
    assert first.texts[0].get_text().startswith("25% of 4")
    assert second.texts[0].get_text().startswith("0% of 2")


def test_optimal_decoders_stand_behind_the_points_of_their_level() -> None:
    table = pd.DataFrame(
        [("NICE", level, f"s{s}", 5.0 + s) for level in LEVELS for s in range(3)],
        columns=["group", "level", "subject", "value"],
    )
    oracle = pd.DataFrame({"group": "NICE", "level": LEVELS, "value": [40.0, 30.0, 20.0]})
    figure = subject_points(table, levels=LEVELS, chance=0.5, oracle=oracle)
    (ax,) = figure.axes
    segments = [path.vertices for one in ax.collections for path in one.get_paths()]
    assert [40.0, 40.0] in [list(np.asarray(part)[:, 1]) for part in segments]
    assert ax.get_ylim()[1] > 40
    assert "optimal decoder" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_figure_that_cannot_be_drawn_says_why() -> None:
    assert (
        "Only a simulated world" in not_drawn("Only a simulated world has dials.").axes[0].texts[0].get_text()
    )
