"""Retrieval panels, accuracies and confusions: what stands where, and what is marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from companion.figures.accuracy import accuracy_by_dose, subject_points
from companion.figures.confusion import confusion_map
from companion.figures.retrieval import retrieval_panels
from companion.figures.style import COLOURS

LEVELS = ["base", "human-aligned", "permuted"]


def found(order: str, query: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stimulus": query,
            "place": range(1, len(order) + 1),
            "candidate": list(order),
            "cosine": 0.5 - 0.3 * np.arange(len(order)),
            "hit": [name == query for name in order],
        }
    ).sample(frac=1, random_state=0)


def test_retrieved_pictures_stand_best_first_and_the_seen_one_is_framed_and_named() -> None:
    pictures = {name: np.full((4, 4, 3), i, dtype=np.uint8) for i, name in enumerate("abcdef")}
    spaces = {"x": found("bacd", "a"), "y": found("cdba", "a")}
    figure = retrieval_panels(pictures, ["a"], spaces, n=3)
    (ax,) = figure.axes
    shown = [(int(image.get_array()[0, 0, 0]), image.get_extent()) for image in ax.images]  # type: ignore[index]
    assert [number for number, _ in shown] == [0, 1, 0, 2, 2, 3, 1]
    x = [extent[0] for _, extent in shown]
    assert x[1] < x[2] < x[3]
    assert x[1:4] == x[4:]
    frames = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [frame.get_xy() for frame in frames] == [(shown[2][1][0], shown[2][1][3])]
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["seen", "x", "0.50", "0.20 seen", "−0.10", "y", "0.50", "0.20", "−0.10"]
    assert max(extent[1] for _, extent in shown) <= ax.get_xlim()[1]
    assert max(extent[2] for _, extent in shown) <= ax.get_ylim()[0]


def accuracies() -> pd.DataFrame:
    rows = [
        (dose, level, f"s{s}", 2.0 * dose * (1 + row) + s)
        for dose in (1, 4, 16)
        for row, level in enumerate(LEVELS)
        for s in range(3)
    ]
    return pd.DataFrame(rows, columns=["dose", "level", "subject", "value"])


@pytest.mark.parametrize("known", [True, False])
def test_doses_show_every_subject_their_mean_chance_and_the_oracle(known: bool) -> None:
    oracle = pd.Series({1: 10.0, 4: 50.0, 16: 99.0}) if known else None
    figure = accuracy_by_dose(accuracies(), levels=LEVELS, chance=0.5, dose="Repetitions", oracle=oracle)
    (ax,) = figure.axes
    by_name = {str(line.get_label()): line for line in ax.lines}
    assert ("optimal decoder" in by_name) == known
    assert np.asarray(by_name["base"].get_ydata()).tolist() == [3, 9, 33]
    assert to_hex(by_name["human-aligned"].get_color()) == COLOURS["human-aligned"].lower()
    assert len({str(by_name[level].get_marker()) for level in LEVELS}) == 3
    assert sum(line.get_linewidth() == 0.7 for line in ax.lines) == 9
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "4", "16"]
    assert "chance 0.5" in [text.get_text() for text in ax.texts]
    assert ax.get_xlabel() == "Repetitions"
    assert "%" in ax.get_ylabel()


def test_subjects_are_paired_beside_their_means() -> None:
    table = accuracies()
    table = table.assign(group=table["dose"].map({1: "one", 4: "four", 16: "sixteen"}))
    figure = subject_points(table, levels=LEVELS, chance=0.5, threshold=2.0)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["one", "four", "sixteen"]
    ax = figure.axes[1]
    joined = [np.asarray(line.get_ydata()).tolist() for line in ax.lines if line.get_linewidth() == 0.7]
    assert joined == [[8 + s, 16 + s, 24 + s] for s in range(3)]
    assert [text.get_text() for text in ax.texts] == ["9.0", "17.0", "25.0"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["chance, 0.5 %", "p < .05 in one run, from 2 %", "mean over subjects"]
    assert ax.get_ylim()[0] == 0
    without = subject_points(table, levels=LEVELS, chance=0.5)
    assert len(without.legends[0].get_texts()) == 2


def test_confusions_print_what_is_common_and_leave_unseen_rows_grey() -> None:
    names = ["animals", "tools", "food"]
    table = pd.DataFrame([[0.9, 0.07, 0.03], [0.2, 0.8, 0.0], [np.nan] * 3], names, names)
    figure = confusion_map(table)
    ax = figure.axes[0]
    assert [text.get_text() for text in ax.texts] == [".90", ".07", ".20", ".80"]
    assert [label.get_text() for label in ax.get_yticklabels()] == names
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("Category seen", "Category retrieved")
    shares = ax.images[0].get_array()
    assert np.ma.getmaskarray(np.ma.asarray(shares))[2].all()
    assert ax.images[0].get_clim() == (0, 1)
