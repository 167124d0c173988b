"""What a leak adds, by hand; and few units."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.inflation import inflation


def test_mean_and_interval_are_those_of_a_paired_t() -> None:
    honest, leaky = [10.0, 12, 11, 9], [12.0, 13, 15, 12]
    found = inflation(honest, leaky)
    interval = stats.ttest_rel(leaky, honest).confidence_interval(0.95)
    assert (found.n, found.honest, found.leaky, found.difference) == (4, 10.5, 13.0, 2.5)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.word == "adds"
    assert inflation(leaky, honest).word == "takes"
    assert inflation([1, 2, 3], [2, 1, 3]).word == "adds nothing that shows"


def test_two_units_have_no_interval() -> None:
    found = inflation([1.0, 2.0], [3.0, 3.0])
    assert found.difference == 1.5
    assert np.isnan([found.low, found.high]).all()
    assert found.word == "untested"


@pytest.mark.parametrize("pair", [([1.0], [1.0, 2.0]), ([], []), ([1.0, np.nan], [1.0, 2.0])])
def test_what_does_not_pair_is_refused(pair: tuple[list[float], list[float]]) -> None:
    with pytest.raises(DataError, match=r"do not pair|cannot be used|wrong shape"):
        inflation(*pair)
