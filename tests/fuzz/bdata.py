"""A process that reads HDF5 trees and damaged files with every reader that stands on BData or HDF5.

Called by `tests.fuzz`, which starts it again where libhdf5 crashed; by hand:
``python -m tests.fuzz.bdata FOLDER --kind trees --first 0 --last 100 --seed 0``.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random

import numpy as np

from companion.errors import DataError
from companion.loading.god.bdata import BData, open_bdata
from companion.loading.god.features import KINDS, load_god_features
from companion.loading.god.fmri import load_god, load_god_task
from companion.loading.nsd.design import DESIGN_FILE
from companion.loading.nsd.responses import load_nsd, voxel_file
from companion.simulation.writers.god import write_god, write_god_features, write_god_task
from companion.simulation.writers.nsd import write_nsd_design, write_nsd_voxels
from tests import god_world

from . import trees
from .guard import Guard

NAMES = {
    "classic": "Subject1.h5",
    "task": "Subject1_ImageNetTest.h5",
    "features": "ImageFeatures.h5",
    "nsd": voxel_file(1),
}
STIMULI = god_world.stimuli()
SPLITS = ("train", "test", "imagery")


class NotRefusedError(AssertionError):
    """A file that refers to other files was read."""


def templates(folder: Path) -> dict[str, bytes]:
    """Valid files of each layout."""
    stimuli = god_world.stimuli()
    recordings = god_world.recordings()
    images = np.arange(80).reshape(8, 10)
    images[:, :4] = [100, 101, 102, 103]
    write_nsd_design(folder, np.arange(40) % 10, images, n_shared=4)
    voxels = np.random.default_rng(0).normal(size=(40, 5))
    paths = {
        "classic": write_god(folder, 1, recordings, stimuli),
        "task": write_god_task(folder, 1, recordings[1], stimuli),
        "features": write_god_features(folder, god_world.features()),
        "nsd": write_nsd_voxels(folder, 1, [voxels], voxels.shape),
    }
    return {kind: path.read_bytes() for kind, path in paths.items()}


def readers(folder: Path, path: Path, kind: str) -> list[Callable[[], object]]:
    """Everything that can be asked of a file of this layout."""
    if kind == "nsd":
        return [
            partial(load_nsd, folder, 1, split=split, average=average)
            for split, average in (("train", False), ("test", True))
        ]
    found: list[Callable[[], object]] = [partial(_ask, path, question) for question in QUESTIONS]
    if kind == "features":
        layers = ("cnn1", "gist", "cnn1", "cnn8")
        return found + [partial(load_god_features, folder, *both) for both in zip(layers, KINDS, strict=True)]
    load, splits = (load_god, SPLITS) if kind == "classic" else (load_god_task, ("test",))
    regions = (["V1", "LOC"], None, None) if kind == "classic" else (None,)
    return found + [
        partial(load, folder, 1, split=split, stimuli=STIMULI, rois=rois)
        for split, rois in zip(splits, regions, strict=True)
    ]


def _ask(path: Path, question: Callable[[BData], object]) -> None:
    with open_bdata(path) as data:
        question(data)


QUESTIONS: tuple[Callable[[BData], object], ...] = (
    lambda data: [data.columns(key) for key in data.keys],
    lambda data: (data.simulated, data.double_precision, data.label("Run"), data.names("stimulus_name")),
    lambda data: data.read(np.arange(data.n_rows)[::-1], data.columns(next(iter(data.keys), ""))),
)


def run(folder: Path, kind: str, numbers: Iterable[int], seed: int) -> None:
    """Read one file after the other; the number of the one in work stands in a file."""
    (folder / "files").mkdir(exist_ok=True)
    valid = templates(folder / "files")
    for layout, name in NAMES.items():  # what is imported late is imported now
        path = folder / "files" / name
        for reader in readers(folder / "files", path, layout):
            try:
                reader()
            except DataError:
                continue
    shutil.copy(folder / "files" / NAMES["classic"], folder / "files" / trees.CANARY)
    guard = Guard(folder / "log.jsonl", folder, every_line=True, beside=[DESIGN_FILE])
    import resource  # on POSIX only

    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
    in_work = os.open(folder / "in_work", os.O_CREAT | os.O_WRONLY)
    for number in numbers:
        os.pwrite(in_work, f"{number:8d}".encode(), 0)
        layout = layout_of(number)
        guard.path = folder / "files" / NAMES[layout]
        guard.path.write_bytes(valid[layout])
        _, outside = spoil(guard.path, kind, number, seed)
        asked = readers(folder / "files", guard.path, layout)
        guard.check(number, [partial(_refused, one) for one in asked] if outside else asked)


def layout_of(number: int) -> str:
    """Layouts take turns."""
    return list(NAMES)[number % len(NAMES)]


def spoil(path: Path, kind: str, number: int, seed: int) -> tuple[list[str], bool]:
    """Change a valid file as this number says; what was done, and whether it refers to other files."""
    rng = Random(f"{seed}/{kind}/{number}")
    if kind == "trees":
        return trees.change(path, rng)
    made, content = trees.damage(path.read_bytes(), rng)
    path.write_bytes(content)
    return made, False


def _refused(reader: Callable[[], object]) -> None:
    reader()
    raise NotRefusedError("a file that refers to others was read")


def main() -> None:
    """Read the files of a range of numbers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=("trees", "flips"), default="trees")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    run(asked.folder, asked.kind, range(asked.first, asked.last), asked.seed)


if __name__ == "__main__":
    main()
