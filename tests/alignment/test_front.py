"""Splitting a network before the first trained layer, against the whole network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from companion.alignment.front import split_front

PIXELS = torch.randn(7, 3, 8, 8, generator=torch.Generator().manual_seed(0))
USED = torch.tensor([0, 2, 5])


class Chain(nn.Module):
    """Two chains of layers, as networks for pictures have them."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.ReLU(), nn.Conv2d(4, 5, 3)))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(80, 6))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.head(self.features(pixels))
        return vectors


class Twice(Chain):
    """Reads its first layer's output again at the end."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return super().forward(pixels) + self.features[0](pixels).mean()


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("trained", "shape"),
    [("head.1.weight", (80,)), ("features.1.1.weight", (4, 6, 6))],
    ids=["last layer", "inside a chain"],
)
def test_the_rest_gives_what_the_whole_gives(trained: str, shape: tuple[int, ...]) -> None:
    whole = Chain().eval()
    rest, inputs = split_front(whole, [trained], PIXELS, USED)
    assert inputs.shape == (7, *shape)
    torch.testing.assert_close(rest(inputs[USED]), whole(PIXELS[USED]))
    assert not inputs[1].any()  # a picture that nobody asks for
    with torch.no_grad():
        for network in (whole, rest):
            network.get_parameter(trained).mul_(2)
    torch.testing.assert_close(rest(inputs[USED]), whole(PIXELS[USED]))


def test_a_network_that_reads_an_early_layer_again_stays_whole() -> None:
    whole = Twice().eval()
    rest, inputs = split_front(whole, ["head.1.weight"], PIXELS, USED)
    assert rest is whole
    assert inputs is PIXELS


def test_nothing_is_split_where_the_first_layer_is_trained() -> None:
    whole = Chain().eval()
    rest, inputs = split_front(whole, ["features.0.weight"], PIXELS, USED)
    assert rest is whole
    assert inputs is PIXELS
