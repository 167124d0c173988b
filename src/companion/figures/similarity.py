"""Figures of representational similarity in a space: matrices, scores, pairs, dimensions, neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import COLOURS, FAINT, INK, QUIET, SEQUENTIAL, page_figure, reference_line

LEADER: dict[str, Any] = {"arrowstyle": "-", "color": "#B0B0B0", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 3}

FloatArray = npt.NDArray[np.floating[Any]]


def matrix_panels(
    matrices: Mapping[str, FloatArray], groups: Sequence[tuple[str, int]], *, quantity: str
) -> Figure:
    """Square matrices side by side, each turned into ranks so that one scale serves all.

    Parameters
    ----------
    matrices : mapping of str to ndarray of shape (n_rows, n_rows)
        Panels by name; rows already in the order of the groups.
    groups : sequence of (str, int)
        Names and sizes of the groups of rows; an empty name is not printed.
    quantity : str
        What a matrix holds, for the colour bar.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.figures import matrix_panels
    >>> matrix = np.random.default_rng(0).normal(size=(5, 5))
    >>> figure = matrix_panels({"V1": matrix, "V4": matrix.T}, [("animals", 3), ("tools", 2)], quantity="r")
    >>> [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes[:2]]
    ['V1', 'V4']
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['animals', 'tools']
    """
    figure, axes = page_figure(3.1, 1, len(matrices))
    edges = np.cumsum([0, *(size for _, size in groups)])
    for ax, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        if len(matrix) != edges[-1]:
            raise ValueError(f"the groups have {edges[-1]} rows, matrix {name!r} has {len(matrix)}")
        image = ax.imshow(_as_percentiles(matrix), cmap=SEQUENTIAL, vmin=0, vmax=100, interpolation="nearest")
        for edge in edges[1:-1] - 0.5:
            ax.axhline(edge, color="white", linewidth=0.6)
            ax.axvline(edge, color="white", linewidth=0.6)
        ax.set(title=name, xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    centres = (edges[:-1] + edges[1:] - 1) / 2
    axes[0, 0].set_yticks(centres, [name for name, _ in groups], fontsize=8)
    axes[0, 0].tick_params(axis="y", length=0)
    bar = figure.colorbar(image, ax=axes[0].tolist(), location="bottom", shrink=0.4, aspect=30)
    bar.set_label(f"percentile of {quantity} within the matrix", fontsize=9)
    return figure


def score_rows(scores: pd.DataFrame, controls: pd.DataFrame, *, x_label: str) -> Figure:
    """Scores with intervals, one row per version of the space, one panel per way of scoring.

    Parameters
    ----------
    scores : DataFrame
        Columns ``panel``, ``row``, ``kind`` (one or two kinds: filled marks, then hollow ones), ``score``,
        ``low``, ``high``.
    controls : DataFrame
        Columns ``panel``, ``row``, ``score``: single control runs, drawn as ticks in rows of their own.
    x_label : str
        What the score is.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import score_rows
    >>> scores = pd.DataFrame({"panel": "people", "row": ["CLIP", "CLIP, aligned"], "kind": "raw",
    ...                        "score": [0.3, 0.5], "low": [0.2, 0.4], "high": [0.4, 0.6]})
    >>> controls = pd.DataFrame({"panel": "people", "row": ["permuted"], "score": [0.31]})
    >>> figure = score_rows(scores, controls, x_label="rank correlation")
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['CLIP', 'CLIP, aligned', 'permuted']
    """
    panels, kinds = (list(scores[column].unique()) for column in ("panel", "kind"))
    rows = [*scores["row"].unique(), *controls["row"].unique()]
    figure, axes = page_figure(0.4 * len(rows) + 1.0, 1, len(panels), share_x=True, share_y=True)
    colour = COLOURS["human-aligned"]
    for ax, panel in zip(axes[0], panels, strict=True):
        for kind, shift, face in zip(kinds, (-0.14, 0.14), (colour, "white"), strict=False):
            part = scores[(scores["panel"] == panel) & (scores["kind"] == kind)]
            y = _places(part["row"], rows) + shift * (len(kinds) > 1)
            ax.hlines(y, part["low"], part["high"], color=colour)
            ax.plot(part["score"], y, "o", color=colour, markerfacecolor=face, markersize=5, label=kind)
        part = controls[controls["panel"] == panel]
        ax.plot(part["score"], _places(part["row"], rows), "|", color=QUIET, markersize=9)
        ax.set(title=panel, xlabel=x_label, yticks=range(len(rows)), ylim=(len(rows) - 0.4, -0.6))
        ax.set_yticklabels(rows)
        ax.tick_params(axis="y", length=0)
        reference_line(ax, 0.0)
    if len(kinds) > 1:
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, handletextpad=0.2)
    return figure


def pair_density(panels: Mapping[str, FloatArray], human: FloatArray, *, y_label: str) -> Figure:
    """Density of pairs: similarity in a space against human similarity, one panel per space.

    Parameters
    ----------
    panels : mapping of str to ndarray of shape (n_pairs,)
    human : ndarray of shape (n_pairs,)
    y_label : str
    """
    figure, axes = page_figure(2.7, 1, len(panels), share_y=True)
    for ax, (name, values) in zip(axes[0], panels.items(), strict=True):
        cells = ax.hexbin(values, human, gridsize=32, bins="log", cmap=SEQUENTIAL, mincnt=1, linewidths=0)
        ax.set(title=name, xlabel="cosine in the space")
    axes[0, 0].set_ylabel(y_label)
    figure.colorbar(cells, ax=axes[0].tolist(), label="pairs per cell", shrink=0.8)
    return figure


def dimension_readability(table: pd.DataFrame, chance: tuple[float, float], *, n_named: int = 7) -> Figure:
    """How well each human dimension is predicted: sorted with intervals, and against its spread.

    Parameters
    ----------
    table : DataFrame
        Columns ``dimension``, ``r``, ``low``, ``high``, ``spread``; one row per dimension.
    chance : tuple of float
        Range of the same score with shuffled targets.
    n_named : int
        How many of the best and of the worst are named.
    """
    table = table.sort_values("r", ascending=False, ignore_index=True)
    figure, (axes,) = page_figure(4.2, 1, 2, share_y=True, width_ratios=[2.2, 1])
    for ax in axes:
        ax.axhspan(*chance, color=FAINT, alpha=0.6, linewidth=0)
    axes[0].text(1, chance[0], "shuffled targets", va="bottom", fontsize=8.5, color=QUIET)
    axes[0].vlines(table.index + 1, table["low"], table["high"], color=COLOURS["human-aligned"], alpha=0.4)
    axes[0].plot(table.index + 1, table["r"], "o", color=COLOURS["human-aligned"], markersize=4)
    axes[0].set(
        xlabel="dimensions, best predicted first", ylabel="left-out correlation r", ylim=(-0.55, 1.05)
    )
    _name_dots(axes[0], table.head(n_named), x_text=0.4 * len(table), top=1.0, side="left")
    _name_dots(axes[0], table.tail(n_named), x_text=0.78 * len(table), top=-0.08, side="right")
    axes[1].plot(table["spread"], table["r"], "o", color=COLOURS["human-aligned"], markersize=4)
    axes[1].set(xlabel="SD over the concepts", xscale="log", xticks=[0.1, 0.2, 0.4, 0.8])
    axes[1].set_xticklabels(["0.1", "0.2", "0.4", "0.8"])
    axes[1].minorticks_off()
    return figure


def movers(
    table: pd.DataFrame, shares: pd.DataFrame, chance: float, *, labels: tuple[str, str], named: Sequence[str]
) -> Figure:
    """Who moves: agreement of each concept before and after, and how often neighbours are of a kind.

    Parameters
    ----------
    table : DataFrame
        Columns ``concept``, ``before``, ``after``.
    shares : DataFrame, indexed by number of neighbours
        Share of neighbours in a common category, one column per space: the base space, two bent ones,
        people.
    chance : float
        The share among all pairs.
    labels : tuple of str
        Names of the two axes of the first panel.
    named : sequence of str
        Concepts to name.
    """
    figure, (axes,) = page_figure(3.6, 1, 2)
    _agreement_panel(axes[0], table, named)
    axes[0].set(xlabel=labels[0], ylabel=labels[1])
    _share_panel(axes[1], shares)
    reference_line(axes[1], chance, "all pairs", axis="y")
    return figure


def _agreement_panel(ax: Axes, table: pd.DataFrame, named: Sequence[str]) -> None:
    """One dot per concept, the diagonal, and a column of names at the left."""
    ax.axline((0.5, 0.5), slope=1, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.plot(table["before"], table["after"], "o", color=COLOURS["human-aligned"], markersize=3.5, alpha=0.6)
    ax.set(xlim=(-0.45, 1), ylim=(0, 1), xticks=[0, 0.25, 0.5, 0.75, 1])
    chosen = table.set_index("concept").loc[list(named)]
    heights = _spread_out(chosen["after"].to_numpy(), 0.06)
    joined = LEADER | {"relpos": (1.0, 0.5)}
    for name, x, y, height in zip(named, chosen["before"], chosen["after"], heights, strict=True):
        words = name.replace("_", " ")
        ax.annotate(words, (x, y), (-0.42, height), fontsize=8.5, va="center", arrowprops=joined)


def _share_panel(ax: Axes, shares: pd.DataFrame) -> None:
    """One line per space, named at its end."""
    colours = [COLOURS[role] for role in ("base", "third", "human-aligned", "second")]
    text: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 8.5}
    last, ends = shares.index[-1], _spread_out(shares.iloc[-1].to_numpy(), 0.045)
    for column, colour, end in zip(shares.columns, colours, ends, strict=True):
        ax.plot(shares.index, shares[column], color=colour)
        ax.annotate(str(column), (last, end), (4, 0), color=colour, annotation_clip=False, **text)
    ax.set(xlabel="nearest neighbours looked at", ylabel="share in a common category", ylim=(0, 1))


def _as_percentiles(matrix: FloatArray) -> FloatArray:
    """Rank of each entry off the diagonal, 0 to 100; the diagonal stays empty."""
    ranks = np.full(matrix.shape, np.nan)
    off_diagonal = ~np.eye(len(matrix), dtype=bool)
    values = pd.Series(matrix[off_diagonal]).rank().to_numpy()
    ranks[off_diagonal] = 100 * (values - values.min()) / (values.max() - values.min())
    return ranks


def _places(names: pd.Series, rows: Sequence[str]) -> FloatArray:
    return np.array([float(rows.index(name)) for name in names])


def _name_dots(ax: Axes, part: pd.DataFrame, *, x_text: float, top: float, side: str) -> None:
    """Names in a column beside the dots, aligned on one side and joined to them by thin lines."""
    joined = LEADER | {"relpos": (float(side == "right"), 0.5)}
    for place, (rank, name, r) in enumerate(zip(part.index + 1, part["dimension"], part["r"], strict=True)):
        at = (x_text, top - 0.06 * place)
        ax.annotate(name, (rank, r), at, fontsize=8, ha=side, va="center", arrowprops=joined)


def _spread_out(values: FloatArray, gap: float) -> FloatArray:
    """Heights for labels: the values, moved apart until no two are closer than the gap."""
    order = np.argsort(values)
    heights = values[order].astype(float)
    for place in range(1, len(heights)):
        heights[place] = max(heights[place], heights[place - 1] + gap)
    placed = np.empty_like(heights)
    placed[order] = heights - (heights - values[order]).mean()
    return placed
