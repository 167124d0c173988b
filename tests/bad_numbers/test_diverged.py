"""Training that runs away says so: no checkpoint is chosen among numbers that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from companion import DataError, Embeddings
from companion.alignment import Options, TripletAligner, fit_aligners
from companion.training import (
    BrainEncoder,
    JointVaeSettings,
    LinearMap,
    MappingSettings,
    Run,
    Settings,
    Supervision,
    train_joint_vae,
    train_mapping,
    train_runs,
)

RNG = np.random.default_rng(0)
ROWS = torch.arange(16)
PICTURES = torch.from_numpy(RNG.normal(size=(16, 4)).astype("f4"))
PAIRS = torch.stack([ROWS, ROWS], dim=1)


class Fragile(BrainEncoder):
    """Linear, but no number where a row says so: the logarithm of less than zero."""

    def __init__(self, n_features: int = 4) -> None:
        super().__init__()
        self.configuration = {"n_features": n_features}
        self.layer = nn.Linear(4, n_features)

    def forward(self, *inputs: Tensor, masks: object = ()) -> Tensor:
        responses, breaks = inputs
        return self.layer(responses) + torch.log(1 - breaks)


def run(rows: Tensor, seed: int) -> Run:
    return Run(seed, PAIRS[rows[:6]], PAIRS[rows[6:]])


def test_a_run_that_diverges_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    breaks = torch.zeros(16, 1)
    breaks[:2] = 2.0
    runs = [run(ROWS[8:], 0), run(ROWS[2:10], 1), run(torch.tensor([4, 0, 1, 5, 6, 7, 2, 3]), 2)]
    settings = Settings(4, batch_size=4, validate_every=2, learning_rate=1e-3)
    with pytest.raises(DataError, match=r"(?s)Training diverged.*run 2 of 3, seed 2.*learning rate"):
        train_runs(Fragile, (PICTURES, breaks), PICTURES, runs, settings, together=3, folder=tmp_path)
    kept = train_runs(Fragile, (PICTURES, breaks), PICTURES, runs[:2], settings, folder=tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert all(np.isfinite(one.validation_losses).all() for one in kept)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_responses_that_are_no_numbers_are_refused_before_training(value: float) -> None:
    spoiled = PICTURES.clone()
    spoiled[3, 1] = value
    settings = Settings(2, batch_size=4)
    with pytest.raises(DataError, match="not finite"):
        train_runs(Fragile, (spoiled, torch.zeros(16, 1)), PICTURES, [run(ROWS, 0)], settings)
    with pytest.raises(DataError, match="not finite"):
        train_runs(Fragile, (PICTURES, torch.zeros(16, 1)), spoiled, [run(ROWS, 0)], settings)


def test_a_mapping_that_diverges_says_in_which_epoch() -> None:
    supervision = Supervision(PICTURES, ROWS, None, ROWS[:, None])
    settings = MappingSettings(
        text_weight=0, squared_weight=1e5, learning_rate=1e5, noise=9e5, n_epochs=60, batch_size=4
    )
    network = LinearMap(4, 4, dropped=0.0)
    with torch.no_grad():
        network.layers[1].weight.fill_(3e38)
    with pytest.raises(DataError, match=r"(?s)Training diverged.*mapping network, epoch 1"):
        train_mapping(network, PICTURES * 1e3, supervision, ROWS[:10], ROWS[10:], settings, seed=0)


def test_a_joint_vae_that_diverges_says_so() -> None:
    data = {"brain": PICTURES * 1e19, "image": PICTURES * 1e19, "text": PICTURES[:, None] * 1e19}
    settings = JointVaeSettings((4, 4, 4), 4, n_latent=2, n_epochs=3, batch_size=4, n_draws=2)
    with pytest.raises(DataError, match="Training diverged"):
        train_joint_vae(data, ROWS[:10], ROWS[10:], settings, seed=0)


def test_auto_encoders_that_diverge_say_so() -> None:
    space = Embeddings(PICTURES.numpy() * 1e30, tuple(map(str, range(16))), "toy")
    with pytest.raises(DataError, match="Training diverged"):
        fit_aligners(space, {"V1": np.eye(16)}, alphas=[0.5], options=Options(2, 8))


def test_a_triplet_aligner_that_diverges_says_so() -> None:
    pixels = torch.full((12, 3, 2, 2), 1e38)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).eval()
    with torch.no_grad():
        network[1].weight.fill_(1e5)  # products are infinite, so that directions are no numbers
    shown = np.arange(12).reshape(4, 3)
    with pytest.raises(DataError, match="Training diverged"):
        TripletAligner(rank=2, n_epochs=2).fit(
            network,
            pixels,
            shown[:2],
            np.array([0, 1]),
            validation_triplets=shown[2:],
            validation_choices=np.array([1, 1]),
        )
