"""Run the smoke book into a folder; a process of its own, so that it can be killed and begun again."""

from __future__ import annotations

import sys
from pathlib import Path

from companion.running.chapters import choose
from companion.running.layout import Layout
from companion.running.parameters import declared_parameters
from companion.running.schedule import run_chapters
from companion.running.verify import SMOKE


def main(build: str, jobs: str, *chapters: str) -> int:
    """Run chapters, all of them if none is named; those that are finished are left alone."""
    chosen = choose(list(chapters))
    usable = {name for chapter in chosen for name in declared_parameters(chapter)}
    given = {name: value for name, value in SMOKE.items() if name in usable}
    runs = run_chapters(chosen, given, Layout(Path(build)), jobs=int(jobs))
    return 1 if any(run.outcome == "failed" for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
