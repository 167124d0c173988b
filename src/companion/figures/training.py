"""Figures of contrastive training: what the temperature does, how losses fall, what a protocol is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import CATEGORIES, COLOURS, INK, QUIET, page_figure, reference_line, signed


def temperature_curves(
    shares: pd.DataFrame, losses: pd.DataFrame, *, guessing: float, chosen: float
) -> Figure:
    """Draw what the temperature makes of cosines: a share of probability, and a loss.

    Parameters
    ----------
    shares : DataFrame
        Index: cosine of the right pair, all others being 0; columns: temperatures; values: probability that
        softmax gives the right one.
    losses : DataFrame
        Index: temperatures, rising; one column per kind of vectors.
    guessing : float
        Loss of equal logits, drawn as a line.
    chosen : float
        Temperature that the paper trains with, drawn as a line.
    """
    figure, ((left, right),) = page_figure(3.3, 1, 2)
    for colour, temperature in zip(CATEGORIES, shares.columns, strict=False):
        left.plot(shares.index, shares[temperature], color=colour, label=f"τ = {temperature:g}")
    left.set_xlabel("Cosine with its own picture")
    left.set_ylabel("Probability of the right pair")
    left.legend()
    for colour, name in zip(CATEGORIES, losses.columns, strict=False):
        right.plot(losses.index, losses[name], color=colour, label=name)
    right.set_xscale("log")
    ticks = [
        value for value in (0.01, 0.02, 0.04, 0.1, 0.3, 1) if losses.index[0] <= value <= losses.index[-1]
    ]
    right.set_xticks(ticks, [f"{value:g}" for value in ticks])
    right.minorticks_off()
    right.set_xlabel("Temperature τ")
    right.set_ylabel("InfoNCE")
    top = 2 * guessing  # low temperatures punish random vectors without bound
    right.set_ylim(0, top)
    reference_line(right, guessing, "equal logits", axis="y")
    reference_line(right, chosen, f"{chosen:g}")
    right.legend(loc="upper right")
    return figure


def loss_curves(
    table: pd.DataFrame, *, guessing: Mapping[str, float], best: Mapping[int, tuple[int, float]]
) -> Figure:
    """Draw losses over training, one line per seed, with what guessing gives; one panel per kind of loss.

    Parameters
    ----------
    table : DataFrame
        ``panel``, ``seed``, ``step`` and ``loss``.
    guessing : mapping of str to float
        Loss of equal logits, by panel.
    best : mapping of int to (step, loss)
        For each seed the validation that gave the checkpoint, marked in the last panel.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import loss_curves
    >>> steps = [{"panel": "validation", "seed": 0, "step": 10, "loss": 4.1},
    ...          {"panel": "validation", "seed": 0, "step": 20, "loss": 3.6}]
    >>> figure = loss_curves(pd.DataFrame(steps), guessing={"validation": 4.85}, best={0: (20, 3.6)})
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['guessing, 4.85']
    """
    panels = list(dict.fromkeys(table["panel"]))
    figure, axes = page_figure(3.2, 1, len(panels), share_x=True, share_y=True)
    for ax, panel in zip(axes[0], panels, strict=True):
        chosen = table[table["panel"] == panel]
        for colour, (seed, rows) in zip(CATEGORIES, chosen.groupby("seed", sort=False), strict=False):
            ax.plot(rows["step"], rows["loss"], color=colour, marker=".", label=f"seed {seed}")
            if panel == panels[-1]:
                ax.plot(*best[int(str(seed))], "o", markersize=9, color=colour, fillstyle="none")
        reference_line(ax, guessing[panel], f"guessing, {guessing[panel]:.2f}", axis="y")
        ax.set_title(panel, loc="left")
        ax.set_xlabel("Steps")
    axes[0, 0].set_ylabel("InfoNCE")
    axes[0, 0].set_ylim(0, 1.15 * max(table["loss"].max(), *guessing.values()))
    axes[0, 0].legend()
    return figure


def score_at_checkpoints(table: pd.DataFrame, *, chance: float) -> Figure:
    """Draw validation loss and test accuracy of the same encoders, step by step; one line per person.

    Parameters
    ----------
    table : DataFrame
        ``subject``, ``step``, ``loss`` and ``accuracy`` in percent.
    chance : float
        In percent.
    """
    figure, ((left, right),) = page_figure(3.1, 1, 2, share_x=True)
    for colour, (subject, rows) in zip(CATEGORIES, table.groupby("subject", sort=False), strict=False):
        chosen = rows.iloc[int(rows["loss"].argmin())]
        highest = rows.iloc[int(rows["accuracy"].argmax())]
        for ax, name in ((left, "loss"), (right, "accuracy")):
            ax.plot(rows["step"], rows[name], color=colour, marker=".", label=str(subject))
            ax.plot(chosen["step"], chosen[name], "o", markersize=9, color=colour, fillstyle="none")
        right.plot(highest["step"], highest["accuracy"], "x", markersize=9, color=colour)
    left.set_ylabel("Validation loss")
    right.set_ylabel("Top-1 on the test pictures (%)")
    right.set_ylim(0, None)
    reference_line(right, chance, f"chance {chance:.3g}", axis="y")
    for ax in (left, right):
        ax.set_xlabel("Steps")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=6)
    return figure


def protocol_ladder(table: pd.DataFrame, *, reference: str, chance: float) -> Figure:
    """One protocol per row, each a single switch away from the first, with the change of the mean.

    Parameters
    ----------
    table : DataFrame
        ``protocol``, ``subject``, ``value`` in percent and ``leaks`` (whether it uses what nobody would
        have); one row per subject and protocol.
    reference : str
        The protocol that all others differ from.
    chance : float
        In percent.
    """
    names = list(dict.fromkeys(table["protocol"]))
    means = table.groupby("protocol")["value"].mean()
    figure, ((ax,),) = page_figure(0.9 + 0.42 * len(names))
    for place, name in enumerate(names):
        _rung(ax, place, table[table["protocol"] == name], float(means[reference]), name == reference)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.7)
    ax.set_xlim(0, 1.4 * table["value"].max())  # room for the numbers at the right
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Top-1 accuracy (%)")
    reference_line(ax, float(means[reference]))
    reference_line(ax, chance, f"chance {chance:.3g}")
    return figure


def _rung(ax: Axes, place: int, rows: pd.DataFrame, reference: float, is_reference: bool) -> None:
    leaks = bool(rows["leaks"].any())
    mean = float(rows["value"].mean())
    colour = COLOURS["second"] if leaks else INK if is_reference else COLOURS["first"]
    ax.plot(rows["value"], np.full(len(rows), place), "o", markersize=4, color=QUIET, alpha=0.6)
    ax.plot(mean, place, "D", markersize=7, color=colour, fillstyle="none" if leaks else "full")
    text = f"{mean:.1f}" if is_reference else f"{mean:.1f}  ({signed(mean - reference, 1)})"
    ax.annotate(text, (1, place), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=9)
