"""Values the chapters must find again: recomputed from print, or checked on the real files."""

from __future__ import annotations

import json

import pytest

from companion.project import project_root
from companion.running.chapters import all_chapters
from companion.running.claims import load_claims, missing_results
from companion.running.records import read_record
from companion.running.regression import compare_outcomes, compare_results, outcomes_of
from companion.running.verify import Edition

from .conftest import SmokeBook

REAL = {
    "rho_clip": 0.386,
    "rho_glocal": 0.844,
    "rho_ridge": 0.807,
    "rho_centres": 0.615,
    "rho_glocal_centres": 0.892,
    "rho_ridge_centres": 0.859,
    "naming_top1": 0.15,
    "naming_pairwise": 0.956,
    "ceiling_it_low": 0.449,
    "ceiling_it_high": 0.535,
    "ceiling_evc_low": 0.239,
    "ceiling_evc_high": 0.386,
    "laboratories_it": 0.557,
    "it_group": 0.334,
    "it_group_centred_63": 0.403,
    "it_people": 0.160,
    "ceiling_linked_low": 0.332,
    "ceiling_linked_high": 0.449,
    "evc_group": 0.167,
    "monkey_group": 0.277,
    "first_laboratory_group": 0.232,
    "judgements_spose": 0.649,
    "autoencoder": 0.797,
    "autoencoder_pearson": 0.833,
    "autoencoder_compressed": 0.526,
    "autoencoder_compressed_centred": 0.631,
    "autoencoder_clip": 0.512,
    "autoencoder_clip_centred": 0.650,
    "autoencoder_ridge": 0.781,
    "autoencoder_ridge_all": 0.785,
    "autoencoder_in_sample": 0.955,
}


def test_the_printed_numbers_give_the_known_statistics(smoke_book: SmokeBook) -> None:
    found = smoke_book.results["retested"]
    assert found["loso_clip_t"] == pytest.approx(11.15, abs=0.005)
    assert found["loso_openclip_t"] == pytest.approx(5.14, abs=0.005)
    assert found["loso_synclr_t"] == pytest.approx(2.60, abs=0.005)
    assert found["loso_synclr_p_t"] == pytest.approx(0.029, abs=0.0005)
    assert found["loso_survivors"] == "CLIP and OpenCLIP"
    assert found["meg_failing_models"] == "DINO"
    assert found["meg_words"] == "contradicted as printed, within seed noise"
    assert found["v4_share_clip_perception"] > 0.5
    assert found["v4_share_glove_perception"] > 0.5
    assert found["ratio_clip_within"] == pytest.approx(1.49, abs=0.005)
    assert found["ratio_clip_across"] == pytest.approx(1.44, abs=0.005)


@pytest.mark.parametrize(("key", "value"), REAL.items())
def test_the_real_files_give_the_checked_values(smoke_book: SmokeBook, key: str, value: float) -> None:
    assert smoke_book.results["ruler"][key] == pytest.approx(value, abs=0.01)


def test_the_link_between_judgements_and_cortex_is_as_small_as_it_is(smoke_book: SmokeBook) -> None:
    found = smoke_book.results["ruler"]
    assert (found["n_linked_images"], found["n_linked_pairs"]) == (63, 1925)
    assert found["n_concepts_clip_and_images"] == 8
    assert 0.4 < found["it_share_of_lower_ceiling"] < 0.6
    assert found["n_shuffles_run"] == 20
    assert abs(found["shuffled_mean"]) < 0.05
    assert found["shuffled_max"] < 0.15


def test_an_aligner_carries_human_similarities_over_to_held_out_concepts(smoke_book: SmokeBook) -> None:
    found = smoke_book.results["ruler"]
    assert (found["autoencoder_n_splits"], found["autoencoder_n_pairs"]) == (8, 4950)
    assert found["autoencoder_teacher_lowest"] > 0
    assert found["autoencoder_over_clip_centred_low"] > 0.05
    assert found["autoencoder_over_permuted_low"] > 0.4
    assert found["autoencoder_permuted"] < found["autoencoder_compressed"]


def test_what_is_written_by_hand_on_the_page_is_what_the_package_does(smoke_book: SmokeBook) -> None:
    found = smoke_book.results["ruler"]
    assert found["ridge_by_hand_difference"] < 1e-6
    assert found["glocal_by_hand_difference"] < 1e-6
    assert found["autoencoder_by_hand_difference"] < 1e-6
    found = smoke_book.results["contrastive"]
    for name in ("by_hand", "two_by_two", "equal_logits"):
        assert found[f"{name}_difference"] < 1e-6
    for name in ("pool", "variance", "block"):  # the two shortcuts of NICE, and both together
        assert found[f"{name}_difference"] < 1e-5
    assert found["weights_left_out"] == 80  # biases of two convolutions of 40 filters


def test_every_claim_reads_results_that_were_recorded(smoke_book: SmokeBook) -> None:
    claims = load_claims(project_root() / "book/claims.yaml")
    assert not missing_results(claims, smoke_book.results)
    outcomes = {claim.id: claim.outcome(smoke_book.results) for claim in claims}
    assert outcomes["HA-7a"] == outcomes["HA-1"] == outcomes["BA-2"] == "holds"
    assert outcomes["HA-7b"] == outcomes["HA-8"] == "contradicted"
    pages = {section.label: name for name, chapter in all_chapters().items() for section in chapter.sections}
    for claim in claims:
        page = smoke_book.pages[pages[claim.section]]
        assert f'id="{claim.section}"' in page, f"{claim.id}: no section {claim.section}"


def test_the_book_finds_what_its_record_says(smoke_book: SmokeBook) -> None:
    record = read_record(Edition("smoke").record)
    results = {name: found for name, found in smoke_book.results.items() if name in record.results}
    claims = load_claims(project_root() / "book/claims.yaml")
    moved = compare_results(record, results) + compare_outcomes(record, outcomes_of(claims, results))
    assert not moved, "\n".join(map(str, moved))
    assert set(record.results) == {name for name, chapter in all_chapters().items() if not chapter.last}


def test_the_scorecard_covers_every_claim_and_has_a_copy_for_programs(smoke_book: SmokeBook) -> None:
    claims = load_claims(project_root() / "book/claims.yaml")
    [path] = (smoke_book.layout.html / "_downloads").rglob("scorecard.json")
    copy = {one["id"]: one for one in json.loads(path.read_text("utf-8"))["claims"]}
    assert set(copy) == {claim.id for claim in claims}
    page = smoke_book.pages["scorecard"]
    for claim in claims:
        assert f">{claim.id}<" in page
        assert copy[claim.id]["verdict"] in page
    assert not [one for one in copy.values() if one["evidence"] == "official"]
    assert copy["HA-3"]["outcome"] == copy["HA-11"]["outcome"] == copy["BC-3"]["outcome"] == "not testable"


def test_the_auto_encoder_in_ten_lines_is_that_of_the_package(smoke_book: SmokeBook) -> None:
    found = smoke_book.results["brain_aligning"]
    assert found["hand_difference"] < 1e-4
    assert found["hand_after"] < found["hand_before"]
    assert found["n_null_worlds"] == 20
    assert found["panels"] == 4
