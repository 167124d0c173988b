"""Seconds and peak memory of loading one official-size NSD or THINGS-MEG subject.

Usage: ``python benchmarks/nsd_and_meg_memory.py (nsd | meg) SCRATCH_FOLDER``

Writes the files below the folder (NSD: 27,750 x 15,724 float32, 1.7 GB; MEG: 27,048 epochs of 271 x 281,
8.2 GB), loads the training split in a process of its own with the files out of the page cache, compares
the last row with a plain computation, prints one JSON object, and deletes the files again, whatever happened.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mne
import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.loading.nsd.responses import load_nsd
from companion.loading.things_meg.epochs import load_things_meg
from companion.recording import Recording
from companion.simulation.writers.nsd import write_nsd_design, write_nsd_voxels
from companion.simulation.writers.things_meg import write_things_meg

NSD_SHAPE = (27_750, 15_724)
MEG_SHAPE = (27_048, 271, 281)
NEEDED_BYTES = {"nsd": 3 * 10**9, "meg": 10 * 10**9}
BESIDE_THE_RESULT_BYTES = 10**9
SHOWN = 20


class Made:
    """Rows that are made when they are asked for: one pattern, times a factor of each row."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._pattern = np.random.default_rng(0).standard_normal(shape[1:], dtype=np.float32)

    def __getitem__(self, row: int) -> npt.NDArray[np.float32]:
        return self._pattern * np.float32(1 + row / 7)


def write_nsd(folder: Path) -> npt.NDArray[np.floating[Any]]:
    """Write one subject; return some values of the last training image."""
    order = np.random.default_rng(1).permutation(np.repeat(np.arange(10_000), 3))
    write_nsd_design(folder, order, np.tile(np.arange(10_000), (8, 1)), 1_000)
    rows = Made(NSD_SHAPE)
    write_nsd_voxels(folder, 1, (rows[row][np.newaxis] for row in range(NSD_SHAPE[0])), NSD_SHAPE)
    shown = order[: NSD_SHAPE[0]]
    last = pd.unique(shown[shown >= 1_000])[-1]
    return np.mean([rows[row] for row in np.flatnonzero(shown == last)], axis=0)[-SHOWN:]


def write_meg(folder: Path) -> npt.NDArray[np.floating[Any]]:
    """Write one subject; return some values of the last training trial."""
    concepts, exemplars = np.divmod(np.arange(1_854 * 12), 12)
    shown = [f"images_meg/c{c}/c{c}_{e:02d}b.jpg" for c, e in zip(concepts, exemplars, strict=True)]
    tested = np.repeat(np.arange(200), 12)
    n_catch = MEG_SHAPE[0] - len(shown) - len(tested)
    blank = np.full(n_catch, np.nan)
    metadata = pd.DataFrame(
        {
            "trial_type": ["exp"] * len(shown) + ["test"] * len(tested) + ["catch"] * n_catch,
            "category_nr": np.r_[concepts + 1, tested + 1, blank],
            "test_image_nr": np.r_[np.full(len(shown), np.nan), tested + 1, blank],
            "image_nr": np.r_[np.arange(len(shown)) + 1, len(shown) + tested + 1, blank],
            "image_path": shown + [f"images_test_meg/c{c}_13s.jpg" for c in tested] + [None] * n_catch,
        }
    )
    turn = np.random.default_rng(2).permutation(len(metadata))
    metadata = metadata.iloc[turn].reset_index(drop=True)
    info = mne.create_info([f"M{number}" for number in range(MEG_SHAPE[1])], 200.0, "mag", verbose="error")
    for number, channel in enumerate(info["chs"]):
        channel["loc"][:3] = [0.001 * number, 0.0, 0.1]
    write_things_meg(folder, 1, Made(MEG_SHAPE), metadata, info, split_size="500MB")
    training = (metadata["trial_type"] == "exp") & (metadata["category_nr"] > 200)
    return Made(MEG_SHAPE)[int(np.flatnonzero(training)[-1])][-1, 20:221][-SHOWN:]


def load(dataset: str, folder: Path) -> dict[str, Any]:
    """Load as a user would; measure this process."""
    started = time.perf_counter()
    recording: Recording = (
        load_nsd(folder, 1, split="train") if dataset == "nsd" else load_things_meg(folder, 1, split="train")
    )
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "seconds": round(seconds, 1),
        "peak_rss_bytes": peak,
        "result_bytes": recording.responses.nbytes,
        "shape": recording.responses.shape,
        "last": recording.responses[-1].ravel()[-SHOWN:].tolist(),
    }


def leave_the_cache(folder: Path) -> bool:
    """Drop the pages of the files from the cache of the system, where that can be asked for."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def measure(dataset: str, scratch: Path) -> dict[str, Any]:
    """Write, load in a child, delete."""
    scratch.mkdir(parents=True, exist_ok=True)
    needed, free = NEEDED_BYTES[dataset], shutil.disk_usage(scratch).free
    if free < needed:
        sys.exit(f"{needed / 1e9:.1f} GB are needed below {scratch}, and {free / 1e9:.1f} GB are free")
    with tempfile.TemporaryDirectory(dir=scratch, prefix=f"{dataset}_") as name:
        started = time.perf_counter()
        expected = write_nsd(Path(name)) if dataset == "nsd" else write_meg(Path(name))
        written = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(name).iterdir())
        cold = leave_the_cache(Path(name))
        command = [sys.executable, __file__, "--load", dataset, name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    bound = found["result_bytes"] + BESIDE_THE_RESULT_BYTES
    right = bool(np.allclose(found.pop("last"), expected, rtol=1e-6))
    report = {"file_bytes": size, "seconds_to_write": round(written, 1), "out_of_cache": cold}
    within = found["peak_rss_bytes"] < bound
    return report | found | {"bound_bytes": bound, "within_bound": within, "last_row_right": right}


def main(arguments: list[str]) -> None:
    """Measure, or be the process that is measured."""
    if len(arguments) == 3 and arguments[0] == "--load" and arguments[1] in NEEDED_BYTES:
        result = load(arguments[1], Path(arguments[2]))
    elif len(arguments) == 2 and arguments[0] in NEEDED_BYTES:
        result = measure(arguments[0], Path(arguments[1]))
    else:
        sys.exit(__doc__)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
