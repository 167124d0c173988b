"""Grad-CAM of a brain encoder, as published, and the times its positions stand for.

The map of a response says at which positions of a layer the features that raise the similarity to the true
picture are strong. Positions are not times: each one of NICE saw 75 samples, and stretching the map over
the whole response moves it. :func:`receptive_fields` gives the times that positions stand for.

References
----------
Selvaraju et al. (2017), ICCV: the method. Rajabi et al. (2025), ICML, section 5.5: maps of brain encoders.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from companion.checks import choice, finite, whole
from companion.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = npt.NDArray[np.floating[Any]]

WINDOW, STEP = 75, 5
"""Samples that one position of NICE sees (25 taps over means of 51), and samples between two positions."""


class Layered(Protocol):
    """An encoder in evaluation mode that shows its layers."""

    def forward_layers(self, *inputs: Tensor) -> Mapping[str, Tensor]:
        """Values of each layer: (n, n_features, n_positions) or (n, n_features, n_channels, n_positions)."""

    def from_layer(self, name: str, values: Tensor) -> Tensor:
        """Vectors of shape (n, n_out) that follow from values of a layer."""


class Fields(NamedTuple):
    """Receptive fields of positions, in seconds; arrays of shape (n_positions,)."""

    centres: FloatArray
    starts: FloatArray
    stops: FloatArray


def grad_cam(
    encoder: Layered,
    inputs: tuple[Tensor, ...],
    targets: Tensor,
    layer: str,
    *,
    weights: Literal["averaged", "local"] = "averaged",
    batch_size: int = 100,
) -> FloatArray:
    r"""Grad-CAM of the similarity to the true picture.

    With the values :math:`A_c` of a layer and the similarity :math:`s`, both vectors centred over their own
    features: :math:`\alpha_c` is the mean over positions of :math:`\partial s / \partial A_c`, and the map is
    :math:`\max(0, \sum_c \alpha_c A_c)`.

    Parameters
    ----------
    encoder : Layered
        In evaluation mode: otherwise responses of a batch are not independent.
    inputs : tuple of Tensor, each of shape (n, ...)
        As the encoder prepared them.
    targets : Tensor of shape (n, n_out)
        Vector of the picture that was seen, row for row.
    layer : str
        For NICE ``"projection"``, as published, where channels are already merged; or ``"first"``, which
        alone can tell channels apart.
    weights : {"averaged", "local"}
        As published; or each position's own slope instead of :math:`\alpha_c` (HiResCAM), see the notes.
    batch_size : int
        Responses at a time.

    Returns
    -------
    ndarray of shape (n, n_positions) or (n, n_channels, n_positions)
        Not negative.

    Notes
    -----
    Grad-CAM was made for nets that pool over positions after the layer, so that a feature counts the same
    everywhere. The projector of NICE has a weight for each feature *and position*: the mean slope forgets
    where a feature mattered. With local weights, slope times value adds up over positions to what the
    similarity owes to them, to first order.

    Examples
    --------
    >>> import torch
    >>> from companion.decoding import grad_cam
    >>> from companion.training import Nice
    >>> encoder = Nice(n_channels=17, n_times=100, n_features=8).eval()
    >>> responses, targets = torch.ones(2, 17, 100), torch.eye(8)[:2]
    >>> maps = grad_cam(encoder, encoder.prepare(responses), targets, "projection")
    >>> maps.shape, bool((maps >= 0).all())
    ((2, 6), True)

    References
    ----------
    Rajabi et al. (2025), ICML, section 5.5 and their public code for layer and centring. Draelos & Carin
    (2020), arXiv 2011.08891: local weights.
    """
    import torch

    whole("batch_size", batch_size)
    choice("weights", weights, ("averaged", "local"))
    for part in (*inputs, targets):
        finite("values of responses and targets", part.detach().cpu().numpy(), least=0)
    if {len(part) for part in inputs} != {len(targets)} or targets.ndim != 2:
        shapes = [tuple(part.shape) for part in (*inputs, targets)]
        raise DataError("Each response has one target", expected=f"{len(targets)} of each", got=shapes)
    maps = []
    for start in range(0, len(targets), batch_size):
        rows = slice(start, start + batch_size)
        with torch.no_grad():
            layers = encoder.forward_layers(*(part[rows] for part in inputs))
            choice("layer", layer, layers)
            values = layers[layer]
        values = values.detach().requires_grad_(True)
        with torch.enable_grad():
            vectors, wanted = encoder.from_layer(layer, values), targets[rows].to(values)
            if vectors.shape != wanted.shape:
                raise DataError("Targets have another length", expected=vectors.shape[1], got=wanted.shape[1])
            similar = centred_cosine(vectors, wanted)
            (slopes,) = torch.autograd.grad(similar.sum(), values)
        if weights == "averaged":
            slopes = slopes.mean(dim=tuple(range(2, slopes.ndim)), keepdim=True)
        maps.append((slopes * values.detach()).sum(1).relu().cpu())
    return np.asarray(torch.cat(maps))


def centred_cosine(vectors: Tensor, targets: Tensor) -> Tensor:
    """Cosine of rows after the mean over their own features was taken off: (n,)."""
    from torch.nn.functional import cosine_similarity

    return cosine_similarity(
        vectors - vectors.mean(-1, keepdim=True), targets - targets.mean(-1, keepdim=True), dim=-1
    )


def stretched(maps: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Resize maps to the shape of the response, as published: bicubic, the ends of both axes laid together.

    A map without channels comes out the same for all channels.

    Parameters
    ----------
    maps : ndarray of shape (n, n_positions) or (n, n_channels, n_positions)
    shape : (int, int)
        Channels and samples of a response.

    Returns
    -------
    ndarray of shape (n, n_channels, n_times)
        Bicubic interpolation overshoots: small negative values may appear.
    """
    import torch
    from torch.nn.functional import interpolate

    values = torch.as_tensor(np.array(maps))
    rows = values[:, None, None] if values.ndim == 2 else values[:, None]
    n_rows = rows.shape[2] if rows.shape[2] == 1 else shape[0]
    resized = interpolate(rows, (n_rows, shape[1]), mode="bicubic", align_corners=False)[:, 0]
    return np.asarray(resized.expand(-1, shape[0], -1))


def receptive_fields(times: FloatArray, *, window: int = WINDOW, step: int = STEP) -> Fields:
    """Give the times that the positions of a convolutional layer stand for.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        Seconds of the samples of a response.
    window, step : int
        Samples seen by a position, and between neighbouring positions.

    Returns
    -------
    Fields
        Position j sees samples ``step * j`` to ``step * j + window - 1``; starts and stops are the times of
        the first and last of them, centres lie halfway.

    Raises
    ------
    ValueError
        If a response is shorter than a window.

    Examples
    --------
    >>> fields = receptive_fields(np.arange(250) / 250)
    >>> len(fields.centres), float(fields.centres[0]), float(fields.centres[-1])
    (36, 0.148, 0.848)
    """
    if len(times) < window:
        raise ValueError(f"a window of {window} samples does not fit {len(times)}")
    first = np.arange(0, len(times) - window + 1, step)
    starts, stops = times[first], times[first + window - 1]
    return Fields((starts + stops) / 2, starts, stops)


def plotted_times(times: FloatArray, n_positions: int) -> FloatArray:
    """Give the times at which :func:`stretched` shows positions: the axis of the published figures.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        Seconds, evenly spaced.
    n_positions : int

    Returns
    -------
    ndarray of shape (n_positions,)
    """
    samples = (np.arange(n_positions) + 0.5) * len(times) / n_positions - 0.5
    return np.asarray(times[0] + samples * (times[1] - times[0]))
