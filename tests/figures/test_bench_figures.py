"""Figures of the bench: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.figures.bench import bench_levels, bench_maps, bench_people
from companion.figures.style import COLOURS

TARGETS = ["base", "bent"]
SUPERVISIONS = ["picture", "text"]


def test_maps_print_shares_and_percentiles_and_leave_cells_empty() -> None:
    table = pd.DataFrame(
        [
            ("one (3)", "base", "picture", 80.0, 60.0),
            ("one (3)", "base", "text", 45.0, -10.0),
            ("one (3)", "bent", "picture", 52.0, np.nan),
            ("two (4)", "base", "picture", 90.0, 100.0),
        ],
        columns=["panel", "target", "supervision", "value", "share"],
    )
    figure = bench_maps(table, targets=TARGETS, supervisions=SUPERVISIONS)
    first, second = figure.axes[:2]
    assert (first.get_title(loc="left"), second.get_title(loc="left")) == ("one (3)", "two (4)")
    told = [text.get_text() for text in first.texts]
    assert told == ["60 %", "80.0", "−10 %", "45.0", "n/a", "52.0", "–"]
    assert [text.get_text() for text in second.texts] == ["100 %", "90.0", "–", "–", "–"]
    assert [label.get_text() for label in first.get_yticklabels()] == TARGETS


def test_people_stand_by_target_and_role_with_means_and_oracles() -> None:
    rows = [
        (target, role, "picture", f"S{person}", 60.0 + 10 * person + (5 if role == "aligned" else 0))
        for target in TARGETS
        for role in ("aligned", "permuted")
        for person in (1, 2)
        if (target, role) != ("base", "permuted")
    ]
    rows += [("base", "aligned", "text", "S1", 40.0), ("base", "aligned", "text", "S2", 50.0)]
    people = pd.DataFrame(rows, columns=["target", "role", "supervision", "subject", "value"])
    oracle = pd.DataFrame([("base", 91.0), ("bent", 95.0)], columns=["target", "value"])
    figure = bench_people(people, targets=TARGETS, supervisions=SUPERVISIONS, oracle=oracle)
    pictures, texts = figure.axes
    dots = {
        float(np.asarray(line.get_xdata())[0]): np.asarray(line.get_ydata()).tolist()
        for line in pictures.lines
        if line.get_linestyle() == "None"
    }
    assert sorted(map(tuple, dots.values())) == [(70, 80), (75, 85), (75, 85)]
    assert len({round(x) for x in dots}) == 2
    lines = [part for part in pictures.collections if len(part.get_paths())]
    heights = sorted(float(part.get_paths()[0].vertices[0, 1]) for part in lines)
    assert heights == [75, 80, 80, 91, 95]
    assert sorted(float(part.get_paths()[0].vertices[0, 1]) for part in texts.collections) == [45, 91]
    assert pictures.get_ylim()[0] < 40
    assert pictures.get_ylim()[1] > 95
    without = bench_people(people, targets=TARGETS, supervisions=SUPERVISIONS, oracle=oracle.iloc[:0])
    assert "optimal decoder" not in [text.get_text() for text in without.legends[0].get_texts()]


def test_levels_have_a_mark_and_a_range_in_every_recording() -> None:
    table = pd.DataFrame(
        [
            ("one", "below", 51.0, 48.0, 55.0),
            ("one", "above", 90.0, 88.0, 93.0),
            ("two", "below", 49.0, 45.0, 52.0),
        ],
        columns=["panel", "level", "value", "low", "high"],
    )
    figure = bench_levels(table, levels={"below": COLOURS["base"], "above": COLOURS["ceiling"]})
    (ax,) = figure.axes
    marks = {line.get_label(): line for line in ax.lines if line.get_marker() not in {"None", None, ""}}
    assert np.asarray(marks["below"].get_xdata()).tolist() == [51, 49]
    assert np.asarray(marks["above"].get_xdata()).tolist() == [90]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["two", "one"]
    one, two = np.asarray(marks["below"].get_ydata())
    assert 0.5 < one < 1.5
    assert -0.5 < two < 0.5
