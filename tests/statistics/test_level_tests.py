"""Tests of levels, against formulas written out and against statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.corrections import holm
from companion.statistics.level_tests import above_shuffled, compare_levels, fisher_z


def cells(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    parts = []
    for region, gain in (("V4", 0.2), ("V1", 0.0)):
        for kind in ("original", "aligned"):
            shuffled = rng.normal(0.5, 0.1, size=n)
            value = shuffled + gain + rng.normal(0, 0.2, size=n)
            parts.append(pd.DataFrame({"roi": region, "kind": kind, "value": value, "shuffled": shuffled}))
    return pd.concat(parts, ignore_index=True)


def test_a_cell_is_tested_by_formulas_written_out() -> None:
    table = cells()
    found = above_shuffled(table, ["roi", "kind"])
    assert found[["roi", "kind"]].agg("-".join, axis=1).tolist() == [
        "V4-original", "V4-aligned", "V1-original", "V1-aligned",
    ]  # fmt: skip
    row = found.iloc[1]
    cell = table[(table["roi"] == "V4") & (table["kind"] == "aligned")]
    x, y = cell["value"].to_numpy(), cell["shuffled"].to_numpy()
    n, lead = len(x), x - y
    pooled = (x.var(ddof=1) + y.var(ddof=1)) / 2
    assert (row["n"], row["mean"], row["mean_shuffled"]) == pytest.approx((n, x.mean(), y.mean()))
    assert row["difference"] == pytest.approx(lead.mean())
    assert row["p_ind"] == pytest.approx(stats.t.sf(lead.mean() / np.sqrt(2 * pooled / n), 2 * n - 2))
    assert row["p_rel"] == pytest.approx(stats.t.sf(lead.mean() / (lead.std(ddof=1) / np.sqrt(n)), n - 1))
    assert row["p_shapiro"] == pytest.approx(min(stats.shapiro(x).pvalue, stats.shapiro(y).pvalue))
    np.testing.assert_allclose(found["p_holm"], holm(found["p_ind"]))


def test_signed_ranks_count_all_signs_of_a_small_cell() -> None:
    lead, floor = np.array([1.0, 2.0, -3.0, 4.0, 5.5]), np.array([7.0, 1.0, 3.0, 9.0, 2.0])
    table = pd.DataFrame({"roi": "V4", "value": lead + floor, "shuffled": floor})
    signs = np.array(np.meshgrid(*[[0, 1]] * 5)).reshape(5, -1)
    sums = np.arange(1, 6) @ signs  # of the ranks 1 to 5 that are positive
    assert above_shuffled(table, ["roi"])["p_wilcoxon"][0] == pytest.approx((sums >= 12).mean())


def test_only_what_lies_above_counts() -> None:
    table = cells()
    below = above_shuffled(table.rename(columns={"value": "shuffled", "shuffled": "value"}), ["roi", "kind"])
    assert (below.loc[below["roi"] == "V4", ["p_ind", "p_rel", "p_wilcoxon"]] > 0.99).all(axis=None)


def test_cells_that_cannot_be_tested_are_refused() -> None:
    table = cells()
    with pytest.raises(DataError, match="V4"):
        above_shuffled(table.iloc[:2], ["roi", "kind"])
    with pytest.raises(DataError, match="cannot be tested"):
        above_shuffled(table.assign(shuffled=table["value"] - 0.1), ["roi", "kind"])
    with pytest.raises(DataError, match="cannot be tested"):
        above_shuffled(table.assign(shuffled=0.5), ["roi", "kind"])
    with pytest.raises(DataError, match="39 finite"):
        above_shuffled(table.assign(value=table["value"].where(table.index != 3)), ["roi", "kind"])
    with pytest.raises(DataError, match="Columns are missing"):
        above_shuffled(table, ["roi", "alpha"])


def wide(n: int = 25) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    units = rng.normal(size=n)
    return pd.DataFrame(
        {name: units + shift + rng.normal(size=n) for name, shift in (("o", 0.0), ("1", 0.4), ("0.1", 0.8))}
    )


def test_analysis_of_variance_and_ranks_are_those_of_formulas() -> None:
    table = wide()
    found = compare_levels(table)
    values = table.to_numpy()
    between = 25 * ((values.mean(axis=0) - values.mean()) ** 2).sum() / 2
    within = ((values - values.mean(axis=0)) ** 2).sum() / 72
    assert (found.n, found.df_between, found.df_within) == (25, 2, 72)
    assert found.f == pytest.approx(between / within)
    assert found.p == pytest.approx(stats.f.sf(between / within, 2, 72))
    ranks = stats.rankdata(values, axis=1).sum(axis=0)
    friedman = 12 / (25 * 3 * 4) * (ranks**2).sum() - 3 * 25 * 4
    assert found.p_friedman == pytest.approx(stats.chi2.sf(friedman, 2))
    assert found.shapiro["1"] == pytest.approx(stats.shapiro(table["1"]).pvalue)


def test_pairs_are_those_of_statsmodels() -> None:
    from statsmodels.stats.multicomp import pairwise_tukeyhsd

    table = wide()
    tukey = compare_levels(table).tukey
    assert tukey[["first", "second"]].to_numpy().tolist() == [["o", "1"], ["o", "0.1"], ["1", "0.1"]]
    long = table.melt()
    other = pairwise_tukeyhsd(long["value"], long["variable"])
    names = other.groupsunique
    for one, two, difference, (low, high), p in zip(
        *np.triu_indices(3, 1), other.meandiffs, other.confint, other.pvalues, strict=True
    ):  # theirs are second minus first, and sorted by name
        pair = {names[one], names[two]}
        row = tukey[[{a, b} == pair for a, b in zip(tukey["first"], tukey["second"], strict=True)]].iloc[0]
        sign = -1 if row["first"] == names[one] else 1
        assert row["difference"] == pytest.approx(sign * difference)
        assert {round(row["low"], 4), round(row["high"], 4)} == {
            round(float(sign * low), 4),
            round(float(sign * high), 4),
        }
        assert row["p"] == pytest.approx(p, abs=1e-4)
    np.testing.assert_allclose(tukey["difference"][0], table["o"].mean() - table["1"].mean())


def test_what_units_share_is_seen_by_friedman_only() -> None:
    table = wide()
    apart = table.add(np.linspace(-50, 50, len(table)), axis=0)
    assert compare_levels(apart).p > 0.9
    assert compare_levels(apart).p_friedman == pytest.approx(compare_levels(table).p_friedman)


def test_levels_that_cannot_be_compared_are_refused() -> None:
    table = wide()
    for lacking in (table[["o", "1"]], table.head(2), table.assign(o=1.0), table.mask(table > 2.0)):
        with pytest.raises(DataError, match=r"cannot be compared|cannot be used"):
            compare_levels(lacking)


def test_fisher_z_is_undone_by_tanh_and_refuses_the_ends() -> None:
    r = np.linspace(-0.99, 0.99, 12).reshape(3, 4)
    np.testing.assert_allclose(np.tanh(fisher_z(r)), r)
    for bad in (1.0, -1.0, np.nan):
        with pytest.raises(DataError, match="between -1 and 1"):
            fisher_z([0.2, bad])
