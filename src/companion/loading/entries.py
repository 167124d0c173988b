"""What an entry of ``data_manifest.yaml`` says, and the rules it keeps.

What is not known stands there as the word ``unknown``. Such a file cannot be checked, so it is never fetched
automatically: its entry is manual and says in steps how a person gets it.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from companion.errors import DataError
from companion.project import MANIFEST_NAME

LARGEST_WITH_BOOK = 20_000_000
"""Bytes an entry may have that is fetched with the book."""

Unknown = Literal["unknown"]
UNKNOWN: Unknown = "unknown"

Chapter = Literal[
    "retested",
    "ruler",
    "recordings",
    "spaces",
    "contrastive",
    "targets",
    "attribution",
    "brain_aligning",
    "modalities",
    "fmri_to_clip",
    "naming",
    "pictures",
    "controls",
    "scorecard",
]


def _checked_url(url: str) -> str:
    if not re.fullmatch(r"[!-~]+", url) or re.search(r"%[01]", url):
        raise ValueError("an address without blanks, control characters and letters beyond ASCII")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("an address that starts with https://")
    if "@" in parts.netloc:
        raise ValueError("an address without user name and password")
    if parts.query or parts.fragment:
        raise ValueError("an address without ? and #, so that it names a place HOST/PATH in a mirror")
    if ".." in PurePosixPath(unquote(parts.path)).parts or "\\" in unquote(parts.path):
        raise ValueError("an address whose path does not climb with ..")
    return url


def _checked_name(name: str) -> str:
    if (
        not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name)
        or ".." in name
        or name.endswith((".", ".part"))
    ):
        raise ValueError("a plain file name: letters, digits and . _ + - only, no folder, no ..")
    return name


def _checked_text(text: str) -> str:
    if "http://" in text:
        raise ValueError("addresses that start with https://")
    if re.search(r"://[^/\s]*@", text):
        raise ValueError("addresses without user name and password")
    return text


Url = Annotated[str, AfterValidator(_checked_url)]
FileName = Annotated[str, AfterValidator(_checked_name)]
Text = Annotated[str, Field(min_length=1), AfterValidator(_checked_text)]
Size = Annotated[int, Field(gt=0, strict=True)]
BibKey = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataFile(_Part):
    """One file of an entry; with address, size and checksum known it is *pinned* and can be fetched."""

    name: FileName
    url: Unknown | Url
    size: Unknown | Size = Field(description="bytes")
    sha256: Unknown | Sha256
    no_checksum: Text | None = Field(default=None, description="why no checksum can be pinned")

    @model_validator(mode="after")
    def _checksum_or_reason(self) -> DataFile:
        if (self.sha256 == UNKNOWN) != (self.no_checksum is not None):
            raise ValueError("either a sha256, or sha256: unknown and the reason in no_checksum")
        return self

    @property
    def pinned(self) -> bool:
        """Whether address, size and checksum are all known."""
        return UNKNOWN not in (self.url, self.size, self.sha256)


class Entry(_Part):
    """One data set: a file or a set of files that come from one place under one licence."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: Text
    papers: tuple[Literal["human-aligned", "brain-aligned", "BrainCLIP", "shared"], ...] = Field(min_length=1)
    origin: Literal["download", "request", "simulate"]
    address: Text = Field(description="landing page or project id")
    licence: Text
    access: Text = Field(description="terms: who may get it, and on what condition")
    citation: Unknown | tuple[BibKey, ...] = Field(description="keys in the bibliography")
    layout: Text = Field(description="official layout in words: shapes, keys, types")
    chapters: tuple[Chapter, ...]
    files: tuple[DataFile, ...] = ()
    steps: tuple[Text, ...] = Field(default=(), description="how a person gets it")
    notes: Text | None = None
    fetched_with_the_book: bool = Field(default=False, alias="with_book", strict=True)

    @field_validator("files")
    @classmethod
    def _names_differ(cls, files: tuple[DataFile, ...]) -> tuple[DataFile, ...]:
        if twice := first_twice([file.name.lower() for file in files]):
            raise ValueError(f"different file names in an entry, {twice} is there twice")
        return files

    @model_validator(mode="after")
    def _can_be_had(self) -> Entry:
        if self.manual and not self.steps:
            raise ValueError("steps: this entry cannot be fetched automatically (see origin, files, unknown)")
        if self.fetched_with_the_book and (self.manual or (self.size or 0) > LARGEST_WITH_BOOK):
            raise ValueError(
                f"with_book only where all is pinned and {LARGEST_WITH_BOOK} bytes at most in all"
            )
        return self

    @property
    def manual(self) -> bool:
        """Whether a person has to get it: nothing that is not fully pinned is fetched automatically."""
        return self.origin != "download" or not self.files or not all(file.pinned for file in self.files)

    @property
    def size(self) -> int | None:
        """Bytes of all files together, or None where one is unknown or none is named."""
        sizes = [file.size for file in self.files if file.size != UNKNOWN]
        return sum(sizes) if self.files and len(sizes) == len(self.files) else None

    def file(self, name: str | None = None) -> DataFile:
        """Look a file up by name; the name may be left out where there is only one file.

        Raises
        ------
        DataError
            If there is no such file, or more than one to choose from.
        """
        found = [file for file in self.files if name in (None, file.name)]
        if len(found) == 1:
            return found[0]
        raise DataError(
            "The manifest entry has no such file" if name else "The entry has not exactly one file",
            where=f"{MANIFEST_NAME}, entry {self.id}",
            expected=", ".join(file.name for file in self.files) or "an entry that names its files",
            got=name or "no file name",
            do="name one of the files of the entry",
        )


class Manifest(_Part):
    """All entries, in the order of the file."""

    entries: tuple[Entry, ...]

    @field_validator("entries")
    @classmethod
    def _ids_differ(cls, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        if twice := first_twice([entry.id for entry in entries]):
            raise ValueError(f"different ids, {twice} is there twice")
        return entries

    def entry(self, entry_id: str) -> Entry:
        """Look an entry up by its id.

        Raises
        ------
        DataError
            If there is none; near ids are named.
        """
        for entry in self.entries:
            if entry.id == entry_id:
                return entry
        near = difflib.get_close_matches(entry_id, [entry.id for entry in self.entries])
        raise DataError(
            "The manifest has no such entry",
            where=MANIFEST_NAME,
            expected=f"an id such as {', '.join(near)}" if near else "an id of the manifest",
            got=entry_id,
            do="see `companion data list`",
        )


def first_twice(values: list[str]) -> str | None:
    """First value that is there more than once."""
    return next((value for value, times in Counter(values).items() if times > 1), None)
