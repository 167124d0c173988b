"""A book of four short chapters, in a project of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from companion.running.chapters import choose
from companion.running.layout import Layout, sha256
from companion.running.schedule import ChapterRun, run_chapters

HEAD = """---
jupytext:
  text_representation: {{extension: .md, format_name: myst}}
kernelspec: {{name: python3, display_name: Python 3, language: python}}
companion: {companion}
---
({name})=
# {title}

```{{code-cell}} ipython3
:tags: [parameters]
n_resamples: int = 10  # how many
seeds: list = [0]  # seeds
```

```{{code-cell}} ipython3
from companion.running import open_chapter
chapter = open_chapter("{name}", seed=seeds[0])
```

"""

FIRST = """
The value is {glue:text}`value:.1f`, see {numref}`fig-line`, {numref}`tab-rows` and {ref}`second-part`.

```{code-cell} ipython3
---
mystnb:
  figure: {name: fig-line, caption: "A line through {glue:text}`value:.1f`."}
  image: {alt: "A straight line."}
tags: [hide-input]
---
from matplotlib.figure import Figure
figure = Figure(figsize=(3, 2))
figure.subplots().plot([0, n_resamples])
chapter.record("value", n_resamples / 4)
chapter.figure(figure, "fig-line")
```

```{code-cell} ipython3
import pandas as pd
frame = pd.DataFrame({"name": ["a|b", None], "t": [1.234, 2.0]})
chapter.table(frame, "tab-rows", caption=f"Two rows of {n_resamples}.", formats={"t": "{:.2f}"})
```
"""

SECOND = """
(second-part)=
## A part

```{code-cell} ipython3
chapter.record("doubled", 2 * n_resamples)
```
"""


class TinyBook:
    """The project, its layout, and hands to change it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = Layout(root / "_build")

    def write_chapter(self, name: str, body: str, companion: str = "{}") -> None:
        head = HEAD.format(name=name, title=f"Chapter {name}", companion=companion)
        (self.root / "book" / f"{name}.md").write_text(head + body, "utf-8")
        self.write_toc()

    def write_toc(self) -> None:
        chapters = sorted(path.stem for path in (self.root / "book").glob("*.md") if path.stem != "index")
        generated = ("provenance", "benchmarks", "data")
        entries = "".join(f"      - file: book/{name}\n" for name in [*chapters, *generated])
        head = "format: jb-book\nroot: book/index\ndefaults: {numbered: true}\nparts:\n"
        text = f"{head}  - caption: All\n    chapters:\n{entries}"
        (self.root / "_toc.yml").write_text(text, "utf-8")


def run_all(tiny: TinyBook, given: dict[str, Any] | None = None, **options: Any) -> dict[str, ChapterRun]:
    runs = run_chapters(choose([]), given or {}, tiny.layout, jobs=2, **options)  # its lines tell what failed
    return {run.chapter: run for run in runs}


def outcomes(runs: dict[str, ChapterRun]) -> dict[str, str]:
    return {name: run.outcome for name, run in runs.items()}


def page_text(tiny: TinyBook, name: str) -> str:
    return re.sub(r"<[^>]+>", "", (tiny.layout.html / "book" / f"{name}.html").read_text("utf-8"))


def lay_out(root: Path) -> TinyBook:
    """Write the project: the real configuration, two chapters that refer to each other, one data set."""
    real = Path(__file__).parents[2]
    (root / "book").mkdir(parents=True)
    for name in ("_config.yml", "book/_ext", "book/_static", "book/_templates"):
        copy = shutil.copytree if (real / name).is_dir() else shutil.copy
        copy(real / name, root / name)
    (root / "book/references.bib").write_text("@misc{a, title={A}, author={B}, year={2020}}\n")
    (root / "book/claims.yaml").write_text("[]\n")
    (root / "book/numbers.csv").write_text("a\n1\n")
    (root / "book/index.md").write_text("# Index\n\n{ref}`first` {cite}`a`\n\n```{bibliography}\n```\n")
    (root / "requirements.lock").write_text("numpy==1\n")
    small = root / "small.txt"
    small.write_text("five\n")
    (root / "data_manifest.yaml").write_text(
        "entries:\n"
        "  - id: small-file\n    title: A small <b>file</b>\n    papers: [shared]\n    origin: download\n"
        "    address: https://example.org\n    licence: CC0 1.0\n    access: open\n    citation: [a]\n"
        "    layout: one line of text\n    chapters: []\n    files:\n"
        f"      - {{name: small.txt, url: https://example.org/small.txt, size: 5, sha256: {sha256(small)}}}\n"
    )
    book = TinyBook(root)
    book.write_chapter("first", FIRST, "{reads: [numbers.csv]}")
    book.write_chapter("second", SECOND)
    return book


def point_at(tiny: TinyBook, monkeypatch: pytest.MonkeyPatch) -> TinyBook:
    monkeypatch.setenv("COMPANION_PROJECT", str(tiny.root))
    monkeypatch.setenv("COMPANION_DATA", str(tiny.root.parent / "data"))
    return tiny


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyBook:
    """A tiny book that was never run."""
    return point_at(lay_out(tmp_path / "project"), monkeypatch)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny book, run and rendered by the command line, for tests to copy."""
    book = lay_out(tmp_path_factory.mktemp("built") / "project")
    environment = {
        **os.environ,
        "COMPANION_PROJECT": str(book.root),
        "COMPANION_DATA": str(book.root / "none"),
    }
    for command in ("run", "build"):
        subprocess.run([sys.executable, "-m", "companion.cli", command], env=environment, check=True)
    return book.root


@pytest.fixture
def built(built_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyBook:
    """A tiny book that was run and rendered."""
    shutil.copytree(built_once, tmp_path / "project", copy_function=shutil.copy2)
    return point_at(TinyBook(tmp_path / "project"), monkeypatch)
