"""Small pictures as a few hundred numbers: the coarse cosine waves of their brightness and of their colours.

A picture of 64 x 64 pixels has 12,288 numbers, most of which say next to nothing. As in JPEG, brightness is
kept finely and colour coarsely. The waves are fixed beforehand, so that nothing about them is learnt from any
picture, and no weights have to be stored.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from companion.errors import DataError

UInt8Array = npt.NDArray[np.uint8]

SIDE = 64
"""Pixels of an edge."""
FINEST = (30, 13, 13)
"""Of brightness and of the two colour differences: waves are kept whose two frequencies sum to less."""
_COLOURS = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""Red, green and blue to brightness and two colour differences (ITU-T T.871, section 7)."""
_BLOCK = 256  # pictures at a time, so that memory does not grow with their number

_WAVES = dct(np.eye(SIDE), axis=0, norm="ortho")[: max(FINEST)].astype(np.float32)
"""Heights of the waves at the pixels, of shape (n_frequencies, 64)."""
_FREQUENCY = np.add.outer(np.arange(len(_WAVES)), np.arange(len(_WAVES)))
KEPT = np.stack([finest > _FREQUENCY for finest in FINEST])
"""Which waves are kept, of shape (3, n_frequencies, n_frequencies)."""
N_COEFFICIENTS = int(KEPT.sum())


def to_coefficients(pictures: UInt8Array) -> npt.NDArray[np.float32]:
    """Take pictures apart into cosine waves.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, 64, 64, 3)

    Returns
    -------
    ndarray of shape (n, n_coefficients), float32
        Brightness first, then the two colour differences. Lengths are kept: the squares of all coefficients
        sum to those of the pixels, of which black is 0 and white 1.

    Raises
    ------
    DataError
        If these are no pictures of that size.
    """
    if pictures.shape[1:] != (SIDE, SIDE, 3) or pictures.dtype != np.uint8:
        raise DataError(
            "A generator knows pictures of one size only",
            expected=f"uint8 of shape (n, {SIDE}, {SIDE}, 3)",
            got=f"{pictures.dtype} of shape {pictures.shape}",
        )
    found = np.empty((len(pictures), N_COEFFICIENTS), dtype=np.float32)
    for start in range(0, len(pictures), _BLOCK):
        colours = pictures[start : start + _BLOCK] @ (_COLOURS.T / 255).astype(np.float32)
        waves = _WAVES @ colours.transpose(0, 3, 1, 2) @ _WAVES.T
        found[start : start + _BLOCK] = waves[:, KEPT]
    return found


def to_pictures(coefficients: npt.NDArray[np.floating[Any]]) -> UInt8Array:
    """Put pictures together again: shape (n, n_coefficients) to uint8 of shape (n, 64, 64, 3)."""
    pictures = np.empty((len(coefficients), SIDE, SIDE, 3), dtype=np.uint8)
    back = np.linalg.inv(_COLOURS)
    for start in range(0, len(coefficients), _BLOCK):
        part = coefficients[start : start + _BLOCK]
        waves = np.zeros((len(part), *KEPT.shape), dtype=np.float32)
        waves[:, KEPT] = part
        colours = (_WAVES.T @ waves @ _WAVES).transpose(0, 2, 3, 1) @ back.T
        pictures[start : start + _BLOCK] = np.rint(255 * np.clip(colours, 0, 1))
    return pictures
