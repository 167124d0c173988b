"""The two pages in the zip: how to start, and whose the data are."""

from __future__ import annotations

from collections.abc import Sequence

from companion.loading.entries import Entry
from companion.running.chapters import Chapter
from companion.running.layout import Layout, read_json
from companion.running.wording import plain


def start_page(chapters: Sequence[Chapter], layout: Layout) -> str:
    """Say how to start, and how long each notebook takes in class and on a machine."""
    rows = []
    for position, chapter in enumerate(chapters, start=1):
        record = read_json(layout.record(chapter.name)) or {}
        minutes = sum(chapter.teaching.minutes.values()) if chapter.teaching else 0
        took = f"{record['seconds']:.0f} s | {record['peak_memory_mb']} MB"
        rows.append(f"| {position} | {chapter.title} | {minutes} | {took} |")
    lines = [
        "# Decoding what a person sees: a workshop",
        "",
        "You need Python 3.11, 3.12 or 3.13 and 8 GB of disk. In this folder:",
        "",
        "    python start.py --check     # makes ready what is missing, runs the first notebook to its end",
        "    python start.py --check-all # the same with every notebook, for whoever prepares the class",
        "    python start.py             # opens the notebooks in your browser",
        "",
        "The packages (`requirements.lock`) come from the network once. For machines without one, run",
        "`python start.py --download` where there is one, and pass on the folder `packages`.",
        "",
        "| notebook | title | minutes, taught in full | computing, alone | memory |",
        "|--:|:--|--:|--:|--:|",
        *rows,
        "",
        "Seconds and memory were measured with one thread on the machine that made this folder.",
        "`pages/index.html`, if it is here, is the whole book without solutions.",
        "`DATA.md` says whose the data are.",
        "",
    ]
    return "\n".join(lines)


def data_page(entries: Sequence[Entry]) -> str:
    """Say where each data set comes from, and under which licence."""
    lines = ["# Whose data these are", ""]
    for one in entries:
        title, address, licence = map(plain, (one.title, one.address, one.licence))
        lines.append(f"* `data/{one.id}`: {title}. {address}. Licence: {licence}.")
    lines += ["* `data/miniature`: simulated by this project. Nobody was measured for it."]
    return "\n".join([*lines, ""])
