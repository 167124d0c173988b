"""What is chosen, by whom, and what choosing by the test makes of noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from companion.decoding.leaks.selection import (
    best_places,
    chosen_by_others,
    column_correlations,
    unit_fits,
)
from companion.embeddings import Embeddings
from companion.errors import DataError

TRAINED = [f"k{number}" for number in range(60)]
TESTED = [f"t{number}" for number in range(25)]


@pytest.fixture
def vectors() -> Embeddings:
    return Embeddings(np.random.default_rng(0).normal(size=(85, 4)), (*TRAINED, *TESTED), "toy")


def test_a_unit_that_follows_from_vectors_is_told_from_one_of_noise(vectors: Embeddings) -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(size=4)
    training, test = (
        np.column_stack([vectors.rows_of(names) @ weights, rng.normal(size=len(names))])
        for names in (TRAINED, TESTED)
    )
    found = unit_fits(training, test, ["tuned", "noise"], vectors, (TRAINED, TESTED), TRAINED)
    found = found.set_index("unit")
    assert found.loc["tuned", "cross_validated"] > 0.95
    assert found.loc["tuned", "test"] > 0.95
    assert found.loc["noise", "cross_validated"] < 0.2
    assert abs(found.loc["noise", "test"]) < 0.6


def test_the_test_moves_nothing_that_training_chooses_by(vectors: Embeddings) -> None:
    rng = np.random.default_rng(2)
    training = rng.normal(size=(60, 3))
    both = [
        unit_fits(training, rng.normal(size=(25, 3)), ["a", "b", "c"], vectors, (TRAINED, TESTED), TRAINED)
        for _ in range(2)
    ]
    assert both[0]["cross_validated"].equals(both[1]["cross_validated"])
    assert not both[0]["test"].equals(both[1]["test"])


def test_columns_correlate_with_their_like() -> None:
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=(2, 9, 3))
    two[:, 2] = 5.0
    expected = [stats.pearsonr(one[:, k], two[:, k])[0] for k in range(2)]
    assert column_correlations(one, two) == pytest.approx([*expected, 0.0])


def test_the_best_are_kept_in_order_and_the_first_of_equals() -> None:
    assert best_places([0.1, 0.5, 0.5, 0.9, 0.5], 2).tolist() == [1, 3]
    with pytest.raises(DataError, match="fewer to choose"):
        best_places([1.0], 2)


def test_others_choose_by_hand() -> None:
    table = pd.DataFrame({"a": [9.0, 0, 1], "b": [2.0, 4, 5], "c": [3.0, 3, 3]})
    honest, leaky = chosen_by_others(table)
    # means of others: unit 0: .5, 4.5, 3: b; unit 1: 5, 3.5, 3: a; unit 2: 4.5, 3, 3: a
    assert honest.tolist() == [2, 0, 1]
    assert leaky.tolist() == [9, 4, 5]
    with pytest.raises(DataError, match="Others choose"):
        chosen_by_others(table.iloc[:1])


def test_on_noise_others_guess_and_the_own_best_does_not() -> None:
    noise = pd.DataFrame(np.random.default_rng(4).normal(size=(400, 5)))
    honest, leaky = chosen_by_others(noise)
    assert abs(honest.mean()) < 0.15
    assert leaky.mean() == pytest.approx(1.163, abs=0.12)  # expected maximum of five normals
