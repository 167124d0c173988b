"""``companion verify``: run the book again and compare what it finds with the committed record."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from companion.loading.sources import Null, ScaleName
from companion.project import project_root
from companion.running.chapters import Chapter, all_chapters, book_folder
from companion.running.claims import load_claims
from companion.running.layout import Layout, read_json
from companion.running.parameters import declared_parameters
from companion.running.records import Record, read_record, write_record
from companion.running.regression import compare_outcomes, compare_results, make_record, outcomes_of
from companion.running.schedule import run_chapters

SMOKE: Mapping[str, Any] = MappingProxyType(
    {
        "n_resamples": 200,
        "n_bootstrap": 50,
        "scale": "smoke",
        "n_splits": 3,
        "n_way": 10,
        "n_nearest": 5,
        "n_steps": 6,
        "n_steps_short": 6,
        "paper_seeds": [0, 1],
        "n_eegnet": 1,
        "n_few": 2,
        "width": 32,
        "shares": [0.5],
        "n_epochs": 5,
        "n_draws": 20,
        "n_permutations": 200,
    }
)
"""Parameters of a book in minutes, which shows that all of it runs and stays as it was, and no more."""
OTHER_SEEDS = 1
"""Runs of the smallest book with other seeds, behind the tolerances of all records; each takes minutes."""
SEED_PARAMETERS = ("seeds", "paper_seeds", "scene_seeds")


@dataclass(frozen=True)
class Edition:
    """One book: its size, and the world it is made in.

    Attributes
    ----------
    scale : {"smoke", "lesson", "paper"}
    null : {"N0", "N1", "N2", "N3"}, optional
        None for the miniature world.
    """

    scale: ScaleName = "lesson"
    null: Null | None = None

    @property
    def name(self) -> str:
        """Name of its record, and of its folder below ``_build``."""
        return f"{self.scale}-{self.null}" if self.null else self.scale

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of its chapters."""
        size = {"lesson": {}, "smoke": dict(SMOKE), "paper": {"scale": "paper"}}[self.scale]
        return size | ({"source": "null", "null": self.null} if self.null else {})

    @property
    def layout(self) -> Layout:
        """Where it lies: the ordinary book in ``_build``, every other one in a folder below."""
        usual = Layout.default()
        return usual if self == Edition() else Layout(usual.build / self.name)

    @property
    def record(self) -> Path:
        """Its committed record."""
        return book_folder() / "records" / f"{self.name}.json"


def results_in(layout: Layout, chapters: list[Chapter]) -> dict[str, dict[str, Any]]:
    """Results of those of the chapters that were run."""
    found = {chapter.name: read_json(layout.results(chapter.name)) for chapter in chapters}
    return {name: results for name, results in found.items() if results is not None}


def verify(
    edition: Edition,
    *,
    accept: bool = False,
    jobs: int | None = None,
    say: Callable[[str], None] = print,
) -> bool:
    """Bring an edition up to date and compare it with its record.

    Parameters
    ----------
    edition : Edition
    accept : bool
        Write the record anew instead. At smoke scale chapters are then also run with other seeds, for the
        tolerances, and the larger books take these over; of a null world the outcomes alone are kept.
    jobs : int, optional
        Chapters at a time.
    say : callable
        Takes each line.

    Returns
    -------
    bool
        Whether all chapters ran and nothing moved.
    """
    chapters = [chapter for chapter in all_chapters().values() if not chapter.last]
    claims = load_claims(book_folder() / "claims.yaml")
    if not _ran(chapters, edition.parameters, edition.layout, jobs, say):
        return False
    results = results_in(edition.layout, chapters)
    outcomes = outcomes_of(claims, results)
    if not accept:
        record = read_record(edition.record)
        moved = [] if edition.null else compare_results(record, results)
        moved += compare_outcomes(record, outcomes)
        for one in moved:
            say(f"moved: {one}")
        n_compared = len(record.outcomes) + sum(len(record.results.get(name, {})) for name in results)
        say(f"{edition.name}: {n_compared} results and outcomes compared, {len(moved)} moved")
        return not moved
    if edition.null:
        record = Record({}, outcomes)
    elif edition.scale == "smoke":
        others = _with_other_seeds(chapters, edition, jobs, say)
        if others is None:
            return False
        record = make_record(claims, [results, *others])
    else:
        record = make_record(claims, [results], read_record(Edition("smoke").record))
    write_record(edition.record, record, {"parameters": edition.parameters})
    say(f"written: {edition.record.relative_to(project_root())}; look at the difference before you commit it")
    return True


def _with_other_seeds(
    chapters: list[Chapter], edition: Edition, jobs: int | None, say: Callable[[str], None]
) -> list[dict[str, dict[str, Any]]] | None:
    """Results of the same chapters with seeds that were not used before; None if a chapter failed."""
    found = []
    for shift in range(1, OTHER_SEEDS + 1):
        layout = Layout(Layout.default().build / f"{edition.name}-seeds-{shift}")
        groups: dict[str, tuple[dict[str, Any], list[Chapter]]] = {}
        for chapter in chapters:
            seeds = _other_seeds(chapter, edition.parameters, shift)
            groups.setdefault(repr(seeds), (seeds, []))[1].append(chapter)
        for seeds, members in groups.values():
            if not _ran(members, edition.parameters | seeds, layout, jobs, say):
                return None
        found.append(results_in(layout, chapters))
    return found


def _ran(
    chapters: list[Chapter],
    given: Mapping[str, Any],
    layout: Layout,
    jobs: int | None,
    say: Callable[[str], None],
) -> bool:
    known = {name for chapter in chapters for name in declared_parameters(chapter)}
    usable = {name: value for name, value in given.items() if name in known}
    return all(run.outcome != "failed" for run in run_chapters(chapters, usable, layout, jobs=jobs, say=say))


def _other_seeds(chapter: Chapter, given: Mapping[str, Any], shift: int) -> dict[str, Any]:
    """Draw other seeds for a chapter: as many as before, none of them used before."""
    declared = declared_parameters(chapter)
    usual = {
        name: given[name] if name in given else ast.literal_eval(declared[name][1])
        for name in SEED_PARAMETERS
        if name in declared
    }
    return {name: [seed + 100 * shift for seed in seeds] for name, seeds in usual.items()}
