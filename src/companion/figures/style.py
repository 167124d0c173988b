"""One look for every figure: colours by role, sizes for a 700 pixel page, a few helpers.

The colours are told apart by people with the common forms of colour blindness (after Okabe and Ito); the
sequential map has one hue, so that more is darker and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

INK = "#222222"
QUIET = "#6B6B6B"
FAINT = "#D5D5D5"

COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "base": "#7A7A7A",
        "human-aligned": "#0B5FA5",
        "brain-aligned": "#C4500A",
        "ceiling": "#D9C58B",
        "first": "#0B5FA5",
        "second": "#C4500A",
        "third": "#00795B",
    }
)
"""Colour of each role; ``first`` to ``third`` are for groups without a role."""

SEQUENTIAL = LinearSegmentedColormap.from_list("companion-blue", ["#F7FAFD", "#8FB8DC", "#0B5FA5", "#062F54"])
"""Single-hue map, light to dark, for quantities where more is more."""

DIVERGING = LinearSegmentedColormap.from_list(
    "companion-blue-orange", ["#083E6E", "#0B5FA5", "#8FB8DC", "#F7F7F7", "#EBB18C", "#C4500A", "#7A2E00"]
)
"""Blue below, orange above, pale in the middle: for quantities with a sign, on limits symmetric about 0."""

CATEGORIES = ("#0B5FA5", "#C4500A", "#00795B", "#8C4A86", "#A87B00", "#4FA3D9", "#5B5B5B", "#D9729B")
"""Colours of groups without an order, the most distinct first."""

PAGE_WIDTH = 7.0
"""Width in inches of a figure that fills the text column (700 pixels at 100 dots per inch)."""

STYLE: Mapping[Any, Any] = MappingProxyType(
    {
        "figure.dpi": 100,
        "savefig.dpi": 200,
        "savefig.facecolor": "white",
        "svg.hashsalt": "companion",
        "font.size": 10,
        "axes.labelsize": 10,
        "axes.titlesize": 10,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.fontsize": 9,
        "legend.frameon": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": QUIET,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.axisbelow": True,
        "lines.linewidth": 1.5,
    }
)


def apply_style() -> None:
    """Make the look the default of this Python session.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> from companion.figures import apply_style
    >>> with mpl.rc_context():  # undone when the block ends
    ...     apply_style()
    ...     print(mpl.rcParams["axes.spines.top"], mpl.rcParams["figure.dpi"])
    False 100.0
    """
    mpl.rcParams.update(STYLE)


def page_figure(
    height: float,
    n_rows: int = 1,
    n_columns: int = 1,
    *,
    width: float = PAGE_WIDTH,
    share_x: bool = False,
    share_y: bool = False,
    width_ratios: list[float] | None = None,
    height_ratios: list[float] | None = None,
) -> tuple[Figure, np.ndarray]:
    """Make a figure as wide as the page, with room kept for every label.

    Parameters
    ----------
    height, width : float
        Inches.
    n_rows, n_columns : int
        Grid of panels.
    share_x, share_y : bool
        Whether all panels use one scale.
    width_ratios, height_ratios : list of float, optional
        Relative sizes of the columns and rows.

    Returns
    -------
    figure : Figure
        Not registered with pyplot, so that nothing has to be closed.
    axes : ndarray of Axes, shape (n_rows, n_columns)
        The panels.

    Examples
    --------
    >>> from companion.figures import page_figure
    >>> figure, axes = page_figure(3.0, 1, 2, share_y=True)
    >>> axes.shape, figure.get_size_inches().tolist()
    ((1, 2), [7.0, 3.0])
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(
        n_rows,
        n_columns,
        sharex=share_x,
        sharey=share_y,
        squeeze=False,
        width_ratios=width_ratios,
        height_ratios=height_ratios,
    )
    return figure, axes


def reference_line(ax: Axes, value: float, label: str = "", *, axis: str = "x", at: float = 1.0) -> None:
    """Draw a thin dashed line at a value, named where it stands.

    Parameters
    ----------
    ax : Axes
        The panel.
    value : float
        Where the line crosses the axis.
    label : str
        Name of the line; empty for none.
    axis : {"x", "y"}
        The axis on which the value lies.
    at : float
        Place of the label along the line, as a fraction of the panel.

    Examples
    --------
    >>> from companion.figures import page_figure, reference_line
    >>> figure, ((ax,),) = page_figure(2.0)
    >>> reference_line(ax, 0.5, "chance")
    >>> ax.lines[0].get_xdata(), ax.texts[0].get_text()
    ([0.5, 0.5], 'chance')
    """
    line: dict[str, Any] = {
        "color": INK,
        "linewidth": 0.8,
        "linestyle": (0, (4, 3)),
        "zorder": 0.5,
    }
    text: dict[str, Any] = {"fontsize": 8.5, "color": QUIET, "textcoords": "offset points"}
    if axis == "x":
        ax.axvline(value, **line)
        ax.annotate(label, (value, at), (3, -2), xycoords=("data", "axes fraction"), va="top", **text)
    else:
        ax.axhline(value, **line)
        ax.annotate(label, (at, value), (-2, 3), xycoords=("axes fraction", "data"), ha="right", **text)


def signed(value: float, decimals: int) -> str:
    """Change with its sign, and a true minus.

    Examples
    --------
    >>> signed(1.25, 1), signed(-0.034, 2)
    ('+1.2', '−0.03')
    """
    return f"{value:+.{decimals}f}".replace("-", "−")


def ink_on(colour: ArrayLike) -> str:
    """Black or white, whichever is read more easily on a background.

    Parameters
    ----------
    colour : array-like of shape (4,)
        Red, green, blue and opacity in [0, 1].

    Examples
    --------
    >>> ink_on((1.0, 1.0, 1.0, 1.0)), ink_on((0.0, 0.1, 0.3, 1.0))
    ('black', 'white')
    """
    red, green, blue = np.asarray(colour)[:3] ** 2.2
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "white" if luminance < 0.179 else "black"  # equal contrast, 4.6, at 0.179
