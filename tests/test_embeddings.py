"""Embeddings: checks at the door, joins by id, nothing changed in place."""

from __future__ import annotations

import numpy as np
import pytest

from companion.embeddings import Embeddings
from companion.errors import DataError


@pytest.fixture
def toy() -> Embeddings:
    values = np.arange(12, dtype=float).reshape(4, 3) + 1
    return Embeddings(values, ("cat", "dog", "key", "pan"), "toy")


@pytest.mark.parametrize(
    ("values", "ids", "said"),
    [
        (np.ones(3), ("a", "b", "c"), "matrix"),
        (np.ones((0, 3)), (), "matrix"),
        (np.ones((2, 3)), ("a",), "one id"),
        (np.ones((2, 3)), ("a", "a"), "used twice"),
        (np.ones((2, 3)), ("a", ""), "empty"),
        (np.array([[1.0, np.nan], [0, 0]]), ("a", "b"), "not finite"),
        (np.array([[1.0, 1.0], [np.inf, 0]]), ("a", "b"), "not finite"),
    ],
)
def test_malformed_embeddings_are_refused(values: np.ndarray, ids: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Embeddings(values, ids, "toy")


def test_the_message_names_what_is_wrong() -> None:
    with pytest.raises(DataError, match=r"'b'") as caught:
        Embeddings(np.array([[1.0], [np.nan]]), ("a", "b"), "toy")
    assert "'a'" not in str(caught.value)
    assert "toy" in str(caught.value)


def test_values_are_an_own_locked_copy() -> None:
    source = np.ones((2, 2))
    space = Embeddings(source, ("a", "b"), "toy")
    source[0, 0] = 7
    assert space.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        space.values[0, 0] = 2


def test_selection_joins_by_id_and_keeps_the_order_asked_for(toy: Embeddings) -> None:
    chosen = toy.select(["pan", "cat"])
    assert chosen.ids == ("pan", "cat")
    np.testing.assert_array_equal(chosen.values, toy.values[[3, 0]])
    assert chosen.space == "toy"


def test_rows_of_trials_may_repeat_and_are_joined_by_id(toy: Embeddings) -> None:
    np.testing.assert_array_equal(toy.rows_of(["pan", "cat", "pan"]), toy.values[[3, 0, 3]])
    with pytest.raises(DataError, match="'cow'"):
        toy.rows_of(["cat", "cat", "cow"])


def test_other_rows_belong_to_the_same_space_and_stay_simulated() -> None:
    space = Embeddings(np.eye(2), ("a", "b"), "toy", "judges", simulated=True)
    found = space.with_rows(np.ones((1, 2)), ["c"])
    assert (found.ids, found.space, found.aligned_by, found.simulated) == (("c",), "toy", "judges", True)
    real = Embeddings(np.eye(2), ("a", "b"), "toy")
    assert not real.with_rows(np.ones((1, 2)), ["c"]).simulated
    assert real.with_rows(np.ones((1, 2)), ["c"], simulated=True).simulated


def test_unknown_ids_are_named(toy: Embeddings) -> None:
    with pytest.raises(DataError, match="'cow'"):
        toy.select(["cat", "cow"])


def test_the_same_id_twice_is_refused(toy: Embeddings) -> None:
    with pytest.raises(DataError, match="used twice"):
        toy.select(["cat", "cat"])


def test_centring_uses_the_mean_given(toy: Embeddings) -> None:
    np.testing.assert_allclose(toy.centred().values.mean(axis=0), 0, atol=1e-12)
    train_mean = toy.select(["cat", "dog"]).values.mean(axis=0)
    np.testing.assert_allclose(toy.centred(train_mean).values, toy.values - train_mean)
    with pytest.raises(DataError, match="length"):
        toy.centred(np.zeros(2))


def test_normalised_rows_have_length_one_and_their_old_direction(toy: Embeddings) -> None:
    unit = toy.normalised().values
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1)
    np.testing.assert_allclose(unit * np.linalg.norm(toy.values, axis=1)[:, None], toy.values)


def test_a_vector_without_direction_is_named() -> None:
    with pytest.raises(DataError, match="'b'"):
        Embeddings(np.array([[1.0, 0], [0, 0]]), ("a", "b"), "toy").normalised()


def test_new_values_keep_the_ids(toy: Embeddings) -> None:
    bent = toy.with_values(toy.values[:, :2], aligned_by="test")
    assert (bent.ids, bent.space, bent.aligned_by) == (toy.ids, "toy", "test")
    assert "aligned by test" in repr(bent)
    with pytest.raises(DataError, match="one id"):
        toy.with_values(np.ones((3, 2)), aligned_by=None)
