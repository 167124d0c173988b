"""Responses whose information is planted at known times, channels, frequencies; a decoder that reads all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from companion.decoding.attribution.removal import Readout

FloatArray = npt.NDArray[np.float64]

N, N_FEATURES, N_CHANNELS, N_TIMES, RATE = 60, 6, 5, 100, 100.0
TIMES = np.arange(N_TIMES) / RATE
GALLERY = np.random.default_rng(0).normal(size=(N, N_FEATURES))


def planted(course: FloatArray, topography: FloatArray, *, noise: float = 0.0) -> tuple[FloatArray, Readout]:
    """Responses (60, 5, 100) of which each feature drives one fixed pattern, and the least-squares decoder.

    Parameters
    ----------
    course : ndarray of shape (n_features, n_times)
        When each feature shows.
    topography : ndarray of shape (n_channels,) or (n_features, n_channels)
    noise : float
        Standard deviation.
    """
    topographies = np.broadcast_to(topography, (N_FEATURES, N_CHANNELS))
    shapes = topographies[:, :, None] * course[:, None, :]
    rng = np.random.default_rng(1)
    responses = np.einsum("nd,dct->nct", GALLERY, shapes)
    responses += noise * rng.normal(size=responses.shape)
    inverse = np.linalg.pinv(shapes.reshape(N_FEATURES, -1))

    def decode(signals: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        return np.asarray(signals.reshape(len(signals), -1) @ inverse)

    return responses, Readout(decode, GALLERY, np.arange(N))


def bursts(frequency: float) -> FloatArray:
    """One oscillation for each feature, near a frequency, with phases of their own, under one window."""
    t = TIMES[None]
    ripple = np.cos(2 * np.pi * (frequency + 0.3 * np.linspace(-1, 1, N_FEATURES)[:, None]) * t
                    + np.linspace(0, np.pi, N_FEATURES)[:, None])  # fmt: skip
    return np.asarray(ripple * np.sin(np.pi * t) ** 2)
