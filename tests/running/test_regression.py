"""The record of results: tolerances, and what counts as moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from companion.errors import CompanionError
from companion.running.claims import Claim
from companion.running.records import Kept, Record, read_record, write_record
from companion.running.regression import compare_outcomes, compare_results, make_record, outcomes_of
from companion.running.verify import SMOKE, Edition

CLAIM = Claim.model_validate(
    {
        "id": "HA-1",
        "paper": "human-aligned",
        "place": "Table 1",
        "statement": "s",
        "printed": "1",
        "needs": "n",
        "put_in_by_world": False,
        "evidence": "printed numbers",
        "section": "a",
        "checks": [
            {"result": "one::gain", "relation": ">", "value": 0},
            {"result": "one::word", "relation": "==", "value": "earlier"},
        ],
    }
)
FIRST: dict[str, Any] = {
    "gain": 4.0,
    "loss": 2.0,
    "fixed": 0.1234567,
    "rest": 2.4e-7,
    "hits": 12.25,
    "step": 0.5,
    "count": 24,
    "yes": True,
    "flips": True,
    "word": "earlier",
    "sentence": "4.0 points",
}
OTHER = FIRST | {"gain": 5.0, "loss": 2.02, "flips": False, "sentence": "5.0 points"}


def record() -> Record:
    return make_record([CLAIM], [{"one": FIRST}, {"one": OTHER}])


def moved(**changes: Any) -> list[str]:
    return [one.what for one in compare_results(record(), {"one": FIRST | changes})]


def test_tolerances_come_from_seeds_or_from_one_picture() -> None:
    kept = record().results["one"]
    assert kept["gain"] == Kept(4.0, 2.0, "seed spread")
    assert kept["loss"].basis == "seed spread"
    assert kept["loss"].tolerance == pytest.approx(2.0 * (0.25 + 0.01) / 2)  # the median of both, relative
    assert kept["hits"] == Kept(12.25, 0.5, "one picture")
    assert kept["fixed"].basis == kept["count"].basis == "exact"
    assert kept["yes"] == Kept(True, 0.0, "exact")
    assert kept["word"].value == "earlier"
    assert "flips" not in kept
    assert "sentence" not in kept


def test_a_larger_book_takes_over_the_tolerances_of_the_smaller_one() -> None:
    kept = make_record([CLAIM], [{"one": FIRST | {"gain": 8.0}}], record()).results["one"]
    assert kept["gain"] == Kept(8.0, 2.0, "seed spread at smoke scale")
    assert kept["fixed"].basis == "exact"
    assert kept["hits"].basis == "one picture"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"gain": 5.9}, []),
        ({"gain": 6.1}, ["one::gain"]),
        ({"hits": 12.7}, []),
        ({"hits": 12.8}, ["one::hits"]),
        ({"fixed": 0.1234567 + 1e-9}, []),
        ({"fixed": 0.1234}, ["one::fixed"]),
        ({"rest": 8e-7}, []),
        ({"rest": 2e-6}, ["one::rest"]),  # no share of pictures, though smaller than one
        ({"count": 23}, ["one::count"]),
        ({"yes": False}, ["one::yes"]),
        ({"word": "later"}, ["one::word"]),
        ({"sentence": "another", "flips": False}, []),
        ({"new": 1.0}, ["one::new"]),
        ({"new": "words"}, []),
    ],
)
def test_what_moves_beyond_its_tolerance_is_named(changes: dict[str, Any], found: list[str]) -> None:
    assert moved(**changes) == found


def test_a_result_that_is_gone_and_a_changed_outcome_are_named() -> None:
    less = {key: value for key, value in FIRST.items() if key != "gain"}
    assert [one.what for one in compare_results(record(), {"one": less})] == ["one::gain"]
    flipped = {"one": FIRST | {"gain": -4.0}}
    [one] = compare_outcomes(record(), outcomes_of([CLAIM], flipped))
    assert str(one) == "HA-1: 'holds' in the record, 'contradicted' now"
    assert outcomes_of([CLAIM], {}) == {}


def test_a_record_survives_the_file_and_damage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "smoke.json"
    write_record(path, record(), {"runs": 2})
    assert read_record(path) == record()
    path.write_text('{"results": {"one": {"gain": 4}}, "outcomes": {}}')
    with pytest.raises(CompanionError, match="companion verify --accept"):
        read_record(path)
    with pytest.raises(CompanionError, match="no JSON object"):
        read_record(tmp_path / "absent.json")


def test_each_edition_has_a_folder_a_record_and_parameters() -> None:
    book, smoke, null = Edition(), Edition("smoke"), Edition("lesson", "N1")
    assert book.parameters == {}
    assert smoke.parameters == SMOKE
    assert null.parameters == {"source": "null", "null": "N1"}
    assert (book.record.name, smoke.record.name, null.record.name) == (
        "lesson.json",
        "smoke.json",
        "lesson-N1.json",
    )
    assert len({edition.layout.build for edition in (book, smoke, null)}) == 3
    assert smoke.layout.build.parent == book.layout.build
