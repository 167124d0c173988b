"""Nearest neighbours: hand-computed cases, ties, and a loop."""

from __future__ import annotations

import numpy as np
import pytest

from companion.statistics.neighbours import nearest, related_by, related_neighbours

SIMILARITY = np.array(
    [[1.0, 0.9, 0.2, 0.3], [0.9, 1.0, 0.1, 0.8], [0.2, 0.1, 1.0, 0.2], [0.3, 0.8, 0.2, 1.0]]
)


def test_nearest_is_best_first_and_never_the_row_itself() -> None:
    np.testing.assert_array_equal(nearest(SIMILARITY, 3), [[1, 3, 2], [0, 3, 2], [0, 3, 1], [1, 0, 2]])


def test_a_row_is_no_neighbour_even_if_others_are_more_similar_to_it_than_it_is() -> None:
    assert nearest(np.array([[0.1, 0.5], [0.5, 0.1]]), 1).tolist() == [[1], [0]]


@pytest.mark.parametrize("n_nearest", [0, 4])
def test_impossible_numbers_are_refused(n_nearest: int) -> None:
    with pytest.raises(ValueError, match=str(n_nearest)):
        nearest(SIMILARITY, n_nearest)


def test_related_rows_share_a_category() -> None:
    related = related_by([("animal", "bird"), ("bird",), (), ("tool",)])
    np.testing.assert_array_equal(related, [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])


def test_shares_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    similarity, related = rng.normal(size=(8, 8)), rng.integers(2, size=(8, 8)).astype(bool)
    shares = related_neighbours(similarity, related, 5)
    for row in range(8):
        others = sorted((j for j in range(8) if j != row), key=lambda j: -similarity[row, j])
        for k in range(1, 6):
            assert shares[row, k - 1] == pytest.approx(np.mean([related[row, j] for j in others[:k]]))
