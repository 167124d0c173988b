"""Figures of the shape of spaces: how many directions, which hubs, and where two clouds lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from companion.figures.style import COLOURS, FAINT, INK, QUIET, page_figure

FloatArray = npt.NDArray[np.floating[Any]]

LINE_COLOURS: tuple[str, ...] = (
    COLOURS["first"],
    COLOURS["second"],
    COLOURS["third"],
    COLOURS["base"],
    "#8A4F9E",
    "#A3790A",
)
"""Colours of lines without a role, in order; every line is also named where it ends."""

_LOG_TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


def spectrum_curves(shares: Mapping[str, FloatArray], ranks: pd.DataFrame) -> Figure:
    """How the variance of each space is spread over its principal components, and how many that makes.

    Parameters
    ----------
    shares : mapping of str to ndarray of shape (n_components,)
        Share of the variance of each component, largest first; six spaces at most.
    ranks : DataFrame, indexed by space
        Two columns, two kinds of effective rank: filled marks, then hollow ones.
    """
    figure, ((curves, dots),) = page_figure(3.0, 1, 2, width_ratios=[1.25, 1])
    for (_, share), colour in zip(shares.items(), LINE_COLOURS, strict=False):
        curves.plot(np.arange(1, len(share) + 1), 100 * np.cumsum(share), color=colour)
    curves.set(
        xscale="log", ylim=(0, 103), xlabel="principal components kept", ylabel="variance they hold (%)"
    )
    longest = max(len(share) for share in shares.values())
    curves.set_xticks([tick for tick in _LOG_TICKS if tick <= longest])
    curves.xaxis.set_major_formatter("{x:.0f}")
    curves.minorticks_off()
    rows = np.arange(len(shares))
    colours = list(LINE_COLOURS[: len(shares)])
    values = ranks.loc[list(shares)]
    dots.hlines(rows, *values.to_numpy().T, color=FAINT, linewidth=3)
    dots.scatter(values.iloc[:, 0], rows, color=colours, s=32, zorder=3)
    dots.scatter(values.iloc[:, 1], rows, facecolors="white", edgecolors=colours, s=32, zorder=3)
    dots.set(ylim=(len(rows) - 0.4, -0.9), xlim=(0, None), xlabel="directions in use")
    dots.set_yticks(rows, list(shares))
    for label, colour in zip(dots.get_yticklabels(), colours, strict=True):
        label.set_color(colour)
    dots.tick_params(axis="y", length=0)
    for column, name in enumerate(ranks.columns):
        dots.annotate(
            name, (values.iloc[0, column], 0), (0, 8), textcoords="offset points", ha="center", fontsize=8.5
        )
    return figure


def hub_curves(counts: Mapping[str, npt.NDArray[np.intp]], at_random: FloatArray, *, unit: str) -> Figure:
    """Share of rows that are named as a neighbour at least so often, one line per space.

    A line that starts lower has rows that nobody names; one that reaches further right has hubs.

    Parameters
    ----------
    counts : mapping of str to ndarray of shape (n_rows,)
        How often each row is named; six spaces at most.
    at_random : ndarray of shape (n_times,)
        Probability of being named 1, 2, ... times or more if neighbours were chosen at random (dashed).
    unit : str
        What the rows are, in the plural, for the labels.
    """
    figure, ((ax,),) = page_figure(3.1, width=6.0)
    lowest = 50 / len(next(iter(counts.values())))  # half a row, in percent
    for count, colour in zip(counts.values(), LINE_COLOURS, strict=False):
        times = np.arange(1, count.max() + 1)
        share = 100 * (count[:, None] >= times).mean(axis=0)
        ax.plot(times, share, color=colour, drawstyle="steps-post")
    shown = 100 * at_random >= lowest
    times = np.arange(1, len(at_random) + 1)[shown]
    ax.plot(times, 100 * at_random[shown], color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    most = max(int(count.max()) for count in counts.values())
    ax.set(xscale="log", yscale="log", xlim=(0.95, 1.1 * most), ylim=(lowest, 130))
    ax.set_xticks([tick for tick in _LOG_TICKS if tick <= most])
    ax.minorticks_off()
    ax.set(xlabel="times named as a neighbour, or more", ylabel=f"share of {unit} (%)")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
    names = [*zip(counts, LINE_COLOURS, strict=False), ("random neighbours (dashed)", INK)]
    for place, (name, colour) in enumerate(reversed(names)):  # in the corner that falling curves leave free
        at = (0.02, 0.04 + 0.075 * place)
        ax.annotate(name, at, xycoords="axes fraction", color=colour, fontsize=9)
    return figure


def gap_clouds(
    panels: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]], n_linked: int, names: tuple[str, str]
) -> Figure:
    """Two clouds of matched points in the plane, some matches joined by lines, one panel per state.

    Parameters
    ----------
    panels : mapping of str to (first, second, shares)
        Points of shape (n_pairs, 2) of each cloud, row by row of one pair, and the shares of variance of the
        two axes.
    n_linked : int
        Number of pairs that are joined, spread evenly over the rows.
    names : tuple of str
        Names of the two clouds.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.figures import gap_clouds
    >>> images, texts = np.random.default_rng(0).normal(size=(2, 20, 2)) + [[[1.0, 0.0]], [[-1.0, 0.0]]]
    >>> panels = {"as it is": (images, texts, np.array([0.6, 0.2]))}
    >>> figure = gap_clouds(panels, n_linked=5, names=("images", "texts"))
    >>> figure.axes[0].get_xlabel(), len(figure.axes[0].collections[0].get_paths())
    ('first component (60% of variance)', 5)
    """
    figure, axes = page_figure(3.5, 1, len(panels))
    colours = COLOURS["first"], COLOURS["second"]
    for ax, (title, (first, second, shares)) in zip(axes[0], panels.items(), strict=True):
        if first.shape != second.shape:
            raise ValueError(f"matched clouds have the same shape, got {first.shape} and {second.shape}")
        linked = np.linspace(0, len(first) - 1, n_linked).astype(int)
        pairs = np.stack([first[linked], second[linked]], axis=1)
        ax.add_collection(LineCollection(list(pairs), colors=QUIET, linewidths=0.5, alpha=0.6, zorder=1))
        for cloud, colour, marker in zip((first, second), colours, "o^", strict=True):
            ax.plot(*cloud.T, marker, color=colour, markersize=3, alpha=0.3, markeredgewidth=0, zorder=2)
            ax.plot(*cloud[linked].T, marker, color=colour, markersize=4, markeredgewidth=0, zorder=3)
        ax.set(title=title, aspect="equal", adjustable="datalim")
        ax.set_xlabel(f"first component ({shares[0]:.0%} of variance)")
        ax.set_ylabel(f"second ({shares[1]:.0%})")
        ax.margins(0.08)
        ax.locator_params(nbins=5)
    handles = [
        axes[0, 0].plot([], [], marker, color=colour, label=name)[0]
        for name, colour, marker in zip(names, colours, "o^", strict=True)
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2, handletextpad=0.2)
    return figure
