"""Cosine waves of pictures: by hand, there and back, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.generation.cosines import FINEST, KEPT, N_COEFFICIENTS, to_coefficients, to_pictures
from companion.errors import DataError


def flat(red: int, green: int, blue: int) -> np.ndarray:
    return np.broadcast_to(np.array([red, green, blue], dtype=np.uint8), (1, 64, 64, 3))


def test_kept_waves_are_counted_by_hand() -> None:
    per_channel = [sum(u + v < finest for u in range(64) for v in range(64)) for finest in FINEST]
    assert KEPT.sum(axis=(1, 2)).tolist() == per_channel
    assert sum(per_channel) == N_COEFFICIENTS


def test_a_flat_picture_has_three_numbers() -> None:
    grey = to_coefficients(flat(51, 51, 51))[0]
    assert grey[0] == pytest.approx(64 * 0.2, rel=1e-6)  # the constant wave has height 1 / 64
    np.testing.assert_allclose(grey[1:], 0, atol=1e-4)
    blue = to_coefficients(flat(0, 0, 255))[0]
    n_bright = KEPT[0].sum()
    assert blue[[0, n_bright]] == pytest.approx([64 * 0.114, 64 * 0.5], rel=1e-6)


def test_one_wave_is_the_formula_written_out() -> None:
    picture = np.random.default_rng(0).integers(0, 256, size=(1, 64, 64, 3), dtype=np.uint8)
    bright = picture[0] / 255 @ [0.299, 0.587, 0.114]
    place = np.pi * (np.arange(64) + 0.5) / 64
    wave = 2 / 64 * np.outer(np.cos(3 * place), np.cos(5 * place))
    at = np.flatnonzero((np.argwhere(KEPT) == [0, 3, 5]).all(axis=1)).item()
    assert to_coefficients(picture)[0, at] == pytest.approx((bright * wave).sum(), rel=1e-4)


def test_coarse_pictures_come_back_and_fine_stripes_do_not() -> None:
    ramp = np.linspace(30, 220, 64)
    coarse = np.stack(
        [np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64)), np.full((64, 64), 90)], axis=2
    )
    pictures = np.rint(coarse).astype(np.uint8)[None]
    assert np.abs(to_pictures(to_coefficients(pictures)).astype(int) - pictures).max() <= 6
    stripes = np.tile(np.array([[0, 255]], dtype=np.uint8), (64, 32))
    blurred = to_pictures(to_coefficients(np.repeat(stripes[None, ..., None], 3, axis=3)))
    assert blurred.std() < 0.15 * stripes.std()


def test_order_and_number_of_pictures_do_not_matter() -> None:
    pictures = np.random.default_rng(1).integers(0, 256, size=(600, 64, 64, 3), dtype=np.uint8)
    found = to_coefficients(pictures)
    np.testing.assert_allclose(to_coefficients(pictures[[577, 3]]), found[[577, 3]], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(to_pictures(found)[577], to_pictures(found[[577]])[0])


@pytest.mark.parametrize(
    "pictures",
    [np.zeros((1, 32, 32, 3), np.uint8), np.zeros((1, 64, 64, 3)), np.zeros((64, 64, 3), np.uint8)],
)
def test_other_pictures_are_refused(pictures: np.ndarray) -> None:
    with pytest.raises(DataError, match="one size"):
        to_coefficients(pictures)
