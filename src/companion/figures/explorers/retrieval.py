"""An explorer of retrieval: choose what was seen, look at what each decoder found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy.typing as npt
import pandas as pd

from companion.figures.explorers.box import Explorer, percent, picture_address

N_SHOWN = 10
"""Candidates shown of each decoder."""


def retrieval_explorer(
    pictures: Mapping[str, npt.NDArray[Any]],
    queries: Sequence[str],
    retrieved: Mapping[str, pd.DataFrame],
    *,
    first: str,
    labels: Mapping[str, str],
) -> Explorer:
    """Let a reader choose what was seen: the ten best candidates of each decoder, and where the right one is.

    Parameters
    ----------
    pictures : mapping of str to ndarray of uint8, shape (height, width, 3)
        Square pictures of all candidates, by id.
    queries : sequence of str
        Seen pictures, in the order of the list.
    retrieved : mapping of str to DataFrame
        Name of a decoder -> ``stimulus``, ``place`` (from 1), ``candidate``, ``cosine`` and ``hit``, with
        *all* candidates of every query. Spaces, base and aligned, stand side by side in the same way.
    first : str
        The query that is shown first.
    labels : mapping of str to str
        What a candidate is called.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If a query has no row that is a hit, or ``first`` is none of them.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion.figures import retrieval_explorer
    >>> pictures = {name: np.zeros((8, 8, 3), dtype=np.uint8) for name in ("cat", "dog")}
    >>> found = pd.DataFrame({"stimulus": "cat", "place": [1, 2], "candidate": ["dog", "cat"],
    ...                       "cosine": [0.7, 0.6], "hit": [False, True]})
    >>> labels = {"cat": "a cat", "dog": "a dog"}
    >>> explorer = retrieval_explorer(pictures, ["cat"], {"CLIP": found}, first="cat", labels=labels)
    >>> print(explorer.text.splitlines()[-1])
    a cat: CLIP puts it at place 2 of 2 (cosine 0.60).
    """
    if first not in queries:
        raise ValueError(f"the first query {first!r} is none of the {len(queries)} queries")
    row_of = {name: row for row, name in enumerate(pictures)}
    decoders = [_decoder(name, table, queries, row_of) for name, table in retrieved.items()]
    n = len(pictures)
    results = [
        f"{labels[query]}: "
        + "; ".join(
            f"{one['name']} puts it at place {one['rank'][trial]} of {n} (cosine {one['own'][trial]})"
            for one in decoders
        )
        + "."
        for trial, query in enumerate(queries)
    ]
    data = {
        "pictures": [picture_address(picture) for picture in pictures.values()],
        "labels": [labels[name] for name in pictures],
        "queries": [row_of[query] for query in queries],
        "decoders": decoders,
        "results": results,
    }
    at = list(queries).index(first)
    label = "Retrieval explorer: choose a picture that was seen, and see what was found"
    return Explorer(label, _body(data, at), data, _SCRIPT, f"{label}.\n{results[at]}")


def _decoder(
    name: str, table: pd.DataFrame, queries: Sequence[str], row_of: Mapping[str, int]
) -> dict[str, Any]:
    """Candidates, cosines and bars of one decoder, one entry per query."""
    ordered = table[table["stimulus"].isin(list(queries))].sort_values("place")
    best = ordered[ordered["place"] <= N_SHOWN].groupby("stimulus", sort=False)
    hits = ordered[ordered["hit"]].drop_duplicates("stimulus").set_index("stimulus")
    if absent := [query for query in queries if query not in hits.index]:
        raise ValueError(f"{name!r} has no place for the right candidate of {absent[0]!r}")
    groups = {str(query): group for query, group in best}
    cosines = [groups[query]["cosine"].tolist() for query in queries]
    low, high = min(0.0, min(map(min, cosines))), max(1e-9, max(map(max, cosines)))
    return {
        "name": name,
        "found": [[row_of[one] for one in groups[query]["candidate"]] for query in queries],
        "hit": [[bool(one) for one in groups[query]["hit"]] for query in queries],
        "cosine": [[_number(value) for value in row] for row in cosines],
        "bar": [
            [(percent(min(value, 0.0), low, high), _width(value, low, high)) for value in row]
            for row in cosines
        ],
        "rank": [int(hits.loc[query, "place"]) for query in queries],  # type: ignore[arg-type]
        "own": [_number(float(hits.loc[query, "cosine"])) for query in queries],  # type: ignore[arg-type]
    }


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _width(value: float, low: float, high: float) -> str:
    return percent(abs(value), 0.0, high - low)


def _body(data: Mapping[str, Any], at: int) -> str:
    """Write the controls, the seen picture and one list of candidates per decoder."""
    leading = data["decoders"][0]
    options = "".join(
        f'<option value="{trial}"{" selected" if trial == at else ""}>'
        f"{escape(data['labels'][row])}: place {leading['rank'][trial]}</option>"
        for trial, row in enumerate(data["queries"])
    )
    seen = data["queries"][at]
    lists = "".join(_list(data, decoder, at) for decoder in data["decoders"])
    return f"""<style>{_LOOK}</style>
<div class="controls">
<label>Picture seen, by place with {escape(leading["name"])} <select>{options}</select></label>
<button type="button" data-step="-1">Previous</button><button type="button" data-step="1">Next</button>
<span class="quiet">or the keys ← and →</span>
</div>
<div class="seen"><img width="64" height="64" src="{data["pictures"][seen]}"
 alt="{escape(data["labels"][seen])}"><div><p>seen: <b>{escape(data["labels"][seen])}</b></p>
<p class="result" aria-live="polite">{escape(data["results"][at])}</p></div></div>
{lists}"""


def _list(data: Mapping[str, Any], decoder: Mapping[str, Any], at: int) -> str:
    """List the best candidates of one decoder, best first."""
    items = []
    for row, hit, cosine, (left, width) in zip(
        *(decoder[part][at] for part in ("found", "hit", "cosine", "bar")), strict=True
    ):
        items.append(
            f'<li class="{"hit" if hit else ""}"><img width="64" height="64" src="{data["pictures"][row]}"'
            f' alt="{escape(data["labels"][row])}"><svg height="5" aria-hidden="true">'
            f'<rect x="{left}" width="{width}" height="5"></rect></svg><span>{cosine}'
            f"{' seen' if hit else ''}</span></li>"
        )
    return (
        f"<p><b>{escape(decoder['name'])}</b> <span class='quiet'>most similar first, with cosines</span></p>"
        f'<ol class="found">{"".join(items)}</ol>'
    )


_LOOK = """
.explorer .seen { display: flex; gap: 0.9rem; align-items: flex-start; margin: 0.6rem 0; }
.explorer .seen img { flex: none; width: 5.5rem; }
.explorer .seen p:first-child { margin-top: 0; }
.explorer .found { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 0.4rem;
  list-style: none; margin: 0 0 0.6rem; padding: 0; }
.explorer .found li { margin: 0; padding: 3px; border: 3px solid transparent; font-size: 0.85em;
  line-height: 1.25;  font-variant-numeric: tabular-nums; }
.explorer .found li.hit { border-color: var(--second); font-weight: 700; }
.explorer .found svg { margin: 2px 0; }
.explorer .found rect { fill: var(--first); }
@container (min-width: 34rem) {
  .explorer .found { grid-template-columns: repeat(10, minmax(0, 1fr)); gap: 0.1rem; } }
"""

_SCRIPT = """
const select = box.querySelector("select"), result = box.querySelector(".result");
const picture = function (image, row) { image.src = data.pictures[row]; image.alt = data.labels[row]; };
const show = function (trial) {
  select.value = trial;
  picture(box.querySelector(".seen img"), data.queries[trial]);
  box.querySelector(".seen b").textContent = data.labels[data.queries[trial]];
  box.querySelectorAll(".found").forEach(function (list, number) {
    const decoder = data.decoders[number];
    list.querySelectorAll("li").forEach(function (item, place) {
      const hit = decoder.hit[trial][place], bar = item.querySelector("rect");
      picture(item.querySelector("img"), decoder.found[trial][place]);
      item.className = hit ? "hit" : "";
      bar.setAttribute("x", decoder.bar[trial][place][0]);
      bar.setAttribute("width", decoder.bar[trial][place][1]);
      item.querySelector("span").textContent = decoder.cosine[trial][place] + (hit ? " seen" : "");
    });
  });
  result.textContent = data.results[trial];
};
const step = function (by) {
  show(Math.min(data.queries.length - 1, Math.max(0, Number(select.value) + by)));
};
select.addEventListener("change", function () { show(Number(select.value)); });
box.querySelectorAll("button").forEach(function (button) {
  button.addEventListener("click", function () { step(Number(button.dataset.step)); });
});
box.addEventListener("keydown", function (event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by && !event.altKey && !event.ctrlKey && !event.metaKey) {
    event.preventDefault(); event.stopPropagation(); step(by);
  }
});
"""
