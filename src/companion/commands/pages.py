"""``companion inspect`` and ``companion pdf``: the finished pages in a browser, and on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

HTML = Annotated[Path | None, Parameter(name="--html")]


def inspect(*, html: HTML = None) -> int:
    """Look at every page in Chromium: axe, console, links, search, mathematics, width, weight.

    Serves the pages on this machine with the network cut off. Ends with status 1 if anything is serious.

    Parameters
    ----------
    html
        Folder of the rendered book; `_build/html` by default.
    """
    from companion.running.browser.inspect_pages import inspect_book
    from companion.running.layout import Layout

    faults = inspect_book(html or Layout.default().html, say=print).faults()
    print(f"\n{len(faults)} serious" if faults else "\nnothing serious", *faults, sep="\n  ")
    return 1 if faults else 0


def pdf(output: Path | None = None, *, html: HTML = None) -> int:
    """Print the book: one PDF with a title page, contents, bookmarks and page numbers.

    Parameters
    ----------
    output
        File to write; `_build/book.pdf` by default.
    html
        Folder of the rendered book; `_build/html` by default.
    """
    from companion.running.browser.pdf import print_book
    from companion.running.layout import Layout

    layout = Layout.default()
    path, n_pages = print_book(html or layout.html, output or layout.build / "book.pdf", say=print)
    print(f"{path}: {n_pages} pages")
    return 0
