"""Scaling by training rows: against NumPy, and blind to all others."""

from __future__ import annotations

import numpy as np

from companion.training.scaling import scaling_of

ROWS = np.random.default_rng(0).normal(3.0, [1.0, 2.0, 5.0, 1.0], size=(30, 4))


def test_rows_are_standardised_by_what_was_given() -> None:
    other = ROWS + 1
    found = scaling_of(ROWS)(other)
    np.testing.assert_allclose(found, (other - ROWS.mean(0)) / ROWS.std(0, ddof=1))


def test_leading_axes_count_as_rows() -> None:
    np.testing.assert_allclose(scaling_of(ROWS.reshape(5, 6, 4)).mean, ROWS.mean(0))
    assert scaling_of(ROWS)(ROWS.reshape(5, 6, 4)).shape == (5, 6, 4)


def test_a_feature_without_spread_becomes_zero() -> None:
    constant = np.column_stack([ROWS, np.full(30, 7.0)])
    assert (scaling_of(constant)(constant + 2)[:, -1] == 0).all()


def test_principal_components_keep_the_share_asked_for_and_no_more() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 8)) + 0.2 * rng.normal(size=(50, 8))
    found = scaling_of(rows, kept=0.9)
    standard = (rows - rows.mean(0)) / rows.std(0, ddof=1)
    variances = np.linalg.svd(standard, compute_uv=False) ** 2
    n_kept = int(np.searchsorted(np.cumsum(variances) / variances.sum(), 0.9)) + 1
    assert found.axes.shape == (n_kept, 8)
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(n_kept), atol=1e-9)
    np.testing.assert_allclose((found(rows) ** 2).sum(0), variances[:n_kept])
