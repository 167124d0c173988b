"""Figures of aligning to brains: what alpha and the teacher change, and our cells beside the printed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from companion.figures.levels import Look, in_order, teacher_looks
from companion.figures.style import CATEGORIES, COLOURS, INK, QUIET, page_figure

_NO_TEACHER: Look = {"color": COLOURS["base"], "marker": "o", "markerfacecolor": "white"}
_FLOORS: Mapping[str, Look] = {
    "shuffled": {"color": QUIET, "linewidth": 1.1, "linestyle": (0, (1, 1.5))},
    "mean_predictor": {"color": QUIET, "linewidth": 1.1, "linestyle": (0, (6, 2, 1, 2))},
}
_ORACLE: Look = {"color": COLOURS["ceiling"], "linewidth": 3, "zorder": 1}
_CENTRAL = "V4"
_ALPHA = "alpha (smaller: stronger alignment to the brain)"


def alpha_curves(
    table: pd.DataFrame,
    *,
    label: str,
    panels: tuple[str, str] = ("space", "condition"),
    floors: pd.DataFrame | None = None,
    oracle: pd.DataFrame | None = None,
) -> Figure:
    """Draw a value against alpha, one line per teacher: means over seeds, with their range as a band.

    The alignment that a brain gives is what its line has beyond the lines of teachers that know no brain
    (Vafaei et al. 2026, Fig. 3, has the line of the brain alone). Panels of one row share the scale.

    Parameters
    ----------
    table : DataFrame
        Columns ``teacher``, ``alpha`` (text: ``"original"``, ``"1"``, ``"0.1"`` ...), ``seed``, ``value`` and
        those of ``panels``. Rows without a teacher (missing) are drawn in grey, and the teachers' lines
        begin where they end. Rows of one seed are averaged.
    label : str
        What the values are, with unit.
    panels : tuple of str
        Columns whose values are the rows and the columns of the grid.
    floors : DataFrame, optional
        Columns of ``panels``, ``alpha``, ``shuffled`` and ``mean_predictor``: what is reached with shuffled
        targets, and by predicting the training mean.
    oracle : DataFrame, optional
        Columns of ``panels``, ``alpha`` and ``value``: what an optimal decoder reaches. Known of simulated
        brains only.

    Returns
    -------
    Figure
    """
    rows, columns = (list(dict.fromkeys(table[name])) for name in panels)
    alphas = in_order(table["alpha"])
    styles = teacher_looks(list(table["teacher"].dropna().unique()))
    figure, axes = page_figure(1.0 + 2.1 * len(rows), len(rows), len(columns), share_x=True)
    for line, row in zip(axes, rows, strict=True):
        for ax, column in zip(line, columns, strict=True):
            if ax is not line[0]:
                ax.sharey(line[0])
                ax.tick_params(labelleft=False)
            place = {panels[0]: row, panels[1]: column}
            own = _only(table, place)
            ax.set_visible(not own.empty)  # not every pair was measured
            _levels(ax, _only(floors, place), _only(oracle, place), alphas)
            _teacher_lines(ax, own, alphas, styles)
            ax.set_title(f"{row}, {column}")
            _alpha_axis(ax, alphas, crowded=len(columns) > 2)
    handles = _teacher_handles(styles, shared=bool(table["teacher"].isna().any()))
    if floors is not None:
        handles += [Line2D([], [], label=key.replace("_", " "), **look) for key, look in _FLOORS.items()]
    if oracle is not None:
        handles.append(Line2D([], [], label="optimal decoder", **_ORACLE))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(4, len(handles)))
    figure.supxlabel(_ALPHA, fontsize=10)
    figure.supylabel(label, fontsize=10)
    return figure


def printed_scatter(table: pd.DataFrame) -> Figure:
    """Draw our value of each cell of a heat map against the printed one; V4 is highlighted.

    One panel per space and condition, with the identity line and Pearson's r (Vafaei et al. 2026, Fig. 3).
    Panels of one space share the scale.

    Parameters
    ----------
    table : DataFrame
        Columns ``space``, ``condition``, ``roi``, ``alpha``, ``printed`` and ``ours`` (fractions).

    Returns
    -------
    Figure
    """
    spaces, conditions = (list(dict.fromkeys(table[name])) for name in ("space", "condition"))
    figure, axes = page_figure(0.8 + 2.7 * len(spaces), len(spaces), len(conditions))
    looks: dict[str, Look] = {
        f"{_CENTRAL} cells": {"color": COLOURS["brain-aligned"], "markersize": 6, "zorder": 3},
        "other regions": {"color": COLOURS["base"], "markersize": 4.5, "alpha": 0.7},
    }
    for line, space in zip(axes, spaces, strict=True):
        own = table[table["space"] == space]
        values = own[["printed", "ours"]].to_numpy(dtype=float)
        margin = 0.05 * np.ptp(values)
        limits = values.min() - margin, values.max() + margin
        for ax, condition in zip(line, conditions, strict=True):
            chosen = own[own["condition"] == condition]
            central = chosen["roi"] == _CENTRAL
            for part, look in zip((chosen[central], chosen[~central]), looks.values(), strict=True):
                ax.plot(part["printed"], part["ours"], "o", markeredgewidth=0, **look)
            ax.axline((limits[0], limits[0]), slope=1, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
            ax.set(xlim=limits, ylim=limits, aspect="equal", title=f"{space}, {condition}")
            ax.set_title(f"r = {chosen['printed'].corr(chosen['ours']):.2f}".replace("-", "−"), loc="right")
            ax.locator_params(nbins=5)
    handles = [Line2D([], [], linestyle="none", marker="o", label=key, **look) for key, look in looks.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, handletextpad=0.1)
    figure.supxlabel("Printed identification accuracy (fraction)", fontsize=10)
    figure.supylabel("Our identification accuracy (fraction)", fontsize=10)
    return figure


def training_errors(table: pd.DataFrame) -> Figure:
    """Draw what auto-encoders keep of the vectors, and how far their similarities are from the brain's.

    Parameters
    ----------
    table : DataFrame
        Columns ``option`` (how the auto-encoder is built), ``space``, ``alpha`` (text), ``reconstruction_r2``
        and ``relative_error`` (mean squared difference of similarities over that of a space of right angles,
        positive). Rows of one option, space and alpha are averaged.

    Returns
    -------
    Figure
        Left: share of variance that reconstructions have. Right: error of similarities, on a log scale.
    """
    options, spaces = (list(dict.fromkeys(table[name])) for name in ("option", "space"))
    alphas = in_order(table["alpha"])
    colours = dict(zip(options, CATEGORIES, strict=False))
    marks = dict(zip(spaces, ("o", "s", "D", "^"), strict=False))
    lines = dict(zip(spaces, ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))), strict=False))
    figure, (axes,) = page_figure(3.0, 1, 2, share_x=True)
    quantities = {
        "reconstruction_r2": "reconstruction R²",
        "relative_error": "error of similarities / right angles",
    }
    for ax, (quantity, label) in zip(axes, quantities.items(), strict=True):
        for (option, space), part in table.groupby(["option", "space"], sort=False):
            means = part.groupby("alpha")[quantity].mean()
            means = means.reindex([alpha for alpha in alphas if alpha in means.index])
            ax.plot([alphas.index(alpha) for alpha in means.index], means, color=colours[option],
                    marker=marks[space], linestyle=lines[space], markersize=5)  # fmt: skip
        _alpha_axis(ax, alphas, crowded=False)
        ax.set_title(label)
    axes[1].axhline(1, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes[1].set_yscale("log")
    axes[1].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[1].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[1].yaxis.set_minor_locator(NullLocator())
    built = [Line2D([], [], color=colour, linewidth=3, label=key) for key, colour in colours.items()]
    trained = [Line2D([], [], color=INK, marker=marks[key], linestyle=lines[key], label=key)
               for key in spaces]  # fmt: skip
    figure.legend(handles=built, loc="outside upper left", ncols=2)
    figure.legend(handles=trained, loc="outside upper right")
    figure.supxlabel(_ALPHA, fontsize=10)
    return figure


def _only(table: pd.DataFrame | None, place: Mapping[str, object]) -> pd.DataFrame:
    """Rows of one panel; none of a table that was not given."""
    if table is None:
        return pd.DataFrame()
    return table[np.logical_and.reduce([table[name] == value for name, value in place.items()])]


def _levels(ax: Axes, floors: pd.DataFrame, oracle: pd.DataFrame, alphas: list[str]) -> None:
    """Draw what is reached without the stimulus, and what nobody exceeds."""
    for table, looks in ((floors, _FLOORS), (oracle, {"value": _ORACLE})):
        if len(table):
            means = table.groupby("alpha")[list(looks)].mean()
            means = means.reindex([alpha for alpha in alphas if alpha in means.index])
            places = [alphas.index(alpha) for alpha in means.index]
            for column, look in looks.items():
                ax.plot(places, means[column], **look)


def _teacher_lines(ax: Axes, part: pd.DataFrame, alphas: list[str], styles: Mapping[str, Look]) -> None:
    shared = _over_seeds(part[part["teacher"].isna()], alphas)
    for order, (teacher, look) in enumerate(styles.items()):
        own = _over_seeds(part[part["teacher"] == teacher], alphas)
        if own.empty:
            continue
        lead = shared[shared.index < own.index.min()].tail(1)
        whole = pd.concat([lead, own])
        above = 3 - 0.1 * order  # the brain in front
        ax.fill_between(whole.index, whole["min"], whole["max"], color=look["color"], alpha=0.16, linewidth=0)
        ax.plot(whole.index, whole["mean"], markersize=5, markevery=slice(len(lead), None), zorder=above,
                **look)  # fmt: skip
    if len(shared):
        ax.plot(shared.index, shared["mean"], markersize=5, zorder=3.1, **_NO_TEACHER)


def _over_seeds(part: pd.DataFrame, alphas: list[str]) -> pd.DataFrame:
    """Mean and range over seeds at each place of the axis."""
    of_seeds = part.groupby(["alpha", "seed"], dropna=False)["value"].mean()
    found = of_seeds.groupby("alpha").agg(["mean", "min", "max"])
    return found.set_axis([alphas.index(alpha) for alpha in found.index], axis=0).sort_index()


def _alpha_axis(ax: Axes, alphas: list[str], *, crowded: bool) -> None:
    names = ["Original" if alpha == "original" else alpha for alpha in alphas]
    turned: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    ax.set_xticks(range(len(alphas)), names, fontsize=8.5, **turned)
    ax.set_xlim(-0.35, len(alphas) - 0.65)


def _teacher_handles(styles: Mapping[str, Look], *, shared: bool) -> list[Line2D]:
    handles = [Line2D([], [], label=teacher, markersize=5, **look) for teacher, look in styles.items()]
    return handles + shared * [Line2D([], [], label="no teacher", markersize=5, **_NO_TEACHER)]
