"""The data folder, ``<data folder>/<entry id>/<file name>``: whether what lies there is what it should be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from companion.errors import DataError, MissingDataError
from companion.loading.entries import UNKNOWN, DataFile, Entry
from companion.loading.manifest import load_manifest
from companion.project import data_root


class FileState(StrEnum):
    """What was found where a file of the manifest belongs."""

    PRESENT = "present"
    UNPINNED = "present, no checksum to compare with"
    ABSENT = "absent"
    WRONG_SIZE = "wrong size"
    WRONG_CHECKSUM = "wrong checksum"

    @property
    def usable(self) -> bool:
        """Whether a chapter may open the file."""
        return self in (FileState.PRESENT, FileState.UNPINNED)


@dataclass(frozen=True)
class EntryStatus:
    """State of each file of an entry; an entry that names no file has none."""

    entry: Entry
    files: Mapping[str, FileState]

    @property
    def complete(self) -> bool:
        """Whether all files are there and right."""
        return bool(self.files) and all(state.usable for state in self.files.values())

    @property
    def any_present(self) -> bool:
        """Whether any file is there, right or wrong."""
        return any(state is not FileState.ABSENT for state in self.files.values())

    @property
    def any_wrong(self) -> bool:
        """Whether a file is there and not what it should be."""
        return any(not state.usable and state is not FileState.ABSENT for state in self.files.values())


def data_file(entry_id: str, name: str | None = None) -> Path:
    """Path of a data file whose size and checksum were just compared with the manifest.

    Parameters
    ----------
    entry_id : str
        Id of a manifest entry.
    name : str, optional
        File name; may be left out where the entry has one file.

    Raises
    ------
    MissingDataError
        If the file is not on this machine; the message says how to get it.
    DataError
        If it is there and wrong, or the manifest knows no such entry or file.

    Examples
    --------
    Nothing is opened that was not compared with the manifest, and what is missing comes with its command:

    >>> import tempfile
    >>> from unittest.mock import patch
    >>> from companion import MissingDataError
    >>> from companion.loading import data_file
    >>> with tempfile.TemporaryDirectory() as name, patch.dict("os.environ", COMPANION_DATA=name):
    ...     try:
    ...         data_file("things-concepts")
    ...     except MissingDataError as error:
    ...         print(str(error).splitlines()[-1].strip())
    what to do: companion data fetch things-concepts
    """
    entry = load_manifest().entry(entry_id)
    file = entry.file(name)
    path = local_path(data_root(), entry, file)
    state = file_state(path, file)
    if state is FileState.ABSENT:
        raise MissingDataError(
            f"The data set {entry.id!r} is not on this machine: {entry.title}",
            where=f"{file.name} in {path.parent}",
            expected=f"licence: {entry.licence}; access: {entry.access}",
            do=how_to_get(entry),
        )
    if not state.usable:
        raise DataError(
            f"A data file is not the one the manifest names: {state}",
            where=path,
            expected=f"{file.size} bytes, sha256 {file.sha256}",
            got=f"{path.stat().st_size} bytes"
            + (f", sha256 {sha256_of(path)}" if state is FileState.WRONG_CHECKSUM else ""),
            do=f"remove the file, then: {how_to_get(entry)}",
        )
    return path


def local_path(root: Path, entry: Entry, file: DataFile) -> Path:
    """Place of a file below the data folder.

    The data folder may itself be a symbolic link, and so may what lies in it, as long as the link stays
    inside: a file that is not pinned is known by its place alone. To keep big data on another disk, let
    ``COMPANION_DATA`` or the data folder itself point there.

    Raises
    ------
    DataError
        If a link leads out of the data folder.
    """
    path = root / entry.id / file.name
    try:
        target = path.resolve()
    except (OSError, RuntimeError) as error:
        raise DataError("A link in the data folder leads to itself", where=path, do="remove it") from error
    if not target.is_relative_to(root.resolve()):
        raise DataError(
            "A link in the data folder leads out of it",
            where=path,
            expected=f"a file inside {root}",
            got=target,
            do="let COMPANION_DATA (or the data folder itself, as a link) name the place where the data are",
        )
    return path


def file_state(path: Path, file: DataFile) -> FileState:
    """Compare the file at a path with the manifest: presence, then size, then checksum.

    Raises
    ------
    DataError
        If the file is there and cannot be read.
    """
    try:
        if not path.is_file():
            return FileState.ABSENT
        if file.size not in (UNKNOWN, path.stat().st_size):
            return FileState.WRONG_SIZE
        if file.sha256 == UNKNOWN:
            return FileState.UNPINNED
        return FileState.PRESENT if sha256_of(path) == file.sha256 else FileState.WRONG_CHECKSUM
    except OSError as error:
        raise DataError(
            "A data file cannot be read",
            where=path,
            got=error.strerror,
            do="give yourself the right to read it",
        ) from error


def status(entry: Entry, root: Path | None = None) -> EntryStatus:
    """State of every file of an entry below a data folder (by default the user's)."""
    root = root or data_root()
    states = {file.name: file_state(local_path(root, entry, file), file) for file in entry.files}
    return EntryStatus(entry, MappingProxyType(states))


def missing(entry_ids: Iterable[str], root: Path | None = None) -> list[Entry]:
    """Entries of which a file is absent, or which name no file and so cannot be looked for.

    A file that is there and wrong is no missing file: `data_file` refuses it with an error.
    """
    entries = [load_manifest().entry(entry_id) for entry_id in entry_ids]
    states = {entry.id: status(entry, root).files.values() for entry in entries}
    return [entry for entry in entries if not states[entry.id] or FileState.ABSENT in states[entry.id]]


def refuse_wrong_files(entry_ids: Iterable[str]) -> None:
    """Check every file of these entries before work starts.

    Raises
    ------
    DataError
        If one is absent, or there and wrong.
    """
    for entry in (load_manifest().entry(entry_id) for entry_id in entry_ids):
        for file in entry.files:
            data_file(entry.id, file.name)


def checksums(entry_ids: Iterable[str], root: Path | None = None) -> dict[str, str]:
    """SHA-256 of each file by ``"entry id/file name"``, or ``"absent"``: what a chapter depends on."""
    root = root or data_root()
    found = {}
    for entry in (load_manifest().entry(entry_id) for entry_id in entry_ids):
        for file in entry.files:
            path = local_path(root, entry, file)
            found[f"{entry.id}/{file.name}"] = sha256_of(path) if path.is_file() else "absent"
    return found


def how_to_get(entry: Entry) -> str:
    """Command that fetches the entry, or the steps a person has to take."""
    if not entry.manual:
        return f"companion data fetch {entry.id}"
    return " ".join(f"({number}) {step}" for number, step in enumerate(entry.steps, start=1))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, remembered in this process as long as size, time and inode stay the same."""
    found = path.stat()
    return _sha256(path, found.st_size, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=4096)
def _sha256(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
