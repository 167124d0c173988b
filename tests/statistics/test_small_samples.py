"""The numbers of few images and people, against the binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.paired_hits import mcnemar_exact
from companion.statistics.small_samples import above_chance, what_n_can_show


def hits(n_hits: int, n: int = 50) -> np.ndarray:
    return (np.arange(n) < n_hits).astype(float)


def test_what_50_images_and_5_people_can_show() -> None:
    limits = what_n_can_show()
    assert (limits.top1.hits, limits.top1.percent, round(limits.top1.p, 3)) == (4, 8, 0.018)
    assert (limits.top1_strict.hits, limits.top1_strict.percent) == (6, 12)
    assert limits.top1_strict.p < 0.001 < stats.binom.sf(4, 50, 0.02)
    assert (limits.top5.hits, limits.top5.percent, round(limits.top5.p, 3)) == (10, 20, 0.025)
    assert (limits.top5_strict.hits, limits.top5_strict.percent) == (14, 28)
    assert limits.top5_strict.p < 0.001 < stats.binom.sf(12, 50, 0.1)
    assert round(limits.standard_error, 1) == 5.7
    assert limits.step == 2
    assert (limits.people_floor, round(limits.people_floor_one_sided, 3)) == (0.0625, 0.031)
    assert limits.permutation_floor == pytest.approx(1e-4, rel=0.01)
    assert (limits.fewest_discordant, mcnemar_exact(hits(6), hits(0)).p) == (6, 0.03125)
    assert mcnemar_exact(hits(5), hits(0)).p > 0.05
    assert stats.binom.sf(3, 50, limits.detectable / 100) == pytest.approx(0.8)


def test_more_images_and_people_show_more() -> None:
    few, many = what_n_can_show(50, 5), what_n_can_show(200, 10)
    assert (many.top1.hits, many.top1.percent) == (4, 2)
    assert many.detectable < few.detectable
    assert many.people_floor < 0.05 < few.people_floor


def test_hits_above_chance() -> None:
    found = above_chance(hits(4), 0.02)
    assert (found.hits, found.n) == (4, 50)
    assert found.p == pytest.approx(stats.binomtest(4, 50, 0.02, alternative="greater").pvalue)
    assert found.mid_p == pytest.approx(found.p - stats.binom.pmf(4, 50, 0.02) / 2)
    none = above_chance(hits(0), 0.02)
    assert none.p == 1 > none.mid_p > 0.5
    # Under guessing mid-p is one half on average.
    all_counts = stats.binom.pmf(np.arange(51), 50, 0.02)
    assert all_counts @ [above_chance(hits(h), 0.02).mid_p for h in range(51)] == pytest.approx(0.5)


def test_fractions_of_a_hit_are_refused() -> None:
    with pytest.raises(DataError, match="not whole"):
        above_chance([0.5, 1], 0.02)
