"""The machine's own Chromium, Chrome or Edge, driven by Playwright and cut off from the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from companion.errors import CompanionError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VARIABLE = "COMPANION_BROWSER"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
_ONLY_THIS_MACHINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"


def find_browser() -> Path:
    """Look for a browser of the Chromium family.

    ``COMPANION_BROWSER`` names one. Without that, the PATH is searched, then the places where macOS and
    Windows keep them, then what Playwright has installed.

    Returns
    -------
    Path

    Raises
    ------
    CompanionError
        If there is none.
    """
    chosen = os.environ.get(VARIABLE)
    for path in [Path(chosen)] if chosen else _usual_places():
        if path.is_file():
            return path
    raise CompanionError(
        "No browser of the Chromium family was found",
        where=chosen or "the PATH and the usual places",
        expected="Chromium, Google Chrome or Microsoft Edge",
        do=f"install one (Debian and Ubuntu: apt install chromium), or let {VARIABLE} name its program",
    )


def _usual_places() -> list[Path]:
    places = [Path(found) for name in _NAMES if (found := shutil.which(name))]
    places += [Path(name) for name in _MAC]
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if folder := os.environ.get(variable):
            places += [Path(folder) / name for name in _WINDOWS]
    return [*places, *_of_playwright()]


def _of_playwright() -> list[Path]:
    """Return browsers that ``playwright install`` has put into its own folder."""
    caches = (
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""),
        Path.home() / ".cache" / "ms-playwright",
        Path.home() / "Library" / "Caches" / "ms-playwright",
        Path(os.environ.get("LOCALAPPDATA", "")) / "ms-playwright",
    )
    programs = ("chrome", "chrome.exe", "Chromium", "Google Chrome for Testing")
    return [
        path
        for cache in caches
        if str(cache) and Path(cache).is_dir()
        for path in sorted(Path(cache).glob("chromium-*/**/*"), reverse=True)
        if path.name in programs and path.is_file()
    ]


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Start the browser without a window while the block runs; it reaches this machine only.

    Yields
    ------
    playwright.sync_api.Browser

    Raises
    ------
    CompanionError
        If there is no browser, if it does not start, or if Playwright is not installed.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise CompanionError(
            "Playwright, which drives the browser, is not installed", do='pip install -e ".[pdf,dev]"'
        ) from error
    program = find_browser()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=[_ONLY_THIS_MACHINE])
        except Error as error:
            raise CompanionError(
                "The browser did not start",
                where=program,
                got=error.message,
                do=f"name another by {VARIABLE}",
            ) from error
        try:
            yield browser
        finally:
            browser.close()
