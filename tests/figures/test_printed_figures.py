"""What the figures of printed numbers draw, read back from the axes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from companion.figures import paired as paired_figures
from companion.figures import printed as printed_figures
from companion.figures.style import (
    COLOURS,
    SEQUENTIAL,
    ink_on,
    page_figure,
    reference_line,
)

ROIS = ["V4", "V1"]
ALPHAS = ["original", "1", "0.1"]


def panels(figure: Figure) -> list[Axes]:
    figure.canvas.draw()
    return figure.axes


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def dots(ax: Axes) -> set[tuple[float, float]]:
    """Points of every line that has a marker."""
    return {
        (round(float(x), 6), round(float(y), 6))
        for line in ax.lines
        if line.get_marker() not in ("None", None, "")
        for x, y in zip(np.atleast_1d(line.get_xdata()), np.atleast_1d(line.get_ydata()), strict=True)
    }


def spans(ax: Axes) -> list[tuple[float, float]]:
    """Ends of every horizontal line drawn by ``hlines``."""
    return [
        (float(segment[0, 0]), float(segment[1, 0]))
        for collection in ax.collections
        if isinstance(collection, LineCollection)
        for segment in collection.get_segments()
    ]


def test_gains_are_drawn_at_their_values_and_labelled() -> None:
    table = pd.DataFrame(
        [("A", "CLIP", "base", 10.0, 1.0), ("A", "CLIP", "aligned", 14.0, 1.5),
         ("A", "DINO", "base", 20.0, 1.0), ("A", "DINO", "aligned", 19.0, 1.0),
         ("B", "CLIP", "base", 30.0, 1.0), ("B", "CLIP", "aligned", 37.5, 1.0),
         ("B", "DINO", "base", 5.0, 1.0), ("B", "DINO", "aligned", 6.0, 1.0)],
        columns=["encoder", "space", "alignment", "value", "spread"],
    ).replace({"aligned": "human-aligned"})  # fmt: skip
    first, second = panels(
        paired_figures.gain_dumbbells(table, base="base", aligned="human-aligned", chance=0.5)
    )
    assert first.get_title(loc="left") == "A"
    assert dots(first) == {(10.0, 1.0), (14.0, 1.0), (20.0, 0.0), (19.0, 0.0)}
    assert {"+4.0", "−1.0"} <= set(texts(first))
    assert {"+7.5", "+1.0"} <= set(texts(second))
    assert [label.get_text() for label in first.get_yticklabels()] == ["DINO", "CLIP"]


def test_paired_dots_draw_every_unit_and_start_at_zero() -> None:
    table = pd.DataFrame({"base": [1.0, 2.0, 3.0], "aligned": [2.0, 1.5, 3.0]}, index=["S1", "S2", "S3"])
    ax = panels(paired_figures.paired_dots({"CLIP": table}, chance=0.5, label="Accuracy (%)"))[0]
    units = [line for line in ax.lines if line.get_marker() == "o"]
    assert [list(line.get_ydata()) for line in units] == [[1.0, 2.0], [2.0, 1.5], [3.0, 3.0]]
    assert [line.get_color() == COLOURS["human-aligned"] for line in units] == [True, False, False]
    assert ax.get_ylim()[0] == 0
    assert ax.get_title(loc="left") == "CLIP: +0.17, 1 of 3 rise"


def test_forest_fills_only_what_survives() -> None:
    tests = pd.DataFrame(
        {"family": "F", "name": ["CLIP", "DINO"], "difference": [3.0, 1.0], "low": [2.0, -1.0],
         "high": [4.0, 3.0], "survives": [True, False]}
    )  # fmt: skip
    units = pd.DataFrame({"family": "F", "name": ["CLIP", "CLIP", "DINO"], "difference": [2.5, 3.5, 1.0]})
    ax = panels(paired_figures.difference_forest(tests, units, label="points"))[0]
    assert dots(ax) == {(3.0, 1.0), (1.0, 0.0)}
    assert set(spans(ax)) == {(2.0, 4.0), (-1.0, 3.0)}
    faces = {line.get_ydata()[0]: line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"}
    assert faces == {1: COLOURS["human-aligned"], 0: "white"}
    drawn = np.concatenate(
        [np.asarray(c.get_offsets()) for c in ax.collections if not isinstance(c, LineCollection)]
    )
    assert sorted(drawn[:, 0]) == [1.0, 2.5, 3.5]


def test_scales_have_a_panel_each_with_its_own_neutral_line() -> None:
    table = pd.DataFrame(
        {"scale": ["points", "ratio"], "name": "CLIP", "within": [14.0, 1.5], "across": [3.5, 1.4],
         "low": [2.9, 1.3], "high": [4.0, 1.52]}
    )  # fmt: skip
    points, ratio = panels(paired_figures.effect_scales(table, neutral={"points": 0.0, "ratio": 1.0}))
    assert dots(points) == {(14.0, 0.0), (3.5, 0.0)}
    assert dots(ratio) == {(1.5, 0.0), (1.4, 0.0)}
    assert (1.3, 1.52) in spans(ratio)
    assert [line.get_xdata()[0] for line in ratio.lines if line.get_linestyle() == "--"] == [1.0]


def maps() -> pd.DataFrame:
    values = {"CLIP": [[0.6, 0.65, 0.7], [0.5, 0.55, 0.52]], "GloVe": [[0.7, 0.71, 0.72], [0.6, 0.8, 0.62]]}
    return pd.DataFrame(
        [(space, "perception", roi, alpha, values[space][i][j])
         for space in values for i, roi in enumerate(ROIS) for j, alpha in enumerate(ALPHAS)],
        columns=["space", "condition", "roi", "alpha", "value"],
    )  # fmt: skip


def test_maps_place_each_cell_and_frame_the_best() -> None:
    # Rows are shuffled: the order of the table must not decide where a cell is drawn.
    figure = printed_figures.accuracy_maps(maps().sample(frac=1, random_state=3), rows=ROIS, columns=ALPHAS)
    for ax in panels(figure):
        table = maps()
        table = table[table["space"] == ax.get_title(loc="left").split(",")[0]]
        wanted = table.pivot_table(index="roi", columns="alpha", values="value")
        wanted = wanted.loc[ROIS, ALPHAS].to_numpy()
        assert np.asarray(ax.images[0].get_array()) == pytest.approx(wanted)
        assert [text.get_text() for text in ax.texts] == [f"{v:.3f}".lstrip("0") for v in wanted.ravel()]
        (frame,) = ax.patches
        row, column = np.unravel_index(wanted.argmax(), wanted.shape)
        assert frame.get_xy() == (column - 0.5, row - 0.5)
        assert ax.images[0].get_clim() == (wanted.min(), wanted.max())


def test_gain_parts_are_laid_end_to_end() -> None:
    table = pd.DataFrame(
        {"name": ["seen", "imagined"], "compression": [0.05, -0.012], "brain": [0.037, 0.023]}
    )
    ax = panels(printed_figures.gain_parts(table))[0]
    arrows = [(text.xyann[0], text.xy[0]) for text in ax.texts if text.arrow_patch is not None]
    assert np.array(arrows) == pytest.approx(
        np.array([(0, 0.05), (0.05, 0.087), (0, -0.012), (-0.012, 0.011)])
    )
    assert texts(ax) == ["+0.050", "+0.037", "−0.012", "+0.023"]


def test_levels_draw_the_claimed_range_and_three_tests() -> None:
    table = pd.DataFrame(
        {"name": ["CLIP", "DINO"], "claimed_low": [1e-99, 0.001], "claimed_high": [0.001, 0.01],
         "welch": [8e-5, 0.011], "welch_one_sided": [4e-5, 0.0055], "paired": [1e-6, 5e-5]}
    )  # fmt: skip
    ax = panels(printed_figures.significance_levels(table))[0]
    assert (0.001, 0.01) in spans(ax)
    assert ax.get_xscale() == "log"
    assert dots(ax) == {(round(p, 6), float(row)) for name in ("welch", "welch_one_sided", "paired")
                        for row, p in enumerate(table[name])}  # fmt: skip


def test_correlations_keep_spaces_and_pairs_apart() -> None:
    table = pd.DataFrame(
        [("original", space, pair, r, r - 0.1, r + 0.05)
         for space, rs in {"CLIP": (0.9, 0.8), "GloVe": (0.5, 0.4)}.items()
         for pair, r in zip(("a", "b"), rs, strict=True)],
        columns=["quantity", "space", "pair", "r", "low", "high"],
    )  # fmt: skip
    ax = panels(printed_figures.correlation_forest(table, label="r"))[0]
    assert dots(ax) == {(0.9, -0.13), (0.8, 0.87), (0.5, 0.13), (0.4, 1.13)}
    assert ax.get_xlim() == (0, 1)


def test_records_stand_in_one_panel_per_protocol() -> None:
    table = pd.DataFrame(
        {"method": ["new", "old", "odd", "other"], "year": [2026.0, 2024.0, np.nan, 2025.0],
         "top1": [60.0, 20.0, 40.0, 10.0], "selection": ["unknown", "validation loss", "test", "unknown"],
         "protocol": ["in", "in", "in", "out"]}
    )  # fmt: skip
    inside, outside = panels(printed_figures.records(table, facets=["protocol"], chance=0.5))
    labels = [label.get_text() for label in inside.get_yticklabels()]
    assert labels == ["old (2024)", "new (2026)", "odd (year unknown)"]
    assert dots(inside) == {(20.0, 0.0), (60.0, 1.0), (40.0, 2.0)}
    assert dots(outside) == {(10.0, 0.0)}
    marks = {
        line.get_xdata()[0]: (line.get_marker(), line.get_fillstyle())
        for line in inside.lines
        if line.get_marker() != "None"
    }
    assert marks == {20.0: ("o", "full"), 60.0: ("o", "none"), 40.0: ("X", "full")}


def luminance(colour: object) -> float:
    from matplotlib.colors import to_rgb

    return float(np.array(to_rgb(colour)) ** 2.2 @ [0.2126, 0.7152, 0.0722])  # type: ignore[arg-type]


def test_the_sequential_map_only_gets_darker() -> None:
    steps = [luminance(SEQUENTIAL(x)) for x in np.linspace(0, 1, 50)]
    assert np.all(np.diff(steps) < 0)


@pytest.mark.parametrize("x", np.linspace(0, 1, 21))
def test_ink_is_readable_on_every_shade(x: float) -> None:
    background = luminance(SEQUENTIAL(x))
    ink = luminance(ink_on(SEQUENTIAL(x)))
    contrast = (max(background, ink) + 0.05) / (min(background, ink) + 0.05)
    assert contrast >= 4.5
    assert ink_on((1.0, 1.0, 1.0, 1.0)) == "black"


def test_page_figures_are_not_kept_by_pyplot() -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    page_figure(2, 2, 2)
    assert plt.get_fignums() == before


@pytest.mark.parametrize("axis", ["x", "y"])
def test_reference_line_stands_at_its_value(axis: str) -> None:
    _, axes = page_figure(2)
    reference_line(axes[0, 0], 0.7, "chance", axis=axis)
    data = axes[0, 0].lines[0].get_xdata() if axis == "x" else axes[0, 0].lines[0].get_ydata()
    assert list(data) == [0.7, 0.7]
    assert texts(axes[0, 0]) == ["chance"]
