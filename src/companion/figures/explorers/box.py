"""What all explorers share: the box on the page, its look, and how data and pictures go in."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import Any

import numpy.typing as npt
from matplotlib.colors import to_hex, to_rgb

from companion.figures.style import COLOURS

PICTURE_SIZE = 64
"""Pixels along each side of an embedded picture."""

_NO_SCRIPT = "Nothing moves without JavaScript: this is what the explorer shows first."


@dataclass(frozen=True)
class Explorer:
    """A figure that a reader can turn.

    The first state stands in the HTML itself, so that print, and a viewer that runs no script, show it. The
    script exchanges what is there for what the data say; it formats no number of its own.

    Parameters
    ----------
    label : str
        What it is, for screen readers.
    body : str
        HTML of the controls and of the first state.
    data : mapping
        All states, as JSON values.
    script : str
        JavaScript that finds its element as ``box`` and the data as ``data``.
    text : str
        The first state in words, for a terminal.

    Examples
    --------
    >>> from companion.figures import Explorer
    >>> explorer = Explorer("A number", "<p>3</p>", {"n": 3}, "box.title = data.n;", "A number: 3.")
    >>> 'id="demo-explorer"' in explorer.html("demo"), explorer.text
    (True, 'A number: 3.')
    """

    label: str
    body: str
    data: Mapping[str, Any]
    script: str
    text: str

    def html(self, name: str) -> str:
        """Write the explorer as one element.

        Parameters
        ----------
        name : str
            Label of the figure, once on a page: several explorers tell themselves apart by it.

        Returns
        -------
        str
            Loads nothing from elsewhere.
        """
        place = f"{name}-explorer"
        content = json.dumps(self.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return "\n".join(
            [
                f'<div class="explorer" id="{place}" role="group" aria-label="{escape(self.label)}">',
                f"<style>{_LOOK}</style>",
                self.body,
                f"<noscript><p>{_NO_SCRIPT}</p></noscript>",
                # "<" could close the element from within a name
                f'<script type="application/json">{content.replace("<", _LESS)}</script>',
                f'<script>(function () {{\nconst box = document.getElementById("{place}");',
                "const data = JSON.parse(box.querySelector('script[type$=json]').textContent);",
                f"{self.script.strip()}\n}})();</script>",
                "</div>",
            ]
        )


def message(words: str) -> Explorer:
    """Stand in where the data for an explorer are missing; it says why."""
    return Explorer(words, f"<p>{escape(words)}</p>", {}, "", words)


def picture_address(picture: npt.NDArray[Any]) -> str:
    """Picture as an address that holds it.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        Brought to `PICTURE_SIZE`.
    """
    from PIL import Image

    file = io.BytesIO()
    small = Image.fromarray(picture).resize((PICTURE_SIZE, PICTURE_SIZE), Image.Resampling.LANCZOS)
    small.save(file, "WEBP", quality=75, method=6)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def percent(value: float, low: float, high: float) -> str:
    """Place of a value on a scale, as a length in SVG and CSS.

    Examples
    --------
    >>> percent(0.5, 0.0, 2.0)
    '25%'
    """
    return f"{round(100 * (value - low) / (high - low), 2):g}%"


def ticks(low: float, high: float, n: int = 4) -> list[float]:
    """Round numbers on a scale, about ``n`` of them.

    Examples
    --------
    >>> ticks(0.0, 47.0), ticks(-0.2, 0.8)
    ([0.0, 10.0, 20.0, 30.0, 40.0], [-0.2, 0.0, 0.2, 0.4, 0.6, 0.8])
    """
    rough = (high - low) / n
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(nice * power for nice in (1, 2, 5, 10) if nice * power >= 0.8 * rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def on_dark(colour: str) -> str:
    """Colour of the same hue that is seen on a dark page: half way to white.

    Examples
    --------
    >>> on_dark("#0B5FA5")
    '#85afd2'
    """
    red, green, blue = to_rgb(colour)
    return to_hex(((1 + red) / 2, (1 + green) / 2, (1 + blue) / 2))


_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "--first": COLOURS["first"],
        "--second": COLOURS["second"],
        "--third": COLOURS["third"],
        "--base": COLOURS["base"],
    }
)
_LIGHT = "".join(f"{name}: {colour};" for name, colour in _VARIABLES.items())
_DARK = "".join(f"{name}: {on_dark(colour)};" for name, colour in _VARIABLES.items())
_LESS = "\\u003c"
_LOOK = f"""
.explorer {{ {_LIGHT} --ink: var(--pst-color-text-base, var(--jp-content-font-color1, #222222));
  --quiet: var(--pst-color-text-muted, var(--jp-content-font-color1, #595959));
  --line: var(--pst-color-border, var(--jp-border-color1, #c9c9c9));
  --paper: var(--pst-color-background, var(--jp-layout-color0, #ffffff));
  background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 0.4rem;
  padding: 0.75rem; font-size: 0.9rem; line-height: 1.4; text-align: left; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; container-type: inline-size; }}
html[data-theme=dark] .explorer, body[data-jp-theme-light=false] .explorer {{ {_DARK} }}
@media screen and (prefers-color-scheme: dark) {{
  html:not([data-theme]) body:not([data-jp-theme-light]) .explorer {{ {_DARK} --ink: #e4e4e4;
    --quiet: #b0b0b0; --line: #5a5a5a; --paper: #181818; }} }}
.text_html:has(> .explorer) {{ background: none !important; padding: 0 !important; }}
.explorer p {{ margin: 0.4rem 0; color: inherit; }}
.explorer svg {{ display: block; width: 100%; overflow: visible; }}
.explorer img {{ display: block; width: 100%; height: auto; aspect-ratio: 1; padding: 0 !important;
  border-radius: 0 !important; background: none !important; }}
.explorer .controls {{ display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; }}
.explorer .controls label {{ display: inline-flex; flex-wrap: wrap; gap: 0.25rem 0.5rem;
  align-items: center; }}
.explorer select, .explorer button {{ font: inherit; color: var(--ink); background: var(--paper);
  border: 1px solid var(--quiet); border-radius: 0.25rem; padding: 0.3rem 0.6rem; max-width: 100%;
  min-height: 2rem; }}
.explorer input[type=range] {{ accent-color: var(--first); width: 12rem; max-width: 100%; min-height: 2rem; }}
.explorer .quiet {{ color: var(--quiet); font-size: 0.85em; }}
.explorer .result {{ min-height: 2.8em; font-variant-numeric: tabular-nums; }}
@media print {{ .explorer .controls {{ display: none; }} .explorer {{ break-inside: avoid; }} }}
"""
