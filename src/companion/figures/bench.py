"""Figures of the bench: targets by supervision, what stands below and above them, and person by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import COLOURS, FAINT, INK, QUIET, SEQUENTIAL, ink_on, page_figure

FLOOR = 50.0
"""Percentile of guessing."""
_LABEL = "Percentile of the seen picture"
_ROLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "aligned": {"color": COLOURS["human-aligned"], "marker": "o"},
        "permuted": {"color": COLOURS["third"], "marker": "D", "markerfacecolor": "white"},
    }
)
_MARKS = ("o", "s", "D", "^", "v")
_SHIFT = {"aligned": -0.13, "permuted": 0.13}


def bench_maps(table: pd.DataFrame, *, targets: Sequence[str], supervisions: Sequence[str]) -> Figure:
    """Draw one heat map per recording: how far each cell has come from the floor to the line of its target.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``target``, ``supervision``, ``value`` (mean percentile, from 0 to 100) and ``share``
        (percent of the way from the floor to the optimal decoder; missing where that is not known). A cell
        that is not in the table is left empty.
    targets, supervisions : sequence of str
        Rows from top to bottom, and columns from left to right.

    Returns
    -------
    Figure
        The share is the colour and is printed; the percentile stands below it.
    """
    panels = list(dict.fromkeys(table["panel"]))
    n_rows = -(-len(panels) // 3)
    figure, axes = page_figure(0.7 + 2.5 * n_rows, n_rows, min(3, len(panels)), share_x=True, share_y=True)
    for ax, panel in zip(axes.flat, panels, strict=False):
        own = table[table["panel"] == panel].set_index(["target", "supervision"])
        wanted = pd.MultiIndex.from_product([targets, supervisions])
        grid = own.reindex(wanted)
        shares, values = (
            grid[name].to_numpy(dtype=float).reshape(len(targets), len(supervisions))
            for name in ("share", "value")
        )
        image = ax.imshow(np.ma.masked_invalid(shares), cmap=SEQUENTIAL, vmin=0, vmax=100, aspect="auto")
        for place, value in np.ndenumerate(values):
            _cell(ax, place, value, shares[place], image.cmap(image.norm(shares[place])))
        ax.set_title(panel)
        ax.set_xticks(range(len(supervisions)), supervisions)
        ax.set_yticks(range(len(targets)), [name.replace(" + ", "\n+ ") for name in targets])
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    bar = figure.colorbar(image, ax=axes, location="bottom", shrink=0.5, aspect=35, pad=0.02)
    bar.set_label("Way from the floor to the optimal decoder (%)")
    bar.outline.set_visible(False)
    return figure


def bench_people(
    people: pd.DataFrame, *, targets: Sequence[str], supervisions: Sequence[str], oracle: pd.DataFrame
) -> Figure:
    """Draw one recording person by person: every target, aligned and permuted; one panel per supervision.

    Parameters
    ----------
    people : DataFrame
        ``target``, ``role`` (``"aligned"``, which includes the base, or ``"permuted"``), ``supervision``,
        ``subject`` and ``value`` (mean percentile).
    targets, supervisions : sequence of str
        Places from left to right, and panels.
    oracle : DataFrame
        ``target`` and ``value``: mean of optimal decoders with real teachers; empty where it is not known.

    Returns
    -------
    Figure
    """
    figure, axes = page_figure(3.3, 1, len(supervisions), share_y=True)
    for ax, supervision in zip(axes.flat, supervisions, strict=True):
        own = people[people["supervision"] == supervision]
        for row in oracle[oracle["target"].isin(own["target"])].itertuples():
            place = list(targets).index(str(row.target))
            ax.hlines(
                row.value, place - 0.38, place + 0.38, color=COLOURS["ceiling"], linewidth=4, zorder=0.8
            )
        for (target, role), part in own.groupby(["target", "role"], sort=False):
            _dots(ax, list(targets).index(str(target)), str(role), part["value"].to_numpy(dtype=float))
        for place in (place for place, name in enumerate(targets) if name not in set(own["target"])):
            ax.annotate("none", (place, 0.5), xycoords=("data", "axes fraction"), ha="center", color=QUIET,
                        fontsize=8.5)  # fmt: skip
        ax.axhline(FLOOR, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.5)
        ax.set_title(supervision)
        ax.set_xticks(range(len(targets)), targets, rotation=38, ha="right", rotation_mode="anchor")
        ax.set_xlim(-0.6, len(targets) - 0.4)
    low, high = min(people["value"].min(), FLOOR), max([people["value"].max(), *oracle["value"]])
    axes[0, 0].set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    axes[0, 0].set_ylabel(_LABEL)
    handles = [
        Line2D([], [], linestyle="none", label="base or aligned" if role == "aligned" else role, **look)
        for role, look in _ROLES.items()
    ]
    handles.append(Line2D([], [], color="black", linewidth=2, label="mean over people"))
    if len(oracle):
        handles.append(Line2D([], [], color=COLOURS["ceiling"], linewidth=4, label="optimal decoder"))
    handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label="guessing"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), columnspacing=1.2)
    return figure


def bench_levels(table: pd.DataFrame, *, levels: Mapping[str, str]) -> Figure:
    """Draw what stands below and above a decoder, one row per recording.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``level``, ``value``, and ``low`` and ``high``, the lowest and highest person; percentiles.
        A level that a recording lacks is left out.
    levels : mapping of str to str
        Level -> colour, in the order of the legend; five at most.

    Returns
    -------
    Figure
    """
    panels = list(dict.fromkeys(table["panel"]))[::-1]
    figure, axes = page_figure(1.2 + 0.52 * len(panels))
    ax = axes[0, 0]
    offsets = 0.62 * (np.arange(len(levels)) / max(1, len(levels) - 1) - 0.5)
    for (level, colour), mark, offset in zip(levels.items(), _MARKS, offsets[::-1], strict=False):
        own = table[table["level"] == level]
        rows = np.array([panels.index(name) for name in own["panel"]]) + offset
        ax.hlines(rows, own["low"], own["high"], color=colour, linewidth=1.4)
        ax.plot(own["value"], rows, linestyle="none", marker=mark, markersize=6, color=colour, label=level)
    ax.hlines(np.arange(len(panels) - 1) + 0.5, 0, 1, color=FAINT, linewidth=0.8,
              transform=ax.get_yaxis_transform(), zorder=0.4)  # fmt: skip
    ax.axvline(FLOOR, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.5)
    ax.set_yticks(range(len(panels)), panels)
    ax.set_ylim(-0.5, len(panels) - 0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"{_LABEL} (dashed: guessing)")
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def _cell(ax: Axes, place: tuple[int, ...], value: float, share: float, colour: Any) -> None:
    row, column = place
    if not np.isfinite(value):
        ax.text(column, row, "–", ha="center", va="center", color=QUIET)
        return
    told = f"{share:.0f} %".replace("-", "−") if np.isfinite(share) else "n/a"
    ink = ink_on(colour) if np.isfinite(share) else "black"
    ax.text(column, row - 0.13, told, ha="center", va="center", fontsize=9, color=ink)
    ax.text(column, row + 0.25, f"{value:.1f}", ha="center", va="center", fontsize=7.5, color=ink)


def _dots(ax: Axes, place: int, role: str, values: np.ndarray) -> None:
    x = place + _SHIFT[role]
    ax.plot(np.full(len(values), x), values, linestyle="none", markersize=4, alpha=0.75, **_ROLES[role])
    ax.hlines(values.mean(), x - 0.13, x + 0.13, color="black", linewidth=2, zorder=3)
