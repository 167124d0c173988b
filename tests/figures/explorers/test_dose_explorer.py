"""The explorer of dials shows the worlds that were made, and says which were not."""

from __future__ import annotations

import re

import numpy as np
import pytest

from companion.figures.explorers.box import Explorer
from companion.figures.explorers.doses import dose_explorer

from .conftest import data_of, doses

LEVELS = ("base", "aligned", "permuted")


def number(text: str) -> float:
    return float(text.replace("−", "-").removesuffix("%"))


def test_only_settings_on_the_two_axes_are_there(dials: Explorer) -> None:
    data = data_of(dials.html("fig-a"))
    on_axes = {f"{space}-{gap}-{sharing}" for space in (0, 1) for gap in range(3) for sharing in range(3)
               if 1 in (gap, sharing)}  # fmt: skip
    assert set(data["made"]) == on_axes
    assert data["stops"] == [["0", "0.35", "0.7"], ["0", "0.5", "1"]]
    assert "No world was made" in data["unmade"]


def test_dots_and_numbers_are_those_of_the_worlds(dials: Explorer) -> None:
    data = data_of(dials.html("fig-a"))
    table = doses()
    wide = table.pivot_table(index=["space", "dial", "value", "seed"], columns="level", values="accuracy")
    highest = wide.to_numpy().max()
    gain = wide["aligned"] - wide["permuted"]
    low, high = min(0, gain.min()), max(0, gain.max())
    for key, state in data["made"].items():
        space, gap, sharing = map(int, key.split("-"))
        dial, stop = ("sharing", sharing) if gap == 1 else ("gap", gap)
        value = float(data["stops"][0 if dial == "gap" else 1][stop])
        rows = wide.loc[(["DreamSim", "gLocal"][space], dial, value)]
        for row, level in enumerate(LEVELS):
            np.testing.assert_allclose(
                [number(x) for x in state["dots"][row]], 100 * rows[level] / highest, atol=0.006
            )
            assert number(state["values"][row]) == pytest.approx(rows[level].mean(), abs=0.0501)
        own = gain.loc[(["DreamSim", "gLocal"][space], dial, value)]
        np.testing.assert_allclose(
            [number(x) for x in state["dots"][3]], 100 * (own - low) / (high - low), atol=0.006
        )
        assert number(state["values"][3]) == pytest.approx(own.mean(), abs=0.0501)
        assert f"the mean of {len(own)} worlds" in state["text"]


def test_it_begins_with_both_dials_at_their_default(dials: Explorer) -> None:
    data = data_of(dials.html("fig-a"))
    assert data["made"]["0-1-1"]["text"] in dials.text
    assert re.findall(r'type="range" min="0" max="2" step="1" value="(\d)"', dials.body) == ["1", "1"]
    assert dials.body.count('class="made"') == 5
    assert dials.body.count('class="unmade"') == 4


def test_one_pair_of_spaces_leaves_nothing_to_choose() -> None:
    table = doses().query("space == 'gLocal'")
    found = dose_explorer(
        table, levels=LEVELS, effect=("aligned", "permuted"), default={"gap": 0.35, "sharing": 0.5}, chance=5
    )
    assert "<select" not in found.body


def test_what_does_not_form_worlds_is_refused() -> None:
    given = {"levels": LEVELS, "effect": ("aligned", "permuted"), "chance": 5.0}
    with pytest.raises(ValueError, match="two dials"):
        dose_explorer(doses(), default={"gap": 0.35}, **given)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lacks one of the levels"):
        dose_explorer(doses().iloc[1:], default={"gap": 0.35, "sharing": 0.5}, **given)  # type: ignore[arg-type]
