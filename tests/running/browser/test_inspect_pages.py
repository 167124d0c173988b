"""The table of all pages. The browser is started by what is tested, so no other may run in this file."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.errors import CompanionError
from companion.running.browser.inspect_pages import Inspection, inspect_book
from companion.running.browser.looking import VIEWS
from tests.browsers import require_browser

PAGE = (
    '<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,"><main>{}</main></html>'
)


def test_links_weight_and_a_search_without_results_are_faults() -> None:
    found = Inspection([], {"a.html": ["b.html"]}, {"a.html": 3_100_000, "c.html": 2_900_000}, [])
    assert found.faults() == [
        "a.html: leads nowhere: b.html",
        "a.html: weighs 3.1 MB, more than 3",
        "search: nothing is found for 'brain'",
    ]


def test_a_small_book_is_inspected_and_its_first_file_only_leads_on(tmp_path: Path) -> None:
    require_browser()
    field = '<form class="bd-search" action="search.html"><input name="q" aria-label="Search"></form>'
    hits = '<div id="search-results"><ul class="search"><li><a href="a.html">A brain</a></li></ul></div>'
    (tmp_path / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=a.html" />')
    (tmp_path / "a.html").write_text(PAGE.format("<h1>A</h1>"))
    (tmp_path / "search.html").write_text(PAGE.format(f"<h1>Search</h1>{field}{hits}"))
    rows: list[str] = []
    found = inspect_book(tmp_path, views=VIEWS[:1], say=rows.append)
    assert found.faults() == []
    assert found.found == ["A brain"]
    assert [row.split()[0] for row in rows] == ["page", "a.html", "search.html"]


def test_a_folder_without_pages_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CompanionError, match="make book"):
        inspect_book(tmp_path)
