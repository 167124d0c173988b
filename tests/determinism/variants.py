"""Ways to make the same book, which must not show in it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from companion.commands.data import prepare
from companion.project import data_root
from companion.running.layout import Layout, read_json, sha256

NOT_SHARED = ("products", "embeddings", "sweeps")
"""What chapters keep in the data folder: every variant makes it anew."""


@dataclass(frozen=True)
class Variant:
    """One way.

    Attributes
    ----------
    name : str
    jobs : int
        Chapters at a time.
    environment : mapping
        Added to this process's own.
    kills : int
        How often the whole run is killed and begun again before it may finish.
    """

    name: str
    jobs: int = 2
    environment: Mapping[str, str] = field(default_factory=dict)
    kills: int = 0


VARIANTS = (
    Variant("two at a time", environment=MappingProxyType({"PYTHONHASHSEED": "1"})),
    Variant("one at a time", jobs=1, environment=MappingProxyType({"PYTHONHASHSEED": "2"})),
    Variant("killed and begun again", kills=6),
    Variant(
        "another environment",
        environment=MappingProxyType(
            {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C", "LANG": "C"}
        ),
    ),
)


def make(
    variant: Variant, chapters: Sequence[str], data: Path, folder: Path, rng: random.Random, seconds: float
) -> Layout:
    """Make the book in a variant's way.

    Parameters
    ----------
    variant : Variant
    chapters : sequence of str
        All of them if none is named.
    data : Path
        A data folder with the small public files and the smoke world; it is read only.
    folder : Path
        Receives what is kept and made.
    rng : random.Random
        Draws the moments of the kills.
    seconds : float
        About how long an undisturbed run takes; kills fall within it.
    """
    own = own_data(data, folder / "data")
    layout = Layout(folder / "_build")
    command = [sys.executable, "-m", "tests.determinism.one_book"]
    command += [str(layout.build), str(variant.jobs), *chapters]
    environment = {**os.environ, **variant.environment, "COMPANION_DATA": str(own)}
    environment.pop("COMPANION_MIRROR", None)
    for patience in [rng.uniform(0, seconds / variant.kills) for _ in range(variant.kills)] + [None]:
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        ) as run:
            try:
                if run.wait(patience) != 0:
                    raise RuntimeError(f"{variant.name}: the run ended with status {run.returncode}")
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
    return layout


def compare(one: Layout, other: Layout, chapters: Sequence[str]) -> dict[str, list[str]]:
    """Chapters of which a kind of output differs: results, notebooks, figures."""
    found: dict[str, list[str]] = {"results": [], "notebooks": [], "figures": []}
    place: Mapping[str, Callable[[Layout, str], Path]] = {
        "results": lambda layout, name: layout.results(name),
        "notebooks": lambda layout, name: layout.notebook(name),
    }
    for name in chapters:
        for kind, where in place.items():
            if sha256(where(one, name)) != sha256(where(other, name)):
                found[kind].append(name)
        if _figures(one, name) != _figures(other, name):
            found["figures"].append(name)
    return found


def differences(one: Layout, other: Layout, chapter: str) -> list[str]:
    """Results of a chapter that differ, with both values."""
    then, now = (read_json(layout.results(chapter)) or {} for layout in (one, other))
    return [
        f"{chapter}::{key}: {then.get(key)} / {now.get(key)}"
        for key in sorted({*then, *now})
        if then.get(key) != now.get(key)
    ]


def _figures(layout: Layout, chapter: str) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(layout.figures(chapter).glob("*"))}


def prepared(data: Path | None) -> Path:
    """Folder with the small public files and the smoke world: the one named, else the user's, made ready."""
    if data is None:
        prepare("smoke", None, None, None)
    return (data or data_root()).resolve()


def own_data(data: Path, own: Path) -> Path:
    """Copy the small files and link to the world, so that nothing kept is shared."""
    own.mkdir(parents=True)
    for entry in sorted(data.iterdir()):
        if entry.name == "miniature":
            (own / entry.name).symlink_to(entry.resolve())
        elif entry.is_dir() and entry.name not in NOT_SHARED and not entry.name.startswith("."):
            shutil.copytree(entry, own / entry.name)
    return own
