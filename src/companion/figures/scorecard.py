"""Figures of the scorecard: how many claims end how, and printed numbers against ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from companion.figures.style import COLOURS, FAINT, INK, QUIET, ink_on, page_figure

OUTCOMES: Mapping[str, str] = {
    "holds": COLOURS["human-aligned"],
    "inconclusive": "#8FB8DC",
    "contradicted": COLOURS["brain-aligned"],
    "not diagnostic": COLOURS["ceiling"],
    "not testable": FAINT,
}
"""Colour of each outcome, in the order in which they are stacked."""

EVIDENCE = ("official", "small real data", "printed numbers", "simulated", "none")


def outcome_bars(table: pd.DataFrame) -> Figure:
    """Stack the claims of each paper by outcome, one bar per kind of evidence, with their ids.

    Parameters
    ----------
    table : DataFrame
        One row per claim: ``claim``, ``paper``, ``evidence``, ``outcome``. Papers are drawn in order of
        appearance, kinds of evidence from real to none.
    """
    papers = list(dict.fromkeys(table["paper"]))
    kinds = [
        [kind for kind in EVIDENCE if ((table["paper"] == paper) & (table["evidence"] == kind)).any()]
        for paper in papers
    ]
    widest = int(table.groupby(["paper", "evidence"]).size().max())
    figure, axes = page_figure(
        1.3 + 0.75 * sum(len(kind) for kind in kinds),
        len(papers),
        share_x=True,
        height_ratios=[float(len(kind)) for kind in kinds],
    )
    for ax, paper, own in zip(axes[:, 0], papers, kinds, strict=True):
        for place, kind in enumerate(own):
            _stack(ax, place, table[(table["paper"] == paper) & (table["evidence"] == kind)])
        ax.set_yticks(range(len(own)), own)
        ax.set(ylim=(len(own) - 0.45, -0.55), xlim=(0, widest))
        ax.set_title(paper)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    axes[-1, 0].set_xlabel("number of claims")
    handles = [Patch(color=colour, label=name) for name, colour in OUTCOMES.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), columnspacing=1.2)
    return figure


def _stack(ax: Axes, place: int, claims: pd.DataFrame) -> None:
    left = 0
    for outcome, colour in OUTCOMES.items():
        for name in claims[claims["outcome"] == outcome]["claim"]:
            ax.barh(place, 1, left=left, height=0.8, color=colour, edgecolor="white", linewidth=1)
            ax.text(
                left + 0.5,
                place,
                str(name).replace("-", "\n"),
                ha="center",
                va="center",
                fontsize=6.5,
                color=ink_on(to_rgba(colour)),
            )
            left += 1


def printed_against_ours(table: pd.DataFrame) -> Figure:
    """Draw each printed number beside the one found here, a panel per unit, with intervals where there are.

    Parameters
    ----------
    table : DataFrame
        Columns ``claim``, ``what``, ``evidence``, ``unit``, ``printed``, ``found``, ``low``, ``high``.
    """
    units = list(dict.fromkeys(table["unit"]))
    sizes = [int((table["unit"] == unit).sum()) for unit in units]
    figure, axes = page_figure(
        0.8 + 0.34 * sum(sizes) + 0.55 * len(units),
        len(units),
        height_ratios=[float(size) + 0.8 for size in sizes],
    )
    for ax, unit in zip(axes[:, 0], units, strict=True):
        _pairs(ax, table[table["unit"] == unit])
        ax.set_xlabel(unit)
    figure.legend(handles=_marks(set(table["evidence"])), loc="outside upper left", ncols=4)
    return figure


def _pairs(ax: Axes, rows: pd.DataFrame) -> None:
    numbers = rows[["printed", "found", "low", "high"]].to_numpy(dtype=float)
    for place, (evidence, (printed, found, low, high)) in enumerate(
        zip(rows["evidence"], numbers, strict=True)
    ):
        colour = _colour(evidence)
        ax.plot([printed, found], [place, place], color=FAINT, linewidth=2, zorder=1)
        if np.isfinite(low):
            ax.plot([low, high], [place, place], color=colour, linewidth=2, zorder=2)
        ax.plot(printed, place, "D", color=INK, markerfacecolor="none", markersize=8, zorder=4)
        ax.plot(found, place, "o", color=colour, markersize=5.5, zorder=3, clip_on=False)
    ax.set_yticks(range(len(rows)), list(rows["claim"] + ": " + rows["what"]))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(min(0.0, np.nanmin(numbers)), 1.05 * np.nanmax(numbers))


def _marks(evidence: Sequence[str] | set[str]) -> list[Line2D]:
    printed = Line2D([], [], marker="D", color=INK, markerfacecolor="none", linestyle="", label="printed")
    ours = [
        Line2D([], [], marker="o", color=_colour(kind), linestyle="", label=f"here: {kind}")
        for kind in sorted(evidence)
    ]
    return [printed, *ours]


def _colour(evidence: str) -> str:
    real = {
        "printed numbers": COLOURS["first"],
        "small real data": COLOURS["third"],
        "official": COLOURS["third"],
    }
    return real.get(evidence, COLOURS["second"] if evidence == "simulated" else QUIET)
