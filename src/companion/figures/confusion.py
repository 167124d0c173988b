"""Which category is taken for which."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import FAINT, PAGE_WIDTH, SEQUENTIAL, ink_on, page_figure


def confusion_map(
    table: pd.DataFrame, *, seen: str = "Category seen", named: str = "Category retrieved"
) -> Figure:
    """Heat map of shares, one row per category that was seen; shares from 5 % on are printed.

    Parameters
    ----------
    table : DataFrame
        Rows: seen; columns: retrieved; shares that sum to 1 in each row, or missing where nothing was seen.
    seen, named : str
        Names of the axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import confusion_map
    >>> shares = pd.DataFrame([[0.75, 0.25], [0.0, 1.0]], index=["cat", "dog"], columns=["cat", "dog"])
    >>> [text.get_text() for text in confusion_map(shares).axes[0].texts]
    ['.75', '.25', '1.00']
    """
    n_rows, n_columns = table.shape
    longest = max(len(str(name)) for name in table.columns)
    room = PAGE_WIDTH - 1.9 - 0.07 * max(len(str(name)) for name in table.index)
    height = min(0.45, room / n_columns) * n_rows + 0.9 + 0.055 * longest
    figure, ((ax,),) = page_figure(height)
    values = table.to_numpy(dtype=np.float64)
    colours = SEQUENTIAL.with_extremes(bad=FAINT)
    image = ax.imshow(np.ma.masked_invalid(values), cmap=colours, vmin=0, vmax=1, aspect="auto")
    _print_shares(ax, values, n_columns)
    ax.set_xticks(range(n_columns), table.columns, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(n_rows), table.index)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(named)
    ax.set_ylabel(seen)
    bar = figure.colorbar(image, ax=ax, fraction=0.04, pad=0.02)
    bar.set_label("Share of the row")
    bar.outline.set_visible(False)
    return figure


def _print_shares(ax: Axes, values: np.ndarray, n_columns: int) -> None:
    if n_columns > 16:  # no room for numbers
        return
    for (row, column), share in np.ndenumerate(values):
        if share >= 0.05:
            ax.text(column, row, f"{share:.2f}".lstrip("0"), ha="center", va="center", fontsize=8.5,
                    color=ink_on(SEQUENTIAL(share)))  # fmt: skip
