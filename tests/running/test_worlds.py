"""Chapters that use recordings: refused where these are absent, marked where they are simulated."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from companion.errors import ChapterError, MissingDataError
from companion.loading.sources import RECORD, miniature_folder, recordings_folder
from companion.running.build import build_book
from companion.running.chapters import choose
from companion.running.session import PRINTED_MARK, TABLE_MARK
from companion.running.worlds import FIGURE_MARK, World, mark_simulated, recordings, world_of

from .conftest import FIRST, TinyBook, outcomes, page_text, run_all

PARAMETERS = """n_resamples: int = 10  # how many
source: str = "miniature"  # whose recordings
scale: str = "smoke"  # how large
null: str = "N1"  # which null, where source is null
"""


@pytest.fixture
def world_book(tiny: TinyBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyBook:
    """The tiny book with a first chapter that uses recordings."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    tiny.write_chapter("first", FIRST, "{world: [god]}")
    path = tiny.root / "book/first.md"
    path.write_text(
        path.read_text("utf-8").replace("n_resamples: int = 10  # how many\n", PARAMETERS), "utf-8"
    )
    return tiny


def make(null: str | None = None, content: str = "{}") -> Path:
    folder = miniature_folder("god", scale="smoke", null=null)  # type: ignore[arg-type]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).write_text(content, "utf-8")
    return folder


def test_recordings_that_were_not_made_are_refused_before_anything_runs(world_book: TinyBook) -> None:
    with pytest.raises(MissingDataError, match="companion data simulate god --scale smoke"):
        run_all(world_book)
    assert not world_book.layout.build.exists() or not list(world_book.layout.build.glob("results/*"))
    with pytest.raises(MissingDataError, match="companion data simulate god --scale smoke --null N1"):
        run_all(world_book, {"source": "null", "null": "N1"})


def test_a_chapter_runs_again_when_its_recordings_changed(world_book: TinyBook) -> None:
    make()
    assert outcomes(run_all(world_book))["first"] == "ran"
    assert outcomes(run_all(world_book))["first"] == "unchanged"
    make(content=json.dumps({"gap": 0.1}))
    assert outcomes(run_all(world_book))["first"] == "ran"


def test_every_figure_and_table_of_a_simulated_page_says_so(world_book: TinyBook) -> None:
    make()
    run_all(world_book)
    build_book(world_book.layout)
    first, second = page_text(world_book, "first"), page_text(world_book, "second")
    assert "Nobody was measured for this page" in first
    assert first.count(FIGURE_MARK) == 2  # one figure, one table
    assert "Nobody was measured" not in second
    assert FIGURE_MARK not in second


def test_a_table_of_numbers_from_print_is_not_called_simulated() -> None:
    tables = [
        nbformat.v4.new_output(
            "display_data", metadata={TABLE_MARK: "```{table} A\nrest", PRINTED_MARK: printed}
        )
        for printed in (False, True)
    ]
    title = nbformat.v4.new_markdown_cell("# Title")
    notebook = nbformat.v4.new_notebook(cells=[title, nbformat.v4.new_code_cell("", outputs=tables)])
    mark_simulated(notebook, World("miniature", "lesson", "N1", None))
    assert tables[0].metadata[TABLE_MARK] == f"```{{table}} A. {FIGURE_MARK}\nrest"
    assert tables[1].metadata[TABLE_MARK] == "```{table} A\nrest"


def test_an_explorer_is_marked_in_the_caption_of_its_figure() -> None:
    shown = nbformat.v4.new_output("display_data", data={"text/html": "<div></div>", "text/plain": "a"})
    cell = nbformat.v4.new_code_cell("chapter.explorer(...)", outputs=[shown])
    cell.metadata["mystnb"] = {"figure": {"name": "fig-a", "caption": "Interactive: all of them."}}
    title = nbformat.v4.new_markdown_cell("# Title")
    mark_simulated(nbformat.v4.new_notebook(cells=[title, cell]), World("miniature", "lesson", "N1", None))
    assert cell.metadata["mystnb"]["figure"]["caption"] == f"Interactive: all of them. {FIGURE_MARK}"


def test_official_recordings_are_not_marked_and_nulls_lie_apart(world_book: TinyBook) -> None:
    [chapter] = choose(["first"])
    make()
    make("N2", content='{"null": "N2"}')
    world = world_of(chapter, {"source": "official"})
    assert world is not None
    assert not world.simulated
    own = recordings(chapter, {})
    null = recordings(chapter, {"source": "null", "null": "N2"})
    assert list(own) == ["miniature/smoke/world/god/world.json"]
    assert list(null) == ["miniature/smoke/N2/god/world.json"]
    assert list(own.values()) != list(null.values())
    inert = recordings_folder("god", source="null", scale="smoke", null="N0")
    assert inert == recordings_folder("god", source="miniature", scale="smoke")


def test_a_chapter_without_the_three_parameters_is_refused(world_book: TinyBook) -> None:
    world_book.write_chapter("second", FIRST.replace("fig-line", "fig-b"), "{world: [god]}")
    [chapter] = choose(["second"])
    with pytest.raises(ChapterError, match="source, scale, null"):
        world_of(chapter, {})


def test_simulated_files_in_the_place_of_official_ones_are_marked(
    world_book: TinyBook,
) -> None:
    """The files carry the marker; the chapter records what its loaders found."""
    path = world_book.root / "book/first.md"
    path.write_text(path.read_text("utf-8").replace("world: [god]", "world: [judges]"), "utf-8")
    assert outcomes(run_all(world_book, {"source": "official"}))["first"] == "ran"
    build_book(world_book.layout)
    assert "Nobody was measured" not in page_text(world_book, "first")
    told = 'chapter.record("simulated", True)\nchapter.record("value"'
    path.write_text(path.read_text("utf-8").replace('chapter.record("value"', told), "utf-8")
    assert outcomes(run_all(world_book, {"source": "official"}))["first"] == "ran"
    build_book(world_book.layout)
    assert "carry the mark of simulated ones" in page_text(world_book, "first")


def test_a_run_needs_the_parts_of_its_modalities_only(world_book: TinyBook) -> None:
    path = world_book.root / "book/first.md"
    text = path.read_text("utf-8").replace("world: [god]", "world: [god, things-eeg2, judges]")
    path.write_text(
        text.replace("n_resamples", 'modalities: list = ["fMRI"]  # which\nn_resamples', 1), "utf-8"
    )
    [chapter] = choose(["first"])
    everything = world_of(chapter, {"modalities": ["fMRI", "EEG"]})
    fmri, official = world_of(chapter, {}), world_of(chapter, {"source": "official"})
    assert everything
    assert fmri
    assert official
    assert [everything.uses(part) for part in chapter.world] == [True, True, True]
    assert [fmri.uses(part) for part in chapter.world] == [True, False, True]
    assert [official.uses(part) for part in chapter.world] == [True, False, False]
