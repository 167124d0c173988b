"""Two one-sided tests, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.equivalence import equivalence


def test_p_is_the_larger_of_two_one_sided_t_tests() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=10)
    second = first + rng.normal(0.2, 0.5, size=10)
    d = first - second
    error = d.std(ddof=1) / np.sqrt(10)
    found = equivalence(first, second, margin=0.8)
    p = max(stats.t.sf((d.mean() + 0.8) / error, 9), stats.t.cdf((d.mean() - 0.8) / error, 9))
    assert found.p == pytest.approx(p)
    half = stats.t.ppf(0.95, 9) * error
    assert (found.low, found.difference, found.high) == pytest.approx(
        (d.mean() - half, d.mean(), d.mean() + half)
    )


def test_the_interval_lies_within_the_margins_exactly_where_the_test_says_so() -> None:
    rng = np.random.default_rng(1)
    within = []
    for _ in range(200):
        first, second = rng.normal(size=8), rng.normal(size=8)
        found = equivalence(first, second, margin=1.0)
        within.append(found.low > -1 and found.high < 1)
        assert within[-1] == (found.p < 0.05)
    assert 0 < sum(within) < 200


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="margin is a finite number above 0"):
        equivalence([1, 2, 3], [1, 2, 4], margin=0)
    with pytest.raises(DataError, match="do not pair"):
        equivalence([1, 2], [1, 3], margin=1)
    with pytest.raises(DataError, match="are equal"):
        equivalence([1, 2, 3], [2, 3, 4], margin=1)
