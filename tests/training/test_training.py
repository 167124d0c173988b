"""NICE and InfoNCE, each against what it is defined by."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, elu, gelu

from companion.training.contrastive import centred_unit, info_nce
from companion.training.encoders.interface import BatchNorm, draw_masks
from companion.training.encoders.nice import N_FILTERS, Nice, moving_mean


@pytest.mark.parametrize(
    ("n_channels", "n_times", "n_flat"), [(63, 250, 1440), (17, 100, 240), (271, 201, 1040)]
)
def test_nice_has_the_published_sizes(n_channels: int, n_times: int, n_flat: int) -> None:
    encoder = Nice(n_channels, n_times, 32)
    assert encoder.projector.enter.in_features == n_flat
    assert encoder(*encoder.prepare(torch.randn(2, n_channels, n_times))).shape == (2, 32)


@pytest.mark.parametrize(("n_features", "millions"), [(512, 1.37), (768, 2.39), (1024, 3.68), (1792, 9.12)])
def test_nice_has_the_published_number_of_parameters(n_features: int, millions: float) -> None:
    n = sum(p.numel() for p in Nice(63, 250, n_features).parameters())
    assert n / 1e6 == pytest.approx(millions, abs=0.006)


class Published(nn.Module):
    """NICE as it is published: convolution, then pooling; no dropout."""

    def __init__(self, n_channels: int, n_flat: int, n_features: int) -> None:
        super().__init__()
        self.temporal = nn.Conv2d(1, N_FILTERS, (1, 25), bias=False)
        self.first_norm = nn.BatchNorm2d(N_FILTERS)
        self.spatial = nn.Conv2d(N_FILTERS, N_FILTERS, (n_channels, 1), bias=False)
        self.second_norm = nn.BatchNorm2d(N_FILTERS)
        self.mixing = nn.Conv2d(N_FILTERS, N_FILTERS, 1)
        self.enter = nn.Linear(n_flat, n_features)
        self.within = nn.Linear(n_features, n_features)
        self.norm = nn.LayerNorm(n_features)
        self.leave = nn.Linear(n_features, n_features)

    def forward(self, responses: torch.Tensor) -> torch.Tensor:
        maps = elu(self.first_norm(avg_pool2d(self.temporal(responses[:, None]), (1, 51), (1, 5))))
        maps = self.mixing(elu(self.second_norm(self.spatial(maps))))
        flat = self.enter(maps[:, :, 0].transpose(1, 2).flatten(1))
        out: torch.Tensor = self.leave(self.norm(flat + self.within(gelu(flat))))
        return out

    def take(self, encoder: Nice) -> None:
        stack, projector = encoder.stack, encoder.projector
        n_channels = stack.n_channels
        with torch.no_grad():
            self.temporal.weight.copy_(stack.temporal.weight.view(N_FILTERS, 1, 1, 25))
            spatial = stack.spatial.weight.view(N_FILTERS, n_channels, N_FILTERS)
            self.spatial.weight.copy_(spatial.transpose(1, 2)[..., None])
            self.mixing.weight.copy_(stack.mixing.weight[:, :, None, None])
            self.mixing.bias.copy_(stack.mixing.bias)  # type: ignore[union-attr]
        for name in ("enter", "within", "norm", "leave"):
            getattr(self, name).load_state_dict(getattr(projector, name).state_dict())


def test_nice_is_the_published_order_of_convolution_and_pooling() -> None:
    torch.manual_seed(0)
    encoder = Nice(7, 120, 8)
    published = Published(7, encoder.projector.enter.in_features, 8)
    published.take(encoder)
    responses = torch.randn(5, 7, 120)
    inputs = encoder.prepare(responses)
    for training in (True, False):  # the second round uses the statistics that the first one left
        encoder.train(training)
        published.train(training)
        assert torch.allclose(encoder(*inputs), published(responses), atol=1e-5)
    left = published.first_norm.running_var
    assert left is not None
    assert torch.allclose(encoder.stack.first_norm.running_var, left, atol=1e-6)


def test_gradients_are_those_of_the_published_order() -> None:
    torch.manual_seed(1)
    encoder = Nice(5, 100, 6)
    published = Published(5, encoder.projector.enter.in_features, 6)
    published.take(encoder)
    responses = torch.randn(8, 5, 100)
    encoder(*encoder.prepare(responses)).pow(3).sum().backward()
    published(responses).pow(3).sum().backward()
    assert encoder.stack.temporal.weight.grad is not None
    assert published.temporal.weight.grad is not None
    scale = published.temporal.weight.grad.abs().max()
    found = encoder.stack.temporal.weight.grad.flatten() - published.temporal.weight.grad.flatten()
    assert found.abs().max() < 1e-4 * scale


def test_blocks_do_not_change_what_nice_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Nice(5, 100, 6)
    inputs = encoder.prepare(torch.randn(9, 5, 100))
    whole = encoder(*inputs)
    monkeypatch.setattr("companion.training.encoders.nice._CACHE_BYTES", 1)
    assert torch.allclose(encoder(*inputs), whole, atol=1e-6)


def test_moments_are_for_training_alone() -> None:
    torch.manual_seed(2)
    encoder, responses = Nice(5, 100, 6), torch.randn(9, 5, 100)
    inputs = encoder.prepare(responses)
    encoder.eval()
    alone = encoder.prepare(responses)
    assert (len(inputs), len(alone)) == (2, 1)
    assert torch.equal(encoder(*inputs), encoder(*alone))
    with pytest.raises(ValueError, match="training mode"):
        encoder.train()(*alone)


def test_the_layers_of_nice_lead_to_its_output() -> None:
    encoder = Nice(5, 100, 6).eval()
    inputs = encoder.prepare(torch.randn(3, 5, 100))
    layers = encoder.forward_layers(*inputs)
    assert layers["first"].shape == (3, 40, 5, 6)
    assert layers["projection"].shape == (3, 40, 6)
    for name, values in layers.items():
        assert torch.allclose(encoder.from_layer(name, values), encoder(*inputs), atol=1e-5)


def test_means_first_is_convolution_first() -> None:
    filters, responses = (
        torch.randn(40, 1, 1, 25, dtype=torch.float64),
        torch.randn(3, 4, 120, dtype=torch.float64),
    )
    published = avg_pool2d(conv2d(responses[:, None], filters), (1, 51), (1, 5))
    means_first = conv2d(moving_mean(responses)[:, None], filters, stride=(1, 5))
    assert torch.allclose(means_first, published, atol=1e-12)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 75 samples"):
        Nice(4, 74, 8)


def test_batch_norm_is_that_of_torch() -> None:
    own, reference = BatchNorm(3), nn.BatchNorm2d(3)
    values = torch.randn(6, 3, 4, 5)
    for training in (True, True, False):
        own.train(training)
        reference.train(training)
        assert torch.allclose(own(values), reference(values), atol=1e-5)


def test_masks_keep_the_mean_and_drop_a_share() -> None:
    encoder = Nice(5, 100, 64)
    masks = draw_masks(encoder.masks(), 400, torch.Generator().manual_seed(0))
    assert [mask.shape for mask in masks] == [(400, 6, 40), (400, 64)]
    for mask in masks:
        assert set(mask.unique().tolist()) == {0.0, 2.0}
        assert float(mask.mean()) == pytest.approx(1, abs=0.02)


def test_info_nce_by_hand() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5, 3))
    s = (
        (a / np.linalg.norm(a, axis=1, keepdims=True))
        @ (b / np.linalg.norm(b, axis=1, keepdims=True)).T
        / 0.2
    )
    rows = [-s[i, i] + np.log(np.exp(s[i]).sum()) for i in range(5)]
    columns = [-s[i, i] + np.log(np.exp(s[:, i]).sum()) for i in range(5)]
    expected = (np.mean(rows) + np.mean(columns)) / 2
    assert float(info_nce(torch.tensor(a), torch.tensor(b), 0.2)) == pytest.approx(expected)


def test_info_nce_of_two_pairs() -> None:
    """Two orthogonal pairs at temperature 1/2: each row is log(1 + exp(-2))."""
    pairs = torch.eye(2)
    assert float(info_nce(pairs, pairs, 0.5)) == pytest.approx(math.log(1 + math.exp(-2)))
    assert float(info_nce(pairs, pairs.flip(0), 0.5)) == pytest.approx(math.log(1 + math.exp(2)))


def test_info_nce_of_equal_logits_is_the_logarithm_of_the_batch() -> None:
    same = torch.ones(7, 3)
    assert float(info_nce(same, same, 0.04)) == pytest.approx(math.log(7))


def test_info_nce_of_random_vectors_is_near_its_expectation() -> None:
    """In high dimensions cosines have variance 1/d, which adds half the variance of a logit."""
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 1000, 512, generator=generator)
    expected = math.log(1000) + 1 / (2 * 0.04**2 * 512)
    assert float(info_nce(a, b, 0.04)) == pytest.approx(expected, abs=0.08)


def test_info_nce_is_symmetric_and_forgets_common_rotations() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 6, 4, generator=generator)
    turn = torch.linalg.qr(torch.randn(4, 4, generator=generator))[0]
    assert torch.allclose(info_nce(a, b, 0.1), info_nce(b, a, 0.1))
    assert torch.allclose(info_nce(a @ turn, b @ turn, 0.1), info_nce(a, b, 0.1), atol=1e-5)


@pytest.mark.parametrize("with_same", [False, True])
def test_the_gradient_of_info_nce(with_same: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    temperature = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    same = torch.tensor([0, 1, 0, 2])[:, None] == torch.tensor([0, 1, 0, 2]) if with_same else None
    assert torch.autograd.gradcheck(
        lambda x, y, t: info_nce(centred_unit(x), y, t, same=same),
        (a.requires_grad_(), b.requires_grad_(), temperature),
    )


def test_other_responses_to_the_same_picture_are_left_out() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 3, 4, generator=generator)
    same = torch.tensor([[True, False, True], [False, True, False], [True, False, True]])
    s = (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T / 0.1
    s = s.masked_fill(same & ~torch.eye(3, dtype=torch.bool), -torch.inf)
    expected = -(s.log_softmax(0).diag() + s.log_softmax(1).diag()).mean() / 2
    assert torch.allclose(info_nce(a, b, 0.1, same=same), expected, atol=1e-6)


def test_centring_one_side_keeps_rankings() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 30, 5, generator=generator)
    one = centred_unit(a) @ nn.functional.normalize(b, dim=1).T
    lengths = (b - b.mean(1, keepdim=True)).norm(dim=1) / b.norm(dim=1)
    assert torch.allclose(one, centred_unit(a) @ centred_unit(b).T * lengths, atol=1e-6)
    both = centred_unit(b) @ centred_unit(a).T
    other = centred_unit(b) @ a.T / (a - a.mean(1, keepdim=True)).norm(dim=1)
    assert torch.allclose(both, other, atol=1e-5)
