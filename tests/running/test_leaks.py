"""A network handed on from fold to fold remembers whom it met; one begun anew cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.decoding.floors import pairwise
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording
from companion.running.decoders import decode, predict
from companion.running.leaks import WAYS, held_out_networks
from companion.training.encoders import BrainEncoder, ResidualMlp
from companion.training.settings import Settings

NAMES = [f"{kind:05d}_thing/thing_{number:02d}b" for kind in range(20) for number in (1, 2)]
SETTINGS = Settings(n_steps=80, batch_size=32, validate_every=80, learning_rate=3e-3, weight_decay=0.0)


def build(shape: tuple[int, ...], n_features: int) -> BrainEncoder:
    return ResidualMlp(shape[0], n_features, width=64)


def noise(subject: str, seed: int) -> Recording:
    responses = np.random.default_rng(seed).normal(size=(len(NAMES), 30)).astype(np.float32)
    trials = pd.DataFrame({"stimulus": NAMES})
    units = pd.DataFrame({"name": [f"voxel {number}" for number in range(30)]})
    return Recording(responses, trials, units, subject, "toy", "fMRI", "train", None, True)


@pytest.fixture(scope="module")
def space() -> Embeddings:
    return Embeddings(np.random.default_rng(9).normal(size=(len(NAMES), 8)), tuple(NAMES), "toy")


def test_noise_is_remembered_by_the_network_that_was_handed_on(space: Embeddings) -> None:
    people = {name: noise(name, seed) for seed, name in enumerate(["one", "two", "three"])}
    found = held_out_networks(people, space, build, SETTINGS, seed=0, device="cpu")
    assert set(found) == {(name, way) for name in people for way in WAYS}
    score = {
        way: np.mean([pairwise(decode(found[name, way], one, space), space) for name, one in people.items()])
        for way in WAYS
    }
    assert score["continued"] > 0.62
    assert max(abs(score["fresh"] - 0.5), abs(score["longer"] - 0.5)) < 0.08


def test_the_first_weights_are_drawn_anew_or_handed_on(space: Embeddings) -> None:
    people = {name: noise(name, seed) for seed, name in enumerate(["one", "two"])}
    still = Settings(n_steps=1, batch_size=32, validate_every=1, learning_rate=1e-12, weight_decay=0.0)
    found = held_out_networks(people, space, build, still, seed=0, device="cpu")
    responses = people["one"].responses
    said = {key: predict(one.encoder, responses) for key, one in found.items()}
    for name in people:  # nothing is learnt, so that all begin and end alike
        assert np.allclose(said["one", "fresh"], said[name, "continued"], atol=1e-4)
    assert found["one", "fresh"].best == 0


def test_nobody_is_left(space: Embeddings) -> None:
    with pytest.raises(DataError, match="Nobody is left"):
        held_out_networks({"one": noise("one", 0)}, space, build, SETTINGS, seed=0, device="cpu")
