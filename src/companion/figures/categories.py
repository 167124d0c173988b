"""Figures over categories, modalities and units: who gains, who agrees, and what units tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from companion.errors import DataError
from companion.figures.levels import (
    MODALITIES,
    SHUFFLED,
    Look,
    level_colours,
    level_name,
    level_points,
    narrow_name,
)
from companion.figures.style import CATEGORIES, COLOURS, FAINT, INK, QUIET, page_figure, reference_line

_WIDE = 30.0
"""From this ratio of the extremes on, densities are drawn on a log axis."""


def improvement_by_category(
    table: pd.DataFrame, *, borders: bool = True, label: str = "Improvement (points)"
) -> Figure:
    """Draw the improvement of each category in each modality, categories side by side in their clusters.

    One panel per space, each with clusters of its own (Vafaei et al. 2026, Figs. 6a and 7a).

    Parameters
    ----------
    table : DataFrame
        Columns ``category``, ``cluster`` (a number, or a name), ``modality`` (of :data:`MODALITIES`),
        ``value`` (percentage points), and ``space`` where there are several. Clusters stand in their order,
        the categories of one in order of appearance.
    borders : bool
        Whether clusters are named, with dotted lines between them.
    label : str
        Name of the values, with unit.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a modality has no mark.
    """
    if unknown := set(table["modality"]) - set(MODALITIES):
        raise DataError("A modality has no mark", expected=list(MODALITIES), got=sorted(unknown))
    panels = dict(list(table.groupby("space", sort=False))) if "space" in table else {"": table}
    marks = {name: look for name, look in MODALITIES.items() if name in set(table["modality"])}
    figure, axes = page_figure(0.5 + 3.0 * len(panels), len(panels))
    for (ax,), (space, part) in zip(axes, panels.items(), strict=True):
        clusters = part.drop_duplicates("category").set_index("category")["cluster"]
        clusters = clusters.sort_values(kind="stable")
        wide = part.pivot_table(index="category", columns="modality", values="value")
        wide = wide.reindex(index=clusters.index, columns=list(marks))
        _improvements(ax, wide, marks)
        if borders:
            _cluster_borders(ax, clusters)
        ax.set_title(space, pad=16 if borders else 6)
        ax.set_ylabel(label)
    handles = [Line2D([], [], linestyle="none", label=name, **look) for name, look in marks.items()]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(marks), handletextpad=0.1)
    return figure


def _improvements(ax: Axes, wide: pd.DataFrame, marks: Mapping[str, Look]) -> None:
    places = np.arange(len(wide))
    ax.vlines(places, wide.min(axis=1), wide.max(axis=1), color=FAINT, linewidth=1.2, zorder=1)
    for shift, (modality, look) in zip(_shifts(len(marks), 0.2), marks.items(), strict=True):
        ax.plot(places + shift, wide[modality], linestyle="none", markersize=4, **look)
    names = [str(name).replace("_", " ") for name in wide.index]
    ax.set_xticks(places, names, rotation=90, fontsize=7)
    ax.tick_params(axis="x", length=2, pad=2)
    ax.set_xlim(-0.7, len(wide) - 0.3)
    reference_line(ax, 0.0, axis="y")


def _cluster_borders(ax: Axes, clusters: pd.Series[Any]) -> None:
    """Dotted lines between clusters; names of neighbours without room beside each other stand in two rows."""
    last, raised, start = -np.inf, False, 0
    for name, size in clusters.groupby(clusters, sort=False).size().items():
        if start:
            ax.axvline(start - 0.5, color=QUIET, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0.5)
        centre = start + (size - 1) / 2
        raised = not raised and centre - last < 2
        words = str(name) if isinstance(name, str) else f"C{name}"
        ax.annotate(words, (centre, 1), (0, 11 if raised else 2), xycoords=("data", "axes fraction"),
                    textcoords="offset points", ha="center", fontsize=8, color=QUIET)  # fmt: skip
        last, start = centre, start + size


def consistency_panels(table: pd.DataFrame, null: pd.DataFrame) -> Figure:
    """Draw correlations between modalities over the range that decoders without information give.

    One panel per quantity, one row per pair of modalities: grey bars are the null, dots our correlations,
    crosses the printed ones (Vafaei et al. 2026, Figs. 6b and 7b).

    Parameters
    ----------
    table : DataFrame
        Columns ``quantity``, ``space``, ``pair``, ``r``, and ``printed`` where a paper has it.
    null : DataFrame
        Columns ``quantity``, ``space``, ``pair``, ``null_low`` and ``null_high``: the central 95 % of r
        between decoders that know nothing of the stimulus. May be ``table`` itself.

    Returns
    -------
    Figure
    """
    keys = ["quantity", "space", "pair"]
    quantities, spaces, pairs = (list(dict.fromkeys(table[key])) for key in keys)
    joined = table[[name for name in (*keys, "r", "printed") if name in table]]
    joined = joined.merge(null[[*keys, "null_low", "null_high"]], on=keys, how="left")
    colours = dict(zip(spaces, CATEGORIES, strict=False))
    figure, (axes,) = page_figure(1.2 + 0.5 * len(pairs), 1, len(quantities), share_x=True, share_y=True)
    for ax, quantity in zip(axes, quantities, strict=True):
        for shift, space in zip(_shifts(len(spaces), 0.17), spaces, strict=True):
            chosen = joined[(joined["quantity"] == quantity) & (joined["space"] == space)]
            rows = chosen["pair"].map(pairs.index) + shift
            ax.hlines(rows, chosen["null_low"], chosen["null_high"], color=FAINT, linewidth=8, zorder=1)
            ax.plot(chosen["r"], rows, "o", color=colours[space], markersize=5.5)
            if "printed" in chosen:
                ax.plot(chosen["printed"], rows, "x", color=INK, markersize=5, zorder=4)
        ax.set_title(str(quantity).capitalize())
        ax.tick_params(axis="y", length=0)
        reference_line(ax, 0.0)
    lowest = joined.drop(columns=keys).min().min()
    axes[0].set(xlim=(min(-0.05, lowest - 0.05), 1.03), ylim=(len(pairs) - 0.5, -0.5))
    axes[0].set_yticks(range(len(pairs)), pairs)
    axes[0].locator_params(axis="x", nbins=3)
    handles = [Line2D([], [], linestyle="none", marker="o", color=colours[name], label=name)
               for name in spaces]  # fmt: skip
    if "printed" in joined:
        handles.append(Line2D([], [], linestyle="none", marker="x", color=INK, markersize=5, label="printed"))
    handles.append(Line2D([], [], color=FAINT, linewidth=8, label="95 % without information"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    figure.supxlabel("Pearson r over categories", fontsize=10)
    return figure


def f_densities(values: Mapping[str, npt.NDArray[np.floating[Any]]]) -> Figure:
    """Draw how well single units tell categories apart: densities of their F, dashed lines at the means.

    The axis is logarithmic if the extremes are far apart; each curve has an area of 1 on the axis drawn
    (Vafaei et al. 2026, Fig. 8).

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_units,)
        F statistics by level (``"original"``, ``"1"``, ``"0.1"`` ...); positive.

    Raises
    ------
    DataError
        If an F statistic is not a positive number, as that of a unit that never varies.
    """
    from scipy.stats import gaussian_kde

    for level, given in values.items():
        if n_bad := int((~(np.isfinite(given) & (given > 0))).sum()):
            raise DataError("F statistics are not all positive numbers", where=f"level {level!r}",
                            expected="finite values above 0", got=f"{n_bad} others among {len(given)}",
                            do="leave out units that never vary, and say how many")  # fmt: skip
    pooled = np.concatenate([np.asarray(given) for given in values.values()])
    is_log = pooled.max() / pooled.min() > _WIDE
    figure, ((ax,),) = page_figure(3.2)
    if is_log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_locator(NullLocator())
    scaled = np.log10 if is_log else np.asarray
    margin = 0.08 * np.ptp(scaled(pooled))
    grid = np.linspace(scaled(pooled).min() - margin, scaled(pooled).max() + margin, 400)
    for level, colour in level_colours(list(values)).items():
        mean = float(np.mean(values[level]))
        density = gaussian_kde(scaled(values[level]))(grid)
        ax.plot(10**grid if is_log else grid, density, color=colour, linewidth=2,
                label=f"{level_name(level)}: {mean:.3g}")  # fmt: skip
        ax.axvline(mean, color=colour, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    ax.set(xlabel="F of a unit, between over within categories", ylabel="density of units", ylim=(0, None))
    ax.set_yticks([])
    figure.legend(loc="outside right upper", title="level: mean F")
    return figure


def modality_points(
    table: pd.DataFrame, *, levels: Sequence[str], chance: float, label: str = "Identification accuracy (%)"
) -> Figure:
    """Draw the accuracy of categories as half violins, subjects as dots, and what shuffled targets give.

    One panel per space; a thin line joins each subject with its shuffled level (Vafaei et al. 2026, Figs. 4
    and 5).

    Parameters
    ----------
    table : DataFrame
        Columns ``space``, ``level``, ``subject``, ``stimulus``, ``value`` and ``shuffled`` (percent), and
        where known ``mean_predictor`` and ``ceiling``, what an optimal decoder reaches (percent): drawn as
        dashes.
    levels : sequence of str
        Values of ``level`` from left to right; a space shows those that it has.
    chance : float
        Nominal level of guessing, in percent.
    label : str
        Name of the values, with unit.

    Returns
    -------
    Figure
    """
    spaces = list(dict.fromkeys(table["space"]))
    figure, (axes,) = page_figure(3.6, 1, len(spaces), share_y=True)
    colours = level_colours(levels)
    for ax, space in zip(axes, spaces, strict=True):
        own = table[table["space"] == space]
        shown = [level for level in levels if level in set(own["level"])]
        for place, level in enumerate(shown):
            chosen = own[own["level"] == level]
            level_points(ax, chosen, place, colours[level])
            if "ceiling" in chosen and chosen["ceiling"].notna().any():
                ax.hlines(
                    chosen["ceiling"].mean(), place - 0.42, place + 0.42, color=COLOURS["ceiling"],
                    linewidth=5, zorder=0.8,
                )  # fmt: skip
        ax.set_xticks(range(len(shown)), [narrow_name(level) for level in shown], fontsize=8.5)
        ax.set(xlim=(-0.6, len(shown) - 0.4), title=space)
        reference_line(ax, chance, axis="y")
    axes[0].set_ylabel(label)
    handles = [
        Line2D([], [], color=COLOURS["base"], alpha=0.35, linewidth=8, label="categories"),
        Line2D([], [], linestyle="none", marker="o", color=COLOURS["base"], markersize=7, label="subject"),
        Line2D([], [], linestyle="none", label="shuffled", **SHUFFLED),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label=f"chance, {chance:g} %"),
    ]
    if "mean_predictor" in table:
        handles.append(Line2D([], [], color=INK, linewidth=1.6, label="mean predictor"))
    if "ceiling" in table and table["ceiling"].notna().any():
        handles.append(Line2D([], [], color=COLOURS["ceiling"], linewidth=5, label="optimal decoder"))
    n_columns = len(handles) if len(handles) <= 5 else -(-len(handles) // 2)
    figure.legend(handles=handles, loc="outside upper center", ncols=n_columns)
    return figure


def _shifts(n: int, reach: float) -> npt.NDArray[np.float64]:
    """Places of marks side by side, about 0."""
    return np.linspace(-reach, reach, n) if n > 1 else np.zeros(1)
