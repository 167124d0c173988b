"""What a command that is killed works on: where it starts, what counts as finished, what it must leave."""

from __future__ import annotations

import hashlib
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.faults.kills import Command


@dataclass(frozen=True)
class Unit:
    """Something that is finished: a file, a person, a cell, a chapter, a book.

    Attributes
    ----------
    content : str
        Checksum of what it holds.
    stamps : frozenset
        When its files were written; empty for what may be made again.
    """

    content: str
    stamps: frozenset[tuple[str, int]]


class Scenario(ABC):
    """One command, in a folder of its own. The context manager opens and closes what it needs.

    Parameters
    ----------
    home : Path
        Holds ``start``, from which every round begins, and ``state``, where it happens: always the same
        folder, since pages and notebooks may name it.
    """

    name: ClassVar[str]
    arguments: tuple[str, ...]
    compared: ClassVar[str]
    """What the outputs are compared by, in words."""

    def __init__(self, home: Path) -> None:
        self.home, self.start, self.state, self.logs = (home, home / "start", home / "state", home / "logs")
        self.start.mkdir(parents=True)

    def __enter__(self) -> Self:
        self.prepare()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    @abstractmethod
    def prepare(self) -> None:
        """Fill ``start``."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Variables of the command."""

    @abstractmethod
    def units(self) -> dict[str, Unit]:
        """Everything below ``state`` that would be taken for finished."""

    def content(self, path: Path) -> str:
        """Checksum of what a file holds; the same for two runs. Empty for what is not compared."""
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def begin(self) -> Command:
        """Lay a fresh state and give the command that works on it."""
        for folder in (self.state, self.logs):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.start, self.state, copy_function=shutil.copy2, symlinks=True)
        self.logs.mkdir()
        return Command(self.arguments, self.state, self.environment(), self.logs)

    def companion(self, *arguments: str) -> None:
        """Let an undisturbed command change ``start``; for `prepare`."""
        command = self.begin()
        command.arguments = arguments
        ended = command.run()
        if ended.status != 0:
            raise RuntimeError(f"{' '.join(arguments)} fails, status {ended.status}:\n{ended.said}")
        shutil.rmtree(self.start)
        self.state.rename(self.start)

    def outputs(self) -> dict[str, str]:
        """Every file and folder that is left, with the checksum of its content; locks do not count."""
        return {
            path.relative_to(self.state).as_posix(): self.content(path) if path.is_file() else ""
            for path in sorted(self.state.rglob("*"))
            if not {"__pycache__", "locks", ".locks"} & set(path.parts)
            and path.name not in {"lock", ".lock", ".turn"}
            and path.suffix != ".lock"
        }

    def unit(self, paths: Iterable[Path], folder: Path, *, kept: bool = True) -> Unit:
        """Take some files as one; their names count from a folder.

        Parameters
        ----------
        kept : bool
            Whether the command may not make them again once they are there.
        """
        files = sorted(path for path in paths if path.is_file())
        told = [(path.relative_to(folder).as_posix(), self.content(path)) for path in files]
        stamps = {(path.relative_to(folder).as_posix(), path.stat().st_mtime_ns) for path in files}
        content = hashlib.sha256(repr(told).encode()).hexdigest()
        return Unit(content, frozenset(stamps if kept else ()))


def differences(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """Say what one tree has and another has not, and what differs."""
    return [
        *(f"left behind: {name}" for name in sorted(found.keys() - expected.keys())),
        *(f"missing: {name}" for name in sorted(expected.keys() - found.keys())),
        *(f"differs: {name}" for name in sorted(found) if expected.get(name, found[name]) != found[name]),
    ]
