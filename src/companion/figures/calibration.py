"""Figures of calibration: sizes of tests, levels that exact tests can have, coverage and power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import CATEGORIES, FAINT, INK, page_figure, reference_line

MARKS = ("o", "s", "D", "^", "v", "P", "X")


def size_dots(
    table: pd.DataFrame,
    *,
    panels: Sequence[str],
    groups: Sequence[str],
    level: float = 0.05,
    columns: int = 2,
    limit: float | None = None,
) -> Figure:
    """Share of null sets that a test rejects, with bounds: a panel per experiment, a row per test.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``row``, ``group``, ``size``, ``low``, ``high``: fractions.
    panels, groups : sequence of str
        In the order in which they are drawn; groups have a colour and a mark each.
    level : float
        Nominal; a dashed line.
    columns : int
        Panels side by side.
    limit : float, optional
        End of the axis; the largest bound, if left out.

    Returns
    -------
    Figure
    """
    rows = list(dict.fromkeys(table["row"]))
    n_rows = -(-len(panels) // columns)
    height = n_rows * (0.12 * len(groups) * len(rows) + 0.7) + 0.7
    figure, axes = page_figure(height, n_rows, columns, share_x=True, share_y=True)
    shifts = np.linspace(-0.25, 0.25, len(groups)) if len(groups) > 1 else np.zeros(1)
    end = limit or 1.05 * table["high"].max()
    for ax, panel in zip(axes.flat, panels, strict=False):
        for group, colour, mark, shift in zip(groups, CATEGORIES, MARKS, shifts, strict=False):
            own = table[(table["panel"] == panel) & (table["group"] == group)]
            places = own["row"].map(rows.index) + shift
            ax.hlines(places, own["low"], own["high"], color=colour, linewidth=1.4)
            ax.plot(own["size"], places, mark, color=colour, markersize=4)
        reference_line(ax, level)
        ax.set(title=panel.replace(", ", "\n", 1), ylim=(len(rows) - 0.5, -0.5))
        ax.set_xlim(-0.02 * end, end)
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(axis="y", length=0)
        for place in range(1, len(rows)):
            ax.axhline(place - 0.5, color=FAINT, linewidth=0.6, zorder=0)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    figure.supxlabel("share of null sets rejected at .05", fontsize=10)
    if len(groups) > 1:
        figure.legend(handles=_handles(groups), loc="outside upper center", ncols=len(groups))
    return figure


def attainable_steps(table: pd.DataFrame, *, level: float = 0.05) -> Figure:
    """Levels that exact tests can have, against n.

    Parameters
    ----------
    table : DataFrame
        ``n``, ``test`` and ``level``: a fraction.
    level : float
        Nominal; a dashed line.

    Returns
    -------
    Figure
    """
    figure, axes = page_figure(3.0)
    ax = axes[0, 0]
    tests = list(dict.fromkeys(table["test"]))
    spread = np.linspace(-0.18, 0.18, len(tests))
    for test, colour, mark, shift in zip(tests, CATEGORIES, MARKS, spread, strict=False):
        own = table[table["test"] == test]
        ax.plot(own["n"] + shift, own["level"], mark, color=colour, markersize=6, label=test)
    reference_line(ax, level, axis="y")
    ax.set(xlabel="n (people, images that differ, or pairs)", ylabel="attainable level", ylim=(-0.002, None))
    ax.set_xticks(sorted(table["n"].unique()))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def coverage_lines(table: pd.DataFrame, *, panels: Sequence[str], level: float = 0.95) -> Figure:
    """Share of intervals that hold the truth, against the number of people.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``interval``, ``n_people``, ``coverage``, ``low``, ``high``: fractions.
    panels : sequence of str
    level : float
        Asked for; a dashed line.

    Returns
    -------
    Figure
    """
    figure, axes = page_figure(3.2, 1, len(panels), share_x=True, share_y=True)
    kinds, people = list(dict.fromkeys(table["interval"])), sorted(table["n_people"].unique())
    spread = np.linspace(-0.2, 0.2, len(kinds))
    for ax, panel in zip(axes[0], panels, strict=True):
        for kind, colour, mark, shift in zip(kinds, CATEGORIES, MARKS, spread, strict=False):
            own = table[(table["panel"] == panel) & (table["interval"] == kind)].sort_values("n_people")
            places = own["n_people"].map(people.index) + shift
            ax.vlines(places, own["low"], own["high"], color=colour, linewidth=1.4)
            ax.plot(places, own["coverage"], mark, color=colour, markersize=5)
        reference_line(ax, level, axis="y")
        ax.set(title=panel, xlabel="people in the sample", xlim=(-0.5, len(people) - 0.5))
        ax.set_xticks(range(len(people)), [f"{n:g}" for n in people])
    axes[0, 0].set_ylabel("share of intervals\nthat hold the truth")
    figure.legend(handles=_handles(kinds), loc="outside upper center", ncols=2)
    return figure


def power_curves(table: pd.DataFrame, *, columns: int = 3, level: float = 0.05) -> Figure:
    """Share of sets rejected against the effect, one panel per experiment.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``test``, ``points`` (effect, in points of the score) and ``power``: a fraction.
    columns : int
        Panels side by side.
    level : float
        Nominal; a dashed line.

    Returns
    -------
    Figure
    """
    panels, tests = list(dict.fromkeys(table["panel"])), list(dict.fromkeys(table["test"]))
    n_rows = -(-len(panels) // columns)
    figure, axes = page_figure(2.1 * n_rows + 0.7, n_rows, columns, share_y=True)
    for ax, panel in zip(axes.flat, panels, strict=False):
        for test, colour, mark in zip(tests, CATEGORIES, MARKS, strict=False):
            own = table[(table["panel"] == panel) & (table["test"] == test)].sort_values("points")
            ax.plot(own["points"], own["power"], color=colour, marker=mark, markersize=4, linewidth=1.4)
        reference_line(ax, level, axis="y")
        ax.set(title=panel, ylim=(-0.03, 1.03), xlim=(0, None))
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    figure.supylabel("share of sets rejected", fontsize=10)
    figure.supxlabel("effect (points of the score)", fontsize=10)
    figure.legend(handles=_handles(tests), loc="outside upper center", ncols=3)
    return figure


def component_bars(
    shares: Mapping[str, Mapping[str, float]],
    names: Mapping[str, str],
    *,
    unit: str = "of the cosines of the candidates",
    decimals: int = 3,
) -> Figure:
    """Draw standard deviations of the parts of a score, one panel per quantity.

    Parameters
    ----------
    shares : mapping of str to mapping of str to float
        Panel to part to standard deviation.
    names : mapping of str to str
        What parts are called, in the order of the rows.
    unit : str
        Of the standard deviations.
    decimals : int
        Of the values that are printed.

    Returns
    -------
    Figure
    """
    figure, axes = page_figure(0.28 * len(names) + 0.9, 1, len(shares), share_x=True, share_y=True)
    for ax, (panel, parts) in zip(axes[0], shares.items(), strict=True):
        values = [parts[name] for name in names]
        ax.hlines(range(len(names)), 0, values, color=CATEGORIES[0], linewidth=5)
        _print_values(ax, values, decimals)
        ax.set(
            title=panel,
            ylim=(len(names) - 0.5, -0.5),
            xlim=(0, 1.25 * max(max(p.values()) for p in shares.values())),
        )
        ax.set_yticks(range(len(names)), list(names.values()))
        ax.tick_params(axis="y", length=0)
    figure.supxlabel(f"standard deviation ({unit})", fontsize=10)
    return figure


def error_curves(errors: pd.DataFrame, *, label: str) -> Figure:
    """Draw the standard error of a mean against the number of seeds, one line per number of people.

    Parameters
    ----------
    errors : DataFrame
        Index: numbers of seeds, rising; columns: numbers of people, rising.
    label : str
        Name of the values, with unit.

    Returns
    -------
    Figure
    """
    figure, ((ax,),) = page_figure(3.2)
    for people, colour, mark in zip(errors.columns, CATEGORIES, MARKS, strict=False):
        ax.plot(errors.index, errors[people], color=colour, marker=mark, markersize=5)
        ax.annotate(f"{people} people", (errors.index[-1], errors[people].iloc[-1]), (8, 0),
                    textcoords="offset points", va="center", fontsize=9, color=colour)  # fmt: skip
    ax.set(xlabel="seeds of each person", ylabel=label, ylim=(0, None))
    ax.set_xticks(errors.index)
    return figure


def _print_values(ax: Axes, values: Sequence[float], decimals: int) -> None:
    for place, value in enumerate(values):
        ax.annotate(f"{value:.{decimals}f}", (value, place), (5, 0), textcoords="offset points", va="center",
                    fontsize=8.5, color=INK)  # fmt: skip


def _handles(names: Sequence[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, marker=mark, markersize=5, linewidth=1.4, label=name)
        for name, colour, mark in zip(names, CATEGORIES, MARKS, strict=False)
    ]
