"""Bytes of one file from its address to this machine: over HTTP with resuming, or out of a mirror folder.

Both classes are downloaders in the sense of pooch, which compares the checksum of what they wrote and only
then gives the file its name. pooch itself starts every attempt from byte zero; `ResumingDownloader` adds
the part file.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from companion.errors import DownloadError
from companion.loading.connection import Connection

CHUNK = 64 * 1024  # of a larger chunk that does not arrive whole, nothing could be resumed
ATTEMPTS = 3
PAUSE = 0.5  # seconds before an attempt, times its number


class DroppedError(DownloadError):
    """The connection broke; what arrived is kept and resumed."""


def part_of(path: Path, sha256: str) -> Path:
    """Name of the part file; it carries the checksum, so that bytes of two files are never joined."""
    return path.with_name(f".{path.name}.{sha256[:16]}.part")


@dataclass
class ResumingDownloader:
    """Downloader for pooch that keeps what arrived in a part file and asks for the rest.

    Parameters
    ----------
    connection : Connection
        How to reach the host.
    size : int
        Bytes the file must have.
    part : Path
        Part file, beside the final name.
    progress : callable
        Told the number of bytes there so far.

    Attributes
    ----------
    resumed : bool
        Whether the file was put together from more than one response.
    """

    connection: Connection
    size: int
    part: Path
    progress: Callable[[int], None]
    resumed: bool = field(default=False, init=False)

    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        """Fetch `url` and move it to `output_file`: what fails its checksum there is never resumed."""
        del pooch, check_only  # part of pooch's interface
        self.resumed = False
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE * attempt)
            try:
                self._fetch_rest(url)
                break
            except DroppedError:
                if self._length_of_part() == 0:
                    self._drop_part()
                if attempt == ATTEMPTS - 1:
                    raise
        self.part.replace(output_file)

    def _fetch_rest(self, url: str) -> None:
        have = self._length_of_part()
        self.resumed |= have > 0
        try:
            if have < self.size:
                with self.connection.open(url, start=have) as response:
                    if response.status_code == 416 or not self._continues(response, have):
                        self._drop_part()  # this server cannot go on from here
                        raise DroppedError("The server does not continue the file", where=url)
                    self._write(response, have if response.status_code == 206 else 0, url)
            with self.part.open("r+b") as stream:
                os.fsync(stream.fileno())
        except requests.RequestException as error:
            self.connection.forget()
            raise DroppedError(
                "The connection broke",
                where=url,
                expected=f"{self.size} bytes",
                got=f"{self._length_of_part()} bytes, then {type(error).__name__}",
                do="run the same command again: it continues where it stopped",
            ) from error
        except OSError as error:
            self._drop_part()
            raise write_error(error, self.part.parent) from error

    def _continues(self, response: requests.Response, have: int) -> bool:
        """Whether the answer is the rest of the file, or the whole of it; anything else is an error."""
        if response.status_code == 206:
            plain = response.headers.get("Content-Encoding", "identity") == "identity"
            part = re.match(r"bytes (\d+)-\d+/(\d+|\*)$", response.headers.get("Content-Range", ""))
            return plain and part is not None and part[1] == str(have) and part[2] in ("*", str(self.size))
        if response.status_code != 200:
            raise DownloadError(
                "The server does not give the file",
                where=response.url,
                expected="HTTP status 200 or 206",
                got=f"HTTP status {response.status_code}",
                do="try again later; if it stays so, the address in the manifest is out of date",
            )
        length = response.headers.get("Content-Length", str(self.size))
        if "Content-Encoding" not in response.headers and length != str(self.size):
            self._drop_part()
            raise _wrong_size(response.url, self.size, length)
        return True

    def _write(self, response: requests.Response, have: int, url: str) -> None:
        with self.part.open("ab" if have else "wb") as stream:
            self.progress(have)
            for chunk in response.iter_content(CHUNK):
                have += len(chunk)
                if have > self.size:
                    break
                stream.write(chunk)
                self.progress(have)
        if have > self.size:
            self._drop_part()
            raise _wrong_size(url, self.size, f"at least {have}")
        if have < self.size:
            raise DroppedError(
                "The file ended too early",
                where=url,
                expected=f"{self.size} bytes",
                got=f"{have} bytes",
                do="run the same command again: it continues where it stopped",
            )

    def _length_of_part(self) -> int:
        length = self.part.stat().st_size if self.part.exists() else 0
        if length > self.size:
            self._drop_part()
            return 0
        return length

    def _drop_part(self) -> None:
        self.part.unlink(missing_ok=True)


@dataclass(frozen=True)
class FolderCopy:
    """Downloader for pooch that copies from a mirror folder laid out HOST/PATH."""

    folder: Path
    size: int
    progress: Callable[[int], None]

    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        """Copy the file that stands for `url` to `output_file`."""
        del pooch, check_only  # part of pooch's interface
        parts = urlsplit(url)
        source = self.folder / parts.netloc / unquote(parts.path).lstrip("/")
        if not source.is_file():
            raise DownloadError(
                "The mirror does not hold the file",
                where=self.folder,
                expected=f"{parts.netloc}{parts.path}",
                do="add the file to the mirror, or fetch without one",
            )
        if source.stat().st_size != self.size:
            raise _wrong_size(source, self.size, source.stat().st_size)
        try:
            with source.open("rb") as original, Path(output_file).open("wb") as copy:
                while chunk := original.read(CHUNK):
                    copy.write(chunk)
                    self.progress(copy.tell())
                os.fsync(copy.fileno())
        except OSError as error:
            raise write_error(error, Path(output_file).parent) from error


def write_error(error: OSError, folder: Path) -> DownloadError:
    """Say that a file could not be written, and why."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return DownloadError(
        "The disk is full; nothing was kept" if full else "The file cannot be written; nothing was kept",
        where=folder,
        got=error.strerror or type(error).__name__,
        do="free some space, or let COMPANION_DATA name a folder on a larger disk"
        if full
        else "let COMPANION_DATA name a folder you may write in",
    )


def _wrong_size(where: object, expected: int, got: object) -> DownloadError:
    return DownloadError(
        "The file has another size than the manifest says; nothing was kept",
        where=where,
        expected=f"{expected} bytes",
        got=f"{got} bytes",
        do="the file at this address has changed, or something between (a login page?) answers in its place",
    )
