"""Figures of models against brain dissimilarities, with noise ceilings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import COLOURS, INK, QUIET, page_figure, reference_line


def people_and_ceiling(scores: pd.DataFrame, ceilings: pd.DataFrame, *, x_label: str) -> Figure:
    """Each person's score for each model, the mean, and the range a perfect model could reach.

    Parameters
    ----------
    scores : DataFrame
        Columns ``panel``, ``row``, ``score``, one line per person; rows are drawn from the top in order of
        appearance.
    ceilings : DataFrame
        Columns ``panel``, ``row``, ``lower``, ``upper``: the noise ceiling of each row.
    x_label : str
        What the score is.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import people_and_ceiling
    >>> scores = pd.DataFrame({"panel": "V4", "row": ["CLIP"] * 3, "score": [0.2, 0.3, 0.25]})
    >>> ceilings = pd.DataFrame({"panel": ["V4"], "row": ["CLIP"], "lower": [0.4], "upper": [0.5]})
    >>> figure = people_and_ceiling(scores, ceilings, x_label="rank correlation")
    >>> figure.axes[0].get_title(loc="left") or figure.axes[0].get_title(), figure.axes[0].get_xlabel()
    ('V4', 'rank correlation')
    """
    panels, rows = list(scores["panel"].unique()), list(scores["row"].unique())
    figure, axes = page_figure(0.5 * len(rows) + 1.3, 1, len(panels), share_x=True, share_y=True)
    for ax, panel in zip(axes[0], panels, strict=True):
        _ceilings(ax, ceilings[ceilings["panel"] == panel], rows)
        for place, row in enumerate(rows):
            people = scores.loc[(scores["panel"] == panel) & (scores["row"] == row), "score"].to_numpy()
            ax.plot(
                people,
                np.full(len(people), place),
                "o",
                color=COLOURS["human-aligned"],
                alpha=0.4,
                markersize=4,
            )
            ax.plot(people.mean(), place, "|", color=INK, markersize=18, markeredgewidth=2)
        ax.set(title=panel, xlabel=x_label, yticks=range(len(rows)), ylim=(len(rows) - 0.4, -0.6))
        ax.set_yticklabels(rows)
        ax.tick_params(axis="y", length=0)
        reference_line(ax, 0.0)
    return figure


def _ceilings(ax: Axes, ceilings: pd.DataFrame, rows: list[str]) -> None:
    """One box per row, the first one named."""
    for place, row in enumerate(rows):
        lower, upper = ceilings.loc[ceilings["row"] == row, ["lower", "upper"]].to_numpy()[0]
        ax.barh(place, upper - lower, left=lower, height=0.72, color=COLOURS["ceiling"], alpha=0.7)
        if place == 0:
            middle = (lower + upper) / 2
            ax.text(middle, place, "noise\nceiling", ha="center", va="center", fontsize=8.5, color=QUIET)
