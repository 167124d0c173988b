"""The crossed mixed model: against a fitted one, against its likelihood, and by how often it errs."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from companion.errors import DataError
from companion.statistics.mixed_difference import mixed_difference


def table_of(differences: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Values at two levels that differ by these, on top of anything that both levels share."""
    n_subjects, n_categories = differences.shape
    shared = np.random.default_rng(seed).normal(50, 10, size=differences.shape)
    rows = pd.DataFrame(
        {
            "subject": np.repeat([f"s{i}" for i in range(n_subjects)], n_categories),
            "category": np.tile([f"c{i:02d}" for i in range(n_categories)], n_subjects),
        }
    )
    levels = [
        rows.assign(level="aligned", value=(shared + differences).ravel()),
        rows.assign(level="original", value=shared.ravel()),
        rows.assign(level="other", value=0.0),
    ]
    return pd.concat(levels).sample(frac=1, random_state=seed)


def simulated(
    seed: int, sd_subject: float, sd_category: float, shape: tuple[int, int] = (5, 50)
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(
        0.1
        + sd_subject * rng.normal(size=(shape[0], 1))
        + sd_category * rng.normal(size=(1, shape[1]))
        + rng.normal(size=shape)
    )


@pytest.mark.parametrize(("seed", "sd_subject", "sd_category"), [(0, 0.5, 0.5), (3, 1.0, 1.0)])
def test_it_is_what_a_fitted_mixed_model_says_where_fitting_succeeds(
    seed: int, sd_subject: float, sd_category: float
) -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    differences = simulated(seed, sd_subject, sd_category)
    found = mixed_difference(table_of(differences), first="aligned", second="original")
    of_subject, of_category = (np.eye(n) for n in differences.shape)
    frame = pd.DataFrame({"value": differences.ravel(), "group": 1})
    frame["subject"] = of_subject.argmax(axis=1).repeat(50)
    frame["category"] = np.tile(of_category.argmax(axis=1), 5)
    formulas = {"category": "0 + C(category)", "subject": "0 + C(subject)"}
    model = MixedLM.from_formula("value ~ 1", groups="group", vc_formula=formulas, re_formula="0", data=frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = model.fit(reml=True)
    assert found.estimate == pytest.approx(fit.params["Intercept"])
    assert found.standard_error == pytest.approx(fit.bse["Intercept"], rel=1e-3)
    assert (found.sd_category, found.sd_subject) == pytest.approx(tuple(np.sqrt(fit.vcomp)), rel=1e-3)
    assert found.sd_rest == pytest.approx(np.sqrt(fit.scale), rel=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_no_variances_are_likelier_also_where_one_would_be_negative(seed: int) -> None:
    """The restricted likelihood of a dense covariance matrix, maximised by search within the bounds."""
    shape = (3, 8)
    differences = simulated(seed, 0.0, 0.4 * (seed % 2), shape)
    found = mixed_difference(table_of(differences), first="aligned", second="original")
    subjects, categories = np.kron(np.eye(3), np.ones((8, 8))), np.kron(np.ones((3, 3)), np.eye(8))

    def minus_log_likelihood(variances: np.ndarray) -> float:
        V = variances[0] * subjects + variances[1] * categories + variances[2] * np.eye(24)
        inverse, ones = np.linalg.inv(V), np.ones(24)
        weight = ones @ inverse @ ones
        left = differences.ravel() - (ones @ inverse @ differences.ravel()) / weight
        return float(np.linalg.slogdet(V)[1] + np.log(weight) + left @ inverse @ left)

    own = np.array([found.sd_subject, found.sd_category, found.sd_rest]) ** 2
    bounds = [(0, None), (0, None), (1e-6, None)]
    searched = optimize.minimize(minus_log_likelihood, np.ones(3), bounds=bounds, method="L-BFGS-B")
    assert minus_log_likelihood(own) <= searched.fun + 1e-4
    assert own == pytest.approx(searched.x, abs=0.02)
    V = own[0] * subjects + own[1] * categories + own[2] * np.eye(24)
    assert found.standard_error == pytest.approx(np.sqrt(1 / np.linalg.inv(V).sum()))


def test_some_of_those_cases_are_at_a_boundary() -> None:
    found = [
        mixed_difference(
            table_of(simulated(seed, 0.0, 0.4 * (seed % 2), (3, 8))), first="aligned", second="original"
        )
        for seed in range(8)
    ]
    zero = {(one.sd_subject == 0, one.sd_category == 0) for one in found}
    assert {(True, False), (True, True)} <= zero


def test_where_subjects_alone_vary_it_is_a_t_test_of_subjects() -> None:
    """What categories show is less than the rest explains, so it is pooled and no longer counts."""
    rng = np.random.default_rng(1)
    rest = rng.normal(size=(5, 20))
    rest -= rest.mean(axis=0)
    differences = rest + 3 * rng.normal(size=(5, 1))
    found = mixed_difference(table_of(differences), first="aligned", second="original")
    expected = stats.ttest_1samp(differences.mean(axis=1), 0)
    low, high = expected.confidence_interval(0.95)
    assert found.sd_category == 0
    assert found.df == pytest.approx(4)
    assert (found.p, found.low, found.high) == pytest.approx((expected.pvalue, low, high))


def test_without_any_variance_of_subjects_and_categories_it_is_a_t_test_of_all_rows() -> None:
    differences = np.array([[3.0, -1.0], [-1.0, 3.0]]) + 0.5
    found = mixed_difference(table_of(differences), first="aligned", second="original")
    expected = stats.ttest_1samp(differences.ravel(), 0)
    assert (found.sd_subject, found.sd_category) == (0, 0)
    assert (found.df, found.p) == pytest.approx((expected.df, expected.pvalue))


def test_a_case_by_hand() -> None:
    """No rest; mean 4, squares 18 of subjects (df 1) and 6 of categories (df 2), error sqrt(24 / 6)."""
    root = np.sqrt(3)
    differences = 4 + np.array([[-root], [root]]) + np.array([[-root, 0, root]])
    found = mixed_difference(table_of(differences), first="aligned", second="original")
    assert (found.estimate, found.standard_error) == pytest.approx((4, 2))
    assert found.df == pytest.approx(24**2 / (18**2 / 1 + 6**2 / 2))
    assert (found.sd_subject, found.sd_category) == pytest.approx((np.sqrt(6), np.sqrt(3)))
    assert found.sd_rest == pytest.approx(0, abs=1e-6)


def test_it_errs_about_as_often_as_it_says_where_pooled_rows_err_often() -> None:
    p = []
    for seed in range(40):
        differences = simulated(seed, 0.5, 0.5, (5, 20)) - 0.1
        found = mixed_difference(table_of(differences), first="aligned", second="original")
        p.append((found.p, stats.ttest_1samp(differences.ravel(), 0).pvalue))
    own, pooled = (np.array(p) < 0.05).mean(axis=0)
    assert own < 0.15
    assert pooled > 0.25


def test_swapping_levels_turns_the_sign() -> None:
    table = table_of(simulated(0, 0.5, 0.5))
    one = mixed_difference(table, first="aligned", second="original")
    two = mixed_difference(table, first="original", second="aligned")
    assert (one.estimate, one.low, one.p) == pytest.approx((-two.estimate, -two.high, two.p))


def test_what_is_not_a_full_table_is_refused() -> None:
    table = table_of(simulated(0, 0.5, 0.5, (3, 6)))
    hole = (table["subject"] == "s1") & (table["category"] == "c02") & (table["level"] == "aligned")
    with pytest.raises(DataError, match="full table"):
        mixed_difference(table[~hole], first="aligned", second="original")
    with pytest.raises(DataError, match="several values"):
        mixed_difference(pd.concat([table, table[hole]]), first="aligned", second="original")
    with pytest.raises(DataError, match="full table"):
        mixed_difference(table, first="aligned", second="unknown")
    with pytest.raises(DataError, match="full table"):
        mixed_difference(table[table["subject"] == "s0"], first="aligned", second="original")
    with pytest.raises(DataError, match="equal"):
        mixed_difference(table_of(np.ones((3, 4))), first="aligned", second="original")
