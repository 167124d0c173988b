"""An explorer of the dials of the miniature world: set both, look at the worlds that were made so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from companion.figures.accuracy import looks
from companion.figures.explorers.box import Explorer, on_dark, percent
from companion.figures.explorers.dots import DOTS_LOOK, Row, axis, track
from companion.figures.style import signed


def dose_explorer(
    table: pd.DataFrame,
    *,
    levels: Sequence[str],
    effect: tuple[str, str],
    default: Mapping[str, float],
    chance: float,
) -> Explorer:
    """Let a reader set two dials: every world that was made at that setting, and what judges changed there.

    Only one dial was turned at a time. A setting that was not made is said to be so; nothing is filled in.

    Parameters
    ----------
    table : DataFrame
        ``space`` (name of the pair of spaces), ``dial``, ``value`` (of the dial), ``seed``, ``level``,
        ``accuracy`` in percent.
    levels : sequence of str
        Rows, from top to bottom.
    effect : tuple of str
        The two levels whose difference is the last row, first minus second.
    default : mapping of str to float
        Where each of the two dials stands while the other one is turned; the first state.
    chance : float
        In percent.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If there are not two dials, or a world lacks a level.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import dose_explorer
    >>> rows = [("CLIP", dial, value, 0, level, 10.0 * value + gain)
    ...         for dial, value in (("gap", 0.0), ("gap", 1.0), ("sharing", 1.0))
    ...         for level, gain in (("base", 1.0), ("aligned", 3.0))]
    >>> table = pd.DataFrame(rows, columns=["space", "dial", "value", "seed", "level", "accuracy"])
    >>> explorer = dose_explorer(table, levels=["base", "aligned"], effect=("aligned", "base"),
    ...                          default={"gap": 1.0, "sharing": 1.0}, chance=0.5)
    >>> print(explorer.text.splitlines()[-1].partition(", the mean")[0])
    At gap 1 and sharing 1, aligned − base is +2.0 points
    """
    dials = list(default)
    if len(dials) != 2 or set(table["dial"]) != set(dials):
        raise ValueError(f"two dials are expected, got {sorted(set(table['dial']))} and defaults of {dials}")
    wide = _wide(table, effect)
    rows = _rows(wide, levels, effect, chance)
    stops = {dial: sorted(table.loc[table["dial"] == dial, "value"].unique().tolist()) for dial in dials}
    spaces = list(dict.fromkeys(table["space"]))
    made = {}
    for (space, dial, value), own in wide.groupby(["space", "dial", "value"]):
        place = [stops[one].index(value if one == dial else default[one]) for one in dials]
        setting = " and ".join(f"{one} {stops[one][at]:g}" for one, at in zip(dials, place, strict=True))
        values = own[[row.column for row in rows]].to_numpy().T
        made[_key(spaces.index(space), place)] = _state(values, rows, setting)
    data = {
        "made": made,
        "stops": [[f"{value:g}" for value in stops[dial]] for dial in dials],
        "unmade": "No world was made with both dials away from where they usually stand "
        f"({', '.join(f'{dial} {value:g}' for dial, value in default.items())}): one was turned at a time. "
        "Put either dial back.",
    }
    start = [stops[dial].index(default[dial]) for dial in dials]
    label = f"Dials of the miniature world: set {dials[0]} and {dials[1]}, and see what each world gives"
    body = _body(data, start, dials, spaces, rows)
    return Explorer(label, body, data, _SCRIPT, f"{label}.\n{made[_key(0, start)]['text']}")


def _wide(table: pd.DataFrame, effect: tuple[str, str]) -> pd.DataFrame:
    """Put the levels of each world side by side, and their difference in column ``effect``."""
    index = ["space", "dial", "value", "seed"]
    wide = table.pivot_table(index=index, columns="level", values="accuracy")
    if wide.isna().any(axis=None):
        raise ValueError(f"a world lacks one of the levels {list(wide.columns)}")
    return wide.assign(effect=wide[effect[0]] - wide[effect[1]])


def _rows(wide: pd.DataFrame, levels: Sequence[str], effect: tuple[str, str], chance: float) -> list[Row]:
    """Choose one scale for all accuracies of all settings, and one for all differences."""
    highest = float(wide[list(levels)].to_numpy(float).max())
    gains = wide["effect"].to_numpy(float)
    rows = []
    for level, look in looks(list(levels)).items():
        colour = str(look["color"])
        rows.append(Row(level, level, colour, on_dark(colour), (0.0, highest), chance))
    scale = (min(0.0, float(gains.min())), max(0.1, float(gains.max())))
    return [*rows, Row(f"{effect[0]} − {effect[1]}", "effect", "var(--ink)", "var(--ink)", scale, 0.0)]


def _key(space: int, place: Sequence[int]) -> str:
    return "-".join(map(str, [space, *place]))


def _state(values: Any, rows: Sequence[Row], setting: str) -> dict[str, Any]:
    """Places and words of one setting; values of shape (n_rows, n_worlds)."""
    gain = values[-1]
    words = (
        f"At {setting}, {rows[-1].title} is {signed(gain.mean(), 1)} points, the mean of {len(gain)} "
        f"worlds; the single worlds lie between {signed(gain.min(), 1)} and {signed(gain.max(), 1)}."
    )
    both = list(zip(rows, values, strict=True))
    return {
        "text": words,
        "dots": [[percent(value, *row.scale) for value in own] for row, own in both],
        "means": [percent(own.mean(), *row.scale) for row, own in both],
        "values": [*(f"{own.mean():.1f}" for own in values[:-1]), signed(gain.mean(), 1)],
    }


def _body(
    data: Mapping[str, Any],
    start: Sequence[int],
    dials: Sequence[str],
    spaces: Sequence[str],
    rows: Sequence[Row],
) -> str:
    """Write the sliders, the map of settings and one row of dots per level."""
    state = data["made"][_key(0, start)]
    sliders = "".join(
        f'<label>{escape(dial)} <input type="range" min="0" max="{len(stops) - 1}" step="1" value="{at}"'
        f' aria-valuetext="{stops[at]}"> <output>{stops[at]}</output></label>'
        for dial, stops, at in zip(dials, data["stops"], start, strict=True)
    )
    options = "".join(f'<option value="{n}">{escape(space)}</option>' for n, space in enumerate(spaces))
    choice = f"<label>spaces <select>{options}</select></label>" if len(spaces) > 1 else ""
    drawn = [
        track(row, state["dots"][number], state["means"][number], state["values"][number])
        for number, row in enumerate(rows)
    ]
    accuracies, gain = "".join(drawn[:-1]), drawn[-1]
    return f"""<style>{DOTS_LOOK}{_LOOK}</style>
<div class="controls">{sliders}{choice}</div>
<p class="result" aria-live="polite">{escape(state["text"])}</p>
<div class="doses">{_map(data, start, dials)}<div class="rows">{accuracies}{axis(rows[0], "top-1 (%)")}
{gain}{axis(rows[-1], "points")}</div></div>
<p class="quiet">A dot is a world, a bar the mean; dashed: chance, and zero for the difference.</p>"""


def _map(data: Mapping[str, Any], start: Sequence[int], dials: Sequence[str]) -> str:
    """Draw all settings: made ones full, the present one ringed."""
    n_across, n_up = map(len, data["stops"])
    marks = "".join(
        f'<circle class="{"made" if _key(0, (column, row)) in data["made"] else "unmade"}"'
        f' cx="{30 + 20 * column}" cy="{12 + 20 * (n_up - 1 - row)}" r="4"></circle>'
        for column in range(n_across)
        for row in range(n_up)
    )
    now = f'cx="{30 + 20 * start[0]}" cy="{12 + 20 * (n_up - 1 - start[1])}"'
    bottom = 20 * n_up + 2
    return (
        f'<svg class="map" viewBox="0 0 {20 * n_across + 24} {bottom + 16}" aria-hidden="true">{marks}'
        f'<circle class="now" {now} r="8"></circle>'
        f'<text x="{20 + 10 * n_across}" y="{bottom + 10}">{escape(dials[0])}</text>'
        f'<text transform="translate(12 {2 + 10 * n_up}) rotate(-90)">{escape(dials[1])}</text></svg>'
    )


_LOOK = """
.explorer .doses { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; align-items: center; }
.explorer .doses .map { width: 9rem; flex: none; }
.explorer .map text { fill: var(--quiet); text-anchor: middle; font-size: 11px; }
.explorer .map .made { fill: var(--first); }
.explorer .map .unmade { fill: none; stroke: var(--quiet); stroke-dasharray: 2 2; }
.explorer .map .now { fill: none; stroke: var(--second); stroke-width: 3; }
.explorer .doses.unmade .track circle, .explorer .doses.unmade .track .mean { display: none; }
"""

_SCRIPT = """
const sliders = [...box.querySelectorAll("input")], select = box.querySelector("select");
const result = box.querySelector(".result"), plot = box.querySelector(".doses");
const now = box.querySelector(".now"), tracks = [...box.querySelectorAll(".track")];
const show = function () {
  const at = sliders.map(function (slider) { return Number(slider.value); });
  sliders.forEach(function (slider, dial) {
    slider.nextElementSibling.textContent = data.stops[dial][at[dial]];
    slider.setAttribute("aria-valuetext", data.stops[dial][at[dial]]);
  });
  now.setAttribute("cx", 30 + 20 * at[0]);
  now.setAttribute("cy", 12 + 20 * (data.stops[1].length - 1 - at[1]));
  const state = data.made[[select ? select.value : 0].concat(at).join("-")];
  plot.classList.toggle("unmade", !state);
  result.textContent = state ? state.text : data.unmade;
  tracks.forEach(function (track, row) {
    track.nextElementSibling.textContent = state ? state.values[row] : "–";
    if (!state) { return; }
    const dots = track.querySelectorAll("circle");
    dots.forEach(function (dot, world) { dot.setAttribute("cx", state.dots[row][world]); });
    const mean = track.querySelector(".mean");
    ["x1", "x2"].forEach(function (end) { mean.setAttribute(end, state.means[row]); });
  });
};
sliders.concat(select || []).forEach(function (one) { one.addEventListener("input", show); });
"""
