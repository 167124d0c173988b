"""The four companions: what each is made of, and that the brain gives a category and nothing more."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.generation.companions import companions
from companion.embeddings import Embeddings
from companion.errors import DataError


def named(values: np.ndarray, names: list[str], space: str = "toy") -> Embeddings:
    return Embeddings(np.asarray(values, dtype=float), tuple(names), space)


@pytest.fixture
def training() -> Embeddings:
    """Two categories, one along each axis; the second picture of each is the typical one."""
    return named([[3, 1], [2, 0], [3, -1], [1, 3], [0, 1], [-1, 3]], ["a1", "a2", "a3", "b1", "b2", "b3"])


CATEGORIES = {name: name[0] for name in ("a1", "a2", "a3", "b1", "b2", "b3")}


def test_a_case_worked_by_hand(training: Embeddings) -> None:
    truth = named([[0, 1], [1, 1], [1, 0]], ["t2", "other", "t1"])
    decoded = named([[5, 1], [1, 9]], ["t1", "t2"])
    found = companions(decoded, truth, training, CATEGORIES)
    np.testing.assert_array_equal(found.ceiling.values, [[1, 0], [0, 1]])
    np.testing.assert_array_equal(found.shuffled.values, [[1, 9], [5, 1]])
    one = (2 * 3 / np.sqrt(10) + 1) / 6
    np.testing.assert_allclose(found.mean.values, [[one, one]] * 2)  # each picture at length one first
    np.testing.assert_allclose(found.category.values, [[1, 0], [0, 1]], atol=1e-12)
    assert found.chosen["category"].tolist() == ["a", "b"]
    assert found.chosen["picture"].tolist() == ["a2", "b2"]
    assert found.chosen["shuffled_from"].tolist() == ["t2", "t1"]
    assert found.chosen["cosine"][0] == pytest.approx(5 / np.sqrt(26))
    for one_of_four in found[:4]:
        assert one_of_four.ids == decoded.ids


def test_the_brain_chooses_the_category_and_not_the_picture(training: Embeddings) -> None:
    """A vector next to picture a1 still gets the typical picture of category a."""
    decoded = named([[3, 1.0], [-1, 3.0]], ["t1", "t2"])
    assert companions(decoded, decoded, training, CATEGORIES).chosen["picture"].tolist() == ["a2", "b2"]


def test_without_categories_it_is_the_nearest_picture(training: Embeddings) -> None:
    decoded = named([[3, 1.1], [-1, 3.0]], ["t1", "t2"])
    own = {name: name for name in training.ids}
    assert companions(decoded, decoded, training, own).chosen["picture"].tolist() == ["a1", "b3"]


def test_no_stimulus_keeps_its_own_vector(training: Embeddings) -> None:
    values = np.random.default_rng(0).normal(size=(7, 2))
    decoded = named(values, [f"t{row}" for row in range(7)])
    kinds = set()
    for seed in range(20):
        found = companions(decoded, decoded, training, CATEGORIES, seed=seed)
        source = found.chosen["shuffled_from"].tolist()
        assert sorted(source) == sorted(decoded.ids)
        assert all(name != other for name, other in zip(decoded.ids, source, strict=True))
        np.testing.assert_array_equal(found.shuffled.values, decoded.select(source).values)
        kinds.add(tuple(source))
    assert len(kinds) > 10


def test_leaks_and_mixed_spaces_are_refused(training: Embeddings) -> None:
    decoded = named([[5, 1], [1, 9]], ["t1", "a2"])
    with pytest.raises(DataError, match="among those of training"):
        companions(decoded, decoded, training, CATEGORIES)
    decoded = named([[5, 1], [1, 9]], ["t1", "t2"])
    with pytest.raises(DataError, match="differ in space"):
        companions(decoded, named(decoded.values, ["t1", "t2"], "other"), training, CATEGORIES)
    with pytest.raises(DataError, match="two stimuli"):
        companions(decoded.select(["t1"]), decoded, training, CATEGORIES)
