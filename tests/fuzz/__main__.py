"""``python -m tests.fuzz``: made-up and damaged files for the pickle reader, the manifest and BData."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from companion.project import project_root

from .report import summary, table

RUNS = {"pickles": 100_000, "manifest": 100_000, "bdata": 10_000}
BATCH = 2_000
"""Trees that one process reads."""


def main() -> int:
    """Print a table of what became of the files; 1 if a reader did what it may not do."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("subject", nargs="?", default="all", choices=[*RUNS, "all"])
    parser.add_argument(
        "--runs", type=int, help="inputs of each; 100,000, of BData 10,000 and half as many damaged"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=0, help="end after as many minutes of each")
    parser.add_argument("--no-lines", action="store_true", help="do not count the lines that were reached")
    parser.add_argument("--report", type=Path, help="JSON file for the figures")
    asked = parser.parse_args()
    subjects = list(RUNS) if asked.subject == "all" else [asked.subject]
    reports: dict[str, Any] = {}
    for subject in subjects:
        runs = RUNS[subject] if asked.runs is None else asked.runs
        with tempfile.TemporaryDirectory() as name:
            if subject == "bdata":
                for kind, count in (("trees", runs), ("flips", runs // 2)):
                    folder = Path(name) / kind
                    reports[f"bdata, {kind}"] = read_trees(folder, kind, count, asked.seed, asked.minutes)
                    sys.stdout.write(table(f"bdata, {kind}", reports[f"bdata, {kind}"]))
            else:
                lines = not asked.no_lines
                reports[subject] = guide(Path(name), subject, runs, asked.seed, asked.minutes, lines=lines)
                sys.stdout.write(table(subject, reports[subject]))
    if asked.report:
        asked.report.write_text(json.dumps(reports, indent=1), "utf-8")
    return int(any(report["findings"] for report in reports.values()))


def guide(folder: Path, subject: str, runs: int, seed: int, minutes: float, *, lines: bool) -> dict[str, Any]:
    """Let atheris choose inputs of a reader."""
    words = [subject, str(folder), "--runs", str(runs), "--seed", str(seed), "--minutes", str(minutes)]
    started = time.monotonic()
    done = _python("guided", words)
    seconds = time.monotonic() - started
    found = summary(folder / "log.jsonl")
    edges = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
    found |= {"seconds": round(seconds), "edges": int(edges[-1][0]) if edges else None}
    if done.returncode or not found["inputs"]:
        found["findings"].append(
            {"kind": f"FINDING: the process ended with {done.returncode}: {done.stderr[-600:]}"}
        )
    if lines:
        _python("guided", [*words, "--lines"])
        found |= json.loads((folder / "lines.json").read_text("utf-8"))
    return found


def read_trees(folder: Path, kind: str, runs: int, seed: int, minutes: float) -> dict[str, Any]:
    """Read HDF5 files in processes one after the other; where libhdf5 crashes, the next goes on behind it."""
    from .bdata import NAMES, layout_of, spoil, templates

    folder.mkdir()
    started = time.monotonic()
    crashes: list[dict[str, Any]] = []
    first = 0
    while first < runs and not (minutes and time.monotonic() > started + 60 * minutes):
        last = min(first + BATCH, runs)
        words = [str(folder), "--kind", kind, "--first", str(first), "--last", str(last), "--seed", str(seed)]
        done = _python("bdata", words)
        if done.returncode:
            number = int((folder / "in_work").read_text() if (folder / "in_work").exists() else first)
            crashes.append({"n": number, "status": done.returncode, "stderr": done.stderr[-400:]})
            last = number + 1
        first = last
    found = summary(folder / "log.jsonl")
    valid = templates(folder / "files")
    for line in crashes + found["findings"]:
        path = folder / "files" / NAMES[layout_of(line["n"])]
        path.write_bytes(valid[layout_of(line["n"])])
        line |= {"layout": path.name, "change": spoil(path, kind, line["n"], seed)[0]}
    # a process that ends by a signal died inside libhdf5; one that ends otherwise is our fault
    found["findings"] += [
        crash | {"kind": "FINDING: a process ended"} for crash in crashes if crash["status"] > 0
    ]
    found["crashes"] = [crash for crash in crashes if crash["status"] < 0]
    return found | {"seconds": round(time.monotonic() - started)}


def _python(module: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"tests.fuzz.{module}", *words]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command,
        cwd=project_root(),
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
