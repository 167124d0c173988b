"""Figures of aligning to brains: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.alignment import alpha_curves, printed_scatter, training_errors
from companion.figures.levels import TEACHERS, in_order, level_colours, teacher_looks
from companion.figures.style import COLOURS

ALPHAS = ["original", "1", "0.1", "0.01"]
REAL, PERMUTED = (TEACHERS[name]["color"] for name in ("real", "permuted"))


@pytest.fixture
def runs() -> pd.DataFrame:
    """Two spaces, two conditions, two teachers, three seeds; the first two alphas know no teacher."""
    rows = [
        (space, condition, teacher, alpha, seed, level + 0.01 * k + 0.001 * seed + gain)
        for space, level in (("CLIP", 0.6), ("GloVe", 0.7))
        for condition in ("perception", "imagery")
        for k, alpha in enumerate(ALPHAS)
        for teacher, gain in ((("real", 0.05), ("permuted", 0.0)) if k > 1 else ((None, 0.0),))
        for seed in range(3)
    ]
    columns = ["space", "condition", "teacher", "alpha", "seed", "value"]
    return pd.DataFrame(rows, columns=columns).sample(frac=1, random_state=2)


def titled(figure: Figure, title: str) -> Axes:
    (found,) = (ax for ax in figure.axes if ax.get_title(loc="left") == title)
    return found


def of_colour(ax: Axes, colour: str, marker: str | None = None) -> Line2D:
    wanted = (line for line in ax.lines if line.get_color() == colour)
    (found,) = (line for line in wanted if marker is None or line.get_marker() == marker)
    return found


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for own in figure.legends for text in own.get_texts()]


def test_lines_are_means_over_seeds_and_bands_their_range(runs: pd.DataFrame) -> None:
    figure = alpha_curves(runs, label="accuracy")
    ax = titled(figure, "GloVe, imagery")
    real, shared = of_colour(ax, REAL), of_colour(ax, COLOURS["base"], "o")
    np.testing.assert_allclose(real.get_xdata(), [1, 2, 3])
    np.testing.assert_allclose(real.get_ydata(), [0.711, 0.771, 0.781])
    assert real.get_markevery() == slice(1, None)  # the first point is not the teacher's own
    np.testing.assert_allclose(shared.get_xydata(), [[0, 0.701], [1, 0.711]])
    band = next(item for item in ax.collections if isinstance(item, FillBetweenPolyCollection))
    corners = {(round(x), round(y, 3)) for x, y in band.get_paths()[0].vertices}
    assert corners == {(1, 0.71), (1, 0.712), (2, 0.77), (2, 0.772), (3, 0.78), (3, 0.782)}
    assert [text.get_text() for text in figure.axes[-1].get_xticklabels()] == ["Original", "1", "0.1", "0.01"]
    assert legend(figure) == ["real", "permuted", "no teacher"]


def test_rows_share_a_scale_and_the_brain_is_in_front(runs: pd.DataFrame) -> None:
    lower = runs.assign(value=runs["value"] - 0.1 * (runs["condition"] == "imagery"))
    figure = alpha_curves(lower, label="accuracy")
    clip, clip_too, glove, _ = figure.axes
    assert clip.get_ylim() == clip_too.get_ylim() != glove.get_ylim()
    assert of_colour(clip, REAL).get_zorder() > of_colour(clip, PERMUTED).get_zorder()


def test_rows_of_one_seed_count_once(runs: pd.DataFrame) -> None:
    one = runs[(runs["seed"] == 0) & (runs["teacher"] == "real")]
    twice = pd.concat([runs, one, one])
    drawn = [of_colour(alpha_curves(table, label="a").axes[0], REAL) for table in (runs, twice)]
    np.testing.assert_allclose(drawn[0].get_ydata(), drawn[1].get_ydata())


def test_a_teacher_seen_at_every_alpha_has_its_own_points(runs: pd.DataFrame) -> None:
    own = runs.fillna({"teacher": "real"})
    figure = alpha_curves(own, label="accuracy")
    line = of_colour(figure.axes[0], REAL)
    assert len(line.get_xdata()) == 4
    assert line.get_markevery() == slice(0, None)
    assert "no teacher" not in legend(figure)


def test_floors_and_the_optimal_decoder_are_drawn_in_their_panel(runs: pd.DataFrame) -> None:
    places = runs[["space", "condition", "alpha"]].drop_duplicates()
    step = 0.01 * places["alpha"].map(ALPHAS.index) + 0.1 * (places["space"] == "GloVe")
    floors = places.assign(shuffled=0.5 + step, mean_predictor=0.4 + step)
    figure = alpha_curves(runs, label="accuracy", floors=floors, oracle=places.assign(value=0.9 - step))
    ax = titled(figure, "GloVe, perception")
    lines = {tuple(np.round(np.asarray(line.get_ydata(), float), 3)) for line in ax.lines}
    assert {(0.6, 0.61, 0.62, 0.63), (0.5, 0.51, 0.52, 0.53), (0.8, 0.79, 0.78, 0.77)} <= lines
    np.testing.assert_allclose(of_colour(ax, COLOURS["ceiling"]).get_ydata(), [0.8, 0.79, 0.78, 0.77])
    assert legend(figure)[-3:] == ["shuffled", "mean predictor", "optimal decoder"]


def test_panels_may_be_other_columns_and_pairs_not_measured_stay_empty(runs: pd.DataFrame) -> None:
    table = runs.assign(roi=np.where(runs["condition"] == "imagery", "V1", "V4"))
    table = table[(table["space"] == "CLIP") | (table["roi"] == "V4")]
    figure = alpha_curves(table, label="accuracy", panels=("roi", "space"))
    shown = {ax.get_title(loc="left"): ax.get_visible() for ax in figure.axes}
    assert shown.pop("V1, GloVe") is False
    assert shown == dict.fromkeys(("V1, CLIP", "V4, CLIP", "V4, GloVe"), True)


def test_alphas_fall_after_the_original() -> None:
    assert in_order(["0.0001", "1", "0.001", "original", "0.5"]) == [
        "original",
        "1",
        "0.5",
        "0.001",
        "0.0001",
    ]


def test_teachers_are_told_apart_by_colour_and_marker() -> None:
    looks = teacher_looks(["unheard of", "permuted", "another", *TEACHERS])
    assert list(looks)[: len(TEACHERS)] == list(TEACHERS)
    assert (
        len({(look["color"], look["marker"]) for look in looks.values()}) == len(looks) == len(TEACHERS) + 2
    )
    assert len({look["color"] for look in looks.values()}) == len(looks)


def test_levels_get_darker_as_alpha_falls() -> None:
    colours = level_colours(["original", "0.01", "1", "0.1", "permuted"])
    assert colours["original"] == COLOURS["base"]
    assert colours["permuted"] == PERMUTED
    brightness = [sum(to_rgb(colours[alpha])) for alpha in ("1", "0.1", "0.01")]
    assert brightness == sorted(brightness, reverse=True)


@pytest.fixture
def cells() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    places = [
        (space, condition, roi, alpha)
        for space in ("CLIP", "GloVe")
        for condition in ("perception", "imagery")
        for roi in ("V1", "V4", "LOC")
        for alpha in ALPHAS
    ]
    table = pd.DataFrame(places, columns=["space", "condition", "roi", "alpha"])
    printed = rng.uniform(0.5, 0.8, len(table))
    return table.assign(printed=printed, ours=0.8 * printed + rng.normal(0, 0.05, len(table)))


def test_cells_stand_at_printed_and_ours_with_their_correlation(cells: pd.DataFrame) -> None:
    figure = printed_scatter(cells)
    ax = titled(figure, "GloVe, perception")
    own = cells[(cells["space"] == "GloVe") & (cells["condition"] == "perception")]
    for colour, part in (
        (COLOURS["brain-aligned"], own[own["roi"] == "V4"]),
        (COLOURS["base"], own[own["roi"] != "V4"]),
    ):
        drawn = of_colour(ax, colour, "o").get_xydata()
        np.testing.assert_allclose(drawn, part[["printed", "ours"]])
    r = np.corrcoef(own["printed"], own["ours"])[0, 1]
    assert ax.get_title(loc="right") == f"r = {r:.2f}"
    assert ax.get_xlim() == ax.get_ylim() == figure.axes[3].get_xlim() != figure.axes[0].get_xlim()
    low, high = ax.get_xlim()
    of_space = cells.loc[cells["space"] == "GloVe", ["printed", "ours"]].to_numpy()
    assert low < of_space.min() < of_space.max() < high


def test_a_negative_correlation_has_a_true_minus(cells: pd.DataFrame) -> None:
    figure = printed_scatter(cells.assign(ours=1 - cells["printed"]))
    assert [ax.get_title(loc="right") for ax in figure.axes] == ["r = −1.00"] * 4


def test_errors_are_averaged_over_runs_and_drawn_by_alpha() -> None:
    rows = [
        (option, space, alpha, 1 - 0.1 * k - 0.02 * run, scale * 10.0**-k * (1 + run))
        for option, scale in (("after ReLU", 1.0), ("before ReLU", 0.1))
        for space in ("CLIP", "GloVe")
        for k, alpha in enumerate(ALPHAS[1:])
        for run in range(2)
    ]
    columns = ["option", "space", "alpha", "reconstruction_r2", "relative_error"]
    figure = training_errors(pd.DataFrame(rows, columns=columns).sample(frac=1, random_state=0))
    left, right = figure.axes
    *curves, level = right.lines
    assert level.get_ydata() == [1, 1]
    assert len(left.lines) == len(curves) == 4
    for line in left.lines:
        np.testing.assert_allclose(line.get_xydata(), [[0, 0.99], [1, 0.89], [2, 0.79]])
    drawn = sorted(np.asarray(line.get_ydata())[0] for line in curves)
    np.testing.assert_allclose(drawn, [0.15, 0.15, 1.5, 1.5])
    assert right.get_yscale() == "log"
    assert len({(line.get_color(), line.get_marker()) for line in left.lines}) == 4
    assert set(legend(figure)) == {"after ReLU", "before ReLU", "CLIP", "GloVe"}
