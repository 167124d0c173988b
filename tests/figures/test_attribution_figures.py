"""Attribution figures: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from companion.figures.attribution import drops_by_part, drops_over_time, high_values_over_time
from companion.figures.style import COLOURS

TIMES = np.arange(250) / 250
CENTRES = (5 * np.arange(36) + 37) / 250
ROLES = ("base", "human-aligned")


def lines(ax: Axes, length: int) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == length]


def test_counts_are_drawn_on_both_axes_and_fields_below() -> None:
    rng = np.random.default_rng(0)
    shown = {role: rng.integers(1, 9, 250) for role in ROLES}
    positions = {role: rng.integers(1, 9, 36) for role in ROLES}
    figure = high_values_over_time(shown, TIMES, positions, (CENTRES, CENTRES - 0.148, CENTRES + 0.148))
    above, middle, below = figure.axes
    for drawn, role in zip(lines(above, 250), ROLES, strict=True):
        np.testing.assert_allclose(drawn, 100 * 5 * shown[role] / shown[role].sum())  # 5 samples in 20 ms
    for drawn, role in zip(lines(middle, 36), ROLES, strict=True):
        assert drawn.sum() == pytest.approx(100)
        np.testing.assert_allclose(drawn, 100 * positions[role] / positions[role].sum())
    np.testing.assert_allclose(middle.lines[0].get_xdata(), 1000 * CENTRES)
    marks = [float(np.asarray(line.get_xdata())[0]) for line in below.lines if len(line.get_xdata()) == 1]
    assert marks[:2] == pytest.approx(
        [148, 12], abs=0.5
    )  # first position: true centre, and where it is shown
    assert marks[-2:] == pytest.approx([848, 984], abs=0.5)
    bar = below.collections[0].get_segments()[0]
    np.testing.assert_allclose(bar[:, 0], [0, 296], atol=1e-9)


def over_time() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [
        (subject, role, centre - 0.05, centre + 0.05, centre, rng.normal())
        for subject in ("s1", "s2", "s3")
        for role in ROLES
        for centre in (0.05, 0.1, 0.15, 0.2)
    ]
    return pd.DataFrame(rows, columns=["subject", "alignment", "start", "stop", "centre", "drop"])


def test_subjects_and_their_mean_are_drawn_over_time() -> None:
    table = over_time().sample(frac=1, random_state=0)  # the order of rows does not matter
    planted = np.exp(-((TIMES - 0.1) ** 2) / 0.001)
    (ax,) = drops_over_time(table, label="drop (points)", planted=(TIMES, planted)).axes
    drawn = lines(ax, 4)
    assert len(drawn) == 8
    for role in ROLES:
        own = table[table["alignment"] == role].pivot_table(index="centre", columns="subject", values="drop")
        thick = [line for line in ax.lines if line.get_color() == COLOURS[role] and line.get_linewidth() > 2]
        np.testing.assert_allclose(thick[0].get_ydata(), own.mean(axis=1))
        np.testing.assert_allclose(thick[0].get_xdata(), [50, 100, 150, 200])
    assert {text.get_text() for text in ax.texts} >= {"window", "put in"}


def test_a_control_without_a_colour_is_drawn_too() -> None:
    table = over_time().replace({"alignment": {"base": "permuted teacher"}})
    (ax,) = drops_over_time(table, label="drop").axes
    assert COLOURS["third"] in {line.get_color() for line in ax.lines}


def test_parts_pair_the_subjects_and_print_the_share() -> None:
    rng = np.random.default_rng(2)
    rows = [
        (band, subject, role, rng.normal(), share)
        for band, share in (("theta", 0.25), ("delta", 0.6))
        for subject in ("s1", "s2", "s3")
        for role in ROLES
    ]
    table = pd.DataFrame(rows, columns=["removed", "subject", "alignment", "drop", "share"])
    (ax,) = drops_by_part(table, label="drop", part_label="band").axes
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["theta\n25 %", "delta\n60 %"]
    pairs = [line for line in ax.lines if len(line.get_xdata()) == 2 and max(line.get_xdata()) <= 1.5]
    joined = sorted(tuple(line.get_ydata()) for line in pairs if list(line.get_xdata()) != [0, 1])
    wide = table.pivot_table(index=["removed", "subject"], columns="alignment", values="drop")[list(ROLES)]
    np.testing.assert_allclose(joined, sorted(map(tuple, wide.to_numpy())))
    bars = [collection.get_segments()[0][0, 1] for collection in ax.collections]
    means = table.groupby(["removed", "alignment"], sort=False)["drop"].mean()
    np.testing.assert_allclose(sorted(bars), sorted(means))
