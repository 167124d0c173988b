"""The page about speed says what the record says, and says so where a target is missed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from companion.running import benchmark_records
from companion.running.benchmark_page import page_of

SPREAD = {"median": 4321.0, "lowest": 4000.0, "highest": 5000.0}
ROW: dict[str, Any] = {
    "path": "a path",
    "size": "some arrays",
    "device": "CPU",
    "threads": 2,
    "unit": "vectors/s",
    "ours": SPREAD,
    "reference": {"median": 2160.0, "lowest": 2000.0, "highest": 2500.0},
    "times_faster": {"median": 2.5, "lowest": 2.25, "highest": 2.75},
    "target": 4.0,
    "floor": 8642.0,
    "share_of_floor": 0.5,
    "floor_note": "bytes of the gallery",
    "peak_mb": {"ours": 765.0, "reference": 1432.0},
    "seconds_to_loss": None,
    "note": "nothing else",
}


def of(*rows: dict[str, Any], part: str = "decoding", gpu: str | None = None) -> dict[str, Any]:
    said = {"cpu": "A processor", "cores": 2, "memory_gb": 24, "gpu": gpu, "python": "3.11", "torch": "2.9"}
    kept = {"date": "2030-01-02", "commit": "abcdef", "load": 0.1, "minutes": 3.0, "rows": list(rows)}
    return {"machine": said, "small": False, "parts": {part: kept}}


def test_a_missed_target_is_said_with_what_bounds_it() -> None:
    page = page_of([of(ROW)])
    assert page.startswith("(benchmarks)=\n# Speed and memory")
    for part in ("A processor", "2030-01-02", "`abcdef`", "4,321", "2,160", "2.25", "2.75", "765", "1,432"):
        assert part in page
    assert "Targets met: 0 of 1." in page
    missed = next(line for line in page.splitlines() if "Missed" in line)
    assert "2.5 times faster, not 4" in missed
    assert "50" in missed
    assert "bytes of the gallery" in missed
    assert "The target would be 100\N{NO-BREAK SPACE}% of that floor." in missed
    beyond = page_of([of(ROW | {"target": 8.0})])
    assert "200\N{NO-BREAK SPACE}% of that floor: beyond" in beyond
    met = page_of([of(ROW | {"times_faster": SPREAD})])
    assert "Targets met: 1 of 1." in met
    assert "Missed" not in met
    assert "Its floor was not computed" in page_of([of(ROW | {"floor_note": ""})])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ours", SPREAD | {"median": 999.0}),
        ("path", "another path"),
        ("target", None),
        ("share_of_floor", 0.25),
        ("peak_mb", None),
        ("note", "something"),
        ("seconds_to_loss", {"ours": 3.5, "reference": None, "level": 2.0, "chance": 4.85}),
    ],
)
def test_every_value_of_a_row_reaches_the_page(key: str, value: Any) -> None:
    before, changed = page_of([of(ROW)]), page_of([of(ROW | {key: value})])
    assert changed != before
    if key == "seconds_to_loss":
        assert "| 2.000 | 3.5 | not reached |" in changed


def test_growth_and_what_was_not_adopted_have_tables_of_their_own() -> None:
    bare = ROW | {"target": None, "note": "not the same"}
    page = page_of([of(ROW, bare | {"path": "growth: with size"}, bare | {"path": "not adopted: halves"})])
    growth, rest = page.split("### How cost grows")[1].split("### Tried and not adopted")
    assert "with size" in growth
    assert "halves" in rest
    assert "not the same" in rest
    assert "Targets met: 0 of 1." in page.split("### How cost grows")[0]


def test_jobs_of_chapters_and_loading_are_shown() -> None:
    job = {"chapter": "targets", "job": "NICE", "size": "63 x 250", "seconds_per_step": 0.15, "steps": 5800}
    job |= {"extrapolated_hours": 0.25, "grid_runs": 600, "grid_hours": 150.0, "peak_mb": 2048.0, "note": ""}
    page = page_of([of(job, job | {"job": "ridge", "peak_mb": 4096.0}, part="rehearsal")])
    assert "The largest peak is 4.0 GB (ridge)" in page
    assert "| {doc}`targets`: NICE<br>63 x 250 | 0.15 | 5,800 | 0.25 | 600 | 150 | 2,048 |" in page
    file = {"path": "NSD", "seconds": 7.2, "peak_mb": 1140.0, "bound_mb": 2000.0}
    assert "| NSD | 7 | 1,140 | 2,000 |" in page_of([of(file, part="memory")])


def test_records_of_two_machines_stand_on_one_page_and_small_ones_say_so() -> None:
    page = page_of([of(ROW), of(ROW | {"device": "A card"}, gpu="A card")])
    assert page.index("## On A processor") < page.index("## On A card")
    assert "mean nothing" not in page
    assert "mean nothing" in page_of([of(ROW) | {"small": True}])


def test_the_page_is_made_from_the_files_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark_records, "project_root", lambda: tmp_path)
    assert "Nothing has been measured" in benchmark_records.benchmark_page()
    record = of(ROW)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "record.json").write_text(json.dumps(record), "utf-8")
    assert benchmark_records.benchmark_page() == page_of([record])
    other = copy.deepcopy(record)
    other["parts"]["decoding"]["commit"] = "fedcba"
    (tmp_path / "benchmarks" / "record-gpu.json").write_text(json.dumps(other), "utf-8")
    assert benchmark_records.benchmark_page() == page_of([record, other])
