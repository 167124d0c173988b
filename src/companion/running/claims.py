"""``book/claims.yaml``: what the papers state, and the results of this book that test it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from companion.errors import CompanionError
from companion.running.chapters import Chapter
from companion.system.strict_yaml import read_yaml

Value = float | str | bool
Results = Mapping[str, Mapping[str, Value]]
Evidence = Literal["printed numbers", "small real data", "simulated", "official"]
Outcome = Literal["holds", "contradicted", "inconclusive", "not diagnostic", "not testable"]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_]+::[a-z0-9_]+$", description="chapter::key")]

LEVEL = 0.05
"""Of every p value that a claim names."""
_RELATIONS: dict[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Check(_Entry):
    """One comparison of a recorded result with a value fixed beforehand."""

    result: Key
    relation: Literal["==", "!=", "<", "<=", ">", ">=", "within"]
    value: Value
    margin: float | None = Field(default=None, ge=0, description="for `within`: largest absolute difference")
    p: Key | None = Field(
        default=None, description="p of this very comparison; above LEVEL nothing is decided"
    )
    refuted_by: list[Value] | None = Field(
        default=None, description="the results that speak against the claim; every failure, if not given"
    )

    @model_validator(mode="after")
    def _margin_goes_with_within(self) -> Check:
        if (self.relation == "within") != (self.margin is not None):
            raise ValueError("`margin` is given with the relation `within`, and only with it")
        if self.p is not None and self.refuted_by is not None:
            raise ValueError("a check has `p` or `refuted_by`, not both")
        return self

    def _holds(self, found: Value) -> bool:
        try:
            if self.margin is not None:
                return abs(float(found) - float(self.value)) <= self.margin
            return _RELATIONS[self.relation](found, self.value)
        except (TypeError, ValueError) as error:
            raise CompanionError(
                "A recorded result cannot be compared as its claim asks",
                where=self.result,
                expected=f"{self.relation} {self.value!r}",
                got=repr(found),
                do="correct the claim in book/claims.yaml, or what the chapter records",
            ) from error

    def outcome(self, results: Results) -> Outcome:
        """Judge the recorded result: ``holds``, ``contradicted`` or ``inconclusive``."""
        found = look_up(results, self.result)
        if self.p is not None:
            p = look_up(results, self.p)
            if isinstance(p, str) or not p < LEVEL:  # words say that nothing was tested, and why
                return "inconclusive"
        if self._holds(found):
            return "holds"
        return "contradicted" if self.refuted_by is None or found in self.refuted_by else "inconclusive"


class Comparison(_Entry):
    """A printed number, and the result that stands beside it."""

    what: str = Field(description="in two or three words, for a figure")
    result: Key
    printed: float | Key
    unit: str
    low: Key | None = Field(default=None, description="95 % interval of the result")
    high: Key | None = None
    margin: float | None = Field(default=None, ge=0, description="largest difference that counts as equal")

    @model_validator(mode="after")
    def _can_be_judged(self) -> Comparison:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has `low` and `high`")
        return self

    def printed_value(self, results: Results) -> float:
        """Look the printed number up where another chapter computed it from print."""
        printed = self.printed
        return float(look_up(results, printed)) if isinstance(printed, str) else printed

    def agrees(self, results: Results) -> bool:
        """Whether the printed number lies in our interval, or within the margin fixed beforehand."""
        printed, found = self.printed_value(results), float(look_up(results, self.result))
        if self.margin is not None and abs(found - printed) <= self.margin:
            return True
        if self.low is None or self.high is None:
            return False
        return float(look_up(results, self.low)) <= printed <= float(look_up(results, self.high))

    @property
    def keys(self) -> list[str]:
        """Every ``chapter::key`` it reads."""
        named = (self.result, self.printed, self.low, self.high)
        return [key for key in named if isinstance(key, str)]


class Replication(_Entry):
    """What it takes, besides official data, to say that a paper's result was reproduced."""

    people: int = Field(ge=1, description="number of people in the paper")
    counted: Key = Field(description="number of people in this run")
    seeds: Key = Field(description="number of seeds in this run")


class Claim(_Entry):
    """A checkable statement of a paper."""

    id: str = Field(pattern=r"^(HA|BA|BC)-\d+[a-z]?$")
    paper: Literal["human-aligned", "brain-aligned", "BrainCLIP"]
    place: str
    statement: str = Field(description="what the paper says, in our words")
    printed: str = Field(description="the value or word printed in the paper")
    needs: str = Field(description="the data it takes to test the claim itself")
    put_in_by_world: bool = Field(description="whether the simulated world was built to show it")
    evidence: Evidence = Field(description="what the book as it comes tests it with")
    section: str = Field(pattern=r"^[a-z0-9-]+$", description="label of the section that computes it")
    checks: list[Check] = []
    only_official: str | None = Field(default=None, description="why nothing else can test it")
    untestable: str | None = Field(default=None, description="why nothing in this book can test it")
    compared: list[Comparison] = []
    replication: Replication | None = None
    note: Key | None = Field(default=None, description="recorded words")

    @model_validator(mode="after")
    def _is_tested_or_says_why_not(self) -> Claim:
        if bool(self.checks) == (self.untestable is not None):
            raise ValueError("a claim has `checks`, or says why it is `untestable`")
        return self

    def outcome(self, results: Results) -> Outcome:
        """Judge the claim: every check has to hold, and one that is contradicted contradicts it."""
        if not self.checks:
            return "not testable"
        found = {check.outcome(results) for check in self.checks}
        return "contradicted" if "contradicted" in found else max(found, key=("holds", "inconclusive").index)

    @property
    def chapters(self) -> set[str]:
        """Chapters whose results test it."""
        return {check.result.split("::")[0] for check in self.checks}

    @property
    def keys(self) -> list[str]:
        """Every ``chapter::key`` the claim reads."""
        keys = [key for check in self.checks for key in (check.result, check.p)]
        keys += [key for one in self.compared for key in one.keys] + [self.note]
        if self.replication:
            keys += [self.replication.counted, self.replication.seeds]
        return [key for key in keys if key]


_CLAIMS = TypeAdapter(list[Claim])


def look_up(results: Results, key: str) -> Value:
    """Find the result behind a ``chapter::key``."""
    chapter, name = key.split("::")
    return results[chapter][name]


def load_claims(path: Path) -> list[Claim]:
    """Read and check the claims file.

    Parameters
    ----------
    path : Path
        A YAML list of claims.

    Raises
    ------
    CompanionError
        If the file breaks the schema or uses an id twice.

    Examples
    --------
    >>> from companion import project_root
    >>> from companion.running import load_claims
    >>> claims = load_claims(project_root() / "book" / "claims.yaml")
    >>> {claim.paper for claim in claims} >= {"human-aligned", "brain-aligned"}
    True
    """
    try:
        claims = _CLAIMS.validate_python(read_yaml(path) or [])
    except (ValidationError, yaml.YAMLError) as error:
        raise CompanionError(
            "The claims file breaks its schema", where=path, got=error, do="mend the entry named above"
        ) from error
    ids = [claim.id for claim in claims]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise CompanionError(
            "A claim id is used twice", where=path, got=", ".join(twice), do="give each claim its own"
        )
    return claims


def missing_results(claims: list[Claim], results: Results) -> list[str]:
    """Name each claim that reads a result its chapter did not record; chapters not run are left out."""
    return [
        f"{claim.id} reads {name}"
        for claim in claims
        for name in claim.keys
        if (chapter := name.split("::")[0]) in results and name.split("::")[1] not in results[chapter]
    ]


def unmatched(claims: list[Claim], chapters: Iterable[Chapter]) -> list[str]:
    """Name what claims and chapters do not say of each other.

    A claim is tested by chapters, a chapter names the claims that it tests, real numbers do not come from a
    chapter on recordings, and the section that a claim links to is there.
    """
    chapters = list(chapters)
    recorded = {chapter.name for chapter in chapters if chapter.world}
    real = [claim for claim in claims if claim.evidence in {"printed numbers", "small real data"}]
    labels = {section.label for chapter in chapters for section in chapter.sections}
    said = {(chapter.name, name) for chapter in chapters for name in chapter.claims}
    tested = {(chapter, claim.id) for claim in claims for chapter in claim.chapters}
    unnamed, unread = sorted(tested - said), sorted(said - tested)
    mixed = [(claim.id, name) for claim in real for name in sorted(claim.chapters & recorded)]
    lost = [(claim.id, claim.section) for claim in claims if claim.section not in labels]
    return [
        *(f"{name} reads results of {chapter}, which does not name it" for chapter, name in unnamed),
        *(f"{chapter} names {name}, which reads none of its results" for chapter, name in unread),
        *(
            f"{name} is said to rest on real numbers, but {chapter} uses recordings"
            for name, chapter in mixed
        ),
        *(f"{name} links to {section}, which is no section" for name, section in lost),
    ]
