"""Levels and thresholds of guessing, by hand and against simulated guessing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.statistics.chance import exact_interval, guessing


def test_the_thresholds_of_200_ways() -> None:
    top1, top5 = guessing(200, 200), guessing(200, 200, 5)
    assert (top1.level, top1.hits, top1.threshold, top1.step) == pytest.approx((0.5, 4, 2.0, 0.5))
    assert (top5.level, top5.hits, top5.threshold) == pytest.approx((2.5, 10, 5.0))
    assert guessing(982, 982).level == pytest.approx(0.1018, abs=1e-4)


@pytest.mark.parametrize(
    ("n_items", "n_candidates", "k"), [(200, 200, 1), (50, 50, 1), (982, 982, 5), (20, 4, 2)]
)
def test_thresholds_are_the_smallest_that_guessing_rarely_reaches(
    n_items: int, n_candidates: int, k: int
) -> None:
    hits = guessing(n_items, n_candidates, k).hits
    chance = stats.binom(n_items, k / n_candidates)
    assert sum(chance.pmf(range(hits, n_items + 1))) < 0.05 <= sum(chance.pmf(range(hits - 1, n_items + 1)))


def test_a_few_items_have_no_threshold_that_can_be_reached() -> None:
    assert guessing(2, 4, 2).hits == 3
    with pytest.raises(ValueError, match="k is a whole number"):
        guessing(10, 5, 5)


def test_the_interval_turns_the_binomial_test_around() -> None:
    low, high = np.array(exact_interval(12, 200)) / 100
    assert stats.binom.sf(11, 200, low) == pytest.approx(0.025)
    assert stats.binom.cdf(12, 200, high) == pytest.approx(0.025)
    assert exact_interval(0, 200)[0] == 0
