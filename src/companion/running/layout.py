"""Where a run keeps what it makes. Everything lies below one git-ignored folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from companion.project import project_root
from companion.system.whole_files import whole_path

EditionName = Literal["reader", "workshop"]


@dataclass(frozen=True)
class Layout:
    """The folders of one rendering of the book.

    Attributes
    ----------
    build : Path
        The folder that holds all others; ``_build`` of the project by default.
    edition : {"reader", "workshop"}
        Which pages: with solutions, or for learners. Both are rendered from the same runs.
    """

    build: Path
    edition: EditionName = "reader"

    @classmethod
    def default(cls, edition: EditionName = "reader") -> Layout:
        """Folders of the ordinary book."""
        return cls(project_root() / "_build", edition)

    @property
    def pages(self) -> Path:
        """Folder of what belongs to this edition alone."""
        return self.build if self.edition == "reader" else self.build / self.edition

    @property
    def html(self) -> Path:
        """The finished pages."""
        return self.pages / "html"

    @property
    def stage(self) -> Path:
        """The tree that Jupyter Book renders."""
        return self.pages / "stage"

    @property
    def index(self) -> Path:
        """First page of the book."""
        return self.html / "index.html"

    def notebook(self, chapter: str) -> Path:
        """Notebook of a chapter, executed."""
        return self.build / "notebooks" / f"{chapter}.ipynb"

    def results(self, chapter: str) -> Path:
        """Science values of a chapter."""
        return self.build / "results" / f"{chapter}.json"

    def figures(self, chapter: str) -> Path:
        """Figure files of a chapter."""
        return self.build / "figures" / chapter

    def record(self, chapter: str) -> Path:
        """Provenance of a chapter; written last, so it marks the run as finished."""
        return self.build / "provenance" / f"{chapter}.json"

    def log(self, chapter: str) -> Path:
        """Text that the chapter's process printed outside the notebook."""
        return self.build / "logs" / f"{chapter}.log"

    def lock(self, name: str) -> Path:
        """Lock file of a chapter or of the build."""
        path = self.build / "locks" / f"{name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def workspace(self, chapter: str) -> Path:
        """Scratch folder of a chapter that is running."""
        return self.build / "running" / chapter


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is either wholly there or not at all."""
    with whole_path(path) as part:
        part.write_text(text, "utf-8")


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file whole, with the order of the keys kept."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where the file is absent or damaged."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file with a checksum of what it says, for :func:`read_sealed`."""
    plain = json.loads(json.dumps(value))  # as it is read again
    write_json(path, {**plain, "seal": _seal(plain)})


def read_sealed(path: Path) -> dict[str, Any] | None:
    """Read what :func:`write_sealed` wrote; None where the file is absent, or says anything else."""
    value = read_json(path)
    return None if value is None or value.pop("seal", None) != _seal(value) else value


def _seal(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the checksum of a file's bytes, or ``absent``."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return "absent"


def tree_sha256(folder: Path) -> str:
    """Return one checksum over the names and bytes of all files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    return digest.hexdigest()
