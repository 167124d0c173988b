"""``data_manifest.yaml``: every data set of the book, where it is, under which terms, and how to get it.

What is not known stands there as the word ``unknown``. Such a file cannot be checked, so it is never fetched
automatically: its entry is manual and says in steps how a person gets it.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from companion.errors import DataError
from companion.project import MANIFEST_NAME, project_root

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
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name) or ".." in name or name.endswith((".", ".part")):
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
    citation: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], ...] = Field(description="bibliography keys")
    layout: Text = Field(description="official layout in words: shapes, keys, types")
    chapters: tuple[Chapter, ...]
    files: tuple[DataFile, ...] = ()
    steps: tuple[Text, ...] = Field(default=(), description="how a person gets it")
    notes: Text | None = None
    fetched_with_the_book: bool = Field(default=False, alias="with_book", strict=True)

    @field_validator("files")
    @classmethod
    def _names_differ(cls, files: tuple[DataFile, ...]) -> tuple[DataFile, ...]:
        if twice := _twice([file.name.lower() for file in files]):
            raise ValueError(f"different file names in an entry, {twice} is there twice")
        return files

    @model_validator(mode="after")
    def _can_be_had(self) -> Entry:
        if self.manual and not self.steps:
            raise ValueError("steps: this entry cannot be fetched automatically (see origin, files, unknown)")
        if self.fetched_with_the_book and (self.manual or (self.size or 0) > LARGEST_WITH_BOOK):
            raise ValueError(f"with_book only where all is pinned and {LARGEST_WITH_BOOK} bytes at most in all")
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
        if twice := _twice([entry.id for entry in entries]):
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


def load_manifest(path: Path | None = None) -> Manifest:
    """Read and check the manifest.

    Parameters
    ----------
    path : Path, optional
        A manifest; by default the project's own, which is read once.

    Raises
    ------
    DataError
        If the file cannot be read, is no YAML, or breaks the schema; the entry and key are named.
    """
    return _read(path) if path else _read_own(project_root() / MANIFEST_NAME)


@cache
def _read_own(path: Path) -> Manifest:
    return _read(path)


def _read(path: Path) -> Manifest:
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError("The manifest cannot be read", where=path, got=error, do="mend the file") from error
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        raise _as_data_error(error, raw, path) from error


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML that refuses a key given twice, where PyYAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := _twice(keys):
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _as_data_error(error: ValidationError, raw: object, path: Path) -> DataError:
    """Say what the first broken rule is, in the words of the manifest."""
    first = error.errors(include_url=False)[0]
    location = list(first["loc"])
    entry = "?"
    if isinstance(raw, dict) and location[:1] == ["entries"] and len(location) > 1:
        entry = str(raw["entries"][location[1]].get("id", f"number {location[1]}"))
        location = location[2:]
    key = ".".join(str(part) for part in location if not str(part).startswith(("function-", "constrained-")))
    more = f" (and in {error.error_count() - 1} more places)" if error.error_count() > 1 else ""
    return DataError(
        f"The manifest breaks its schema{more}",
        where=f"{path}, entry {entry}, key {key or 'of the entry as a whole'}",
        expected=first["msg"].removeprefix("Value error, "),
        got=repr(first["input"])[:120],
        do="mend that key; what is not known is written as unknown, with steps",
    )


def _twice(values: list[str]) -> str | None:
    return next((value for value in values if values.count(value) > 1), None)
