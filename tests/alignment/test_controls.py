"""Controls of a space's shape: what they keep, what they change, and whose statistics they use."""

from __future__ import annotations

import numpy as np
import pytest

from companion.alignment.controls import isotropy_matched, rotated, whitened
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.statistics.geometry import isotropy, mean_cosine, variance_shares


def space(n: int, d: int, seed: int, name: str = "toy", simulated: bool = False) -> Embeddings:
    """Uneven directions, correlated features and a common mean."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(d, d)) * np.linspace(2, 0.2, d)[:, None]
    values = rng.normal(size=(n, d)) @ mixing + 3 * np.random.default_rng(7).normal(size=d)
    return Embeddings(values, tuple(f"{seed}-{row}" for row in range(n)), name, "judges", simulated)


def cosines_as_trained(values: np.ndarray) -> np.ndarray:
    """Cosines after each vector's own mean was subtracted."""
    centred = values - values.mean(axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return unit @ unit.T


def test_a_turn_changes_no_cosine_after_centring_and_is_not_undone_by_it() -> None:
    base = space(20, 6, 0)
    turned = rotated(base, seed=1)
    np.testing.assert_allclose(cosines_as_trained(turned.values), cosines_as_trained(base.values), atol=1e-12)
    np.testing.assert_allclose(turned.values.mean(axis=1), 0, atol=1e-12)
    centred = base.values - base.values.mean(axis=1, keepdims=True)
    assert np.abs(turned.values - centred).max() > 1
    np.testing.assert_allclose(np.linalg.norm(turned.values, axis=1), np.linalg.norm(centred, axis=1))


def test_a_turn_of_all_axes_would_change_cosines_after_centring() -> None:
    base = space(20, 6, 0)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    difference = cosines_as_trained(base.values @ turn) - cosines_as_trained(base.values)
    assert np.abs(difference).max() > 0.05  # the reason for turning inside the centred vectors


def test_turns_go_by_their_seed_and_treat_all_directions_alike() -> None:
    base = Embeddings(np.array([[1.0, -1.0, 0.0]]), ("a",), "toy")
    assert np.array_equal(rotated(base, 3).values, rotated(base, 3).values)
    assert rotated(base, 3).space != rotated(base, 4).space
    many = np.concatenate([rotated(base, seed).values for seed in range(800)])
    np.testing.assert_allclose(many.mean(axis=0), 0, atol=0.1)
    expected = 2 / 2 * (np.eye(3) - 1 / 3)  # length 2 spread evenly over the plane of mean zero
    np.testing.assert_allclose(many.T @ many / len(many), expected, atol=0.1)


def test_whitening_gives_the_training_stimuli_the_identity_as_covariance() -> None:
    train = space(200, 5, 0)
    white = whitened(train, train)
    np.testing.assert_allclose(white.values.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(np.cov(white.values.T), np.eye(5), atol=1e-10)
    # of all whitenings, this one stays nearest to the axes: its map is symmetric and positive
    wanted = np.linalg.inv(np.cov(train.values.T))
    test = space(3, 5, 1)
    step = whitened(test, train).values
    np.testing.assert_allclose(
        step @ step.T, (test.values - train.values.mean(0)) @ wanted @ (test.values - train.values.mean(0)).T
    )
    by_axis = np.linalg.lstsq(train.values - train.values.mean(0), white.values, rcond=None)[0]
    np.testing.assert_allclose(by_axis, by_axis.T, atol=1e-9)
    assert np.linalg.eigvalsh(by_axis).min() > 0


def test_whitening_leaves_out_directions_in_which_training_stimuli_do_not_differ() -> None:
    train = space(4, 6, 0)  # three directions
    test = space(2, 6, 1)
    white = whitened(test, train)
    assert np.linalg.matrix_rank(np.vstack([white.values, whitened(train, train).values]), tol=1e-8) == 3
    assert np.abs(white.values).max() < 1e3


@pytest.mark.parametrize("control", [whitened, lambda s, t: isotropy_matched(s, t, t)])
def test_controls_use_training_stimuli_alone(control) -> None:  # type: ignore[no-untyped-def]
    train, test = space(50, 5, 0), space(10, 5, 1)
    alone = control(test.select(test.ids[:1]), train).values
    np.testing.assert_allclose(control(test, train).values[:1], alone, atol=1e-10)


def test_a_matched_space_has_the_other_ones_widths_and_its_own_order() -> None:
    base, like = space(100, 8, 0), space(100, 8, 0, "other")
    rng = np.random.default_rng(5)
    like = like.with_values(
        rng.normal(size=(100, 8)) * np.linspace(3, 1, 8) + 2, space="other", aligned_by="DreamSim"
    )
    matched = isotropy_matched(base, base, like)
    np.testing.assert_allclose(variance_shares(matched.values), variance_shares(like.values), atol=1e-10)
    np.testing.assert_allclose(
        np.linalg.norm(matched.values.mean(0)), np.linalg.norm(like.values.mean(0)), atol=1e-10
    )
    assert abs(mean_cosine(matched.values) - mean_cosine(like.values)) < 0.02
    assert abs(mean_cosine(base.values) - mean_cosine(like.values)) > 0.1
    assert isotropy(matched.values).top_share == pytest.approx(isotropy(like.values).top_share)
    directions = [np.linalg.svd(v - v.mean(0), full_matrices=False)[0] for v in (base.values, matched.values)]
    np.testing.assert_allclose(np.abs(np.sum(directions[0] * directions[1], axis=0)), 1, atol=1e-8)
    assert matched.space == "toy, isotropy of other"


def test_a_space_matched_with_itself_stays_as_it_is() -> None:
    train, test = space(60, 5, 0), space(7, 5, 1)
    np.testing.assert_allclose(isotropy_matched(test, train, train).values, test.values, atol=1e-9)


def test_a_narrower_space_gives_its_number_of_directions() -> None:
    base, like = space(40, 6, 0), space(40, 3, 0, "narrow")
    matched = isotropy_matched(base, base, like)
    assert matched.values.shape == (40, 6)
    assert len([share for share in variance_shares(matched.values) if share > 1e-12]) == 3


def test_labels_say_what_was_done_and_what_is_simulated() -> None:
    base = space(20, 4, 0, simulated=True)
    for control in (rotated(base, 0), whitened(base, base), isotropy_matched(base, base, base)):
        assert control.simulated
        assert control.ids == base.ids
        assert control.aligned_by == "judges"
        assert control.space.startswith("toy, ")


def test_other_spaces_and_equal_stimuli_are_refused() -> None:
    base = space(10, 4, 0)
    with pytest.raises(DataError, match="same space"):
        whitened(base, space(10, 4, 1, "elsewhere"))
    with pytest.raises(DataError, match="same space"):
        whitened(base, space(10, 3, 1))
    with pytest.raises(DataError, match="without an embedding"):
        isotropy_matched(base, base, space(10, 4, 1, "elsewhere"))
    flat = base.with_values(np.ones((10, 4)), aligned_by=None)
    with pytest.raises(DataError, match="all the same"):
        whitened(base, flat)
    with pytest.raises(ValueError, match="one feature"):
        rotated(base.with_values(base.values[:, :1], aligned_by=None), 0)
