"""The book on paper: pages printed by the browser, one after the other, and bound into one file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from companion.errors import CompanionError
from companion.running.browser.binding import Leaf, bind
from companion.running.browser.chromium import opened_browser
from companion.running.browser.serve import served
from companion.running.contents import toc_pages

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

_OPEN = """async () => {
    await window.MathJax?.startup?.promise;
    document.documentElement.dataset.theme = "light";
    document.querySelectorAll("details:not(.hide)").forEach((box) => { box.open = true; });
    document.querySelectorAll(".toggle-hidden").forEach((box) => box.classList.remove("toggle-hidden"));
    const room = document.querySelector(".bd-article").clientWidth;
    document.querySelectorAll(".bd-article table").forEach((table) => {
        if (table.scrollWidth > room) table.classList.add("tight");
    });
    await Promise.all([...document.images].map((picture) => {
        picture.loading = "eager";
        return picture.decode().catch(() => {});
    }));
}"""
_TITLE = """() => {
    const title = [...document.querySelectorAll("main h1")].at(-1).cloneNode(true);
    title.querySelectorAll(".headerlink").forEach((link) => link.remove());
    return title.textContent.trim();
}"""
_MARGINS = {"top": "18mm", "bottom": "20mm", "left": "17mm", "right": "17mm"}
_SHEET: ViewportSize = {"width": 665, "height": 978}
"""What the margins leave of A4, in CSS pixels: what is too wide here is too wide on paper."""
_LOOKED_UP = "book/api"
"""Pages that are looked up, not read, and would double the paper."""


def printed_pages() -> list[tuple[str, str]]:
    """Caption of the part and name of each page that is printed, in the order of the contents."""
    return [(part, page) for part, page in toc_pages() if not page.startswith(_LOOKED_UP)]


def print_book(
    html: Path, output: Path, *, say: Callable[[str], None] = lambda line: None
) -> tuple[Path, int]:
    """Print the pages of a rendered book into one PDF.

    Parameters
    ----------
    html : Path
        Root of the rendered book.
    output : Path
        File to write; it is written whole or not at all.
    say : callable
        Receives one line for each page of the book.

    Returns
    -------
    Path
        The file.
    int
        Number of its sheets.

    Raises
    ------
    CompanionError
        If the book was not rendered in full, or there is no browser.
    """
    order = printed_pages()
    if lacking := [page for _, page in order if not (html / f"{page}.html").is_file()]:
        raise CompanionError(
            "The book was not rendered in full", where=html, expected=", ".join(lacking), do="make book"
        )
    with served(html) as root, _tab() as tab:
        leaves = []
        for part, page in order:
            leaves.append(_print_page(tab, root, part, page))
            say(f"{page}: {leaves[-1].n_sheets} sheets")
        bound = bind(leaves, root, lambda text: _sheets_of(tab, text))
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_suffix(".part")
    n_sheets = len(bound.pages)
    bound.write(unfinished)
    unfinished.replace(output)
    return output, n_sheets


def _print_page(tab: Page, root: str, part: str, page: str) -> Leaf:
    tab.goto(f"{root}{page}.html", wait_until="networkidle")
    tab.evaluate(_OPEN)
    title = tab.evaluate(_TITLE)
    printed = tab.pdf(format="A4", margin=_MARGINS, print_background=True, outline=True, tagged=True)  # type: ignore[arg-type]
    return Leaf(page, part, title, io.BytesIO(printed))


def _sheets_of(tab: Page, text: str) -> io.BytesIO:
    """Print a text of our own: the front, or the numbers that are laid over the sheets."""
    tab.set_content(text)
    return io.BytesIO(tab.pdf(format="A4", print_background=True))


@contextmanager
def _tab() -> Iterator[Page]:
    with opened_browser() as browser, browser.new_context(color_scheme="light", viewport=_SHEET) as context:
        tab = context.new_page()
        tab.emulate_media(media="print")
        yield tab
