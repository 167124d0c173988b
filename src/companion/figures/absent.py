"""A frame that says why nothing is drawn, so that a page keeps its figures' numbers and labels."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from companion.figures.style import FAINT, QUIET, page_figure


def not_drawn(reason: str) -> Figure:
    """Draw an empty frame with a sentence in it.

    Parameters
    ----------
    reason : str
        Why there is nothing to draw, such as too few people, or data that only a simulated world has.

    Examples
    --------
    >>> from companion.figures import not_drawn
    >>> not_drawn("Two people cannot be tested.").axes[0].texts[0].get_text()
    'Two people cannot be tested.'
    """
    figure, ((ax,),) = page_figure(1.2)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=FAINT)
    ax.text(0.5, 0.5, "\n".join(textwrap.wrap(reason, 80)), ha="center", va="center", color=QUIET)
    return figure
