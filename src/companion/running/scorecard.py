"""The scorecard: every claim beside what this book found, judged by one rule."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from companion.errors import CompanionError
from companion.loading.store import missing
from companion.running.chapters import all_chapters, book_folder
from companion.running.claims import Claim, load_claims, missing_results, unmatched
from companion.running.freshness import finished_record
from companion.running.layout import Layout, read_json
from companion.running.records import read_record
from companion.running.verdicts import NULLS, Run, Verdict, judge, runs_of, unlicensed
from companion.running.wording import plain

BUILD_FOLDER = "COMPANION_BUILD_FOLDER"
"""Environment variable that tells a chapter in which folder its book lies."""
NULL_RECORDS = {world: f"records/lesson-{world}.json" for world in NULLS}


@dataclass(frozen=True)
class Findings:
    """What all other chapters of a book recorded.

    Attributes
    ----------
    claims : list of Claim
    results : dict
        By chapter and key; chapters whose data are missing are not there.
    runs : dict of str to Run
        By chapter.
    nulls : dict
        Outcomes of claims in books made in null worlds, by world and id.
    """

    claims: Sequence[Claim]
    results: Mapping[str, Mapping[str, Any]]
    runs: Mapping[str, Run]
    nulls: Mapping[str, Mapping[str, Any]]

    def verdicts(self) -> list[Verdict]:
        """Judge every claim, in the order of the papers."""
        return [judge(claim, self.results, self.runs, self.nulls) for claim in self.claims]


def this_layout() -> Layout:
    """Folders of the book that a running chapter belongs to; the ordinary ones outside of a run."""
    chosen = os.environ.get(BUILD_FOLDER)
    return Layout(Path(chosen)) if chosen else Layout.default()


def findings(layout: Layout) -> Findings:
    """Collect what a book's chapters recorded.

    Raises
    ------
    CompanionError
        If a chapter has to be run first, or claims and chapters do not fit together.
    """
    chapters = {name: chapter for name, chapter in all_chapters().items() if not chapter.last}
    records = {name: finished_record(chapter, layout) for name, chapter in chapters.items()}
    absent = [name for name in records if records[name] is None and not missing(chapters[name].needs)]
    if absent:
        raise CompanionError(
            "The scorecard reads what all other chapters recorded, and some have to be run first",
            got=", ".join(absent),
            do=f"companion run {' '.join(absent)}",
        )
    known = {name: record for name, record in records.items() if record is not None}
    results = {name: read_json(layout.results(name)) or {} for name in known}
    claims = sorted(load_claims(book_folder() / "claims.yaml"), key=_order)
    if problems := missing_results(claims, results) + unmatched(claims, all_chapters().values()):
        raise CompanionError(
            "Claims and chapters do not fit together",
            where="book/claims.yaml",
            got="; ".join(problems),
            do="correct the claims file, or the chapter's front matter or results",
        )
    needed = NULL_RECORDS if any(claim.evidence == "simulated" for claim in claims) else {}
    nulls = {world: read_record(book_folder() / name).outcomes for world, name in needed.items()}
    return Findings(claims, results, runs_of(known, results, chapters), nulls)


def check_verdicts(found: Findings, verdicts: Sequence[Verdict]) -> None:
    """Refuse verdicts that their evidence does not license.

    Raises
    ------
    CompanionError
        If one says more than it may, or gives other evidence than its chapters' runs had.
    """
    if problems := unlicensed(verdicts, found.results, found.runs):
        raise CompanionError("A verdict says more than its evidence licenses", got="; ".join(problems))


def as_table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Table of the verdicts, for people.

    Returns
    -------
    DataFrame of shape (n_claims, 5)
        Columns ``claim`` (a link to the section that computed it, and the paper), ``what the paper states``
        (where, and what it prints), ``this run``, ``evidence``, ``outcome``.
    """
    rows = [
        {
            "claim": f"{{ref}}`{one.claim.id} <{one.claim.section}>` {one.claim.paper}",
            "what the paper states": (
                f"{plain(one.claim.statement)} *{plain(one.claim.place)}.* "
                f"Printed: {plain(one.claim.printed)}."
            ),
            "this run": plain(one.found),
            "evidence": one.evidence,
            "outcome": f"**{one.outcome}**" + (f": {plain(told)}" if (told := _told(one)) else ""),
        }
        for one in verdicts
    ]
    return pd.DataFrame(rows)


def as_records(verdicts: Sequence[Verdict], found: Findings) -> dict[str, Any]:
    """Everything about the verdicts, for programs."""
    return {
        "claims": [
            {
                **one.claim.model_dump(exclude_none=True, exclude={"evidence"}),
                "results": {
                    key: found.results[chapter][name]
                    for key in one.claim.keys
                    if (chapter := key.split("::")[0]) in found.results and (name := key.split("::")[1])
                },
                "evidence": one.evidence,
                "outcome": one.outcome,
                "verdict": one.words,
                "reasons": list(one.reasons),
                "outcome_in_nulls": {
                    world: outcomes.get(one.claim.id) for world, outcomes in found.nulls.items()
                },
            }
            for one in verdicts
        ]
    }


def comparisons(verdicts: Sequence[Verdict], found: Findings) -> pd.DataFrame:
    """Put printed numbers beside ours.

    Returns
    -------
    DataFrame
        One row per printed number of a claim: ``claim``, ``what``, ``paper``, ``evidence``, ``unit``,
        ``printed``, ``found``, ``low``, ``high`` (95 % interval where the chapter records one), ``agrees``.
    """
    rows = []
    for one in verdicts:
        for compared in one.claim.compared if one.evidence != "none" or one.claim.only_official else ():
            if not {key.split("::")[0] for key in compared.keys} <= set(found.results):
                continue

            def value(key: str | None) -> float:
                if key is None:
                    return float("nan")
                chapter, name = key.split("::")
                return float(found.results[chapter][name])

            rows.append(
                {
                    "claim": one.claim.id,
                    "what": compared.what,
                    "paper": one.claim.paper,
                    "evidence": one.evidence if one.evidence != "none" else "simulated",
                    "unit": compared.unit,
                    "printed": compared.printed_value(found.results),
                    "found": value(compared.result),
                    "low": value(compared.low),
                    "high": value(compared.high),
                    "agrees": compared.agrees(found.results),
                }
            )
    return pd.DataFrame(rows)


def _told(one: Verdict) -> str:
    return "; ".join([one.words, *one.reasons]) if one.words != one.outcome else "; ".join(one.reasons)


def _order(claim: Claim) -> tuple[int, int, str]:
    kind, _, number = claim.id.partition("-")
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    return ("HA", "BA", "BC").index(kind), int(digits), number
