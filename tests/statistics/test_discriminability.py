"""F of units and its distributions, against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.feature_selection import f_classif

from companion.errors import DataError
from companion.statistics.corrections import holm
from companion.statistics.discriminability import UnitF, compare_f, unit_f


def images(spread: float = 1.0, n_units: int = 20, seed: int = 0) -> np.ndarray:
    """Twelve categories of eight images, around a level that is far from zero."""
    rng = np.random.default_rng(seed)
    return np.asarray(
        100 + spread * rng.normal(size=(12, 1, n_units)) + rng.normal(size=(12, 8, n_units)), dtype=float
    )


def test_each_unit_has_the_f_of_scipy_and_scikit_learn() -> None:
    values = images()
    found = unit_f(values)
    assert found.n_constant == 0
    assert found.units.tolist() == list(range(20))
    alone = [stats.f_oneway(*values[:, :, unit]).statistic for unit in range(20)]
    np.testing.assert_allclose(found.values, alone)
    rows = (values - 100).reshape(-1, 20)  # theirs squares uncentred sums
    np.testing.assert_allclose(found.values, f_classif(rows, np.repeat(np.arange(12), 8))[0], rtol=1e-8)


def test_a_case_by_hand() -> None:
    """Means 2 and 6 around 4: between 2 * (4 + 4) / 1 = 16; within (1 + 1 + 1 + 1) / 2 = 2."""
    assert unit_f(np.array([[[1.0], [3.0]], [[5.0], [7.0]]])).values.tolist() == pytest.approx([8.0])


def test_units_that_never_vary_are_counted_and_left_out() -> None:
    values = images()
    values[:, :, [3, 11]] = [0.0, 0.1]
    found = unit_f(values)
    assert found.n_constant == 2
    assert not {3, 11} & set(found.units.tolist())
    np.testing.assert_allclose(found.values, unit_f(images()).values[found.units])
    nothing = unit_f(np.zeros((3, 2, 4)))
    assert (len(nothing.values), nothing.n_constant) == (0, 4)


def test_images_that_have_no_f_are_refused() -> None:
    word = np.repeat(np.random.default_rng(0).normal(size=(5, 1, 3)), 8, axis=1)
    with pytest.raises(DataError, match="3 of 3 units"):
        unit_f(word)
    for bad in (np.ones((1, 8, 3)), np.ones((5, 1, 3)), np.ones((5, 8)), np.full((5, 8, 3), np.nan)):
        with pytest.raises(DataError, match=r"within categories|wrong shape|cannot be used"):
            unit_f(bad)


def test_levels_are_compared_with_the_reference() -> None:
    reference, stronger, smaller = unit_f(images()), unit_f(images(2.0, seed=1)), unit_f(images(1.0, 9, 2))
    table = compare_f(reference, {"0.1": stronger, "original": smaller}).set_index("level")
    first, second = table.loc["0.1"], table.loc["original"]
    assert (first["n_units"], second["n_units"]) == (20, 9)
    assert first["mean"] == pytest.approx(stronger.values.mean())
    assert first["median_difference"] == pytest.approx(
        np.median(stronger.values) - np.median(reference.values)
    )
    assert first["median_difference"] > 0
    for row, other in ((first, stronger), (second, smaller)):
        expected = stats.mannwhitneyu(other.values, reference.values, alternative="two-sided")
        assert row["p_rank_sum"] == pytest.approx(expected.pvalue)
    np.testing.assert_allclose(table["p_holm"], holm(table["p_rank_sum"]))
    assert first["p_signed_rank"] == pytest.approx(stats.wilcoxon(stronger.values, reference.values).pvalue)
    assert first["n_pairs"] == 20
    assert np.isnan(second["p_signed_rank"])
    assert second["n_pairs"] == 0


def test_signed_ranks_pair_units_that_vary_in_both() -> None:
    one, two = images(), images(2.0, seed=1)
    one[:, :, 3], two[:, :, 11] = 0.0, 0.0
    both = [unit for unit in range(20) if unit not in (3, 11)]
    row = compare_f(unit_f(one), {"0.1": unit_f(two)}).iloc[0]
    expected = stats.wilcoxon(unit_f(two[:, :, both]).values, unit_f(one[:, :, both]).values)
    assert (row["n_units"], row["n_constant"], row["n_pairs"]) == (19, 1, 18)
    assert row["p_signed_rank"] == pytest.approx(expected.pvalue)


def test_a_space_does_not_differ_from_itself() -> None:
    one = unit_f(images())
    row = compare_f(one, {"same": one}).iloc[0]
    assert row["median_difference"] == 0
    assert row["p_rank_sum"] > 0.95
    assert np.isnan(row["p_signed_rank"])


def test_a_space_without_varying_units_is_refused() -> None:
    empty = UnitF(np.empty(0), np.empty(0, dtype=np.intp), 5)
    with pytest.raises(DataError, match=r"0\.1"):
        compare_f(unit_f(images()), {"0.1": empty})
