"""Self-attention whose dropout comes from outside, as ATM-S and EEGConformer use it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from companion.training.encoders.interface import Mask, drop


class SelfAttention(nn.Module):
    """Each token reads all tokens, by several heads.

    torch's own attention would draw dropout itself, and knows no heads that leave dimensions over (ATM-S:
    four heads of 62 in 250 dimensions).

    Parameters
    ----------
    width : int
        Length of a token.
    n_heads : int
        Each has ``width // n_heads`` dimensions.
    """

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        inner = n_heads * (width // n_heads)
        self.queries, self.keys, self.values = (nn.Linear(width, inner) for _ in range(3))
        self.leave = nn.Linear(inner, width)

    def mask(self, n_tokens: int, p: float) -> Mask:
        """Dropout of attention weights among a number of tokens."""
        return Mask((self.n_heads, n_tokens, n_tokens), p)

    def forward(self, tokens: Tensor, masks: Iterator[Tensor]) -> Tensor:
        """Read: (n, n_tokens, width) both."""
        reads = (self.queries, self.keys, self.values)
        # One product for all three: tokens pass through memory once.
        weight, bias = (torch.cat([getattr(one, name) for one in reads]) for name in ("weight", "bias"))
        read = linear(tokens, weight, bias).view(*tokens.shape[:-1], 3, self.n_heads, -1)
        queries, keys, values = read.transpose(1, 3).unbind(2)
        # Scaled before the product: queries are smaller than the weights they make.
        scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
        weights = drop(torch.softmax(scores, dim=-1), masks)
        return self.leave((weights @ values).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]
