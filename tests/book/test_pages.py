"""What every page of the book owes its reader."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from companion.loading.manifest import load_manifest
from companion.project import project_root
from companion.running.chapters import Chapter, all_chapters
from companion.running.parameters import declared_parameters
from companion.running.worlds import FIGURE_MARK

from .conftest import SmokeBook

FIGURE_CELL = re.compile(r"```\{code-cell\}[^\n]*\n---\n(?P<meta>.*?)\n---\n(?P<code>.*?)```", re.DOTALL)
CHAPTERS = list(all_chapters().values())


class Pictures(HTMLParser):
    """Collects the alternative texts of a page's figures, its explorers, and what it loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str | None] = []
        self.explorers: list[str | None] = []
        self.remote: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.depth += tag == "figure"
        if values.get("class") == "explorer":
            self.explorers.append(values.get("aria-label"))
        if tag == "img" and self.depth and not (values.get("src") or "").startswith("data:"):
            self.alts.append(values.get("alt"))
        address = values.get("href") if tag == "link" else values.get("src")
        if address and address.startswith(("http:", "https:", "//")):
            self.remote.append(address)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "figure"


def read(page: str) -> Pictures:
    pictures = Pictures()
    pictures.feed(page)
    return pictures


def test_chapters_have_figures_with_caption_number_and_alternative_text(smoke_book: SmokeBook) -> None:
    for chapter in CHAPTERS:
        page = smoke_book.pages[chapter.name]
        pictures = read(page)
        alts = [*pictures.alts, *pictures.explorers]
        assert len(pictures.alts) >= (2 if chapter.last else 5)  # the scorecard has two, and tables
        for alt in alts:
            assert alt
            assert len(alt) > 40
            assert not alt.startswith("_images")
        assert page.count('<span class="caption-number">Fig. ') == len(alts)
        assert page.count('<span class="caption-number">Table ') >= 3
        assert "bibtex-citation" in page


def test_simulated_pages_say_so_at_their_top_in_every_figure_and_table(smoke_book: SmokeBook) -> None:
    for chapter in CHAPTERS:
        page = smoke_book.pages[chapter.name]
        title = page.rindex("<h1>")  # the first one is for print
        first_section = page.index("<h2>", title)
        said = page.find("Nobody was measured for this page")
        if not chapter.world and not smoke_book.results[chapter.name].get("simulated"):
            assert said == -1
            assert FIGURE_MARK not in page
            continue
        assert title < said < first_section
        numbered = len(re.findall(r'<span class="caption-number">(?!Exercise|Solution)', page))
        captions = re.findall(r'<span class="caption-text">(.*?)</span>', page, re.DOTALL)
        from_print = [caption for caption in captions if caption.startswith("Printed elsewhere")]
        assert not [caption for caption in from_print if FIGURE_MARK in caption]
        assert len(from_print) == chapter.text.count("printed=True")
        assert page.count(FIGURE_MARK) == numbered - len(from_print) >= 5


def test_no_page_names_this_machine_or_loads_from_elsewhere(smoke_book: SmokeBook) -> None:
    private = {str(project_root()), str(Path.home()), str(smoke_book.layout.build)}
    for path in smoke_book.layout.html.rglob("*"):
        if path.suffix in {".html", ".ipynb", ".json", ".js", ".md"} and path.is_file():
            text = path.read_text("utf-8", errors="replace")
            assert not [name for name in private if len(name) > 5 and name in text], path.name
    for name, page in smoke_book.pages.items():
        assert not read(page).remote, name


def test_every_reference_and_number_was_resolved(smoke_book: SmokeBook) -> None:
    for name, page in smoke_book.pages.items():
        page = re.sub(r'<div class="highlight-ipython3.*?</pre>', "", page, flags=re.DOTALL)
        text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
        assert "glue:" not in text, name
        if not name.startswith("api"):  # where examples may show what a function returns
            assert not re.search(r"\bnan\b|\[\?\]|np\.float", text), name


def test_the_bibliography_lists_what_the_chapters_cite(smoke_book: SmokeBook) -> None:
    cited = {
        key.strip()
        for chapter in CHAPTERS
        for group in re.findall(r"\{cite:[pt]\}`([^`]+)`", chapter.text)
        for key in group.split(",")
    }
    shown = smoke_book.pages["bibliography"].count('class="citation"')
    assert shown >= len(cited) >= 5


def test_the_provenance_page_covers_every_chapter(smoke_book: SmokeBook) -> None:
    page = re.sub(r"<[^>]+>", "", smoke_book.pages["provenance"])
    for chapter in CHAPTERS:
        assert chapter.title in page
        closing = re.sub(r"<[^>]+>", "", smoke_book.pages[chapter.name])
        assert "How this page was made" in closing
        for name in declared_parameters(chapter):
            assert name in closing


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
class TestSource:
    """Rules that can be read off a chapter's source."""

    def test_every_figure_cell_has_caption_name_and_alternative_text(self, chapter: Chapter) -> None:
        cells = [found for found in FIGURE_CELL.finditer(chapter.text) if "chapter.figure(" in found["code"]]
        assert len(cells) == chapter.text.count("chapter.figure(")
        for cell in cells:
            name = re.search(r'chapter\.figure\(.*"(fig-[a-z0-9-]+)",?\s*\)\s*$', cell["code"], re.DOTALL)[1]
            assert f"name: {name}," in cell["meta"]
            assert re.search(r"caption: \"[^\"]{20,}", cell["meta"])
            assert re.search(r"alt: \"[^\"]{40,}", cell["meta"])

    def test_every_explorer_stands_in_a_figure_with_caption_and_name(self, chapter: Chapter) -> None:
        cells = [
            found for found in FIGURE_CELL.finditer(chapter.text) if "chapter.explorer(" in found["code"]
        ]
        assert len(cells) == chapter.text.count("chapter.explorer(")
        for cell in cells:
            name = re.search(r'chapter\.explorer\(.*"(fig-[a-z0-9-]+)",?\s*\)\s*$', cell["code"], re.DOTALL)[
                1
            ]
            assert f"name: {name}," in cell["meta"]
            assert re.search(r"caption: \"[^\"]{20,}", cell["meta"])

    def test_every_parameter_is_one_line_with_type_and_meaning(self, chapter: Chapter) -> None:
        cell = re.search(r":tags: \[parameters\]\n(.*?)```", chapter.text, re.DOTALL)[1].strip()
        parameters = declared_parameters(chapter)
        assert len(parameters) == len(cell.splitlines())
        for kind, default, meaning in parameters.values():
            assert kind in {"int", "float", "str", "bool", "list"}
            assert default
            assert meaning

    def test_references_to_other_pages_use_section_labels(self, chapter: Chapter) -> None:
        own = set(re.findall(r"name: ((?:fig|tab)-[a-z0-9-]+)", chapter.text))
        own |= set(re.findall(r'"(tab-[a-z0-9-]+)"', chapter.text))
        assert set(re.findall(r"\{numref\}`([^`]+)`", chapter.text)) <= own

    def test_declared_needs_agree_with_the_manifest(self, chapter: Chapter) -> None:
        manifest = {entry.id for entry in load_manifest().entries if chapter.name in entry.chapters}
        fetched = {entry.id for entry in load_manifest().entries if entry.fetched_with_the_book}
        assert set(chapter.needs) == manifest & fetched

    def test_the_files_it_reads_are_declared(self, chapter: Chapter) -> None:
        used = set(re.findall(r'published(?:_scores)?\("([a-z0-9_]+)"\)', chapter.text))
        assert {f"published/{name}.csv" for name in used} <= set(chapter.reads)
        assert all((project_root() / "book" / name).is_file() for name in chapter.reads)
