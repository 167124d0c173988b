"""Resampled concepts: against resamples written out by hand, and for calibration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.statistics.concept_bootstrap import (
    bootstrap_columns,
    bootstrap_means,
    bootstrap_spearman,
    interval,
)
from companion.statistics.similarity import Pairs, spearman

LABELS = [*"abcdefgh", "a", "b"]


def matrices(seed: int = 0, n: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(n, len(LABELS), len(LABELS))) + rng.normal(size=(len(LABELS),) * 2), 1)
    return values + np.swapaxes(values, 1, 2)


def drawn(n_labels: int, n_bootstrap: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(n_labels, size=n_labels) for _ in range(n_bootstrap)]


def written_out(matrix: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Every pair of drawn rows whose concepts differ, one by one."""
    codes = np.unique(LABELS, return_inverse=True)[1]
    rows = [row for label in draw for row in np.flatnonzero(codes == label)]
    pairs = [(i, j) for k, i in enumerate(rows) for j in rows[k + 1 :] if codes[i] != codes[j]]
    return np.array([matrix[i, j] for i, j in pairs])


@pytest.mark.parametrize("with_control", [False, True])
def test_draws_are_those_of_resamples_written_out(with_control: bool) -> None:
    model, other, target = matrices()
    groups = np.array([ord(label) % 2 for label in LABELS])
    control = (groups[:, None] != groups[None]).astype(float)
    pairs = Pairs(LABELS)
    draws = bootstrap_spearman(
        pairs.of(np.stack([model, other])),
        pairs.of(target)[None],
        pairs,
        n_bootstrap=20,
        seed=5,
        control=pairs.of(control) if with_control else None,
    )
    assert draws.shape == (20, 2, 1)
    for row, draw in enumerate(drawn(8, 20, 5)):
        for column, matrix in enumerate((model, other)):
            one, two, fixed = (written_out(m, draw) for m in (matrix, target, control))
            expected = (
                spearman(one, two, control=fixed) if with_control else stats.spearmanr(one, two).statistic
            )
            assert draws[row, column, 0] == pytest.approx(float(expected))


def test_all_scores_share_their_draws() -> None:
    pairs = Pairs(LABELS)
    first, target = pairs.of(matrices()), pairs.of(matrices(1, 1))
    together = bootstrap_spearman(first, target, pairs, n_bootstrap=10, seed=0)
    alone = bootstrap_spearman(first[1:2], target, pairs, n_bootstrap=10, seed=0)
    np.testing.assert_allclose(together[:, 1:2], alone)


def test_the_seed_matters() -> None:
    pairs = Pairs(LABELS)
    first, target = pairs.of(matrices()), pairs.of(matrices(1, 1))
    one, same, other = (bootstrap_spearman(first, target, pairs, n_bootstrap=5, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_vectors_of_another_length_are_refused() -> None:
    pairs = Pairs(LABELS)
    with pytest.raises(ValueError, match=f"{len(pairs)} pairs"):
        bootstrap_spearman(np.ones((1, 3)), np.ones((1, 3)), pairs, n_bootstrap=2, seed=0)


def test_pairs_would_give_intervals_that_are_too_short() -> None:
    """Resampled concepts cover the truth, resampled pairs do not.

    One low-dimensional structure is measured twice with noise; the truth is the score of a large sample.
    """
    rng = np.random.default_rng(0)

    def sample(n: int) -> tuple[np.ndarray, np.ndarray, Pairs]:
        hidden = rng.normal(size=(n, 2))
        seen = [hidden + rng.normal(size=(n, 2)) for _ in range(2)]
        pairs = Pairs([str(row) for row in range(n)])
        distances = [np.linalg.norm(side[:, None] - side[None], axis=-1) for side in seen]
        return pairs.of(distances[0]), pairs.of(distances[1]), pairs

    truth = float(spearman(*sample(700)[:2]))
    covered = {"concepts": 0, "pairs": 0}
    for repeat in range(25):
        one, two, pairs = sample(20)
        low, high = interval(
            bootstrap_spearman(one[None], two[None], pairs, n_bootstrap=150, seed=repeat)[:, 0, 0]
        )
        covered["concepts"] += low <= truth <= high
        picks = rng.integers(len(one), size=(150, len(one)))
        low, high = interval(np.array([float(spearman(one[pick], two[pick])) for pick in picks]))
        covered["pairs"] += low <= truth <= high
    assert covered["concepts"] >= 21
    assert covered["pairs"] < covered["concepts"] - 4


def test_columns_are_correlated_in_the_same_rows() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(12, 3)) + 5
    second = first + rng.normal(size=(12, 3))
    draws = bootstrap_columns(first, second, n_bootstrap=15, seed=2)
    for row, draw in enumerate(drawn(12, 15, 2)):
        expected = [stats.pearsonr(first[draw, k], second[draw, k]).statistic for k in range(3)]
        np.testing.assert_allclose(draws[row], expected)


def test_means_of_resampled_rows() -> None:
    values = np.random.default_rng(0).normal(size=(9, 2))
    draws = bootstrap_means(values, n_bootstrap=6, seed=1)
    np.testing.assert_allclose(draws, [values[draw].mean(axis=0) for draw in drawn(9, 6, 1)])


def test_interval_holds_its_share() -> None:
    draws = np.arange(1001.0)
    np.testing.assert_allclose(interval(draws), [25, 975])
    np.testing.assert_allclose(interval(np.stack([draws, 2 * draws], axis=1), 0.5), [[250, 500], [750, 1500]])
