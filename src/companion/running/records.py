"""``book/records/*.json``: results that were looked at and kept, each with how far it may move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from companion.errors import CompanionError
from companion.running.claims import Outcome, Value
from companion.running.layout import read_json, write_json

Basis = Literal["exact", "seed spread", "seed spread at smoke scale", "one picture"]
_Entry = tuple[Value, Annotated[float, Field(ge=0)], Basis]
_RESULTS = TypeAdapter(dict[str, dict[str, _Entry]], config=ConfigDict(allow_inf_nan=False))
_OUTCOMES = TypeAdapter(dict[str, Outcome])


@dataclass(frozen=True)
class Kept:
    """One recorded result.

    Attributes
    ----------
    value : float, int, str or bool
    tolerance : float
        Largest absolute difference; 0 for words and truth values.
    basis : {"exact", "seed spread", "seed spread at smoke scale", "one picture"}
        Where the tolerance comes from.
    """

    value: Value
    tolerance: float
    basis: Basis


@dataclass(frozen=True)
class Record:
    """What a book found, once.

    Attributes
    ----------
    results : dict
        By chapter and key.
    outcomes : dict
        By id of a claim.
    """

    results: Mapping[str, Mapping[str, Kept]]
    outcomes: Mapping[str, str]


def read_record(path: Path) -> Record:
    """Read a record.

    Raises
    ------
    CompanionError
        If it is absent or damaged.
    """
    found = read_json(path) or {}
    try:
        _RESULTS.validate_python(found.get("results"))
        _OUTCOMES.validate_python(found.get("outcomes"))
    except ValidationError as error:
        raise CompanionError(
            "There is no readable record of results",
            where=path,
            expected="JSON with results (value, tolerance and basis by chapter and key) and outcomes",
            got=error if found else "no JSON object",
            do="write it from a run that you have looked at: companion verify --accept",
        ) from error
    results = {
        chapter: {key: Kept(*entry) for key, entry in kept.items()}
        for chapter, kept in found["results"].items()
    }
    return Record(results, found["outcomes"])


def write_record(path: Path, record: Record, made: Mapping[str, Any]) -> None:
    """Write a record, with how it was made.

    Parameters
    ----------
    path : Path
    record : Record
    made : mapping
        Parameters and number of runs.
    """
    results = {
        chapter: {key: [kept.value, kept.tolerance, kept.basis] for key, kept in entries.items()}
        for chapter, entries in record.results.items()
    }
    write_json(path, {"made": dict(made), "outcomes": dict(record.outcomes), "results": results})
