"""Every figure test sees the look of the book, and leaves nothing of it behind."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest

from companion.figures.style import apply_style


@pytest.fixture(autouse=True)
def look() -> Iterator[None]:
    with mpl.rc_context():
        apply_style()
        yield
