"""The figure of a simulation against itself: what was put in, and what came out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import COLOURS, INK, page_figure


def put_in_came_out(table: pd.DataFrame, *, n_columns: int = 2) -> Figure:
    """Planted values as open marks, estimates of each subject as dots on their range.

    Parameters
    ----------
    table : DataFrame
        Columns ``panel`` (quantity with unit: each has a scale of its own), ``row``, ``planted``,
        ``subject``, ``estimate``; one row per estimate. Panels and rows are drawn in order of appearance.
    n_columns : int
        Panels side by side.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import put_in_came_out
    >>> table = pd.DataFrame({"panel": "peak (ms)", "row": "N1", "planted": 170.0,
    ...                       "subject": ["one", "two"], "estimate": [165.0, 172.0]})
    >>> figure = put_in_came_out(table)
    >>> figure.axes[0].get_xlabel(), [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ('peak (ms)', ['N1'])
    """
    panels = {str(name): part for name, part in table.groupby("panel", sort=False)}
    n_columns = min(n_columns, len(panels))
    n_rows = -(-len(panels) // n_columns)
    sizes = [part["row"].nunique() for part in panels.values()]
    heights = [max(sizes[row * n_columns : (row + 1) * n_columns]) + 1.2 for row in range(n_rows)]
    figure, axes = page_figure(
        0.4 + 0.33 * sum(heights), n_rows, n_columns, height_ratios=[float(h) for h in heights]
    )
    for ax, (name, part) in zip(axes.flat, panels.items(), strict=False):
        _panel(ax, part)
        ax.set_xlabel(name)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    _legend(figure)
    return figure


def _panel(ax: Axes, part: pd.DataFrame) -> None:
    """Rows of one quantity."""
    rows = list(dict.fromkeys(part["row"]))
    for place, row in enumerate(rows):
        chosen = part[part["row"] == row]
        estimates = chosen["estimate"].to_numpy(dtype=float)
        ax.hlines(place, estimates.min(), estimates.max(), color=COLOURS["first"], alpha=0.35, linewidth=3)
        ax.plot(
            estimates, np.full(len(estimates), place), "o", color=COLOURS["first"], markersize=4, alpha=0.7
        )
        for planted in chosen["planted"].unique():
            ax.plot(planted, place, "D", color=INK, markerfacecolor="none", markersize=8, zorder=3)
    ax.set(yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.5))
    ax.set_yticklabels(rows)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.08)


def _legend(figure: Figure) -> None:
    marks = {
        "put in": {"marker": "D", "color": INK, "markerfacecolor": "none", "markersize": 8},
        "came out, one dot per subject": {"marker": "o", "color": COLOURS["first"], "markersize": 4},
    }
    handles = [Line2D([], [], linestyle="none", label=name, **look) for name, look in marks.items()]  # type: ignore[arg-type]
    figure.legend(handles=handles, loc="outside upper right", ncols=2, handletextpad=0.2)
