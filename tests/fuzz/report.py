"""What became of the inputs, from the lines that the guard wrote."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any


def summary(log: Path) -> dict[str, Any]:
    """Counts by kind, findings (the first of each kind), the slowest input and the largest growth."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    kinds = Counter(line["kind"] for line in lines if not line["kind"].startswith("FINDING"))
    found = {line["kind"]: line for line in reversed(lines) if line["kind"].startswith("FINDING")}
    return {
        "inputs": len(lines),
        "read": kinds.pop("read", 0),
        "refused": sum(kinds.values()),
        "refusals": dict(kinds.most_common()),
        "slowest_s": max((line["s"] for line in lines), default=0),
        "grown_mb": max((line["mb"] for line in lines), default=0),
        "findings": list(found.values()),
    }


def table(title: str, report: dict[str, Any]) -> str:
    """Put one subject into words."""
    lines = [f"== {title}"]
    names = ("inputs", "seconds", "read", "refused", "slowest_s", "grown_mb", "peak_mb", "edges", "kept")
    lines += [f"{name:>16}  {report[name]}" for name in names if name in report]
    if "lines" in report:
        lines.append(f"{'lines of readers':>16}  {report['lines_reached']} of {report['lines']}")
        lines.append(f"{'not reached':>16}  {', '.join(report['missed'])}")
    lines += [f"{count:>16}  {kind}" for kind, count in list(report["refusals"].items())[:40]]
    for crash in report.get("crashes", []):
        change = "; ".join(crash["change"])
        lines.append(f"  crash in libhdf5, signal {-crash['status']}: {crash['layout']}, {change}")
    lines += [f"  {finding}"[:1500] for finding in report["findings"]]
    return "\n".join([*lines, f"{len(report['findings']):>16}  findings", "", ""])
