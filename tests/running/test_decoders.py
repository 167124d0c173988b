"""Decoders for chapters: who is trained on what, kept, and blind to everything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from companion.embeddings import Embeddings
from companion.recording import Recording
from companion.running import decoders
from companion.running.decoders import chosen_device, decode, follow_training, predict, train_decoders
from companion.training.encoders import BrainEncoder, Nice
from companion.training.settings import Settings

SETTINGS = Settings(n_steps=4, batch_size=16, validate_every=2, learning_rate=1e-3)
NAMES = [f"{kind:05d}_thing/thing_{number:02d}b" for kind in range(20) for number in (1, 2)]


def build(shape: tuple[int, ...], n_features: int) -> BrainEncoder:
    return Nice(*shape, n_features)


def recording(subject: str, seed: int, names: list[str] = NAMES) -> Recording:
    responses = np.random.default_rng(seed).normal(size=(len(names), 3, 80)).astype(np.float32)
    trials = pd.DataFrame({"stimulus": names})
    units = pd.DataFrame({"name": ["O1", "Oz", "O2"]})
    return Recording(responses, trials, units, subject, "toy", "EEG", "train", np.arange(80) / 100, True)


def space(seed: int = 0, name: str = "toy") -> Embeddings:
    return Embeddings(np.random.default_rng(seed).normal(size=(len(NAMES), 5)), tuple(NAMES), name)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))


def test_each_group_space_and_seed_gets_an_encoder_of_its_own() -> None:
    known = {"sub-01": [recording("sub-01", 1)], "sub-02": [recording("sub-02", 2)]}
    spaces = {"base": space(0), "aligned": space(1)}
    found = train_decoders(known, spaces, build, SETTINGS, seeds=[0, 1])
    assert list(found) == [
        (group, name, seed) for group in known for name in ("base", "aligned") for seed in (0, 1)
    ]
    weights = [trained.encoder.state_dict()["stack.temporal.weight"] for trained in found.values()]
    assert len({float(one.sum()) for one in weights}) == len(weights)


def test_finished_encoders_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"sub-01": [recording("sub-01", 1)]}
    first = train_decoders(known, {"base": space()}, build, SETTINGS, seeds=[0])
    monkeypatch.setattr("companion.training.runs.Program", None)
    again = train_decoders(known, {"base": space()}, build, SETTINGS, seeds=[0])
    responses = recording("sub-01", 5).responses
    key = ("sub-01", "base", 0)
    assert np.array_equal(predict(first[key].encoder, responses), predict(again[key].encoder, responses))
    with pytest.raises(TypeError):  # other settings, other encoders
        train_decoders(known, {"base": space()}, build, replace(SETTINGS, n_steps=6), seeds=[0])


def test_pooled_people_do_not_part_over_the_split(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    whole = decoders.train_runs

    def watched(build_one, inputs, targets, runs, settings, **more):  # type: ignore[no-untyped-def]
        seen.extend(runs)
        return whole(build_one, inputs, targets, runs, settings, **more)

    monkeypatch.setattr(decoders, "train_runs", watched)
    pooled = {"others": [recording("sub-01", 1), recording("sub-02", 2)]}
    train_decoders(pooled, {"base": space()}, build, SETTINGS, seeds=[0], validate_on="stimulus")
    run = seen[0]
    pictures = [set(pairs[:, 1].tolist()) for pairs in (run.training, run.validation)]
    assert not pictures[0] & pictures[1]
    assert len(run.training) + len(run.validation) == 2 * len(NAMES)
    stimuli = NAMES * 2
    for pairs in (run.training, run.validation):  # every response meets the vector of its own picture
        assert all(stimuli[row] == NAMES[vector] for row, vector in pairs.tolist())


def test_vectors_are_joined_by_id_whatever_their_order() -> None:
    known = {"sub-01": [recording("sub-01", 1)]}
    turned = space().select(NAMES[::-1])
    first = train_decoders(known, {"base": space()}, build, SETTINGS, seeds=[0])
    second = train_decoders(known, {"base": turned}, build, SETTINGS, seeds=[0])
    responses = recording("sub-01", 5).responses
    decoded = [predict(found["sub-01", "base", 0].encoder, responses) for found in (first, second)]
    assert np.array_equal(*decoded)


def test_decoded_vectors_carry_their_labels() -> None:
    found = train_decoders({"a": [recording("sub-01", 1)]}, {"base": space()}, build, SETTINGS, seeds=[0])
    new = recording("sub-01", 9, ["00030_new/new_01b"])
    decoded = decode(found["a", "base", 0], new, space())
    assert decoded.ids == ("00030_new/new_01b",)
    assert decoded.simulated
    assert decoded.space == "toy"


def test_devices_by_name() -> None:
    assert chosen_device("cpu") == torch.device("cpu")
    assert chosen_device("auto").type in {"cpu", "cuda"}


def test_following_a_training_passes_the_encoder_that_training_keeps() -> None:
    known, responses = recording("sub-01", 1), recording("sub-01", 5).responses
    kept = train_decoders({"a": [known]}, {"base": space()}, build, SETTINGS, seeds=[3])["a", "base", 3]
    seen = list(follow_training(known, space(), build, SETTINGS, seed=3))
    assert [step for step, _ in seen] == [2, 4]
    assert seen[-1][1].validation_losses == pytest.approx(kept.validation_losses, rel=1e-6)
    at_best = predict(seen[kept.best][1].encoder, responses)
    assert at_best == pytest.approx(predict(kept.encoder, responses), abs=1e-5)
    assert not np.allclose(at_best, predict(seen[1 - kept.best][1].encoder, responses))


def test_groups_trained_as_one_program_learn_what_they_learn_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"sub-01": [recording("sub-01", 1)], "sub-02": [recording("sub-02", 2, NAMES[::-1])]}
    spaces = {"base": space(0), "aligned": space(1)}
    alone = train_decoders(known, spaces, build, SETTINGS, seeds=[0, 1])
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "again"))
    as_one = train_decoders(known, spaces, build, SETTINGS, seeds=[0, 1], together=8)
    assert list(as_one) == list(alone)
    for key, trained in alone.items():
        torch.testing.assert_close(as_one[key].encoder.state_dict(), trained.encoder.state_dict())
        assert as_one[key].best == trained.best
