"""An explorer of a recording: move through time, see all sensors as curves and on the head."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.colors import to_hex

from companion.figures.explorers.box import Explorer, percent, ticks
from companion.figures.explorers.scalp import N_CELLS, map_cells, spline_weights
from companion.figures.heads import OUTLINE, flat_places
from companion.figures.style import DIVERGING, SEQUENTIAL

FloatArray = npt.NDArray[np.floating[Any]]

_COLOURS = 64


def topography_explorer(
    values: FloatArray,
    times: FloatArray,
    places: pd.DataFrame,
    *,
    kind: Literal["eeg", "meg"],
    quantity: str,
    unit: str,
    signed: bool = True,
) -> Explorer:
    """Let a reader move through time: curves of all sensors, and the head at that moment.

    Parameters
    ----------
    values : ndarray of shape (n_sensors, n_times)
        In ``unit``.
    times : ndarray of shape (n_times,)
        Seconds from stimulus onset.
    places : DataFrame of n_sensors rows
        Columns ``name``, and ``x``, ``y``, ``z`` as in :func:`companion.figures.flat_places`.
    kind : {"eeg", "meg"}
        Electrodes or sensors of a helmet.
    quantity, unit : str
        What is shown.
    signed : bool
        Whether values have a sign, see :func:`companion.figures.topographies`.

    Returns
    -------
    Explorer
        It begins where the field power, the spread over sensors, or without a sign the mean, is largest.

    Notes
    -----
    Between sensors the map is a thin-plate spline through their values; it is linear in these, so that the
    page holds one weight per cell and sensor and the values themselves.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion.figures import topography_explorer
    >>> angle = np.arange(8) * np.pi / 4
    >>> places = pd.DataFrame({"x": 0.06 * np.cos(angle), "y": 0.06 * np.sin(angle), "z": 0.07})
    >>> times, names = np.array([0.0, 0.1, 0.2]), [f"E{row}" for row in range(8)]
    >>> values = np.outer(np.cos(angle), [0.1, 2.0, 0.5])
    >>> explorer = topography_explorer(values, times, places.assign(name=names), kind="eeg",
    ...                                quantity="response", unit="µV")
    >>> print(explorer.text.splitlines()[-1].partition(";")[0])
    100 ms: response largest at E0, 2 µV
    """
    flat = flat_places(places, kind)
    cells = map_cells(flat)
    weights = np.round(spline_weights(flat, cells), 4)
    shown = np.array([[float(f"{value:.4g}") for value in row] for row in values.T])
    largest = float(np.abs(shown).max())
    low = -largest if signed else 0.0
    power = shown.std(axis=1) if signed else shown.mean(axis=1)
    at = int(power.argmax())
    names = [str(name) for name in places["name"]]
    milliseconds = [f"{1000 * moment:.0f} ms".replace("-", "−") for moment in times]
    scale = SEQUENTIAL if not signed else DIVERGING
    data = {
        "values": shown.tolist(),
        "weights": weights.tolist(),
        "low": low,
        "high": largest,
        "colours": [to_hex(scale(step / (_COLOURS - 1))) for step in range(_COLOURS)],
        "times": milliseconds,
        "x": [percent(moment, times[0], times[-1]) for moment in times],
        "results": [
            _words(row, when, names, quantity, unit) for row, when in zip(shown, milliseconds, strict=True)
        ],
    }
    label = f"Topography explorer: choose a time, and see the {quantity} at every sensor"
    body = _body(data, at, flat, cells, np.asarray(times), f"{quantity} ({unit})")
    return Explorer(label, body, data, _SCRIPT, f"{label}.\n{data['results'][at]}")


def _words(row: FloatArray, moment: str, names: Sequence[str], quantity: str, unit: str) -> str:
    most = int(np.abs(row).argmax())
    return (
        f"{moment}: {quantity} largest at {names[most]}, {_number(row[most])} {unit}; "
        f"mean over {len(row)} sensors {_number(row.mean())} {unit}."
    )


def _number(value: float) -> str:
    return f"{value:{'.2g' if abs(value) < 10 else '.0f'}}".replace("-", "−")


def _colour(data: dict[str, Any], weights: Sequence[float], row: Sequence[float]) -> str:
    """Pick the colour of one cell, by the very arithmetic of the script."""
    total = 0.0
    for weight, value in zip(weights, row, strict=True):
        total += weight * value
    part = (total - data["low"]) / (data["high"] - data["low"])
    return str(data["colours"][max(0, min(_COLOURS - 1, int(part * (_COLOURS - 1) + 0.5)))])


def _body(
    data: dict[str, Any], at: int, flat: FloatArray, cells: FloatArray, times: FloatArray, label: str
) -> str:
    """Write the controls, the curves and the head."""
    curves = _curves(data, at, times)
    bar = "".join(
        f'<rect x="{100 * step / _COLOURS:.2f}%" width="{100 / _COLOURS + 0.2:.2f}%" height="10"'
        f' fill="{colour}"></rect>'
        for step, colour in enumerate(data["colours"])
    )
    ends = [_number(data[end]) for end in ("low", "high")]
    return f"""<style>{_LOOK}</style>
<div class="controls"><button type="button">Play</button>
<label>time <input type="range" min="0" max="{len(times) - 1}" step="1" value="{at}"
 aria-valuetext="{data["times"][at]}"> <output>{data["times"][at]}</output></label>
<span class="quiet">arrow keys move the slider</span></div>
<p class="result" aria-live="polite">{escape(data["results"][at])}</p>
<div class="topography"><div class="curves"><p class="quiet">{escape(label)}, one line per sensor</p>
{curves}</div>
<div class="head">{_head(data, at, flat, cells)}<svg class="bar" height="10" aria-hidden="true">{bar}</svg>
<p class="ends quiet"><span>{ends[0]}</span><span>{escape(label)}</span><span>{ends[1]}</span></p></div>
</div>"""


def _curves(data: dict[str, Any], at: int, times: FloatArray) -> str:
    """Draw one curve per sensor, with a line at the present moment."""
    values = np.array(data["values"])
    low, high = min(0.0, float(values.min())), float(values.max())
    x = 100 * (times - times[0]) / (times[-1] - times[0])
    y = 100 * (1 - (values - low) / (high - low))
    lines = "".join(
        '<polyline points="' + " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, column, strict=True)) + '">'
        "</polyline>"
        for column in y.T
    )
    moments = "".join(
        f'<text x="{percent(value, 1000 * times[0], 1000 * times[-1])}" y="17">'
        f"{f'{value:g}'.replace('-', '−')}</text>"
        for value in ticks(1000 * float(times[0]), 1000 * float(times[-1]), 5)
    )
    levels = "".join(
        f'<text class="level" x="-4" y="{percent(value, high, low)}">{_number(value)}</text>'
        for value in ticks(low, high, 3)
    )
    zero = percent(0.0, float(times[0]), float(times[-1])) if times[0] <= 0 else "-10%"
    return f"""<div class="plot"><svg class="lines" viewBox="0 0 100 100" preserveAspectRatio="none"
 aria-hidden="true">{lines}</svg><svg class="over" aria-hidden="true">{levels}
<line class="onset" x1="{zero}" x2="{zero}" y2="100%"></line>
<line class="now" x1="{data["x"][at]}" x2="{data["x"][at]}" y2="100%"></line></svg>
<svg height="22" aria-hidden="true">{moments}</svg></div><p class="quiet moments">time from onset (ms)</p>"""


def _head(data: dict[str, Any], at: int, flat: FloatArray, cells: FloatArray) -> str:
    """Draw the head from above, nose up: coloured cells, sensors, outline."""
    unit, step = 100 / OUTLINE, 200 / N_CELLS
    squares = "".join(
        f'<rect x="{unit * x - step / 2:.1f}" y="{-unit * y - step / 2:.1f}" width="{step + 0.1:.1f}"'
        f' height="{step + 0.1:.1f}" fill="{_colour(data, weights, data["values"][at])}"></rect>'
        for (x, y), weights in zip(cells, data["weights"], strict=True)
    )
    sensors = "".join(f'<circle cx="{unit * x:.1f}" cy="{-unit * y:.1f}" r="2"></circle>' for x, y in flat)
    return (
        f'<svg viewBox="-106 -116 212 222" aria-hidden="true"><g class="cells">{squares}</g>{sensors}'
        '<path class="outline" d="M -100 0 A 100 100 0 1 1 100 0 A 100 100 0 1 1 -100 0'
        ' M -14 -99 L 0 -114 L 14 -99"></path></svg>'
    )


_LOOK = """
.explorer .topography { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; align-items: flex-start; }
.explorer .curves { flex: 3 1 16rem; min-width: 0; }
.explorer .head { flex: 1 1 12rem; max-width: 16rem; margin: 0 auto; }
.explorer .plot { position: relative; margin-left: 2.6rem; }
.explorer .plot .lines, .explorer .plot .over { height: 11rem; }
.explorer .plot .over { position: absolute; inset: 0; }
.explorer polyline { fill: none; stroke: var(--first); stroke-opacity: 0.6;
  vector-effect: non-scaling-stroke; }
.explorer .plot text { fill: var(--quiet); font-size: 11px; text-anchor: middle; }
.explorer .plot text.level { text-anchor: end; dominant-baseline: central; }
.explorer .moments { text-align: center; }
.explorer .onset { stroke: var(--quiet); stroke-dasharray: 3 3; }
.explorer .plot .now { stroke: var(--second); stroke-width: 2; }
.explorer .cells, .explorer .bar { shape-rendering: crispEdges; }
.explorer .head circle { fill: #222222; stroke: #ffffff; }
.explorer .outline { fill: none; stroke: var(--ink); stroke-width: 2; stroke-linejoin: round; }
.explorer .ends { display: flex; justify-content: space-between; gap: 0.4rem; text-align: center; }
"""

_SCRIPT = """
const slider = box.querySelector("input"), result = box.querySelector(".result");
const now = box.querySelector(".now"), button = box.querySelector("button");
const cells = [...box.querySelectorAll(".cells rect")], last = data.colours.length - 1;
let playing = null;
const show = function () {
  const at = Number(slider.value), row = data.values[at];
  slider.setAttribute("aria-valuetext", data.times[at]);
  slider.nextElementSibling.textContent = data.times[at];
  ["x1", "x2"].forEach(function (end) { now.setAttribute(end, data.x[at]); });
  cells.forEach(function (cell, number) {
    let total = 0;
    data.weights[number].forEach(function (weight, sensor) { total += weight * row[sensor]; });
    const part = (total - data.low) / (data.high - data.low);
    cell.setAttribute("fill", data.colours[Math.max(0, Math.min(last, Math.trunc(part * last + 0.5)))]);
  });
  result.textContent = data.results[at];
};
const stop = function () {
  clearInterval(playing);
  playing = null;
  button.textContent = "Play";
  result.setAttribute("aria-live", "polite");
  show();
};
const forward = function () {
  if (Number(slider.value) >= data.times.length - 1) { stop(); return; }
  slider.value = Number(slider.value) + 1;
  show();
};
button.addEventListener("click", function () {
  if (playing) { stop(); return; }
  if (Number(slider.value) >= data.times.length - 1) { slider.value = 0; }
  result.setAttribute("aria-live", "off");  // nobody can listen to ten sentences a second
  button.textContent = "Stop";
  playing = setInterval(forward, 100);
});
slider.addEventListener("input", function () { if (playing) { stop(); } else { show(); } });
"""
