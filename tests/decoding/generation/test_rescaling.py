"""Rescaling: by hand, on what it was not fitted on, and without anything from the test set."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.generation.rescaling import fit_rescaling
from companion.embeddings import Embeddings
from companion.errors import DataError


def named(values: np.ndarray, prefix: str, space: str = "toy") -> Embeddings:
    return Embeddings(
        np.asarray(values, dtype=float), tuple(f"{prefix}{i}" for i in range(len(values))), space
    )


def test_a_case_worked_by_hand() -> None:
    predictions = named([[0.0, 10.0], [2.0, 10.2]], "train")  # means 1, 10.1; spreads sqrt(2), .1 sqrt(2)
    pool = named([[3.0, 4.0], [0.0, 2.0]], "pool")  # of length one: (.6, .8) and (0, 1)
    decoded = named([[1.0, 10.3], [3.0, 10.0]], "test")  # 0 and 2, 2 and -1 of these spreads, by sqrt(2)
    found = fit_rescaling(predictions, pool).apply(decoded)
    # directions (0, 1) and (2, -1), brought to length sqrt(2); spreads of the pool are .6 and .2 / sqrt(2)
    long = 1 / np.sqrt(5)
    np.testing.assert_allclose(found.values, [[0.3, 0.9 + 0.2], [0.3 + 0.6 * 2 * long, 0.9 - 0.2 * long]])
    assert found.ids == decoded.ids
    assert found.space == "toy"


def test_a_decoder_that_is_sure_and_one_that_is_not_give_the_same() -> None:
    rng = np.random.default_rng(0)
    pool = named(rng.normal(size=(200, 5)) * [1, 2, 3, 1, 1] + 1, "pool")
    predictions = named(0.1 * rng.normal(size=(60, 5)) * [1, 1, 1, 1, 4] + 3, "train")
    rescaling = fit_rescaling(predictions, pool)
    unit = pool.normalised().values
    found = rescaling.apply(named(predictions.values, "again")).values
    standard = (found - unit.mean(axis=0)) / unit.std(axis=0, ddof=1)
    np.testing.assert_allclose(np.square(standard).mean(axis=1), 1)
    assert (np.abs(standard.mean(axis=0)) < 0.3).all()
    assert (np.abs(standard.std(axis=0) - 1) < 0.3).all()
    middle = predictions.values.mean(axis=0)
    unsure = rescaling.apply(named(middle + 0.1 * (predictions.values - middle), "unsure"))
    np.testing.assert_allclose(unsure.values, found)


def test_a_test_vector_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(1)
    rescaling = fit_rescaling(
        named(rng.normal(size=(20, 4)), "train"), named(rng.normal(size=(30, 4)), "pool")
    )
    decoded = named(rng.normal(size=(6, 4)), "test")
    alone = rescaling.apply(decoded.select(["test3"]))
    np.testing.assert_array_equal(alone.values[0], rescaling.apply(decoded).values[3])


def test_fitting_on_what_is_tested_is_refused() -> None:
    rng = np.random.default_rng(2)
    predictions, pool = named(rng.normal(size=(9, 4)), "train"), named(rng.normal(size=(9, 4)), "pool")
    rescaling = fit_rescaling(predictions, pool)
    for leaked in (predictions, pool):
        with pytest.raises(DataError, match="fitted on"):
            rescaling.apply(leaked)


def test_what_cannot_be_rescaled_is_refused() -> None:
    rng = np.random.default_rng(3)
    predictions, pool = named(rng.normal(size=(9, 4)), "train"), named(rng.normal(size=(9, 4)), "pool")
    with pytest.raises(DataError, match="do not vary"):
        fit_rescaling(named(np.tile(rng.normal(size=4), (9, 1)), "train"), pool)
    with pytest.raises(DataError, match="differ in space"):
        fit_rescaling(predictions, named(pool.values, "pool", "other"))
    with pytest.raises(DataError, match="two vectors"):
        fit_rescaling(named(np.ones((1, 4)), "train"), pool)
    even = fit_rescaling(named([[1.0, 0.0], [0.0, 1.0]], "train"), named([[1.0, 0.0], [0.6, 0.8]], "pool"))
    with pytest.raises(DataError, match="the mean itself"):
        even.apply(named([[0.5, 0.5]], "test"))
    with pytest.raises(DataError, match="longer or shorter"):
        fit_rescaling(predictions, pool).apply(named(np.ones((2, 3)), "test"))
