"""Each encoder against its published form in plain torch modules: same weights, vectors and statistics."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv1d, elu, gelu, layer_norm, pad, scaled_dot_product_attention

from companion.training.encoders.atm import AtmS
from companion.training.encoders.eegconformer import EegConformer
from companion.training.encoders.eegnet import EegNet, _filtered, window_moments
from companion.training.encoders.interface import BatchNorm, BrainEncoder
from companion.training.encoders.legacy import convolution_features
from companion.training.encoders.mlp import ResidualMlp
from companion.training.encoders.nice import ConvolutionStack, Nice, Projector

N, N_CHANNELS, N_TIMES = 5, 7, 120


def shaken(encoder: BrainEncoder) -> BrainEncoder:
    """Move what is one or zero at the start."""
    with torch.no_grad():
        for values in encoder.parameters():
            if values.ndim == 1:
                values.add_(0.3 * torch.randn_like(values))
    return encoder


def norm_like(norm: BatchNorm) -> nn.BatchNorm2d:
    published = nn.BatchNorm2d(len(norm.weight))
    published.load_state_dict(norm.state_dict(), strict=False)
    return published


def convolution(weight: Tensor, groups: int = 1, padding: str = "valid") -> nn.Conv2d:
    made = nn.Conv2d(
        weight.shape[1] * groups, len(weight), weight.shape[2:], bias=False, groups=groups, padding=padding
    )
    made.weight = nn.Parameter(weight.detach().clone())
    return made


class PublishedStack(nn.Module):
    def __init__(self, stack: ConvolutionStack, projector: Projector) -> None:
        super().__init__()
        spatial = stack.spatial.weight.view(40, stack.n_channels, 40).transpose(1, 2)[..., None]
        self.temporal = convolution(stack.temporal.weight[:, None, None])
        self.first_norm, self.second_norm = norm_like(stack.first_norm), norm_like(stack.second_norm)
        self.spatial, self.mixing, self.projector = convolution(spatial), stack.mixing, projector

    def forward(self, values: Tensor) -> Tensor:
        maps = elu(self.first_norm(avg_pool2d(self.temporal(values[:, None]), (1, 51), (1, 5))))
        maps = elu(self.second_norm(self.spatial(maps)))
        return self.projector(self.mixing(maps[:, :, 0].transpose(1, 2)).flatten(1), iter(()))


class PublishedAtm(nn.Module):
    def __init__(self, encoder: AtmS) -> None:
        super().__init__()
        self.atm, self.stack = encoder, PublishedStack(encoder.stack, encoder.projector)

    def forward(self, responses: Tensor, token: Tensor, kept: slice) -> Tensor:
        atm = self.atm
        tokens = torch.cat([token[:, None], atm.embed(responses)], 1)
        n, n_tokens, width = tokens.shape
        read = [
            getattr(atm.attention, name)(tokens).view(n, n_tokens, 4, width // 4).permute(0, 2, 1, 3)
            for name in ("queries", "keys", "values")
        ]
        seen = scaled_dot_product_attention(*read).permute(0, 2, 1, 3).reshape(n, n_tokens, -1)
        tokens = atm.first_norm(tokens + atm.attention.leave(seen))
        tokens = atm.last_norm(atm.second_norm(tokens + atm.narrow(gelu(atm.widen(tokens)))))
        return self.stack(tokens[:, kept])


class PublishedEegNet(nn.Sequential):
    def __init__(self, encoder: EegNet) -> None:
        super().__init__(
            convolution(encoder.temporal.weight[:, None, None], padding="same"),
            norm_like(encoder.first_norm),
            convolution(encoder.spatial.weight[:, None, :, None], groups=8),
            norm_like(encoder.second_norm),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            convolution(encoder.depthwise.weight[:, None, None], groups=16, padding="same"),
            convolution(encoder.pointwise.weight[:, :, None, None]),
            norm_like(encoder.third_norm),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Flatten(),
            encoder.leave,
        )


class PublishedConformer(nn.Module):
    def __init__(self, encoder: EegConformer) -> None:
        super().__init__()
        self.front = nn.Sequential(
            convolution(encoder.temporal.weight[:, None, None]),
            convolution(encoder.spatial.weight.view(40, 40, -1, 1)),
            norm_like(encoder.norm),
            nn.ELU(),
            nn.AvgPool2d((1, 25), (1, 5)),
            convolution(encoder.mixing.weight[:, :, None, None]),
        )
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(40, 1, 160, 0.0, gelu, batch_first=True, norm_first=True)
            for _ in encoder.layers
        )
        for ours, theirs in zip(encoder.layers, self.layers, strict=True):
            attention = ours.attention
            read = [attention.queries, attention.keys, attention.values]
            state = {
                "self_attn.in_proj_weight": torch.cat([one.weight for one in read]),
                "self_attn.in_proj_bias": torch.cat([one.bias for one in read]),
            }
            pairs = [
                ("self_attn.out_proj", attention.leave),
                ("linear1", ours.widen),
                ("linear2", ours.narrow),
            ]
            for name, module in [*pairs, ("norm1", ours.first_norm), ("norm2", ours.second_norm)]:
                state |= {f"{name}.{kind}": values for kind, values in module.state_dict().items()}
            theirs.load_state_dict(state)
        self.bias, first, second, third, last = encoder.mixing.bias, *encoder.head
        self.head = nn.Sequential(first, nn.ELU(), second, nn.ELU(), third, nn.LogSoftmax(1), last)

    def forward(self, maps: Tensor) -> Tensor:
        tokens = self.front(maps)[:, :, 0].transpose(1, 2) + self.bias
        for layer in self.layers:
            tokens = layer(tokens)
        return self.head(tokens.flatten(1))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(EegNet, PublishedEegNet), (EegConformer, PublishedConformer)],
    ids=["eegnet", "eegconformer"],
)
def test_vectors_and_statistics_are_those_of_the_published_order(
    ours: type[BrainEncoder], theirs: type[nn.Module]
) -> None:
    torch.manual_seed(0)
    encoder = shaken(ours(N_CHANNELS, N_TIMES, 8))
    published = theirs(encoder)
    responses = torch.randn(N, N_CHANNELS, N_TIMES).cumsum(-1) / 5 + 0.5  # slow, as responses are
    inputs = encoder.prepare(responses)
    for training in (True, False):  # the second round uses the statistics that the first one left
        assert torch.allclose(
            encoder.train(training)(*inputs), published.train(training)(responses[:, None]), atol=1e-5
        )
    left = [module for module in published.modules() if isinstance(module, nn.BatchNorm2d)]
    kept = [module for module in encoder.modules() if isinstance(module, BatchNorm)]
    for one, other in zip(kept, left, strict=True):
        assert torch.allclose(one.running_mean, other.running_mean, atol=1e-6)
        assert torch.allclose(one.running_var, other.running_var, rtol=1e-4)


@pytest.mark.parametrize("as_published", [False, True])
def test_atm_is_attention_over_channels_and_then_nice(as_published: bool) -> None:
    torch.manual_seed(0)
    encoder = shaken(AtmS(N_CHANNELS, N_TIMES, 8, 3, as_published))
    published = PublishedAtm(encoder)
    responses, subjects = torch.randn(N, N_CHANNELS, N_TIMES), torch.tensor([0, 1, 1, 0, 1])
    token = encoder.people[subjects + as_published]
    kept = slice(0, N_CHANNELS) if as_published else slice(1, None)
    inputs = encoder.prepare(responses, subjects)
    for training in (True, False):
        vectors = published.train(training)(responses, token, kept)
        assert torch.allclose(encoder.train(training)(*inputs), vectors, atol=1e-4)
    for name in ("first_norm", "second_norm"):
        ours, theirs = getattr(encoder.stack, name), getattr(published.stack, name)
        assert torch.allclose(ours.running_mean, theirs.running_mean, atol=1e-6)
        assert torch.allclose(ours.running_var, theirs.running_var, rtol=1e-3)


def test_moments_of_tokens_are_those_of_their_windows() -> None:
    encoder = AtmS(5, 100, 8).train()
    means = torch.randn(3, 50, 5) + 0.5
    expected = encoder.stack.moments(means).mean(0)
    assert torch.allclose(encoder._moments(means), expected.expand(3, -1, -1), rtol=1e-4, atol=1e-3)


def test_the_slips_of_atm_and_their_correction() -> None:
    torch.manual_seed(0)
    responses = torch.randn(4, 5, 100)
    changed = responses.clone()
    changed[:, -1] += 5.0
    for as_published in (True, False):
        encoder = AtmS(5, 100, 8, 10, as_published).eval()
        # The last channel reaches the convolutions only through what the other tokens read of it.
        with torch.no_grad():
            encoder.attention.leave.weight.zero_()
        same = torch.equal(encoder(*encoder.prepare(responses)), encoder(*encoder.prepare(changed)))
        assert same is as_published
        encoder = AtmS(5, 100, 8, 10, as_published).eval()
        ninth, with_tenth = (
            encoder(*encoder.prepare(responses, torch.tensor([0, 3, 8, last]))) for last in (8, 9)
        )
        # Person ten, last of four, changes the vectors of the first three, or does not.
        assert torch.equal(ninth[:3], with_tenth[:3]) is not as_published
        strangers = encoder(*encoder.prepare(responses[:1].expand(2, -1, -1), torch.tensor([10, 77])))
        assert torch.allclose(strangers[0], strangers[1])


def test_atm_refuses_subjects_that_do_not_fit() -> None:
    encoder = AtmS(5, 100, 8)
    for wrong in (torch.tensor([0, 1, 2]), torch.tensor([0, -1])):
        with pytest.raises(ValueError, match="subjects number each of 2 responses from 0"):
            encoder.prepare(torch.zeros(2, 5, 100), wrong)


def test_the_mlp_by_hand() -> None:
    torch.manual_seed(0)
    encoder = shaken(ResidualMlp(6, 3, width=4, n_blocks=1))
    values = torch.randn(N, 6)
    (first, norm), (second, other) = encoder.enter, encoder.blocks[0]
    hidden = gelu(layer_norm(values @ first.weight.T + first.bias, (4,), norm.weight, norm.bias))
    again = gelu(layer_norm(hidden @ second.weight.T + second.bias, (4,), other.weight, other.bias))
    assert torch.allclose(encoder(values), encoder.leave(hidden + again), atol=1e-6)


@pytest.mark.parametrize(("n_times", "width"), [(9, 4), (5, 8), (6, 3)])
def test_window_moments_are_sums_over_windows(n_times: int, width: int) -> None:
    responses = torch.randn(2, 3, n_times)
    padded = pad(responses, ((width - 1) // 2, width // 2))
    sums, products = window_moments(responses, width)
    for row in range(2):
        windows = [padded[row, c, t : t + width] for c in range(3) for t in range(n_times)]
        assert torch.allclose(sums[row], sum(windows), atol=1e-5)
        assert torch.allclose(products[row], sum(torch.outer(w, w) for w in windows), atol=1e-5)


@pytest.mark.parametrize(
    ("encoder", "n_channels", "n_times", "n_flat"),
    [
        (AtmS, 63, 250, 1440),
        (AtmS, 17, 100, 240),
        (EegNet, 63, 250, 112),
        (EegNet, 63, 251, 112),
        (EegNet, 17, 100, 48),
        (EegConformer, 63, 250, 1760),
        (EegConformer, 63, 251, 1760),
        (EegConformer, 17, 100, 560),
    ],
)
def test_published_sizes(encoder: type[BrainEncoder], n_channels: int, n_times: int, n_flat: int) -> None:
    made = encoder(n_channels, n_times, 32)
    flat = {AtmS: "projector.enter", EegNet: "leave", EegConformer: "head.0"}[encoder]
    assert made.get_submodule(flat).in_features == n_flat
    assert made(*made.prepare(torch.randn(2, n_channels, n_times))).shape == (2, 32)


def test_a_kernel_lower_than_the_sensors_multiplies_the_features() -> None:
    assert convolution_features(271, 201, 63) == 217_360
    assert convolution_features(271, 201, 271) == Nice(271, 201, 8).projector.enter.in_features == 1040
    for n_features, millions in ((512, 111), (768, 167), (1792, 390)):
        assert 217_360 * n_features / 1e6 == pytest.approx(millions, abs=0.5)
    stack = nn.Sequential(nn.Conv2d(1, 40, (1, 25)), nn.AvgPool2d((1, 51), (1, 5)), nn.Conv2d(40, 40, (4, 1)))
    assert stack(torch.zeros(1, 1, 9, 90)).numel() == convolution_features(9, 90, 4)
    for height in (0, 10):
        with pytest.raises(ValueError, match="between 1 and 9 sensors high"):
            convolution_features(9, 90, height)


def test_the_published_mlp_has_135_million_weights() -> None:
    with torch.device("meta"):
        encoder = ResidualMlp(15_724, 768)
    assert sum(values.numel() for values in encoder.parameters()) / 1e6 == pytest.approx(135, abs=0.5)
    assert [place.p for place in encoder.masks()] == [0.5, 0.15, 0.15, 0.15, 0.15]


@pytest.mark.parametrize(("encoder", "needed"), [(AtmS, 75), (EegNet, 32), (EegConformer, 34)])
def test_too_few_samples_are_refused(encoder: type[BrainEncoder], needed: int) -> None:
    encoder(4, needed, 8)
    with pytest.raises(ValueError, match=f"at least {needed} samples, got {needed - 1}"):
        encoder(4, needed - 1, 8)


@pytest.mark.parametrize(("n_times", "width"), [(9, 4), (5, 8), (33, 16), (250, 64)])
def test_filters_in_the_frequency_domain_are_grouped_convolutions(n_times: int, width: int) -> None:
    values, filters = torch.randn(3, 2, n_times), torch.randn(2, width)
    expected = conv1d(pad(values, ((width - 1) // 2, width // 2)), filters[:, None], groups=2)
    assert torch.allclose(_filtered(values, filters), expected, atol=1e-4)


def test_the_level_before_a_normalisation_has_no_slope() -> None:
    """In training, rounding would otherwise move what the loss cannot see, and running means with it."""
    encoder = shaken(EegNet(N_CHANNELS, N_TIMES, 8)).train()
    encoder(*encoder.prepare(torch.randn(N, N_CHANNELS, N_TIMES))).square().sum().backward()
    assert encoder.first_norm.bias.grad is not None
    assert not encoder.first_norm.bias.grad.any()
    assert encoder.second_norm.bias.grad.abs().max() > 0
