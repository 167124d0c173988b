from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from companion.errors import ChapterError
from companion.project import project_root
from companion.running.landing import bibtex, complete_index
from companion.running.layout import Layout

INDEX = """# First

Found by {glue:text}`ruler.md::n:d` people, %%recordings ruler.

%%figure ruler::fig-a

Numbers of {glue:text}`targets.md::n:d` and {ref}`targets`.

%%figure targets::fig-b

%%bibtex
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A stage on which `ruler` was computed and `targets` was not."""
    layout = Layout(tmp_path)
    shown = {"figure": {"name": "fig-a", "caption": "What was drawn."}, "image": {"alt": "A line."}}
    cell = nbformat.v4.new_code_cell("draw()", metadata={"mystnb": shown})
    folder = layout.stage / "book"
    folder.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "ruler.ipynb")
    (folder / "index.md").write_text(INDEX)
    layout.figures("ruler").mkdir(parents=True)
    (layout.figures("ruler") / "fig-a.png").write_bytes(b"picture")
    return layout


def completed(layout: Layout) -> str:
    complete_index(layout)
    return (layout.stage / "book/index.md").read_text()


def test_a_figure_is_shown_again_with_caption_alternative_text_and_link(layout: Layout) -> None:
    text = completed(layout)
    assert (
        "```{figure} shown_again/fig-a.png\n:alt: A line.\n\nWhat was drawn. From {ref}`ruler`.\n```" in text
    )
    assert (layout.stage / "book/shown_again/fig-a.png").read_bytes() == b"picture"


def test_what_was_not_computed_is_said_and_no_number_of_it_is_asked_for(layout: Layout) -> None:
    text = completed(layout)
    assert text.count("Not computed in this copy of the book: {ref}`targets`") == 2
    assert "targets.md::" not in text
    assert "{glue:text}`ruler.md::n:d`" in text


def test_recordings_are_called_simulated_where_the_chapter_carries_the_mark(layout: Layout) -> None:
    assert "people, official recordings." in completed(layout)
    path = layout.stage / "book/ruler.ipynb"
    path.write_text(path.read_text().replace("What was drawn.", "What was drawn. Simulated data."))
    (layout.stage / "book/index.md").write_text(INDEX)
    text = completed(layout)
    assert "people, simulated recordings." in text
    assert "What was drawn. Simulated data. From" in text


def test_a_figure_that_its_chapter_does_not_make_is_an_error(layout: Layout) -> None:
    (layout.stage / "book/index.md").write_text("%%figure ruler::fig-c\n")
    with pytest.raises(ChapterError, match=r"fig-c in book/ruler\.md"):
        complete_index(layout)


def test_the_entry_for_a_bibliography_follows_the_citation_file(layout: Layout) -> None:
    entry = bibtex()
    assert entry.startswith("@software{")
    assert "{The visual decoding companion authors}" in entry
    assert entry in completed(layout)


def test_the_first_page_leaves_nothing_to_be_completed_but_what_is_known() -> None:
    text = (project_root() / "book/index.md").read_text("utf-8")
    asked = {line.split()[0] for line in text.splitlines() if line.startswith("%%")}
    assert asked == {"%%figure", "%%bibtex"}
    assert text.count("%%figure") == 3
