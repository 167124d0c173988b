"""The explorer of retrieval says what the tables say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.figures.explorers.box import Explorer
from companion.figures.explorers.retrieval import N_SHOWN, retrieval_explorer

from .conftest import N_PICTURES, data_of, similarities


def test_data_are_those_of_the_tables(retrieval: Explorer) -> None:
    data = data_of(retrieval.html("fig-a"))
    assert data["queries"] == list(range(N_PICTURES))
    assert len(data["pictures"]) == N_PICTURES
    for decoder, seed in zip(data["decoders"], (1, 2), strict=True):
        table = similarities(seed)
        for trial in range(N_PICTURES):
            own = table[table["stimulus"] == f"p{trial}"]
            best = own[own["place"] <= N_SHOWN]
            assert [f"p{row}" for row in decoder["found"][trial]] == list(best["candidate"])
            assert decoder["hit"][trial] == list(best["hit"])
            shown = [float(text.replace("−", "-")) for text in decoder["cosine"][trial]]
            np.testing.assert_allclose(shown, best["cosine"], atol=0.005001)
            assert decoder["rank"][trial] == own.loc[own["hit"], "place"].iloc[0]


def test_bars_begin_at_zero_and_are_as_long_as_the_cosine(retrieval: Explorer) -> None:
    for decoder, seed in zip(data_of(retrieval.html("fig-a"))["decoders"], (1, 2), strict=True):
        table = similarities(seed)
        best = table.loc[table["place"] <= N_SHOWN, "cosine"].to_numpy().reshape(N_PICTURES, -1)
        low, high = min(0, best.min()), best.max()
        zero = 100 * -low / (high - low)
        for row, bars in zip(best, decoder["bar"], strict=True):
            for value, (left, width) in zip(row, bars, strict=True):
                begin, length = float(left[:-1]), float(width[:-1])
                assert length == pytest.approx(100 * abs(value) / (high - low), abs=0.01)
                assert (begin if value >= 0 else begin + length) == pytest.approx(zero, abs=0.02)


def test_the_first_state_is_the_chosen_query(retrieval: Explorer) -> None:
    data = data_of(retrieval.html("fig-a"))
    body = retrieval.body
    assert 'value="3" selected' in body
    base, aligned = data["decoders"]
    assert data["results"][3] == (
        f"<i>p3</i> & </script>: base puts it at place {base['rank'][3]} of {N_PICTURES} "
        f"(cosine {base['own'][3]}); aligned puts it at place {aligned['rank'][3]} of {N_PICTURES} "
        f"(cosine {aligned['own'][3]})."
    )
    shown = [body.index(data["pictures"][row]) for row in (3, base["found"][3][0])]
    assert shown == sorted(shown)
    assert body.count("<li") == 2 * N_SHOWN
    assert body.count('class="hit"') == sum(one["rank"][3] <= N_SHOWN for one in (base, aligned))


def pictures(n: int) -> dict[str, np.ndarray]:
    return {f"p{row}": np.zeros((8, 8, 3), dtype=np.uint8) for row in range(n)}


def test_fewer_candidates_than_places_are_shown_as_they_are() -> None:
    table = pd.DataFrame(
        {"stimulus": "p0", "place": [1, 2], "candidate": ["p1", "p0"], "cosine": [0.5, -0.2], "hit": [0, 1]}
    ).astype({"hit": bool})
    labels = {"p0": "one", "p1": "two"}
    found = retrieval_explorer(pictures(2), ["p0"], {"base": table}, first="p0", labels=labels)
    assert found.body.count("<li") == 2
    assert "one: base puts it at place 2 of 2 (cosine −0.20)." in found.text


def test_a_query_that_has_no_right_candidate_is_refused() -> None:
    few = pictures(N_PICTURES)
    table = similarities(1)
    with pytest.raises(ValueError, match="none of the 14 queries"):
        retrieval_explorer(few, list(few), {"base": table}, first="x", labels={})
    cut = table[~((table["stimulus"] == "p2") & table["hit"])]
    with pytest.raises(ValueError, match="right candidate of 'p2'"):
        retrieval_explorer(few, list(few), {"base": cut}, first="p0", labels={})
