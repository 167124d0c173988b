"""All benchmarks with one command, into one record, from which the page "Speed and memory" is made.

Usage: ``python benchmarks/run.py [--small] [--only PART ...] [--record FILE] [--scratch FOLDER]``

Every part runs in a process of its own, one after the other, and is kept as soon as it is there: one that
fails is named at the end and leaves the others, and its own former figures, in the record. ``--only`` renews
just these parts. ``--small`` goes through the parts in minutes, at sizes that mean nothing. The part
``memory``, which writes files of up to 10 GB, needs ``--scratch``, a folder for them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import torch
from ratios import of_alignment, of_training

from companion.running.layout import read_json, write_json
from companion.running.provenance import commit

HERE = Path(__file__).parent
WRITTEN = ("encoders", "decoding", "embedding")
"""Parts that give rows themselves."""
FILES = {
    "THINGS-EEG2, training of one person, averaged": ("eeg2_memory.py",),
    "NSD, training of one person, averaged": ("nsd_and_meg_memory.py", "nsd"),
    "THINGS-MEG, training of one person": ("nsd_and_meg_memory.py", "meg"),
}
Rows = list[dict[str, Any]]


def parts(small: bool, scratch: Path | None) -> dict[str, Callable[[], Rows]]:
    """Every part by name, in order."""
    known: dict[str, Callable[[], Rows]] = {
        "training": lambda: training(small),
        "alignment": lambda: aligning(small),
    }
    known |= {name: lambda name=name: measured(name, small) for name in WRITTEN}  # type: ignore[misc]
    if not small:
        known["rehearsal"] = rehearsed
    if scratch is not None:
        known["memory"] = lambda: loaded(scratch)
    return known


def measured(module: str, small: bool) -> Any:
    """Run ``measure`` of a module in a process of its own."""
    program = f"import json, sys; from {module} import measure; json.dump(measure({small}), sys.stdout)"
    return json.loads(_printed([sys.executable, "-c", program]))


def training(small: bool) -> Rows:
    """Rows of the trainer, with the size that it was measured at."""
    from training import FULL, SMALL

    size = SMALL if small else FULL
    return of_training(measured("training", small), size.array, size.batch_size)


def aligning(small: bool) -> Rows:
    """Rows of brain-aligning, with the sizes that it was measured at."""
    from alignment import PUBLISHED, SMALL

    return of_alignment(measured("alignment", small), SMALL if small else PUBLISHED)


def rehearsed() -> Rows:
    """Rows of ``companion rehearse``: jobs of the chapters at the sizes of the papers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rehearsal.json"
        program = Path(sys.executable).with_name("companion")
        command = [str(program), "rehearse", "--json", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = read_json(file) or {"rows": []}
    too_large = any(row["peak_mb"] > found["limit_mb"] for row in found["rows"])
    if done.returncode and not too_large:  # jobs over the limit fail the command, too, but they are figures
        raise RuntimeError(done.stderr.strip()[-2000:])
    rows: Rows = found["rows"]
    return rows


def loaded(scratch: Path) -> Rows:
    """Seconds and peak memory of loading files of the official size."""
    found = []
    for name, (script, *arguments) in FILES.items():
        printed = json.loads(_printed([sys.executable, script, *arguments, str(scratch.resolve())]))
        peak, bound = (printed[f"{key}_bytes"] / 2**20 for key in ("peak_rss", "bound"))
        found.append({"path": name, "seconds": printed["seconds"], "peak_mb": peak, "bound_mb": bound})
    return found


def machine() -> dict[str, Any]:
    """Machine in general words, without its name."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def run(record: Path, wanted: dict[str, Callable[[], Rows]], small: bool) -> dict[str, str]:
    """Run parts and keep each; returns what failed, and why."""
    found = read_json(record) or {"machine": machine(), "small": small, "parts": {}}
    if (found["machine"], found["small"]) != (machine(), small):
        sys.exit(f"{record.name} is of another machine or other sizes: move it, or give --record")
    failed = {}
    for name, measure in wanted.items():
        started, load = time.perf_counter(), os.getloadavg()[0]
        try:
            rows = measure()
        except (RuntimeError, ImportError, KeyError, ValueError) as error:
            failed[name] = f"{type(error).__name__}: {error}"
            continue
        found["parts"][name] = {
            "date": date.today().isoformat(),
            "commit": commit(),
            "load": round(load, 1),
            "minutes": round((time.perf_counter() - started) / 60, 1),
            "rows": rows,
        }
        write_json(record, found)
        sys.stdout.write(f"{name}: {len(rows)} rows, {found['parts'][name]['minutes']} min\n")
    return failed


def main(arguments: list[str]) -> int:
    """Run what is asked for; 1 if a part failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", nargs="+", metavar="PART")
    default = "record-gpu.json" if torch.cuda.is_available() else "record.json"
    parser.add_argument("--record", type=Path, default=HERE / default)
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args(arguments)
    known = parts(given.small, given.scratch)
    wanted = given.only or list(known)
    if unknown := sorted(set(wanted) - set(known)):
        parser.error(f"no part {', '.join(unknown)}; parts are {', '.join(known)}")
    failed = run(given.record, {name: known[name] for name in known if name in wanted}, given.small)
    for name, reason in failed.items():
        sys.stderr.write(f"{name} failed: {reason}\n")
    return 1 if failed else 0


def _printed(command: list[str]) -> str:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return done.stdout


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
