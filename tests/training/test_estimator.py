"""The network in the idiom of scikit-learn: it learns, repeats itself, validates inside what it is given."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_val_predict

from companion.embeddings import Embeddings
from companion.training.encoders import ResidualMlp
from companion.training.estimator import ContrastiveRetriever, usual_encoder

RNG = np.random.default_rng(0)
SPACE = Embeddings(RNG.normal(size=(60, 8)), tuple(f"thing {n}" for n in range(60)), "toy")
SHOWN = np.repeat(np.array(SPACE.ids), 3)
X = SPACE.rows_of(SHOWN) @ RNG.normal(size=(8, 20)) + RNG.normal(size=(180, 20))
QUICK = {"n_steps": 60, "batch_size": 48, "learning_rate": 5e-3, "validate_every": 10}


def test_things_that_nobody_trained_on_are_named() -> None:
    network = ContrastiveRetriever(SPACE, candidates="all", **QUICK)
    named = cross_val_predict(network, X, SHOWN, groups=SHOWN, cv=GroupKFold(3))
    assert (named == SHOWN).mean() > 0.15  # guessing: 0.017


@pytest.mark.parametrize("n_classes", [2, 8])
def test_without_a_space_it_classifies(n_classes: int) -> None:
    y = np.tile(np.arange(n_classes), 160 // n_classes)
    brain = RNG.normal(size=(160, 10)) + 3 * np.eye(n_classes, 10)[y]
    network = ContrastiveRetriever(**QUICK).fit(brain[:120], y[:120])
    assert network.score(brain[120:], y[120:]) > 0.8


def test_a_seed_is_a_result_and_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first, again, other = (
        clone(ContrastiveRetriever(SPACE, random_state=seed, **QUICK)).fit(X, SHOWN) for seed in (0, 0, 1)
    )
    assert (first.transform(X) == again.transform(X)).all()
    assert not np.allclose(first.transform(X), other.transform(X))
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_checkpoint_is_the_best_on_held_out_groups() -> None:
    network = ContrastiveRetriever(SPACE, **QUICK | {"n_steps": 120, "learning_rate": 0.02}).fit(X, SHOWN)
    assert len(network.validation_losses_) == len(network.training_losses_) == 12
    assert network.validation_losses_.index(min(network.validation_losses_)) < 11  # it would have overfitted


def test_scale_and_offset_of_units_do_not_matter() -> None:
    network = ContrastiveRetriever(SPACE, **QUICK)
    plain = network.fit(X, SHOWN).transform(X)
    volts = clone(network).fit(1e-6 * X + 5e-6, SHOWN).transform(1e-6 * X + 5e-6)
    assert volts == pytest.approx(plain, abs=1e-2 * float(np.abs(plain).max()))


def test_the_usual_encoder_fits_the_responses() -> None:
    eeg = np.zeros((2, 4, 100), dtype=np.float32)
    encoder = usual_encoder((4, 100), 8).eval()
    assert encoder(*encoder.prepare(torch.from_numpy(eeg))).shape == (2, 8)
    short = usual_encoder((4, 20), 8).eval()
    assert short(*short.prepare(torch.from_numpy(eeg[:, :, :20]))).shape == (2, 8)


def test_another_encoder_can_be_built_and_all_is_pickled() -> None:
    network = ContrastiveRetriever(SPACE, build=small, **QUICK | {"n_steps": 10}).fit(X, SHOWN)
    again = pickle.loads(pickle.dumps(network))
    assert (again.transform(X) == network.transform(X)).all()


def small(shape: tuple[int, ...], n_features: int) -> ResidualMlp:
    return ResidualMlp(shape[0], n_features, width=16, n_blocks=1)
