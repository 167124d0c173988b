"""Figures of naming and matching: accuracies person by person, similarity of all pairs, N-way curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from scipy import stats

from companion.figures.accuracy import looks
from companion.figures.style import COLOURS, FAINT, INK, QUIET, SEQUENTIAL, page_figure

FloatArray = npt.NDArray[np.floating[Any]]

MEAN = "mean"
"""Name of the place behind all people."""
_SPREAD = 0.54  # of the levels within one person, where people are 1 apart
_ROOM = 1.8  # of the place of means, which are printed, where people are 1 apart
_DASHED, _DOTTED = (0, (4, 3)), (0, (1, 2))
_PRINTED: tuple[Any, ...] = ("-", (0, (3, 1)), (0, (1, 1)))


def people_points(
    table: pd.DataFrame,
    *,
    levels: Sequence[str],
    guessing: Mapping[str, tuple[float, float]],
    printed: pd.DataFrame | None = None,
) -> Figure:
    """Accuracies of every person under each level, and their means behind; one panel per score.

    Parameters
    ----------
    table : DataFrame
        ``panel`` (such as top-1 and top-5), ``subject``, ``level`` and ``value`` in percent; each person once
        per panel and level.
    levels : sequence of str
        Values of ``level``, such as kinds of supervision, from left to right within a person.
    guessing : mapping of str to (float, float)
        Panel -> chance, and what guessing rarely reaches in one person, both in percent. The threshold is not
        drawn behind the means, which vary less than a person does.
    printed : DataFrame, optional
        ``panel``, ``label`` and ``value`` in percent: means over people that were published elsewhere.
    """
    panels, people = list(dict.fromkeys(table["panel"])), list(dict.fromkeys(table["subject"]))
    figure, axes = page_figure(0.9 + 2.3 * len(panels), len(panels), 1, share_x=True)
    style = looks(levels)
    labels = [] if printed is None else list(dict.fromkeys(printed["label"]))
    for ax, panel in zip(axes[:, 0], panels, strict=True):
        wide = table[table["panel"] == panel].pivot_table(index="subject", columns="level", values="value")
        wide = wide.loc[people, list(levels)]
        for place, (level, look) in zip(_places(len(levels)), style.items(), strict=True):
            _people(ax, wide[level], place, look)
        chance, threshold = guessing[panel]
        ax.axhline(chance, color=INK, linewidth=0.8, linestyle=_DASHED, zorder=0.5)
        ax.hlines(threshold, -0.5, len(people) - 0.5, color=INK, linewidth=0.8, linestyle=_DOTTED, zorder=0.5)
        highest = max(float(wide.to_numpy().max()), threshold)
        if printed is not None:
            part = printed[printed["panel"] == panel]
            highest = max([highest, *_published(ax, part, len(people), labels)])
        ax.set(
            ylabel=f"{panel} accuracy (%)", ylim=(0, 1.15 * highest), xlim=(-0.5, len(people) - 0.5 + _ROOM)
        )
        ax.axvline(len(people) - 0.5, color=FAINT, linewidth=0.8, zorder=0.4)
    axes[-1, 0].set_xticks([*range(len(people)), len(people) + (_ROOM - 1) / 2], [*people, MEAN])
    axes[-1, 0].tick_params(axis="x", length=0)
    figure.legend(handles=_legend(style, labels), loc="outside upper center", ncols=3)
    return figure


def _places(n_levels: int) -> FloatArray:
    """Where levels stand around a person's place."""
    return _SPREAD * (np.arange(n_levels) - (n_levels - 1) / 2) / max(n_levels - 1, 1)


def _people(ax: Axes, values: pd.Series[float], place: float, look: Mapping[str, Any]) -> None:
    x, mean = np.arange(len(values)) + place, float(values.mean())
    behind = len(values) + (_ROOM - 1) / 2 + _ROOM * place
    ax.vlines(x, 0, values, color=look["color"], linewidth=1.2, alpha=0.35)
    ax.plot(x, values, linestyle="none", markersize=6, **look)
    ax.vlines(behind, 0, mean, color=look["color"], linewidth=2.4, alpha=0.35)
    ax.plot(behind, mean, linestyle="none", markersize=7.5, **look)
    ax.annotate(f"{mean:.1f}", (behind, mean), (0, 5), textcoords="offset points", ha="center", fontsize=8.5)


def _published(ax: Axes, printed: pd.DataFrame, n_people: int, labels: Sequence[str]) -> list[float]:
    """Draw behind the means what others printed, and return the values."""
    for entry in printed.itertuples():
        dashes = _PRINTED[labels.index(str(entry.label)) % len(_PRINTED)]
        ax.hlines(float(str(entry.value)), n_people - 0.5, n_people - 0.5 + _ROOM, color=COLOURS["ceiling"],
                  linewidth=3, linestyle=dashes, zorder=0.8)  # fmt: skip
    return [float(value) for value in printed["value"]]


def _legend(style: Mapping[str, Mapping[str, Any]], printed: Sequence[str]) -> list[Line2D]:
    handles = [Line2D([], [], linestyle="none", label=level, **look) for level, look in style.items()]
    handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=_DASHED, label="chance"))
    handles.append(
        Line2D([], [], color=INK, linewidth=0.8, linestyle=_DOTTED, label="p < .05 in one person, from here")
    )
    for number, label in enumerate(printed):
        dashes = _PRINTED[number % len(_PRINTED)]
        handles.append(
            Line2D([], [], color=COLOURS["ceiling"], linewidth=3, linestyle=dashes, label=f"printed: {label}")
        )
    return handles


def region_points(table: pd.DataFrame, *, guessing: Mapping[str, tuple[float, float]]) -> Figure:
    """Accuracies of every person from each region of the brain, and their mean; one panel per score.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``region``, ``subject`` and ``value`` in percent. Regions stand in order of appearance.
    guessing : mapping of str to (float, float)
        As in :func:`people_points`.
    """
    panels, regions = list(dict.fromkeys(table["panel"])), list(dict.fromkeys(table["region"]))
    figure, axes = page_figure(3.2, 1, len(panels))
    for ax, panel in zip(axes[0], panels, strict=True):
        part = table[table["panel"] == panel]
        wide = part.pivot_table(index="region", columns="subject", values="value").loc[regions]
        spots = np.arange(len(regions))
        ax.plot(spots, wide, "o", color=COLOURS["first"], markersize=5, alpha=0.5, markeredgewidth=0)
        ax.plot(spots, wide.mean(axis=1), "_", color=INK, markersize=16, markeredgewidth=2)
        for value, dashes in zip(guessing[panel], (_DASHED, _DOTTED), strict=True):
            ax.axhline(value, color=INK, linewidth=0.8, linestyle=dashes, zorder=0.5)
        ax.set_xticks(spots, regions)
        highest = max(float(wide.to_numpy().max()), guessing[panel][1])
        ax.set(ylabel=f"{panel} accuracy (%)", xlabel="Region", ylim=(0, 1.1 * highest))
    return figure


def level_points(table: pd.DataFrame, *, levels: Sequence[str], chance: float) -> Figure:
    """Accuracies under each level, a line per person, and their means, printed above; a panel per task.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``subject``, ``level`` and ``value`` in percent; each person once per panel and level.
    levels : sequence of str
        Values of ``level``, from left to right.
    chance : float
        What guessing gives in every panel, in percent.
    """
    panels, spots = list(dict.fromkeys(table["panel"])), np.arange(len(levels))
    figure, axes = page_figure(2.9, 1, len(panels), share_x=True, share_y=True)
    style = looks(levels)
    for ax, panel in zip(axes[0], panels, strict=True):
        wide = table[table["panel"] == panel].pivot_table(index="level", columns="subject", values="value")
        wide = wide.loc[list(levels)]
        ax.plot(spots, wide, color=QUIET, linewidth=0.8, alpha=0.6)
        for spot, (level, look) in zip(spots, style.items(), strict=True):
            mean = float(wide.loc[level].mean())
            ax.plot(spot, mean, markersize=8, linestyle="none", **look)
            ax.annotate(f"{mean:.1f}", (spot, 1), xycoords=("data", "axes fraction"), ha="center", va="top",
                        fontsize=8.5)  # fmt: skip
        ax.axhline(chance, color=INK, linewidth=0.8, linestyle=_DASHED, zorder=0.5)
        ax.set_xticks(spots, list(levels))
        ax.set_title(panel, loc="left")
    axes[0, 0].set(
        ylabel="Top-1 accuracy (%)",
        xlim=(-0.5, len(levels) - 0.5),
        ylim=(0, 1.12 * float(table["value"].max())),
    )
    return figure


def matching_panels(
    matrices: Mapping[str, FloatArray],
    groups: Sequence[tuple[str, int]],
    *,
    rows: str = "Decoded from responses to",
    columns: str = "Compared with",
) -> Figure:
    """Similarity of every decoded vector with every candidate; the right ones lie on the diagonal.

    Entries are percentiles within their row, so that panels with other ranges of cosines compare. The mean
    percentile of the diagonal is printed, with candidates as similar as the right one counted half. A dot
    stands where the right candidate comes first.

    Parameters
    ----------
    matrices : mapping of str to ndarray of shape (n_items, n_items)
        Panels by name; rows and columns already in the order of the groups.
    groups : sequence of (str, int)
        Names and sizes of the groups of items; an empty name is not printed.
    rows, columns : str
        Names of the axes.
    """
    height = min(4.9, 1.9 + 6 / len(matrices))  # panels are square, and the page is as wide as it is
    figure, axes = page_figure(height, 1, len(matrices), share_y=True)
    edges = np.cumsum([0, *(size for _, size in groups)])
    centres = (edges[:-1] + edges[1:] - 1) / 2
    for ax, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        if matrix.shape != (edges[-1], edges[-1]):
            raise ValueError(f"the groups have {edges[-1]} items, matrix {name!r} is {matrix.shape}")
        shown = 100 * (stats.rankdata(matrix, axis=1) - 1) / (len(matrix) - 1)
        image = ax.imshow(shown, cmap=SEQUENTIAL, vmin=0, vmax=100, interpolation="nearest")
        first = np.flatnonzero(np.diag(shown) == 100)
        ax.plot(first, first, "o", color=COLOURS["second"], markersize=2.5)
        for edge in edges[1:-1] - 0.5:
            ax.axhline(edge, color="white", linewidth=1.4)
            ax.axvline(edge, color="white", linewidth=1.4)
        ax.set_title(
            f"{name}\nright ones at percentile {np.diag(shown).mean():.0f}", loc="left", fontsize=9.5
        )
        ax.set_xticks(centres, [name for name, _ in groups], rotation=45, ha="right", rotation_mode="anchor")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_xlabel(columns)
    axes[0, 0].set_yticks(centres, [name for name, _ in groups])
    axes[0, 0].set_ylabel(rows)
    bar = figure.colorbar(image, ax=axes[0].tolist(), location="bottom", shrink=0.4, aspect=30)
    bar.set_label("percentile of the similarity within its row", fontsize=9)
    bar.outline.set_visible(False)
    return figure


def n_way_curves(table: pd.DataFrame, *, levels: Sequence[str], label: str = "Top-1 accuracy (%)") -> Figure:
    """Accuracy against the number of candidates, with what guessing gives; one panel per group.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``level``, ``subject``, ``n_way``, and in percent ``value`` and ``chance``. Thin lines are
        people, thick ones their mean.
    levels : sequence of str
        Values of ``level``, in the order of the legend.
    label : str
        Name of the values, with unit.
    """
    panels = list(dict.fromkeys(table["panel"]))
    figure, axes = page_figure(3.4, 1, len(panels), share_x=True, share_y=True)
    for ax, panel in zip(axes[0], panels, strict=True):
        part = table[table["panel"] == panel]
        for level, look in looks(levels).items():
            chosen = part[part["level"] == level]
            wide = chosen.pivot_table(index="n_way", columns="subject", values="value")
            ax.plot(wide.index, wide, color=look["color"], linewidth=0.7, alpha=0.35)
            ax.plot(wide.index, wide.mean(axis=1), label=level, linewidth=2.2, markersize=5, **look)
        chance = part.groupby("n_way")["chance"].first()
        ax.plot(chance.index, chance, color=INK, linewidth=0.8, linestyle=_DASHED, label="chance")
        ax.set_title(panel, loc="left")
        ax.set(xscale="log", xlabel="Candidates")
        ax.xaxis.set_minor_locator(NullLocator())
        ways = [way for way in (2, 5, 10, 20, 50, 100, 300, 982) if way <= table["n_way"].max()]
        ax.set_xticks(ways, [f"{way:g}" for way in ways])
    axes[0, 0].set(ylabel=label, ylim=(0, None))
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure
