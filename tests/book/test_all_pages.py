"""What holds for every page: links, pictures, weight; and in a browser, what a reader meets."""

from __future__ import annotations

import re

from companion.running.browser.inspect_pages import HEAVIEST, inspect_book
from companion.running.browser.links import broken_links, html_pages, weights
from companion.running.contents import toc_pages
from tests.browsers import require_browser

from .conftest import SmokeBook


def test_every_page_of_the_contents_is_there(smoke_book: SmokeBook) -> None:
    html = smoke_book.layout.html
    rendered = {path.relative_to(html).as_posix() for path in html_pages(html)}
    assert {f"{page}.html" for _, page in toc_pages()} <= rendered


def test_links_anchors_and_pictures_lead_somewhere(smoke_book: SmokeBook) -> None:
    assert broken_links(smoke_book.layout.html) == {}


def test_no_page_is_too_heavy(smoke_book: SmokeBook) -> None:
    found = weights(smoke_book.layout.html)
    assert not {page: weight for page, weight in found.items() if weight > HEAVIEST}
    assert found["book/pictures.html"] > 300_000, "pictures are weighed"


def test_the_first_use_of_a_term_leads_to_the_glossary_and_no_other(smoke_book: SmokeBook) -> None:
    linked = {
        name: re.findall(r'class="glossed[^"]*" href="([^"]+)"', page)
        for name, page in smoke_book.pages.items()
    }
    assert not linked["glossary"] + linked["bibliography"]
    assert len(linked["targets"]) >= 5
    for name, goals in linked.items():
        assert len(goals) == len(set(goals)), name
        assert all(goal.startswith("glossary.html#term-") for goal in goals), name


def test_in_a_browser_every_page_is_accessible_and_works_without_a_network(smoke_book: SmokeBook) -> None:
    require_browser()
    assert inspect_book(smoke_book.layout.html).faults() == []
