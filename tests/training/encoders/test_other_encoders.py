"""ATM-S, EEGNet, EEGConformer and the residual MLP, against their published form in plain torch modules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state

from companion.training.encoders.atm import AtmS
from companion.training.encoders.eegconformer import EegConformer
from companion.training.encoders.eegnet import EegNet
from companion.training.encoders.interface import BrainEncoder, Inputs, draw_masks
from companion.training.encoders.mlp import ResidualMlp

Build = Callable[[], BrainEncoder]
N = 6
BUILDS: dict[str, tuple[Build, tuple[int, ...]]] = {
    "atm": (lambda: AtmS(5, 100, 12, n_subjects=3), (5, 100)),
    "atm as published": (lambda: AtmS(5, 100, 12, n_subjects=3, as_published=True), (5, 100)),
    "eegnet": (lambda: EegNet(5, 100, 12), (5, 100)),
    "eegconformer": (lambda: EegConformer(5, 100, 12), (5, 100)),
    "mlp": (lambda: ResidualMlp(30, 12, width=16, n_blocks=2), (30,)),
}
each_encoder = pytest.mark.parametrize(("build", "shape"), BUILDS.values(), ids=BUILDS)


def built(build: Build, seed: int = 0) -> BrainEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = build()
    # Weights that are one or zero at the start would hide a misplaced normalisation.
    generator = torch.Generator().manual_seed(seed + 100)
    with torch.no_grad():
        for values in encoder.parameters():
            if values.ndim == 1:
                values.add_(0.3 * torch.randn(values.shape, generator=generator))
    return encoder


def prepared(encoder: BrainEncoder, shape: tuple[int, ...], seed: int = 0) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    responses = torch.randn(N, *shape, generator=generator) + 0.5
    return encoder.prepare(responses, torch.arange(N) % 2)


def masks_of(encoder: BrainEncoder, seed: int = 0) -> tuple[Tensor, ...]:
    return draw_masks(encoder.masks(), N, torch.Generator().manual_seed(seed))


@each_encoder
def test_vectors_of_both_modes(build: Build, shape: tuple[int, ...]) -> None:
    encoder = built(build)
    inputs = prepared(encoder, shape)
    assert encoder.train()(*inputs, masks=masks_of(encoder)).shape == (N, 12)
    vectors = encoder.eval()(*inputs)
    assert vectors.shape == (N, 12)
    assert vectors.isfinite().all()
    assert type(encoder)(**encoder.configuration).state_dict().keys() == encoder.state_dict().keys()


@each_encoder
def test_responses_do_not_meet_in_evaluation(build: Build, shape: tuple[int, ...]) -> None:
    encoder = built(build).eval()
    inputs = prepared(encoder, shape)
    alone = torch.cat([encoder(*(values[row : row + 1] for values in inputs)) for row in range(N)])
    assert torch.allclose(encoder(*inputs), alone, atol=1e-5)


@each_encoder
def test_all_masks_are_used_and_have_the_shapes_they_say(build: Build, shape: tuple[int, ...]) -> None:
    encoder = built(build).train()
    inputs = prepared(encoder, shape)
    plain = encoder(*inputs)
    ones = [torch.ones(N, *place.shape) for place in encoder.masks()]
    assert torch.equal(encoder(*inputs, masks=ones), plain)
    given = iter(ones)
    encoder(*inputs, masks=given)
    assert next(given, None) is None
    for number in range(len(ones)):
        changed = [mask.clone() for mask in ones]
        changed[number][0, ..., 0] = 3.0
        assert not torch.allclose(encoder(*inputs, masks=changed)[0], plain[0])
        # A mask that only broadcasts would drop the same units of all responses.
        changed[number] = torch.ones(N + 1, *encoder.masks()[number].shape)
        with pytest.raises(RuntimeError):
            encoder(*inputs, masks=changed)


@each_encoder
def test_every_weight_learns_with_and_without_dropout(build: Build, shape: tuple[int, ...]) -> None:
    encoder = built(build).train()
    inputs = prepared(encoder, shape)
    for masks in ((), masks_of(encoder)):
        encoder.zero_grad()
        (encoder(*inputs, masks=masks) * torch.randn(12)).sum().backward()
        for name, values in encoder.named_parameters():
            assert values.grad is not None, name
            assert values.grad.isfinite().all(), name


@each_encoder
def test_many_as_one_are_each_alone(build: Build, shape: tuple[int, ...]) -> None:
    encoders = [built(build, seed).train() for seed in (1, 2)]
    inputs = [prepared(encoder, shape, seed) for seed, encoder in enumerate(encoders)]
    masks = [masks_of(encoder, seed) for seed, encoder in enumerate(encoders)]
    weights, buffers = stack_module_state(encoders)
    stacked = [tuple(torch.stack(pair) for pair in zip(*both, strict=True)) for both in (inputs, masks)]

    def forward(state: tuple[dict[str, Tensor], ...], seen: Inputs, drawn: Inputs) -> Tensor:
        return functional_call(encoders[0], state, seen, {"masks": drawn})

    together = torch.vmap(forward)((weights, buffers), *stacked)
    together.square().sum().backward()
    for number, encoder in enumerate(encoders):
        vectors = encoder(*inputs[number], masks=masks[number])
        vectors.square().sum().backward()
        assert (vectors - together[number]).abs().max() < 1e-5
        for name, values in encoder.named_buffers():
            assert (values - buffers[name][number]).abs().max() < 1e-5
        for name, values in encoder.named_parameters():
            gradient = weights[name].grad
            assert gradient is not None
            assert torch.allclose(gradient[number], values.grad, rtol=1e-3, atol=1e-4), name
