"""Figures of retrieval: what was seen, and beside it what each target space found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from companion.figures.style import COLOURS, INK, PAGE_WIDTH, QUIET, page_figure

_GAP = 0.09  # between pictures, where a picture is 1 wide
_ABOVE = 0.27  # room for a line of text above a picture
_QUERY_GAP = 0.25  # between two queries
_LETTER = 0.095  # width of a letter of a label


def retrieval_panels(
    pictures: Mapping[str, npt.NDArray[Any]],
    queries: Sequence[str],
    retrieved: Mapping[str, pd.DataFrame],
    *,
    n: int = 5,
) -> Figure:
    """Each seen picture, and beside it one row of retrieved pictures per target space.

    What was seen is framed where it was found, and named so in words.

    Parameters
    ----------
    pictures : mapping of str to ndarray of shape (height, width, 3)
        Square pictures by id.
    queries : sequence of str
        Ids of the seen pictures to show.
    retrieved : mapping of str to DataFrame
        Name of a target space -> ``stimulus``, ``place`` (from 1), ``candidate``, ``cosine`` and ``hit``.
    n : int
        Pictures per row.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion.figures import retrieval_panels
    >>> pictures = {name: np.zeros((8, 8, 3), dtype=np.uint8) for name in ("cat", "dog")}
    >>> found = pd.DataFrame({"stimulus": "cat", "place": [1, 2], "candidate": ["dog", "cat"],
    ...                       "cosine": [0.7, 0.6], "hit": [False, True]})
    >>> figure = retrieval_panels(pictures, ["cat"], {"CLIP": found}, n=2)
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['seen', 'CLIP', '0.70', '0.60 seen']
    """
    # With one row per query, the seen picture is as large as the others; with more it spans two rows.
    row_height = 1 + _ABOVE
    size = 1.0 if len(retrieved) == 1 else 1.7
    first_at = size + 0.25 + _LETTER * max(len(line) for name in retrieved for line in name.split("\n"))
    width = first_at + n * (1 + _GAP)
    block = len(retrieved) * row_height + _QUERY_GAP
    height = len(queries) * block - _QUERY_GAP + 0.05
    figure, ((ax,),) = page_figure(PAGE_WIDTH * height / width)
    figure.set_layout_engine("none")
    ax.set_position((0, 0, 1, 1))
    for number, query in enumerate(queries):
        top = number * block
        _picture(ax, pictures[query], 0.03, top + _ABOVE, size)
        ax.text(0.03, top + _ABOVE - 0.05, "seen", va="bottom", fontsize=8.5, color=QUIET)
        for row, (space, table) in enumerate(retrieved.items()):
            y = top + row * row_height + _ABOVE
            ax.text(first_at - 0.12, y + 0.5, space, ha="right", va="center", fontsize=9)
            found = table[(table["stimulus"] == query) & (table["place"] <= n)].sort_values("place")
            for place, entry in enumerate(found.itertuples()):
                x = first_at + place * (1 + _GAP)
                _picture(ax, pictures[str(entry.candidate)], x, y, 1)
                _mark(ax, x, y, float(str(entry.cosine)), hit=bool(entry.hit))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    return figure


def _mark(ax: Axes, x: float, y: float, cosine: float, *, hit: bool) -> None:
    """Write the cosine above a picture; frame and name the one that was seen."""
    number = f"{cosine:.2f}".replace("-", "−")
    text = f"{number} seen" if hit else number
    ax.text(x + 0.5, y - 0.05, text, ha="center", va="bottom", fontsize=8.5,
            color=INK if hit else QUIET, fontweight="bold" if hit else "normal")  # fmt: skip
    if hit:
        ax.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=COLOURS["second"], linewidth=3))


def _picture(ax: Axes, picture: npt.NDArray[Any], x: float, y: float, size: float) -> None:
    ax.imshow(picture, extent=(x, x + size, y + size, y), interpolation="antialiased", aspect="auto")
