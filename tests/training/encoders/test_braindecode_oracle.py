"""EEGNet and EEGConformer against braindecode's, where it is installed; it is no dependency of the project.

In an environment of its own: ``uv venv oracle``, ``uv pip install -p oracle pytest braindecode==1.8.1
torch==2.14.1 torchaudio==2.11.0``, then ``PYTHONPATH=src oracle/bin/python -m pytest --noconftest
-c /dev/null --rootdir . -p no:cacheprovider tests/training/encoders/test_braindecode_oracle.py``.

What braindecode 1.8.1 has otherwise is set back here, as the published code had it: EEGNet bounds the norm of
its spatial filters, pads both sides of a time course alike, drops a quarter of the units, and takes other
constants for normalisation; EEGConformer ends without the log-softmax that 0.8.1 applies by default.
"""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from companion.training.encoders.eegconformer import EegConformer
from companion.training.encoders.eegnet import EegNet
from companion.training.encoders.interface import BrainEncoder

pytestmark = pytest.mark.filterwarnings("ignore")
SIZES = pytest.mark.parametrize(("n_channels", "n_times"), [(63, 250), (17, 100)])


@pytest.fixture
def models() -> ModuleType:
    pytest.importorskip("braindecode", reason="braindecode is not installed")
    return pytest.importorskip("braindecode.models")


def fill(module: nn.Module) -> None:
    """Give every weight and statistic of a module a value of its own."""
    generator = torch.Generator().manual_seed(0)
    for name, values in module.state_dict().items():
        if values.is_floating_point():
            drawn = torch.randn(values.shape, generator=generator) * max(values[0].numel(), 1) ** -0.5
            values.copy_(drawn.abs() + 0.5 if "var" in name else drawn)


def take(encoder: BrainEncoder, values: dict[str, Tensor]) -> None:
    state = encoder.state_dict()
    missing = encoder.load_state_dict(
        {name: value.reshape(state[name].shape) for name, value in values.items()}, strict=False
    )
    assert not missing.unexpected_keys
    # Only the closing linear map is ours.
    assert {name.split(".")[0] for name in missing.missing_keys} <= {"leave", "head"}


@SIZES
def test_eegnet(models: ModuleType, n_channels: int, n_times: int) -> None:
    oracle = models.EEGNet(
        n_chans=n_channels,
        n_outputs=4,
        n_times=n_times,
        conv_spatial_max_norm=1e9,
        batch_norm_eps=1e-5,
    ).eval()
    fill(oracle)
    oracle.conv_temporal.padding = oracle.conv_separable_depth.padding = "same"
    encoder = EegNet(n_channels, n_times, 4).eval()
    values = {
        "temporal.weight": oracle.conv_temporal.weight,
        "spatial.weight": oracle.conv_spatial.weight,
        "depthwise.weight": oracle.conv_separable_depth.weight,
        "pointwise.weight": oracle.conv_separable_point.weight,
    }
    norms = {"first": oracle.bnorm_temporal, "second": oracle.bnorm_1, "third": oracle.bnorm_2}
    values |= {f"{name}_norm.{kind}": value for name, norm in norms.items() for kind, value in kept(norm)}
    take(encoder, values)
    responses = torch.randn(6, n_channels, n_times)
    oracle.final_layer, encoder.leave = nn.Identity(), nn.Identity()
    expected = oracle(responses).flatten(1)
    assert torch.allclose(encoder(*encoder.prepare(responses)), expected, atol=1e-5)


@SIZES
def test_eegconformer(models: ModuleType, n_channels: int, n_times: int) -> None:
    oracle = models.EEGConformer(
        n_outputs=1024,
        n_chans=n_channels,
        n_times=n_times,
        filter_time_length=10,
        pool_time_length=25,
        pool_time_stride=5,
        num_layers=2,
        num_heads=1,
    ).eval()
    fill(oracle)
    encoder = EegConformer(n_channels, n_times, 4).eval()
    net, mixing = oracle.patch_embedding.shallownet, oracle.patch_embedding.projection[0]
    with torch.no_grad():
        net[0].bias.zero_()
        net[1].bias.zero_()
    values = {"temporal.weight": net[0].weight, "spatial.weight": net[1].weight.flatten(1)}
    values |= {f"norm.{kind}": value for kind, value in kept(net[2])}
    values |= {f"mixing.{kind}": value for kind, value in mixing.state_dict().items()}
    for number, layer in enumerate(oracle.transformer):
        (first, attention, _), (second, wide, _) = layer[0].fn, layer[1].fn
        parts = {"first_norm": first, "second_norm": second, "widen": wide[0], "narrow": wide[3]}
        parts |= {f"attention.{name}": getattr(attention, name) for name in ("queries", "keys", "values")}
        parts["attention.leave"] = attention.projection
        for name, part in parts.items():
            values |= {f"layers.{number}.{name}.{kind}": value for kind, value in part.state_dict().items()}
    for number, part in enumerate((oracle.fc.fc[0], oracle.fc.fc[3], oracle.final_layer)):
        values |= {f"head.{number}.{kind}": value for kind, value in part.state_dict().items()}
    take(encoder, values)
    responses = torch.randn(6, n_channels, n_times)
    expected = encoder.head[3](torch.log_softmax(oracle(responses), dim=-1))
    assert torch.allclose(encoder(*encoder.prepare(responses)), expected, atol=1e-4)


def kept(norm: nn.Module) -> list[tuple[str, Tensor]]:
    return [(kind, value) for kind, value in norm.state_dict().items() if kind != "num_batches_tracked"]
