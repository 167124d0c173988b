"""Rows of dots on a common scale, as wide as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from companion.figures.explorers.box import percent, ticks
from companion.figures.style import INK


class Row(NamedTuple):
    """One row: its title, the column it shows, colours on light and dark, scale, and line of reference."""

    title: str
    column: str
    light: str
    dark: str
    scale: tuple[float, float]
    reference: float


def track(row: Row, dots: Sequence[str], mean: str, value: str) -> str:
    """Draw dots on a line, with their mean.

    Parameters
    ----------
    row : Row
    dots : sequence of str
        Places in per cent.
    mean, value : str
        Place of the mean, and the mean as it is printed.
    """
    line = percent(row.reference, *row.scale)
    circles = "".join(f'<circle cx="{place}" cy="13" r="4.5"></circle>' for place in dots)
    return (
        f'<div class="name">{escape(row.title)}</div>'
        f'<div class="track" style="--light: {row.light}; --dark: {row.dark}">'
        f'<svg height="26" aria-hidden="true"><line class="line" x1="{line}" x2="{line}" y2="26"></line>'
        f'{circles}<line class="mean" x1="{mean}" x2="{mean}" y1="3" y2="23"></line></svg></div>'
        f'<div class="value">{value}</div>'
    )


def axis(row: Row, unit: str) -> str:
    """Write round numbers below the rows that share a scale."""
    labels = "".join(
        f'<text x="{percent(value, *row.scale)}" y="11">{f"{value:g}".replace("-", "−")}</text>'
        for value in ticks(*row.scale)
    )
    return (
        f'<div class="name quiet">{unit}</div><svg class="axis" height="20" aria-hidden="true">{labels}</svg>'
        '<div class="value"></div>'
    )


DOTS_LOOK = f"""
.explorer .rows {{ flex: 1 1 16rem; display: grid; grid-template-columns: max-content 1fr 3rem;
  gap: 0 0.9rem; align-items: center; min-width: 0; }}
.explorer .rows .value {{ text-align: right; font-variant-numeric: tabular-nums; }}
.explorer .track {{ --own: var(--light, {INK}); border-bottom: 1px solid var(--line); }}
html[data-theme=dark] .explorer .track, body[data-jp-theme-light=false] .explorer .track {{
  --own: var(--dark); }}
@media screen and (prefers-color-scheme: dark) {{
  html:not([data-theme]) body:not([data-jp-theme-light]) .explorer .track {{ --own: var(--dark); }} }}
.explorer .track circle {{ fill: var(--own); fill-opacity: 0.7; }}
.explorer .track .mean {{ stroke: var(--own); stroke-width: 3; }}
.explorer .track .line {{ stroke: var(--quiet); stroke-dasharray: 3 3; }}
.explorer .axis text {{ fill: var(--quiet); text-anchor: middle; font-size: 11px; }}
@container (max-width: 26rem) {{
  .explorer .rows {{ grid-template-columns: 1fr 3rem; }}
  .explorer .rows .name {{ grid-column: 1 / -1; margin-top: 0.3rem; }} }}
"""
"""Style of an element of class ``rows``."""
