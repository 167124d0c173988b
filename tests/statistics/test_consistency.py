"""Consistency between modalities, plain and partial, against scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.consistency import consistency, partial_consistency

NAMES = ("fMRI", "MEG", "ECoG")


def made(shared: float, floor: float, n: int = 50, seed: int = 0) -> tuple[dict[str, np.ndarray], ...]:
    """Values of three modalities with something in common and a floor; and the floors."""
    rng = np.random.default_rng(seed)
    common, ground = rng.normal(size=(2, n))
    floors = {name: 0.5 + 0.1 * (ground + 0.3 * rng.normal(size=n)) for name in NAMES}
    values = {name: 0.6 + shared * common + floor * floors[name] + 0.1 * rng.normal(size=n) for name in NAMES}
    return values, floors


def test_every_pair_has_the_correlation_of_scipy() -> None:
    values, _ = made(0.1, 1.0)
    found = consistency(values)
    assert found[["first", "second"]].to_numpy().tolist() == [
        ["fMRI", "MEG"], ["fMRI", "ECoG"], ["MEG", "ECoG"],
    ]  # fmt: skip
    for row in found.itertuples():
        assert row.r == pytest.approx(stats.pearsonr(values[row.first], values[row.second]).statistic)


def test_partial_correlations_are_those_of_regression_coefficients() -> None:
    """The test of one value's coefficient, next to both floors, has the same t and p."""
    import statsmodels.api as sm

    values, floors = made(0.1, 2.0)
    for row in partial_consistency(values, floors).itertuples():
        design = np.stack([np.ones(50), floors[row.first], floors[row.second], values[row.second]], axis=1)
        fit = sm.OLS(values[row.first], design).fit()
        assert row.df == fit.df_resid == 46
        assert row.p == pytest.approx(fit.pvalues[3])
        assert row.r == pytest.approx(fit.tvalues[3] / np.sqrt(fit.tvalues[3] ** 2 + 46))


def test_a_common_floor_is_taken_out_and_what_is_shared_besides_stays() -> None:
    values, floors = made(0.0, 10.0)
    assert consistency(values)["r"].min() > 0.8
    assert partial_consistency(values, floors)["r"].abs().max() < 0.3
    values, floors = made(0.2, 10.0)
    assert partial_consistency(values, floors)["r"].min() > 0.6
    assert partial_consistency(values, floors)["p"].max() < 1e-4


def test_p_is_uniform_without_anything_shared() -> None:
    p = np.concatenate(
        [partial_consistency(*made(0.0, 3.0, n=12, seed=seed))["p"][:1] for seed in range(200)]
    )
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert 0.01 < (p < 0.05).mean() < 0.1


def test_equal_floors_count_once_and_constant_ones_not_at_all() -> None:
    values, floors = made(0.1, 1.0)
    same = partial_consistency(values, {name: scale * floors["MEG"] for scale, name in enumerate(NAMES, 1)})
    assert same["df"].tolist() == [47] * 3
    scaled = partial_consistency(values, dict.fromkeys(NAMES, 100 * floors["MEG"]))
    np.testing.assert_allclose(same["r"], scaled["r"])
    none = partial_consistency(values, dict.fromkeys(NAMES, np.full(50, 0.5)))
    np.testing.assert_allclose(none["r"], consistency(values)["r"])
    expected = [stats.pearsonr(values[row.first], values[row.second]).pvalue for row in none.itertuples()]
    np.testing.assert_allclose(none["p"], expected)


def test_what_is_not_comparable_is_refused() -> None:
    values, floors = made(0.1, 1.0)
    for bad in (
        {"fMRI": values["fMRI"]},
        values | {"MEG": values["MEG"][:-1]},
        values | {"MEG": np.where(np.arange(50) == 3, np.nan, values["MEG"])},
        {"fMRI": [1.0, 2.0], "MEG": [2.0, 1.0]},
    ):
        with pytest.raises(DataError, match=r"do not share|cannot be used"):
            consistency(bad)
    with pytest.raises(DataError, match="not defined"):
        consistency(values | {"MEG": np.full(50, 0.1)})
    with pytest.raises(DataError, match="not defined"):
        partial_consistency(values | {"MEG": 3 * floors["MEG"] - 1}, floors)
    with pytest.raises(DataError, match="has a floor"):
        partial_consistency(values, {name: floors[name] for name in NAMES[:2]})
    with pytest.raises(DataError, match="has a floor"):
        partial_consistency(values, {name: floor[:-1] for name, floor in floors.items()})
    short = [{name: part[:4] for name, part in columns.items()} for columns in (values, floors)]
    with pytest.raises(DataError, match="Too few"):
        partial_consistency(*({name: one[:3] for name, one in part.items()} for part in short))
