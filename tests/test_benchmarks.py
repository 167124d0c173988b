"""The training benchmark runs through, and what it compares computes the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

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
    assert all(50 < training.peak(kind, training.SMALL) < 50_000 for kind in ("ours", "other"))  # megabytes


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
