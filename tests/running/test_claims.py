"""Claims: schema, comparison, outcome."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from companion.errors import CompanionError
from companion.running.claims import Claim, load_claims, missing_results

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


def test_all_checks_must_hold() -> None:
    checks = [*BASE["checks"], {"result": "retested::t", "relation": "<", "value": 5}]
    assert claim(checks=checks).outcome(RESULTS) == "contradicted"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "HA7"},
        {"paper": "another"},
        {"checks": []},
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
