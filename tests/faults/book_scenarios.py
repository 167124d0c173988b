"""Chapters that run and a book that is built, as what is killed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from companion.running.layout import Layout
from tests.faults.scenario import Scenario, Unit
from tests.running.conftest import lay_out

CHAPTERS = ("first", "second")
TIMES = ("finished", "seconds", "peak_memory_mb", "seal")
"""What a record tells of a run that is not the same the next time; the seal is a checksum of all of it."""


class _Book(Scenario):
    """A tiny book."""

    def environment(self) -> dict[str, str]:
        return {
            "COMPANION_PROJECT": str(self.state / "project"),
            "COMPANION_DATA": str(self.state / "data"),
            "OMP_NUM_THREADS": "1",
        }

    @property
    def layout(self) -> Layout:
        return Layout(self.state / "project/_build")

    def content(self, path: Path) -> str:
        if path.parent.name == "logs" or "rendering" in path.parts:  # what pages are rendered in is no output
            return ""
        if path.parent.name == "provenance":
            record = json.loads(path.read_text("utf-8"))
            for timed in TIMES:
                del record[timed]
            del record["environment"]["commit"]  # it is not the command that changes it
            return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
        return super().content(path)


class Run(_Book):
    """Two chapters that were run before with another parameter."""

    name, arguments = "run", ("run", "--jobs", "2", "-p", "n_resamples", "20")
    compared = "notebooks, results and figures byte by byte; records less times and memory"

    def prepare(self) -> None:
        lay_out(self.start / "project")
        self.companion("run", "--jobs", "2")

    def units(self) -> dict[str, Unit]:
        found = {}
        for name in CHAPTERS:
            layout = self.layout
            for path in (layout.notebook(name), layout.results(name)):
                if path.is_file():
                    found[f"{path.parent.name}/{path.name}"] = self.unit([path], path.parent, kept=False)
            if layout.record(name).is_file():
                figures = layout.figures(name).rglob("*")
                files = [layout.record(name), layout.notebook(name), layout.results(name), *figures]
                found[name] = self.unit(files, layout.build)
        return found


class Build(_Book):
    """Pages of two chapters, in the place of those of an older book."""

    name, arguments = "build", ("build",)
    compared = "every file of the HTML book and of the tree it is rendered from, byte by byte"

    def prepare(self) -> None:
        lay_out(self.start / "project")
        self.companion("run", "--jobs", "2")
        self.old_pages()

    def old_pages(self) -> None:
        """Put an older book into the place of the pages."""
        pages = self.start / "project/_build/html"
        for number in range(30):
            page = pages / f"book/page-{number}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("<p>An older book</p>\n", "utf-8")
        (pages / "index.html").write_text("<p>An older book</p>\n", "utf-8")
        (pages.parent / "html.sha256").write_text("of an older book", "utf-8")

    def units(self) -> dict[str, Unit]:
        html, seal = self.layout.html, self.layout.pages / "html.sha256"
        if not html.is_dir():
            return {}
        return {"the book": self.unit(html.rglob("*"), html, kept=seal.is_file())}
