"""A book made from hostile names, with secrets about: nothing runs, nothing is asked for, nothing is told."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pytest

from companion.running.browser.serve import served
from companion.running.wording import one_line
from tests.browsers import require_browser
from tests.running.conftest import TinyBook, lay_out

from .names import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHAPTER = """
The worst is {glue:text}`worst`.

```{code-cell} ipython3
import json
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from companion.figures import retrieval_explorer
from companion.project import project_root
from companion.running.exercises import reveal
names = json.loads((project_root() / "book" / "names.json").read_text("utf-8"))
chapter.record("worst", names[0])
reveal(chapter, names[1], "worst")
```

```{code-cell} ipython3
chapter.table(pd.DataFrame({"name": names, names[0]: names[::-1]}), "tab-names", caption="Names")
```

```{code-cell} ipython3
---
mystnb:
  figure: {name: fig-names, caption: "The worst is {glue:text}`worst`."}
  image: {alt: "Names."}
---
figure = Figure(figsize=(6, 6))
axes = figure.subplots()
axes.set_axis_off()
for place, name in enumerate(names[:8]):
    axes.text(0, place / 8, name)
chapter.figure(figure, "fig-names")
```

```{code-cell} ipython3
---
mystnb:
  figure: {name: fig-explorer, caption: "What was seen."}
---
ids = [f"p{place}" for place in range(len(names))]
pictures = {one: np.full((8, 8, 3), 9 * place, np.uint8) for place, one in enumerate(ids)}
found = pd.DataFrame(
    [(seen, 1 + place, one, -place / 99, one == seen) for seen in ids for place, one in enumerate(ids)],
    columns=["stimulus", "place", "candidate", "cosine", "hit"],
)
found["place"] = 1 + (found.index % len(ids))
chapter.explorer(
    retrieval_explorer(
        pictures, ids, {names[2]: found, "b": found}, first=ids[0], labels=dict(zip(ids, names, strict=True))
    ),
    "fig-explorer",
)
```
"""
NAMED = "qwertyuser"
SECRETS = {
    "GITHUB_TOKEN": "ghp-qwerty-1",
    "AWS_SECRET_ACCESS_KEY": "aws-qwerty-2",
    "HF_TOKEN": "hf-qwerty-3",
    "PGPASSWORD": "password-qwerty-4",
    "JUPYTER_TOKEN": "jupyter-qwerty-5",
    "USER": NAMED,
    "LOGNAME": NAMED,
    "USERNAME": NAMED,
    "HOSTNAME": "qwertyhost",
    "COMPUTERNAME": "qwertyhost",
}
TEXT = "<script>hit()</script> {raw}`<b>b</b>` [a](javascript:hit()) {download}`/etc/hostname`"


def secrets_about(folder: Path) -> dict[str, str]:
    """Environment of a person with passwords, whose name stands in the paths of home and data."""
    home = folder / f"home-of-{NAMED}"
    home.mkdir()
    return SECRETS | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "COMPANION_DATA": str(home / "data"),
        "COMPANION_PROJECT": str(folder / "project"),
        "MPLCONFIGDIR": mpl.get_configdir(),  # else it looks for fonts for long
    }


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> TinyBook:
    """A tiny book whose data, parameters and manifest are hostile: run, and rendered without a warning."""
    require_browser()
    tiny = lay_out(tmp_path_factory.mktemp("hostile") / "project")
    (tiny.root / "book/names.json").write_text(json.dumps(HOSTILE), "utf-8")
    tiny.write_chapter("first", CHAPTER, "{reads: [names.json]}")
    tiny.write_chapter("second", "(second-part)=\n## A part\n", "{needs: [small-file]}")
    tiny.write_chapter("third", "\n```{code-cell} python\nchapter.record('a', 1)\n```\n")
    first = tiny.root / "book/first.md"
    text = first.read_text("utf-8").replace("seeds: list", "label: str = 'a'  # any\nseeds: list")
    first.write_text(text, "utf-8")
    manifest = (tiny.root / "data_manifest.yaml").read_text("utf-8")
    for key in ("title", "address", "licence", "access", "layout"):
        manifest = re.sub(rf"{key}: [^\n]*", f"{key}: {json.dumps(TEXT)}", manifest, count=1)
    (tiny.root / "data_manifest.yaml").write_text(manifest, "utf-8")
    environment = os.environ | secrets_about(tiny.root.parent)
    commands = [["run", "-p", "label", json.dumps(f"`{TEXT}` | x")], ["build"]]
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "companion.cli", *command],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()[-3000:]
    return tiny


TYPED = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "--"})
"""Sphinx sets quotation marks and dashes as printers do."""


def visit(page: Page, address: str, asked: list[str], said: list[str]) -> None:
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.expose_function("hit", lambda *words: said.append("executed"))
    page.route("**/*", lambda route: (asked.append(route.request.url), route.continue_()))
    page.goto(address, wait_until="networkidle")


WATCH = """() => ({
    scripts: [...document.scripts].filter((one) => !one.type.endsWith("json"))
        .filter((one) => /\\bhit\\(/.test(one.textContent)).length,
    handlers: [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(
        (own) => (own.name.startsWith("on") && /hit/.test(own.value)) || /^\\s*javascript:/i.test(own.value)))
        .map((one) => one.outerHTML),
    elements: [...document.querySelectorAll("main iframe, main b, main svg[onload], main h1 ~ h1")]
        .filter((one) => !one.closest(".explorer")).map((one) => one.outerHTML),
    links: [...document.querySelectorAll("a, img")].map((one) => one.href || one.src)
        .filter((one) => /attacker|hostname|_downloads/.test(one)),
})"""


def test_nothing_runs_and_the_names_stand_there(book: TinyBook) -> None:
    from companion.running.browser.chromium import opened_browser

    asked: list[str] = []
    said: list[str] = []
    with served(book.layout.html) as root, opened_browser() as browser:
        for name in ("index", "first", "second", "third", "data", "provenance", "parameters", "benchmarks"):
            if not (book.layout.html / f"book/{name}.html").is_file():
                continue
            with browser.new_page() as page:
                visit(page, f"{root}book/{name}.html", asked, said)
                found: dict[str, Any] = page.evaluate(WATCH)
                assert found == {"scripts": 0, "handlers": [], "elements": [], "links": []}, name
                if name == "first":
                    read_first(page)
                if name in ("second", "data"):
                    assert TEXT in str(page.evaluate("document.body.textContent"))
        assert said == []
        assert [address for address in asked if not address.startswith((root, "data:"))] == []


def read_first(page: Page) -> None:
    """Every name is seen as it was written, in the table and in the explorer, turned to each."""
    cells = page.evaluate(
        "[...document.querySelectorAll('#tab-names tbody td:first-child')].map((one) => one.textContent)"
    )
    written = [" ".join(cell.translate(TYPED).split()) for cell in cells]
    assert written == [" ".join(one_line(name).split()) for name in HOSTILE]
    assert f"The worst is {HOSTILE[0]}" in str(page.text_content("main"))
    assert f"You predicted {HOSTILE[1]}" in str(page.text_content("main"))
    for place, name in enumerate(HOSTILE):
        page.select_option(".explorer select", str(place))
        assert page.text_content(".explorer .seen b") == name
        assert name in str(page.text_content(".explorer .result"))


def test_a_drawn_name_is_a_text_in_the_drawing(book: TinyBook) -> None:
    """SVG is a page of its own, and could hold a script."""
    drawing = ET.parse(book.layout.figures("first") / "fig-names.svg")  # noqa: S314 - drawn here
    kinds = {one.tag.rpartition("}")[2] for one in drawing.iter() if isinstance(one.tag, str)}
    assert kinds <= {"svg", "metadata", "RDF", "Work", "type", "format", "creator", "Agent", "title", "defs",
                     "style", "g", "path", "use", "clipPath", "rect"}  # fmt: skip
    for one in drawing.iter():
        assert not [name for name in one.attrib if name.startswith("on")]
        assert not [value for name, value in one.attrib.items() if name.endswith("href") and value[0] != "#"]


def test_nothing_from_elsewhere_on_this_machine_is_in_the_book(book: TinyBook) -> None:
    here = Path("/etc/hostname").read_text("utf-8").strip() if Path("/etc/hostname").is_file() else ""
    assert not list(book.layout.html.rglob("hostname*"))
    assert not (book.layout.html / "_downloads").exists()
    if len(here) > 4:
        for path in book.layout.html.rglob("*.html"):
            assert here not in path.read_text("utf-8"), path


def told(folder: Path, words: tuple[str, ...]) -> list[str]:
    """Which files below a folder hold which of these words."""
    return [
        f"{path.relative_to(folder)}: {word}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in [path.read_bytes()]
        for word in words
        if word.encode() in content
    ]


def test_no_secret_name_or_path_is_told(book: TinyBook) -> None:
    """Not on a page, in a notebook, record, result or figure; nor in the logs, which one sends to others."""
    words = ("qwerty", str(book.root.parent), str(Path.home()) + os.sep, socket.gethostname())
    kept = tuple(word for word in words if len(word) > 6)
    for name in ("html", "notebooks", "provenance", "results", "figures", "stage", "logs"):
        folder = book.layout.build / name
        assert list(folder.rglob("*"))
        assert told(folder, kept) == [], name
