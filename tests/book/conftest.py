"""The real book, run at smoke size into a folder of its own and built strictly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from companion.running.build import build_book
from companion.running.chapters import all_chapters
from companion.running.layout import Layout, read_json
from companion.running.schedule import run_chapters
from companion.running.verify import SMOKE


class SmokeBook:
    """The rendered book and what its chapters recorded."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.results: dict[str, dict[str, Any]] = {
            name: read_json(layout.results(name)) or {} for name in all_chapters()
        }

    @property
    def pages(self) -> dict[str, str]:
        return {path.stem: path.read_text("utf-8") for path in (self.layout.html / "book").glob("*.html")}


@pytest.fixture(scope="package")
def smoke_book(
    fetched: Path, smoke_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SmokeBook]:
    """Run every chapter and build the book; any failure or warning fails the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANION_DATA", str(fetched))
        if not (fetched / "miniature").exists():  # the fixture may be made a second time
            (fetched / "miniature").symlink_to(smoke_world / "miniature")
        layout = Layout(tmp_path_factory.mktemp("smoke") / "_build")
        lines: list[str] = []
        runs = run_chapters(list(all_chapters().values()), SMOKE, layout, jobs=2, say=lines.append)
        assert {run.outcome for run in runs} == {"ran"}, "\n".join(lines)
        build_book(layout)
        yield SmokeBook(layout)
