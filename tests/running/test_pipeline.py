"""Chapters become pages: run, skip, render."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from companion.errors import CompanionError
from companion.running import build, scorecard
from companion.running.build import build_book
from companion.running.chapters import all_chapters, choose
from companion.running.freshness import is_fresh
from companion.running.layout import Layout, read_json, read_sealed, sha256, write_sealed
from companion.running.schedule import run_chapters
from companion.running.verdicts import Verdict

from .conftest import FIRST, SECOND, TinyBook, outcomes, page_text, run_all


def test_a_book_from_sources_to_pages(built: TinyBook, built_once: Path) -> None:
    text = page_text(built, "first")
    assert built.layout.index.is_file()
    assert "The value is 2.5, see Fig. 1.1, Table 1.1 and A part" in text
    assert "A line through 2.5." in text
    assert "Two rows of 10." in text
    assert "How this page was made" in text
    assert 'alt="A straight line."' in (built.layout.html / "book/first.html").read_text("utf-8")
    assert read_json(built.layout.results("first")) == {"value": 2.5}
    assert (built.layout.figures("first") / "fig-line.svg").is_file()
    for html in built.layout.html.rglob("*.html"):
        assert str(built_once) not in html.read_text("utf-8"), f"machine path in {html.name}"


def test_unchanged_chapters_and_pages_are_left_alone(built: TinyBook) -> None:
    before = built.layout.index.stat().st_mtime_ns
    assert outcomes(run_all(built)) == {"first": "unchanged", "second": "unchanged"}
    build_book(built.layout)
    assert built.layout.index.stat().st_mtime_ns == before


def test_a_forced_run_gives_the_same_bytes(built: TinyBook) -> None:
    before = {name: sha256(built.layout.notebook(name)) for name in ("first", "second")}
    figure = sha256(built.layout.figures("first") / "fig-line.svg")
    assert outcomes(run_all(built, force=True)) == {"first": "ran", "second": "ran"}
    assert {name: sha256(built.layout.notebook(name)) for name in before} == before
    assert sha256(built.layout.figures("first") / "fig-line.svg") == figure


def test_the_longest_chapter_starts_first(tiny: TinyBook) -> None:
    tiny.write_chapter("third", SECOND.replace("second", "third"), "{core_seconds: 500}")
    said: list[str] = []
    run_chapters(choose([]), {}, tiny.layout, jobs=1, say=said.append)
    assert [line.partition(":")[0] for line in said if ": ran" in line] == ["third", "first", "second"]


def change_text(tiny: TinyBook) -> None:
    path = tiny.root / "book/first.md"
    path.write_text(path.read_text("utf-8") + "\nMore.\n", "utf-8")


def change_a_module(tiny: TinyBook) -> None:
    record = read_sealed(tiny.layout.record("first"))
    assert record is not None
    modules = record["fingerprint"]["modules"]
    assert "companion.running.session" in modules
    assert "companion.running.stage" not in modules
    modules["companion.running.session"] = "checksum of an older version"
    write_sealed(tiny.layout.record("first"), record)


def change_a_byte_of_the_record(tiny: TinyBook) -> None:
    """What a page says of the machine would else be wrong, and nobody would know."""
    path = tiny.layout.record("first")
    text = path.read_text("utf-8")
    assert text.count('"device": "CPU"') == 1
    path.write_text(text.replace('"device": "CPU"', '"device": "CPV"'), "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        change_text,
        change_a_module,
        change_a_byte_of_the_record,
        lambda tiny: (tiny.root / "requirements.lock").write_text("numpy==2\n"),
        lambda tiny: (tiny.root / "book/numbers.csv").write_text("a\n2\n"),
        lambda tiny: tiny.layout.notebook("first").write_text("{}"),
        lambda tiny: tiny.layout.results("first").unlink(),
        lambda tiny: (tiny.layout.figures("first") / "fig-line.png").unlink(),
        lambda tiny: tiny.layout.record("first").write_text('{"fingerprint": '),
    ],
)
def test_what_a_chapter_depends_on_makes_it_stale(built: TinyBook, change: Any) -> None:
    chapter = all_chapters()["first"]
    assert is_fresh(chapter, {}, built.layout)
    assert not is_fresh(chapter, {"n_resamples": 8}, built.layout)
    change(built)
    assert not is_fresh(all_chapters()["first"], {}, built.layout)


def test_pages_that_were_changed_or_lost_are_rendered_anew(
    built: TinyBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = built.layout.html / "book" / "first.html"
    good = page.read_bytes()

    def render(layout: Layout) -> Path:
        work = layout.pages / "rendering"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(layout.html, work)
        (work / "book" / "first.html").write_bytes(good)
        return work

    monkeypatch.setattr(build, "_render", render)
    for damage in (lambda: page.write_bytes(good[:-1]), page.unlink):
        damage()
        build_book(built.layout)
        assert page.read_bytes() == good
    assert not list(built.layout.pages.glob("*.old"))


def test_a_parameter_reaches_the_chapter_and_its_page(built: TinyBook) -> None:
    run_all(built, {"n_resamples": 40})
    build_book(built.layout)
    assert read_json(built.layout.results("first")) == {"value": 10.0}
    assert "Two rows of 40." in page_text(built, "first")


def test_a_warning_of_the_renderer_fails_the_build(built: TinyBook) -> None:
    path = built.root / "book/index.md"
    path.write_text(path.read_text("utf-8") + "\nSee {ref}`no-such-label`.\n", "utf-8")
    with pytest.raises(CompanionError, match="no-such-label"):
        build_book(built.layout)
    assert built.layout.index.exists(), "the last good pages stay"


def test_missing_data_give_a_page_that_says_so(built: TinyBook, tmp_path: Path) -> None:
    body = "(second-part)=\n## A part\n\n```{code-cell} ipython3\nchapter.record('x', 1)\n```\n"
    built.write_chapter("second", body, "{needs: [small-file]}")
    assert outcomes(run_all(built)) == {"first": "unchanged", "second": "data missing"}
    build_book(built.layout)
    text = page_text(built, "second")
    for words in (
        "Not computed in this copy",
        "A small &lt;b&gt;file&lt;/b&gt;",
        "companion data fetch small-file",
        "CC0 1.0",
    ):
        assert words in text
    assert 'id="second-part"' in (built.layout.html / "book/second.html").read_text("utf-8")
    folder = tmp_path / "data" / "small-file"
    folder.mkdir(parents=True)
    (folder / "small.txt").write_text("six!\n\n")
    with pytest.raises(CompanionError, match="wrong size"):
        run_all(built)
    (folder / "small.txt").write_text("five\n")
    assert outcomes(run_all(built)) == {"first": "unchanged", "second": "ran"}


def test_a_claim_without_its_result_fails_the_build(built: TinyBook) -> None:
    claim = (
        "- {id: HA-1, paper: human-aligned, place: Table 1, statement: s, printed: '1', needs: none, "
        "put_in_by_world: false, evidence: printed numbers, section: first, "
        "checks: [{result: 'first::valu', relation: '>', value: 1}]}\n"
    )
    path = built.root / "book/claims.yaml"
    path.write_text(claim)
    with pytest.raises(CompanionError, match="HA-1 reads first::valu"):
        build_book(built.layout)
    path.write_text(claim.replace("valu'", "value'"))
    with pytest.raises(CompanionError, match="HA-1 reads results of first, which does not name it"):
        build_book(built.layout)
    built.write_chapter("first", FIRST, "{reads: [numbers.csv], claims: [HA-1]}")
    run_all(built)
    build_book(built.layout)
    copy = json.loads((built.layout.stage / "book/scorecard.json").read_text("utf-8"))
    assert [(one["id"], one["outcome"]) for one in copy["claims"]] == [("HA-1", "holds")]
    path.write_text("[]\n")
    with pytest.raises(CompanionError, match="first names HA-1, which reads none of its results"):
        build_book(built.layout)


def test_a_verdict_without_a_licence_fails_the_build(
    built: TinyBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    (built.root / "book/claims.yaml").write_text(
        "- {id: HA-1, paper: human-aligned, place: Table 1, statement: s, printed: '1', needs: none, "
        "put_in_by_world: false, evidence: printed numbers, section: first, "
        "checks: [{result: 'first::value', relation: '>', value: 1}]}\n"
    )
    built.write_chapter("first", FIRST, "{reads: [numbers.csv], claims: [HA-1]}")
    run_all(built)
    monkeypatch.setattr(
        scorecard, "judge", lambda claim, *_: Verdict(claim, "printed numbers", "holds", "reproduced", "2")
    )
    with pytest.raises(CompanionError, match="says 'reproduced'"):
        build_book(built.layout)


LAST = """
```{code-cell} ipython3
from companion.running.layout import read_json
from companion.running.scorecard import this_layout

chapter.record("seen", read_json(this_layout().results("first"))["value"])
```
"""


def test_a_chapter_that_reads_the_others_runs_after_them_and_again_when_they_change(
    tiny: TinyBook, tmp_path: Path
) -> None:
    tiny.write_chapter("alast", LAST, "{last: true, core_seconds: 999}")
    assert outcomes(run_all(tiny)) == {"alast": "ran", "first": "ran", "second": "ran"}
    assert outcomes(run_all(tiny)) == {"alast": "unchanged", "first": "unchanged", "second": "unchanged"}
    seen = read_json(tiny.layout.results("alast"))["seen"]
    assert outcomes(run_all(tiny, {"n_resamples": 7})) == {"alast": "ran", "first": "ran", "second": "ran"}
    assert read_json(tiny.layout.results("alast"))["seen"] != seen
    (folder := tmp_path / "data" / "small-file").mkdir(parents=True)
    (folder / "small.txt").write_text("five\n")
    tiny.write_chapter(
        "second", "\n```{code-cell} ipython3\nchapter.record('x', 1)\n```\n", "{needs: [small-file]}"
    )
    assert outcomes(run_all(tiny))["alast"] == "ran"
    (folder / "small.txt").unlink()
    assert outcomes(run_all(tiny)) == {"alast": "ran", "first": "unchanged", "second": "data missing"}
    tiny.write_chapter("second", "\n```{code-cell} ipython3\n1 / 0\n```\n")
    assert outcomes(run_all(tiny))["alast"] == "failed"
