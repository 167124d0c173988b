"""The ``companion data`` commands: what there is, how to get it, and the miniature world."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter, Token
from tqdm import tqdm

from companion.loading.sources import Null, Part, ScaleName

data_app = App(name="data", help="The data sets of data_manifest.yaml.")

_MOST = 4096


def _whole(_: object, tokens: Sequence[Token]) -> int:
    """Count from 1; cyclopts alone would make 1 of 1.5."""
    text = tokens[0].value
    if not re.fullmatch(r"\d{1,9}", text) or not 1 <= int(text) <= _MOST:
        raise ValueError(f"a whole number from 1 to {_MOST} is expected")
    return int(text)


AtLeastOne = Parameter(converter=_whole)
Jobs = Annotated[int | None, AtLeastOne]
Mirror = Annotated[str | None, Parameter(help="Folder or address laid out HOST/PATH; else COMPANION_MIRROR.")]


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
def simulate(*parts: Part, scale: ScaleName = "lesson", null: Null | None = None, jobs: Jobs = None) -> int:
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


def prepare(scale: ScaleName, null: Null | None, jobs: int | None, mirror: str | None) -> None:
    """Bring the data of a whole book here."""
    from companion.running.chapters import all_chapters

    _fetch([], mirror)  # a chapter whose data cannot be fetched becomes a page that says so
    used = sorted({part for chapter in all_chapters().values() for part in chapter.world})
    if used:
        simulate(*used, scale=scale, jobs=jobs)
        if null:
            simulate(*used, scale=scale, null=null, jobs=jobs)


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
