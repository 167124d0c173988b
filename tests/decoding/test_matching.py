"""Matching both ways by hand, captions with several right answers, the gap between cones."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.matching import (
    BACKWARD,
    FORWARD,
    match,
    match_both_ways,
    match_captions,
    on_common_centre,
    one_caption,
    summary,
)
from companion.embeddings import Embeddings
from companion.errors import DataError


def space(values: object, prefix: str = "i") -> Embeddings:
    rows = np.asarray(values, dtype=float)
    return Embeddings(rows, tuple(f"{prefix}{i}" for i in range(len(rows))), "toy")


def at(*degrees: float) -> list[tuple[float, float]]:
    """Unit vectors in the plane."""
    return [(np.cos(np.deg2rad(d)), np.sin(np.deg2rad(d))) for d in degrees]


def noisy(n: int, seed: int, noise: float = 1.0) -> tuple[Embeddings, Embeddings]:
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(n, 8))
    return space(images + noise * rng.normal(size=(n, 8))), space(images)


def test_both_ways_by_hand() -> None:
    images, decoded = space(at(0, 50, 120)), space(at(10, 80, 85))
    table = match_both_ways(decoded, images, subject="S1").set_index(["direction", "item"])
    # i1 at 80 has picture 1 at 30 and picture 2 at 40 degrees; i2 at 85 has picture 1 at 35, 2 also at 35.
    assert table.loc[FORWARD, "rank"].tolist() == [1, 1, 1.5]
    # Picture 1 at 50: decoded 1 at 30, 2 at 35, 0 at 40. Picture 2 at 120: decoded 2 at 35, 1 at 40.
    assert table.loc[BACKWARD, "rank"].tolist() == [1, 1, 1]
    assert table.loc[(FORWARD, "i2"), "percentile"] == pytest.approx(0.75)
    assert table.loc[(FORWARD, "i1"), "similarity"] == pytest.approx(np.cos(np.deg2rad(30)))
    assert set(table["subject"]) == {"S1"}


def test_directions_differ_and_images_are_joined_by_name() -> None:
    decoded, images = noisy(30, 0, 2.0)
    table = match_both_ways(decoded, images)
    cosine = decoded.normalised().values @ images.normalised().values.T
    own = np.diag(cosine)
    expected = [*(1 + (cosine > own[:, None]).sum(axis=1)), *(1 + (cosine > own).sum(axis=0))]
    assert table["rank"].tolist() == expected
    assert expected[:30] != expected[30:]
    shuffled = images.select(images.ids[::-1])
    assert match_both_ways(decoded, shuffled)["rank"].tolist() == expected
    more = space(np.concatenate([images.values, -images.values]))
    assert (match_both_ways(decoded, more)["n_candidates"] == 30).all()


def test_trials_find_the_image_they_belong_to() -> None:
    images = space(at(0, 90))
    trials = space(at(5, 80, 100, 20), "t")
    answers = {"t0": "i0", "t1": "i1", "t2": "i0", "t3": "i0"}
    table = match(trials, images, answers=answers)
    assert table["top1"].tolist() == [1, 1, 0, 1]
    assert table["answer"].tolist() == ["i0", "i1", "i0", "i0"]
    with pytest.raises(DataError, match="not in the gallery"):
        match(trials, images)
    with pytest.raises(DataError, match="different lengths"):
        match(trials, space(np.eye(3)), answers=answers)


def test_any_own_caption_counts_and_own_captions_do_not_stand_in_each_others_way() -> None:
    captions = space(at(40, 10, 90, 20, 200, 61), "c")
    image_of = {"c0": "i0", "c1": "i0", "c2": "i1", "c3": "i1", "c4": "i2", "c5": "i2"}
    decoded = space(at(30, 75, 0))
    table = match_captions(decoded, captions, image_of).set_index("item")
    # i0 at 30: own captions 10 and 20 away, foreign c3 at 10 (a tie with the best own one), c5 at 31.
    assert (table.loc["i0", "better"], table.loc["i0", "tied"]) == (0, 1)
    # i1 at 75: own c2 at 15; foreign c5 at 14.
    assert table.loc["i1", "rank"] == 2
    # i2 at 0: own c5 at 61; foreign c1, c3, c0 above it.
    assert (table.loc["i2", "rank"], table.loc["i2", "n_candidates"], table.loc["i2", "n_right"]) == (4, 5, 2)
    assert table.loc["i0", "chance1"] == pytest.approx(2 / 6)
    first, second = (one_caption(captions, image_of, number) for number in (0, 1))
    assert (first.ids, second.ids) == (("i0", "i1", "i2"), ("i0", "i1", "i2"))
    np.testing.assert_allclose(second.values, captions.select(["c1", "c3", "c5"]).values)
    assert match_captions(decoded, first, {i: i for i in first.ids})["rank"].tolist() == [
        *match(decoded, first)["rank"]
    ]


def test_any_of_five_agrees_with_a_search_of_all_captions() -> None:
    rng = np.random.default_rng(2)
    images = rng.normal(size=(20, 6))
    captions = space(np.repeat(images, 5, axis=0) + 1.5 * rng.normal(size=(100, 6)), "c")
    decoded = space(images + rng.normal(size=(20, 6)))
    table = match_captions(decoded, captions, {f"c{i}": f"i{i // 5}" for i in range(100)})
    cosine = decoded.normalised().values @ captions.normalised().values.T
    for row, values in enumerate(cosine):
        owners = np.argsort(-values) // 5
        assert table["top1"][row] == (owners[0] == row)
        assert table["top5"][row] == (row in owners[:5])
        assert table["rank"][row] == 1 + list(owners).index(row)
    assert (table["top1"] > 0).any()
    with pytest.raises(DataError, match="unknown images"):
        match_captions(decoded, captions, {})
    with pytest.raises(DataError, match="number 5"):
        one_caption(captions, {f"c{i}": f"i{i // 5}" for i in range(100)}, 5)


def test_centring_undoes_a_gap_and_knows_no_other_test_response() -> None:
    rng = np.random.default_rng(1)
    candidates = space(rng.normal(size=(40, 10)))
    gap = np.r_[np.zeros(9), 30.0]
    towards = 25 * candidates.values[3]  # all decoded vectors lean to one candidate's cone
    decoded = space(candidates.values + 0.3 * rng.normal(size=(40, 10)) + gap + towards)
    training = space(rng.normal(size=(400, 10)) + gap + towards, "t")
    raw = match(decoded, candidates)["top1"].mean()
    centred = match(*on_common_centre(decoded, candidates, training))["top1"].mean()
    assert raw < 0.2 < 0.8 < centred
    one, _ = on_common_centre(decoded.select(["i5"]), candidates, training)
    many, _ = on_common_centre(decoded, candidates, training)
    np.testing.assert_array_equal(one.values[0], many.values[5])


def test_summaries_hold_medians_and_percent() -> None:
    table = match(space(at(0, 85, 60)), space(at(0, 90, 180)), subject="S1")
    (row,) = summary(table, ["subject"]).to_dict("records")
    assert table["rank"].tolist() == [1, 1, 3]
    assert (row["n"], row["median_rank"], row["top1"]) == (3, 1, pytest.approx(200 / 3))
    assert row["percentile"] == pytest.approx(200 / 3)
    assert (row["chance1"], row["chance5"]) == (pytest.approx(100 / 3), 100)
