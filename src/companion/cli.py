"""The ``companion`` command: thin, everything it does is in the rooms."""

from __future__ import annotations

import sys
from collections import Counter
from importlib.metadata import version
from typing import Annotated, Any

import yaml
from cyclopts import App, Parameter
from tqdm import tqdm

from companion.errors import ChapterError, CompanionError
from companion.loading.sources import Null, Part, ScaleName

app = App(
    name="companion",
    help="Run the chapters, build the book, fetch the data.",
    version=lambda: version("visual-decoding-companion"),
    suppress_keyboard_interrupt=False,  # main() says what is kept
)
data_app = App(name="data", help="The data sets of data_manifest.yaml.")
app.command(data_app)

Pairs = Annotated[
    list[tuple[str, str]] | None,
    Parameter(name=["-p", "--parameter"], negative="", json_list=False, json_dict=False),
]
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
    """Fetch the small public files, make the miniature world, run every chapter, build the book.

    Parameters
    ----------
    jobs
        Chapters at a time; one per core by default.
    force
        Run unchanged chapters too.
    """
    from companion.running.chapters import all_chapters

    _fetch([], mirror)  # a chapter whose data cannot be fetched becomes a page that says so
    if used := {part for chapter in all_chapters().values() for part in chapter.world}:
        simulate(*sorted(used), jobs=jobs)
    return run(jobs=jobs, force=force) or build()


@data_app.command(name="list")
def list_data(*entries: str) -> int:
    """List the data sets: what they are, how one gets them, which are here.

    Parameters
    ----------
    entries
        Ids to show in full; one line for each data set if none is given.
    """
    from companion.loading.catalogue import describe, summary_table
    from companion.loading.manifest import load_manifest
    from companion.project import data_root

    manifest = load_manifest()
    print(f"data folder: {data_root()}\n")
    print("\n\n".join(describe(manifest.entry(name)) for name in entries) or summary_table(manifest))
    return 0


@data_app.command
def fetch(*entries: str, mirror: Mirror = None) -> int:
    """Download data sets, resume what was interrupted, check size and sha256.

    Parameters
    ----------
    entries
        Ids as `companion data list` shows them; the small public files if none is given.
    """
    return _fetch(list(entries), mirror)


@data_app.command
def verify(*entries: str) -> int:
    """Check size and sha256 of the data sets that are here.

    Parameters
    ----------
    entries
        Ids; all data sets if none is given.
    """
    from companion.loading.catalogue import state_in_words
    from companion.loading.manifest import load_manifest
    from companion.loading.store import status

    manifest = load_manifest()
    found = [status(manifest.entry(name)) for name in entries] or list(map(status, manifest.entries))
    for state in found:
        if entries or state.any_present:
            print(f"{state.entry.id}: {state_in_words(state)}")
    return 1 if any(state.any_wrong or (entries and not state.complete) for state in found) else 0


@data_app.command
def simulate(
    *parts: Part, scale: ScaleName = "lesson", null: Null | None = None, jobs: int | None = None
) -> int:
    """Make parts of the miniature world, in the official file layouts; those that stand are left alone.

    Parameters
    ----------
    parts
        Recordings, or `stimuli`; all of them if none is given.
    scale
        `smoke` for tests, `lesson` for the book, `paper` for the published sizes (10 GB a person and more).
    null
        A null world instead of the world.
    jobs
        Processes; one per core by default.
    """
    from companion.loading.sources import PARTS
    from companion.simulation.world import make_world

    for folder in make_world(parts or PARTS, scale=scale, null=null, jobs=jobs):
        print(folder)
    return 0


def _fetch(ids: list[str], mirror: str | None) -> int:
    """Fetch entries, by default those that come with the book, and say what became of each."""
    from companion.loading.download import Result, fetch_entries
    from companion.loading.manifest import load_manifest
    from companion.loading.store import how_to_get
    from companion.project import data_root

    manifest = load_manifest()
    chosen = [manifest.entry(name) for name in ids] or [
        e for e in manifest.entries if e.fetched_with_the_book
    ]
    with tqdm(desc="fetching", unit="B", unit_scale=True, leave=False, disable=None) as bar:

        def progress(name: str, done: int, total: int) -> None:
            bar.set_description(name, refresh=False)
            bar.total, bar.n = total, done
            bar.refresh()

        outcomes = fetch_entries(chosen, data_root(), mirror=mirror, progress=progress)
    counts = Counter(str(outcome.result) for outcome in outcomes)
    for outcome in outcomes:
        if outcome.result is Result.MANUAL:
            print(f"{outcome.entry.id} has to be got by hand: {how_to_get(outcome.entry)}")
        elif outcome.result is Result.FAILED:
            print(outcome.error, file=sys.stderr)
    print(f"data files: {', '.join(f'{count} {result}' for result, count in counts.items())}")
    return 0 if set(counts) <= {Result.FETCHED, Result.ALREADY_THERE} else 1


def _parameters(pairs: list[tuple[str, str]] | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, text in pairs or []:
        if name in given:
            raise ChapterError(f"Parameter {name} is given twice", do="give it once; nothing was run")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ChapterError(
                f"The value of parameter {name} cannot be read", got=text, do="quote it; nothing was run"
            ) from error
        given[name] = text if value is None else value  # `null` names a source; no parameter takes nothing
    return given


def main() -> None:
    """Run the command line; errors a person can mend are printed without a traceback."""
    try:
        code = app(sys.argv[1:])
    except CompanionError as error:
        print(error, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\ninterrupted; finished chapters and downloads are kept, run again to go on", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
