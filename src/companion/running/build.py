"""The staging tree becomes HTML, strictly: a warning is a failure."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from companion.errors import CompanionError
from companion.running.layout import Layout, tree_sha256, write_json, write_text
from companion.running.provenance import impersonal
from companion.running.scorecard import as_records, check_verdicts, findings
from companion.running.stage import build_stage
from companion.system.trouble import trouble_in
from companion.system.waiting import turn

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build_book(layout: Layout) -> Path:
    """Build the HTML book from chapters that have been run.

    Nothing is rendered again if nothing changed, pages included, and a build that fails leaves the last good
    pages in place.

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
        If a claim has no result, a chapter's result no claim, or a verdict no licence, or if the build gives
        a warning.
    """
    with turn(layout.lock("build"), f"the pages in {layout.pages}"):
        build_stage(layout)
        _add_scorecard(layout)
        key = tree_sha256(layout.stage)
        seal = layout.pages / "html.sha256"
        if seal.exists() and seal.read_text("utf-8", "replace") == f"{key} {tree_sha256(layout.html)}":
            return layout.index
        rendered = _render(layout)
        seal.unlink(missing_ok=True)
        _swap(rendered, layout.html)
        write_text(seal, f"{key} {tree_sha256(layout.html)}")
    return layout.index


def _swap(new: Path, place: Path) -> None:
    """Put a folder in the place of another, which is gone for an instant only."""
    old = place.with_name(f"{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.replace(old)
    new.replace(place)
    shutil.rmtree(old, ignore_errors=True)


def _add_scorecard(layout: Layout) -> None:
    """Judge all claims and put a copy for programs beside the pages; what does not fit together fails."""
    found = findings(layout)
    verdicts = found.verdicts()
    check_verdicts(found, verdicts)
    write_json(layout.stage / "book" / "scorecard.json", as_records(verdicts, found))


def _render(layout: Layout) -> Path:
    """Run Jupyter Book from scratch: an incremental build is silent about pages that it does not touch."""
    work = layout.pages / "rendering"
    shutil.rmtree(work, ignore_errors=True)
    command = [sys.executable, "-P", "-m", "companion.running.render", str(layout.stage), str(work)]
    ours, its = os.pipe()  # it ends when this process does, and with it the other end
    try:
        done = subprocess.run(
            command, stdin=ours, capture_output=True, text=True, encoding="utf-8", check=False
        )
    finally:
        os.close(its)
        os.close(ours)
    printed = _COLOUR.sub("", done.stdout + done.stderr)
    if done.returncode != 0:
        shutil.rmtree(work, ignore_errors=True)  # it may be what filled the disk
    write_text(layout.log("build"), impersonal(printed))
    if done.returncode != 0:
        raise _failure(layout, printed, done.returncode)
    return work / "_build" / "html"


def _failure(layout: Layout, printed: str, status: int) -> CompanionError:
    """Say what Jupyter Book complained about, or that it was killed, and what to do."""
    lines = printed.replace(f"{layout.stage}/", "").splitlines()
    shown = [line for line in lines if re.search("WARNING|ERROR|Error:", line)] or lines[-20:]
    if status < 0:
        shown = [f"Jupyter Book was terminated abruptly, by signal {-status}"]
    trouble = trouble_in("\n".join(shown))
    where = "in a chapter, ruler.ipynb:40002 means the fourth cell, second line"
    return CompanionError(
        "The strict build failed; the last good pages are kept",
        where=layout.log("build"),
        expected="no warnings",
        got="\n    " + "\n    ".join(shown),
        do=f"{trouble.do}; {where}" if trouble else where,
    )
