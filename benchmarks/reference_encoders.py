"""ATM-S, EEGNet, EEGConformer and the fMRI MLP straightforwardly from their published descriptions.

Layers in the published order, dropout drawn by torch; each starts from the weights of ours. Convolutions in
front of a normalisation, which ours do without a bias, keep theirs and start it at zero where the published
ones have it.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from reference_nice import ReferenceNice, ReferenceProjector, ReferenceStack
from torch import Tensor, nn

from companion.training.encoders import AtmS, BrainEncoder, EegConformer, EegNet, Nice, ResidualMlp
from companion.training.encoders.attention import SelfAttention

Layer = TypeVar("Layer", nn.Conv1d, nn.Conv2d)


def reference(encoder: BrainEncoder) -> nn.Module:
    """Build the published form of an encoder, from its weights: responses in, vectors out."""
    kinds: dict[type[BrainEncoder], type[nn.Module]] = {
        Nice: ReferenceNice,
        AtmS: ReferenceAtm,
        EegNet: ReferenceEegNet,
        EegConformer: ReferenceConformer,
        ResidualMlp: ReferenceMlp,
    }
    return kinds[type(encoder)](encoder)


class Attention(nn.Module):
    """Every token reads all tokens: (n, n_tokens, width) both."""

    def __init__(self, ours: SelfAttention, p: float) -> None:
        super().__init__()
        self.n_heads = ours.n_heads
        self.queries, self.keys, self.values = (like(one) for one in (ours.queries, ours.keys, ours.values))
        self.leave, self.dropout = like(ours.leave), nn.Dropout(p)

    def forward(self, tokens: Tensor) -> Tensor:
        """Read."""
        queries, keys, values = (
            read(tokens).unflatten(-1, (self.n_heads, -1)) for read in (self.queries, self.keys, self.values)
        )
        scores = torch.einsum("nqhd,nkhd->nhqk", queries, keys) / queries.shape[-1] ** 0.5
        weights = self.dropout(torch.softmax(scores, dim=-1))
        read = torch.einsum("nhqk,nkhd->nqhd", weights, values).flatten(2)
        return self.leave(read)  # type: ignore[no-any-return]


class ReferenceAtm(nn.Module):
    """ATM-S with its slips, one person: (n, n_channels, n_times) to (n, n_features)."""

    def __init__(self, encoder: AtmS) -> None:
        super().__init__()
        self.embed = like(encoder.embed)
        self.people = nn.Embedding(*encoder.people.shape)
        self.people.load_state_dict({"weight": encoder.people})
        self.attention = Attention(encoder.attention, 0.25)
        self.norms = nn.ModuleList(
            like(norm) for norm in (encoder.first_norm, encoder.second_norm, encoder.last_norm)
        )
        self.widen, self.narrow = (convolution_over_tokens(one) for one in (encoder.widen, encoder.narrow))
        self.drops = nn.ModuleList(nn.Dropout(0.25) for _ in range(4))
        self.stack = ReferenceStack(encoder.n_channels)
        self.stack.take(encoder.stack)
        self.projector = ReferenceProjector(encoder.projector)

    def forward(self, responses: Tensor) -> Tensor:
        """Tokens of channels behind one of the person; a Transformer layer; all tokens but the last."""
        first = self.people(torch.ones(len(responses), dtype=torch.long))
        tokens = self.drops[0](torch.cat([first[:, None], self.embed(responses)], dim=1))
        tokens = self.norms[0](tokens + self.drops[1](self.attention(tokens)))
        wide = self.drops[2](nn.functional.gelu(self.widen(tokens.transpose(1, 2))))
        tokens = self.norms[1](tokens + self.drops[3](self.narrow(wide).transpose(1, 2)))
        return self.projector(self.stack(self.norms[2](tokens)[:, :-1]))  # type: ignore[no-any-return]


class ReferenceEegNet(nn.Sequential):
    """EEGNet: (n, n_channels, n_times) to (n, n_features)."""

    def __init__(self, encoder: EegNet) -> None:
        spatial, leave = encoder.spatial.weight, encoder.leave
        super().__init__(
            nn.Unflatten(1, (1, -1)),
            nn.ZeroPad2d((31, 32, 0, 0)),
            taken(nn.Conv2d(1, 8, (1, 64), bias=False), encoder.temporal.weight),
            nn.BatchNorm2d(8),
            taken(nn.Conv2d(8, 16, (spatial.shape[1], 1), groups=8, bias=False), spatial),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Dropout(0.5),
            nn.ZeroPad2d((7, 8, 0, 0)),
            taken(nn.Conv2d(16, 16, (1, 16), groups=16, bias=False), encoder.depthwise.weight),
            taken(nn.Conv2d(16, 16, 1, bias=False), encoder.pointwise.weight),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Dropout(0.5),
            nn.Flatten(),
            like(leave),
        )


class ReferenceConformer(nn.Sequential):
    """EEGConformer: (n, n_channels, n_times) to (n, n_features)."""

    def __init__(self, encoder: EegConformer) -> None:
        spatial = encoder.spatial.weight.view(40, 40, -1, 1)
        first, second, third, last = (like(layer) for layer in encoder.head)
        super().__init__(
            nn.Unflatten(1, (1, -1)),
            taken(nn.Conv2d(1, 40, (1, 10)), encoder.temporal.weight),
            taken(nn.Conv2d(40, 40, (spatial.shape[2], 1)), spatial),
            nn.BatchNorm2d(40),
            nn.ELU(),
            nn.AvgPool2d((1, 25), (1, 5)),
            nn.Dropout(0.25),
            taken(nn.Conv2d(40, 40, 1), encoder.mixing.weight, encoder.mixing.bias),
            nn.Flatten(2),
            Tokens(encoder),
            nn.Flatten(),
            nn.Sequential(first, nn.ELU(), nn.Dropout(0.5), second, nn.ELU(), nn.Dropout(0.3), third),
            nn.LogSoftmax(dim=1),
            last,
        )


class Tokens(nn.Module):
    """Transformer layers over positions: (n, 40, n_positions) to (n, n_positions, 40)."""

    def __init__(self, encoder: EegConformer) -> None:
        super().__init__()
        self.parts = nn.ModuleList()
        for layer in encoder.layers:
            attend = [like(layer.first_norm), Attention(layer.attention, 0.5), nn.Dropout(0.5)]  # type: ignore[arg-type]
            wide = [like(layer.widen), nn.GELU(), nn.Dropout(0.5)]  # type: ignore[arg-type]
            narrow = [like(layer.narrow), nn.Dropout(0.5)]  # type: ignore[arg-type]
            self.parts.extend(
                [nn.Sequential(*attend), nn.Sequential(like(layer.second_norm), *wide, *narrow)]  # type: ignore[arg-type]
            )

    def forward(self, maps: Tensor) -> Tensor:
        """Attend and widen, each added to what came in."""
        tokens = maps.transpose(1, 2)
        for part in self.parts:
            tokens = tokens + part(tokens)
        return tokens


class ReferenceMlp(nn.Sequential):
    """The fMRI MLP: (n, n_voxels) to (n, n_features)."""

    def __init__(self, encoder: ResidualMlp) -> None:
        first, second = encoder.leave
        blocks = (Residual(block, 0.15) for block in encoder.blocks)  # type: ignore[arg-type]
        super().__init__(Block(encoder.enter, 0.5), *blocks, like(first), like(second))


class Block(nn.Sequential):
    """Linear map, normalisation, GELU, dropout."""

    def __init__(self, ours: nn.Sequential, p: float) -> None:
        super().__init__(*(like(layer) for layer in ours), nn.GELU(), nn.Dropout(p))


class Residual(Block):
    """A block, added to what comes in."""

    def forward(self, values: Tensor) -> Tensor:
        """(n, width) both."""
        return values + super().forward(values)  # type: ignore[no-any-return, no-untyped-call]


def like(ours: nn.Module) -> nn.Module:
    """Copy a linear map or a layer normalisation, weights included."""
    if isinstance(ours, nn.Linear):
        made: nn.Module = nn.Linear(ours.in_features, ours.out_features)
    elif isinstance(ours, nn.LayerNorm):
        made = nn.LayerNorm(ours.normalized_shape)
    else:
        raise TypeError(f"expected a linear map or a layer normalisation, got {type(ours).__name__}")
    made.load_state_dict(ours.state_dict())
    return made


def convolution_over_tokens(ours: nn.Linear) -> nn.Conv1d:
    """Write a linear map of each token as a convolution of width one, on (n, width, n_tokens)."""
    made = nn.Conv1d(ours.in_features, ours.out_features, 1)
    return taken(made, ours.weight, ours.bias)


@torch.no_grad()
def taken(layer: Layer, weight: Tensor, bias: Tensor | None = None) -> Layer:
    """Let a convolution start from these weights, and from no bias if none is given."""
    layer.weight.copy_(weight.view_as(layer.weight))
    if layer.bias is not None:
        layer.bias.copy_(torch.zeros_like(layer.bias) if bias is None else bias)
    return layer
