"""What pictures made from brains score, beside what their companions score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from companion.figures.style import COLOURS, FAINT, INK, QUIET, page_figure

_DASHED = (0, (4, 3))


def measure_points(
    table: pd.DataFrame, *, levels: Mapping[str, Sequence[str]], chance: Mapping[str, float]
) -> Figure:
    """Scores of every person, their mean and its interval; a panel per measure, a line per kind of picture.

    Parameters
    ----------
    table : DataFrame
        ``measure``, ``level``, ``subject`` and ``value``, each person once per measure and level; ``low`` and
        ``high``, the interval of the mean, equal in all rows of a measure and level.
    levels : mapping of str to sequence of str
        Group -> values of ``level``, from top to bottom. The first group is what is asked about, and drawn in
        colour; the others are what it is compared with.
    chance : mapping of str to float
        Measure -> what guessing gives; measures without such a value have no line.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import measure_points
    >>> table = pd.DataFrame({"measure": "pixel correlation", "level": ["decoded"] * 2 + ["shuffled"] * 2,
    ...                       "subject": ["one", "two"] * 2, "value": [0.3, 0.4, 0.1, 0.2],
    ...                       "low": [0.2] * 2 + [0.0] * 2, "high": [0.5] * 2 + [0.3] * 2})
    >>> figure = measure_points(table, levels={"asked": ["decoded"], "beside": ["shuffled"]}, chance={})
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['decoded', 'shuffled']
    """
    measures = list(dict.fromkeys(table["measure"]))
    places: dict[str, float] = {}
    at = 0.0
    for group in levels.values():
        places |= {level: at + number for number, level in enumerate(group)}
        at += len(group) + 0.5
    asked = set(next(iter(levels.values())))
    figure, axes = page_figure(0.9 + 0.3 * at, 1, len(measures), share_y=True)
    for ax, measure in zip(axes[0], measures, strict=True):
        own = table[table["measure"] == measure]
        if measure in chance:
            ax.axvline(chance[measure], color=INK, linewidth=0.8, linestyle=_DASHED, zorder=0.5)
        for level, rows in own.groupby("level", sort=False):
            y, colour = places[str(level)], COLOURS["human-aligned"] if level in asked else INK
            ax.scatter(rows["value"], [y - 0.24] * len(rows), s=9, color=QUIET, alpha=0.7, linewidths=0)
            ax.hlines(y, rows["low"].iloc[0], rows["high"].iloc[0], color=colour, linewidth=1.6)
            ax.plot(rows["value"].mean(), y, "o", color=colour, markersize=5.5)
        ax.set_title(measure.replace(" ", "\n"), loc="left")
        ax.xaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
        ax.grid(axis="x", color=FAINT, linewidth=0.6)
        ax.tick_params(axis="y", length=0)
    axes[0, 0].set_yticks(list(places.values()), list(places))
    axes[0, 0].set_ylim(at - 0.6, -0.7)
    return figure
