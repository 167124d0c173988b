"""Figures redrawn from numbers printed in the papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from companion.figures.style import (
    COLOURS,
    FAINT,
    INK,
    QUIET,
    SEQUENTIAL,
    ink_on,
    page_figure,
    reference_line,
    signed,
)

_Mark = tuple[str, Literal["full", "none"]]
_SELECTION_MARKS: Mapping[str, _Mark] = {"validation loss": ("o", "full"), "unknown": ("o", "none")}
_OTHER_SELECTION: _Mark = ("X", "full")


def accuracy_maps(table: pd.DataFrame, *, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Draw one annotated heat map per space and condition; the best cell is framed.

    Panels of one space share the colour scale; spaces do not, because their levels of guessing differ.

    Parameters
    ----------
    table : DataFrame
        Columns ``space``, ``condition``, ``roi``, ``alpha`` and ``value`` (fractions).
    rows, columns : sequence of str
        Regions from top to bottom, values of alpha from left to right.

    Returns
    -------
    Figure
    """
    spaces, conditions = (list(dict.fromkeys(table[name])) for name in ("space", "condition"))
    figure, axes = page_figure(3.1 * len(spaces), len(spaces), len(conditions), share_x=True, share_y=True)
    for panels, space in zip(axes, spaces, strict=True):
        of_space = table[table["space"] == space]
        limits = of_space["value"].min(), of_space["value"].max()
        for ax, condition in zip(panels, conditions, strict=True):
            chosen = of_space[of_space["condition"] == condition]
            grid = chosen.pivot_table(index="roi", columns="alpha", values="value")
            _map(ax, grid.loc[list(rows), list(columns)].to_numpy(), limits)
            ax.set_title(f"{space}, {condition}")
            ax.set_xticks(range(len(columns)), columns, fontsize=8.5)
            ax.set_yticks(range(len(rows)), rows)
    figure.supxlabel("alpha (smaller: stronger alignment to the brain)", fontsize=10)
    return figure


def _map(ax: Axes, values: np.ndarray, limits: tuple[float, float]) -> None:
    image = ax.imshow(values, cmap=SEQUENTIAL, vmin=limits[0], vmax=limits[1], aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{value:.3f}".lstrip("0"), ha="center", va="center", fontsize=8.5,
                color=ink_on(image.cmap(image.norm(value))))  # fmt: skip
    best_row, best_column = np.unravel_index(values.argmax(), values.shape)
    corner = (float(best_column) - 0.5, float(best_row) - 0.5)
    ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=COLOURS["second"], linewidth=2.5))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def gain_parts(table: pd.DataFrame) -> Figure:
    """Draw a gain as two arrows end to end: what compression alone gives, and what the brain term adds.

    Parameters
    ----------
    table : DataFrame
        Columns ``name``, ``compression`` and ``brain`` (differences of accuracy, fractions).

    Returns
    -------
    Figure
    """
    figure, axes = page_figure(2.7)
    ax = axes[0, 0]
    parts = (("compression", COLOURS["base"]), ("brain", COLOURS["brain-aligned"]))
    for row, entry in enumerate(table.itertuples()):
        start = 0.0
        for offset, (part, colour) in zip((-0.17, 0.17), parts, strict=True):
            step = float(getattr(entry, part))
            line = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.5, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (start + step, row + offset), (start, row + offset), arrowprops=line)
            text: dict[str, Any] = (
                {"xytext": (5, 0), "ha": "left"} if step >= 0 else {"xytext": (-5, 0), "ha": "right"}
            )
            ax.annotate(signed(step, 3), (start + step, row + offset), textcoords="offset points",
                        va="center", fontsize=9, color=colour, **text)  # fmt: skip
            start += step
        ax.plot([start, start], [row - 0.38, row + 0.38], color=INK, linewidth=1.5)
    ends = table["compression"] + table["brain"]
    ax.set_xlim(min(0, table["compression"].min()) - 0.013, ends.max() + 0.013)
    ax.set_yticks(range(len(table)), table["name"])
    ax.set_ylim(len(table) - 0.45, -0.55)
    ax.set_xlabel("Change of identification accuracy from Original, V4")
    reference_line(ax, 0.0)
    handles = [Line2D([], [], color=colour, linewidth=2.5) for _, colour in parts]
    figure.legend(handles, ["Original to alpha = 1: compression", "alpha = 1 to best alpha: brain term"],
                  loc="outside upper center", ncols=2)  # fmt: skip
    return figure


def significance_levels(table: pd.DataFrame) -> Figure:
    """Draw the range of p a paper claims beside the p its printed numbers give.

    Parameters
    ----------
    table : DataFrame
        Columns ``name``, ``claimed_low``, ``claimed_high`` (range of p), and ``welch``, ``welch_one_sided``,
        ``paired`` (p values).

    Returns
    -------
    Figure
    """
    figure, axes = page_figure(3.1)
    ax = axes[0, 0]
    rows = np.arange(len(table))
    left = float(table["paired"].min()) / 5
    ax.hlines(rows, table["claimed_low"].clip(lower=left), table["claimed_high"], color=FAINT, linewidth=12,
              label="range claimed")  # fmt: skip
    marks = (("welch", "o", COLOURS["base"], "unpaired, two-sided"),
             ("welch_one_sided", "s", COLOURS["base"], "unpaired, one-sided"),
             ("paired", "D", COLOURS["human-aligned"], "paired, correlated as in Table 2"))  # fmt: skip
    for column, marker, colour, label in marks:
        hollow = "white" if column == "welch_one_sided" else colour
        ax.plot(table[column], rows, marker, color=colour, markerfacecolor=hollow, markersize=6, label=label)
    ax.set_xscale("log")
    ax.set_xlim(left, 1)
    ax.set_yticks(rows, table["name"])
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlabel("p value")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def correlation_forest(table: pd.DataFrame, *, label: str) -> Figure:
    """Draw correlations with intervals, one panel per quantity, one colour per space.

    Parameters
    ----------
    table : DataFrame
        Columns ``quantity``, ``space``, ``pair``, ``r``, ``low`` and ``high``.
    label : str
        What is correlated.

    Returns
    -------
    Figure
    """
    quantities, pairs = list(dict.fromkeys(table["quantity"])), list(dict.fromkeys(table["pair"]))
    colours = dict(zip(dict.fromkeys(table["space"]), (COLOURS["first"], COLOURS["second"]), strict=True))
    figure, axes = page_figure(2.6, 1, len(quantities), share_x=True, share_y=True)
    for ax, quantity in zip(axes.flat, quantities, strict=True):
        for shift, (space, colour) in zip((-0.13, 0.13), colours.items(), strict=True):
            chosen = (
                table[(table["quantity"] == quantity) & (table["space"] == space)]
                .set_index("pair")
                .loc[pairs]
            )
            rows = np.arange(len(pairs)) + shift
            ax.hlines(rows, chosen["low"], chosen["high"], color=colour, linewidth=1.6)
            ax.plot(chosen["r"], rows, "o", color=colour, markersize=5.5)
        ax.set_title(quantity.capitalize())
        ax.set_yticks(range(len(pairs)), pairs)
    axes[0, 0].set_xlim(0, 1)
    axes[0, 0].set_ylim(len(pairs) - 0.5, -0.5)
    handles = [Line2D([], [], marker="o", color=colour, label=space) for space, colour in colours.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    figure.supxlabel(label, fontsize=10)
    return figure


def records(table: pd.DataFrame, *, facets: Sequence[str], chance: float) -> Figure:
    """Draw printed records as dots, one panel per protocol; panels must not be compared with each other.

    Parameters
    ----------
    table : DataFrame
        Columns ``method``, ``year`` (may be missing), ``top1`` (percent), ``selection``, and ``facets``.
    facets : sequence of str
        Columns that make up a protocol.
    chance : float
        Accuracy of guessing, in percent.

    Returns
    -------
    Figure
    """
    groups = {
        name: rows.sort_values(["year", "top1"]) for name, rows in table.groupby(list(facets), sort=False)
    }
    heights = [len(rows) + 2.0 for rows in groups.values()]
    figure, axes = page_figure(0.17 * sum(heights) + 0.6, len(groups), share_x=True, height_ratios=heights)
    for ax, (name, rows) in zip(axes.flat, groups.items(), strict=True):
        places = np.arange(len(rows))
        for place, top1, selection in zip(places, rows["top1"], rows["selection"], strict=True):
            marker, fill = _SELECTION_MARKS.get(selection, _OTHER_SELECTION)
            ax.plot(
                top1, place, marker=marker, fillstyle=fill, color=COLOURS["human-aligned"], markersize=5.5
            )
        years = ["year unknown" if pd.isna(year) else f"{year:.0f}" for year in rows["year"]]
        labels = [f"{method} ({year})" for method, year in zip(rows["method"], years, strict=True)]
        ax.set_yticks(places, labels, fontsize=8)
        ax.set_ylim(-0.8, len(rows) - 0.2)
        ax.grid(axis="x", color=FAINT, linewidth=0.5)
        ax.set_title(", ".join(str(part) for part in name), fontsize=9, color=QUIET)
        reference_line(ax, chance)
        ax.tick_params(axis="x", bottom=ax is axes[-1, 0])
    marks = (*_SELECTION_MARKS.items(), ("otherwise", _OTHER_SELECTION))
    handles = [
        Line2D(
            [], [], marker=marker, fillstyle=fill, linestyle="", color=COLOURS["human-aligned"], label=label
        )
        for label, (marker, fill) in marks
    ]
    figure.legend(handles=handles, title="Checkpoint chosen by", loc="outside upper right", ncols=3)
    axes[-1, 0].set_xlim(0, 100)
    axes[-1, 0].set_xlabel("Top-1 accuracy (%)")
    return figure
