"""Where, for gradients: from what a decoder multiplies with to what the brain shows.

A gradient with respect to the input is a filter. A filter may weigh a channel without signal, only to
subtract noise that others share; a map of filters is no map of activity. A pattern is: it says how each
channel moves when the filter's output moves.

References
----------
Haufe et al. (2014), NeuroImage 87, 96-110.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.checks import finite
from companion.decoding.attribution.gradcam import centred_cosine

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = npt.NDArray[np.floating[Any]]


def input_gradients(
    encode: Callable[[Tensor], Tensor], responses: Tensor, targets: Tensor, *, batch_size: int = 100
) -> FloatArray:
    """Gradient of the similarity to the true picture with respect to the response.

    Parameters
    ----------
    encode : callable
        Tensor of responses to Tensor of vectors, differentiable, in evaluation mode.
    responses : Tensor of shape (n, n_channels, n_times)
    targets : Tensor of shape (n, n_features)
        Vector of the picture that was seen, row for row.
    batch_size : int
        Responses at a time.

    Returns
    -------
    ndarray of shape (n, n_channels, n_times)
        Cosine per unit of the response.
    """
    import torch

    slopes = []
    for start in range(0, len(responses), batch_size):
        rows = slice(start, start + batch_size)
        part = responses[rows].detach().clone().requires_grad_(True)
        with torch.enable_grad():
            similar = centred_cosine(encode(part), targets[rows])
            (slope,) = torch.autograd.grad(similar.sum(), part)
        slopes.append(slope.cpu())
    return np.asarray(torch.cat(slopes))


def patterns(filters: FloatArray, responses: FloatArray) -> FloatArray:
    r"""Pattern of each filter.

    .. math:: a = \Sigma_x w / (w^T \Sigma_x w)

    which is the covariance of each channel and time with the filter's output, divided by the output's
    variance: :math:`\Sigma_x`, of all channels and times, is never built.

    Parameters
    ----------
    filters : ndarray of shape (n_filters, n_channels, n_times)
    responses : ndarray of shape (n, n_channels, n_times)
        Many more than needed for a covariance of channels; best the training responses.

    Returns
    -------
    ndarray of shape (n_filters, n_channels, n_times)
        0 for a filter whose output never changes.

    Raises
    ------
    ValueError
        If shapes do not fit, or there are fewer than two responses.

    Examples
    --------
    The filter subtracts the second channel, which holds nothing but the noise of the first:

    >>> import numpy as np
    >>> from companion.decoding import patterns
    >>> signal, noise = np.random.default_rng(0).normal(size=(2, 5000))
    >>> responses = np.stack([signal + noise, noise], axis=1)[:, :, None]  # (n, 2 channels, 1 time)
    >>> filters = np.array([[[1.0], [-1.0]]])
    >>> (patterns(filters, responses).round(1) + 0.0).ravel().tolist()
    [1.0, 0.0]
    """
    filters, responses = finite("filters", filters), finite("responses", responses)
    if filters.ndim < 2 or filters.shape[1:] != responses.shape[1:] or len(responses) < 2:
        raise ValueError(f"filters {filters.shape} do not fit responses {responses.shape}")
    flat = responses.reshape(len(responses), -1).astype(np.float64)
    flat -= flat.mean(axis=0)
    outputs = flat @ filters.reshape(len(filters), -1).T.astype(np.float64)
    variances = np.square(outputs).sum(axis=0)
    return np.asarray(
        (outputs.T @ flat / np.where(variances > 0, variances, 1)[:, None]).reshape(filters.shape)
    )


def at_sensors(whitened: FloatArray, whitener: FloatArray) -> FloatArray:
    r"""Carry patterns of noise-normalised responses back to the sensors.

    With responses :math:`x' = P x`, a pattern is :math:`a = P^{-1} a'`. (A filter is
    :math:`w = P^T w'`, another map.)

    Parameters
    ----------
    whitened : ndarray of shape (n_patterns, n_channels, ...)
        Patterns in the space of the whitened responses.
    whitener : ndarray of shape (n_channels, n_channels)
        :math:`P`, such as the inverse square root of the noise covariance.

    Returns
    -------
    ndarray of shape (n_patterns, n_channels, ...)
        In the unit of the sensors.
    """
    moved = np.moveaxis(whitened, 1, 0)
    back = np.linalg.solve(whitener, moved.reshape(len(whitener), -1)).reshape(moved.shape)
    return np.asarray(np.moveaxis(back, 0, 1))


def strength(maps: FloatArray, *, over_time: slice = slice(None)) -> FloatArray:
    """Topography of many patterns: root mean square over patterns and a range of time.

    Patterns of different pictures differ in sign; a plain mean would cancel them.

    Parameters
    ----------
    maps : ndarray of shape (n, n_channels, n_times)
    over_time : slice
        Samples.

    Returns
    -------
    ndarray of shape (n_channels,)
    """
    return np.asarray(np.sqrt(np.square(maps[..., over_time]).mean(axis=(0, 2))))
