"""``python -m tests.soak``: two chapters 30 times in one runner, then 200 cells of a sweep; does it grow?"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from tests.determinism.variants import own_data, prepared

from .measure import Use, growth, told
from .rounds import chapters_again, one_sweep

WARM_UP = 5
PER_ROUND = {"memory": 0.5e6, "files": 0.0, "threads": 0.0, "children": 0.0, "temporary": 0.0, "disk": 100.0}
"""Growth that is allowed per round, as a slope; logs and provenance hold numbers of changing length."""
WORKER = 30e6
"""Bytes by which a worker's mean memory in its last quarter may lie above that in its second quarter."""


def main() -> int:
    """Print what was held after every round, and what grew; 1 if anything grew beyond its limit."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--steps", type=int, default=200, help="training steps of a cell")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--data", type=Path, help="with small files and smoke world; else yours")
    parser.add_argument("--report", type=Path, help="JSON file for what was measured")
    asked = parser.parse_args()
    if asked.rounds < WARM_UP + 2:
        parser.error(f"--rounds must be at least {WARM_UP + 2}: the first {WARM_UP} are the warm-up")
    data = prepared(asked.data)
    with tempfile.TemporaryDirectory(prefix="soak-") as work:
        _settle(Path(work), data)
        uses = chapters_again(
            asked.rounds, Path(work) / "_build", tell=lambda use: print(told(use), flush=True)
        )
        slopes = growth(uses, WARM_UP)
        print("growth per round:", {name: round(slope, 2) for name, slope in slopes.items()})
        memory, ends = one_sweep(asked.cells, asked.steps, asked.workers)
        rises = [_rise(values) for values in memory.values() if len(values) >= 40]
        print(f"the sweep's driver before: {told(ends[0])}\n                    after: {told(ends[1])}")
        print("rise of each worker's memory, MB:", [round(rise / 1e6, 1) for rise in rises])
    grown = [name for name, limit in PER_ROUND.items() if slopes[name] > limit]
    grown += [f"sweep: {name}" for name in ("files", "children", "temporary") if _more(ends, name)]
    grown += ["a worker's memory"] if any(rise > WORKER for rise in rises) else []
    if asked.report:
        found = {"rounds": [asdict(use) for use in uses], "per_round": slopes, "worker_rises": rises}
        found |= {"sweep": [asdict(use) for use in ends], "cells": asked.cells}
        asked.report.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print("grew beyond its limit:", ", ".join(grown) or "nothing")
    return 1 if grown else 0


def _settle(work: Path, data: Path) -> None:
    """Give this process data and temporary folders of its own."""
    own_data(data, work / "data")
    (work / "temporary").mkdir()
    os.environ |= {"COMPANION_DATA": str(work / "data"), "TMPDIR": str(work / "temporary")}
    tempfile.tempdir = None  # look at TMPDIR again


def _rise(values: list[int]) -> float:
    quarter = len(values) // 4
    return fmean(values[-quarter:]) - fmean(values[quarter : 2 * quarter])


def _more(ends: list[Use], name: str) -> bool:
    return bool(getattr(ends[1], name) > getattr(ends[0], name))


if __name__ == "__main__":
    sys.exit(main())
