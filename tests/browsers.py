"""Tests that need a browser: skipped, with the reason, where there is none."""

from __future__ import annotations

import pytest

from companion.errors import CompanionError
from companion.running.browser.chromium import find_browser


def require_browser() -> None:
    """Skip the test that asks, with the reason, where no browser of the Chromium family is."""
    try:
        find_browser()
    except CompanionError as error:
        pytest.skip(str(error))
