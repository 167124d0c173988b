"""``python -m tests.determinism``: make the smoke book in several ways and compare results byte for byte."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from companion.running.chapters import choose
from companion.running.layout import Layout

from .variants import VARIANTS, compare, differences, make, prepared


def main() -> int:
    """Print a table, and every result that differs; 1 if one does."""
    parser = argparse.ArgumentParser(prog="python -m tests.determinism", description=__doc__)
    parser.add_argument("chapters", nargs="*", help="names; all chapters if none is given")
    parser.add_argument(
        "--data", type=Path, default=None, help="data folder with the small files and the smoke world"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the moments of kills")
    parser.add_argument("--report", type=Path, help="JSON file for the table")
    asked = parser.parse_args()
    names = [chapter.name for chapter in choose(asked.chapters)]
    data = prepared(asked.data)
    rows, first, seconds = [], None, 0.0
    with tempfile.TemporaryDirectory(prefix="determinism-") as work:
        for variant in VARIANTS:
            started = time.monotonic()
            folder = Path(work) / variant.name.replace(" ", "-")
            layout = make(variant, asked.chapters, data, folder, random.Random(asked.seed), seconds)
            took = time.monotonic() - started
            seconds = seconds or took
            first = first or layout
            rows.append({"variant": variant.name, "seconds": round(took), **_told(first, layout, names)})
            print(rows[-1], flush=True)
    if asked.report:
        asked.report.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    return 1 if any(row["results"] for row in rows) else 0


def _told(first: Layout, layout: Layout, names: list[str]) -> dict[str, object]:
    n_results = sum(len(json.loads(layout.results(name).read_text("utf-8"))) for name in names)
    differing = compare(first, layout, names)
    for name in differing["results"]:
        print("\n".join(differences(first, layout, name)))
    return {"n_chapters": len(names), "n_results": n_results, **differing}


if __name__ == "__main__":
    sys.exit(main())
