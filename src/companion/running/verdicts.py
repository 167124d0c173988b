"""What a run may say of a claim: evidence, outcome, and the words that these license.

Evidence comes from where a run's data came from, never from a wish. Words are a function of evidence and
outcome (:data:`LICENSED`), so that simulated data cannot *reproduce* a paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from companion.running.chapters import Chapter
from companion.running.claims import Claim, Evidence, Outcome, Results, look_up

Shown = Evidence | Literal["none"]
NULLS = ("N1", "N2")
"""Worlds in which nothing is gained by judges or brains; what holds there, too, tells nothing."""
FEWEST_SEEDS = 3
LICENSED: Mapping[Shown, Mapping[Outcome, tuple[str, ...]]] = {
    "printed numbers": {
        "holds": ("holds in the printed numbers",),
        "contradicted": ("contradicted by the printed numbers",),
        "inconclusive": ("the printed numbers do not decide",),
    },
    "small real data": {
        "holds": ("agrees on small real data",),
        "contradicted": ("disagrees on small real data",),
        "inconclusive": ("small real data do not decide",),
    },
    "simulated": {
        "holds": ("mechanism reproduced under the stated assumptions",),
        "contradicted": ("mechanism not reproduced under the stated assumptions",),
        "inconclusive": ("mechanism not reproduced under the stated assumptions",),
        "not diagnostic": ("not diagnostic",),
    },
    "official": {
        "holds": ("reproduced", "re-implementation agrees", "agrees, short of a reproduction"),
        "contradicted": ("not reproduced",),
        "inconclusive": ("the official data do not decide",),
    },
    "none": {"not testable": ("not testable here",)},
}
"""Words by evidence and outcome; whatever is not here must not be said."""


@dataclass(frozen=True)
class Run:
    """What a verdict needs to know of a chapter's run.

    Attributes
    ----------
    simulated : bool
        Whether its recordings were; False for a chapter that uses none.
    official : bool
        Whether its recordings were official ones.
    null : str
        The null world its recordings came from; empty if none.
    checksums : bool
        Whether all official files were compared with the manifest, and equal.
    """

    simulated: bool = False
    official: bool = False
    null: str = ""
    checksums: bool = False


@dataclass(frozen=True)
class Verdict:
    """One row of the scorecard.

    Attributes
    ----------
    claim : Claim
    evidence : str
        What this run tested it with; ``none`` where it was not tested.
    outcome : str
    words : str
        What may be said; one of :data:`LICENSED`.
    found : str
        The results, as the table shows them.
    reasons : tuple of str
        Why it is no more than that.
    """

    claim: Claim
    evidence: Shown
    outcome: Outcome
    words: str
    found: str
    reasons: tuple[str, ...] = ()


def judge(
    claim: Claim, results: Results, runs: Mapping[str, Run], nulls: Mapping[str, Mapping[str, Outcome]]
) -> Verdict:
    """Judge one claim by what this run recorded.

    Parameters
    ----------
    claim : Claim
    results : mapping
        By chapter and key.
    runs : mapping of str to Run
        By chapter; a chapter whose data are missing is not there.
    nulls : mapping
        Outcome of simulated claims in whole books made in null worlds, by world and id.

    Returns
    -------
    Verdict
    """
    evidence, reasons = _evidence(claim, runs)
    if evidence == "none":
        return Verdict(claim, evidence, "not testable", "not testable here", "–", reasons)
    outcome, told = claim.outcome(results), _told(claim, results)
    if evidence == "simulated":
        own = {runs[name].null for name in claim.chapters} & set(NULLS)
        also = sorted({world for world in nulls if nulls[world].get(claim.id) == "holds"} | own)
        if outcome == "holds" and also:
            return Verdict(
                claim,
                evidence,
                "not diagnostic",
                "not diagnostic",
                told,
                (f"holds in {' and '.join(also)}, too",),
            )
    words = LICENSED[evidence][outcome]
    if len(words) == 1:
        return Verdict(claim, evidence, outcome, words[0], told)
    short = tuple(_short_of_reproduction(claim, results, runs))
    agrees = words[1] if claim.paper == "BrainCLIP" else words[0]
    return Verdict(claim, evidence, outcome, words[2] if short else agrees, told, short)


def unlicensed(verdicts: Iterable[Verdict], results: Results, runs: Mapping[str, Run]) -> list[str]:
    """Name every verdict that its evidence does not license, or whose evidence is not what its run had."""
    problems = []
    for verdict in verdicts:
        name = verdict.claim.id
        if verdict.words not in LICENSED[verdict.evidence].get(verdict.outcome, ()):
            problems.append(
                f"{name} says {verdict.words!r} ({verdict.outcome}) on evidence: {verdict.evidence}"
            )
        if verdict.evidence != _evidence(verdict.claim, runs)[0]:
            problems.append(f"{name} gives as evidence {verdict.evidence}, which its run did not have")
        if verdict.words in LICENSED["official"]["holds"][:2] and (
            short := _short_of_reproduction(verdict.claim, results, runs)
        ):
            problems.append(f"{name} says {verdict.words!r}, but {'; '.join(short)}")
        if verdict.words == "reproduced" and verdict.claim.paper == "BrainCLIP":
            problems.append(f"{name} says 'reproduced' of a paper whose methods could not be read")
    return problems


def runs_of(
    records: Mapping[str, Mapping[str, Any]], results: Results, chapters: Mapping[str, Chapter]
) -> dict[str, Run]:
    """Read off the provenance of each chapter where its recordings came from.

    Parameters
    ----------
    records : mapping
        Provenance by chapter.
    results : mapping
        By chapter and key; a chapter on official recordings that still used a simulated space records so.
    chapters : mapping of str to Chapter
    """
    from companion.running.worlds import world_of

    found = {}
    for name, record in records.items():
        parameters = record["fingerprint"]["parameters"]
        world = world_of(chapters[name], parameters)
        if world is None:
            found[name] = Run()
            continue
        simulated = world.simulated or bool(results[name].get("simulated", False))
        null = world.null if world.source == "null" else ""
        found[name] = Run(simulated, not simulated, null, not simulated and _pinned(chapters[name]))
    return found


def _evidence(claim: Claim, runs: Mapping[str, Run]) -> tuple[Shown, tuple[str, ...]]:
    if claim.untestable is not None:
        return "none", (claim.untestable,)
    if absent := sorted(claim.chapters - set(runs)):
        return "none", (f"not run, data missing: {', '.join(absent)}",)
    used = [runs[name] for name in claim.chapters]
    if claim.evidence in {"printed numbers", "small real data"}:
        return claim.evidence, ()
    if any(run.simulated for run in used):
        if claim.only_official:
            return "none", (claim.only_official,)
        return "simulated", ()
    return "official", ()


def _short_of_reproduction(claim: Claim, results: Results, runs: Mapping[str, Run]) -> list[str]:
    """Say what is lacking for the word *reproduced*."""
    lacking = []
    if not all(runs[name].checksums for name in claim.chapters):
        lacking.append("not all official files have checksums to compare with")
    needed = claim.replication
    if needed is None:
        lacking.append("the claims file does not say whom the paper tested")
    else:
        people, seeds = (int(float(look_up(results, key))) for key in (needed.counted, needed.seeds))
        if people < needed.people:
            lacking.append(f"{people} of {needed.people} people")
        if seeds < FEWEST_SEEDS:
            lacking.append(f"{seeds} seeds, fewer than {FEWEST_SEEDS}")
    if not claim.compared:
        lacking.append("no printed number to compare with")
    elif not all(one.agrees(results) for one in claim.compared):
        lacking.append("the printed number lies outside our interval and the margin fixed beforehand")
    return lacking


def _pinned(chapter: Chapter) -> bool:
    """Whether every official file a chapter cannot do without has the checksum of the manifest."""
    from companion.loading.manifest import load_manifest
    from companion.loading.sources import OFFICIAL
    from companion.loading.store import FileState, status

    entries = {entry.id: entry for entry in load_manifest().entries}
    wanted = [entries.get(OFFICIAL[part]) for part in chapter.official if part in OFFICIAL]
    files = [list(status(entry).files.values()) if entry else [] for entry in wanted]
    return bool(files) and all(
        found and all(state is FileState.PRESENT for state in found) for found in files
    )


def _told(claim: Claim, results: Results) -> str:
    told = []
    for check in claim.checks:
        name = check.result.partition("::")[2].replace("_", " ")
        p = f" (p {_plain(look_up(results, check.p))})" if check.p else ""
        told.append(f"{name}: {_plain(look_up(results, check.result))}{p}")
    return "; ".join(told)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return (f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}").replace("-", "−")
    return str(value)
