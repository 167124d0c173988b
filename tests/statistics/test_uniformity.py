"""P-values of repeated worlds against all they could have been."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from companion.errors import DataError
from companion.statistics.paired import sign_flip
from companion.statistics.uniformity import uniformity


def worlds(n: int = 60, people: int = 8, effect: float = 0.0, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(effect, 1, (n, people))


@pytest.mark.parametrize("rounded", [True, False])
def test_p_values_are_those_of_the_sign_flip_test(rounded: bool) -> None:
    values = np.round(worlds(20)) if rounded else worlds(20)
    assert uniformity(values).p_values == pytest.approx([sign_flip(row) for row in values])


def test_what_is_expected_is_found_by_flipping_all_signs() -> None:
    values = np.round(worlds(4, people=4), 1)
    values[0] = [1, 1, 0, 0]  # ties and zeros
    flipped = [sign_flip(row * np.array(signs)) for row in values for signs in product([-1, 1], repeat=4)]
    for level in (0.05, 0.125, 0.25, 0.5, 1.0):
        assert uniformity(values, level=level).expected == pytest.approx(np.mean(np.array(flipped) <= level))


def test_without_an_effect_the_test_of_tests_errs_as_often_as_it_says() -> None:
    found = [uniformity(worlds(30, 6, seed=seed), n_draws=200, level=0.125) for seed in range(200)]
    for name in ("p_distance", "p_passed"):
        errors = np.mean([getattr(one, name) <= 0.1 for one in found])
        assert errors < 0.16, name  # 0.1 and two and a half standard errors
    assert np.mean([one.p_distance <= 0.5 for one in found]) == pytest.approx(0.5, abs=0.12)


def test_effects_are_seen_in_either_direction() -> None:
    for effect in (-1.0, 1.0):
        found = uniformity(worlds(effect=effect))
        assert found.p_distance < 0.01
        assert found.p_passed < 0.01
        assert found.passed > found.expected


def test_p_values_that_are_too_even_are_seen_too() -> None:
    """Every world has the same largest p: far from uniform, though none passes."""
    same = np.tile([1.0, -1.01, 1.02, -1.03, 1.04, -1.02], (40, 1))
    found = uniformity(same)
    assert found.passed == 0
    assert found.p_distance < 0.01
    assert found.p_passed == 1


def test_differences_that_are_all_zero_never_pass() -> None:
    found = uniformity(np.zeros((5, 4)))
    assert (found.p_values == 1).all()
    assert (found.expected, found.distance, found.p_distance) == (0, 0, 1)


def test_signs_of_rows_and_the_unit_do_not_matter() -> None:
    values = worlds()
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (len(values), 1))
    assert uniformity(values).distance == uniformity(1000 * signs * values).distance


@pytest.mark.parametrize("values", [np.zeros(5), np.zeros((1, 5)), np.zeros((3, 2)), np.full((3, 4), np.nan)])
def test_other_shapes_are_refused(values: np.ndarray) -> None:
    with pytest.raises(DataError, match="not those of repeated worlds"):
        uniformity(values)
