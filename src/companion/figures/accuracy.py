"""Figures of accuracies: against a dose, and subject by subject, with what guessing gives."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from companion.figures.style import CATEGORIES, COLOURS, INK, QUIET, page_figure, reference_line

_MARKERS = "osD^vP"
_ORACLE = COLOURS["ceiling"]
_ROLES = MappingProxyType({"aligned": COLOURS["human-aligned"], "permuted": COLOURS["third"]})
_OTHERS = tuple(colour for colour in CATEGORIES if colour not in {*COLOURS.values()})


def accuracy_by_dose(
    table: pd.DataFrame,
    *,
    levels: Sequence[str],
    chance: float,
    dose: str,
    label: str = "Top-1 accuracy (%)",
    oracle: pd.Series[float] | None = None,
) -> Figure:
    """Accuracy against how much there was of something: repetitions averaged, or training images.

    Parameters
    ----------
    table : DataFrame
        ``dose`` (positive), ``level``, ``subject`` and ``value`` in percent; one row for each of their
        combinations. Thin lines are subjects, thick ones their mean.
    levels : sequence of str
        Values of ``level``, in the order of the legend.
    chance : float
        Accuracy of guessing, in percent.
    dose : str
        Name of the dose, with unit.
    label : str
        Name of the values, with unit.
    oracle : Series, optional
        Index: doses; what an optimal decoder reaches, in percent. Known of simulated brains only.

    Examples
    --------
    >>> from itertools import product
    >>> import pandas as pd
    >>> from companion.figures import accuracy_by_dose
    >>> rows = [(dose, level, who, 5.0 * dose + (level == "human-aligned"))
    ...         for dose, level, who in product([1, 2, 4], ["base", "human-aligned"], ["one", "two"])]
    >>> table = pd.DataFrame(rows, columns=["dose", "level", "subject", "value"])
    >>> figure = accuracy_by_dose(table, levels=["base", "human-aligned"], chance=0.5, dose="Repetitions")
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['1', '2', '4']
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['base', 'human-aligned']
    """
    figure, ((ax,),) = page_figure(3.6)
    for level, look in looks(levels).items():
        chosen = table[table["level"] == level]
        wide = chosen.pivot_table(index="dose", columns="subject", values="value")
        ax.plot(wide.index, wide, color=look["color"], linewidth=0.7, alpha=0.35)
        ax.plot(wide.index, wide.mean(axis=1), label=level, linewidth=2.2, markersize=6, **look)
    if oracle is not None:
        ax.plot(oracle.index, oracle, color=COLOURS["ceiling"], linewidth=2.5, linestyle=(0, (1, 1)),
                label="optimal decoder")  # fmt: skip
    doses = sorted(table["dose"].unique())
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(doses, [f"{value:,g}" for value in doses])
    ax.set_xlabel(dose)
    ax.set_ylabel(label)
    ax.set_ylim(0, None)
    reference_line(ax, chance, f"chance {chance:.3g}", axis="y")
    figure.legend(loc="outside upper center", ncols=len(levels) + (oracle is not None))
    return figure


def subject_points(
    table: pd.DataFrame,
    *,
    levels: Sequence[str],
    chance: float,
    threshold: float | None = None,
    label: str = "Top-1 accuracy (%)",
    columns: int = 3,
    oracle: pd.DataFrame | None = None,
) -> Figure:
    """Draw every subject as a line over the levels; means are bars, printed on top; one panel per group.

    Parameters
    ----------
    table : DataFrame
        ``group``, ``level``, ``subject`` and ``value`` in percent.
    levels : sequence of str
        Values of ``level``, from left to right.
    chance : float
        Accuracy of guessing, in percent.
    threshold : float, optional
        What guessing rarely reaches in one run, in percent.
    label : str
        Name of the values, with unit.
    columns : int
        Most panels beside each other.
    oracle : DataFrame, optional
        ``group``, ``level`` and ``value`` in percent: what optimal decoders of these subjects reach, on
        average. Known of simulated brains only.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import subject_points
    >>> rows = [("CLIP", level, who, value + gain) for level, gain in (("base", 0.0), ("aligned", 2.0))
    ...         for who, value in (("one", 20.0), ("two", 30.0))]
    >>> table = pd.DataFrame(rows, columns=["group", "level", "subject", "value"])
    >>> figure = subject_points(table, levels=["base", "aligned"], chance=0.5)
    >>> [text.get_text() for text in figure.axes[0].texts]  # means over subjects
    ['25.0', '27.0']
    """
    groups = list(dict.fromkeys(table["group"]))
    n_columns = min(columns, len(groups))
    n_rows = -(-len(groups) // n_columns)
    figure, axes = page_figure(0.7 + 2.5 * n_rows, n_rows, n_columns, share_x=True, share_y=True)
    for ax, group in zip(axes.flat, groups, strict=False):
        chosen = table[table["group"] == group]
        wide = chosen.pivot_table(index="subject", columns="level", values="value")[list(levels)]
        _paired_points(ax, wide, levels)
        ax.set_title(group, loc="left")
        lines = _guessing_lines(ax, chance, threshold)
        if oracle is not None:
            _oracle_marks(ax, oracle[oracle["group"] == group], levels)
    for ax in axes.flat[len(groups) :]:
        ax.set_visible(False)
    highest = max(table["value"].max(), 0 if oracle is None else oracle["value"].max())
    axes[0, 0].set_ylim(0, 1.18 * highest)  # room for the means, which are printed on top
    lines["mean over subjects"] = Line2D([], [], color="black", linewidth=2.2)
    if oracle is not None:
        lines["optimal decoder"] = Line2D([], [], color=_ORACLE, linewidth=3.5)
    figure.legend(
        lines.values(), lines.keys(), loc="outside upper center", ncols=len(lines) if len(lines) < 4 else 2
    )
    figure.supylabel(label, fontsize=10)
    return figure


def _paired_points(ax: Axes, wide: pd.DataFrame, levels: Sequence[str]) -> None:
    places = np.arange(len(levels))
    ax.plot(places, wide.to_numpy().T, color=QUIET, linewidth=0.7, alpha=0.55, zorder=1)
    for place, (level, look) in enumerate(looks(levels).items()):
        ax.plot(np.full(len(wide), place), wide[level], linestyle="none", markersize=4.5, **look)
        mean = wide[level].mean()
        ax.hlines(mean, place - 0.3, place + 0.3, color="black", linewidth=2.2, zorder=3)
        ax.annotate(f"{mean:.1f}", (place, 1), xycoords=("data", "axes fraction"), ha="center", va="top",
                    fontsize=9)  # fmt: skip
    names = [
        level.replace("-", "-\n").replace(" ", "\n") for level in levels
    ]  # three panels leave little room
    ax.set_xticks(places, names)
    ax.set_xlim(-0.5, len(levels) - 0.5)


def _oracle_marks(ax: Axes, oracle: pd.DataFrame, levels: Sequence[str]) -> None:
    for entry in oracle.itertuples():
        place = list(levels).index(str(entry.level))
        ax.hlines(float(str(entry.value)), place - 0.3, place + 0.3, color=_ORACLE, linewidth=3.5, zorder=0.8)


def _guessing_lines(ax: Axes, chance: float, threshold: float | None) -> dict[str, Line2D]:
    """Draw chance and threshold, and return them by name: there may be no room beside them."""
    lines = {f"chance, {chance:.3g} %": ax.axhline(chance, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))}
    if threshold is not None:
        name = f"p < .05 in one run, from {threshold:.3g} %"
        lines[name] = ax.axhline(threshold, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
    return lines


def looks(levels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Colour and marker of each level: roles keep theirs, others take what is left.

    Parameters
    ----------
    levels : sequence of str
    """
    spare = iter(_OTHERS)
    colours = {level: COLOURS.get(level) or _ROLES.get(level) or next(spare) for level in levels}
    return {
        level: {"color": colours[level], "marker": marker}
        for level, marker in zip(levels, _MARKERS, strict=False)
    }
