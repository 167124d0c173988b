"""Figures of what was shown: pictures with their captions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from companion.figures.style import PAGE_WIDTH, page_figure


def picture_grid(
    pictures: Sequence[npt.NDArray[Any]], captions: Sequence[str], *, n_columns: int = 5
) -> Figure:
    """Pictures in rows, each with its caption below.

    Parameters
    ----------
    pictures : sequence of ndarray of shape (height, width, 3)
        Red, green and blue: integers from 0 to 255, or numbers from 0 to 1.
    captions : sequence of str
        One for each picture; an empty one leaves no room.
    n_columns : int
        Pictures in a row.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.figures import picture_grid
    >>> figure = picture_grid(np.zeros((3, 8, 8, 3), dtype=np.uint8), ["cat", "dog", "key"])
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['cat', 'dog', 'key']
    """
    if len(pictures) != len(captions):
        raise ValueError(f"{len(pictures)} pictures, {len(captions)} captions")
    n_columns = min(n_columns, len(pictures))
    n_rows = -(-len(pictures) // n_columns)
    wrapped = [textwrap.fill(text, width=max(8, 92 // n_columns)) for text in captions]
    n_lines = max(text.count("\n") + bool(text) for text in wrapped)
    height = 0.2 + n_rows * (PAGE_WIDTH / n_columns + 0.17 * n_lines + 0.06)
    figure, axes = page_figure(height, n_rows, n_columns)
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.03)
    for ax, picture, text in zip(axes.flat, pictures, wrapped, strict=False):
        ax.imshow(np.asarray(picture), interpolation="antialiased")
        ax.set_xlabel(text, fontsize=8.5, labelpad=3)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax in axes.flat[len(pictures) :]:
        ax.set_visible(False)
    return figure
