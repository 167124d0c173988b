"""EEGNet, the compact brain encoder of Lawhern et al. (2018)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.fft import irfft, rfft
from torch.nn.functional import avg_pool1d, pad

from companion.training.encoders.activations import elu
from companion.training.encoders.interface import BatchNorm, BrainEncoder, Inputs, Mask, drop, sizes

N_FILTERS, N_MAPS, KERNEL, SECOND_KERNEL = 8, 16, 64, 16
"""Temporal filters, maps after two spatial filters on each, taps of the first and of the second filters."""
POOLS, DROPPED = (4, 8), 0.5
"""Samples averaged after the first and after the second filters; share of units dropped after each."""
_BLOCK = 64  # responses whose products of time points are held at a time


class EegNet(BrainEncoder):
    """Temporal filters, spatial filters of their own for each, a separable convolution, a linear map.

    Only a normalisation lies between temporal and spatial filters. What it needs of the filters' output
    follows from the moments of the windows that go in, which are computed once. So space comes first, and 16
    time courses are filtered instead of 8 times each channel's: the same numbers for less than a tenth of the
    work. A bias before a normalisation would be subtracted again, so there is none.

    Parameters
    ----------
    n_channels, n_times : int
        Of a response. With 100 samples, 48 units of 112 enter the closing map.
    n_features : int
        Length of the image vectors.

    Raises
    ------
    ValueError
        If a response is shorter than the two means.

    Examples
    --------
    >>> import torch
    >>> from companion.training import EegNet
    >>> encoder = EegNet(n_channels=17, n_times=100, n_features=32)
    >>> inputs = encoder.prepare(torch.zeros(2, 17, 100))  # responses, and moments of their windows
    >>> len(inputs), tuple(encoder(*inputs).shape), encoder.leave.in_features
    (3, (2, 32), 48)

    References
    ----------
    Lawhern et al. (2018), J. Neural Eng.: EEGNet-8,2. Rajabi et al. (2025), ICML: no bound on the norm of
    filters, dropout 0.5, the closing linear map.
    """

    def __init__(self, n_channels: int, n_times: int, n_features: int) -> None:
        super().__init__()
        self.configuration = sizes(n_channels=n_channels, n_times=n_times, n_features=n_features)
        if n_times < POOLS[0] * POOLS[1]:
            raise ValueError(f"EEGNet needs at least {POOLS[0] * POOLS[1]} samples, got {n_times}")
        self.n_middle, self.n_last = n_times // POOLS[0], n_times // POOLS[0] // POOLS[1]
        self.temporal = nn.Linear(KERNEL, N_FILTERS, bias=False)
        self.first_norm = BatchNorm(N_FILTERS)
        self.spatial = nn.Linear(n_channels, N_MAPS, bias=False)
        self.second_norm = BatchNorm(N_MAPS)
        self.depthwise = nn.Linear(SECOND_KERNEL, N_MAPS, bias=False)
        self.pointwise = nn.Linear(N_MAPS, N_MAPS, bias=False)
        self.third_norm = BatchNorm(N_MAPS)
        self.leave = nn.Linear(N_MAPS * self.n_last, n_features)

    def prepare(self, responses: Tensor, subjects: Tensor | None = None) -> Inputs:
        """Responses, and the moments of their windows."""
        del subjects
        self.check_responses(responses)
        moments = [window_moments(part, KERNEL) for part in torch.split(responses, _BLOCK)]
        return responses, *(torch.cat(parts) for parts in zip(*moments, strict=True))

    def masks(self) -> tuple[Mask, ...]:
        """After each mean."""
        return Mask((N_MAPS, self.n_middle), DROPPED), Mask((N_MAPS, self.n_last), DROPPED)

    def forward(self, *inputs: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """See ``BrainEncoder.forward``."""
        responses, sums, products = inputs
        given = iter(masks)
        scale, shift = self._first_affine(sums, products, responses[0].numel())
        each = N_MAPS // N_FILTERS
        filters = (self.temporal.weight * scale[:, None]).repeat_interleave(each, 0)
        level = shift.repeat_interleave(each) * self.spatial.weight.sum(1)
        in_space = torch.bmm(self.spatial.weight.expand(len(responses), -1, -1), responses)
        # Normalisation takes the level away again: its slope is zero. Left to rounding, Adam walks along it.
        level = level.detach() + 0 * level
        maps = _filtered(in_space, filters) + level[:, None]
        maps = drop(avg_pool1d(elu(self.second_norm(maps)), POOLS[0]), given)
        maps = self.pointwise.weight @ _filtered(maps, self.depthwise.weight)
        maps = drop(avg_pool1d(elu(self.third_norm(maps)), POOLS[1]), given)
        return self.leave(maps.flatten(1))  # type: ignore[no-any-return]

    def _first_affine(self, sums: Tensor, products: Tensor, n: int) -> tuple[Tensor, Tensor]:
        """Scale and shift of each temporal filter's output, n values in each response: (8,) both."""
        if not self.training:
            return self.first_norm.affine()
        filters = self.temporal.weight
        mean = filters @ (sums.mean(0) / n)
        variance = ((filters @ (products.mean(0) / n)) * filters).sum(1) - mean.square()
        self.first_norm.update(mean, variance, n * len(sums))
        return self.first_norm.affine(mean, variance)


def window_moments(responses: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """First and second moments of all windows that a filter sees, with zeros around a response.

    Products of time points are summed over channels once; those of two taps are sums along a diagonal.

    Parameters
    ----------
    responses : Tensor of shape (n, n_channels, n_times)
    width : int
        Taps; a window reaches ``(width - 1) // 2`` samples back and ``width // 2`` ahead.

    Returns
    -------
    sums : Tensor of shape (n, width)
        Sum of the windows over channels and times.
    products : Tensor of shape (n, width, width)
        Sum of the windows' outer products.
    """
    padded = pad(responses, ((width - 1) // 2, width // 2))
    sums = padded.sum(1).unfold(-1, responses.shape[-1], 1).sum(-1)
    gram = padded.transpose(1, 2) @ padded
    windows = gram.unfold(1, width, 1).unfold(2, width, 1)
    return sums, windows.diagonal(dim1=1, dim2=2).sum(-1)


def _filtered(values: Tensor, filters: Tensor) -> Tensor:
    """Each map with its own filter and zeros around: (n, n_maps, n_times) both; filters: (n_maps, width).

    In the frequency domain: a third of the time of a grouped convolution on a CPU, forward and backward, and
    half that of a product with the band matrix of each filter.
    """
    n_times, width = values.shape[-1], filters.shape[1]
    back = (width - 1) // 2
    # What wraps around meets zeros alone; multiples of 16 have fast transforms.
    length = -(-(n_times + width - 1 - back) // 16) * 16
    shifted = pad(filters, (0, length - width)).roll(-back, -1)
    spectrum = rfft(values, length) * rfft(shifted).conj()
    return irfft(spectrum, length)[..., :n_times]  # type: ignore[no-any-return]
