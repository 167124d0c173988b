"""Figures of paired comparisons: every unit drawn, means and intervals on top, no bars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.style import COLOURS, FAINT, QUIET, page_figure, reference_line, signed


def gain_dumbbells(table: pd.DataFrame, *, base: str, aligned: str, chance: float) -> Figure:
    """Draw two conditions per row as two dots joined by a line, one panel per encoder.

    Parameters
    ----------
    table : DataFrame
        Columns ``encoder``, ``space``, ``alignment``, ``value`` and ``spread`` (all in percent).
    base, aligned : str
        The two values of ``alignment``.
    chance : float
        Accuracy of guessing, in percent.

    Returns
    -------
    Figure
    """
    encoders = list(dict.fromkeys(table["encoder"]))
    spaces = list(dict.fromkeys(table["space"]))[::-1]
    figure, axes = page_figure(
        1.6 + 1.9 * len(encoders) / 2, -(-len(encoders) // 2), 2, share_x=True, share_y=True
    )
    for ax, encoder in zip(axes.flat, encoders, strict=False):
        chosen = table[table["encoder"] == encoder]
        values = {
            level: chosen[chosen["alignment"] == level].set_index("space").loc[spaces]
            for level in (base, aligned)
        }
        rows = np.arange(len(spaces))
        ax.hlines(rows, values[base]["value"], values[aligned]["value"], color=FAINT, linewidth=3)
        for level in (base, aligned):
            ax.errorbar(values[level]["value"], rows, xerr=values[level]["spread"], fmt="o", markersize=5.5,
                        color=COLOURS[level], elinewidth=1, label=level)  # fmt: skip
        for row, gain in enumerate(values[aligned]["value"] - values[base]["value"]):
            end = values[aligned].iloc[row]
            ax.annotate(
                signed(gain, 1),
                (end["value"] + end["spread"], row),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                color=COLOURS[aligned],
            )
        ax.set_yticks(rows, spaces)
        ax.set_title(encoder)
        reference_line(ax, chance, "chance")
    axes[0, 0].set_xlim(0, 1.13 * table["value"].max())
    _legend_above(figure, {base: COLOURS[base], aligned: COLOURS[aligned]})
    figure.supxlabel("Top-1 accuracy (%)", fontsize=10)
    return figure


def paired_dots(pairs: Mapping[str, pd.DataFrame], *, chance: float, label: str) -> Figure:
    """Draw every unit as a line from the first to the second condition, one panel per group.

    Parameters
    ----------
    pairs : mapping of str to DataFrame
        One table per panel: index units, two columns, the first drawn left.
    chance : float
        Level of guessing, on the scale of the values.
    label : str
        What the values are, with unit.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import paired_dots
    >>> table = pd.DataFrame({"base": [20.0, 24.0, 22.0], "aligned": [26.0, 23.0, 29.0]})
    >>> figure = paired_dots({"CLIP": table}, chance=0.5, label="Top-1 accuracy (%)")
    >>> figure.axes[0].get_title(loc="left") or figure.axes[0].get_title()
    'CLIP: +4.00, 2 of 3 rise'
    """
    figure, axes = page_figure(2.4 * -(-len(pairs) // 3), -(-len(pairs) // 3), 3, share_x=True, share_y=True)
    for ax, (name, table) in zip(axes.flat, pairs.items(), strict=False):
        differences = table.iloc[:, 1] - table.iloc[:, 0]
        for (_, row), change in zip(table.iterrows(), differences, strict=True):
            rises = change > 0
            ax.plot([0, 1], row, marker="o", markersize=3.5, linewidth=1, alpha=0.85,
                    linestyle="-" if rises else (0, (3, 2)),
                    color=COLOURS["human-aligned"] if rises else COLOURS["second"])  # fmt: skip
        ax.hlines(table.mean(), [-0.22, 0.88], [0.12, 1.22], color="black", linewidth=2.5)
        ax.set_title(
            f"{name}: {signed(differences.mean(), 2)}, {int((differences > 0).sum())} of {len(table)} rise"
        )
        ax.set_xticks([0, 1], table.columns)
        reference_line(ax, chance, "chance", axis="y")
    axes[0, 0].set_xlim(-0.3, 1.3)
    axes[0, 0].set_ylim(0, None)
    figure.supylabel(label, fontsize=10)
    return figure


def difference_forest(tests: pd.DataFrame, units: pd.DataFrame, *, label: str) -> Figure:
    """Draw mean differences with intervals over the units' own differences, one panel per family of tests.

    Parameters
    ----------
    tests : DataFrame
        Columns ``family``, ``name``, ``difference``, ``low``, ``high`` and ``survives`` (bool: a filled dot).
    units : DataFrame
        Columns ``family``, ``name`` and ``difference``, one row per unit.
    label : str
        What the differences are, with unit.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import difference_forest
    >>> people = {"CLIP": [2.0, 1.5, 3.1], "DINO": [-0.5, 0.8, 0.4]}
    >>> units = pd.DataFrame([("EEG", name, one) for name, some in people.items() for one in some],
    ...                      columns=["family", "name", "difference"])
    >>> tests = units.groupby(["family", "name"])["difference"].agg(
    ...     difference="mean", low="min", high="max").reset_index().assign(survives=[True, False])
    >>> figure = difference_forest(tests, units, label="Aligned minus base (points)")
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()], figure.get_supxlabel()
    (['DINO', 'CLIP'], 'Aligned minus base (points)')
    """
    families = list(dict.fromkeys(tests["family"]))
    names = list(dict.fromkeys(tests["name"]))[::-1]
    n_columns = min(2, len(families))
    n_rows = -(-len(families) // n_columns)
    figure, axes = page_figure(
        n_rows * min(2.3, 1.2 + 0.6 * len(names)), n_rows, n_columns, share_x=True, share_y=True
    )
    for ax, family in zip(axes.flat, families, strict=False):
        own = units[units["family"] == family]
        ax.scatter(
            own["difference"], own["name"].map(names.index) - 0.22, s=9, color=QUIET, alpha=0.55, linewidths=0
        )
        for row in tests[tests["family"] == family].itertuples():
            place = names.index(str(row.name))
            ax.hlines(place, row.low, row.high, color=COLOURS["human-aligned"], linewidth=1.6)
            ax.plot(row.difference, place, "o", markersize=6, color=COLOURS["human-aligned"],
                    markerfacecolor=COLOURS["human-aligned"] if row.survives else "white")  # fmt: skip
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(-0.6, len(names) - 0.6)
        ax.set_title(family)
        reference_line(ax, 0.0)
    for ax in axes.flat[len(families) :]:
        ax.set_visible(False)
    figure.supxlabel(label, fontsize=10)
    return figure


def effect_scales(table: pd.DataFrame, *, neutral: Mapping[str, float]) -> Figure:
    """Draw one effect in two settings on several scales, one panel per scale.

    Parameters
    ----------
    table : DataFrame
        Columns ``scale``, ``name``, ``within``, ``across``, ``low`` and ``high`` (interval of ``across``).
    neutral : mapping of str to float
        Value of no effect on each scale.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import effect_scales
    >>> table = pd.DataFrame({"scale": ["points", "ratio"], "name": "CLIP", "within": [10.0, 1.5],
    ...                       "across": [2.0, 2.0], "low": [1.0, 1.4], "high": [3.0, 2.6]})
    >>> figure = effect_scales(table, neutral={"points": 0.0, "ratio": 1.0})
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['points', 'ratio']
    """
    names = list(dict.fromkeys(table["name"]))[::-1]
    figure, axes = page_figure(2.9, 1, len(neutral), share_y=True)
    for ax, (scale, none) in zip(axes.flat, neutral.items(), strict=True):
        chosen = table[table["scale"] == scale].set_index("name").loc[names]
        rows = np.arange(len(names))
        ax.hlines(rows, chosen["within"], chosen["across"], color=FAINT, linewidth=3)
        ax.hlines(rows, chosen["low"], chosen["high"], color=COLOURS["human-aligned"], linewidth=1.4)
        ax.plot(chosen["across"], rows, "o", color=COLOURS["human-aligned"], label="held-out subject")
        ax.plot(chosen["within"], rows, "D", markersize=5.5, color=COLOURS["human-aligned"],
                markerfacecolor="white", label="same subject")  # fmt: skip
        ax.set_yticks(rows, names)
        ax.set_xlabel(scale)
        reference_line(ax, none)
    axes[0, 0].margins(y=0.12)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _legend_above(figure: Figure, colours: Mapping[str, str]) -> None:
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name) for name, colour in colours.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
