"""The benchmarks of decoding, tests and embeddings run through, agree with plain loops, and are recorded."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from companion.running.benchmark_page import page_of
from companion.running.memory import peak_memory_mb

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def rows() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCHMARKS))
        before = torch.get_num_threads()
        found = import_module("rows")
        slow = {"ours": 1.0, "reference": 2.0}  # processes of their own, each importing the package
        for name in ("decoding", "embedding"):
            patched.setattr(import_module(name), "peaks", lambda *arguments: slow)
        yield found
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def decoding(rows: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(import_module("decoding").measure(small=True)))
    return found


@pytest.fixture(scope="module")
def embedding(rows: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(import_module("embedding").measure(small=True)))
    return found


def test_every_path_is_measured_against_a_plain_way(decoding: list[dict[str, Any]]) -> None:
    compared = [row for row in decoding if not row["path"].startswith("growth: ")]
    assert len(compared) == 10
    for row in compared:
        assert 0 < row["ours"]["lowest"] <= row["ours"]["median"] <= row["ours"]["highest"]
        assert row["share_of_floor"] == pytest.approx(row["ours"]["median"] / row["floor"])
        assert row["times_faster"]["median"] > 0
        assert row["floor_note"]
    grown = {row["path"] for row in decoding if row["path"].startswith("growth: ")}
    assert len(grown) == 5
    assert "growth: retrieval with gallery" in grown


def test_ways_that_disagree_stop_the_benchmark(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module, machine = import_module("decoding"), rows.Machine(1, 1)
    jobs = module.all_jobs(module.SMALL, machine)
    right = module.plain.identified
    monkeypatch.setattr(module.plain, "identified", lambda *arrays: right(*arrays) + 1e-6)
    with pytest.raises(SystemExit, match="disagree"):
        rows.measured(jobs["identification"](), 1, None)


def test_plain_loops_by_hand(rows: Any) -> None:
    plain = import_module("reference_decoding")
    vectors = np.array([[1.0, 2, 3], [3.0, 1, 2]])
    answers, candidates = (
        np.array([[1.0, 3, 4], [3.0, 2, 1]]),
        np.array([[1.0, 2, 3], [3, 2, 1], [1, 3, 2.5]]),
    )
    assert plain.identified(vectors, answers, candidates) == pytest.approx([2 / 3, 2 / 3])
    assert plain.ranked(np.eye(3), np.array([[1.0, 0, 1], [1, 0.1, 0], [0, 0, 2]])).tolist() == [2, 1, 1]
    assert plain.signs_flipped(np.array([1.0, 2, 3])) == 0.25
    X, Y = np.random.default_rng(0).normal(size=(2, 12, 3))
    folds = [np.arange(6), np.arange(6, 12)]
    wanted = 0.0
    for held_out, kept in (folds, folds[::-1]):
        x, y = X[kept] - X[kept].mean(axis=0), Y[kept] - Y[kept].mean(axis=0)
        weights = np.linalg.solve(x.T @ x + 2 * np.eye(3), x.T @ y)
        wanted += (
            (Y[held_out] - Y[kept].mean(axis=0) - (X[held_out] - X[kept].mean(axis=0)) @ weights) ** 2
        ).sum()
    assert plain.ridge_losses(X, Y, folds, np.array([2.0])) == pytest.approx([wanted])


def test_the_peak_is_that_of_the_process(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the system says of the process may be more: it starts from the peak of who started it.
    assert 50 < peak_memory_mb() <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10 + 1
    module = import_module("decoding")
    written: list[str] = []
    monkeypatch.setattr(sys.stdout, "write", written.append)
    module.main(["--small", "--peak", "identification", "ours"])
    assert 50 < float(written[0]) < 50_000


def test_embeddings_are_measured_with_cache_and_precision(embedding: list[dict[str, Any]]) -> None:
    found = {row["path"]: row for row in embedding}
    assert found["miniature CLIP: a second call, from the cache"]["times_faster"]["median"] > 1
    assert found["miniature CLIP: batches"]["floor"] > found["miniature CLIP: batches"]["ours"]["median"]
    half = found["not adopted: bfloat16 by autocast, miniature CLIP"]
    assert "cosine of" in half["note"]
    module = import_module("embedding")
    one = np.random.default_rng(0).normal(size=(4, 9))
    assert module.lowest_cosine(one, one) == pytest.approx(1)
    assert module.lowest_cosine(np.roll(one, 1, axis=0), one) < 0.9


def test_parts_are_kept_if_a_later_one_fails_and_renewed_by_themselves(rows: Any, tmp_path: Path) -> None:
    run, file = import_module("run"), tmp_path / "record.json"

    def broken() -> list[dict[str, Any]]:
        raise RuntimeError("no memory left")

    one = [rows.row("a path", "a size", "samples/s", {"median": 1.0, "lowest": 1.0, "highest": 1.0})]
    failed = run.run(file, {"decoding": lambda: one, "embedding": broken}, small=True)
    assert failed == {"embedding": "RuntimeError: no memory left"}
    record = json.loads(file.read_text("utf-8"))
    assert record["parts"].keys() == {"decoding"}
    assert record["parts"]["decoding"]["rows"] == one
    assert str(Path.home()) not in file.read_text("utf-8")
    run.run(file, {"embedding": lambda: one}, small=True)
    assert json.loads(file.read_text("utf-8"))["parts"].keys() == {"decoding", "embedding"}
    with pytest.raises(SystemExit, match="another machine or other sizes"):
        run.run(file, {"embedding": lambda: one}, small=False)
    with pytest.raises(SystemExit):
        run.main(["--only", "nothing", "--record", str(file)])
    assert "a path" in page_of([json.loads(file.read_text("utf-8"))])


def test_training_and_aligning_become_rows(rows: Any) -> None:
    ratios = import_module("ratios")
    spread = {"median": 8.0, "lowest": 4.0, "highest": 16.0}
    rates = {"ours_per_second": spread, "other_per_second": spread, "ratio_per_second": spread}
    losses = {
        "n_steps": 30,
        "difference": {"mean": 0.02, "sd": 0.01},
        "sd_over_seeds": {"ours": 1, "other": 2},
    }
    record = {
        "peak_mb": {"ours": 900.0, "other": 1400.0},
        "one NICE run, threads: 1": rates,
        "one NICE run, threads: 2": rates,
        "floor, threads: 1": {
            "samples_per_second": {"together": 16.0},
            "of_the_stack_of_ATM-S": {"together": 32.0},
        },
        "floor, threads: 2": {"samples_per_second": {"together": 32.0}},
        "convolutions of ATM-S, threads: 1": rates,
        "validation loss": losses,
        "lesson, nine runs together, threads: 1": rates,
        "lesson, validation loss": losses,
    }
    found = ratios.of_training(record, (63, 250, 512), 128)
    assert [row["share_of_floor"] for row in found] == [0.5, 0.25, 0.25, None]
    assert [row["threads"] for row in found] == [1, 2, 1, 1]
    assert [row["target"] for row in found] == [4, 4, 4, None]
    assert found[0]["peak_mb"] == {"ours": 900.0, "reference": 1400.0}
    assert "+0.020 (SD 0.010)" in found[0]["note"]
    aligned = ratios.of_alignment(
        {
            "torch": "2",
            "decoders, threads: 2": {
                "seconds_per_set": {"ours": spread, "loop": spread},
                "times_faster": spread,
                "seconds_at_the_floor": 4.0,
                "largest_difference": {"weights": 1e-14},
            },
        },
        import_module("alignment").PUBLISHED,
    )
    assert aligned[0]["ours"] == {"median": 450.0, "lowest": 225.0, "highest": 900.0}
    assert (aligned[0]["threads"], aligned[0]["target"]) == (2, 10)
    assert (aligned[0]["floor"], aligned[0]["share_of_floor"]) == (900, 0.5)
    assert aligned[0]["size"] == "1,200 samples, 1,000 voxels, 500 chosen, 512 units"
