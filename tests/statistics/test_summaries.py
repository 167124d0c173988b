"""Tests from printed summaries, against the same tests on measurements."""

import itertools

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.corrections import holm
from companion.statistics.summaries import (
    Summary,
    correlation_for_p,
    fisher_interval,
    mcnemar_bounds,
    paired_p_if_correlated,
    welch,
)


@pytest.fixture
def people() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    shared = rng.normal(40, 6, 10)
    return shared + rng.normal(3, 2, 10), shared + rng.normal(0, 2, 10)


def summary(values: np.ndarray) -> Summary:
    return Summary(float(values.mean()), float(values.std(ddof=1)), values.size)


def test_welch_from_summaries_is_welch_on_values(people: tuple[np.ndarray, np.ndarray]) -> None:
    expected = stats.ttest_ind(*people, equal_var=False)
    assert welch(summary(people[0]), summary(people[1])) == pytest.approx(
        (expected.statistic, expected.pvalue)
    )


def test_welch_without_spread() -> None:
    assert welch(Summary(1, 0, 5), Summary(1, 0, 5)) == (0.0, 1.0)
    assert welch(Summary(1, 0, 5), Summary(2, 0, 5)) == (-np.inf, 0.0)


def test_paired_p_at_the_true_correlation_is_the_paired_test(people: tuple[np.ndarray, np.ndarray]) -> None:
    r = np.corrcoef(*people)[0, 1]
    expected = stats.ttest_rel(*people).pvalue
    assert paired_p_if_correlated(summary(people[0]), summary(people[1]), r) == pytest.approx(expected)


@pytest.mark.parametrize("p", [0.05, 0.01, 0.001])
def test_the_correlation_for_a_p_gives_that_p(p: float) -> None:
    first, second = Summary(55.0, 7.5, 10), Summary(50.0, 7.0, 10)
    r = correlation_for_p(first, second, p)
    assert -1 < r < 1
    assert paired_p_if_correlated(first, second, r) == pytest.approx(p)


def test_unequal_numbers_cannot_be_paired() -> None:
    with pytest.raises(DataError, match="as many units"):
        correlation_for_p(Summary(1, 1, 10), Summary(0, 1, 9), 0.05)


def test_fisher_interval_is_that_of_scipy() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=50)
    y = x + rng.normal(size=50)
    test = stats.pearsonr(x, y)
    low, high = fisher_interval(test.statistic, 50)
    assert (low, high) == pytest.approx(tuple(test.confidence_interval()))


def test_mcnemar_bounds_hold_for_every_arrangement_of_hits() -> None:
    n = 6
    for k, m in ((4, 1), (3, 3), (5, 4), (0, 2), (6, 6)):
        low, high = mcnemar_bounds(k, m, n)
        found = set()
        for hits in itertools.combinations(range(n), m):
            only_second = len(set(hits) - set(range(k)))
            only_first = k - (m - only_second)
            total = only_first + only_second
            found.add(round(stats.binomtest(only_first, total).pvalue if total else 1.0, 12))
        assert (round(low, 12), round(high, 12)) == (min(found), max(found))


def test_holm_in_plain_python() -> None:
    p = [0.0006, 0.8, 0.029, 0.0000014, 0.77, 0.14]
    order = sorted(range(6), key=p.__getitem__)
    expected, running = [0.0] * 6, 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (6 - rank) * p[index]))
        expected[index] = running
    assert holm(p) == pytest.approx(expected)
