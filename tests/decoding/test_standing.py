"""Fair ranks against every way to break ties, N-way scores against every set of distractors."""

from __future__ import annotations

from itertools import combinations, permutations
from math import comb

import numpy as np
import pandas as pd
import pytest

from companion.decoding.standing import (
    Standing,
    hit_probability,
    n_way_curve,
    n_way_hits,
    standing,
    table_of,
)
from companion.errors import DataError


def every_order(similarity: np.ndarray, right: np.ndarray) -> list[int]:
    """Ranks of the best right candidate among the wrong ones, once for each way to break ties."""
    found = []
    for order in permutations(range(len(similarity))):
        ordered = sorted(order, key=lambda row: -similarity[row])
        first = next(place for place, row in enumerate(ordered) if right[row])
        found.append(1 + first)
    return found


def tabled(similarity: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    names = [f"q{i}" for i in range(len(similarity))]
    return table_of(names, names, standing(similarity, right), right)


@pytest.mark.parametrize("n_right", [1, 2, 3])
def test_ranks_and_hits_are_the_mean_over_every_way_to_break_ties(n_right: int) -> None:
    rng = np.random.default_rng(n_right)
    for _ in range(12):
        similarity = rng.integers(0, 3, size=6).astype(float)
        right = np.isin(np.arange(6), rng.choice(6, n_right, replace=False))
        ranks = np.array(every_order(similarity, right))
        found = standing(similarity[None], right[None])
        assert found.ranks()[0] == pytest.approx(ranks.mean())
        for k in (1, 2, 5):
            assert found.hits(k)[0] == pytest.approx((ranks <= k).mean())


def test_a_case_by_hand() -> None:
    # Two are better than the right one (.5) and one is equal: places 3 and 4, each half of the time.
    similarity = np.array([[0.9, 0.5, 0.5, 0.7, 0.1]])
    found = standing(similarity, np.array([[False, True, False, False, False]]))
    assert [float(part[0]) for part in found] == [2, 1, 1, 0.5]
    assert (found.ranks()[0], found.hits(2)[0], found.hits(3)[0], found.hits(4)[0]) == (3.5, 0, 0.5, 1)
    row = tabled(similarity, np.array([[False, True, False, False, False]])).iloc[0]
    assert row["percentile"] == pytest.approx(1.5 / 4)  # one beaten, one half beaten, of four
    assert (row["top1"], row["top5"], row["chance1"], row["n_candidates"]) == (0, 1, pytest.approx(0.2), 5)


def test_rounding_breaks_no_tie() -> None:
    similarity = np.array([[0.3, 0.1 + 0.2, 0.3 + 1e-9]])
    found = standing(similarity, np.array([[True, False, False]]))
    assert (found.better[0], found.tied[0]) == (1, 1)


@pytest.mark.parametrize(("n_candidates", "n_right"), [(50, 1), (20, 5)])
def test_who_always_says_the_same_scores_chance(n_candidates: int, n_right: int) -> None:
    right = np.arange(n_candidates)[None] < n_right
    row = tabled(np.ones((1, n_candidates)), right).iloc[0]
    assert row["top1"] == pytest.approx(n_right / n_candidates) == row["chance1"]
    assert row["top5"] == pytest.approx(1 - comb(n_candidates - n_right, 5) / comb(n_candidates, 5))
    assert row["top5"] == pytest.approx(row["chance5"])


def test_the_chance_of_several_right_candidates_is_what_random_rankings_give() -> None:
    rng = np.random.default_rng(0)
    right = np.broadcast_to(np.arange(30) < 5, (20_000, 30))
    found = standing(rng.normal(size=right.shape), right)
    for k in (1, 5):
        expected = hit_probability(k, 25, 5)
        assert found.hits(k).mean() == pytest.approx(float(expected), abs=4 * 0.5 / np.sqrt(20_000))
    # (25 / 30) (24 / 29) ... misses
    assert float(hit_probability(5, 25, 5)) == pytest.approx(1 - comb(25, 5) / comb(30, 5))


def by_subsets(values: np.ndarray, own: int, n_way: int, k: int) -> float:
    """Mean hit over every set of distractors, ties at random within each."""
    hits = []
    for others in combinations([row for row in range(len(values)) if row != own], n_way - 1):
        above = sum(values[row] > values[own] for row in others)
        beside = sum(values[row] == values[own] for row in others)
        hits.append(np.mean([above + before < k for before in range(beside + 1)]))
    return float(np.mean(hits))


@pytest.mark.parametrize(("n_way", "k"), [(2, 1), (4, 1), (4, 3), (7, 1), (7, 5), (8, 2)])
def test_n_way_scores_are_the_mean_over_every_set_of_distractors(n_way: int, k: int) -> None:
    rng = np.random.default_rng(3)
    similarity = np.concatenate([rng.normal(size=(4, 8)), rng.integers(0, 3, size=(8, 8)).astype(float)])
    own = rng.integers(8, size=12)
    table = tabled(similarity, np.arange(8)[None] == own[:, None])
    expected = [by_subsets(row, right, n_way, k) for row, right in zip(similarity, own, strict=True)]
    np.testing.assert_allclose(n_way_hits(table, n_way, k), expected)


def test_a_curve_ends_where_the_gallery_does() -> None:
    rng = np.random.default_rng(5)
    table = tabled(rng.normal(size=(30, 30)) + 1.5 * np.eye(30), np.eye(30, dtype=bool))
    curve = n_way_curve(table, [2, 5, 30]).set_index("n_way")
    assert curve["value"].is_monotonic_decreasing
    assert curve["value"][30] == pytest.approx(100 * table["top1"].mean())
    assert curve["value"][2] == pytest.approx(100 * table["percentile"].mean())  # two-way is the percentile
    assert curve["chance"].tolist() == pytest.approx([50, 20, 100 / 30])
    assert n_way_curve(table, [30], k=5)["value"][0] == pytest.approx(100 * table["top5"].mean())


def test_impossible_questions_are_refused() -> None:
    right = np.eye(4, dtype=bool)
    table = tabled(np.eye(4), right)
    for n_way, k in ((1, 1), (5, 1), (3, 3), (3, 0)):
        with pytest.raises(DataError, match="no such N-way"):
            n_way_hits(table, n_way, k)
    several = right | np.roll(right, 1, axis=1)
    with pytest.raises(DataError, match="no such N-way"):
        n_way_hits(tabled(np.eye(4), several), 2)
    with pytest.raises(DataError, match="cannot be ranked"):
        standing(np.eye(4), np.zeros((4, 4), dtype=bool))
    with pytest.raises(DataError, match="cannot be used"):
        standing(np.full((4, 4), np.nan), right)


def test_standings_of_one_right_candidate_follow_the_simple_rule() -> None:
    better, tied = np.array([0.0, 3.0, 4.0]), np.array([4.0, 3.0, 0.0])
    found = Standing(better, tied, np.ones(3), np.zeros(3))
    for k in (1, 5):
        np.testing.assert_allclose(found.hits(k), np.clip((k - better) / (tied + 1), 0, 1))
