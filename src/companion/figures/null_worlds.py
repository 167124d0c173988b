"""Figures of worlds without an effect: what a brain shares with a base space, and how claims end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from companion.figures.scorecard import OUTCOMES
from companion.figures.style import COLOURS, INK, ink_on, page_figure


def similarity_pairs(
    panels: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
    *,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draw the similarity of every pair of stimuli in two spaces against each other, one panel per world.

    Parameters
    ----------
    panels : mapping of str to tuple of two ndarray of shape (n_pairs,)
        Similarities in the first and in the second space; on the dashed diagonal they are equal.
    x_label, y_label : str
        Names of the two spaces.

    Returns
    -------
    Figure
    """
    figure, axes = page_figure(2.7, 1, len(panels), share_x=True, share_y=True)
    for ax, (title, (first, second)) in zip(axes[0], panels.items(), strict=True):
        ax.plot(first, second, ".", color=COLOURS["first"], markersize=2, alpha=0.25, rasterized=True)
        ax.axline((0, 0), slope=1, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.set_title(title)
        told = f"r = {np.corrcoef(first, second)[0, 1]:.2f}"
        ax.text(0.05, 0.93, told, transform=ax.transAxes, va="top")
        ax.set_box_aspect(1)
    axes[0, 0].set_ylabel(y_label)
    figure.supxlabel(x_label, fontsize=10)
    return figure


def outcome_grid(table: pd.DataFrame) -> Figure:
    """Draw how each claim ends in each world: claims from left to right, a row per world.

    Parameters
    ----------
    table : DataFrame
        Index claims, columns worlds, values outcomes; each is drawn in its colour, with its first letter.

    Returns
    -------
    Figure
    """
    figure, ((ax,),) = page_figure(1.5 + 0.33 * table.shape[1])
    used = [outcome for outcome in OUTCOMES if (table == outcome).to_numpy().any()]
    for row, world in enumerate(table.columns):
        for column, outcome in enumerate(table[world]):
            colour = OUTCOMES[outcome]
            ax.barh(row, 1, left=column, height=0.9, color=colour, edgecolor="white", linewidth=1)
            ax.text(column + 0.5, row, outcome[0], ha="center", va="center", fontsize=7.5,
                    color=ink_on(to_rgba(colour)))  # fmt: skip
    ax.set_xticks(np.arange(len(table)) + 0.5, list(table.index), rotation=90, fontsize=7.5)
    ax.set_yticks(range(table.shape[1]), list(table.columns))
    ax.set(xlim=(0, len(table)), ylim=(table.shape[1] - 0.45, -0.55))
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    handles = [Patch(color=OUTCOMES[name], label=f"{name[0]}: {name}") for name in used]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return figure
