"""Paired tests of hits and ranks by hand and by enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.paired_hits import (
    compare_ranks,
    mcnemar_exact,
    over_people,
    stouffer,
)


def test_mcnemar_by_hand() -> None:
    first = [1, 1, 1, 1, 1, 1, 0, 1, 0, 0]
    second = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    found = mcnemar_exact(first, second)
    assert (found.only_first, found.only_second) == (5, 1)
    assert found.p == pytest.approx(2 * (1 + 6) / 64)
    assert found.difference == pytest.approx(0.4)
    other = mcnemar_exact(second, first)
    assert (other.p, other.difference) == (found.p, -found.difference)
    assert mcnemar_exact(first, first).p == 1
    assert mcnemar_exact([1, 0, 1], [0, 1, 1]).p == 1


def test_exchanged_methods_against_all_exchanges() -> None:
    first, second = np.array([1, 4, 2, 9, 3, 12.5, 1]), np.array([2, 4, 7, 5, 30, 20, 8])
    differences = first - second
    sums = np.array([np.dot(signs, differences) for signs in product((1, -1), repeat=7)]) / 7
    observed = differences.mean()
    found = compare_ranks(first, second, seed=0)
    assert found.difference == pytest.approx(observed)
    assert found.p_less == pytest.approx((sums <= observed + 1e-9).mean())
    assert found.p_greater == pytest.approx((sums >= observed - 1e-9).mean())
    assert found.p == pytest.approx((np.abs(sums) >= abs(observed) - 1e-9).mean())
    mirrored = compare_ranks(second, first, seed=0)
    assert (mirrored.p, mirrored.p_greater) == (found.p, found.p_less)


def test_drawn_exchanges_agree_with_enumeration_and_intervals_with_the_spread() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(1, 51, 50).astype(float), rng.integers(1, 51, 50).astype(float)
    found = compare_ranks(first, second + 3, seed=1)
    again = compare_ranks(first, second + 3, seed=2)
    assert found.p == pytest.approx(again.p, abs=0.02)
    differences = first - second - 3
    normal = 2 * stats.norm.sf(abs(differences.sum()) / np.sqrt((differences**2).sum()))
    assert found.p == pytest.approx(normal, abs=0.02)
    error = differences.std() / np.sqrt(50)
    assert (found.low, found.high) == pytest.approx(
        (found.difference - 1.96 * error, found.difference + 1.96 * error), abs=0.15 * error
    )
    assert found == compare_ranks(first, second + 3, seed=1)


def test_five_people_cannot_reach_five_percent_but_their_tests_together_can() -> None:
    found = over_people([1, 2, 3, 4, 5], [0.03, 0.02, 0.2, 0.01, 0.04])
    assert (found.n, found.wins, found.difference) == (5, 5, 3)
    assert found.p == found.floor == 0.0625
    z = stats.norm.isf([0.03, 0.02, 0.2, 0.01, 0.04]).sum() / np.sqrt(5)
    assert found.combined == pytest.approx(stats.norm.sf(z))
    assert found.combined < 0.001
    mixed = over_people([1, -2, 3, 0, -1], [0.3, 0.9, 0.1, 0.5, 0.7])
    assert (mixed.wins, mixed.floor) == (2, 0.125)
    assert mixed.combined > 0.3


def test_combined_p_is_uniform_under_the_null_and_knows_evidence_against() -> None:
    p = np.random.default_rng(0).uniform(size=(2000, 5))
    combined = [stouffer(row) for row in p]
    assert stats.kstest(combined, "uniform").pvalue > 0.001
    assert stouffer([0.01, 0.99]) == pytest.approx(0.5)


@pytest.mark.parametrize("bad", [[0.0, 0.5], [1.0, 0.5], [np.nan, 0.5], []])
def test_certain_p_values_are_not_combined(bad: list[float]) -> None:
    with pytest.raises(DataError, match="cannot be combined"):
        stouffer(bad)


def test_what_does_not_pair_is_refused() -> None:
    with pytest.raises(DataError, match=r"do not pair|cannot be used"):
        mcnemar_exact([1, 0], [1, 0, 1])
    with pytest.raises(DataError, match=r"do not pair|cannot be used"):
        compare_ranks([1, np.nan], [1, 2], seed=0)
    with pytest.raises(DataError, match="not whole"):
        mcnemar_exact([0.5, 1], [1, 0])


@pytest.mark.parametrize("n", [5, 30])
def test_one_set_of_exchanges_gives_what_scipy_gives_side_by_side(n: int) -> None:
    """Few images, all exchanges; many, drawn ones, the same for every side. Whole ranks tie often."""
    for seed in range(5):
        first, second = np.random.default_rng(seed).integers(1, 9, (2, n)).astype(float)
        found = compare_ranks(first, second, n_permutations=199, n_bootstrap=10, seed=seed)
        for side, p in (("two-sided", found.p), ("greater", found.p_greater), ("less", found.p_less)):
            test = stats.permutation_test(
                (first, second),
                lambda one, two, axis: one.mean(axis=axis) - two.mean(axis=axis),
                permutation_type="samples",
                n_resamples=199,
                batch=1000,
                alternative=side,
                rng=np.random.default_rng(seed),
            )
            assert p == test.pvalue
