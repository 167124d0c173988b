"""The benchmarks of training and of brain-aligning run through, and what they compare computes the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from companion.alignment.autoencoder import Model, Options
from companion.training.encoders.nice import Nice
from companion.training.settings import Settings

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def record() -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCHMARKS))
        training = import_module("training")
        patched.setattr(training, "peaks", lambda small: {})  # processes of their own, each importing torch
        before = torch.get_num_threads()
        yield json.loads(json.dumps(training.measure(small=True)))
        torch.set_num_threads(before)


def test_everything_is_measured(record: dict[str, Any]) -> None:
    rates = record["one NICE run, threads: 1"]
    assert 0 < rates["ours_per_second"]["lowest"] <= rates["ours_per_second"]["highest"]
    assert record["Table 1, NICE"]["runs_together"] == 4
    assert record["Table 1, NICE"]["minutes_for_the_row"] > 0
    training = import_module("training")
    assert all(50 < training.peak(kind, True) < 50_000 for kind in ("ours", "other"))  # megabytes


def test_operations_are_those_that_torch_counts(record: dict[str, Any]) -> None:
    """Counted by hand are convolutions and linear layers; the counter adds the loss, moments and the like."""
    counted = record["one NICE run, threads: 1"]["operations_counted_per_sample"]
    for name, layers in record["floor, threads: 1"]["operations_per_sample"].items():
        assert sum(layers.values()) <= counted[name] < 1.05 * sum(layers.values())


def test_the_reference_is_ours_and_learns(record: dict[str, Any]) -> None:
    del record  # for its path
    torch.manual_seed(0)
    encoder, responses, vectors = Nice(5, 100, 6), torch.randn(40, 5, 100), torch.randn(40, 6)
    settings = Settings(5, batch_size=8, temperature=0.5, learning_rate=3e-3)
    rows = range(30), range(30)
    build = import_module("reference_nice").ReferenceTraining
    published = build(encoder, responses, vectors, *rows, settings)
    published.model.eval()
    encoder.eval()
    assert torch.allclose(published.model(responses), encoder(*encoder.prepare(responses)), atol=1e-5)
    before = published.validate()
    for _ in range(30):
        published.update()
    assert published.validate() < before - 0.1


@pytest.fixture(scope="module")
def aligning() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCHMARKS))
        before = torch.get_num_threads()
        yield import_module("alignment")
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def aligned(aligning: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(aligning.measure(small=True)))
    return found


def test_all_of_brain_aligning_is_measured(aligning: Any, aligned: dict[str, Any]) -> None:
    for n_features in aligning.SMALL.features:
        seconds = aligned["auto-encoders, threads: 1"][f"{n_features} features"]["seconds_per_model"]
        assert seconds.keys() == {"together", "one by one", "plain loop"}
        assert all(0 < one["lowest"] <= one["median"] <= one["highest"] for one in seconds.values())
    every = aligned["auto-encoders, threads: 1"]["all of Fig. 3"]
    assert every["n_models"] == 350
    floors = every["seconds_at_the_floor"]
    assert 0 < floors["operations"] < floors["both"] < every["seconds"]["together"]
    sets = aligned["decoders, threads: 1"]
    one_set = sets["seconds_per_set"]["ours"]["median"]
    assert sets["minutes_for_all_sets"]["ours"] == pytest.approx(420 * one_set / 60)
    assert 0 < sets["seconds_at_the_floor"] < one_set


def test_the_floor_of_convolutions_is_counted_by_hand(aligning: Any) -> None:
    # 76 samples leave one position of 40 filters: a kernel of 25 and a window of 51.
    needed = import_module("floors").least_of_stack(n_channels=2, n_times=76)
    assert needed.operations == 3 * 2 * (2 * 25 * 40 + 2 * 40 * 40 + 40 * 40)
    assert needed.bytes == 4 * (2 * 76 * 2 + 4 * 2 * 25 + 2 * 2 * 40)
    assert (needed.exponentials, needed.draws) == (40 * 3, 40)


def test_the_floor_of_decoders_is_counted_by_hand(aligning: Any) -> None:
    floors = import_module("floors")
    needed = floors.least_of_decoders(n_samples=10, n_region=6, n_used=3, n_units=4)
    assert needed.operations == 2 * 10 * 6 * (6 + 4) + 4 * (27 / 3 + 2 * 9)
    assert needed.bytes == 4 * 8 * 4 * 9


def test_operations_of_an_autoencoder_are_those_that_torch_counts(
    aligning: Any, aligned: dict[str, Any]
) -> None:
    for n_features in aligning.SMALL.features:
        found = aligned["auto-encoders, threads: 1"][f"{n_features} features"]
        parts = found["operations_of_an_epoch"]
        assert found["operations_counted"]["ours"] == sum(parts.values())
        assert found["operations_counted"]["plain loop"] == parts["encoder"] + parts["decoder"]
    # By hand: 3 batches of 50; five products of 512 x 256, and two of the 50 latent vectors with each other.
    published = aligning.operations(512, 150, Options())
    assert sum(published.values()) == 2 * 3 * (5 * 50 * 512 * 256 + 2 * 50 * 50 * 256)
    # By hand: weights and biases of both layers, eight arrays of four bytes each, 500 epochs of 3 steps.
    needed = aligning.least(512, 150, Options())
    assert needed.operations == 500 * sum(published.values())
    assert needed.bytes == 8 * 4 * 1500 * (2 * 512 * 256 + 256 + 512)


def test_the_plain_loop_gives_the_latent_vectors_of_ours(aligning: Any, aligned: dict[str, Any]) -> None:
    for n_features in aligning.SMALL.features:
        found = aligned["auto-encoders, threads: 1"][f"{n_features} features"]
        assert found["latent_vectors_differ_by"] < 2e-5
    vectors, teachers = aligning.made_up(10, 70, torch.device("cpu"))  # 20 are left out of each epoch
    ours, plain = aligning.ways(vectors, teachers, Options(n_epochs=20, learning_rate=3e-3))
    models = [Model(1.0, 0, 3), Model(0.01, 1, 3), Model(0.01, 2, 4)]
    first, second = ours(models), plain(models)
    assert torch.allclose(first, second, atol=2e-5)
    assert not torch.allclose(first[1], first[2], atol=1e-2)
    untrained = aligning.ways(vectors, teachers, Options(n_epochs=1, learning_rate=1e-9))[1](models)
    assert not torch.allclose(second, untrained, atol=1e-2)


def test_the_loop_over_units_is_what_decoders_compute(aligning: Any, aligned: dict[str, Any]) -> None:
    assert max(aligned["decoders, threads: 1"]["largest_difference"].values()) < 1e-10
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 3)) + 5
    X[:, 0], X[:, 1] = Y[:, 0] + 0.1 * X[:, 0], Y[:, 1] - 0.1 * X[:, 1]
    found = import_module("reference_alignment").unit_by_unit(X, Y, 1)
    for unit, voxel in ((0, 0), (1, 1)):  # each is found in one voxel alone, by a line through its points
        slope, intercept = np.polyfit(X[:, voxel], Y[:, unit], 1)
        wanted = np.zeros(5)
        wanted[[voxel, -1]] = slope, intercept
        assert found[:, unit] == pytest.approx(wanted)


def test_decoders_that_disagree_with_the_loop_stop_the_benchmark(
    aligning: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = aligning.unit_by_unit
    monkeypatch.setattr(aligning, "unit_by_unit", lambda *arrays: right(*arrays) + 2e-6)
    with pytest.raises(SystemExit, match="disagree"):
        aligning.decoders(aligning.SMALL)
