"""The manifest as text for a terminal: one line an entry, or all about one entry."""

from __future__ import annotations

import textwrap
from pathlib import Path

from companion.loading.entries import UNKNOWN, DataFile, Entry, Manifest
from companion.loading.store import EntryStatus, FileState, how_to_get, status

_WIDTH = 100


def summary_table(manifest: Manifest, root: Path | None = None) -> str:
    """One line per entry: what is here, how much it is, how it is had, what it is.

    Parameters
    ----------
    manifest : Manifest
        The entries.
    root : Path, optional
        Data folder; by default the user's.
    """
    rows = [("entry", "here", "size", "how to get it", "what")]
    for entry in manifest.entries:
        how = "by hand" if entry.manual else "with the book" if entry.fetched_with_the_book else "fetch"
        rows.append((entry.id, state_in_words(status(entry, root)), _size(entry.size), how, entry.title))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )


def state_in_words(found: EntryStatus) -> str:
    """State of an entry in few words."""
    states = list(found.files.values())
    wrong = [
        name for name, state in found.files.items() if not state.usable and state is not FileState.ABSENT
    ]
    if wrong:
        return f"wrong: {', '.join(wrong)}"
    here = sum(state.usable for state in states)
    if here == 0:
        return "no"
    return "yes" if here == len(states) else f"{here} of {len(states)} files"


def describe(entry: Entry, root: Path | None = None) -> str:
    """All that the manifest knows of an entry, and the state of its files.

    Parameters
    ----------
    entry : Entry
        An entry of the manifest.
    root : Path, optional
        Data folder; by default the user's.
    """
    parts = [
        ("papers", ", ".join(entry.papers)),
        ("origin", f"{entry.origin}, {entry.address}"),
        ("licence", entry.licence),
        ("access", entry.access),
        ("cite", entry.citation if entry.citation == UNKNOWN else ", ".join(entry.citation)),
        ("layout", entry.layout),
        ("chapters", ", ".join(entry.chapters)),
        ("notes", entry.notes),
        ("to get it", how_to_get(entry)),
    ]
    lines = [f"{entry.id}: {entry.title}"]
    for label, text in parts:
        if text:
            lines += textwrap.wrap(f"{label}: {text}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
    found = status(entry, root)
    for file in entry.files:
        text = f"file: {_about(file)}; {found.files[file.name]}"
        lines += textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def _about(file: DataFile) -> str:
    size = "size unknown" if file.size == UNKNOWN else _size(file.size)
    address = "address unknown" if file.url == UNKNOWN else file.url
    checksum = f"sha256 {file.sha256}" if file.sha256 != UNKNOWN else f"no checksum ({file.no_checksum})"
    return f"{file.name}, {size}, {address}, {checksum}"


def _size(size: int | None) -> str:
    if size is None:
        return UNKNOWN
    return (
        f"{size / 1e9:.1f} GB"
        if size >= 1e9
        else f"{size / 1e6:.1f} MB"
        if size >= 1e6
        else f"{size / 1e3:.1f} kB"
    )
