"""The rooms of the package and the doors between them (the picture stands in CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import companion

PACKAGE = Path(companion.__file__).parent
LEAVES = {
    "checks",
    "errors",
    "project",
    "embeddings",
    "recording",
    "recording_checks",
    "scores",
    "system",
}
MAY_IMPORT = {
    "loading": {"loading"},
    "encoders": {"encoders", "loading"},
    "alignment": {"alignment"},
    "training": {"training"},
    "decoding": {"decoding"},
    "statistics": {"statistics"},
    "figures": {"figures"},
    "running": {"running", "loading", "figures", "encoders", "alignment", "training"},
    "simulation": {"simulation", "loading", "encoders", "training", "decoding", "statistics"},
    "cli": {"commands", "running", "loading"},
    "commands": {"commands", "running", "loading", "simulation"},
}
OWN_DOORS: dict[str, set[str]] = {
    "running/bench_readout.py": {"decoding"},
    "running/bench_recordings.py": {"decoding"},
    "running/rehearsal/": {"decoding", "statistics"},
    "running/sweeps/jobs/": {"decoding"},
    "simulation/alignment_laboratory.py": {"alignment"},
    "simulation/repeated_alignment.py": set(),
    "simulation/repeated_worlds.py": {"alignment"},
    "training/estimator.py": {"decoding"},
}
"""Modules and folders that may look into one more room: jobs of sweeps and of rehearsals do what chapters do.
What makes and calibrates the world must not know an aligner; what measures it afterwards, and is imported by
nothing but its like, may. The network as a scikit-learn estimator shares labels, candidates and answers with
the linear one."""
FORBIDDEN_LIBRARIES = {
    "alignment": {"mne", "nilearn", "matplotlib", "seaborn"},
    "training": {"mne", "nilearn", "matplotlib", "seaborn"},
    "decoding": {"mne", "nilearn", "matplotlib", "seaborn"},
    "statistics": {"torch", "mne", "nilearn", "matplotlib", "seaborn"},
    "figures": {"torch", "himalaya"},
    "leaf": {"torch", "mne", "nilearn", "matplotlib", "seaborn", "scipy", "sklearn"},
}
OF_TENSORS = (
    "training/",
    "alignment/autoencoder.py",
    "alignment/stacked_layers.py",
    "decoding/attribution/",
    "decoding/generation/descent.py",
    "decoding/generation/latents.py",
    "decoding/generation/train",
    "decoding/generation/weight_files.py",
    "running/decoder_runs.py",
    "running/decoders.py",
    "running/rehearsal/encoders.py",
    "running/rehearsal/reading.py",
    "running/sweeps/timing.py",
)
"""What handles modules and gradients of torch, and is imported for nothing else."""
SLOW_LIBRARIES = {
    "torch",
    "mne",
    "nilearn",
    "himalaya",
    "rsatoolbox",
    "open_clip",
    "papermill",
    "jupytext",
    "nbformat",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "leaf" if name in LEAVES | {"__init__"} else name


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def trespasses(where: str, names: set[str], own: set[str] | None = None) -> list[str]:
    """What a module of a room imports that it may not."""
    allowed = LEAVES | MAY_IMPORT.get(where, set()) | (own or set())
    found = []
    for name in sorted(names):
        library, _, rest = name.partition(".")
        if library == "companion":
            target = rest.split(".")[0]
            if target not in allowed:
                found.append(name)
        elif library in FORBIDDEN_LIBRARIES.get(where, set()):
            found.append(name)
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_keeps_to_its_doors(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    place = path.relative_to(PACKAGE).as_posix()
    own = next((rooms for name, rooms in OWN_DOORS.items() if place.startswith(name)), None)
    assert not trespasses(room(path), imported(tree), own)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_slow_libraries_are_imported_where_they_are_used(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    top = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
    own = {"torch"} if path.relative_to(PACKAGE).as_posix().startswith(OF_TENSORS) else set()
    assert not {name.split(".")[0] for name in imported(top)} & (SLOW_LIBRARIES - own)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_is_small_enough_to_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


def test_nothing_comes_in_through_a_door_of_ones_own() -> None:
    names = {f"companion.{path.removesuffix('.py').replace('/', '.')}" for path in OWN_DOORS}
    for path in modules():
        if not path.relative_to(PACKAGE).as_posix().startswith(("cli", "commands", *OWN_DOORS)):
            found = imported(ast.parse(path.read_text("utf-8")))
            assert not [name for name in found if any(name.startswith(own) for own in names)], path


def test_the_test_sees_a_trespass() -> None:
    tree = ast.parse(
        "import mne\nfrom companion.loading import store\nfrom companion.scores import check_scores"
    )
    assert trespasses("alignment", imported(tree)) == ["companion.loading.store", "mne"]


def test_every_room_has_its_rule() -> None:
    rooms = {room(path) for path in modules()} - {"leaf"}
    assert rooms <= set(MAY_IMPORT)
