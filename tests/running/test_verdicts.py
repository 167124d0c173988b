"""Verdicts: what may be said on which evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from companion.running.claims import Claim
from companion.running.verdicts import LICENSED, Run, Verdict, judge, runs_of, unlicensed

OFFICIAL = Run(official=True, checksums=True)
RESULTS: dict[str, dict[str, Any]] = {
    "targets": {"gain": 14.0, "low": 12.0, "high": 16.0, "n_people": 10, "n_seeds": 3}
}
COMPARED = [
    {
        "what": "gain",
        "result": "targets::gain",
        "printed": 13.9,
        "unit": "points",
        "low": "targets::low",
        "high": "targets::high",
    }
]


def claim(**changes: Any) -> Claim:
    told = {
        "id": "HA-1",
        "paper": "human-aligned",
        "place": "Table 1",
        "statement": "s",
        "printed": "13.9",
        "needs": "THINGS-EEG2",
        "put_in_by_world": True,
        "evidence": "simulated",
        "section": "targets-eeg",
        "checks": [{"result": "targets::gain", "relation": ">", "value": 0}],
        "compared": COMPARED,
        "replication": {"people": 10, "counted": "targets::n_people", "seeds": "targets::n_seeds"},
    }
    return Claim.model_validate(told | changes)


def verdict(one: Claim, run: Run, results: Any = RESULTS, nulls: Any = None) -> tuple[str, str, str]:
    found = judge(one, results, {"targets": run}, nulls or {})
    assert not unlicensed([found], results, {"targets": run})
    return found.evidence, found.outcome, found.words


def test_simulated_data_show_mechanisms_and_nothing_else() -> None:
    simulated = Run(simulated=True)
    fails = claim(checks=[{"result": "targets::gain", "relation": "<", "value": 0}])
    assert verdict(claim(), simulated)[2] == "mechanism reproduced under the stated assumptions"
    assert verdict(fails, simulated)[1:] == (
        "contradicted",
        "mechanism not reproduced under the stated assumptions",
    )
    said = {words for outcomes in [LICENSED["simulated"]] for found in outcomes.values() for words in found}
    assert not [words for words in said if words.startswith(("reproduced", "holds", "agrees"))]


@pytest.mark.parametrize("world", ["N1", "N2"])
def test_what_also_holds_in_a_null_world_is_not_diagnostic(world: str) -> None:
    simulated = Run(simulated=True)
    assert verdict(claim(), simulated, nulls={world: {"HA-1": "holds"}})[1] == "not diagnostic"
    assert verdict(claim(), simulated, nulls={world: {"HA-1": "inconclusive"}})[1] == "holds"
    assert verdict(claim(), replace(simulated, null=world))[1] == "not diagnostic"
    real = claim(evidence="printed numbers")
    assert verdict(real, Run(), nulls={world: {"HA-1": "holds"}})[1] == "holds"


@pytest.mark.parametrize(
    ("run", "changes", "reason"),
    [
        (replace(OFFICIAL, checksums=False), {}, "checksums"),
        (OFFICIAL, {"n_people": 9}, "9 of 10 people"),
        (OFFICIAL, {"n_seeds": 2}, "2 seeds"),
        (OFFICIAL, {"low": 14.0}, "outside our interval"),
    ],
)
def test_reproduced_takes_everything(run: Run, changes: dict[str, float], reason: str) -> None:
    assert verdict(claim(), OFFICIAL) == ("official", "holds", "reproduced")
    results = {"targets": RESULTS["targets"] | changes}
    found = judge(claim(), results, {"targets": run}, {})
    assert found.words == "agrees, short of a reproduction"
    assert reason in " ".join(found.reasons)
    wrong = replace(found, words="reproduced")
    assert reason in " ".join(unlicensed([wrong], results, {"targets": run}))


def test_a_claim_without_printed_number_or_people_is_never_reproduced() -> None:
    assert verdict(claim(compared=[]), OFFICIAL)[2] == "agrees, short of a reproduction"
    assert verdict(claim(replication=None), OFFICIAL)[2] == "agrees, short of a reproduction"


def test_of_brainclip_the_most_is_agreement() -> None:
    own = claim(id="BC-1", paper="BrainCLIP")
    assert verdict(own, OFFICIAL)[2] == "re-implementation agrees"
    wrong = Verdict(own, "official", "holds", "reproduced", "14")
    assert "methods could not be read" in unlicensed([wrong], RESULTS, {"targets": OFFICIAL})[0]


def test_what_cannot_be_tested_says_why() -> None:
    assert judge(claim(checks=[], untestable="no numbers"), {}, {}, {}).reasons == ("no numbers",)
    assert "data missing: targets" in judge(claim(), {}, {}, {}).reasons[0]
    own = claim(only_official="a real number")
    found = judge(own, RESULTS, {"targets": Run(simulated=True)}, {})
    assert (found.evidence, found.outcome, found.reasons) == ("none", "not testable", ("a real number",))
    assert verdict(own, OFFICIAL)[2] == "reproduced"


def test_evidence_that_the_run_did_not_have_is_refused() -> None:
    wrong = Verdict(claim(), "official", "holds", "reproduced", "14")
    problems = unlicensed([wrong], RESULTS, {"targets": Run(simulated=True)})
    assert any("which its run did not have" in problem for problem in problems)


def test_the_evidence_is_read_off_the_provenance() -> None:
    from companion.running.chapters import all_chapters

    chapters = all_chapters()

    def run(results: dict[str, Any], **parameters: str) -> Run:
        record = {"fingerprint": {"parameters": parameters}}
        return runs_of({"targets": record}, {"targets": results}, chapters)["targets"]

    assert run({}) == Run(simulated=True)
    assert run({}, source="null", null="N2") == Run(simulated=True, null="N2")
    assert run({"simulated": True}, source="official").simulated
    official = run({"simulated": False}, source="official")
    assert official.official
    assert not official.checksums
    assert runs_of({"retested": {"fingerprint": {"parameters": {}}}}, {"retested": {}}, chapters) == {
        "retested": Run()
    }
