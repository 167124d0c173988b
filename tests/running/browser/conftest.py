"""A browser for tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from companion.running.browser.chromium import opened_browser
from tests.browsers import require_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require_browser()
    with opened_browser() as opened:
        yield opened
