"""Held-out pairs: against resamples written out by hand, and an interval that more splits do not shrink."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.concept_bootstrap import bootstrap_spearman, interval
from companion.statistics.held_out_pairs import HeldOutPairs, bootstrap_pearson
from companion.statistics.similarity import Pairs

CONCEPTS = [f"concept {number:02d}" for number in range(12)][::-1]  # rows in no alphabetical order


def similarities(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two versions and a target that share something: (2, n, n) and (n, n)."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 3))
    noisy = [shared + scale * rng.normal(size=(n, 3)) for scale in (0.3, 1.0)]
    return np.stack([one @ one.T for one in noisy]), shared @ shared.T


def test_pairs_are_those_of_held_out_concepts_in_rows_of_all() -> None:
    pairs = HeldOutPairs(["d", "a", "c", "b"], ["c", "d", "a"])
    matrix = np.array([[0, 1, 2, 3], [1, 0, 4, 5], [2, 4, 0, 6], [3, 5, 6, 0]])
    assert pairs.of(matrix).tolist() == [1, 2, 4]  # d-a, d-c, a-c; nothing of b
    assert pairs.n_labels == 4


def test_all_concepts_held_out_are_all_pairs() -> None:
    versions, _ = similarities(12)
    np.testing.assert_array_equal(HeldOutPairs(CONCEPTS, CONCEPTS).of(versions), Pairs(CONCEPTS).of(versions))


@pytest.mark.parametrize("held_out", [["a", "b", "x"], ["a", "b"], ["a", "b", "b"]])
def test_unknown_or_too_few_concepts_are_refused(held_out: list[str]) -> None:
    with pytest.raises(DataError, match="cannot be paired"):
        HeldOutPairs(list("abcd"), held_out)


def test_draws_are_those_of_resamples_written_out() -> None:
    versions, target = similarities(12)
    held_out = CONCEPTS[:4] + CONCEPTS[6:11]
    pairs = HeldOutPairs(CONCEPTS, held_out)
    draws = bootstrap_pearson(pairs.of(versions), pairs.of(target), pairs, n_bootstrap=300, seed=4)
    rng = np.random.default_rng(4)
    by_name = sorted(CONCEPTS)
    for draw in draws:
        names = [by_name[place] for place in rng.integers(12, size=12)]
        rows = [CONCEPTS.index(name) for name in names if name in held_out]
        drawn = [(i, j) for k, i in enumerate(rows) for j in rows[k + 1 :] if i != j]
        for column, matrix in enumerate(versions):
            one, two = (np.array([m[i, j] for i, j in drawn]) for m in (matrix, target))
            assert draw[column] == pytest.approx(stats.pearsonr(one, two).statistic, abs=1e-9)


def test_ranks_of_the_sample_are_close_to_ranks_of_each_resample() -> None:
    names = [f"{number:03d}" for number in range(60)]
    versions, target = similarities(60)
    pairs = Pairs(names)
    x, y = pairs.of(versions), pairs.of(target)
    ours = bootstrap_pearson(stats.rankdata(x, axis=1), stats.rankdata(y), pairs, n_bootstrap=200, seed=1)
    exact = bootstrap_spearman(x, y[None], pairs, n_bootstrap=200, seed=1)[:, :, 0]
    assert np.abs(ours - exact).max() < 0.05
    assert np.abs(interval(ours) - interval(exact)).max() < 0.015


def test_splits_share_their_draws_so_that_more_splits_do_not_shrink_the_interval() -> None:
    n = 40
    names = [f"{number:02d}" for number in range(n)]
    versions, target = similarities(n)
    rng = np.random.default_rng(0)

    def width(n_splits: int) -> float:
        draws = []
        for _ in range(n_splits):
            pairs = HeldOutPairs(names, [names[row] for row in rng.permutation(n)[: n // 2]])
            draws.append(
                bootstrap_pearson(pairs.of(versions), pairs.of(target), pairs, n_bootstrap=300, seed=2)[:, 1]
            )
        low, high = interval(np.mean(draws, axis=0))
        return float(high - low)

    everything = Pairs(names)
    all_draws = bootstrap_pearson(
        everything.of(versions), everything.of(target), everything, n_bootstrap=300, seed=2
    )
    low, high = interval(all_draws[:, 1])
    assert 0.8 < width(40) / (high - low) < 1.4  # and not 1 / sqrt(40)


def test_what_does_not_fit_or_does_not_vary_is_refused() -> None:
    pairs = Pairs(list("abcd"))
    with pytest.raises(DataError, match="do not fit"):
        bootstrap_pearson(np.ones((2, 5)), np.ones(6), pairs, n_bootstrap=2, seed=0)
    with pytest.raises(DataError, match="resample"):
        bootstrap_pearson(np.ones((1, 6)), np.arange(6.0), pairs, n_bootstrap=2, seed=0)
