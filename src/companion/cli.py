"""The ``companion`` command: thin, everything it does is in the rooms."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import yaml
from cyclopts import App, Parameter

from companion.errors import ChapterError, CompanionError

app = App(
    name="companion", help="Run the chapters, build the book, fetch the data.", version_flags=["--version"]
)
data_app = App(name="data", help="The data sets of data_manifest.yaml.")
app.command(data_app)

Pairs = Annotated[list[tuple[str, str]] | None, Parameter(name=["-p", "--parameter"], negative="")]
Force = Annotated[bool, Parameter(negative="")]
Mirror = Annotated[str | None, Parameter(help="Folder or address laid out HOST/PATH; else COMPANION_MIRROR.")]


@app.command
def run(*chapters: str, parameter: Pairs = None, jobs: int | None = None, force: Force = False) -> int:
    """Run chapters through papermill; those that are unchanged are left alone.

    Parameters
    ----------
    chapters
        Names such as `ruler`; all chapters if none is given.
    parameter
        Name and value, such as `-p n_bootstrap 200`; the value is read as YAML.
    jobs
        Chapters at a time; one per core by default.
    force
        Run unchanged chapters too.
    """
    from companion.running.chapters import choose
    from companion.running.layout import Layout
    from companion.running.schedule import run_chapters

    runs = run_chapters(
        choose(list(chapters)), _parameters(parameter), Layout.default(), jobs=jobs, force=force
    )
    return 1 if any(found.outcome == "failed" for found in runs) else 0


@app.command
def build() -> int:
    """Build the HTML book, strictly, from chapters that have been run."""
    from companion.running.build import build_book
    from companion.running.layout import Layout

    print(f"The book is at {build_book(Layout.default())}")
    return 0


@app.command
def book(*, jobs: int | None = None, force: Force = False, mirror: Mirror = None) -> int:
    """Fetch the small public files, run every chapter, build the book.

    Parameters
    ----------
    jobs
        Chapters at a time; one per core by default.
    force
        Run unchanged chapters too.
    """
    from companion.loading.manifest import load_manifest

    small = [entry.id for entry in load_manifest().entries if entry.fetched_with_the_book]
    _fetch(small, mirror)  # what cannot be fetched becomes a page that says so
    return run(jobs=jobs, force=force) or build()


@data_app.command(name="list")
def list_data() -> int:
    """List the data sets: what they are, how one gets them, which are here."""
    from companion.loading.manifest import load_manifest
    from companion.loading.store import summary_table
    from companion.project import data_root

    print(f"data folder: {data_root()}\n")
    print(summary_table(load_manifest(), data_root()))
    return 0


@data_app.command
def fetch(*entries: str, mirror: Mirror = None) -> int:
    """Download data sets, resume what was interrupted, check size and sha256.

    Parameters
    ----------
    entries
        Ids as `companion data list` shows them; the small public files if none is given.
    """
    from companion.loading.manifest import load_manifest

    small = [entry.id for entry in load_manifest().entries if entry.fetched_with_the_book]
    return _fetch(list(entries) or small, mirror)


@data_app.command
def verify(*entries: str) -> int:
    """Check size and sha256 of the data sets that are here.

    Parameters
    ----------
    entries
        Ids; all data sets if none is given.
    """
    from companion.loading.store import verify_entries

    return verify_entries(list(entries), say=print)


def _fetch(ids: list[str], mirror: str | None) -> int:
    from companion.loading.download import fetch_entries
    from companion.loading.manifest import load_manifest
    from companion.project import data_root

    manifest = load_manifest()
    chosen = mirror or os.environ.get("COMPANION_MIRROR")
    outcomes = fetch_entries([manifest.entry(name) for name in ids], data_root(), mirror=chosen, say=print)
    return 1 if any(outcome.failed for outcome in outcomes) else 0


def _parameters(pairs: list[tuple[str, str]] | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, text in pairs or []:
        if name in given:
            raise ChapterError(f"Parameter {name} is given twice", do="give it once; nothing was run")
        try:
            given[name] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ChapterError(
                f"The value of parameter {name} cannot be read", got=text, do="quote it; nothing was run"
            ) from error
    return given


def main() -> None:
    """Run the command line; errors a person can mend are printed without a traceback."""
    try:
        code = app()
    except CompanionError as error:
        print(error, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\ninterrupted; finished chapters and downloads are kept, run again to go on", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
