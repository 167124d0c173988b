"""Figures over frequency: what a front end lets through, what a map's spectrum holds, what removal costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import CATEGORIES, COLOURS, FAINT, INK, QUIET, page_figure, reference_line

FloatArray = npt.NDArray[np.floating[Any]]

LOWEST_GAIN = -60.0
"""Decibels at the bottom of a gain figure; zeros of a moving mean would lie infinitely deep."""


def gains_over_frequency(
    gains: Mapping[str, FloatArray],
    hertz: FloatArray,
    *,
    marks: Sequence[float] = (),
    signal: FloatArray | None = None,
) -> Figure:
    """Draw the gains of front ends in decibels, above the frequencies that a simulation put in.

    Parameters
    ----------
    gains : mapping of str to ndarray of shape (n_frequencies,)
        Amplitude that each lets through, 1 for all.
    hertz : ndarray of shape (n_frequencies,)
    marks : sequence of float
        Frequencies to point at.
    signal : ndarray of shape (n_frequencies,), optional
        Energy per hertz that was put in, drawn as a grey area without unit.
    """
    figure, axes = page_figure(3.0)
    ax = axes[0, 0]
    for (name, gain), colour in zip(gains.items(), CATEGORIES, strict=False):
        decibels = 20 * np.log10(np.maximum(gain, 10 ** (LOWEST_GAIN / 20)))
        ax.plot(hertz, decibels, color=colour, label=name)
    if signal is not None:
        top = LOWEST_GAIN * (1 - 0.55 * signal / signal.max())
        ax.fill_between(hertz, LOWEST_GAIN, top, color=FAINT, linewidth=0, zorder=0.4, alpha=0.8)
    for mark in marks:
        reference_line(ax, mark, f"{mark:g} Hz", at=0.06)
    ax.set(xlabel="frequency (Hz)", ylabel="gain (dB)", ylim=(LOWEST_GAIN, 3), xlim=(0, hertz[-1]))
    handles, labels = ax.get_legend_handles_labels()
    if signal is not None:
        handles.append(Line2D([], [], color=FAINT, linewidth=6))
        labels.append("signal put in (no unit)")
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def map_spectra(
    spectra: Mapping[str, tuple[FloatArray, FloatArray]], *, data_up_to: float, field_hertz: float
) -> Figure:
    """Draw spectra of maps over time; where they hold interpolation only, the panel is shaded.

    Parameters
    ----------
    spectra : mapping of str to (hertz, share)
        For each role, frequencies on the axis of the stretched map, and shares of its energy.
    data_up_to : float
        Half the rate of the map's own positions, in hertz of the same axis.
    field_hertz : float
        Hertz of the receptive fields in one hertz of the stretched map.
    """
    figure, axes = page_figure(3.0)
    ax = axes[0, 0]
    for role, (hertz, share) in spectra.items():
        ax.plot(hertz, 100 * share, marker="o", markersize=3.5, color=COLOURS.get(role, COLOURS["third"]),
                linestyle="--" if role == "base" else "-", label=role)  # fmt: skip
    right = max(float(hertz[-1]) for hertz, _ in spectra.values())
    ax.axvspan(data_up_to, right, color=FAINT, alpha=0.6, linewidth=0, zorder=0)
    ax.annotate("interpolation only", (data_up_to, 0.97), (5, 0), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", fontsize=8.5, color=QUIET)  # fmt: skip
    ax.set(yscale="log", xlim=(0, right), xlabel="frequency of the stretched map, as published (Hz)")
    ax.set_ylabel("share of the map's energy,\nwithout its mean (%)")
    above = ax.secondary_xaxis("top", functions=(lambda f: f * field_hertz, lambda f: f / field_hertz))
    above.set_xlabel("the same in time of the receptive fields (Hz)", fontsize=9)
    figure.legend(loc="outside upper right", ncols=len(spectra))
    return figure


def drops_over_frequency(
    table: pd.DataFrame, *, label: str, planted: tuple[FloatArray, FloatArray] | None = None
) -> Figure:
    """Draw what scores lose when a band is taken out, over its frequency, one panel per decoder.

    Parameters
    ----------
    table : DataFrame
        Columns ``decoder`` (panels, in order of appearance), ``subject``, ``alignment`` (a role), ``low`` and
        ``high`` (hertz) and ``drop``, of one metric.
    label : str
        What dropped, with unit.
    planted : (hertz, importance), optional
        What a simulation put in, at the centres of the bands: a grey area, as high as the highest mean.
    """
    decoders = list(dict.fromkeys(table["decoder"]))
    figure, axes = page_figure(2.7, 1, len(decoders), share_x=True, share_y=True)
    chosen = table.assign(centre=(table["low"] + table["high"]) / 2)
    highest = float(chosen.groupby(["decoder", "alignment", "centre"])["drop"].mean().max())
    roles = list(dict.fromkeys(table["alignment"]))
    for ax, decoder in zip(axes[0], decoders, strict=True):
        for role in roles:
            part = chosen[(chosen["decoder"] == decoder) & (chosen["alignment"] == role)]
            wide = part.pivot_table(index="centre", columns="subject", values="drop")
            look = _look(role)
            ax.plot(wide.index, wide, linewidth=0.6, alpha=0.3, **look)
            ax.plot(wide.index, wide.mean(axis=1), linewidth=2.0, **look)
        if planted is not None:
            hertz, importance = planted
            area = highest * importance / importance.max()
            ax.fill_between(hertz, 0, area, color=FAINT, linewidth=0, zorder=0.4, alpha=0.8)
        ax.set_title(decoder)
        reference_line(ax, 0.0, axis="y")
    axes[0, 0].set_ylabel(label)
    figure.supxlabel("middle of the band taken out (Hz)", fontsize=10)
    handles = [Line2D([], [], label=role, **_look(role)) for role in roles]
    if planted is not None:
        handles.append(Line2D([], [], color=FAINT, linewidth=6, label="put in (no unit)"))
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    return figure


def recovery_dots(table: pd.DataFrame, *, label: str) -> Figure:
    """Draw how well each method finds what was put in: subjects as dots, means as ticks, one panel per axis.

    Parameters
    ----------
    table : DataFrame
        Columns ``panel``, ``row`` (a method, in order of appearance), ``subject`` and ``value``. A row
        that a panel lacks stays empty there.
    label : str
        What the values are; 1 is perfect.
    """
    panels, rows = (list(dict.fromkeys(table[column])) for column in ("panel", "row"))
    figure, axes = page_figure(0.3 * len(rows) + 1.1, 1, len(panels), share_x=True, share_y=True)
    for ax, panel in zip(axes[0], panels, strict=True):
        for place, row in enumerate(rows):
            values = table[(table["panel"] == panel) & (table["row"] == row)]["value"].to_numpy(dtype=float)
            ax.plot(values, np.full(len(values), place), "o", color=COLOURS["first"], alpha=0.6, markersize=4)
            if len(values):
                ax.plot(values.mean(), place, "|", color=INK, markersize=14, markeredgewidth=2)
        ax.set(title=panel, xlim=(-1.05, 1.05), ylim=(len(rows) - 0.5, -0.5))
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(axis="y", length=0)
        reference_line(ax, 0.0)
    figure.supxlabel(label, fontsize=10)
    return figure


def _look(role: str) -> dict[str, Any]:
    """Colour and dashes of a role; controls share a colour."""
    dashes = {"base": (0, (5, 2)), "human-aligned": "-"}.get(role, (0, (1, 1)))
    return {"color": COLOURS.get(role, COLOURS["third"]), "linestyle": dashes}
