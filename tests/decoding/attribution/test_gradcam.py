"""Grad-CAM against a net worked out by hand, and the geometry of NICE's positions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from companion.decoding.attribution.gradcam import (
    STEP,
    WINDOW,
    grad_cam,
    plotted_times,
    receptive_fields,
    stretched,
)
from companion.training.encoders.nice import KERNEL, POOL, STRIDE, Nice

TIMES = np.arange(250) / 250


class Tiny:
    """Output k is the sum over positions of weight[k, c] * value[c]: its gradient is known."""

    weight = torch.tensor([[1.0, -2.0], [0.5, 1.0], [-1.0, 3.0]])

    def forward_layers(self, values: Tensor) -> dict[str, Tensor]:
        return {"only": values}

    def from_layer(self, name: str, values: Tensor) -> Tensor:
        assert name == "only"
        return values.sum(-1) @ self.weight.T


def by_hand(values: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Gradient of the centred cosine written out."""
    weight = Tiny.weight.numpy().astype(float)
    out = weight @ values.sum(-1)
    z, y = out - out.mean(), target - target.mean()
    y = y / np.linalg.norm(y)
    slope = y / np.linalg.norm(z) - (z @ y) * z / np.linalg.norm(z) ** 3
    slope = slope - slope.mean()  # back through the centring
    alpha = weight.T @ slope  # the same at each position, so its mean over positions is itself
    return np.maximum(0, alpha @ values)


def test_the_map_of_a_tiny_net_is_the_one_worked_out_by_hand() -> None:
    rng = np.random.default_rng(0)
    values, targets = rng.normal(size=(7, 2, 4)), rng.normal(size=(7, 3))
    inputs = (torch.tensor(values, dtype=torch.float32),)
    found = grad_cam(Tiny(), inputs, torch.tensor(targets, dtype=torch.float32), "only", batch_size=3)
    expected = np.array([by_hand(v, t) for v, t in zip(values, targets, strict=True)])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found > 0).any()


class Placed(Tiny):
    """Reads the third position and no other."""

    def from_layer(self, name: str, values: Tensor) -> Tensor:
        return values[..., 2] @ self.weight.T


def test_only_local_weights_know_where_a_position_wise_readout_looks() -> None:
    rng = np.random.default_rng(1)
    values, targets = rng.normal(size=(7, 2, 4)), rng.normal(size=(7, 3))
    inputs, wanted = (torch.tensor(values),), torch.tensor(targets)
    encoder = Placed()
    encoder.weight = Tiny.weight.double()
    local = grad_cam(encoder, inputs, wanted, "only", weights="local")
    # Where all else is zero, the third position alone is read, as by the net that sums over positions.
    alone = values * np.array([0, 0, 1, 0])
    expected = np.array([by_hand(v, t) for v, t in zip(alone, targets, strict=True)])
    np.testing.assert_allclose(local, expected, atol=1e-6)
    assert not local[:, [0, 1, 3]].any()
    averaged = grad_cam(encoder, inputs, wanted, "only")
    np.testing.assert_allclose(averaged[:, 2], expected[:, 2] / 4, atol=1e-6)
    assert averaged[:, [0, 1, 3]].max() > averaged[:, 2].mean()


@pytest.fixture(scope="module")
def nice() -> tuple[Nice, tuple[Tensor, ...], Tensor]:
    torch.manual_seed(0)
    encoder = Nice(6, 250, 16).eval()
    inputs = encoder.prepare(torch.randn(9, 6, 250))
    return encoder, inputs, torch.randn(9, 16)


def test_layers_of_nice_lead_to_its_output(nice: tuple[Nice, tuple[Tensor, ...], Tensor]) -> None:
    encoder, inputs, _ = nice
    for name, values in encoder.forward_layers(*inputs).items():
        torch.testing.assert_close(encoder.from_layer(name, values), encoder(*inputs), rtol=1e-4, atol=1e-5)


def test_the_published_layer_cannot_tell_channels_apart(
    nice: tuple[Nice, tuple[Tensor, ...], Tensor],
) -> None:
    encoder, inputs, targets = nice
    maps = grad_cam(encoder, inputs, targets, "projection")
    assert maps.shape == (9, 36)
    full = stretched(maps, (6, 250))
    assert full.shape == (9, 6, 250)
    np.testing.assert_array_equal(full, np.repeat(full[:, :1], 6, axis=1))
    first = grad_cam(encoder, inputs, targets, "first")
    assert first.shape == (9, 6, 36)
    assert (first.std(axis=1) > 0).any()


def test_maps_do_not_depend_on_the_batch_nor_leave_gradients(
    nice: tuple[Nice, tuple[Tensor, ...], Tensor],
) -> None:
    encoder, inputs, targets = nice
    one_by_one = grad_cam(encoder, inputs, targets, "first", batch_size=1)
    np.testing.assert_allclose(one_by_one, grad_cam(encoder, inputs, targets, "first"), rtol=1e-4, atol=1e-7)
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_stretching_is_torch_s_bicubic_with_its_ends_laid_together() -> None:
    maps = np.random.default_rng(0).uniform(size=(2, 3, 36)).astype(np.float32)
    np.testing.assert_allclose(stretched(maps, (3, 36)), maps, atol=1e-6)  # no change of shape, no change
    ramp = np.arange(36, dtype=np.float32)[None]
    inside = slice(10, -10)  # the border is repeated, so the ramp is flat there
    shown = stretched(ramp, (1, 250))[0, 0]
    np.testing.assert_allclose(
        shown[inside], np.interp(TIMES, plotted_times(TIMES, 36), ramp[0])[inside], atol=0.1
    )


def test_positions_see_75_samples_every_five() -> None:
    assert (WINDOW, STEP) == (KERNEL + POOL - 1, STRIDE)
    fields = receptive_fields(TIMES)
    j = np.arange(36)
    np.testing.assert_allclose(fields.centres, (5 * j + 37) * 0.004)
    np.testing.assert_allclose(fields.starts, 5 * j * 0.004)
    np.testing.assert_allclose(fields.stops, (5 * j + 74) * 0.004)
    plotted = plotted_times(TIMES, 36)
    pairs = {
        round(1000 * shown): round(1000 * true) for shown, true in zip(plotted, fields.centres, strict=True)
    }
    assert pairs[12] == 148
    assert pairs[984] == 848
    assert np.diff(fields.centres)[0] * 1.39 == pytest.approx(np.diff(plotted)[0], rel=1e-2)
    with pytest.raises(ValueError, match="75"):
        receptive_fields(TIMES[:74])


def test_a_position_of_nice_really_sees_its_field_and_nothing_else() -> None:
    torch.manual_seed(1)
    encoder = Nice(3, 250, 8).eval()
    rest = torch.zeros(1, 3, 250)
    for sample in (0, 37, 74, 75, 120, 249):
        poked = rest.clone()
        poked[..., sample] = 1
        change = encoder.forward_layers(*encoder.prepare(poked))["first"]
        change = change - encoder.forward_layers(*encoder.prepare(rest))["first"]
        moved = np.flatnonzero(change.abs().amax(dim=(0, 1, 2)).detach().numpy() > 1e-7)
        expected = [j for j in range(36) if 5 * j <= sample <= 5 * j + 74]
        assert moved.tolist() == expected
