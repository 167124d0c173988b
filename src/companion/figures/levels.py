"""Names, order and looks of what is compared in aligning to brains: alphas, teachers, modalities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from companion.figures.style import CATEGORIES, COLOURS, DIVERGING, INK, QUIET

Look = Mapping[str, Any]

TEACHERS: Mapping[str, Look] = MappingProxyType(
    {
        "real": {"color": COLOURS["brain-aligned"], "marker": "o"},
        "permuted": {"color": COLOURS["third"], "marker": "s"},
        "spectrum-matched": {"color": CATEGORIES[6], "marker": "D"},
        "identity": {"color": COLOURS["first"], "marker": "^"},
        "other region": {"color": CATEGORIES[5], "marker": "v"},
    }
)
"""Colour and marker of each teacher, the brain first; other names take what is left."""

MODALITIES: Mapping[str, Look] = {
    "fMRI": {"color": COLOURS["first"], "marker": "o"},
    "MEG": {"color": COLOURS["second"], "marker": "s"},
    "ECoG": {"color": COLOURS["third"], "marker": "^"},
}
"""Colour and marker of each modality."""

SHUFFLED: Look = {"color": QUIET, "marker": "o", "markerfacecolor": "white", "markersize": 5}
"""The level of shuffled targets."""

_SPARE = tuple({"color": CATEGORIES[k], "marker": marker} for k, marker in ((3, "P"), (7, "X"), (4, "<")))


def in_order(alphas: Iterable[str]) -> list[str]:
    """Put the values of alpha in the order of the axes: the original space, then falling.

    Examples
    --------
    >>> in_order(["0.01", "1", "original", "0.1", "1"])
    ['original', '1', '0.1', '0.01']
    """
    return sorted(set(alphas), key=lambda alpha: -np.inf if alpha == "original" else -float(alpha))


def teacher_looks(teachers: Sequence[str]) -> dict[str, Look]:
    """Colour and marker of each teacher, in the order of :data:`TEACHERS`, others last.

    Parameters
    ----------
    teachers : sequence of str
    """
    spare = cycle(_SPARE)
    known = [name for name in TEACHERS if name in teachers]
    return {name: TEACHERS[name] for name in known} | {
        name: next(spare) for name in teachers if name not in TEACHERS
    }


def level_name(level: str) -> str:
    """Name of a level on the page.

    Examples
    --------
    >>> level_name("original"), level_name("0.1"), level_name("permuted")
    ('Original', 'alpha = 0.1', 'permuted')
    """
    if level == "original":
        return "Original"
    return f"alpha = {level}" if _is_alpha(level) else level


def narrow_name(level: str) -> str:
    r"""Name of a level in several lines, for panels side by side.

    Examples
    --------
    >>> narrow_name("0.1"), narrow_name("spectrum-matched")
    ('alpha\n= 0.1', 'spectrum-\nmatched')
    """
    return level_name(level).replace("-", "-\n").replace(" = ", "\n= ").replace("other ", "other\n")


def level_colours(levels: Sequence[str]) -> dict[str, str]:
    """Colour of each level: grey for the original, light to dark for falling alphas, teachers their own.

    Parameters
    ----------
    levels : sequence of str
    """
    alphas = in_order(level for level in levels if _is_alpha(level))
    shades = dict(zip(alphas, map(to_hex, DIVERGING(np.linspace(0.7, 1, len(alphas)))), strict=True))
    others = teacher_looks([level for level in levels if not _is_alpha(level) and level != "original"])
    named = {name: look["color"] for name, look in others.items()} | {"original": COLOURS["base"]}
    return {level: shades[level] if level in shades else named[level] for level in levels}


def level_points(ax: Axes, part: pd.DataFrame, place: int, colour: str) -> None:
    """Draw one level: categories as a half violin, each subject beside its shuffled level.

    Parameters
    ----------
    ax : Axes
    part : DataFrame
        Columns ``stimulus``, ``subject``, ``value``, ``shuffled``, and ``mean_predictor`` where known.
    place : int
        On the x axis.
    colour : str
    """
    of_categories = part.groupby("stimulus")["value"].mean()
    ax.violinplot(of_categories, positions=[place - 0.04], widths=0.72, side="low", showextrema=False)
    ax.collections[-1].set(facecolor=colour, alpha=0.35, linewidth=0)
    people = part.groupby("subject", sort=False)[["value", "shuffled"]].mean()
    beside = np.linspace(-0.05, 0.05, len(people)) if len(people) > 1 else np.zeros(1)
    left, right = place + 0.09 + beside, place + 0.3 + beside
    ax.plot([left, right], people.to_numpy().T, color=QUIET, linewidth=0.7, alpha=0.6, zorder=1)
    ax.plot(right, people["shuffled"], linestyle="none", **SHUFFLED)
    ax.plot(
        left, people["value"], "o", color=colour, markersize=7, markeredgecolor="white", markeredgewidth=0.6
    )
    if "mean_predictor" in part:
        ax.hlines(part["mean_predictor"].mean(), place, place + 0.42, color=INK, linewidth=1.6, zorder=1.5)


def _is_alpha(level: str) -> bool:
    return level.replace(".", "", 1).isdigit()
