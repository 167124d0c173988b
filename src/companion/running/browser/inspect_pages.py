"""All pages of a book, inspected: what ``companion inspect`` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.errors import CompanionError
from companion.running.browser.chromium import opened_browser
from companion.running.browser.links import broken_links, html_pages, weights
from companion.running.browser.looking import VIEWS, Look, View, axe_script, look_at, search_for
from companion.running.browser.serve import served

HEAVIEST = 3_000_000
"""Bytes that a page may weigh with its pictures."""
SOUGHT = "brain"
"""A word that a book about decoding cannot do without."""
_ROW = "{page:<34}{critical:>9}{serious:>8}{moderate:>9}{minor:>6}{errors:>7}{broken:>7}{megabytes:>6}"


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes
    ----------
    looks : list of Look
        One for each page and view.
    broken : dict of str to list of str
        Links that lead nowhere, by page.
    weights : dict of str to int
        Bytes, by page.
    found : list of str
        Titles that the search gave.
    """

    looks: list[Look]
    broken: dict[str, list[str]]
    weights: dict[str, int]
    found: list[str]

    def faults(self) -> list[str]:
        """Everything serious, one sentence each; empty if the book may be shown."""
        said = [f"{look.page} ({look.view}): {fault}" for look in self.looks for fault in look.faults]
        said += [
            f"{page}: leads nowhere: {address}" for page, all_ in self.broken.items() for address in all_
        ]
        said += [
            f"{page}: weighs {weight / 1e6:.1f} MB, more than {HEAVIEST / 1e6:.0f}"
            for page, weight in self.weights.items()
            if weight > HEAVIEST
        ]
        return said if self.found else [*said, f"search: nothing is found for {SOUGHT!r}"]


def inspect_book(
    html: Path, *, views: Sequence[View] = VIEWS, say: Callable[[str], None] = lambda line: None
) -> Inspection:
    """Look at every page of a rendered book from a server on this machine, with the network cut off.

    Parameters
    ----------
    html : Path
        Root of the rendered book.
    views : sequence of View
        Themes and widths; by default a light desktop and a dark phone.
    say : callable
        Receives the rows of the table as pages are done.

    Returns
    -------
    Inspection

    Raises
    ------
    CompanionError
        If the book is not there, or there is no browser.
    """
    if not (html / "search.html").is_file():
        raise CompanionError("There is no rendered book", where=html, do="make book")
    axe, broken, heavy = axe_script(), broken_links(html), weights(html)
    pages = [path.relative_to(html).as_posix() for path in html_pages(html) if not _leads_on(path)]
    looks: list[Look] = []
    with served(html) as root, opened_browser() as browser:
        say(_ROW.format_map(_heading()))
        for page in pages:
            of_page = []
            for view in views:
                size = {"width": view.width, "height": 900}
                with browser.new_context(color_scheme=view.theme, viewport=size) as context:  # type: ignore[arg-type]
                    of_page.append(look_at(context, root, page, view, axe))
            looks += of_page
            say(_row(page, of_page, len(broken.get(page, [])), heavy[page]))
        found = search_for(browser, root, SOUGHT)
    return Inspection(looks, broken, heavy, found)


def _leads_on(path: Path) -> bool:
    """Tell whether a file shows nothing, and only leads to another one, as the root of the book does."""
    return 'http-equiv="refresh"' in path.read_text("utf-8")[:500].lower()


def _heading() -> dict[str, str]:
    names = ("page", "critical", "serious", "moderate", "minor", "errors", "broken")
    return {name: name for name in names} | {"megabytes": "MB"}


def _row(page: str, looks: Sequence[Look], n_broken: int, weight: int) -> str:
    """Write the row of a page: of each number, the largest of its views."""
    impacts = ("critical", "serious", "moderate", "minor")
    numbers = {impact: max(look.impacts[impact] for look in looks) for impact in impacts}  # type: ignore[index]
    errors = max(len(look.errors) + len(look.elsewhere) + len(look.mathematics) for look in looks)
    return _ROW.format(page=page, **numbers, errors=errors, broken=n_broken, megabytes=f"{weight / 1e6:.2f}")
