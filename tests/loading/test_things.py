"""THINGS concepts and CLIP features, against independently converted copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading import things

pytestmark = pytest.mark.usefixtures("data_root")


def test_human_embedding(real: Path) -> None:
    human = things.human_embedding()
    folder = real / "things_concepts"
    assert list(human.ids) == (folder / "concept_ids.txt").read_text().split()
    np.testing.assert_allclose(human.values, np.load(folder / "spose_embedding_49d.npy"), atol=1e-6)


def test_human_dimensions(real: Path) -> None:
    printed = (real / "things_concepts" / "spose_49d_dimension_labels.txt").read_text().splitlines()
    assert things.human_dimensions() == printed


def test_concept_table_has_every_concept_of_the_embedding() -> None:
    table = things.concept_table()
    assert list(table.index) == list(things.human_embedding().ids)
    assert table.index.is_unique
    assert table.loc["aardvark", "categories"] == ("animal",)
    assert "fork" in table.index
    assert (table["categories"].map(len) == 0).sum() == 559
    assert len({name for row in table["categories"] for name in row}) == 27


@pytest.mark.parametrize(
    ("features", "converted"),
    [
        (things.clip_test_images, "clip_vitl14_test_images.npy"),
        (things.clip_concept_centres, "clip_vitl14_concept_centres.npy"),
    ],
)
def test_clip_features_are_named_by_concept(features, converted: str, real: Path) -> None:
    folder = real / "things_eeg2_test200_clip"
    space = features()
    assert list(space.ids) == list(pd.read_csv(folder / "test_images.csv")["concept"])
    np.testing.assert_array_equal(space.values, np.load(folder / converted).astype(float))


def test_every_test_concept_is_known_to_the_human_embedding() -> None:
    assert set(things.clip_test_images().ids) <= set(things.human_embedding().ids)


@pytest.mark.parametrize(
    ("partition", "n_images", "n_concepts"), [("training", 16540, 1654), ("test", 200, 200)]
)
def test_eeg2_images(partition: str, n_images: int, n_concepts: int, real: Path) -> None:
    images = things.eeg2_images(partition)
    assert (len(images), images["concept"].nunique()) == (n_images, n_concepts)
    checked = pd.read_csv(real / "things_eeg2_test200_clip" / f"{partition}_images.csv")
    assert list(images["concept"]) == list(checked["concept"])
    assert list(images["image"]) == list(checked["image_file"])


def test_training_and_test_concepts_are_disjoint() -> None:
    training, test = (set(things.eeg2_images(part)["concept"]) for part in ("training", "test"))
    assert not training & test
    assert training | test == set(things.human_embedding().ids)


def test_numbers_would_have_misplaced_three_concepts(real: Path) -> None:
    """Why concepts are matched by name: THINGS numbers disagree with alphabetical order."""
    checked = pd.read_csv(real / "things_eeg2_test200_clip" / "test_images.csv")
    by_number = checked["things_folder"].str[:5].astype(int) - 1
    ids = np.array(things.human_embedding().ids)
    wrong = set(checked["concept"][ids[by_number] != checked["concept"]])
    assert wrong == {"ice_cube", "ice_pack", "pepper1"}
    assert wrong <= set(things.clip_test_images().ids)


def test_an_unknown_partition_is_refused() -> None:
    with pytest.raises(ValueError, match="'validation'"):
        things.eeg2_images("validation")


@pytest.mark.parametrize("folder", ["aardvark", "1_aardvark", "00001-aardvark", ""])
def test_a_folder_that_names_no_concept_is_refused(folder: str) -> None:
    with pytest.raises(DataError, match="not named like a concept"):
        things.concept_of_folder(folder)


def test_metadata_without_the_lists_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(things, "read_pickled_npy", lambda path: {"test_img_files": []})
    with pytest.raises(DataError, match="test_img_concepts"):
        things.eeg2_images("test")
