"""Figures over categories, modalities and units: the drawn data, not the pixels."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from companion.errors import DataError
from companion.figures.categories import (
    consistency_panels,
    f_densities,
    improvement_by_category,
    modality_points,
)
from companion.figures.levels import MODALITIES, level_colours
from companion.figures.style import CATEGORIES, COLOURS, INK, QUIET


def marks(ax: Axes, marker: str, colour: object = None) -> list[Line2D]:
    drawn = [line for line in ax.lines if line.get_marker() == marker]
    return [line for line in drawn if colour is None or line.get_color() == colour]


def segments(ax: Axes, colour: str) -> list[np.ndarray]:
    from matplotlib.colors import to_rgba

    lines = [item for item in ax.collections if isinstance(item, LineCollection)]
    return [part for item in lines if tuple(item.get_color()[0]) == to_rgba(colour)
            for part in item.get_segments()]  # fmt: skip


CLUSTERS = {"goat": 1, "iPod": 2, "beer_mug": 0, "owl": 1, "sock": 0, "harp": 0, "bat": 3}
ORDER = ["beer_mug", "sock", "harp", "goat", "owl", "iPod", "bat"]


@pytest.fixture
def gains() -> pd.DataFrame:
    rows = [
        (category, cluster, modality, 10.0 * ORDER.index(category) + step)
        for modality, step in (("MEG", -1.0), ("fMRI", 2.0), ("ECoG", 0.5))
        for category, cluster in CLUSTERS.items()
    ]
    return pd.DataFrame(rows, columns=["category", "cluster", "modality", "value"])


def test_categories_stand_in_their_clusters(gains: pd.DataFrame) -> None:
    (ax,) = improvement_by_category(gains).axes
    assert [text.get_text() for text in ax.get_xticklabels()] == [name.replace("_", " ") for name in ORDER]
    for modality, step in (("fMRI", 2.0), ("MEG", -1.0), ("ECoG", 0.5)):
        look = MODALITIES[modality]
        (line,) = marks(ax, look["marker"], look["color"])
        np.testing.assert_allclose(line.get_ydata(), 10 * np.arange(7) + step)
        np.testing.assert_allclose(line.get_xdata(), np.arange(7), atol=0.25)
    assert ax.get_ylabel() == "Improvement (points)"
    level = [line for line in ax.lines if list(line.get_ydata()) == [0, 0]]
    assert len(level) == 1


def test_borders_lie_between_clusters_and_names_above_them(gains: pd.DataFrame) -> None:
    figure = improvement_by_category(gains)
    (ax,) = figure.axes
    borders = [line.get_xdata()[0] for line in ax.lines if line.get_color() == QUIET]
    assert borders == [2.5, 4.5, 5.5]
    names = [text for text in ax.texts if text.get_text()]
    assert {text.get_text(): text.xy[0] for text in names} == {"C0": 1, "C1": 3.5, "C2": 5, "C3": 6}
    assert not [
        text for text in improvement_by_category(gains, borders=False).axes[0].texts if text.get_text()
    ]


def test_names_of_narrow_clusters_and_of_categories_do_not_meet() -> None:
    table = pd.DataFrame(
        [(f"c{k}", k if k < 10 else 10, "MEG", 1.0 * k) for k in range(50)],
        columns=["category", "cluster", "modality", "value"],
    )
    figure = improvement_by_category(table)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    names = [text.get_window_extent() for text in ax.texts if text.get_text()]
    assert not [pair for pair in itertools.combinations(names, 2) if pair[0].overlaps(pair[1])]
    ticks = [text.get_window_extent() for text in ax.get_xticklabels()]
    assert all(left.x1 <= right.x0 for left, right in itertools.pairwise(ticks))


def test_each_space_has_a_panel_and_clusters_of_its_own(gains: pd.DataFrame) -> None:
    other = gains.assign(cluster=gains["cluster"].map(lambda cluster: 3 - cluster))
    both = pd.concat([gains.assign(space="CLIP"), other.assign(space="GloVe")])
    above, below = improvement_by_category(both).axes
    assert [ax.get_title(loc="left") for ax in (above, below)] == ["CLIP", "GloVe"]
    assert above.get_xticklabels()[0].get_text() == "beer mug"
    assert below.get_xticklabels()[0].get_text() == "bat"


def test_a_modality_without_a_mark_is_refused(gains: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="fNIRS"):
        improvement_by_category(gains.replace({"modality": {"MEG": "fNIRS"}}))


@pytest.fixture
def consistency() -> pd.DataFrame:
    rows = [
        (quantity, space, pair, 0.1 * q + 0.3 * s + 0.05 * p, 0.9 - 0.1 * p)
        for q, quantity in enumerate(("original", "improvement", "final"))
        for s, space in enumerate(("CLIP", "GloVe"))
        for p, pair in enumerate(("fMRI–MEG", "fMRI–ECoG"))
    ]
    table = pd.DataFrame(rows, columns=["quantity", "space", "pair", "r", "printed"])
    return table.assign(null_low=table["r"] - 0.2, null_high=table["r"] + 0.1)


def test_correlations_stand_on_their_null(consistency: pd.DataFrame) -> None:
    table = consistency.drop(columns=["null_low", "null_high"])
    figure = consistency_panels(table, consistency.sample(frac=1, random_state=1))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Original", "Improvement", "Final"]
    ax = figure.axes[1]
    for space, colour in zip(("CLIP", "GloVe"), CATEGORIES, strict=False):
        own = consistency[(consistency["quantity"] == "improvement") & (consistency["space"] == space)]
        (dots,) = marks(ax, "o", colour)
        np.testing.assert_allclose(dots.get_xdata(), own["r"])
        np.testing.assert_allclose(dots.get_ydata(), [0, 1], atol=0.2)
        crosses = [line for line in marks(ax, "x") if list(line.get_ydata()) == list(dots.get_ydata())]
        np.testing.assert_allclose(crosses[0].get_xdata(), own["printed"])
        bars = {round(bar[0, 1], 6): bar[:, 0] for bar in segments(ax, "#D5D5D5")}
        for row, low, high in zip(dots.get_ydata(), own["null_low"], own["null_high"], strict=True):
            np.testing.assert_allclose(bars[round(row, 6)], [low, high])
    low, _ = ax.get_xlim()
    assert low < -0.2  # the null of the first row reaches there
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["fMRI–MEG", "fMRI–ECoG"]


def test_a_paper_is_not_needed_and_one_space_is_enough(consistency: pd.DataFrame) -> None:
    own = consistency[consistency["space"] == "GloVe"].drop(columns="printed")
    figure = consistency_panels(own, consistency)
    ax = figure.axes[0]
    assert not marks(ax, "x")
    np.testing.assert_allclose(marks(ax, "o")[0].get_xydata(), [[0.3, 0], [0.35, 1]])
    assert "printed" not in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("wide", [False, True])
def test_densities_have_one_area_and_dashes_at_the_means(wide: bool) -> None:
    rng = np.random.default_rng(0)
    spread = 1.0 if wide else 0.2
    values = {
        level: np.exp(rng.normal(0.2 * k, spread, 300)) for k, level in enumerate(("original", "1", "0.1"))
    }
    figure = f_densities(values)
    (ax,) = figure.axes
    assert ax.get_xscale() == ("log" if wide else "linear")
    colours = level_colours(list(values))
    for level, given in values.items():
        curve, dashes = [line for line in ax.lines if line.get_color() == colours[level]]
        assert list(dashes.get_xdata()) == pytest.approx([given.mean()] * 2)
        x = np.asarray(curve.get_xdata())
        area = np.trapezoid(np.asarray(curve.get_ydata()), np.log10(x) if wide else x)
        assert area == pytest.approx(1, abs=0.02)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[1] == f"alpha = 1: {values['1'].mean():.3g}"


@pytest.mark.parametrize("bad", [np.nan, 0.0, np.inf])
def test_units_that_never_vary_are_refused(bad: float) -> None:
    values = np.random.default_rng(0).uniform(1, 2, 50)
    with pytest.raises(DataError, match="level '1'"):
        f_densities({"original": values, "1": np.append(values, bad)})


@pytest.fixture
def accuracies() -> pd.DataFrame:
    rows = [
        (space, level, f"s{person}", stimulus, 40.0 + stimulus + person + 5 * k, 50.0 + person, 53.0)
        for space, best in (("CLIP", "0.1"), ("GloVe", "0.01"))
        for k, level in enumerate(("original", "1", best))
        for person in range(3)
        for stimulus in range(20)
    ]
    columns = ["space", "level", "subject", "stimulus", "value", "shuffled", "mean_predictor"]
    return pd.DataFrame(rows, columns=columns)


def test_subjects_and_their_shuffled_level_are_drawn_at_each_level(accuracies: pd.DataFrame) -> None:
    levels = ["original", "1", "0.1", "0.01"]
    figure = modality_points(accuracies.sample(frac=1, random_state=0), levels=levels, chance=50)
    clip, glove = (
        next(ax for ax in figure.axes if ax.get_title(loc="left") == name) for name in ("CLIP", "GloVe")
    )
    assert [text.get_text() for text in clip.get_xticklabels()] == ["Original", "alpha\n= 1", "alpha\n= 0.1"]
    assert glove.get_xticklabels()[-1].get_text() == "alpha\n= 0.01"
    assert figure.axes[0].get_ylabel() == "Identification accuracy (%)"
    colours = level_colours(levels)
    for place, level in enumerate(("original", "1", "0.01")):
        (people,) = [line for line in marks(glove, "o") if line.get_color() == colours[level]]
        assert sorted(people.get_ydata()) == pytest.approx(49.5 + 5 * place + np.arange(3))
        assert np.all(np.abs(np.asarray(people.get_xdata()) - place) < 0.5)
        joined = [line.get_ydata() for line in glove.lines if line.get_marker() == "None"
                  and round(float(line.get_xdata()[0])) == place and line.get_color() == QUIET]  # fmt: skip
        assert sorted(map(tuple, joined)) == [(49.5 + 5 * place + p, 50.0 + p) for p in range(3)]
    hollow = [line for line in marks(glove, "o") if line.get_markerfacecolor() == "white"]
    assert [sorted(line.get_ydata()) for line in hollow] == [[50, 51, 52]] * 3
    assert [bar[:, 1].tolist() for bar in segments(glove, INK)] == [[53, 53]] * 3


def test_violins_are_of_means_of_categories(accuracies: pd.DataFrame) -> None:
    figure = modality_points(accuracies, levels=["original"], chance=50)
    body = figure.axes[0].collections[0].get_paths()[0].vertices
    assert (body[:, 1].min(), body[:, 1].max()) == pytest.approx((41, 60))  # means over three subjects
    assert body[:, 0].max() <= 0


def test_chance_is_a_line_and_the_mean_predictor_is_optional(accuracies: pd.DataFrame) -> None:
    figure = modality_points(accuracies.drop(columns="mean_predictor"), levels=["original", "1"], chance=50)
    ax = figure.axes[0]
    assert not segments(ax, INK)
    assert [50, 50] in [list(line.get_ydata()) for line in ax.lines]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["categories", "subject", "shuffled", "chance, 50 %"]
    assert COLOURS["base"] in [line.get_color() for line in marks(ax, "o")]


def test_an_optimal_decoder_is_drawn_where_it_is_known(accuracies: pd.DataFrame) -> None:
    known = accuracies["level"] == "1"
    table = accuracies.assign(ceiling=np.where(known, 80.0 + np.arange(len(accuracies)) % 2, np.nan))
    figure = modality_points(table, levels=["original", "1"], chance=50)
    for ax in figure.axes:
        own = table[known & (table["space"] == ax.get_title(loc="left"))]
        ((left, right),) = segments(ax, COLOURS["ceiling"])
        assert left[1] == right[1] == pytest.approx(own["ceiling"].mean())
        assert left[0] < 1 < right[0]
    assert "optimal decoder" in [text.get_text() for text in figure.legends[0].get_texts()]
    bare = modality_points(table.assign(ceiling=np.nan), levels=["original", "1"], chance=50)
    assert "optimal decoder" not in [text.get_text() for text in bare.legends[0].get_texts()]
