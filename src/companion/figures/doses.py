"""Accuracies against the dials of the miniature world, and p-values of repeated worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.accuracy import looks
from companion.figures.style import COLOURS, FAINT, INK, QUIET, page_figure, reference_line


def dose_response(
    table: pd.DataFrame,
    *,
    levels: Sequence[str],
    effect: tuple[str, str],
    chance: float,
    default: Mapping[str, float],
    oracle: pd.DataFrame | None = None,
    label: str = "Top-1 accuracy (%)",
) -> Figure:
    """Accuracy against each dial, one panel per dial, and below it the effect of judges.

    Thin lines are worlds, each seen at every value; thick ones their mean.

    Parameters
    ----------
    table : DataFrame
        ``dial``, ``value`` (of the dial), ``seed``, ``level``, ``accuracy`` in percent.
    levels : sequence of str
        In the order of the legend.
    effect : tuple of str
        The two levels whose difference is drawn in the lower panels, first minus second.
    chance : float
        In percent.
    default : mapping of str to float
        Where each dial stands in the world (marked below the axis).
    oracle : DataFrame, optional
        ``dial``, ``value``, ``level`` and ``accuracy`` (means): dotted, in the colour of the level.
    label : str
        Name of the values, with unit.
    """
    dials = list(dict.fromkeys(table["dial"]))
    figure, axes = page_figure(5.0, 2, len(dials), share_x=False, share_y=False, height_ratios=[1.7, 1])
    styles = looks(levels)
    for column, dial in enumerate(dials):
        above, below = axes[0, column], axes[1, column]
        own = table[table["dial"] == dial]
        wide = {
            level: own[own["level"] == level].pivot_table(index="value", columns="seed", values="accuracy")
            for level in levels
        }
        for level, look in styles.items():
            above.plot(wide[level].index, wide[level].mean(axis=1), linewidth=2, markersize=5.5, **look)
            if oracle is not None:
                line = oracle[(oracle["dial"] == dial) & (oracle["level"] == level)].sort_values("value")
                above.plot(line["value"], line["accuracy"], color=look["color"], linestyle=(0, (1, 1.5)))
        difference = wide[effect[0]] - wide[effect[1]]
        below.plot(difference.index, difference, color=QUIET, linewidth=0.8, alpha=0.6)
        below.plot(difference.index, difference.mean(axis=1), "o-", color=INK, linewidth=2, markersize=5)
        reference_line(below, 0.0, axis="y")
        reference_line(above, chance, "chance", axis="y")
        below.set_xlabel(dial)
        for ax in (above, below):
            ax.axvspan(
                default[dial] - 0.02, default[dial] + 0.02, color=FAINT, alpha=0.6, zorder=0, linewidth=0
            )
            ax.set_xticks(list(difference.index), [f"{value:g}" for value in difference.index])
    for number, row in enumerate(axes):
        top = max(ax.get_ylim()[1] for ax in row)
        bottom = min(ax.get_ylim()[0] for ax in row) if number else 0  # accuracies from zero
        for ax in row:
            ax.set_ylim(bottom, top)
    axes[0, 0].set_ylabel(label)
    axes[1, 0].set_ylabel(f"{effect[0]} − {effect[1]}\n(points)")
    handles = [Line2D([], [], label=level, linewidth=2, **look) for level, look in styles.items()]
    if oracle is not None:
        handles.append(Line2D([], [], color=QUIET, linestyle=(0, (1, 1.5)), label="optimal decoder"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def p_value_steps(p_values: Mapping[str, npt.NDArray[np.float64]], *, level: float = 0.05) -> Figure:
    """Share of repeated worlds whose p-value is at most p, one panel per kind of world.

    Without an effect the steps follow the diagonal.

    Parameters
    ----------
    p_values : mapping of str to ndarray of shape (n_worlds,)
    level : float
        Of the test; the share of worlds that pass it is printed.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.figures import p_value_steps
    >>> figure = p_value_steps({"N0": np.arange(1, 21) / 20, "an effect": np.full(20, 0.01)})
    >>> [ax.texts[0].get_text().splitlines()[0] for ax in figure.axes]
    ['5% of 20', '100% of 20']
    """
    figure, axes = page_figure(2.5, 1, len(p_values), share_x=True, share_y=True)
    for ax, (kind, values) in zip(axes[0], p_values.items(), strict=True):
        ordered = np.sort(values)
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        ax.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.step([0, *ordered, 1], [0, *shares, 1], where="post", color=COLOURS["first"], linewidth=1.8)
        ax.axvline(level, color=COLOURS["second"], linewidth=1)
        passed = (values <= level + 1e-12).mean()
        ax.text(0.97, 0.05, f"{passed:.0%} of {len(values)}\nat p ≤ {level:g}", ha="right", fontsize=9)
        ax.set_title(kind)
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes[0, 0].set_ylabel("share of worlds")
    figure.supxlabel("p, sign flip over people", fontsize=10)
    return figure
