"""Figures of agreement: spaces with judges, spaces with each other, and what an aligner changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import COLOURS, INK, QUIET, SEQUENTIAL, ink_on, page_figure, reference_line

TEACHERS: Mapping[str, str] = {"judges": COLOURS["human-aligned"], "permuted judges": COLOURS["base"]}
"""Whom an aligner learnt from, and the colour of the arrow."""


def agreement_dots(
    table: pd.DataFrame,
    *,
    chance: Mapping[str, float],
    ceilings: Mapping[str, tuple[float, float]],
    x_label: str,
) -> Figure:
    """Scores with intervals between chance and ceiling: one panel per judge, one row per space.

    Parameters
    ----------
    table : DataFrame
        Columns ``panel``, ``row``, ``score``, ``low``, ``high``, and ``filled`` (bool): a hollow mark is a
        control.
    chance : mapping of str to float
        Score of guessing in each panel.
    ceilings : mapping of str to (float, float)
        Range of the ceiling in each panel that has one.
    x_label : str
        What the score is.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import agreement_dots
    >>> table = pd.DataFrame({"panel": "judges", "row": ["CLIP", "aligned", "permuted"],
    ...                       "filled": [True, True, False], "score": [0.6, 0.7, 0.6],
    ...                       "low": [0.5, 0.6, 0.5], "high": [0.7, 0.8, 0.7]})
    >>> ceilings = {"judges": (0.75, 0.8)}
    >>> figure = agreement_dots(table, chance={"judges": 1 / 3}, ceilings=ceilings, x_label="hits")
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['ceiling', 'chance']
    """
    panels, rows = list(table["panel"].unique()), list(table["row"].unique())
    figure, axes = page_figure(0.32 * len(rows) + 1.2, 1, len(panels), share_y=True)
    colour = COLOURS["human-aligned"]
    for ax, panel in zip(axes[0], panels, strict=True):
        for entry in table[table["panel"] == panel].itertuples():
            place, face = rows.index(str(entry.row)), colour if entry.filled else "white"
            ax.hlines(place, entry.low, entry.high, color=colour)
            ax.plot(entry.score, place, "o", color=colour, markerfacecolor=face, markersize=5.5)
        if panel in ceilings:
            low, high = ceilings[panel]
            ax.axvspan(low, high, color=COLOURS["ceiling"], alpha=0.6, linewidth=0, zorder=0)
            ax.annotate("ceiling", (low, -0.8), (-2, 0), textcoords="offset points", ha="right", va="center",
                        fontsize=8.5, color=QUIET)  # fmt: skip
        ax.set(title=panel, xlabel=x_label, ylim=(len(rows) - 0.4, -1.2))
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(axis="y", length=0)
        reference_line(ax, chance[panel], "chance")
        ax.margins(x=0.08)
        if len(panels) > 2:  # no room for more numbers
            ax.locator_params(axis="x", nbins=3)
    return figure


def aligner_changes(table: pd.DataFrame) -> Figure:
    """Arrows from the base space to the aligned one, one panel per measure, each on a scale of its own.

    Beside each arrow stand those of the same aligner taught by permuted judges: what they share is not due to
    what the judges said. A black tick marks the base space.

    Parameters
    ----------
    table : DataFrame
        Columns ``measure``, ``space``, ``teacher`` (``"judges"`` or ``"permuted judges"``), ``base`` and
        ``after``; several rows of a teacher are several runs.
    """
    if unknown := set(table["teacher"]) - set(TEACHERS):
        raise ValueError(f"a teacher is one of {list(TEACHERS)}, got {sorted(unknown)}")
    measures, spaces = list(table["measure"].unique()), list(table["space"].unique())
    n_columns = min(3, len(measures))
    n_rows = -(-len(measures) // n_columns)
    figure, axes = page_figure(n_rows * (0.5 * len(spaces) + 0.75) + 0.35, n_rows, n_columns, share_y=True)
    for ax in axes.flat[len(measures) :]:
        ax.set_axis_off()
    for ax, measure in zip(axes.flat, measures, strict=False):
        for place, space in enumerate(spaces):
            _arrows(ax, table[(table["measure"] == measure) & (table["space"] == space)], place)
        ax.set(title=measure, ylim=(len(spaces) - 0.4, -0.6))
        ax.set_yticks(range(len(spaces)), spaces)
        ax.tick_params(axis="y", length=0)
        ax.margins(x=0.1)
        ax.locator_params(axis="x", nbins=4)
    handles = [Line2D([], [], color=colour, label=f"taught by {name}") for name, colour in TEACHERS.items()]
    figure.legend(handles=handles, loc="outside upper right", ncols=2)
    return figure


def space_tables(tables: Mapping[str, pd.DataFrame], *, row_means: str) -> Figure:
    """Scores of every pair of spaces as tables of shaded numbers, side by side, on one scale from 0 to 1.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Names by names; empty cells stay blank. All have the same names.
    row_means : str
        What the row is in an ordered pair, such as ``"predicted from"``.
    """
    names = list(next(iter(tables.values())).index)
    figure, axes = page_figure(0.42 * len(names) + 1.4, 1, len(tables), share_y=True)
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        values = table.loc[names, names].to_numpy(dtype=float)
        ax.imshow(values, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
        for row, column in np.argwhere(np.isfinite(values)):
            value = values[row, column]
            ax.text(column, row, f"{value:.2f}".replace("-", "−"), ha="center", va="center", fontsize=8.5,
                    color=ink_on(SEQUENTIAL(np.clip(value, 0, 1))))  # fmt: skip
        ax.set_title(title)
        ax.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(names)), names)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel(row_means)
    return figure


def _arrows(ax: Axes, part: pd.DataFrame, place: int) -> None:
    """Arrows of one space: its judges above the line of the row, permuted judges below."""
    for (name, colour), side in zip(TEACHERS.items(), (-1, 1), strict=True):
        runs = part[part["teacher"] == name]
        width = 1.6 if len(runs) == 1 else 1.0
        heights = place + side * np.linspace(0, 0.4, len(runs) + 2)[1:-1]
        for base, after, height in zip(runs["base"], runs["after"], heights, strict=True):
            ax.annotate(
                "", (after, height), (base, height),
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0,
                            "shrinkB": 0, "mutation_scale": 6 * width},
            )  # fmt: skip
            ax.plot([base, after], [height, height], linestyle="")  # the axis has to hold the arrow
    bases = part["base"].unique()  # none for a space that the measure does not apply to
    ax.plot(bases, np.full(len(bases), place), "|", color=INK, markersize=18, markeredgewidth=1.2)
