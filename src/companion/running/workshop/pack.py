"""``companion workshop pack``: everything a class needs, in one zip that works without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from companion.errors import CompanionError, DataError, MissingDataError
from companion.loading.entries import Entry
from companion.loading.manifest import load_manifest
from companion.loading.sources import Part, ScaleName, miniature_folder
from companion.loading.store import data_file, missing
from companion.project import MANIFEST_NAME, data_root, project_root
from companion.running.chapters import Chapter, book_folder, choose
from companion.running.layout import Layout, write_text
from companion.running.parameters import check_parameters
from companion.running.schedule import run_chapters
from companion.running.workshop.leaflets import data_page, start_page
from companion.running.workshop.notebooks import learners_notebooks
from companion.system.whole_files import whole_path

USUAL = ("ruler", "contrastive", "nothing_there", "retested")
"""Chapters of the three-hour schedule, in its order (page "For teachers")."""
FOLDER = "decoding-workshop"
MAY_BE_PASSED_ON = ("MIT", "BSD", "CC BY 4.0", "CC0")
"""How licences begin under which a file may stand in the zip, with its name and source beside it."""
_PERSON = re.compile(r"(?:expected_)?(?:sub|subj|S|E|P)[-_]?0*(?P<number>\d+)(?:\..*)?")
_OWN_PICTURES: dict[str, Part] = {"god": "god", "nsd": "nsd"}
"""Folders of the stimuli that one recording alone uses."""

Say = Callable[[str], None]


def make_pack(
    target: Path,
    names: Sequence[str] = USUAL,
    *,
    people: int = 3,
    scale: ScaleName = "lesson",
    jobs: int | None = None,
    say: Say = print,
) -> Path:
    """Write the zip of a workshop.

    The chapters are run on the very data that are put into it, so that the numbers in their sentences are
    those that a learner's machine will find, and so that nothing they need is missing.

    Parameters
    ----------
    target : Path
        The zip; an older one is replaced when the new one is whole.
    names : sequence of str
        Chapters, in the order of the workshop.
    people : int
        How many people of each simulated recording go along.
    scale : {"smoke", "lesson", "paper"}
        Size of the miniature world.
    jobs : int, optional
        Chapters at a time; one per core by default.
    say : callable
        Takes each line for the reader of the terminal.

    Returns
    -------
    Path
        The zip.

    Raises
    ------
    MissingDataError
        If data of a chapter are not here.
    DataError
        If a licence does not let a file be passed on.
    CompanionError
        If a chapter fails on the data of the pack, or the package cannot be built.
    """
    if people < 1:
        raise CompanionError("A workshop needs at least one person's recordings", got=people)
    chapters = choose(list(names))
    entries = _entries(chapters)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".making-{target.stem}")
    shutil.rmtree(work, ignore_errors=True)
    home = work / FOLDER
    try:
        _copy_data(chapters, entries, home / "data", people, scale)
        _copy_project(chapters, entries, home)
        parameters, layout = _run(chapters, home / "data", Layout(work / "runs"), scale, jobs, say)
        _write_notebooks(home / "notebooks", learners_notebooks(chapters, layout, parameters))
        _build_wheel(home / "wheels")
        write_text(home / "START.md", start_page(chapters, layout))
        shutil.copy(Path(__file__).with_name("start.py"), home / "start.py")
        pages = Layout.default("workshop").html
        if pages.is_dir():
            shutil.copytree(pages, home / "pages", ignore=shutil.ignore_patterns("_sources"))
        else:
            say("the pages are not part of it: run `companion build --edition workshop` first")
        _zip(home, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say(f"{target}: {target.stat().st_size / 2**20:.0f} MB, {len(chapters)} notebooks")
    return target


def _entries(chapters: Sequence[Chapter]) -> list[Entry]:
    """List the data sets of the chapters; refuse those that are absent or may not be passed on."""
    ids = list(dict.fromkeys(name for chapter in chapters for name in chapter.needs))
    if absent := missing(ids):
        raise MissingDataError(
            "Data of the workshop are not here",
            got=", ".join(entry.id for entry in absent),
            do=f"companion data fetch {' '.join(entry.id for entry in absent)}",
        )
    entries = [load_manifest().entry(name) for name in ids]
    if kept := [entry for entry in entries if not entry.licence.startswith(MAY_BE_PASSED_ON)]:
        raise DataError(
            "A licence does not let these data be passed on in a zip",
            got="; ".join(f"{entry.id} ({entry.licence})" for entry in kept),
            do="leave out the chapters that need them",
        )
    return entries


def _copy_data(
    chapters: Sequence[Chapter], entries: Sequence[Entry], data: Path, people: int, scale: ScaleName
) -> None:
    for entry in entries:  # what else lies in the folder is not ours to pass on
        (data / entry.id).mkdir(parents=True)
        for file in entry.files:
            shutil.copy(data_file(entry.id, file.name), data / entry.id / file.name)
    parts = list(dict.fromkeys(part for chapter in chapters for part in chapter.world))
    for part in parts:
        source = miniature_folder(part, scale=scale)
        if not source.is_dir():
            raise MissingDataError(
                "A part of the miniature world has not been made",
                where=source,
                do=f"run: companion data simulate {part} --scale {scale}",
            )
        if links := [path for path in source.rglob("*") if path.is_symlink()]:
            raise DataError(
                "A link among the data of a workshop may lead to files that are not for others",
                where=links[0],
                do="put a copy of what it leads to in its place, or remove it",
            )
        unused = {name for name, owner in _OWN_PICTURES.items() if owner not in parts}

        def skipped(folder: str, names: list[str], part: Part = part, unused: set[str] = unused) -> set[str]:
            others = {
                name for name in names if (found := _PERSON.fullmatch(name)) and int(found["number"]) > people
            }
            return others | (unused & set(names) if part == "stimuli" else set())

        shutil.copytree(source, data / source.relative_to(data_root()), ignore=skipped)


def _copy_project(chapters: Sequence[Chapter], entries: Sequence[Entry], home: Path) -> None:
    """Copy the files that chapters read besides data, and say whose the data are."""
    (home / "book").mkdir(parents=True)
    for name in (MANIFEST_NAME, "requirements.lock", "LICENSE", "CITATION.cff"):
        shutil.copy(project_root() / name, home / name)
    for name in dict.fromkeys(name for chapter in chapters for name in chapter.reads):
        (home / "book" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(book_folder() / name, home / "book" / name)
    write_text(home / "DATA.md", data_page(entries))


def _run(
    chapters: Sequence[Chapter], data: Path, layout: Layout, scale: ScaleName, jobs: int | None, say: Say
) -> tuple[dict[str, dict[str, Any]], Layout]:
    """Run the chapters on the data of the pack, and return their parameters."""
    given: dict[str, Any] = {} if scale == "lesson" else {"scale": scale}
    with _data_at(data):
        runs = run_chapters(list(chapters), given, layout, jobs=jobs, say=say)
        parameters = check_parameters(list(chapters), given)
    if bad := [run for run in runs if run.outcome != "ran"]:
        raise CompanionError(
            "A chapter does not run on the data of the pack",
            got="; ".join(f"{run.chapter}: {run.outcome}" for run in bad),
            do="see above; take more --people, or leave the chapter out",
        )
    for lock in data.rglob("*.lock"):
        lock.unlink()
    return parameters, layout


@contextmanager
def _data_at(folder: Path) -> Iterator[None]:
    before = os.environ.get("COMPANION_DATA")
    os.environ["COMPANION_DATA"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COMPANION_DATA"]
        else:
            os.environ["COMPANION_DATA"] = before


def _write_notebooks(folder: Path, notebooks: dict[str, Any]) -> None:
    import nbformat

    folder.mkdir()
    for name, notebook in notebooks.items():
        write_text(folder / name, nbformat.writes(notebook) + "\n")


def _build_wheel(folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(
        command, cwd=project_root(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise CompanionError(
            "The package could not be built",
            got=(done.stdout + done.stderr).strip()[-1000:],
            do="run it in a clone of the project, in the environment of its lock",
        )


def _zip(home: Path, target: Path) -> None:
    """Write the archive whole; files that a wrong clock dated before 1980 get the first date of a zip."""
    with (
        whole_path(target) as making,
        zipfile.ZipFile(
            making, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
        ) as archive,
    ):
        for path in sorted(path for path in home.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(home.parent))
