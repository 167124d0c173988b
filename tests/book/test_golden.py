"""Values the chapters must find again: recomputed from print, or checked on the real files."""

from __future__ import annotations

from companion.project import project_root
from companion.running.claims import load_claims, missing_results

from .conftest import SmokeBook


def test_every_claim_reads_results_that_were_recorded(smoke_book: SmokeBook) -> None:
    claims = load_claims(project_root() / "book/claims.yaml")
    assert len(claims) >= 10
    assert not missing_results(claims, smoke_book.results)
    assert {claim.outcome(smoke_book.results) for claim in claims} <= {"holds", "contradicted"}
    for claim in claims:
        chapter = claim.keys[0].split("::")[0]
        assert f'id="{claim.section}"' in smoke_book.pages[chapter], f"{claim.id}: no section {claim.section}"
