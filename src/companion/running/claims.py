"""``book/claims.yaml``: what the papers state, and the results of this book that test it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from companion.errors import CompanionError

Value = float | str | bool
Results = Mapping[str, Mapping[str, Value]]

_RELATIONS: dict[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Check(BaseModel):
    """One comparison of a recorded result with a value fixed beforehand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    result: str = Field(pattern=r"^[a-z0-9_]+::[a-z0-9_]+$", description="chapter::key")
    relation: Literal["==", "!=", "<", "<=", ">", ">=", "within"]
    value: Value
    margin: float | None = Field(default=None, ge=0, description="for `within`: largest absolute difference")

    @model_validator(mode="after")
    def _margin_goes_with_within(self) -> Check:
        if (self.relation == "within") != (self.margin is not None):
            raise ValueError("`margin` is given with the relation `within`, and only with it")
        return self

    def holds(self, results: Results) -> bool:
        """Whether the recorded result stands in the stated relation to the value."""
        chapter, key = self.result.split("::")
        found = results[chapter][key]
        if self.margin is not None:
            return abs(float(found) - float(self.value)) <= self.margin
        return _RELATIONS[self.relation](found, self.value)


class Claim(BaseModel):
    """A checkable statement of a paper."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^(HA|BA|BC)-\d+[a-z]?$")
    paper: Literal["human-aligned", "brain-aligned", "BrainCLIP"]
    place: str
    statement: str = Field(description="what the paper says, in our words")
    printed: str = Field(description="the value or word printed in the paper")
    needs: str = Field(description="the data it takes to test the claim itself")
    put_in_by_world: bool = Field(description="whether the simulated world was built to show it")
    evidence: Literal["printed numbers", "small real data", "simulated", "official"]
    section: str = Field(pattern=r"^[a-z0-9-]+$", description="label of the section that computes it")
    checks: list[Check] = Field(min_length=1)
    note: str | None = Field(default=None, pattern=r"^[a-z0-9_]+::[a-z0-9_]+$", description="recorded words")

    def outcome(self, results: Results) -> str:
        """Judge the claim: ``holds`` when every check does, else ``contradicted``."""
        return "holds" if all(check.holds(results) for check in self.checks) else "contradicted"

    @property
    def keys(self) -> list[str]:
        """Every ``chapter::key`` the claim reads."""
        return [check.result for check in self.checks] + ([self.note] if self.note else [])


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
    """
    try:
        claims = [Claim.model_validate(item) for item in yaml.safe_load(path.read_text("utf-8")) or []]
    except (ValidationError, yaml.YAMLError) as error:
        raise CompanionError(
            "The claims file breaks its schema", where=path, got=error, do="mend the entry named above"
        ) from error
    ids = [claim.id for claim in claims]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise CompanionError("A claim id is used twice", where=path, got=", ".join(twice))
    return claims


def missing_results(claims: list[Claim], results: Results) -> list[str]:
    """Name each claim that reads a result its chapter did not record; chapters not run are left out."""
    return [
        f"{claim.id} reads {name}"
        for claim in claims
        for name in claim.keys
        if (chapter := name.split("::")[0]) in results and name.split("::")[1] not in results[chapter]
    ]
