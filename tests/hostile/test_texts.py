"""Texts from files on their way to a page: what MyST makes of them is the text, letter by letter."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from companion.figures.explorers.box import Explorer, message
from companion.figures.explorers.dots import Row, track
from companion.loading.entries import Entry, Manifest
from companion.project import project_root
from companion.running.browser.binding import front
from companion.running.chapters import Chapter
from companion.running.pages import data_page, footer
from companion.running.stubs import stub_page
from companion.running.tables import table_lines
from companion.running.wording import as_code, one_line, plain
from companion.running.workshop.leaflets import data_page as leaflet
from companion.running.workshop.plain import Plain

from .names import HOSTILE

CONFIG = yaml.safe_load((project_root() / "_config.yml").read_text("utf-8"))
OWN = {"p", "table", "thead", "tbody", "tr", "th", "td", "code", "ul", "li", "h1", "h2", "strong", "em", "a"}


class Reader(HTMLParser):
    """Text of each element that counts, and all tags."""

    def __init__(self, element: str) -> None:
        super().__init__(convert_charrefs=True)
        self.element, self.open = element, False
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == self.element:
            self.open = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag != self.element

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[-1] += data


def read(page: str, element: str) -> Reader:
    reader = Reader(element)
    reader.feed(page)
    return reader


def rendered(markdown: str, element: str = "td") -> Reader:
    """What the parser of the book makes of a page, with the extensions that the book switches on."""
    extensions = set(CONFIG["parse"]["myst_enable_extensions"])
    parser = create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)
    reader = read(parser.render(markdown), element)
    assert {tag for tag, _ in reader.tags} <= OWN, reader.tags
    assert not [one for one in reader.tags if set(one[1]) - {"style", "class", "href"}]
    assert not [one for tag, one in reader.tags if tag == "a"]
    return reader


def shown(text: str) -> str:
    """What a reader should see: blanks in place of what is no letter."""
    return " ".join(one_line(text).split())


def test_no_template_is_filled_in() -> None:
    """Substitutions are templates of Jinja, which run what stands in them."""
    assert "substitution" not in CONFIG["parse"]["myst_enable_extensions"]
    assert "html_admonition" not in CONFIG["parse"]["myst_enable_extensions"]


@pytest.mark.parametrize("text", HOSTILE)
class TestLetterByLetter:
    def test_in_a_cell_of_a_table(self, text: str) -> None:
        frame = pd.DataFrame({"name": [text], text: ["one"], "n": [1]})
        lines = table_lines(frame, {})
        assert len(lines) == 3
        reader = rendered("\n".join(lines))
        assert [" ".join(cell.split()) for cell in reader.texts] == [shown(text), "one", "1"]
        heads = rendered("\n".join(lines), "th").texts
        assert [" ".join(head.split()) for head in heads] == ["name", shown(text), "n"]

    def test_in_a_sentence(self, text: str) -> None:
        [found] = rendered(f"It is {plain(text)}, they say.", "p").texts
        assert " ".join(found.split()) == f"It is {shown(text)}, they say."

    def test_as_code_in_a_table(self, text: str) -> None:
        reader = rendered("\n".join(["| a | b |", "|:--|:--|", f"| {as_code(text)} | c |"]))
        assert [" ".join(cell.split()) for cell in reader.texts] == [shown(text), "c"]

    def test_in_a_notebook_of_a_workshop(self, text: str) -> None:
        said = Plain({"a": {"name": text}}, {}, {}).text("It is {glue:text}`name`.", "a")
        [found] = rendered(said, "p").texts
        assert " ".join(found.split()) == f"It is {shown(text)}."

    def test_in_an_explorer(self, text: str) -> None:
        own = [
            message(text),
            Explorer(text, "<p>3</p>", {text: text}, "", text),
            Explorer("a", track(Row(text, "c", "red", "red", (0.0, 1.0), 0.5), [], "1%", "1"), {}, "", "a"),
        ]
        for explorer in own:
            reader = read(explorer.html("fig-a"), "div")
            assert {tag for tag, _ in reader.tags} <= {
                "div", "style", "p", "noscript", "script", "svg", "line", "circle"
            }  # fmt: skip
            assert sum(tag == "script" for tag, _ in reader.tags) == 2
            assert not [one for _, one in reader.tags if any(name.startswith("on") for name in one)]
        assert own[1].html("fig-a").count("</script") == 2

    def test_on_the_front_of_the_pdf(self, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        cited = dict.fromkeys(("title", "version", "date-released", "license"), text)
        monkeypatch.setattr(
            "companion.running.browser.binding.citation", lambda: {**cited, "authors": [{"name": text}]}
        )
        leaf = type("Sheets", (), {"n_sheets": 1, "page": "a", "part": text, "title": text})()
        page = front([leaf], 1)
        assert page.count(html.escape(text)) == 7
        assert text not in page.replace(html.escape(text), "") or text == html.escape(text)


def entry(text: str, **changes: Any) -> Entry:
    content = {
        "id": "a-set", "title": text, "papers": ["shared"], "origin": "request", "address": text,
        "licence": text, "access": text, "citation": "unknown", "layout": text, "chapters": [],
        "steps": [text], "notes": text,
    }  # fmt: skip
    return Entry.model_validate(content | changes)


@pytest.mark.parametrize("text", [text for text in HOSTILE if "http" not in text])
def test_data_cards_stubs_and_leaflets_show_what_the_manifest_says(text: str) -> None:
    chapter = Chapter("a", "(a)=\n# A\n", (), (), (), (), (), 1, last=False)
    pages = {
        data_page(Manifest(entries=(entry(text),))): ["# Data", "## On request"],
        stub_page(chapter, [entry(text)]): ["# A"],
        leaflet([entry(text)]): ["# Whose data these are"],
    }
    for page, headings in pages.items():
        assert [line for line in page.splitlines() if line.startswith("#")] == headings
        body = re.sub(r"^:::.*$|^\([a-z]+\)=$|^:class:.*$", "", page, flags=re.MULTILINE)
        reader = rendered(body, "li")
        assert shown(text) in " ".join(" ".join(reader.texts).split())


@pytest.mark.parametrize("text", HOSTILE)
def test_provenance_shows_what_was_given(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = {"name": ("str", "'x'", "of it")}
    monkeypatch.setattr("companion.running.pages.declared_parameters", lambda chapter: declared)
    chapter = Chapter("a", "(a)=\n# A\n", (), (), (), (), (), 1, last=False)
    record = {
        "fingerprint": {"parameters": {"name": text}, "data": {text: "0" * 64}},
        "environment": {"python": "3", "system": "Linux", "commit": "abc", "versions": {"numpy": "2"}},
        "finished": "2026-01-01", "seconds": 1, "peak_memory_mb": 1, "device": text,
    }  # fmt: skip
    page = footer(chapter, record)
    body = re.sub(r"^:::.*$|^:class:.*$|\{doc\}`provenance`", "", page, flags=re.MULTILINE)
    reader = rendered(body)
    cells = [" ".join(cell.split()) for cell in reader.texts]
    assert cells == ["name", "str", shown(text), "of it", shown(text), "0" * 16 + "…"]
    assert shown(text) in " ".join(rendered(body, "p").texts[0].split())
