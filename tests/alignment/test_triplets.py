from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from companion.alignment.triplets import TripletAligner, distance_gap, hinge_loss
from companion.errors import DataError
from companion.simulation.judges import permuted, two_afc

N_TRAINING, N_VALIDATION, N_TEST = 240, 60, 100
N_LATENT, N_SEEN = 16, 8


class Backbone(nn.Module):
    """Reads hidden factors from pixels, and passes half of those that judges see on at a fifth only."""

    def __init__(self, rendering: torch.Tensor) -> None:
        super().__init__()
        gain = torch.ones(N_LATENT)
        gain[: N_SEEN // 2] = 0.2
        self.read = nn.Linear(rendering.shape[0], N_LATENT, bias=False)
        self.read.weight.data = gain[:, None] * torch.linalg.pinv(rendering)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.read(pixels.flatten(1))


class World:
    """Pictures whose hidden factors are known, and judges who see half of these."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        latent = rng.normal(size=(N_TRAINING + N_VALIDATION + N_TEST, N_LATENT))
        rendering = torch.tensor(rng.normal(size=(3 * 4 * 4, N_LATENT)), dtype=torch.float32)
        self.pixels = (torch.tensor(latent, dtype=torch.float32) @ rendering.T).view(-1, 3, 4, 4)
        self.backbone = Backbone(rendering)
        self.percept = latent[:, :N_SEEN]
        ends = np.cumsum([0, N_TRAINING, N_VALIDATION, N_TEST])
        self.training, self.validation, self.test = (slice(*pair) for pair in pairwise(ends))

    def judged(
        self, part: slice, n_triplets: int, *, permute: bool = False, noise: float = 0.2
    ) -> tuple[np.ndarray, np.ndarray]:
        percept = self.percept[part]
        seen = permuted(percept, np.random.default_rng(9)) if permute else percept
        rng = np.random.default_rng(part.start)
        triplets, choices = two_afc(seen, rng, n_triplets, noise, similar_in=percept)
        return triplets + part.start, choices

    def accuracy(self, module: nn.Module) -> float:
        triplets, choices = self.judged(self.test, 2000, noise=1e-4)
        with torch.no_grad():
            gap = distance_gap(module(self.pixels), torch.as_tensor(triplets))
        return float(np.mean((gap.numpy() > 0) == (choices == 1)))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def fitted(world: World, aligner: TripletAligner, *, permute: bool = False) -> nn.Module:
    triplets, choices = world.judged(world.training, 2400, permute=permute)
    held, held_choices = world.judged(world.validation, 400, permute=permute)
    return aligner.fit(
        world.backbone,
        world.pixels,
        triplets,
        choices,
        validation_triplets=held,
        validation_choices=held_choices,
    )


def small(**changes: object) -> TripletAligner:
    return TripletAligner(**({"rank": 8, "learning_rate": 1e-2, "n_epochs": 6, "batch_size": 400} | changes))  # type: ignore[arg-type]


def test_hinge_loss_by_hand() -> None:
    vectors = torch.tensor([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
    triplets = torch.tensor([[0, 1, 2], [0, 1, 2], [2, 0, 1]])
    cosine = 2**-0.5  # of the first and third; left is farther by as much in the first two triplets
    torch.testing.assert_close(distance_gap(vectors, triplets), torch.tensor([cosine, cosine, 0.0]))
    loss = hinge_loss(vectors, triplets, torch.tensor([1, 0, 1]), 0.05)
    assert loss.item() == pytest.approx((0.0 + 0.05 + cosine + 0.05) / 3)


def test_aligning_recovers_neglected_dimensions_and_permuted_judges_do_not(world: World) -> None:
    base = world.accuracy(world.backbone)
    aligned = world.accuracy(fitted(world, small()))
    control = world.accuracy(fitted(world, small(), permute=True))
    assert base < 0.75
    assert aligned > base + 0.08
    assert aligned > control + 0.08


def test_the_backbone_given_stays_as_it_is(world: World) -> None:
    before = deepcopy(world.backbone.state_dict())
    module = fitted(world, small(n_epochs=1))
    assert all(torch.equal(before[name], tensor) for name, tensor in world.backbone.state_dict().items())
    assert not torch.equal(module.read.weight, world.backbone.read.weight)


def test_the_epoch_kept_is_the_best_one(world: World) -> None:
    aligner = small(n_epochs=8, batch_size=128)
    module = fitted(world, aligner)
    losses = [epoch.validation_loss for epoch in aligner.history_]
    assert [epoch.number for epoch in aligner.history_] == list(range(9))
    assert aligner.best_epoch_ == 1 + int(np.argmin(losses[1:])) < 8
    held, choices = (torch.as_tensor(part) for part in world.judged(world.validation, 400))
    with torch.no_grad():
        vectors = module(world.pixels)
    kept = aligner.history_[aligner.best_epoch_]
    assert hinge_loss(vectors, held, choices, 0.05).item() == pytest.approx(kept.validation_loss, abs=1e-6)
    agreed = (distance_gap(vectors, held) > 0) == (choices == 1)
    assert agreed.double().mean().item() == pytest.approx(kept.validation_accuracy)


def test_the_network_itself_is_never_the_one_kept(world: World) -> None:
    aligner = small(n_epochs=1, learning_rate=1.0)
    fitted(world, aligner)
    assert aligner.history_[1].validation_loss > aligner.history_[0].validation_loss
    assert aligner.best_epoch_ == 1


def test_the_seed_decides_all_on_a_cpu(world: World) -> None:
    state = torch.random.get_rng_state()
    first, same, other = (fitted(world, small(n_epochs=1, seed=seed)).read.weight for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(state, torch.random.get_rng_state())


def test_pictures_that_no_triplet_names_are_never_looked_at(world: World) -> None:
    expected = fitted(world, small(n_epochs=1)).read.weight
    hidden = World()
    hidden.pixels[hidden.test] = float("nan")
    assert torch.equal(fitted(hidden, small(n_epochs=1)).read.weight, expected)


def test_a_picture_is_embedded_once_per_batch_and_themes_stay_together(world: World) -> None:
    counted: list[int] = []
    hook = nn.modules.module.register_module_forward_hook(
        lambda layer, inputs, _: counted.append(len(inputs[0])) if isinstance(layer, Backbone) else None
    )
    try:
        fitted(world, small(n_epochs=1, batch_size=2400))
        whole = list(counted)
        counted.clear()
        fitted(world, small(n_epochs=1, batch_size=80))
    finally:
        hook.remove()
    assert whole == [1, N_VALIDATION, N_TRAINING, N_VALIDATION]  # the first: which layers are called
    assert len(counted) == 3 + 30
    assert sum(counted[2:-1]) < 3 * N_TRAINING  # a random order would embed some 30 x 120


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"choices": np.array([0, 2])}, "one choice"),
        ({"choices": np.array([0])}, "one choice"),
        ({"triplets": np.array([[0, 1, 2], [0, 1, 99]])}, "not there"),
        ({"validation_triplets": np.array([[2, 4, 5]])}, "trained on"),
    ],
)
def test_triplets_that_do_not_fit_are_refused(changes: dict[str, np.ndarray], message: str) -> None:
    given = {
        "triplets": np.array([[0, 1, 2], [0, 2, 1]]),
        "choices": np.array([0, 1]),
        "validation_triplets": np.array([[3, 4, 5]]),
        "validation_choices": np.array([1]),
    } | changes
    with pytest.raises(DataError, match=message):
        TripletAligner().fit(nn.Flatten(), torch.zeros(6, 3, 2, 2), **given)
