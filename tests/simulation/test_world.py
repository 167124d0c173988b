"""The world as files: marked, readable, complete, the same again, and kept when something goes wrong."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from companion.encoders.glove import word_vectors
from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip, miniature_word_vectors_file
from companion.errors import CompanionError, DataError, MissingDataError
from companion.loading.ecog.responses import load_ecog
from companion.loading.god.captions import read_god_captions
from companion.loading.god.features import load_god_features
from companion.loading.god.fmri import load_god
from companion.loading.god.meg import load_god_meg
from companion.loading.god.stimuli import GodStimuli, read_god_stimuli
from companion.loading.judgements import read_answers, read_judgements
from companion.loading.nsd.responses import load_nsd
from companion.loading.nsd.stimuli import nsd_captions, nsd_pictures
from companion.loading.sources import PARTS, RECORD, Part, recordings_folder, world_record
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_meg.epochs import load_things_meg
from companion.loading.truth import read_expected
from companion.recording import Recording, Split
from companion.simulation.picture_files import god_picture, things_picture
from companion.simulation.scales import SMOKE
from companion.simulation.sets import THINGS_TRAINING, judged_pictures
from companion.simulation.truth import load_truth
from companion.simulation.world import make_world

SPLITS: tuple[Split, ...] = ("train", "test")


@pytest.fixture
def world(smoke_world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point ``COMPANION_DATA`` at the world."""
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    return smoke_world


@pytest.fixture
def own_world(smoke_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the stimuli and of GOD, to be changed."""
    for part in ("stimuli", "world/god"):
        shutil.copytree(smoke_world / "miniature/smoke" / part, tmp_path / "miniature/smoke" / part)
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    return tmp_path / "miniature/smoke"


def part(name: Part) -> Path:
    return recordings_folder(name, source="miniature", scale="smoke")


def lists() -> GodStimuli:
    return read_god_stimuli(part("god"))


def every_recording() -> list[Recording]:
    meg_rate = SMOKE.meg.sampling_rate
    found = []
    for split in SPLITS:
        found += [
            load_things_eeg2(part("things-eeg2"), 1, split=split),
            load_things_meg(part("things-meg"), 1, split=split, sampling_rate=meg_rate),
            load_nsd(part("nsd"), 1, split=split),
            load_god(part("god"), 1, split=split, stimuli=lists()),
            load_god_meg(part("god-meg"), 1, split=split),
            load_ecog(part("ecog"), 1, split=split),
        ]
    return [*found, load_god(part("god"), 2, split="imagery", stimuli=lists())]


def test_every_recording_is_read_by_its_official_loader_and_says_it_is_simulated(world: Path) -> None:
    recordings = every_recording()
    assert {one.dataset for one in recordings} >= {"THINGS-EEG2", "THINGS-MEG", "GOD"}
    assert all(one.simulated for one in recordings)
    assert {one.modality for one in recordings} == {"EEG", "MEG", "fMRI", "ECoG"}


def test_every_stimulus_shown_has_a_picture_and_a_truth(world: Path) -> None:
    stimuli = part("stimuli")
    known = {group: set(load_truth(stimuli, group).ids) for group in ("things", "god", "nsd")}
    for one in every_recording():
        names = set(one.stimuli)
        if one.dataset.startswith("THINGS"):
            plain = {name.partition("_")[2] if name[:5].isdigit() else name for name in names}
            assert plain <= known["things"]
            assert all(things_picture(stimuli, name).is_file() for name in names)
        elif one.dataset == "NSD":
            assert names <= known["nsd"]
            assert len(list(nsd_pictures(stimuli / "nsd", sorted(names)[:3]))) == 3
            assert all(len(texts) == 5 for texts in nsd_captions(stimuli / "nsd", sorted(names)).values())
        elif one.split != "imagery":
            assert names <= known["god"]
            assert all(god_picture(stimuli, name).is_file() for name in names)


def test_what_is_expected_of_people_lies_beside_every_recording(world: Path) -> None:
    loaded = {one.dataset: one for one in every_recording() if one.split == "train"}
    for dataset, training in loaded.items():
        name: Part = "ecog" if dataset == "GOD-ECoG" else dataset.lower()  # type: ignore[assignment]
        found = training.averaged()
        expected = read_expected(part(name), found.stimuli, loaded=training)
        known, measured = (one.responses - one.responses.mean(axis=0) for one in (expected, found))
        right = np.corrcoef(known.ravel(), measured.ravel())[0, 1]
        wrong = np.corrcoef(np.roll(known, 1, axis=0).ravel(), measured.ravel())[0, 1]
        assert right > 0.03, dataset
        assert abs(wrong) < right / 2, dataset
    assert len(loaded) == 6


def test_the_truth_holds_what_the_base_encoder_says_of_the_files(world: Path) -> None:
    stimuli = part("stimuli")
    truth = load_truth(stimuli, "things")
    names = truth.ids[:5]
    found = encode_images(
        load_miniature_clip(), {name: things_picture(stimuli, name) for name in names}, batch_size=5
    )
    assert found.values == pytest.approx(truth.base[:5], abs=1e-4)


def test_pictures_and_tables_are_marked(world: Path) -> None:
    stimuli = part("stimuli")
    with Image.open(next((stimuli / "object_images").rglob("*.jpg"))) as picture:
        assert picture.info["comment"] == b"SIMULATED"
    for table in (*stimuli.glob("*.csv"), *part("judges").glob("*.csv")):
        assert pd.read_csv(table)["simulated"].all(), table.name
    for archive in stimuli.glob("*.npz"):
        assert np.load(archive)["simulated"], archive.name
    for name in PARTS:
        assert world_record(name, scale="smoke")["simulated"] is True


def test_features_captions_and_words_are_there_for_later_chapters(world: Path) -> None:
    stimuli = part("stimuli")
    features = {
        kind: load_god_features(stimuli / "god", "clip_block2", kind)  # type: ignore[arg-type]
        for kind in ("training images", "test images", "test categories", "other categories")
    }
    assert len(features["other categories"]) == SMOKE.god.n_candidates
    assert not set(features["other categories"].ids) & set(features["test categories"].ids)
    captions = read_god_captions(next((stimuli / "god").glob("*caps*.json")), lists())
    assert len(captions) == len(lists().train)
    nouns = list(pd.read_csv(stimuli / "kinds.csv")["noun"])
    assert word_vectors(miniature_word_vectors_file(), nouns, space="words").ids == tuple(nouns)


def test_judges_teach_with_pictures_of_no_test_kind_and_splits_share_none(world: Path) -> None:
    assert set(judged_pictures(SMOKE).joined()[0].kind) <= set(THINGS_TRAINING)
    named = {}
    for task in ("two_afc", "odd_one_out"):
        for split in ("train", "validation", "test"):
            table = read_judgements(part("judges"), task, teacher="judges", split=split)  # type: ignore[arg-type]
            named[split] = set(table.iloc[:, :3].to_numpy().ravel())
        assert not named["train"] & named["validation"]
        assert not (named["train"] | named["validation"]) & named["test"]
        assert read_answers(part("judges"), task).shape == (SMOKE.judges.n_repeated, 11)  # type: ignore[arg-type]
    leaky = read_judgements(part("judges"), "odd_one_out", teacher="leaky", split="train")
    assert set(leaky.to_numpy().ravel()) & named["test"]


def test_permuted_judges_are_asked_the_same_triplets(world: Path) -> None:
    tables = [
        read_judgements(part("judges"), "two_afc", teacher=teacher, split="train")
        for teacher in ("judges", "permuted-1", "permuted-2")
    ]
    for table in tables[1:]:
        assert table.iloc[:, :3].equals(tables[0].iloc[:, :3])
        assert 0.3 < (table["choice"] == tables[0]["choice"]).mean() < 0.8
    with pytest.raises(DataError, match="no such choices"):
        read_judgements(part("judges"), "two_afc", teacher="permuted-9", split="train")


def test_a_part_that_stands_is_left_alone_and_the_same_recipe_gives_the_same_numbers(own_world: Path) -> None:
    record = own_world / "world/god" / RECORD
    before = record.stat().st_mtime_ns
    make_world(["god"], scale="smoke", jobs=1, say=lambda line: None)
    assert record.stat().st_mtime_ns == before
    old = load_god(
        own_world / "world/god", 1, split="test", stimuli=read_god_stimuli(own_world / "world/god")
    )
    record.unlink()
    with pytest.raises(MissingDataError, match="companion data simulate god --scale smoke"):
        part("god")
    make_world(["god"], scale="smoke", jobs=1, say=lambda line: None)
    assert np.array_equal(old.responses, load_god(part("god"), 1, split="test", stimuli=lists()).responses)


def test_people_that_were_finished_before_an_interruption_are_kept(own_world: Path) -> None:
    god = own_world / "world/god"
    making = god.with_name(".making-god")
    god.rename(making)
    recipe = json.loads((making / RECORD).read_text("utf-8"))
    (making / RECORD).unlink()
    told = {key: value for key, value in recipe.items() if key not in {"simulated", "files"}}
    (making / "recipe.json").write_text(json.dumps(told), "utf-8")
    (making / ".done").mkdir()
    (making / ".done/1").touch()
    kept = (making / "Subject1.h5").stat().st_mtime_ns
    (making / "Subject2.h5").write_bytes(b"cut short")
    make_world(["god"], scale="smoke", jobs=1, say=lambda line: None)
    assert (god / "Subject1.h5").stat().st_mtime_ns == kept
    assert load_god(god, 2, split="test", stimuli=lists()).simulated
    assert not making.exists()


def test_a_disk_that_is_too_full_is_noticed_before_a_person_is_made(
    own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    (own_world / "world/god" / RECORD).unlink()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12, 10**9))
    with pytest.raises(CompanionError, match="Too little room for the next person of god"):
        make_world(["god"], scale="smoke", jobs=1, say=lambda line: None)


def test_a_null_lies_apart_and_says_which_it_is(own_world: Path) -> None:
    make_world(["god"], scale="smoke", null="N1", jobs=1, say=lambda line: None)
    assert world_record("god", scale="smoke", null="N1")["null"] == "N1"
    null = load_god(own_world / "N1/god", 1, split="test", stimuli=lists())
    world = load_god(own_world / "world/god", 1, split="test", stimuli=lists())
    assert null.units.equals(world.units)  # the same person
    assert not np.array_equal(null.responses, world.responses)
