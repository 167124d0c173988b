"""The benchmark of brain encoders runs through; references start as ours; floors are counted."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import companion.training.encoders.nice as nice
from companion.training.encoders.interface import BatchNorm

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PATHS = ["NICE, EEG", "ATM-S, EEG", "EEGNet, EEG", "EEGConformer, EEG", "NICE, MEG", "MLP, fMRI"]


@pytest.fixture(scope="module")
def encoders() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCHMARKS))
        found = import_module("encoders")
        patched.setattr(found, "peaks", lambda script, path, small: None)  # processes that import torch
        before = torch.get_num_threads()
        yield found
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def rows(encoders: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = encoders.measure(small=True)
    return found


def test_every_path_is_measured(encoders: Any, rows: list[dict[str, Any]]) -> None:
    by_path = {row["path"]: row for row in rows}
    assert [row["path"] for row in rows[: len(PATHS)]] == PATHS
    for path in PATHS:
        row = by_path[path]
        assert 0 < row["ours"]["lowest"] <= row["ours"]["median"] < row["floor"]
        assert row["share_of_floor"] == pytest.approx(row["ours"]["median"] / row["floor"])
        assert row["times_faster"]["median"] > 0
        reached = by_path[f"time to a loss: {path}"]["seconds_to_loss"]
        assert reached.keys() == {"ours", "reference", "level", "chance"}
    assert {path for path in by_path if path.startswith("growth")} == {
        "growth: seeds trained together",
        "growth: channels",
        "growth: people",
    }
    assert "not adopted: bfloat16 autocast, NICE, EEG" in by_path
    assert 50 < encoders.peak("MLP, fMRI", "reference", True) < 50_000  # megabytes
    assert 50 < encoders.peak("EEGNet, EEG", "ours", True) < 50_000


@pytest.mark.parametrize("number", range(6), ids=PATHS)
def test_references_compute_what_ours_do(encoders: Any, number: int) -> None:
    torch.manual_seed(0)
    case = encoders.SMALL[number]
    encoder = case.made()
    published = encoders.reference(encoder)
    for module in published.modules():
        if isinstance(module, nn.Dropout):
            assert module.p in (0.15, 0.25, 0.3, 0.5)
            module.p = 0.0
    responses = torch.randn(7, *case.shape).cumsum(-1) / 5
    inputs = encoder.train().prepare(responses)
    for training in (True, False):  # the second round uses the statistics that the first one left
        ours = encoder.train(training)(*inputs)
        assert torch.allclose(ours, published.train(training)(responses), atol=2e-4)
    assert sum(isinstance(module, BatchNorm) for module in encoder.modules()) == sum(
        isinstance(module, nn.BatchNorm2d) for module in published.modules()
    )
    mine, theirs = (dropped(module) for module in (encoder, published))
    assert mine == theirs


def dropped(module: nn.Module) -> int:
    """Count places of dropout."""
    masks = getattr(module, "masks", None)
    return len(masks()) if masks else sum(isinstance(one, nn.Dropout) for one in module.modules())


@pytest.mark.parametrize("number", range(6), ids=PATHS)
def test_operations_are_those_that_torch_counts(
    encoders: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted by hand are layers; the counter adds the loss and moments, and does not see transforms."""
    monkeypatch.setattr(nice, "_CACHE_BYTES", 2**40)
    case = encoders.PUBLISHED[number]
    if case.encoder == "MLP":
        case = encoders.SMALL[number]
    settings = encoders.settings_of(case, 1, 1, small=True)
    program = encoders.ours(case, settings, 16)
    with FlopCounterMode(display=False) as counter:
        program.update()
    counted = counter.get_total_flops() / settings.batch_size
    operations = encoders.costs(program.encoder, settings.batch_size).operations
    if case.encoder == "EEGNet":
        counted += import_module("floors_encoders").in_frequency(program.encoder)
    assert 0.9 * counted < operations < 1.1 * counted


def test_a_level_that_is_reached_has_a_time(encoders: Any) -> None:
    plan = encoders.TINY._replace(n_steps=40, every=5)
    case = encoders.SMALL[2]  # of the highest learning rate
    found = encoders.to_a_loss(case, plan, small=True)["seconds_to_loss"]
    assert found["level"] < found["chance"]
    assert 0 < found["ours"] < 60
    assert 0 < found["reference"] < 60
