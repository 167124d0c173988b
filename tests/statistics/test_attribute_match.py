"""What retrieved pictures share with the seen one, counted by hand and by drawing at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.statistics.attribute_match import attribute_match, category_confusion

ATTRIBUTES = pd.DataFrame(
    {"colour": ["red", "red", "blue", "red"], "kind": ["cat", "key", "cat", "bus"]}, index=list("abcd")
)


def ranking(**of: str) -> pd.DataFrame:
    rows = [(query, place + 1, one) for query, order in of.items() for place, one in enumerate(order)]
    return pd.DataFrame(rows, columns=["stimulus", "place", "candidate"])


def test_shares_by_hand_with_the_seen_picture_left_out() -> None:
    table = attribute_match(ranking(a="bacd", c="cdab"), ATTRIBUTES, gallery=list("abcd"), n=2)
    by_name = table.set_index(["stimulus", "metric"])
    assert by_name.loc[("a", "same colour"), "value"] == 0.5  # b and c
    assert by_name.loc[("a", "same colour"), "chance"] == pytest.approx(2 / 3)  # b and d of b, c, d
    assert by_name.loc[("a", "same kind"), "value"] == 0.5
    assert by_name.loc[("a", "same kind"), "chance"] == pytest.approx(1 / 3)
    assert by_name.loc[("c", "same colour"), "value"] == 0
    assert by_name.loc[("c", "same colour"), "chance"] == 0
    assert by_name.loc[("c", "same kind"), "value"] == 0.5


def test_where_the_seen_picture_stands_does_not_matter() -> None:
    one, two = (
        attribute_match(ranking(a=order), ATTRIBUTES, gallery=list("abcd"), n=2) for order in ("abcd", "bcad")
    )
    pd.testing.assert_frame_equal(one, two)


def test_random_retrieval_is_at_chance() -> None:
    rng = np.random.default_rng(0)
    names = [f"p{i}" for i in range(60)]
    attributes = pd.DataFrame({"colour": rng.choice(["r", "g", "b"], 60, p=[0.6, 0.3, 0.1])}, index=names)
    queries = names[:30]
    shares = []
    for _ in range(100):
        frame = pd.concat(
            [pd.DataFrame({"stimulus": q, "candidate": rng.permutation(names)[:6]}) for q in queries]
        )
        table = attribute_match(frame, attributes, gallery=names)
        shares.append(table["value"].mean())
    assert np.mean(shares) == pytest.approx(table["chance"].mean(), abs=0.015)


def test_bad_input_is_refused() -> None:
    with pytest.raises(DataError, match="Too few"):
        attribute_match(ranking(a="abc"), ATTRIBUTES, gallery=list("abcd"), n=3)
    with pytest.raises(DataError, match="without attributes"):
        attribute_match(ranking(a="abc"), ATTRIBUTES, gallery=list("abcde"), n=1)


def test_confusions_by_hand() -> None:
    kinds = {"a": "animal", "b": "tool", "c": "animal", "d": "tool"}
    table = category_confusion(ranking(a="ab", b="cb", c="dc"), kinds, ["tool", "animal", "food"])
    assert list(table.loc["animal"]) == [0.5, 0.5, 0]
    assert list(table.loc["tool"]) == [0, 1, 0]
    assert table.loc["food"].isna().all()
    with pytest.raises(DataError, match="without a category"):
        category_confusion(ranking(a="ex"), kinds, ["tool"])
