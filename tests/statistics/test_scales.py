"""One effect on several scales."""

import numpy as np
import pytest

from companion.statistics.scales import SCALES, bootstrap_scales, on_scales


def test_scales_by_hand() -> None:
    assert on_scales(50.0, 25.0) == pytest.approx({"points": 25.0, "ratio": 2.0, "logit": np.log(3.0)})


def test_no_effect_is_neutral_on_every_scale() -> None:
    assert on_scales(30.0, 30.0) == pytest.approx({"points": 0.0, "ratio": 1.0, "logit": 0.0})


def test_bootstrap_estimates_the_means_and_keeps_the_pairs() -> None:
    rng = np.random.default_rng(0)
    base = rng.uniform(5, 40, 12)
    table = bootstrap_scales(1.5 * base, base, n_resamples=500, seed=0)
    assert table["estimate"].to_dict() == pytest.approx(on_scales(1.5 * base.mean(), base.mean()))
    # Whoever is drawn, the ratio of means is 1.5 when the pairs stay together; the points are not constant.
    assert (table.loc["ratio", "low"], table.loc["ratio", "high"]) == pytest.approx((1.5, 1.5))
    assert table.loc["points", "high"] - table.loc["points", "low"] > 1


def test_bootstrap_depends_on_its_seed_only() -> None:
    first, second = np.array([12.0, 15.0, 9.0, 11.0, 14.0]), np.array([9.0, 13.0, 8.0, 12.0, 10.0])
    one, same, other = (bootstrap_scales(first, second, n_resamples=300, seed=seed) for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)
    assert list(one.index) == list(SCALES)
