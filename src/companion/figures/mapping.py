"""Figures of mapping fMRI into a joint space: how near texts lie to pictures, training, supervision."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from companion.figures.style import CATEGORIES, COLOURS, page_figure, reference_line


def pivot_histograms(table: pd.DataFrame, *, n_bins: int = 40) -> Figure:
    """Draw cosines of pictures with their own text and with other texts, one panel per kind of text.

    Parameters
    ----------
    table : DataFrame
        ``texts`` (panel), ``pair`` and ``cosine``.
    n_bins : int
        Shared by all panels.

    Returns
    -------
    Figure
    """
    panels, pairs = (list(dict.fromkeys(table[name])) for name in ("texts", "pair"))
    figure, axes = page_figure(2.8, 1, max(1, len(panels)), share_x=True, share_y=True)
    edges = np.histogram_bin_edges(table["cosine"], bins=n_bins)
    for ax, panel in zip(axes[0], panels, strict=False):
        own = table[table["texts"] == panel]
        for pair, colour in zip(pairs, (COLOURS["first"], COLOURS["base"]), strict=False):
            values = own.loc[own["pair"] == pair, "cosine"]
            ax.hist(values, bins=edges, color=colour, alpha=0.6, label=f"{pair} text")
            ax.axvline(float(values.mean()), color=colour, linewidth=1.2)
        ax.set(title=panel, xlabel="Cosine with the picture")
    axes[0, 0].set_ylabel("Pictures")
    axes[0, 0].legend()
    return figure


def validation_curves(table: pd.DataFrame) -> Figure:
    """Draw the loss on held-out categories by epoch: one panel per network, one line per person.

    Parameters
    ----------
    table : DataFrame
        ``network`` (panel), ``person``, ``epoch``, ``loss`` and ``best``, the epoch that is kept.

    Returns
    -------
    Figure
    """
    panels = list(dict.fromkeys(table["network"]))
    figure, axes = page_figure(2.8, 1, len(panels), share_x=True, share_y=True)
    for ax, panel in zip(axes[0], panels, strict=True):
        people = table[table["network"] == panel].groupby("person", sort=False)
        for colour, (person, rows) in zip(CATEGORIES, people, strict=False):
            kept = rows[rows["epoch"] == rows["best"]]
            ax.plot(rows["epoch"], rows["loss"], color=colour, label=f"person {person}")
            ax.plot(kept["epoch"], kept["loss"], "o", color=colour, markersize=5)
        ax.set(title=panel, xlabel="Epoch")
    axes[0, 0].set_ylabel("Loss, held-out categories")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def grid_of_scores(table: pd.DataFrame, *, chance: Mapping[str, float], label: str = "Supervision") -> Figure:
    """Draw accuracies by supervision or region: one panel per task, one line per network, dots for people.

    Parameters
    ----------
    table : DataFrame
        ``task`` (panel), ``network``, ``under`` (supervision or region), ``person`` and ``value`` in percent.
    chance : mapping of str to float
        What guessing gives in each task, in percent.
    label : str
        What ``under`` holds.

    Returns
    -------
    Figure
    """
    tasks, networks, unders = (list(dict.fromkeys(table[name])) for name in ("task", "network", "under"))
    figure, axes = page_figure(3.0, 1, len(tasks))
    offsets = np.linspace(-0.12, 0.12, len(networks)) if len(networks) > 1 else np.zeros(1)
    for ax, task in zip(axes[0], tasks, strict=True):
        own = table[table["task"] == task]
        for offset, colour, network in zip(offsets, CATEGORIES, networks, strict=False):
            chosen = own[own["network"] == network]
            places = chosen["under"].map(unders.index) + offset
            ax.plot(places, chosen["value"], "o", color=colour, markersize=4, alpha=0.5, markeredgewidth=0)
            means = chosen.groupby("under")["value"].mean().reindex(unders)
            ax.plot(np.arange(len(unders)) + offset, means, color=colour, marker="_", markersize=14,
                    label=network)  # fmt: skip
        reference_line(ax, chance[task], f"chance {chance[task]:.1f}", axis="y")
        ax.set_xticks(range(len(unders)), unders)
        ax.set(title=task, xlabel=label, ylim=(0, None), xlim=(-0.5, len(unders) - 0.5))
    axes[0, 0].set_ylabel("Top-1, held-out categories (%)")
    axes[0, 0].legend()
    return figure
