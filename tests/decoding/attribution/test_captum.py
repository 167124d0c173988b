"""Our attributions against captum's, where it has the method."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerGradCam, Saliency
from torch import Tensor, nn

from companion.decoding.attribution.gradcam import centred_cosine, grad_cam
from companion.decoding.attribution.patterns import input_gradients
from companion.training.encoders.nice import Nice

N, N_CHANNELS, N_TIMES, N_FEATURES = 5, 4, 100, 6


class Tail(nn.Module):
    """NICE from one of its layers on, with a module in the place that captum is to look at."""

    def __init__(self, encoder: Nice, layer: str, targets: Tensor) -> None:
        super().__init__()
        self.encoder, self.layer, self.targets, self.here = encoder, layer, targets, nn.Identity()

    def forward(self, values: Tensor) -> Tensor:
        return centred_cosine(self.encoder.from_layer(self.layer, self.here(values)), self.targets)


@pytest.fixture
def trial() -> tuple[Nice, Tensor, Tensor]:
    torch.manual_seed(0)
    encoder = Nice(N_CHANNELS, N_TIMES, N_FEATURES).eval()
    return encoder, torch.randn(N, N_CHANNELS, N_TIMES), torch.randn(N, N_FEATURES)


@pytest.mark.parametrize("layer", ["projection", "first"])
def test_grad_cam_is_that_of_captum(trial: tuple[Nice, Tensor, Tensor], layer: str) -> None:
    encoder, responses, targets = trial
    inputs = encoder.prepare(responses)
    tail = Tail(encoder, layer, targets)
    reference = LayerGradCam(tail, tail.here).attribute(
        encoder.forward_layers(*inputs)[layer].detach(), relu_attributions=True
    )
    found = grad_cam(encoder, inputs, targets, layer)
    assert found.max() > 0
    assert np.allclose(found, reference[:, 0].detach().numpy(), atol=1e-7)


def test_input_gradients_are_those_of_captum(trial: tuple[Nice, Tensor, Tensor]) -> None:
    encoder, responses, targets = trial

    def encode(values: Tensor) -> Tensor:
        return encoder(*encoder.prepare(values))  # type: ignore[no-any-return]

    reference = Saliency(lambda values: centred_cosine(encode(values), targets)).attribute(
        responses.requires_grad_(), abs=False
    )
    found = input_gradients(encode, responses.detach(), targets)
    assert np.allclose(found, reference.detach().numpy(), atol=1e-7)


def test_attribution_to_frequencies_adds_up_to_that_of_samples(trial: tuple[Nice, Tensor, Tensor]) -> None:
    """The Fourier transform only changes axes: integrated gradients have one sum in both."""
    encoder, responses, targets = trial

    def similar(values: Tensor, shown: Tensor) -> Tensor:
        return centred_cosine(encoder(*encoder.prepare(values)), shown)

    def similar_by_frequency(spectrum: Tensor, shown: Tensor) -> Tensor:
        return similar(torch.fft.irfft(torch.view_as_complex(spectrum), n=N_TIMES), shown)

    spectrum = torch.view_as_real(torch.fft.rfft(responses)).contiguous()
    over_time, over_frequency = (
        IntegratedGradients(by).attribute(values, additional_forward_args=(targets,), n_steps=20)
        for by, values in ((similar, responses), (similar_by_frequency, spectrum))
    )
    assert torch.allclose(over_time.sum((1, 2)), over_frequency.sum((1, 2, 3)), atol=1e-5)
