"""Figures of training show what they are handed, with their reference lines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.training import (
    loss_curves,
    protocol_ladder,
    score_at_checkpoints,
    temperature_curves,
)


def texts(figure: Figure) -> str:
    figure.canvas.draw()
    return " | ".join(text.get_text() for ax in figure.axes for text in ax.texts)


def points(ax: Axes) -> list[Line2D]:
    """Lines that are a single point, in the order of drawing; no reference lines."""
    return [line for line in ax.lines if len(line.get_xdata()) == 1]


def test_temperatures_have_a_line_each_and_random_vectors_do_not_hide_the_rest() -> None:
    shares = pd.DataFrame({0.04: [0.1, 0.9], 1.0: [0.1, 0.2]}, index=[0.0, 1.0])
    losses = pd.DataFrame({"random": [600.0, 5.0], "matched": [0.0, 4.0]}, index=[0.01, 1.0])
    figure = temperature_curves(shares, losses, guessing=4.85, chosen=0.04)
    left, right = figure.axes
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["τ = 0.04", "τ = 1"]
    assert right.get_ylim() == pytest.approx((0, 9.7))
    assert "0.04" in texts(figure)


def test_every_seed_has_its_checkpoint_marked_beside_guessing() -> None:
    rows = [
        (panel, seed, step, 5.0 - step / 100)
        for panel in ("training", "validation")
        for seed in (0, 7)
        for step in (25, 50)
    ]
    table = pd.DataFrame(rows, columns=["panel", "seed", "step", "loss"])
    figure = loss_curves(
        table, guessing={"training": 4.85, "validation": 4.5}, best={0: (50, 4.5), 7: (25, 4.75)}
    )
    training, validation = figure.axes
    assert [line.get_xydata()[0].tolist() for line in points(validation)] == [[50, 4.5], [25, 4.75]]
    assert not points(training)
    assert "guessing, 4.50" in texts(figure)


def test_ring_and_cross_stand_where_loss_is_lowest_and_accuracy_highest() -> None:
    table = pd.DataFrame(
        {"subject": "sub-01", "step": [25, 50, 75], "loss": [4.0, 3.0, 3.5], "accuracy": [10.0, 20.0, 25.0]}
    )
    figure = score_at_checkpoints(table, chance=0.5)
    right = figure.axes[1]
    alone = {line.get_marker(): line.get_xydata()[0].tolist() for line in points(right)}
    assert alone == {"o": [50.0, 20.0], "x": [75.0, 25.0]}


def test_rungs_print_mean_and_change_with_a_true_minus() -> None:
    table = pd.DataFrame(
        {
            "protocol": np.repeat(["as reported", "centres", "best of the test"], 2),
            "subject": ["sub-01", "sub-02"] * 3,
            "value": [30.0, 40.0, 10.0, 20.0, 36.0, 44.0],
            "leaks": np.repeat([False, False, True], 2),
        }
    )
    shown = texts(protocol_ladder(table, reference="as reported", chance=0.5))
    assert "35.0 |" in shown
    assert "15.0  (−20.0)" in shown
    assert "40.0  (+5.0)" in shown
