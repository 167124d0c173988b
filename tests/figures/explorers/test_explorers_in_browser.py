"""Explorers in a browser: they turn, by mouse and keys, and say what they show to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from companion.errors import CompanionError
from companion.figures.explorers.box import Explorer

from .conftest import data_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGE = """<!doctype html><html lang="en" {}><head><title>Explorers</title></head>
<body style="background: var(--pst-color-background); color: var(--pst-color-text-base)">
<main><h1>Explorers</h1>{}</main></body></html>"""
THEMES = ("", 'data-theme="dark" style="--pst-color-background: #14181e; --pst-color-text-base: #ced6dd; '
          '--pst-color-text-muted: #9ca4af; --pst-color-border: #48566b"')  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from companion.running.browser.chromium import opened_browser

    try:
        with opened_browser() as found:
            yield found
    except CompanionError as error:
        pytest.skip(str(error).splitlines()[0])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Show a page as wide as a phone; whatever its scripts complain about fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    faults: list[str] = []
    found = context.new_page()
    found.on("console", lambda line: faults.append(line.text))
    found.on("pageerror", lambda error: faults.append(str(error)))
    yield found
    context.close()
    assert not faults


def show(page: Page, explorer: Explorer, attributes: str = "") -> dict[str, Any]:
    html = explorer.html("fig-a")
    page.set_content(PAGE.format(attributes, html))
    return data_of(html)


def state(page: Page) -> str:
    """What stands before the scripts of the explorer."""
    return str(page.inner_html(".explorer")).partition("<noscript>")[0]


def result(page: Page) -> str:
    return str(page.text_content(".result"))


def test_left_and_right_step_through_pictures_and_stop_at_the_ends(page: Page, retrieval: Explorer) -> None:
    data = show(page, retrieval)
    first = state(page)
    page.focus("select")
    page.keyboard.press("ArrowRight")
    assert result(page) == data["results"][4]
    assert page.input_value("select") == "4"
    for decoder, list_of in zip(data["decoders"], page.query_selector_all(".found"), strict=True):
        images = list_of.query_selector_all("img")
        assert [one.get_attribute("src") for one in images] == [
            data["pictures"][row] for row in decoder["found"][4]
        ]
        marked = ["hit" in str(one.get_attribute("class")) for one in list_of.query_selector_all("li")]
        assert marked == decoder["hit"][4]
    page.keyboard.press("ArrowLeft")
    assert state(page) == first  # what the script writes is what stood there before it
    for _ in range(20):
        page.click("text=Next")
    assert result(page) == data["results"][-1]
    page.select_option("select", "0")
    page.click("text=Previous")
    assert result(page) == data["results"][0]


def test_the_slider_moves_through_time_and_back(page: Page, topography: Explorer) -> None:
    data = show(page, topography)
    first = state(page)
    page.focus("input")
    page.keyboard.press("ArrowRight")
    at = int(page.input_value("input"))
    assert result(page) == data["results"][at]
    assert page.get_attribute("input", "aria-valuetext") == data["times"][at] == page.text_content("output")
    assert page.get_attribute(".now", "x1") == data["x"][at]
    assert state(page) != first
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    assert result(page) == data["results"][0]
    page.fill("input", str(at - 1))
    assert state(page) == first


def test_play_runs_to_the_end_and_stops(page: Page, topography: Explorer) -> None:
    data = show(page, topography)
    page.fill("input", str(len(data["times"]) - 3))
    page.click("button")
    assert page.get_attribute(".result", "aria-live") == "off"
    page.wait_for_selector("text=Play")
    assert result(page) == data["results"][-1]
    assert page.get_attribute(".result", "aria-live") == "polite"


def test_dials_show_worlds_that_were_made_and_nothing_elsewhere(page: Page, dials: Explorer) -> None:
    data = show(page, dials)
    first = state(page)
    gap, sharing = page.query_selector_all("input")
    gap.press("ArrowRight")
    assert result(page) == data["made"]["0-2-1"]["text"]
    dots = [one.get_attribute("cx") for one in page.query_selector_all(".track circle")]
    assert dots == [x for row in data["made"]["0-2-1"]["dots"] for x in row]
    sharing.press("ArrowRight")
    assert result(page) == data["unmade"]
    assert not [one for one in page.query_selector_all(".track circle") if one.is_visible()]
    assert {one.text_content() for one in page.query_selector_all(".track + .value")} == {"–"}
    gap.press("ArrowLeft")
    assert result(page) == data["made"]["0-1-2"]["text"]
    page.select_option("select", "1")
    assert result(page) == data["made"]["1-1-2"]["text"]
    page.select_option("select", "0")
    sharing.press("ArrowLeft")
    assert state(page) == first


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(page: Page, explorer: Explorer, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    show(page, explorer, theme)
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["impact"]) for one in found if one["impact"] in {"serious", "critical"}]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_print_shows_the_state_without_controls(page: Page, explorer: Explorer) -> None:
    show(page, explorer)
    page.emulate_media(media="print")
    assert not page.is_visible(".controls")
    assert page.is_visible(".result")
