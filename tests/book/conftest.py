"""The real book, run at smoke size into a folder of its own and built strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from companion.running.build import build_book
from companion.running.chapters import all_chapters
from companion.running.layout import Layout, read_json
from companion.running.schedule import run_chapters
from companion.running.verify import SMOKE
from tests.conftest import shared_folder


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
def smoke_book(fetched: Path, smoke_world: Path, tmp_path_factory: pytest.TempPathFactory) -> SmokeBook:
    """Run every chapter and build the book, once for all workers; any failure or warning fails the tests."""
    folder = shared_folder(tmp_path_factory) / "smoke-book"
    folder.mkdir(exist_ok=True)
    layout = Layout(folder / "_build")
    with FileLock(folder / "lock"), pytest.MonkeyPatch.context() as patch:
        if not layout.build.exists():
            patch.setenv("COMPANION_DATA", str(fetched))
            (fetched / "miniature").symlink_to(smoke_world / "miniature")
            lines: list[str] = []
            runs = run_chapters(list(all_chapters().values()), SMOKE, layout, jobs=2, say=lines.append)
            assert {run.outcome for run in runs} == {"ran"}, "\n".join(lines)
            build_book(layout)
        assert layout.html.is_dir(), "another worker could not build the book"
    return SmokeBook(layout)
