"""Tests that need a browser: skipped without one, but never in CI."""

from __future__ import annotations

import os

import pytest

from companion.errors import CompanionError
from companion.running.browser.chromium import find_browser


def require_browser() -> None:
    """Skip the test that asks, with the reason, where no browser of the Chromium family is."""
    try:
        find_browser()
    except CompanionError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{error}; CI may not skip this test")
        pytest.skip(str(error))
