"""The project's own files of YAML and JSON, and what learners answer: schema by schema, damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from companion.project import project_root
from companion.running.benchmark_records import benchmark_page
from companion.running.chapters import read_chapter
from companion.running.claims import Claim, load_claims, missing_results, unmatched
from companion.running.contents import toc_pages
from companion.running.exercises import check, reveal
from companion.running.landing import bibtex
from companion.running.records import read_record
from companion.running.regression import compare_outcomes, compare_results
from companion.running.sweeps.grid import read_grid
from companion.running.sweeps.queues import asked_for, read_slurm
from companion.running.sweeps.results import SweepFolder, read_sweep

from .damage import DEEP_JSON, ODD_VALUES, as_json, damaged_bytes, damaged_value, outcome, write

ROOT = project_root()


def as_yaml(value: Any) -> bytes:
    return yaml.safe_dump(value, allow_unicode=False, sort_keys=False).encode()


def damaged(valid: Any, text: bytes | None = None) -> st.SearchStrategy[bytes]:
    """YAML with other values, or with other bytes."""
    return damaged_value(valid).map(as_yaml) | damaged_bytes(text or as_yaml(valid))


GRID = {
    "name": "toy",
    "about": "what it is",
    "job": "retrieval",
    "source": "miniature",
    "scale": "smoke",
    "settings": {"n_steps": 6},
    "blocks": [
        {
            "axes": {
                "subject": [1, 2],
                "encoder": "NICE",
                "space": "CLIP",
                "alignment": ["base", "human-aligned"],
                "protocol": "in-subject",
                "seed": [0, 1],
            }
        }
    ],
}


@given(content=damaged(GRID) | damaged_value(GRID).map(as_json))
def test_grids(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "toy.yaml", content)
    grid = outcome(lambda: read_grid(path), names="toy.yaml")
    if grid is not None:
        cells = outcome(
            grid.cells,
            names=[f"grid {grid.name}", "job", "import", "data folder", "miniature", "of the grid"],
            advice=False,
        )
        assert cells is None or (len({cell.key for cell in cells}) == len(cells) and cells)


def real_grid(name: str) -> bytes:
    return (ROOT / "book" / "grids" / f"{name}.yaml").read_bytes()


@pytest.mark.parametrize("name", ["small", "lesson", "alignments", "mappings"])
@given(data=st.data())
def test_grids_of_the_book(name: str, data: st.DataObject, tmp_path: Path) -> None:
    path = write(tmp_path / "toy.yaml", data.draw(damaged(yaml.safe_load(real_grid(name)), real_grid(name))))
    grid = outcome(lambda: read_grid(path), names="toy.yaml")
    if grid is not None and len(json.dumps(grid.model_dump(mode="json"))) < 5000:
        outcome(
            grid.cells,
            names=[f"grid {grid.name}", "job", "import", "miniature", "hapter", "of the grid"],
            advice=False,
        )


SLURM = {
    "jobs": 2,
    "cores": 4,
    "memory": "32GB",
    "walltime": "12:00:00",
    "queue": "gpu",
    "gpus": 1,
    "extra": ["-x"],
}


@given(content=damaged(SLURM))
def test_jobs_of_a_cluster(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "slurm.yaml", content)
    jobs = outcome(lambda: read_slurm(path), names="slurm.yaml")
    if jobs is not None:
        asked = asked_for(jobs)
        lines = [*asked["job_extra_directives"], asked["memory"], asked["walltime"], asked["queue"] or ""]
        assert not any("\n" in line for line in lines), "a line of the script's head became two"


CLAIM = yaml.safe_load((ROOT / "book" / "claims.yaml").read_text("utf-8"))[:3]


@given(content=damaged(CLAIM))
def test_claims(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "claims.yaml", content)
    claims = outcome(lambda: load_claims(path), names="claims.yaml")
    if claims is not None:
        assert all(isinstance(line, str) for line in [*missing_results(claims, {}), *unmatched(claims, [])])
        assert len({claim.id for claim in claims}) == len(claims)


@given(value=ODD_VALUES, relation=st.sampled_from(["==", "<", ">=", "within"]), found=ODD_VALUES)
def test_a_claim_is_judged_or_refused_whatever_was_recorded(value: Any, relation: str, found: Any) -> None:
    told = {"result": "a::b", "relation": relation, "value": value}
    told |= {"margin": 1.0} if relation == "within" else {}
    try:
        claim = Claim.model_validate(
            CLAIM[0] | {"checks": [told], "compared": [], "note": None, "untestable": None}
        )
    except ValueError:
        return  # refused when the file is read
    if isinstance(found, bool | int | float | str):
        judged = outcome(lambda: claim.outcome({"a": {"b": found}}), names="a::b")
        assert judged in (None, "holds", "contradicted", "inconclusive")


FRONT = {
    "jupytext": {"text_representation": {"extension": ".md", "format_name": "myst"}},
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "companion": {
        "needs": ["images92-cichy"],
        "reads": ["published/a.csv"],
        "world": ["god"],
        "official": ["god"],
        "claims": ["HA-1"],
        "core_seconds": 20,
        "last": False,
        "paper": {"seeds": [0, 1]},
        "teaching": {"objectives": ["see"], "prerequisites": ["ruler"], "minutes": {"part": 5}},
    },
}
BODY = b"---\n(toy)=\n# Toy\n\n(part)=\n## Part\n"


@given(front=damaged(FRONT), body=st.just(BODY) | damaged_bytes(BODY))
def test_front_matter_of_chapters(front: bytes, body: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "book" / "toy.md", b"---\n" + front + body)
    chapter = outcome(lambda: read_chapter(path), names="toy.md")
    if chapter is not None:
        assert chapter.title
        assert chapter.core_seconds >= 0
        json.dumps(dict(chapter.paper), default=str)


TOC = {
    "format": "jb-book",
    "root": "book/index",
    "parts": [{"caption": "A", "chapters": [{"file": "book/a"}]}],
}
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
RECORD = json.loads((ROOT / "book" / "records" / "lesson-N1.json").read_text("utf-8"))
SMALL_RECORD = {
    "made": RECORD["made"],
    "outcomes": dict(list(RECORD["outcomes"].items())[:3]),
    "results": {"ruler": {"a": [0.5, 0.1, "seed spread"], "b": ["yes", 0.0, "exact"], "c": [3, 0, "exact"]}},
}
BENCHMARKS = json.loads((ROOT / "benchmarks" / "record.json").read_text("utf-8"))
SMALL_BENCHMARKS = BENCHMARKS | {
    "parts": {name: {**part, "rows": part["rows"][:1]} for name, part in BENCHMARKS["parts"].items()}
}
OF_A_PROJECT: dict[str, tuple[Any, Callable[[Any], bytes], Callable[[], object]]] = {
    "_toc.yml": (TOC, as_yaml, toc_pages),
    "CITATION.cff": (CITATION, as_yaml, bibtex),
    "benchmarks/record.json": (SMALL_BENCHMARKS, as_json, benchmark_page),
}


@pytest.mark.parametrize("name", OF_A_PROJECT)
@given(data=st.data())
def test_files_at_fixed_places(name: str, data: st.DataObject, tmp_path: Path) -> None:
    valid, form, read = OF_A_PROJECT[name]
    content = data.draw(
        damaged_value(valid).map(form) | damaged_bytes(form(valid)) | st.sampled_from(DEEP_JSON)
    )
    write(tmp_path / "data_manifest.yaml", b"")
    write(tmp_path / "book" / "index.md", b"")
    write(tmp_path / name, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANION_PROJECT", str(tmp_path))
        found = outcome(read, names=name.rpartition("/")[2])
    assert found is None or isinstance(found, str | list)


def test_files_at_fixed_places_as_they_are() -> None:
    for _, _, read in OF_A_PROJECT.values():
        assert read()


@given(
    content=damaged_value(SMALL_RECORD).map(as_json)
    | damaged_bytes(as_json(SMALL_RECORD))
    | st.sampled_from(DEEP_JSON)
)
def test_records_of_what_the_book_found(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "lesson.json", content)
    record = outcome(lambda: read_record(path), names="lesson.json")
    if record is not None:
        moved = compare_results(record, {"ruler": {"a": 0.5, "b": "yes", "c": 3}})
        moved += compare_outcomes(record, {"HA-1": "holds"})
        assert all(str(one) for one in moved)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "book" / "records").glob("*.json")))
def test_records_of_the_book_are_read(name: str) -> None:
    assert read_record(ROOT / "book" / "records" / name).outcomes


@given(
    cells=st.none() | damaged_value({"cells": ["a", "b"]}).map(as_json) | st.sampled_from(DEEP_JSON),
    note=damaged_value({"cell": "b", "error": "e", "trace": "t"}).map(as_json) | st.sampled_from(DEEP_JSON),
    file=st.binary(max_size=40),
)
def test_what_a_sweep_left(cells: bytes | None, note: bytes, file: bytes, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANION_DATA", str(tmp_path))
        folder = SweepFolder.named("toy")
        folder.declare({"name": "toy"}, ["a", "b"])
        if cells is not None:
            write(folder.path / "cells.json", cells)
        write(folder.file("a"), file)
        write(folder.note("b"), note)
        assert outcome(lambda: read_sweep("toy"), names=["sweeps", "a.parquet"]) is None
        assert folder.failure("b").error


@pytest.mark.parametrize("name", ["", "..", "../../x", "/etc", "a/b", "A", "x\n", "-x"])
def test_names_of_sweeps_that_are_none(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    assert outcome(lambda: read_sweep(name), names=["sweep"]) is None


ANSWERS = (
    ODD_VALUES
    | st.just(...)
    | arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(min_dims=0, max_dims=2, max_side=3))
    | st.sampled_from(
        [[[1], [1, 2]], {1, 2}, object(), print, lambda: 3, np.array([1, None]), range(3), b"x", 1j]
    )
)


@given(answer=ANSWERS, right=st.sampled_from([3, 2.5, True, "cat", {"a"}, [1, 2], np.eye(2), ["a", "b"]]))
def test_whatever_a_learner_answers_gets_a_sentence(
    answer: Any, right: Any, capsys: pytest.CaptureFixture
) -> None:
    check(answer, right, hint="count again")
    assert capsys.readouterr().out.startswith(("Right.", "Not yet.", "Not answered yet"))


@given(
    guess=ANSWERS, found=st.sampled_from([28.4, 3, True, "cat"]), template=st.sampled_from(["{}", "{:.1f} %"])
)
def test_whatever_a_learner_predicts_is_held_against_the_result(
    guess: Any, found: Any, template: str, capsys: pytest.CaptureFixture
) -> None:
    if isinstance(found, str) and template != "{}":
        return

    class Chapter:
        results: ClassVar = {"key": found}

    reveal(Chapter(), guess, "key", template)  # type: ignore[arg-type]
    assert "This run found" in capsys.readouterr().out
