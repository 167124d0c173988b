"""Tests of many sets at once give what the book's own functions give set by set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.random import Generator
from scipy import stats

from companion.statistics.calibration import batch_hits, batch_tests
from companion.statistics.concept_bootstrap import bootstrap_means, interval
from companion.statistics.crossed_bootstrap import crossed_interval
from companion.statistics.equivalence import equivalence
from companion.statistics.level_tests import compare_levels
from companion.statistics.mixed_difference import mixed_difference
from companion.statistics.paired import paired_tests, sign_flip, wilcoxon
from companion.statistics.paired_hits import compare_ranks, mcnemar_exact, stouffer
from companion.statistics.scales import bootstrap_scales
from companion.statistics.small_samples import above_chance
from companion.statistics.summaries import Summary, welch


@pytest.fixture
def rng() -> Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize("n", [3, 4, 7])
@pytest.mark.parametrize("rounded", [False, True])
def test_tests_over_people(rng: Generator, n: int, rounded: bool) -> None:
    values = rng.normal(0.5, 1, size=(40, n))
    if rounded:  # ties and zeros
        values = values.round()
    values = values[np.ptp(values, axis=1) > 0]
    book = [paired_tests(one, np.zeros(n)) for one in values]
    assert batch_tests.paired_t(values) == pytest.approx([one.p_t for one in book])
    assert batch_tests.sign_flips(values) == pytest.approx([sign_flip(one) for one in values])
    assert batch_tests.signed_ranks(values) == pytest.approx([wilcoxon(one) for one in values])
    bounds = batch_tests.t_bounds(values)
    assert bounds.low == pytest.approx([one.low for one in book])
    assert bounds.high == pytest.approx([one.high for one in book])


def test_t_without_spread() -> None:
    assert batch_tests.paired_t(np.array([[0.0, 0, 0], [2, 2, 2]])).tolist() == [1, 0]


def test_crossed_bounds(rng: Generator) -> None:
    tables = rng.normal(size=(5, 4, 30)) + rng.normal(size=(5, 4, 1))
    found = batch_tests.crossed_bounds(tables, n_bootstrap=300, seed=2)
    book = [crossed_interval(one, n_bootstrap=300, seed=2) for one in tables]
    assert found.low == pytest.approx([one.low for one in book])
    assert found.high == pytest.approx([one.high for one in book])
    assert found.excludes().tolist() == [one.low > 0 or one.high < 0 for one in book]


def test_bounds_over_people(rng: Generator) -> None:
    values = rng.normal(size=(4, 6))
    found = batch_tests.people_bounds(values, n_bootstrap=4000, seed=0)
    for row, one in enumerate(values):
        low, high = interval(bootstrap_means(one[:, None], n_bootstrap=4000, seed=1)[:, 0])
        assert found.low[row] == pytest.approx(low, abs=0.1 * (high - low))
        assert found.high[row] == pytest.approx(high, abs=0.1 * (high - low))


def test_accelerated_bounds(rng: Generator) -> None:
    pairs = rng.uniform(20, 60, size=(3, 2, 8))
    found = batch_tests.accelerated_bounds(pairs[:, 0] - pairs[:, 1], n_bootstrap=500, seed=4)
    for row, (one, other) in enumerate(pairs):
        book = bootstrap_scales(one, other, n_resamples=500, seed=4).loc["points"]
        assert (found.low[row], found.high[row]) == pytest.approx((book["low"], book["high"]), abs=0.1)
    same = batch_tests.accelerated_bounds(np.full((1, 4), 2.0), n_bootstrap=10, seed=0)
    assert (same.low[0], same.high[0]) == (2, 2)


@pytest.mark.parametrize("spread", [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.5, 0.5)])
def test_the_mixed_model(rng: Generator, spread: tuple[float, float]) -> None:
    """With and without variances, so that every way of pooling comes up."""
    person, image = spread
    tables = rng.normal(size=(30, 3, 8))
    tables += person * rng.normal(size=(30, 3, 1)) + image * rng.normal(size=(30, 1, 8))
    expected = []
    for one in tables:
        rows = [
            {"subject": s, "category": c, "level": level, "value": one[s, c] * (level == "a")}
            for s in range(3)
            for c in range(8)
            for level in ("a", "b")
        ]
        expected.append(mixed_difference(pd.DataFrame(rows), first="a", second="b").p)
    assert batch_tests.mixed(tables) == pytest.approx(expected)


def test_equivalence(rng: Generator) -> None:
    values = rng.normal(0.3, 1, size=(10, 5))
    expected = [equivalence(one, np.zeros(5), margin=1.0).p for one in values]
    assert batch_tests.equivalent(values, 1.0) == pytest.approx(expected)


def test_unpaired_t(rng: Generator) -> None:
    one, other = rng.normal(0.5, 1, size=(2, 10, 4))
    expected = stats.ttest_ind(one, other, axis=1)
    assert batch_tests.unpaired_t(one, other) == pytest.approx(expected.pvalue)
    book = [
        summary_t(*(Summary(x.mean(), x.std(ddof=1), 4) for x in pair))
        for pair in zip(one, other, strict=True)
    ]
    assert np.abs(expected.statistic) == pytest.approx(np.abs(book))
    assert batch_tests.unpaired_t(np.ones((1, 3)), np.ones((1, 3))).tolist() == [1]
    assert batch_tests.equivalent(np.ones((1, 3)), 2.0).tolist() == [1]


def summary_t(first: Summary, second: Summary) -> float:
    return welch(first, second)[0]


def test_exchanges_of_methods(rng: Generator) -> None:
    values = rng.normal(0.2, 1, size=(3, 40))
    found = batch_hits.exchanged(values, n_permutations=9999, rng=rng)
    for row, one in enumerate(values):
        book = compare_ranks(one, np.zeros(40), n_permutations=9999, n_bootstrap=10, seed=1)
        for name, p in (("two_sided", book.p), ("greater", book.p_greater), ("less", book.p_less)):
            # Shares of different random exchanges; two-sided ones are doubled.
            assert getattr(found, name)[row] == pytest.approx(p, abs=0.05)


def test_hits_and_combined_tests(rng: Generator) -> None:
    hits = (rng.random((20, 2, 30)) < 0.3).astype(float)
    expected = [mcnemar_exact(*one).p for one in hits]
    assert batch_hits.mcnemars(hits[:, 0], hits[:, 1]) == pytest.approx(expected)
    guessed = [above_chance(one, 0.25).p for one in hits[:, 0]]
    assert batch_hits.binomials(hits[:, 0], 0.25) == pytest.approx(guessed)
    p_values = rng.uniform(0.01, 0.99, size=(7, 5))
    assert batch_hits.stouffers(p_values) == pytest.approx([stouffer(one) for one in p_values])


def test_tukeys_pairs(rng: Generator) -> None:
    levels = rng.normal(size=(8, 3, 20)) + rng.normal(0, 0.4, size=(8, 3, 1))
    expected = [
        compare_levels(pd.DataFrame(dict(zip("abc", one, strict=True)))).tukey["p"].min() for one in levels
    ]
    assert batch_hits.largest_difference(levels) == pytest.approx(expected, abs=2e-3)
