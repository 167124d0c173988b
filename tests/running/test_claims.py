"""Claims: schema, comparison, outcome."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from companion.errors import CompanionError
from companion.running.chapters import all_chapters, book_folder
from companion.running.claims import Claim, Comparison, load_claims, missing_results, unmatched

BASE = {
    "id": "HA-7",
    "paper": "human-aligned",
    "place": "Table 2",
    "statement": "CLIP gains on a new person",
    "printed": "p < 0.001",
    "needs": "printed values",
    "put_in_by_world": False,
    "evidence": "printed numbers",
    "section": "retested-loso",
    "checks": [{"result": "retested::t", "relation": ">", "value": 2.0}],
}
RESULTS = {"retested": {"t": 11.15, "word": "CLIP", "yes": True}}


def claim(**changes: object) -> Claim:
    return Claim.model_validate({**BASE, **changes})


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        ({"relation": ">", "value": 2.0}, "holds"),
        ({"relation": "<=", "value": 2.0}, "contradicted"),
        ({"relation": "within", "value": 11.2, "margin": 0.1}, "holds"),
        ({"relation": "within", "value": 11.2, "margin": 0.01}, "contradicted"),
        ({"result": "retested::word", "relation": "==", "value": "CLIP"}, "holds"),
        ({"result": "retested::yes", "relation": "==", "value": False}, "contradicted"),
    ],
)
def test_the_outcome_follows_from_the_results(check: dict[str, object], outcome: str) -> None:
    assert claim(checks=[{"result": "retested::t", **check}]).outcome(RESULTS) == outcome


@pytest.mark.parametrize(
    ("difference", "p", "outcome"),
    [
        (1.0, 0.01, "holds"),
        (1.0, 0.2, "inconclusive"),
        (-1.0, 0.2, "inconclusive"),
        (-1.0, 0.01, "contradicted"),
        (1.0, 0.05, "inconclusive"),
        (1.0, "not tested", "inconclusive"),
        ("not tested", "not tested", "inconclusive"),
    ],
)
def test_a_difference_with_a_p_value_contradicts_only_when_it_is_shown(
    difference: float | str, p: float | str, outcome: str
) -> None:
    check = {"result": "retested::d", "relation": ">", "value": 0, "p": "retested::p"}
    assert claim(checks=[check]).outcome({"retested": {"d": difference, "p": p}}) == outcome


def test_only_named_results_refute_where_some_are_named() -> None:
    check = {"result": "retested::word", "relation": "==", "value": "earlier", "refuted_by": ["later"]}
    told = {
        word: claim(checks=[check]).outcome({"retested": {"word": word}})
        for word in ("earlier", "later", "no answer")
    }
    assert told == {"earlier": "holds", "later": "contradicted", "no answer": "inconclusive"}


def test_one_contradicted_check_outweighs_an_inconclusive_one() -> None:
    checks = [
        {"result": "retested::t", "relation": "<", "value": 5},
        {"result": "retested::yes", "relation": "==", "value": False, "refuted_by": []},
    ]
    assert claim(checks=checks).outcome(RESULTS) == "contradicted"
    assert claim(checks=checks[1:]).outcome(RESULTS) == "inconclusive"


def test_a_claim_that_nothing_can_test_says_why() -> None:
    assert claim(checks=[], untestable="no numbers").outcome({}) == "not testable"


def test_a_printed_number_agrees_inside_the_interval_or_the_margin() -> None:
    results = {"a": {"t": 10.0, "low": 8.0, "high": 12.0, "print": 11.0}}
    ours = {"what": "t", "result": "a::t", "unit": "points"}
    within = {"low": "a::low", "high": "a::high"}
    for changes, agrees in [
        ({"printed": 11.5, **within}, True),
        ({"printed": 12.5, **within}, False),
        ({"printed": 12.5, **within, "margin": 3}, True),
        ({"printed": 10.4, "margin": 0.5}, True),
        ({"printed": 10.6, "margin": 0.5}, False),
        ({"printed": "a::print", "margin": 1}, True),
        ({"printed": 10.0}, False),
    ]:
        assert Comparison.model_validate({**ours, **changes}).agrees(results) is agrees


def test_claims_and_chapters_name_each_other() -> None:
    chapters = all_chapters()
    claims = load_claims(book_folder() / "claims.yaml")
    assert unmatched(claims, chapters.values()) == []
    mine = replace(chapters["retested"], claims=("HA-7", "HA-99"))
    simulated = claim(id="HA-8", checks=[{"result": "targets::t", "relation": ">", "value": 1}])
    problems = " | ".join(unmatched([claim(), simulated], [mine, replace(chapters["targets"], claims=())]))
    assert "retested names HA-99" in problems
    assert "HA-8 reads results of targets, which does not name it" in problems
    assert "HA-8 is said to rest on real numbers, but targets uses recordings" in problems
    assert "HA-7 " not in problems
    assert unmatched([claim(section="nowhere")], [mine])[-1] == "HA-7 links to nowhere, which is no section"


def test_every_numbered_claim_of_the_papers_is_there() -> None:
    numbers = {name.rstrip("abc") for name in (one.id for one in load_claims(book_folder() / "claims.yaml"))}
    papers = {"HA": 17, "BA": 14, "BC": 5}
    assert numbers == {f"{paper}-{n}" for paper, last in papers.items() for n in range(1, last + 1)}


def test_all_checks_must_hold() -> None:
    checks = [*BASE["checks"], {"result": "retested::t", "relation": "<", "value": 5}]
    assert claim(checks=checks).outcome(RESULTS) == "contradicted"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "HA7"},
        {"paper": "another"},
        {"checks": []},
        {"untestable": "no numbers"},
        {"checks": [{"result": "a::t", "relation": ">", "value": 1, "p": "a::p", "refuted_by": []}]},
        {"compared": [{"what": "t", "result": "a::t", "printed": 1, "unit": "points", "low": "a::low"}]},
        {"unknown": 1},
        {"checks": [{"result": "t", "relation": ">", "value": 1}]},
        {"checks": [{"result": "a::t", "relation": "within", "value": 1}]},
        {"checks": [{"result": "a::t", "relation": ">", "value": 1, "margin": 1}]},
    ],
)
def test_bad_entries_are_refused_with_the_file_named(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump([{**BASE, **change}]))
    with pytest.raises(CompanionError, match=r"claims\.yaml"):
        load_claims(path)


def test_ids_are_unique_and_missing_results_are_named(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump([BASE, BASE]))
    with pytest.raises(CompanionError, match="used twice"):
        load_claims(path)
    assert missing_results([claim(note="retested::why")], RESULTS) == ["HA-7 reads retested::why"]
    assert missing_results([claim()], {"ruler": {}}) == []
