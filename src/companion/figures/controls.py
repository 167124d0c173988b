"""Figures of controls: what null worlds give, what knowing nothing scores, what shuffling leaves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import COLOURS, FAINT, INK, QUIET, page_figure, reference_line


def pass_shares(table: pd.DataFrame, *, effect: str) -> Figure:
    """Share of worlds that give each finding, one panel per kind of world, with what the level allows.

    Parameters
    ----------
    table : DataFrame
        ``finding``, ``kind``, ``share`` and ``bound`` (both fractions), ``n``; a finding that a kind of world
        cannot have is absent there.
    effect : str
        The kind in which something was put in; its dots are blue, those of nulls grey, or orange above the
        bound.
    """
    findings = list(dict.fromkeys(table["finding"]))
    kinds = list(dict.fromkeys(table["kind"]))
    figure, axes = page_figure(0.9 + 0.34 * len(findings), 1, len(kinds), share_x=True, share_y=True)
    for ax, kind in zip(axes[0], kinds, strict=True):
        for row in table[table["kind"] == kind].itertuples():
            place = findings.index(str(row.finding))
            over = float(str(row.share)) > float(str(row.bound)) + 1e-9
            colour = COLOURS["first"] if kind == effect else COLOURS["second"] if over else QUIET
            ax.hlines(place, 0, row.bound, color=FAINT, linewidth=7)
            ax.plot(row.share, place, "o", color=colour, markersize=6, clip_on=False, zorder=3)
        ax.set_title(kind)
        ax.set(xlim=(0, 1), ylim=(len(findings) - 0.4, -0.6))
        ax.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
        ax.set_yticks(range(len(findings)), findings)
        ax.tick_params(axis="y", length=0)
    handles = [
        Line2D([], [], color=FAINT, linewidth=7, label="what the level allows"),
        *(
            Line2D([], [], marker="o", linestyle="", color=colour, label=name)
            for name, colour in {
                "with an effect": COLOURS["first"],
                "null": QUIET,
                "null, too often": COLOURS["second"],
            }.items()
        ),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    figure.supxlabel("Share of worlds that give the finding", fontsize=10)
    return figure


def floor_dots(table: pd.DataFrame) -> Figure:
    """Draw chance, a constant prediction and a decoder, by score and space.

    Parameters
    ----------
    table : DataFrame
        ``score`` (panels), ``space`` (rows), ``chance``, ``floor`` and ``decoder``, per cent; one row per
        score and space.
    """
    scores, spaces = (list(dict.fromkeys(table[name])) for name in ("score", "space"))
    n_columns = min(4, len(scores))
    n_rows = -(-len(scores) // n_columns)
    figure, axes = page_figure(0.5 + n_rows * (0.75 + 0.27 * len(spaces)), n_rows, n_columns, share_y=True)
    for ax, score in zip(axes.flat, scores, strict=False):
        chosen = table[table["score"] == score].set_index("space")
        for place, space in enumerate(spaces):
            if space not in chosen.index:
                continue
            row = chosen.loc[space]
            ax.hlines(place, row["floor"], row["decoder"], color=FAINT, linewidth=3)
            ax.plot(row["chance"], place, "|", color=INK, markersize=13, markeredgewidth=1.4)
            ax.plot(row["floor"], place, "D", color=COLOURS["second"], markersize=5.5, fillstyle="none")
            ax.plot(row["decoder"], place, "o", color=COLOURS["first"], markersize=5.5)
        ax.set_title(textwrap.fill(score, 20), fontsize=9)
        ax.set_ylim(len(spaces) - 0.4, -0.6)
        ax.set_yticks(range(len(spaces)), spaces)
        ax.tick_params(axis="y", length=0)
        ax.margins(x=0.1)
        ax.locator_params(axis="x", nbins=3)
    for ax in axes.flat[len(scores) :]:
        ax.set_visible(False)
    handles = [
        Line2D([], [], marker="|", linestyle="", color=INK, markersize=12, label="called chance"),
        Line2D([], [], marker="D", linestyle="", color=COLOURS["second"], fillstyle="none",
               label="says the training mean"),
        Line2D([], [], marker="o", linestyle="", color=COLOURS["first"], label="decoder"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    figure.supxlabel("Per cent", fontsize=10)
    return figure


def shuffled_strips(
    shuffles: pd.DataFrame, real: Mapping[str, float], *, chance: float, bound: float, label: str
) -> Figure:
    """Scores after each shuffle as grey dots, one row per person, beside the score of the pairs as they are.

    Parameters
    ----------
    shuffles : DataFrame
        ``subject`` and ``value``, per cent; one row per shuffle.
    real : mapping of str to float
        By subject, per cent.
    chance : float
        Accuracy of guessing, per cent.
    bound : float
        What guessing rarely reaches in one run, per cent.
    label : str
        What the values are, with unit.
    """
    people = list(real)
    figure, ((near, ax),) = page_figure(0.9 + 0.26 * len(people), 1, 2, share_y=True, width_ratios=[1, 1])
    for place, person in enumerate(people):
        values, counts = np.unique(
            shuffles.loc[shuffles["subject"] == person, "value"].to_numpy(), return_counts=True
        )
        for panel in (near, ax):
            panel.scatter(
                values, np.full(len(values), place), s=9 * counts, color=QUIET, alpha=0.6, linewidths=0
            )
        ax.plot(real[person], place, "D", color=COLOURS["first"], markersize=6)
    for panel in (near, ax):
        panel.set(ylim=(len(people) - 0.4, -0.6))
        panel.set_yticks(range(len(people)), people)
        panel.tick_params(axis="y", length=0)
        reference_line(panel, chance)
    reference_line(near, bound)
    highest = max(float(shuffles["value"].max()), bound)
    near.set(title="shuffles alone", xlim=(-0.05 * highest, 1.15 * highest))
    ax.set(title="beside the pairs as they are")
    ax.set_xlim(-0.03 * max(real.values()), 1.08 * max(*real.values(), highest))
    handles = [
        Line2D([], [], marker="o", linestyle="", color=QUIET, alpha=0.6, label="shuffled pairs"),
        Line2D([], [], marker="D", linestyle="", color=COLOURS["first"], label="pairs as they are"),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (4, 3)),
               label=f"chance {chance:.3g}; p < .05 from {bound:.3g}"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    figure.supxlabel(label, fontsize=10)
    return figure


def honest_leaky(table: pd.DataFrame, *, chance: Mapping[str, float], label: str) -> Figure:
    """Honest and leaky score of every unit, joined by a line; one panel per setting.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``unit``, ``honest`` and ``leaky``, per cent.
    chance : mapping of str to float
        Level of guessing of each panel, per cent.
    label : str
        What the values are, with unit.
    """
    panels = list(dict.fromkeys(table["panel"]))
    n_columns = len(panels) if len(panels) < 5 else min(4, -(-len(panels) // 2))
    n_rows = -(-len(panels) // n_columns)
    figure, axes = page_figure(0.4 + 2.4 * n_rows, n_rows, n_columns)
    for ax, panel in zip(axes.flat, panels, strict=False):
        own = table[table["panel"] == panel]
        values = own[["honest", "leaky"]].to_numpy(dtype=float)
        many = len(values) > 12
        ax.plot([0, 1], values.T, color=QUIET, linewidth=0.7, alpha=0.25 if many else 0.7, zorder=1)
        for place, colour in enumerate((COLOURS["first"], COLOURS["second"])):
            ax.plot(np.full(len(values), place), values[:, place], "o", color=colour, markersize=3.5,
                    alpha=0.35 if many else 0.9)  # fmt: skip
            mean = float(values[:, place].mean())
            ax.hlines(mean, place - 0.28, place + 0.28, color="black", linewidth=2.2, zorder=3)
            ax.annotate(f"{mean:.1f}", (place, 1), xycoords=("data", "axes fraction"), ha="center", va="top",
                        fontsize=9)  # fmt: skip
        reference_line(ax, chance[panel], axis="y")
        ax.set_xticks([0, 1], ["honest", "leaky"])
        ax.set_xlim(-0.5, 1.5)
        low, high = min(values.min(), chance[panel]), max(values.max(), chance[panel])
        room = max(high - low, 1e-6)
        ax.set_ylim(low - 0.08 * room, high + 0.25 * room)  # means are printed on top
        ax.set_title(panel, fontsize=9)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    figure.supylabel(label, fontsize=10)
    return figure


def looks_curves(table: pd.DataFrame, *, chance: float) -> Figure:
    """Accuracy after each look at the test: at the lowest validation loss so far, and the best so far.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``run``, ``look`` (from 1), ``honest`` and ``leaky``, per cent; one row per run and look.
    chance : float
        Level of guessing, per cent.
    """
    panels = list(dict.fromkeys(table["panel"]))
    figure, axes = page_figure(3.1, 1, len(panels))
    colours = {"honest": COLOURS["first"], "leaky": COLOURS["second"]}
    for ax, panel in zip(axes[0], panels, strict=True):
        own = table[table["panel"] == panel]
        for kind, colour in colours.items():
            wide = own.pivot_table(index="look", columns="run", values=kind)
            ax.plot(wide.index, wide, color=colour, linewidth=0.7, alpha=0.3)
            ax.plot(wide.index, wide.mean(axis=1), "o-", color=colour, linewidth=2, markersize=4)
        reference_line(ax, chance, axis="y")
        ax.set_ylim(0, None)
        ax.set(title=panel, xlabel="Looks at the test")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel("Top-1 accuracy (%)")
    names = {"honest": "at the lowest validation loss", "leaky": "best so far"}
    handles = [Line2D([], [], color=colours[kind], linewidth=2, label=name) for kind, name in names.items()]
    handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label="guessing"))
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return figure


def leak_forest(leaks: pd.DataFrame, units: pd.DataFrame, *, label: str) -> Figure:
    """Inflation of each leak with its interval over units, one panel per setting, rows wide enough to read.

    Parameters
    ----------
    leaks : DataFrame
        ``panel``, ``leak``, ``difference``, ``low``, ``high`` (not a number where there is no interval) and
        ``shows`` (whether the interval leaves out zero: a filled dot).
    units : DataFrame
        ``panel``, ``leak`` and ``difference``; one row per unit.
    label : str
        What the differences are, with unit.
    """
    panels, names = (list(dict.fromkeys(leaks[column])) for column in ("panel", "leak"))
    figure, axes = page_figure(0.9 + 0.29 * len(names), 1, len(panels), share_x=True, share_y=True)
    for ax, panel in zip(axes[0], panels, strict=True):
        own = units[units["panel"] == panel]
        ax.scatter(own["difference"], own["leak"].map(names.index) + 0.27, s=8, color=QUIET, alpha=0.5,
                   linewidths=0)  # fmt: skip
        for _, row in leaks[leaks["panel"] == panel].iterrows():
            place, colour = names.index(row["leak"]), COLOURS["first"]
            if np.isfinite(row["low"]):
                ax.hlines(place, row["low"], row["high"], color=colour, linewidth=1.8)
            ax.plot(row["difference"], place, "o", markersize=6, color=colour,
                    markerfacecolor=colour if row["shows"] else "white")  # fmt: skip
        ax.set(title=panel, ylim=(len(names) - 0.4, -0.6))
        ax.set_yticks(range(len(names)), names)
        ax.tick_params(axis="y", length=0)
        reference_line(ax, 0.0)
    figure.supxlabel(label, fontsize=10)
    return figure
