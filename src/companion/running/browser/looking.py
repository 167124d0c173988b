"""One page, looked at in a browser: accessibility, errors, requests to other machines, width, mathematics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from companion.errors import CompanionError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

Impact = Literal["minor", "moderate", "serious", "critical"]
SEVERE: tuple[Impact, ...] = ("serious", "critical")
_TYPESET = "async () => { await window.MathJax?.startup?.promise; }"
_MATHEMATICS = """() => [...document.querySelectorAll(".bd-article .math")]
    .filter((place) => {
        const done = place.querySelector("mjx-container");
        return !done || done.querySelector("mjx-merror, [data-mjx-error]");
    })
    .map((place) => place.textContent.trim().slice(0, 60))"""
_WIDTH = "() => document.documentElement.scrollWidth - window.innerWidth"
_AXE = "() => axe.run(document, { resultTypes: ['violations'] })"


@dataclass(frozen=True)
class View:
    """How a page is shown.

    Attributes
    ----------
    theme : str
        Light or dark.
    width : int
        Of the window, in CSS pixels.
    """

    theme: Literal["light", "dark"]
    width: int

    def __str__(self) -> str:
        return f"{self.theme}, {self.width} px"


VIEWS = (View("light", 1280), View("dark", 390))
"""A desktop by day and a phone by night: each theme and each width once."""


@dataclass
class Look:
    """What was seen of one page in one view.

    Attributes
    ----------
    page : str
        Its address below the root of the book.
    view : View
    violations : list of (impact, rule, place)
        Of axe, one for each element.
    errors : list of str
        Of the console, of scripts, and files that did not come.
    elsewhere : list of str
        Addresses on other machines that the page asked for.
    mathematics : list of str
        Formulas that were not typeset.
    overhang : int
        By how many pixels the page is wider than its window.
    """

    page: str
    view: View
    violations: list[tuple[Impact, str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    mathematics: list[str] = field(default_factory=list)
    overhang: int = 0

    @property
    def impacts(self) -> Counter[Impact]:
        """Number of violations by impact."""
        return Counter(impact for impact, _, _ in self.violations)

    @property
    def faults(self) -> list[str]:
        """What a reader would stumble over, in words; empty if nothing."""
        said = [f"{rule} ({impact}): {place}" for impact, rule, place in self.violations if impact in SEVERE]
        said += [f"error: {text}" for text in self.errors]
        said += [f"asks another machine: {address}" for address in self.elsewhere]
        said += [f"not typeset: {formula}" for formula in self.mathematics]
        return [*said, f"{self.overhang} px wider than the window"] if self.overhang > 0 else said


def axe_script() -> str:
    """Read the accessibility checker that comes with axe-playwright-python.

    Raises
    ------
    CompanionError
        If it is not installed.
    """
    try:
        import axe_playwright_python  # type: ignore[import-untyped]
    except ImportError as error:
        raise CompanionError(
            "axe, which checks accessibility, is not installed", do='pip install -e ".[pdf,dev]"'
        ) from error
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def look_at(context: BrowserContext, root: str, page: str, view: View, axe: str) -> Look:
    """Open a page and look at it.

    Parameters
    ----------
    context : playwright.sync_api.BrowserContext
        In the theme and width of the view.
    root : str
        Address of the book, with a slash at its end.
    page : str
        Address of the page below it.
    view : View
    axe : str
        Source of the accessibility checker.

    Returns
    -------
    Look
    """
    seen = Look(page, view)
    tab = context.new_page()
    _listen(tab, root, seen)
    tab.goto(f"{root}{page}", wait_until="load")
    tab.evaluate(_TYPESET)
    tab.wait_for_load_state("networkidle")
    seen.mathematics = tab.evaluate(_MATHEMATICS)
    seen.overhang = tab.evaluate(_WIDTH)
    errors, elsewhere = list(seen.errors), list(seen.elsewhere)
    tab.evaluate(axe)
    seen.violations = _violations(tab.evaluate(_AXE))
    tab.close()
    seen.errors, seen.elsewhere = errors, elsewhere  # axe itself asks for styles, some at a wrong address
    return seen


def search_for(browser: Browser, root: str, word: str) -> list[str]:
    """Type a word into the search of the book.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    root : str
        Address of the book, with a slash at its end.
    word : str

    Returns
    -------
    list of str
        Titles of the pages that were found.
    """
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{root}search.html", wait_until="load")
        place = tab.locator("form.bd-search input[name=q]:visible").first
        place.fill(word)
        place.press("Enter")
        hits = tab.locator("#search-results ul.search li > a")
        hits.first.wait_for(timeout=20_000)
        return hits.all_inner_texts()


def _listen(tab: Page, root: str, seen: Look) -> None:
    """Write down what goes wrong on a tab from now on."""

    def console(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            seen.errors.append(said.text)

    def response(got: Response) -> None:
        if got.status >= 400:
            seen.errors.append(f"{got.status} {got.url}")

    def request(asked: Request) -> None:
        if not asked.url.startswith((root, "data:", "blob:", "about:")):
            seen.elsewhere.append(asked.url)

    tab.on("console", console)
    tab.on("pageerror", lambda error: seen.errors.append(str(error)))
    tab.on("response", response)
    tab.on("request", request)


def _violations(found: dict[str, Any]) -> list[tuple[Impact, str, str]]:
    return [
        (rule["impact"], rule["id"], " ".join(str(part) for part in node["target"]))
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
