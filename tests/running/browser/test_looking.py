"""Each fault that a page may have, planted in a page of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from companion.running.browser.looking import VIEWS, Look, View, axe_script, look_at
from companion.running.browser.serve import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SOUND = (
    '<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,">'
    '<main class="bd-article">{}</main></html>'
)
FAULTY = {
    "violation": ('<h1>A</h1><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "image-alt (critical)"),
    "contrast": ('<h1>A</h1><p style="color:#ccc;background:#fff">pale</p>', "color-contrast (serious)"),
    "script": ("<h1>A</h1><script>throw new Error('broken')</script>", "error: broken"),
    "console": ("<h1>A</h1><script>console.error('said')</script>", "error: said"),
    "absent": ('<h1>A</h1><script src="gone.js"></script>', "404"),
    "elsewhere": ('<h1>A</h1><script src="http://example.org/a.js"></script>', "asks another machine"),
    "mathematics": ('<h1>A</h1><span class="math">x^2</span>', "not typeset: x^2"),
    "width": ('<h1>A</h1><div style="width:3000px">wide</div>', "px wider than the window"),
}


def look(browser: Browser, folder: Path, body: str) -> Look:
    (folder / "a.html").write_text(SOUND.format(body))
    view = View("light", 390)
    with served(folder) as root, browser.new_context(viewport={"width": 390, "height": 800}) as context:
        return look_at(context, root, "a.html", view, axe_script())


def test_a_sound_page_has_no_faults(browser: Browser, tmp_path: Path) -> None:
    assert look(browser, tmp_path, "<h1>A</h1><p>text</p>").faults == []


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_is_seen(browser: Browser, tmp_path: Path, fault: str) -> None:
    body, said = FAULTY[fault]
    assert any(said in line for line in look(browser, tmp_path, body).faults)


def test_moderate_violations_are_counted_but_are_no_fault() -> None:
    seen = Look("a.html", VIEWS[0], violations=[("moderate", "region", "p"), ("moderate", "region", "q")])
    assert seen.impacts["moderate"] == 2
    assert seen.faults == []


def test_each_theme_and_each_width_is_looked_at() -> None:
    assert {view.theme for view in VIEWS} == {"light", "dark"}
    assert min(view.width for view in VIEWS) <= 390
    assert str(VIEWS[0]) == "light, 1280 px"
