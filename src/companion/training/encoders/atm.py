"""ATM-S, the brain encoder of Li et al. (2024): attention over channels, then the stack of NICE."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from companion.training.encoders.attention import SelfAttention
from companion.training.encoders.interface import BrainEncoder, Inputs, Mask, drop, sizes
from companion.training.encoders.nice import (
    KERNEL,
    N_FILTERS,
    STRIDE,
    ConvolutionStack,
    Projector,
    enough_samples,
    moving_mean,
)

N_HEADS, N_WIDE, DROPPED = 4, 256, 0.25
"""Attention heads, width of the feed-forward layer, share of units dropped around attention."""


class AtmS(BrainEncoder):
    """Channels and one person as tokens, one Transformer layer, then what NICE does.

    Each channel's time course is a token; a learned token says whose brain it is. After the layer, channels'
    tokens are time courses again.

    The published code (`as_published`) has two slips, which change what goes into the convolutions:

    * it keeps the first `n_channels` tokens, thus the person's token and all channels but the last;
    * persons are numbered from 1, but the table's rows from 0. The tenth person has no row, and one response
      of theirs gives *every* response of the batch the token that is meant for strangers. A vector then
      depends on which responses are computed beside it.

    The corrected form keeps the channels and gives each person a row. A stranger, numbered `n_subjects` or
    above, reads the mean of the rows; number the people that train from 0 and count only them.

    Parameters
    ----------
    n_channels, n_times : int
        Of a response. With 100 samples, tokens and heads shrink from 250 and 62 dimensions to 100 and 25, and
        the stack from 36 positions to 6.
    n_features : int
        Length of the image vectors.
    n_subjects : int
        Rows of the table of persons.
    as_published : bool
        Whether to repeat the slips.

    Examples
    --------
    A stranger, numbered `n_subjects`, reads the mean of the persons:

    >>> import torch
    >>> from companion.training import AtmS
    >>> encoder = AtmS(n_channels=17, n_times=100, n_features=32, n_subjects=3).eval()
    >>> responses = torch.ones(1, 17, 100).expand(3, 17, 100)
    >>> with torch.no_grad():
    ...     vectors = encoder(*encoder.prepare(responses, torch.tensor([0, 1, 3])))
    >>> tuple(vectors.shape), torch.allclose(vectors[0], vectors[1])  # one response, another person
    ((3, 32), False)

    References
    ----------
    Li et al. (2024), NeurIPS: architecture. Rajabi et al. (2025), ICML: the closing linear map.
    """

    def __init__(
        self, n_channels: int, n_times: int, n_features: int, n_subjects: int = 10, as_published: bool = False
    ) -> None:
        super().__init__()
        numbers = sizes(n_channels=n_channels, n_times=n_times, n_features=n_features, n_subjects=n_subjects)
        enough_samples(n_times)
        self.configuration = numbers | {"as_published": as_published}
        self.as_published = as_published
        self.n_channels, self.n_times = n_channels, n_times
        self.embed = nn.Linear(n_times, n_times)
        self.people = nn.Parameter(torch.randn(n_subjects, n_times))
        if as_published:
            self.stranger = nn.Parameter(torch.randn(n_times))
        self.attention = SelfAttention(n_times, N_HEADS)
        self.first_norm, self.second_norm, self.last_norm = (nn.LayerNorm(n_times) for _ in range(3))
        self.widen = nn.Linear(n_times, N_WIDE)
        self.narrow = nn.Linear(N_WIDE, n_times)
        self.stack = ConvolutionStack(n_channels, n_times)
        self.projector = Projector(N_FILTERS * self.stack.n_positions, n_features)

    def prepare(self, responses: Tensor, subjects: Tensor | None = None) -> Inputs:
        """Responses as they are, and whose they are; without `subjects`, one person's."""
        self.check_responses(responses)
        if subjects is None:
            subjects = torch.zeros(len(responses), dtype=torch.int64, device=responses.device)
        if subjects.shape != responses.shape[:1] or bool((subjects < 0).any()):
            raise ValueError(f"subjects number each of {len(responses)} responses from 0, got {subjects}")
        return responses, subjects.to(torch.int64)

    def masks(self) -> tuple[Mask, ...]:
        """On tokens, attention weights, what was read, inside and after the wide layer; then as in NICE."""
        n_tokens = self.n_channels + 1
        token = Mask((n_tokens, self.n_times), DROPPED)
        wide = Mask((n_tokens, N_WIDE), DROPPED)
        attention = self.attention.mask(n_tokens, DROPPED)
        return token, attention, token, wide, token, self.stack.mask, self.projector.mask

    def forward(self, *inputs: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """See ``BrainEncoder.forward``."""
        responses, subjects = inputs
        given = iter(masks)
        tokens = drop(torch.cat([self._persons(subjects)[:, None], self.embed(responses)], dim=1), given)
        tokens = self.first_norm(tokens + drop(self.attention(tokens, given), given))
        wide = drop(gelu(self.widen(tokens)), given)
        tokens = self.last_norm(self.second_norm(tokens + drop(self.narrow(wide), given)))
        kept = tokens[:, :-1] if self.as_published else tokens[:, 1:]
        means = moving_mean(kept).transpose(1, 2)
        maps = self.stack(means, self._moments(means), given)
        return self.projector(maps.flatten(1), given)  # type: ignore[no-any-return]

    def _persons(self, subjects: Tensor) -> Tensor:
        """Token of each response's person: (n, n_times)."""
        n_rows = len(self.people)
        if self.as_published:
            numbers = subjects + 1
            rows = self.people[numbers.clamp(max=n_rows - 1)]
            return torch.where((numbers >= n_rows).any(), self.stranger, rows)
        rows = self.people[subjects.clamp(max=n_rows - 1)]
        return torch.where((subjects < n_rows)[:, None], rows, self.people.mean(0))

    def _moments(self, means: Tensor) -> Tensor:
        """Moments of the stack's windows: (n, 26, 26), each the batch's mean, as only that is read.

        Products of time points are summed over batch and channels once, then along diagonals: less work than
        with the windows themselves, which overlap.
        """
        if not self.training:
            return means  # the stack then normalises by what it remembers
        n, n_channels = len(means), means.shape[2]
        times = means.transpose(0, 1).flatten(1)
        gram = (times @ times.T / n).unfold(0, KERNEL, STRIDE).unfold(1, KERNEL, STRIDE)
        sums = (times.sum(1) / n).unfold(0, KERNEL, STRIDE).sum(0)
        count = torch.full_like(sums[:1], n_channels * self.stack.n_positions)
        products = torch.cat([gram.diagonal().sum(-1), sums[None]])
        return torch.cat([products, torch.cat([sums, count])[:, None]], dim=1).expand(n, -1, -1)
