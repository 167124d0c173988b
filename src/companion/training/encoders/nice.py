"""NICE, the convolutional brain encoder of Song et al. (2024), for EEG and MEG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from companion.training.encoders.activations import elu
from companion.training.encoders.interface import BatchNorm, BrainEncoder, Inputs, Mask, drop, sizes

KERNEL, POOL, STRIDE, N_FILTERS = 25, 51, 5, 40
"""Taps of a temporal filter, samples averaged, samples between two averages, number of filters."""
_CACHE_BYTES = 2 * 2**20
"""First layers are computed for as many responses at a time as fit here: on a CPU the largest arrays then
never leave its cache."""
_BLOCK = 64  # responses prepared at a time: in double precision, a data set would not fit in memory


def enough_samples(n_times: int) -> None:
    """Refuse responses that are shorter than what one position sees."""
    if n_times < POOL + KERNEL - 1:
        raise ValueError(f"NICE needs at least {POOL + KERNEL - 1} samples, got {n_times}")


class ConvolutionStack(nn.Module):
    """Temporal filters, mean over a window, spatial filters over all channels, mixing.

    Two exact shortcuts. *Means first*: convolution and average pooling are both linear, so that pooling comes
    first and the convolution takes steps of five, a sixth of the published work. *Statistics first*: what
    batch normalisation needs of the filters' output follows from the second moments of the windows that go
    in, so that filter and normalisation are one affine map, and the largest array is written once.
    Convolutions whose output is normalised have no bias: it would be subtracted again.

    Parameters
    ----------
    n_channels, n_times : int
        Of a response.

    Raises
    ------
    ValueError
        If a response is shorter than one window.
    """

    def __init__(self, n_channels: int, n_times: int) -> None:
        super().__init__()
        enough_samples(n_times)
        self.n_positions = int((n_times - POOL + 1 - KERNEL) // STRIDE + 1)
        self.n_channels = int(n_channels)
        self.temporal = nn.Linear(KERNEL, N_FILTERS, bias=False)
        self.first_norm = BatchNorm(N_FILTERS)
        self.spatial = nn.Linear(n_channels * N_FILTERS, N_FILTERS, bias=False)
        self.second_norm = BatchNorm(N_FILTERS)
        self.mixing = nn.Linear(N_FILTERS, N_FILTERS)

    @property
    def mask(self) -> Mask:
        """The stack's one place of dropout."""
        return Mask((self.n_positions, N_FILTERS), 0.5)

    def forward(self, means: Tensor, moments: Tensor | None, masks: Iterator[Tensor]) -> Tensor:
        """Compute the maps of responses.

        Parameters
        ----------
        means : Tensor of shape (n, n_times - 50, n_channels)
            From :func:`moving_mean`, time before channels.
        moments : Tensor of shape (n, 26, 26), optional
            From :meth:`moments`; only training needs them.
        masks : iterator of Tensor

        Returns
        -------
        Tensor of shape (n, n_positions, 40)
        """
        weights, shift = self._first_map(moments)
        size = 4 * self.n_positions * self.n_channels * N_FILTERS
        block = max(1, _CACHE_BYTES // size) if means.device.type == "cpu" else len(means)
        return self.after_space(
            torch.cat([self._in_space(part, weights, shift) for part in torch.split(means, block)]), masks
        )

    def moments(self, means: Tensor) -> Tensor:
        """Sum over all windows w of a response of (w, 1) (w, 1)^T: (n, 26, 26)."""
        windows = self.windows(means).flatten(1, 2).double()
        windows = torch.cat([windows, torch.ones_like(windows[..., :1])], dim=-1)
        return (windows.transpose(1, 2) @ windows).to(means.dtype)

    def windows(self, means: Tensor) -> Tensor:
        """Show what each temporal filter sees: (n, n_positions, n_channels, 25), a view."""
        return means.unfold(1, KERNEL, STRIDE)

    def first_layer(self, means: Tensor, moments: Tensor | None) -> Tensor:
        """Output of the first layer after its non-linearity: (n, n_positions, n_channels, 40)."""
        weights, shift = self._first_map(moments)
        return elu(self.windows(means) @ weights + shift)

    def in_space(self, first: Tensor) -> Tensor:
        """Spatial filters on the first layer's output: (n, n_positions, 40)."""
        return self.spatial(first.flatten(2))  # type: ignore[no-any-return]

    def after_space(self, values: Tensor, masks: Iterator[Tensor]) -> Tensor:
        """Go on after the spatial filters: (n, n_positions, 40) both."""
        normal = elu(self.second_norm(values.flatten(0, 1))).view(values.shape)
        return self.mixing(drop(normal, masks))  # type: ignore[no-any-return]

    def _first_map(self, moments: Tensor | None) -> tuple[Tensor, Tensor]:
        """Temporal filters and their normalisation as one affine map: (25, 40) and (40,)."""
        filters = self.temporal.weight
        if not self.training:
            scale, shift = self.first_norm.affine()
            return (filters * scale[:, None]).T, shift
        if moments is None:
            raise ValueError("training needs the moments of windows: prepare responses in training mode")
        n = self.n_positions * self.n_channels
        second = moments.mean(0) / n
        centre = second[-1, :-1]
        mean = filters @ centre
        variance = ((filters @ second[:-1, :-1]) * filters).sum(1) - mean.square()
        self.first_norm.update(mean, variance, n * len(moments))
        scale, shift = self.first_norm.affine(mean, variance)
        return (filters * scale[:, None]).T, shift

    def _in_space(self, means: Tensor, weights: Tensor, shift: Tensor) -> Tensor:
        seen = self.windows(means).reshape(-1, KERNEL)
        first = elu(torch.addmm(shift, seen, weights))
        return self.in_space(first.view(len(means), self.n_positions, self.n_channels, N_FILTERS))


class Nice(BrainEncoder):
    """NICE: convolutions over time and channels, a residual projection, a closing linear map.

    Parameters
    ----------
    n_channels, n_times : int
        Of a response.
    n_features : int
        Length of the image vectors.

    Examples
    --------
    >>> import torch
    >>> from companion.training import Nice
    >>> encoder = Nice(n_channels=17, n_times=100, n_features=32).eval()
    >>> with torch.no_grad():
    ...     vectors = encoder(*encoder.prepare(torch.zeros(2, 17, 100)))
    >>> tuple(vectors.shape), encoder.configuration["n_times"]
    ((2, 32), 100)

    References
    ----------
    Song et al. (2024), ICLR: architecture. Rajabi et al. (2025), ICML: the closing linear map.
    """

    def __init__(self, n_channels: int, n_times: int, n_features: int) -> None:
        super().__init__()
        self.configuration = sizes(n_channels=n_channels, n_times=n_times, n_features=n_features)
        self.stack = ConvolutionStack(n_channels, n_times)
        self.projector = Projector(N_FILTERS * self.stack.n_positions, n_features)

    def prepare(self, responses: Tensor, subjects: Tensor | None = None) -> Inputs:
        """Compute moving means, time before channels; in training mode also the moments of their windows."""
        del subjects
        self.check_responses(responses)
        n, n_channels, n_times = responses.shape
        means = responses.new_empty((n, n_times - POOL + 1, n_channels))
        for start in range(0, n, _BLOCK):
            part = slice(start, start + _BLOCK)
            means[part] = moving_mean(responses[part]).transpose(1, 2)
        if not self.training:  # moments cost more than all the rest of an evaluation
            return (means,)
        return means, torch.cat([self.stack.moments(part) for part in torch.split(means, _BLOCK)])

    def masks(self) -> tuple[Mask, ...]:
        """After the spatial filters, and in the projector."""
        return self.stack.mask, self.projector.mask

    def forward(self, *inputs: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """See ``BrainEncoder.forward``."""
        given = iter(masks)
        return self.projector(self.stack(*_both(inputs), given).flatten(1), given)  # type: ignore[no-any-return]

    def forward_layers(self, *inputs: Tensor) -> dict[str, Tensor]:
        """Values inside, for attribution.

        Returns
        -------
        dict
            ``first``: (n, 40, n_channels, n_positions), after the first non-linearity; ``projection``:
            (n, 40, n_positions), after the spatial filters and the mixing.
        """
        first = self.stack.first_layer(*_both(inputs))
        mixed = self.stack.after_space(self.stack.in_space(first), iter(()))
        return {"first": first.permute(0, 3, 2, 1), "projection": mixed.transpose(1, 2)}

    def from_layer(self, name: str, values: Tensor) -> Tensor:
        """Vectors from values of one of :meth:`forward_layers`: (n, n_features)."""
        if name == "first":
            space = self.stack.in_space(values.permute(0, 3, 2, 1))
            values = self.stack.after_space(space, iter(())).transpose(1, 2)
        return self.projector(values.transpose(1, 2).flatten(1), iter(()))  # type: ignore[no-any-return]


class Projector(nn.Module):
    """From flat maps to the image space, as NICE and ATM-S do it: linear, residual, normalised, linear."""

    def __init__(self, n_flat: int, n_features: int) -> None:
        super().__init__()
        self.mask = Mask((n_features,), 0.5)
        self.enter = nn.Linear(n_flat, n_features)
        self.within = nn.Linear(n_features, n_features)
        self.norm = nn.LayerNorm(n_features)
        self.leave = nn.Linear(n_features, n_features)

    def forward(self, flat: Tensor, masks: Iterator[Tensor]) -> Tensor:
        """(n, n_flat) to (n, n_features)."""
        entered = self.enter(flat)
        return self.leave(self.norm(entered + drop(self.within(gelu(entered)), masks)))  # type: ignore[no-any-return]


def _both(inputs: Inputs) -> tuple[Tensor, Tensor | None]:
    """Means and, where they were prepared, moments."""
    return inputs[0], inputs[1] if len(inputs) > 1 else None


def moving_mean(responses: Tensor) -> Tensor:
    """Mean over each window of 51 samples: (n, n_channels, n_times) to (n, n_channels, n_times - 50)."""
    sums = torch.nn.functional.pad(responses.double().cumsum(-1), (1, 0))
    return ((sums[..., POOL:] - sums[..., :-POOL]) / POOL).to(responses.dtype)
