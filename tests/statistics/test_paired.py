"""Paired tests against scipy, against enumeration in plain Python, and under a true null."""

import itertools

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.paired import (
    MOST_ENUMERATED,
    dz_interval,
    exact_floor,
    paired_tests,
    sign_flip,
    wilcoxon,
)


def draws(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.4, 1.0, n)


def sign_flip_in_plain_python(values: list[float]) -> float:
    observed = abs(sum(values))
    sums = [abs(sum(s * v for s, v in zip(signs, values, strict=True)))
            for signs in itertools.product((-1, 1), repeat=len(values))]  # fmt: skip
    return sum(total >= observed - 1e-9 for total in sums) / len(sums)


@pytest.mark.parametrize("n", [3, 4, 7, 10])
@pytest.mark.parametrize("seed", range(4))
def test_sign_flip_is_the_enumeration(n: int, seed: int) -> None:
    values = draws(n, seed)
    assert sign_flip(values) == pytest.approx(sign_flip_in_plain_python(list(values)), abs=1e-12)


def test_sign_flip_agrees_with_scipy() -> None:
    values = draws(9, 5)
    test = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert sign_flip(values) == pytest.approx(test.pvalue, abs=1e-12)


def test_sign_flip_counts_ties_of_decimals() -> None:
    values = [0.1, 0.2, -0.3, 0.3]  # 0.1 + 0.2 is not 0.3 in binary
    assert sign_flip(values) == sign_flip_in_plain_python([1.0, 2.0, -3.0, 3.0])


def test_tests_do_not_mind_order_or_direction() -> None:
    values = draws(8, 3)
    for test in (sign_flip, wilcoxon):
        assert test(values) == test(values[::-1]) == test(-values)
        assert test(values) == pytest.approx(test(1000 * values))


@pytest.mark.parametrize("n", [4, 7, 10, 14])
def test_wilcoxon_without_ties_is_the_exact_one_of_scipy(n: int) -> None:
    values = draws(n, n)
    assert wilcoxon(values) == pytest.approx(stats.wilcoxon(values, method="exact").pvalue, abs=1e-12)


def test_wilcoxon_with_ties_and_zeros_is_the_permutation_test_of_scipy() -> None:
    values = np.array([0.5, -0.5, 1.0, 1.0, 2.0, -3.0, 0.0, 4.0, 0.5])
    moved = values[values != 0]
    expected = stats.wilcoxon(moved, method=stats.PermutationMethod(n_resamples=2**moved.size)).pvalue
    assert wilcoxon(values) == pytest.approx(expected, abs=1e-12)


def test_wilcoxon_of_no_difference_is_one() -> None:
    assert wilcoxon([0.0, 0.0, 0.0]) == 1.0


@pytest.mark.parametrize("n", [3, 4, 5, 10])
def test_the_floor_is_reached_when_all_go_one_way(n: int) -> None:
    values = np.arange(1.0, n + 1)
    assert sign_flip(values) == wilcoxon(values) == exact_floor(n) == 2 / 2**n


def test_everything_at_once_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    second = rng.normal(10, 3, 10)
    first = second + rng.normal(1, 1, 10)
    result = paired_tests(first, second)
    test = stats.ttest_rel(first, second)
    low, high = test.confidence_interval()
    assert (result.t, result.p_t) == pytest.approx((test.statistic, test.pvalue))
    assert (result.low, result.high) == pytest.approx((low, high))
    assert result.dz == pytest.approx(result.t / np.sqrt(10))
    assert result.correlation == pytest.approx(stats.pearsonr(first, second).statistic)
    assert (result.wins, result.ties, result.losses) == ((first > second).sum(), 0, (first < second).sum())


def test_ties_are_counted_and_raise_the_floor() -> None:
    result = paired_tests([1.0, 2.0, 3.0, 5.0], [1.0, 1.0, 1.0, 6.0])
    assert (result.wins, result.ties, result.losses, result.floor) == (2, 1, 1, 0.25)


@pytest.mark.filterwarnings("error")
def test_a_constant_column_correlates_with_nothing() -> None:
    result = paired_tests([1.0, 2.0, 3.0, 5.0], [1.5, 1.5, 1.5, 1.5])
    assert np.isnan(result.correlation)
    assert result.difference == pytest.approx(1.25)


@pytest.mark.parametrize(("t", "n"), [(0.0, 4), (2.6, 10), (-2.6, 10), (11.15, 10), (22.17, 4)])
def test_dz_interval_inverts_the_noncentral_t(t: float, n: int) -> None:
    low, high = dz_interval(t, n)
    assert 1 - stats.nct.cdf(t, n - 1, low * np.sqrt(n)) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(t, n - 1, high * np.sqrt(n)) == pytest.approx(0.025, abs=1e-6)
    assert low <= t / np.sqrt(n) <= high


@pytest.mark.parametrize("n", [3, 4, 10, 20])
def test_dz_interval_exists_for_every_size_of_effect(n: int) -> None:
    for t in np.r_[0.0, np.geomspace(0.01, 80, 40)]:
        low, high = dz_interval(t, n)
        assert low < t / np.sqrt(n) < high
        assert dz_interval(-t, n) == pytest.approx((-high, -low))


def test_dz_interval_covers() -> None:
    rng = np.random.default_rng(7)
    samples = rng.normal(0.8, 1.0, (400, 10))
    covered = [
        low <= 0.8 <= high
        for low, high in (dz_interval(stats.ttest_1samp(row, 0).statistic, 10) for row in samples)
    ]
    assert 0.92 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize("test", [sign_flip, wilcoxon])
def test_p_is_uniform_under_the_null(test: object) -> None:
    rng = np.random.default_rng(11)
    p = np.array([test(row) for row in rng.normal(size=(1500, 9))])  # type: ignore[operator]
    for level in (0.05, 0.1, 0.5):
        attainable = np.floor(level * 2**8) / 2**8
        assert np.mean(p <= level) <= level + 3 * np.sqrt(level * (1 - level) / p.size)
        assert np.mean(p <= level) >= attainable - 0.05


@pytest.mark.parametrize(
    "bad", [[1.0, 2.0], [1.0, np.nan, 2.0], [[1.0, 2.0, 3.0]], np.ones(MOST_ENUMERATED + 1)], ids=str
)
def test_what_cannot_be_enumerated_is_refused(bad: object) -> None:
    with pytest.raises(DataError, match=r"enumeration|cannot be used|wrong shape"):
        sign_flip(bad)  # type: ignore[arg-type]


def test_unequal_columns_and_constant_differences_are_refused() -> None:
    with pytest.raises(DataError, match="do not pair"):
        paired_tests([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(DataError, match="equal"):
        paired_tests([1.1, 2.1, 3.1], [1.0, 2.0, 3.0])


def test_sums_are_those_of_all_sign_patterns() -> None:
    for n in range(3, 13):
        values = np.random.default_rng(n).integers(-4, 9, n) / 10  # decimals tie often
        patterns = np.array(list(itertools.product((-1, 1), repeat=n)))
        reached = np.abs(patterns @ values) >= abs(values.sum()) - 1e-9
        assert sign_flip(values) == reached.mean()
