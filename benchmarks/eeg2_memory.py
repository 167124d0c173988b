"""Seconds and peak memory of loading a full-size THINGS-EEG2 training file into an averaged recording.

Usage: ``python benchmarks/eeg2_memory.py SCRATCH_FOLDER``

Writes the file (16540 x 4 x 63 x 250 float64, 8.3 GB, a bare pickle as the official one) below the folder,
loads it in a process of its own with the file out of the page cache, compares the last image with a plain
computation, prints one JSON object, and deletes the file again, whatever happened.
"""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from companion.loading.things_eeg2.layout import WHITENED_250HZ
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.simulation.writers.things_eeg2 import write_image_metadata, write_preprocessed

SHAPE = (16540, 4, 63, 250)
SPARE_BYTES = 2 * 10**9
BOUND_BYTES = 2 * 10**9


def load(folder: Path) -> dict[str, Any]:
    """Load as a user would; measure this process."""
    started = time.perf_counter()
    recording = load_things_eeg2(folder, 1, split="train")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "seconds": round(seconds, 1),
        "peak_rss_bytes": peak,
        "shape": recording.responses.shape,
        "last_image": recording.responses[-1, :, ::50].tolist(),
    }


def write(folder: Path) -> tuple[Path, list[list[float]]]:
    """Write noise; return the file, and what should come out for every fiftieth sample of the last image."""
    rng = np.random.default_rng(0)
    kinds = [f"{kind:05d}_kind{kind}" for kind in range(1, SHAPE[0] // 10 + 1)]
    training = [f"{kind}/image_{image:02d}" for kind in kinds for image in range(10)]
    write_image_metadata(folder, training=training, test=["00001_other/image_00"])
    last = np.empty(SHAPE[1:])
    rows = (rng.standard_normal(out=last) for _ in range(SHAPE[0]))
    path = write_preprocessed(folder, 1, rows, split="train", shape=SHAPE, layout=WHITENED_250HZ)
    mean = np.mean([[(x - x.mean()) / math.sqrt(sum(x * x)) for x in trial] for trial in last], axis=0)
    return path, mean[:, ::50].tolist()


def leave_the_cache(path: Path) -> bool:
    """Drop the pages of a file from the cache of the system, where that can be asked for."""
    if not hasattr(os, "posix_fadvise"):
        return False
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def measure(scratch: Path) -> dict[str, Any]:
    """Write, load in a child, delete."""
    scratch.mkdir(parents=True, exist_ok=True)
    needed, free = math.prod(SHAPE) * 8 + SPARE_BYTES, shutil.disk_usage(scratch).free
    if free < needed:
        sys.exit(f"{needed / 1e9:.1f} GB are needed below {scratch}, and {free / 1e9:.1f} GB are free")
    with tempfile.TemporaryDirectory(dir=scratch, prefix="eeg2_") as name:
        started = time.perf_counter()
        path, expected = write(Path(name))
        written = time.perf_counter() - started
        cold = leave_the_cache(path)
        command = [sys.executable, __file__, "--load", name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        size = path.stat().st_size
    right = bool(np.allclose(found.pop("last_image"), expected, rtol=1e-5, atol=1e-7))
    within = found["peak_rss_bytes"] < BOUND_BYTES
    report = {"file_bytes": size, "seconds_to_write": round(written, 1), "out_of_cache": cold}
    return report | found | {"bound_bytes": BOUND_BYTES, "within_bound": within, "last_image_right": right}


def main(arguments: list[str]) -> None:
    """Measure, or be the process that is measured."""
    if len(arguments) == 2 and arguments[0] == "--load":
        result = load(Path(arguments[1]))
    elif len(arguments) == 1:
        result = measure(Path(arguments[0]))
    else:
        sys.exit(__doc__)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
