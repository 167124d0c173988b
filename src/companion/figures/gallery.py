"""The gallery of pictures from the brain: what was seen, what was made of it, and its companions."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import FAINT, INK, PAGE_WIDTH, QUIET, page_figure

Column = Mapping[str, npt.NDArray[Any]]
"""Pictures of one column by stimulus, each uint8 of shape (height, width, 3)."""

_GAP = 0.06  # between pictures, at least a pixel, where a picture is 1 wide
_GROUP_GAP = 0.22  # between two groups of columns, and between pictures and labels
_BLOCK_GAP = 0.5  # between stimuli that stand side by side
_SMALLEST, _LARGEST = 6.5, 9.0  # points of text
_LETTERS = 12  # in a line of a label
_LETTER = 0.56  # width of a letter, where its size is 1


class _Layout(NamedTuple):
    """Places and sizes in units of one picture's width.

    Parameters
    ----------
    columns : tuple of float
        Left edge of each column in a block.
    label, title, head : float
        Room for labels at the left; heights of group titles, and of all that stands above the first row.
    width : float
        Of a block.
    unit, points : float
        Points across one picture, and size of text.
    """

    columns: tuple[float, ...]
    label: float
    title: float
    head: float
    width: float
    unit: float
    points: float


def picture_gallery(
    groups: Mapping[str, Mapping[str, Column]],
    stimuli: Sequence[str],
    *,
    labels: Mapping[str, str] | None = None,
    n_blocks: int = 1,
) -> Figure:
    """Rows of pictures, one row for each stimulus in the order given.

    Which stimuli are shown must not depend on how well they came out: give all of them, or a list that was
    fixed beforehand. Columns of a group stand close together, under the name of the group: what was seen,
    what was made from a person's brain (a group for each person, for panels of persons), and the companions.

    Parameters
    ----------
    groups : mapping of str to mapping of str to mapping of str to ndarray of uint8, (height, width, 3)
        Group -> column -> stimulus -> picture. A group may have an empty name. Smaller pictures are enlarged.
    stimuli : sequence of str
        What to show, from top to bottom, then in the next block.
    labels : mapping of str to str, optional
        Words to stand beside a row, such as the name of what was seen.
    n_blocks : int
        Blocks of rows side by side.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is nothing to show, or a column lacks the picture of a stimulus.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.figures import picture_gallery
    >>> black = {"cat": np.zeros((8, 8, 3), dtype=np.uint8), "dog": np.zeros((8, 8, 3), dtype=np.uint8)}
    >>> groups = {"": {"seen": black}, "one": {"decoded": black, "shuffled": black}}
    >>> figure = picture_gallery(groups, ["cat", "dog"])
    >>> len(figure.axes[0].images), [text.get_text() for text in figure.axes[0].texts]
    (3, ['seen', 'one', 'decoded', 'shuffled'])
    """
    columns = [column for group in groups.values() for column in group.items()]
    if not columns or not stimuli or not 1 <= n_blocks <= len(stimuli):
        raise ValueError(f"{len(columns)} columns and {len(stimuli)} stimuli in {n_blocks} blocks")
    for name, column in columns:
        if absent := [stimulus for stimulus in stimuli if stimulus not in column]:
            raise ValueError(f"column {name!r} has no picture of {absent[0]!r}")
    side = max(column[stimulus].shape[0] for _, column in columns for stimulus in stimuli)
    gap = max(1, round(_GAP * side))
    step = 1 + gap / side  # between rows
    n_rows = -(-len(stimuli) // n_blocks)
    n_blocks = -(-len(stimuli) // n_rows)  # rows are whole, which may leave no row for the last blocks
    layout = _layout(groups, labels or {}, n_blocks)
    width = n_blocks * layout.width + (n_blocks - 1) * _BLOCK_GAP
    height = layout.head + n_rows * step
    figure, ((ax,),) = page_figure(PAGE_WIDTH * height / width)
    figure.set_layout_engine("none")
    ax.set_position((0, 0, 1, 1))
    for block in range(n_blocks):
        own = stimuli[block * n_rows : (block + 1) * n_rows]
        left = block * (layout.width + _BLOCK_GAP)
        _heads(ax, groups, layout, left)
        bottom = layout.head + len(own) * step - gap / side
        for place, (_, column) in zip(layout.columns, columns, strict=True):
            strip = _strip([column[stimulus] for stimulus in own], side, gap)
            extent = (left + place, left + place + 1, bottom, layout.head)
            ax.imshow(strip, extent=extent, interpolation="antialiased", aspect="auto")
        for row, stimulus in enumerate(own):
            if labels and stimulus in labels:
                words = textwrap.fill(labels[stimulus], _LETTERS)
                middle = layout.head + row * step + 0.5
                ax.text(left + layout.label - 0.1, middle, words, ha="right", va="center", color=QUIET,
                        fontsize=layout.points, linespacing=1.05)  # fmt: skip
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    return figure


def _strip(pictures: Sequence[npt.NDArray[Any]], side: int, gap: int) -> npt.NDArray[Any]:
    """Pictures one below the other, as one array: a page of hundreds of pictures is drawn in a moment."""
    strip = np.full((len(pictures) * (side + gap) - gap, side, 3), 255, dtype=np.uint8)
    for row, picture in enumerate(pictures):
        across = [np.arange(side) * length // side for length in picture.shape[:2]]
        top = row * (side + gap)
        strip[top : top + side] = picture[np.ix_(*across)]
    return strip


def _layout(groups: Mapping[str, Mapping[str, Column]], labels: Mapping[str, str], n_blocks: int) -> _Layout:
    """Place columns; text is as large as pictures are wide, within limits."""
    n_columns = sum(map(len, groups.values()))
    inner = n_columns * (1 + _GAP) + (len(groups) - 1) * _GROUP_GAP
    total = n_blocks * (inner + bool(labels)) + (n_blocks - 1) * _BLOCK_GAP
    unit = PAGE_WIDTH * 72 / total
    points = min(_LARGEST, max(_SMALLEST, unit / 6.5))
    letters = max((min(_LETTERS, len(text)) for text in labels.values()), default=0)
    label = letters * _LETTER * points / unit + _GROUP_GAP if letters else 0.02
    places, at = [], label
    for group in groups.values():
        places += [at + number * (1 + _GAP) for number in range(len(group))]
        at = places[-1] + 1 + _GROUP_GAP
    lines = max(_wrapped(name, unit, points).count("\n") + 1 for group in groups.values() for name in group)
    title = 1.8 * points / unit if any(groups) else 0.0
    head = title + (1.25 * lines + 0.6) * points / unit
    return _Layout(tuple(places), label, title, head, places[-1] + 1.02, unit, points)


def _wrapped(name: str, unit: float, points: float) -> str:
    """Break the name of a column so that it is not wider than the column."""
    return textwrap.fill(name, max(5, int(unit / (_LETTER * points))), break_long_words=False)


def _heads(ax: Axes, groups: Mapping[str, Mapping[str, Column]], layout: _Layout, left: float) -> None:
    """Names of columns above the first row; above them those of groups, with a line over their columns."""
    places = iter(layout.columns)
    text: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": layout.points, "linespacing": 1.05}
    for title, group in groups.items():
        own = [left + next(places) for _ in group]
        if title:
            ax.plot([own[0], own[-1] + 1], [layout.title] * 2, color=FAINT, linewidth=1.2)
            middle = (own[0] + own[-1] + 1) / 2
            ax.text(middle, 0.9 * layout.title, title, color=INK, fontweight="bold", **text)
        for x, name in zip(own, group, strict=True):
            wrapped = _wrapped(name, layout.unit, layout.points)
            ax.text(x + 0.5, layout.head - 0.04, wrapped, color=QUIET, **text)
