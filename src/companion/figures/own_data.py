"""Figures of cross-validated scores: every fold of every estimator, and what exchanged answers give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import COLOURS, INK, QUIET, page_figure, reference_line


def fold_points(scores: pd.DataFrame, *, label: str, panel: str | None = None) -> Figure:
    """Draw the score of every fold as a dot, the mean as a bar, one row per estimator.

    Parameters
    ----------
    scores : DataFrame
        Of one metric: ``encoder`` (the row), ``split`` (the fold), ``value`` and ``chance``.
    label : str
        Name of the values.
    panel : str, optional
        Column whose values get a panel each. They share a scale, unless the column is ``metric``.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import fold_points
    >>> scores = pd.DataFrame({"encoder": ["LDA"] * 3, "split": list("abc"), "value": [0.6, 0.7, 0.65]})
    >>> figure = fold_points(scores.assign(chance=0.5), label="Accuracy")
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['LDA']
    """
    panels = [""] if panel is None else list(dict.fromkeys(scores[panel]))
    rows = list(dict.fromkeys(scores["encoder"]))
    shared = panel != "metric"
    figure, axes = page_figure(1.0 + 0.36 * len(rows), 1, len(panels), share_x=shared, share_y=True)
    for ax, name in zip(axes.flat, panels, strict=True):
        part = scores if panel is None else scores[scores[panel] == name]
        for place, row in enumerate(rows):
            _folds(ax, part.loc[part["encoder"] == row, "value"].to_numpy(), place)
        reference_line(ax, float(part["chance"].mean()), "chance")
        ax.set_title(name, pad=8)
        on_axis = scores if shared else part
        ax.set_xlim(0, 1.08 * max(on_axis["value"].max(), on_axis["chance"].max()))
    axes[0, 0].set_yticks(range(len(rows)), rows)
    axes[0, 0].set_ylim(len(rows) - 0.5, -1)  # room for the name of the line
    figure.supxlabel(label, fontsize=10)
    return figure


def _folds(ax: Axes, values: npt.NDArray[np.float64], place: int) -> None:
    if not len(values):
        return
    ax.plot(values, np.full(len(values), place), "o", color=COLOURS["first"], alpha=0.55, markersize=5)
    ax.vlines(values.mean(), place - 0.3, place + 0.3, color=INK, linewidth=2.2)


def exchanged_answers(
    nulls: Mapping[str, npt.NDArray[np.float64]], observed: Mapping[str, float], *, label: str
) -> Figure:
    """Histogram of scores under exchanged answers, and the score as it is; one panel per question.

    Parameters
    ----------
    nulls : mapping of name to ndarray of shape (n_exchanges,)
        Scores with answers exchanged.
    observed : mapping of name to float
        Scores as they are.
    label : str
        Name of the values.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import numpy as np
    >>> from companion.figures import exchanged_answers
    >>> null = np.random.default_rng(0).normal(0.5, 0.03, 200)
    >>> figure = exchanged_answers({"face or house": null}, {"face or house": 0.7}, label="Accuracy")
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['answers exchanged', 'as it is']
    """
    figure, axes = page_figure(2.6, 1, len(nulls))
    for ax, (name, null) in zip(axes.flat, nulls.items(), strict=True):
        ax.hist(null, bins=25, color=QUIET, alpha=0.6, label="answers exchanged")
        ax.axvline(observed[name], color=COLOURS["first"], linewidth=2.5, label="as it is")
        ax.set_title(name)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    figure.supxlabel(label, fontsize=10)
    return figure
