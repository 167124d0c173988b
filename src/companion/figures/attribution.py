"""Figures of what a decoder reads: maps on two time axes, drops over time, drops by band or region.

Maps over the head are drawn by :func:`companion.figures.heads.topographies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import COLOURS, FAINT, INK, QUIET, page_figure, reference_line

FloatArray = npt.NDArray[np.floating[Any]]

_DASHES: Mapping[str, Any] = {"base": (0, (5, 2)), "human-aligned": "-", "brain-aligned": "-"}
_MARKERS = "oDs^"


def high_values_over_time(
    shown: Mapping[str, FloatArray],
    times: FloatArray,
    positions: Mapping[str, FloatArray],
    fields: tuple[FloatArray, FloatArray, FloatArray],
) -> Figure:
    """Draw when maps are high: on the axis of the published figure, and on that of the receptive fields.

    Parameters
    ----------
    shown : mapping of str to ndarray of shape (n_times,)
        For each role (``base``, ``human-aligned``, ...) how many values of its stretched maps are high.
    times : ndarray of shape (n_times,)
        Seconds.
    positions : mapping of str to ndarray of shape (n_positions,)
        The same counts for maps that were not stretched.
    fields : three ndarrays of shape (n_positions,)
        Centres, starts and stops of the receptive fields in seconds.

    Notes
    -----
    Both panels hold shares of their total. The bars below show what a few of the positions have
    seen; dotted lines lead from where a position is shown in the first panel to the centre of its field.
    """
    centres, starts, stops = (1000 * np.asarray(edge) for edge in fields)
    figure, axes = page_figure(4.4, 3, 1, share_x=True, height_ratios=[1.2, 1.2, 0.8])
    above, middle, below = axes[:, 0]
    interval = 1000 * float(times[1] - times[0])
    for role, counts in shown.items():
        density = 20 * counts / counts.sum() / interval  # per 20 ms, whatever the sampling rate
        above.plot(1000 * times, 100 * density, **_look(role), label=role)
    for role, counts in positions.items():
        middle.plot(centres, 100 * counts / counts.sum(), marker="o", markersize=3.5, **_look(role))
    few = np.unique(np.linspace(0, len(centres) - 1, 6).round().astype(int))
    width = interval * len(times) / len(centres)
    for row, position in enumerate(few):
        place = 1000 * times[0] + (position + 0.5) * width - interval / 2
        below.hlines(row, starts[position], stops[position], color=FAINT, linewidth=4)
        below.plot([place, centres[position]], [row, row], linestyle=":", linewidth=1, color=QUIET)
        below.plot(centres[position], row, "o", markersize=5, color=INK)
        below.plot(place, row, "o", markersize=5, color=INK, markerfacecolor="white")
    above.set_ylabel("% of high values\nper 20 ms")
    middle.set_ylabel("% of high values\nper position")
    above.set_title("map stretched over the response, as published", fontsize=9.5)
    middle.set_title("positions at the centres of what they saw", fontsize=9.5)
    below.set_title("field (bar), its centre (filled), where the stretched map shows it (open)", fontsize=9.5)
    below.set(xlabel="time from onset (ms)", yticks=range(len(few)), ylim=(len(few) - 0.5, -0.5))
    below.set_yticklabels([str(position + 1) for position in few])
    below.set_ylabel("position")
    below.tick_params(axis="y", length=0)
    for ax in (above, middle):
        ax.set_ylim(0, None)
    figure.align_ylabels()
    _legend(figure, list(shown))
    return figure


def drops_over_time(
    table: pd.DataFrame, *, label: str, planted: tuple[FloatArray, FloatArray] | None = None
) -> Figure:
    """Draw what the score loses when a window of time is taken out: subjects thin, their means thick.

    Parameters
    ----------
    table : DataFrame
        Columns ``subject``, ``alignment`` (a role), ``start``, ``stop``, ``centre`` (seconds)
        and ``drop``, of one metric.
    label : str
        What dropped, with unit.
    planted : (times, importance), optional
        What a simulation put in, drawn as a grey area without unit.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion.figures import drops_over_time
    >>> starts = np.array([0.0, 0.1, 0.2])
    >>> table = pd.DataFrame({"start": starts, "stop": starts + 0.1, "centre": starts + 0.05,
    ...                       "drop": [0.0, 8.0, 2.0], "subject": "one", "alignment": "base"})
    >>> figure = drops_over_time(table, label="Drop of top-1 (points)")
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('centre of the window taken out, from onset (ms)', 'Drop of top-1 (points)')
    """
    figure, axes = page_figure(2.9)
    ax = axes[0, 0]
    for role, part in table.groupby("alignment", sort=False):
        wide = part.pivot_table(index="centre", columns="subject", values="drop")
        look = _look(str(role))
        ax.plot(1000 * wide.index, wide, linewidth=0.6, alpha=0.35, **look)
        ax.plot(1000 * wide.index, wide.mean(axis=1), linewidth=2.2, **look)
    width = 1000 * float((table["stop"] - table["start"]).iloc[0])
    low, high = ax.get_ylim()
    if planted is not None:
        times, importance = planted
        ax.fill_between(
            1000 * times,
            importance / importance.max() * high,
            color=FAINT,
            linewidth=0,
            zorder=0.4,
            alpha=0.7,
        )
        ax.annotate("put in", (1000 * times[importance.argmax()], high), (0, -2), textcoords="offset points",
                    ha="center", va="top", fontsize=8.5, color=QUIET)  # fmt: skip
    right = ax.get_xlim()[1] - 0.02 * (ax.get_xlim()[1] - ax.get_xlim()[0])
    top = high - 0.07 * (high - low)
    ax.hlines(top, right - width, right, color=INK, linewidth=2)
    ax.annotate("window", (right - width / 2, top), (0, -3), textcoords="offset points", ha="center",
                va="top", fontsize=8.5, color=QUIET)  # fmt: skip
    reference_line(ax, 0.0, axis="y")
    ax.set(xlabel="centre of the window taken out, from onset (ms)", ylabel=label, ylim=(low, high))
    _legend(figure, list(dict.fromkeys(table["alignment"])))
    return figure


def drops_by_part(table: pd.DataFrame, *, label: str, part_label: str) -> Figure:
    """Draw what the score loses without each band, region or channel: subjects as pairs, means as bars.

    Parameters
    ----------
    table : DataFrame
        Columns ``removed`` (drawn in order of appearance), ``subject``, ``alignment`` (a role), ``drop``
        and ``share`` (of the energy of the response that was taken out), of one metric.
    label : str
        What dropped, with unit.
    part_label : str
        What the parts are.
    """
    parts, roles = (list(dict.fromkeys(table[column])) for column in ("removed", "alignment"))
    figure, axes = page_figure(3.0)
    ax = axes[0, 0]
    offsets = np.linspace(-0.22, 0.22, len(roles)) if len(roles) > 1 else np.zeros(1)
    for place, name in enumerate(parts):
        wide = table[table["removed"] == name].pivot_table(
            index="subject", columns="alignment", values="drop"
        )[roles]
        ax.plot(place + offsets, wide.T, color=FAINT, linewidth=0.8, zorder=1)
        for offset, role in zip(offsets, roles, strict=True):
            ax.plot(np.full(len(wide), place + offset), wide[role], _MARKERS[roles.index(role)], markersize=4,
                    alpha=0.75, color=_look(role)["color"], markeredgewidth=0)  # fmt: skip
            ax.hlines(
                wide[role].mean(),
                place + offset - 0.09,
                place + offset + 0.09,
                color=INK,
                linewidth=2,
                zorder=3,
            )
    shares = table.groupby("removed")["share"].mean()
    ax.set_xticks(range(len(parts)), [f"{name}\n{100 * shares[name]:.0f} %" for name in parts])
    ax.set(xlabel=f"{part_label}, and share of the response's energy taken out with it", ylabel=label)
    ax.tick_params(axis="x", length=0)
    reference_line(ax, 0.0, axis="y")
    handles = [
        Line2D(
            [], [], marker=_MARKERS[roles.index(role)], linestyle="", color=_look(role)["color"], label=role
        )
        for role in roles
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    return figure


def _look(role: str) -> dict[str, Any]:
    """Colour and dashes of a role; those without a colour of their own, such as controls, share one."""
    return {"color": COLOURS.get(role, COLOURS["third"]), "linestyle": _DASHES.get(role, (0, (1, 1)))}


def _legend(figure: Figure, roles: Sequence[str]) -> None:
    """Name the lines of roles above the figure."""
    handles = [Line2D([], [], **_look(role), label=role) for role in roles]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
