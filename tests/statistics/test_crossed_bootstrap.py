"""The crossed bootstrap, against drawing rows and columns one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from companion.errors import DataError
from companion.statistics.crossed_bootstrap import crossed_draws, crossed_interval


def test_draws_are_distributed_as_tables_drawn_row_by_row_and_column_by_column() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5, 1)) + rng.normal(size=(1, 12)) + rng.normal(size=(5, 12))
    slow = np.array(
        [table[np.ix_(rng.integers(5, size=5), rng.integers(12, size=12))].mean() for _ in range(20_000)]
    )
    fast = crossed_draws(table, n_bootstrap=20_000, seed=1)
    levels = [0.025, 0.25, 0.5, 0.75, 0.975]
    assert np.quantile(fast, levels) == pytest.approx(np.quantile(slow, levels), abs=0.03)
    assert fast.std() == pytest.approx(slow.std(), rel=0.02)


def test_one_sided_tables_are_plain_bootstraps() -> None:
    """Where all rows are equal, only images vary, as in a bootstrap of their means; and the reverse."""
    values = np.random.default_rng(2).normal(size=30)
    expected = values.std() / np.sqrt(30)
    for table in (np.tile(values, (4, 1)), np.tile(values[:, None], (1, 4))):
        assert crossed_draws(table, n_bootstrap=20_000, seed=0).std() == pytest.approx(expected, rel=0.03)


def test_pure_noise_of_cells_is_counted_up_to_three_times() -> None:
    table = np.random.default_rng(3).normal(size=(40, 50))
    draws = crossed_draws(table, n_bootstrap=10_000, seed=0)
    assert draws.var() / (table.var() / table.size) == pytest.approx(3, rel=0.15)


def test_the_interval_holds_the_mean_and_depends_on_its_seed_only() -> None:
    table = np.random.default_rng(4).normal(size=(10, 20)) + 1
    one = crossed_interval(table, seed=5)
    assert one == crossed_interval(table, seed=5)
    assert one != crossed_interval(table, seed=6)
    assert one.mean == pytest.approx(table.mean())
    assert one.low < one.mean < one.high
    with pytest.raises(DataError, match=r"cannot be used|wrong shape"):
        crossed_interval([[1.0, np.nan]])
