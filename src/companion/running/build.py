"""The staging tree becomes HTML, strictly: a warning is a failure."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import filelock

from companion.errors import CompanionError
from companion.running.chapters import book_folder
from companion.running.claims import load_claims, missing_results
from companion.running.layout import Layout, read_json, tree_sha256, write_text
from companion.running.stage import build_stage

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build_book(layout: Layout) -> Path:
    """Build the HTML book from chapters that have been run.

    Nothing is rendered again if nothing changed, and a build that fails leaves the last good pages in place.

    Parameters
    ----------
    layout : Layout

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    ChapterError
        If a chapter has to be run first.
    CompanionError
        If a claim reads a result that its chapter did not record, or the build gives a warning.
    """
    with filelock.FileLock(layout.lock("build")):
        records = build_stage(layout)
        _check_claims([name for name, record in records.items() if record is not None], layout)
        key = tree_sha256(layout.stage)
        seal = layout.build / "html.sha256"
        if layout.index.exists() and seal.exists() and seal.read_text("utf-8") == key:
            return layout.index
        rendered = _render(layout)
        seal.unlink(missing_ok=True)
        shutil.rmtree(layout.html, ignore_errors=True)
        rendered.replace(layout.html)
        write_text(seal, key)
    return layout.index


def _check_claims(chapters: list[str], layout: Layout) -> None:
    results = {name: read_json(layout.results(name)) or {} for name in chapters}
    path = book_folder() / "claims.yaml"
    if problems := missing_results(load_claims(path), results):
        raise CompanionError(
            "A claim reads a result that its chapter does not record",
            where=path,
            got="; ".join(problems),
            do="correct the key in the claims file, or record the result in the chapter",
        )


def _render(layout: Layout) -> Path:
    """Run Jupyter Book from scratch: an incremental build is silent about pages that it does not touch."""
    work = layout.build / "rendering"
    shutil.rmtree(work, ignore_errors=True)
    program = Path(sys.executable).with_name("jupyter-book")
    command = [
        str(program),
        "build",
        str(layout.stage),
        "--path-output",
        str(work),
        "-W",
        "-n",
        "--keep-going",
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    printed = _COLOUR.sub("", done.stdout + done.stderr)
    write_text(layout.log("build"), printed)
    if done.returncode != 0:
        complaints = [line for line in printed.splitlines() if re.search("WARNING|ERROR|Error:", line)]
        shown = complaints or printed.splitlines()[-20:]
        raise CompanionError(
            "The strict build failed; the last good pages are kept",
            where=layout.log("build"),
            expected="no warnings",
            got="\n    " + "\n    ".join(line.replace(f"{layout.stage}/", "") for line in shown),
            do="in a chapter, ruler.ipynb:40002 means the fourth cell, second line",
        )
    return work / "_build" / "html"
