"""``companion doctor``: what this machine has, and what of the book it can run, in plain words."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from companion.errors import CompanionError
from companion.loading.sources import ScaleName
from companion.project import data_root, project_root

Answer = Literal["yes", "no", "partly"]

PYTHONS = ((3, 11), (3, 13))
CHAPTER_GB = 3
"""Memory of the largest chapter at lesson scale, with room: 2.4 GB were measured (chapter ``targets``)."""
JOB_GB = 16
"""The limit that ``companion rehearse`` holds the jobs of the papers' sizes to."""
WORLD_GB = 4
"""Disk of the lesson world and of what its chapters keep beside it: 3 and 0.7 GB were measured."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject : str
        What it is about.
    answer : {"yes", "no", "partly"}
        Whether it is as it should be, or can be done.
    said : str
        In a sentence.
    do : str
        What would change it; empty where nothing has to.
    """

    subject: str
    answer: Answer
    said: str
    do: str = ""


def examine() -> tuple[list[Finding], list[Finding]]:
    """Look at the machine.

    Returns
    -------
    has : list of Finding
        What the machine has: Python, packages, memory, disk, graphics card, data, browser.
    can : list of Finding
        What can be run here; the first is the book itself.
    """
    has = [_python(), _packages(), _memory(), _disk(), _graphics(), _public_files(), _world(), _browser()]
    return has, list(_can({one.subject: one for one in has}))


def report(has: list[Finding], can: list[Finding]) -> str:
    """Lines for a terminal."""
    lines = ["This machine"]
    for group, heading in ((has, ""), (can, "\nWhat you can run here")):
        lines += [heading] if heading else []
        for one in group:
            lines.append(f"  {one.answer:<6} {one.subject}: {one.said}")
            lines += [f"         {one.do}"] if one.do else []
    return "\n".join(lines)


def _python() -> Finding:
    here = sys.version_info[:2]
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if PYTHONS[0] <= here <= PYTHONS[1]:
        return Finding("Python", "yes", said)
    return Finding("Python", "no", said, "install Python 3.11, 3.12 or 3.13 and make the environment anew")


def _packages() -> Finding:
    """Hold what is installed against the lock, as far as the lock is meant for this system."""
    try:
        lock = project_root() / "requirements.lock"
        pinned = dict(_pinned(lock.read_text("utf-8")))
    except (CompanionError, OSError) as error:
        return Finding(
            "packages", "no", f"the lock cannot be read ({error})", "work in a clone of the project"
        )
    other = {name: _installed(name) for name, wanted in pinned.items() if _installed(name) != wanted}
    if not other:
        return Finding("packages", "yes", f"all {len(pinned)} are those of requirements.lock")
    few = ", ".join(f"{name} {found or 'missing'}" for name, found in list(other.items())[:4])
    more = ", …" if len(other) > 4 else ""
    absent = any(found is None for found in other.values())
    return Finding(
        "packages",
        "no" if absent else "partly",
        f"{len(other)} of {len(pinned)} are not those of requirements.lock ({few}{more})",
        "pip install --require-hashes -r requirements.lock; with other versions numbers may differ",
    )


def _pinned(text: str) -> Iterator[tuple[str, str]]:
    """Name and version of what a lock asks for on this system."""
    from packaging.requirements import Requirement

    for line in text.splitlines():
        if line[:1].isalnum():
            wanted = Requirement(line.rstrip(" \\"))
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                yield wanted.name, next(iter(wanted.specifier)).version


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _memory() -> Finding:
    import psutil

    found, cores = psutil.virtual_memory(), os.cpu_count() or 1
    total, free = found.total / 2**30, found.available / 2**30
    said = f"{cores} cores, {total:.0f} GB of memory, {free:.0f} GB free"
    jobs = int(free // CHAPTER_GB)
    if jobs >= cores:
        return Finding("processor and memory", "yes", said)
    if jobs >= 1:
        return Finding(
            "processor and memory",
            "partly",
            said,
            f"run {jobs} chapters at a time: make book ARGS='--jobs {jobs}'",
        )
    return Finding(
        "processor and memory", "no", said, f"close programs; a chapter takes up to {CHAPTER_GB:g} GB"
    )


def _disk() -> Finding:
    place = data_root()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 2**30
    said = f"{free:.0f} GB free where the data lie"
    if not os.access(place, os.W_OK):
        return Finding(
            "disk", "no", f"{said}, but you may not write there", "let COMPANION_DATA name another folder"
        )
    if free >= WORLD_GB or _made("lesson") == _parts():
        return Finding("disk", "yes", said)
    return Finding("disk", "no", said, f"let COMPANION_DATA name a folder with {WORLD_GB:g} GB")


def _graphics() -> Finding:
    try:
        import torch
    except ImportError as error:
        return Finding("graphics card", "no", f"torch cannot be loaded ({error})", "mend the packages")
    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return Finding("graphics card", "yes", f"{card.name}, {card.total_memory / 2**30:.0f} GB")
    return Finding("graphics card", "no", "none that torch can use: networks train on the processor")


def _public_files() -> Finding:
    from companion.loading.manifest import load_manifest
    from companion.loading.store import status

    entries = [entry for entry in load_manifest().entries if entry.fetched_with_the_book]
    there = sum(status(entry).complete for entry in entries)
    said = f"{there} of {len(entries)} are here"
    if there == len(entries):
        return Finding("small public files", "yes", said)
    return Finding("small public files", "partly", said, "companion data fetch")


def _parts() -> set[str]:
    from companion.running.chapters import all_chapters

    return {part for chapter in all_chapters().values() for part in chapter.world}


def _made(scale: ScaleName) -> set[str]:
    from companion.loading.sources import PARTS, RECORD, miniature_folder

    there = {str(part) for part in PARTS if (miniature_folder(part, scale=scale) / RECORD).is_file()}
    return there & _parts()


def _world() -> Finding:
    made, parts = _made("lesson"), _parts()
    said = f"{len(made)} of {len(parts)} parts at lesson scale are made"
    if made == parts:
        return Finding("miniature world", "yes", said)
    return Finding(
        "miniature world", "partly", said, "companion data simulate, or make book, which makes it first"
    )


def _browser() -> Finding:
    from companion.running.browser.chromium import find_browser

    try:
        return Finding("browser", "yes", find_browser().name)
    except CompanionError:
        return Finding("browser", "no", "no Chromium, Chrome or Edge was found", "only the PDF needs one")


def _can(has: dict[str, Finding]) -> Iterator[Finding]:
    needed = [has[name] for name in ("Python", "packages", "processor and memory", "disk")]
    lacking = [one.subject for one in needed if one.answer == "no"]
    if lacking:
        yield Finding("the book", "no", f"mend first: {', '.join(lacking)}")
    else:
        cores = os.cpu_count() or 1
        said = "make book: a quarter of an hour with two idle cores, less with more"
        slow = "make book: half an hour with one core"
        yield Finding("the book", "yes", said if cores > 1 else slow)
    yield _official()
    yield _paper_size(has)
    browser = has["browser"].answer
    yield Finding(
        "the PDF", browser, "companion pdf, once the book is built" if browser == "yes" else "no browser"
    )


def _official() -> Finding:
    from companion.loading.manifest import load_manifest
    from companion.loading.sources import OFFICIAL

    manifest = load_manifest()
    here = [entry for entry in OFFICIAL.values() if (data_root() / entry).is_dir()]
    titles = "; ".join(manifest.entry(entry).title for entry in here)
    if here:
        return Finding("official recordings", "partly", f"-p source official, for: {titles}")
    return Finding("official recordings", "no", "none is here", "companion data list says how to get each")


def _paper_size(has: dict[str, Finding]) -> Finding:
    import psutil

    if psutil.virtual_memory().total / 2**30 < JOB_GB:
        return Finding(
            "the papers' sizes", "no", f"a job may take {JOB_GB} GB of memory", "companion rehearse"
        )
    if has["graphics card"].answer == "yes":
        return Finding(
            "the papers' sizes", "yes", "-p scale paper -p device cuda", "companion rehearse --device cuda"
        )
    return Finding(
        "the papers' sizes",
        "partly",
        "single runs take minutes to hours on the processor, whole tables weeks",
        "companion rehearse says how long on this machine",
    )
