"""``companion data fetch``: entries of the manifest into the data folder, checked before they get a name.

A file is written to a hidden part file beside its place, and renamed when its size and checksum are right.
After a broken connection the part stays, since the pinned checksum makes it safe to resume; after a wrong
checksum, a wrong size or a full disk nothing stays. Two processes that want the same entry take turns.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import pooch
from filelock import Timeout

from companion.errors import DataError, DownloadError
from companion.loading.connection import Connection, UnreachableError
from companion.loading.entries import DataFile, Entry
from companion.loading.store import FileState, file_state, local_path
from companion.loading.transfer import FolderCopy, ResumingDownloader, part_of, write_error
from companion.system.waiting import turn

Progress = Callable[[str, int, int], None]
"""Told ``"entry id/file name"``, the bytes there so far, and the bytes in all."""

WAIT_FOR_OTHER_SECONDS = 600.0
_TEMPORARY = "tmp" + 8 * "[a-z0-9_]"  # as pooch names what it has not yet compared with the checksum


class Result(StrEnum):
    """What became of a file."""

    FETCHED = "fetched"
    ALREADY_THERE = "already there"
    MANUAL = "by hand"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Outcome:
    """What became of one file, or of a manual entry (then `file` is None)."""

    entry: Entry
    file: DataFile | None
    result: Result
    error: DataError | None = None


def fetch_entries(
    entries: Iterable[Entry],
    root: Path,
    *,
    mirror: str | Path | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Fetch what is not yet there, or not right; all else stays untouched.

    Parameters
    ----------
    entries : iterable of Entry
        Manual entries are reported, not fetched.
    root : Path
        Data folder; made where it does not exist.
    mirror : str or Path, optional
        Folder laid out HOST/PATH, or the http(s) address of such a place; by default ``COMPANION_MIRROR``,
        and without it the public addresses.
    progress : callable, optional
        Called while bytes arrive.

    Returns
    -------
    list of Outcome
        One per file, in the order of the entries. A file that fails does not stop the others. A host that
        cannot be reached, or a disk without room for all, does: the rest is reported as not tried.

    Raises
    ------
    DownloadError
        If the mirror named is neither a folder nor an address.
    """
    source = _mirror(mirror or os.environ.get("COMPANION_MIRROR"))
    outcomes: list[Outcome] = []
    stop = _no_room(entries := list(entries), root)
    with Connection(source if isinstance(source, str) else None) as connection:
        for entry in entries:
            if entry.manual:
                outcomes.append(Outcome(entry, None, Result.MANUAL))
                continue
            for file in entry.files:
                outcome = _Fetch(entry, file, root, source, connection, progress).outcome(stop)
                if outcome.result is Result.NOT_TRIED and all(one.error is not stop for one in outcomes):
                    outcome = replace(outcome, result=Result.FAILED)  # the first one tells why
                outcomes.append(outcome)
                if isinstance(outcome.error, UnreachableError):
                    stop = outcome.error
    return outcomes


@dataclass(frozen=True)
class _Fetch:
    """One file on its way."""

    entry: Entry
    file: DataFile
    root: Path
    source: Path | str | None
    connection: Connection
    progress: Progress | None

    def outcome(self, stop: DownloadError | None) -> Outcome:
        """Fetch the file unless it is there, or something stops all fetching."""
        try:
            path = local_path(self.root, self.entry, self.file)
            if file_state(path, self.file) is FileState.PRESENT:
                return Outcome(self.entry, self.file, Result.ALREADY_THERE)
            if stop:
                return Outcome(self.entry, self.file, Result.NOT_TRIED, stop)
            return Outcome(self.entry, self.file, self._in_turn(path))
        except DataError as error:
            return Outcome(self.entry, self.file, Result.FAILED, error)

    def _in_turn(self, path: Path) -> Result:
        try:
            with ExitStack() as stack:
                path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(_alone(self.root, self.entry))
                if file_state(path, self.file) is FileState.PRESENT:  # the other process was quicker
                    return Result.ALREADY_THERE
                _sweep(path, self.file)
                self._retrieve(path)
                return Result.FETCHED
        except Timeout as error:
            raise DownloadError(
                "Another process has been fetching this entry for long",
                where=path.parent,
                do="wait for it, or end it, and run the command again",
            ) from error
        except OSError as error:
            raise write_error(error, path.parent) from error

    def _retrieve(self, path: Path) -> None:
        """Let pooch call our downloader, compare the checksum and give the file its name."""
        pooch.get_logger().setLevel("WARNING")
        downloader, url = self._downloader(path)
        for last in (False, True):
            try:
                pooch.retrieve(
                    url,
                    f"sha256:{self.file.sha256}",
                    fname=path.name,
                    path=path.parent,
                    downloader=downloader,
                )
                return
            except ValueError as error:
                if last or not getattr(downloader, "resumed", False):
                    got = re.search(r"got ([0-9a-f]{64})", str(error))
                    raise DownloadError(
                        "The file has another checksum than the manifest says; nothing was kept",
                        where=url,
                        expected=f"sha256 {self.file.sha256}",
                        got=f"sha256 {got[1]}" if got else error,
                        do="try again; if it stays so, the file at this address has changed",
                    ) from error
            # The two halves may stem from two versions of the file: once more, from the beginning.

    def _downloader(self, path: Path) -> tuple[FolderCopy | ResumingDownloader, str]:
        label, url, size = f"{self.entry.id}/{self.file.name}", self.file.url, int(self.file.size)

        def report(done: int) -> None:
            if self.progress:
                self.progress(label, done, size)

        if isinstance(self.source, Path):
            return FolderCopy(self.source, size, report), url
        if self.source:
            parts = urlsplit(url)
            url = f"{self.source}/{parts.netloc}{parts.path}"
        part = part_of(path, self.file.sha256)
        return ResumingDownloader(self.connection, size, part, report), url


def _mirror(named: str | Path | None) -> Path | str | None:
    """Folder or address of the mirror."""
    if not named:
        return None
    if re.match(r"https?://[^/@?#\s]+(/[^@?#\s]*)?$", str(named)):
        return str(named).rstrip("/")
    if Path(named).expanduser().is_dir():
        return Path(named).expanduser()
    raise DownloadError(
        "The mirror is neither a folder nor an address",
        where="--mirror or COMPANION_MIRROR",
        expected="a folder laid out HOST/PATH, or http(s)://HOST[/PATH] without user name and password",
        got="an address with a user name" if "@" in str(named) else named,
        do="correct it or leave it out",
    )


def _no_room(entries: list[Entry], root: Path) -> DownloadError | None:
    """Error where the disk cannot hold what is still to come, before any of it is fetched."""
    needed = 0
    for entry in (entry for entry in entries if not entry.manual):
        for file in entry.files:
            path = root / entry.id / file.name
            if file_state(path, file) is not FileState.PRESENT:
                begun = [part_of(path, file.sha256), *path.parent.glob(_TEMPORARY)]
                needed += max(0, int(file.size) - sum(one.stat().st_size for one in begun if one.exists()))
    there = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if needed <= free:
        return None
    return DownloadError(
        "The disk has no room for what is to be fetched; nothing was fetched",
        where=root,
        expected=f"{needed / 1e6:,.1f} MB free",
        got=f"{free / 1e6:,.1f} MB free",
        do="free some space, fetch fewer entries, or let COMPANION_DATA name a folder on a larger disk",
    )


def _alone(root: Path, entry: Entry) -> AbstractContextManager[None]:
    folder = root / ".locks"
    folder.mkdir(exist_ok=True)
    return turn(folder / f"{entry.id}.lock", f"fetching {entry.id}", timeout=WAIT_FOR_OTHER_SECONDS)


def _sweep(path: Path, file: DataFile) -> None:
    """Remove what a killed process left: parts of another version of the file, temporary files of pooch.

    A temporary file that is whole is kept: the kill fell into the minutes that its checksum took.
    """
    ours = part_of(path, file.sha256)
    for left in path.parent.glob(_TEMPORARY):
        if file_state(left, file) is FileState.PRESENT:
            left.replace(ours)
        else:
            left.unlink()
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if left != ours:
            left.unlink()
