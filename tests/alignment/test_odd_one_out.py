from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from companion.alignment.odd_one_out import OddOneOutTransform, choice_loss
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.simulation.judges import odd_one_out, permuted

N_TRAINING, N_VALIDATION, N_TEST = 80, 40, 80
N_SEEN, N_FEATURES = 4, 10


class World:
    """Kinds whose hidden factors are known; the space carries what judges see at a third only."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        n_kinds = N_TRAINING + N_VALIDATION + N_TEST
        self.percept = rng.normal(size=(n_kinds, N_SEEN))
        others = rng.normal(size=(n_kinds, N_FEATURES - N_SEEN))
        mixing = np.linalg.qr(rng.normal(size=(N_FEATURES, N_FEATURES)))[0]
        values = np.hstack([self.percept / 3, others]) @ mixing + rng.normal(size=N_FEATURES)
        self.space = Embeddings(values, tuple(f"kind {row:03d}" for row in range(n_kinds)), "toy")
        ends = np.cumsum([0, N_TRAINING, N_VALIDATION, N_TEST])
        self.training, self.validation, self.test = (slice(*pair) for pair in pairwise(ends))

    def judged(self, part: slice, n: int, *, permute: bool = False, temperature: float = 0.45) -> np.ndarray:
        percept = self.percept[part]
        if permute:
            percept = permuted(percept, np.random.default_rng(9))
        rows = odd_one_out(percept, np.random.default_rng(part.start), n, temperature)
        return np.array(self.space.ids[part])[rows]

    def fitted(self, transform: OddOneOutTransform, *, permute: bool = False) -> OddOneOutTransform:
        return transform.fit(
            self.space,
            self.judged(self.training, 1500, permute=permute),
            validation_triplets=self.judged(self.validation, 500, permute=permute),
        )

    def accuracy(self, space: Embeddings) -> float:
        y = space.values - space.values.mean(axis=0)
        row_of = {name: row for row, name in enumerate(space.ids)}
        triplets = np.vectorize(row_of.get)(self.judged(self.test, 2000, temperature=1e-4))
        i, j, k = y[triplets].swapaxes(0, 1)
        pair, one, other = ((a * b).sum(axis=1) for a, b in ((i, j), (i, k), (j, k)))
        return float(np.mean((pair > one) & (pair > other)))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def transform(world: World) -> OddOneOutTransform:
    return world.fitted(OddOneOutTransform())


def test_the_likelihood_by_hand() -> None:
    y = torch.tensor([[1.0, 0.0], [2.0, 1.0], [0.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    triplets = torch.tensor([[0, 1, 2], [3, 2, 1]])
    first = np.exp(2) / (np.exp(2) + np.exp(0) + np.exp(-1))
    second = np.exp(-1) / (np.exp(-1) + np.exp(3) + np.exp(-1))
    assert choice_loss(y, triplets).item() == pytest.approx(-(np.log(first) + np.log(second)) / 2)


def test_aligning_raises_agreement_about_unseen_kinds_and_permuted_judges_do_not(
    world: World, transform: OddOneOutTransform
) -> None:
    base = world.accuracy(world.space)
    aligned = world.accuracy(transform.transform(world.space))
    control = world.accuracy(world.fitted(OddOneOutTransform(), permute=True).transform(world.space))
    assert base < 0.6
    assert aligned > base + 0.2
    assert aligned > control + 0.2


def test_the_map_is_its_formula(world: World, transform: OddOneOutTransform) -> None:
    names = sorted(set(world.judged(world.training, 1500).ravel()))
    known = world.space.select(names).values
    found = transform.map_
    assert (found.mean, found.std) == (pytest.approx(known.mean()), pytest.approx(known.std()))
    expected = (world.space.values - known.mean()) / known.std() @ found.weights + found.bias
    bent = transform.transform(world.space)
    np.testing.assert_allclose(bent.values, expected)
    assert (bent.ids, bent.space, bent.aligned_by) == (world.space.ids, "toy", "odd-one-out choices")


def test_the_objective_by_hand(world: World) -> None:
    x, y = (np.random.default_rng(seed).normal(size=(4, 3)) for seed in (0, 1))
    w, b, rows = (
        np.arange(9.0).reshape(3, 3) / 9,
        np.array([0.1, 0.2, 0.3]),
        torch.tensor([[0, 1, 2], [1, 3, 0]]),
    )
    y = x @ w + b
    local = 0.0
    for i in range(4):
        weight = []
        for z in (x, y):
            cosine = [z[i] @ z[j] / np.linalg.norm(z[i]) / np.linalg.norm(z[j]) for j in range(4) if j != i]
            powers = np.exp(np.array(cosine) / 0.2)
            weight.append(powers / powers.sum())
        local -= (weight[0] * np.log(weight[1])).sum() / 4
    far = ((w - np.diag(w).mean() * np.eye(3)) ** 2).sum()
    choices = choice_loss(torch.tensor(y), rows).item()
    loss = OddOneOutTransform(locality=0.3, temperature=0.2)._loss(torch.tensor(x), rows, 0.5)
    found = loss(torch.tensor(w), torch.tensor(b)).item()
    assert found == pytest.approx(0.7 * choices + 0.3 * local + 0.5 * far)


def test_the_penalty_is_the_best_on_validation_kinds(world: World, transform: OddOneOutTransform) -> None:
    losses = transform.validation_losses_
    assert transform.penalty_ == min(losses, key=lambda penalty: losses[penalty])
    held = world.judged(world.validation, 500)
    names, rows = np.unique(held, return_inverse=True)
    y = transform.transform(world.space.select(names)).values
    loss = choice_loss(torch.tensor(y), torch.as_tensor(rows.reshape(held.shape))).item()
    assert loss == pytest.approx(losses[transform.penalty_])


def test_a_strong_penalty_leaves_a_scaled_identity(world: World) -> None:
    weights = world.fitted(OddOneOutTransform(penalties=(1e6,))).map_.weights
    np.testing.assert_allclose(weights, np.diag(weights).mean() * np.eye(N_FEATURES), atol=1e-4)


def test_locality_keeps_neighbours(world: World, transform: OddOneOutTransform) -> None:
    def neighbours_kept(bent: Embeddings) -> float:
        before, after = (
            np.argsort(-(z @ z.T), axis=1)[:, 1:6]
            for z in (space.normalised().values for space in (world.space.centred(), bent.centred()))
        )
        return float(np.mean([len(set(a) & set(b)) / 5 for a, b in zip(before, after, strict=True)]))

    free = world.fitted(OddOneOutTransform(penalties=(1e-5,), locality=0.0)).transform(world.space)
    tied = world.fitted(OddOneOutTransform(penalties=(1e-5,), locality=0.9)).transform(world.space)
    assert neighbours_kept(tied) > neighbours_kept(free) + 0.1


def test_kinds_that_no_triplet_names_decide_nothing(world: World, transform: OddOneOutTransform) -> None:
    values = world.space.values.copy()
    values[world.test] = 1e6
    spoilt = world.space.with_values(values, aligned_by=None)
    again = OddOneOutTransform().fit(
        spoilt,
        world.judged(world.training, 1500),
        validation_triplets=world.judged(world.validation, 500),
    )
    np.testing.assert_array_equal(again.map_.weights, transform.map_.weights)
    np.testing.assert_array_equal(again.map_.bias, transform.map_.bias)


def test_shared_kinds_and_strange_shapes_are_refused(world: World) -> None:
    judged = world.judged(world.training, 20)
    with pytest.raises(DataError, match="trained on"):
        OddOneOutTransform().fit(world.space, judged, validation_triplets=judged[:5])
    with pytest.raises(DataError, match="three ids"):
        OddOneOutTransform().fit(world.space, judged[:, :2], validation_triplets=judged[:5])


@pytest.mark.parametrize("settings", [{"locality": 1.0}, {"temperature": 0.0}, {"penalties": ()}])
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"locality is|temperature is|penalty"):
        OddOneOutTransform(**settings)  # type: ignore[arg-type]
