from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from companion.errors import CompanionError
from companion.running.browser import chromium
from companion.running.browser.serve import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = program(tmp_path / "own", "my-browser")
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin", "chromium").parent))
    monkeypatch.setenv(chromium.VARIABLE, str(own))
    assert chromium.find_browser() == own


def test_a_wrong_variable_is_an_error_though_another_browser_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin", "chromium").parent))
    monkeypatch.setenv(chromium.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(CompanionError, match=chromium.VARIABLE):
        chromium.find_browser()


def test_without_any_browser_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATH", "PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(chromium, "_MAC", ())
    with pytest.raises(CompanionError, match="apt install chromium"):
        chromium.find_browser()


def test_places_of_windows_and_of_playwright_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_MAC", ())
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "cache"))
    kept = program(tmp_path / "cache/chromium-1200/chrome-linux64", "chrome")
    assert chromium.find_browser() == kept
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path / "programs"))
    monkeypatch.setattr(chromium, "_WINDOWS", ("Google/chrome.exe",))
    installed = program(tmp_path / "programs/Google", "chrome.exe")
    assert chromium.find_browser() == installed


def test_the_browser_reaches_this_machine_and_no_other(browser: Browser, tmp_path: Path) -> None:
    from playwright.sync_api import Error

    (tmp_path / "a.html").write_text("<p>here</p>")
    with served(tmp_path) as root, browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{root}a.html")
        assert tab.inner_text("p") == "here"
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            tab.goto("http://example.org/")
