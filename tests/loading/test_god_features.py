"""Image features of GOD: rows by name, and faults of the file."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from tests import god_world as world

from companion.errors import DataError, MissingDataError
from companion.loading.god.features import KINDS, LAYERS, load_god_features
from companion.simulation.writers.god import write_god_features


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_god_features(tmp_path, world.features())
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", ["cnn1", "cnn8", "gist"])
def test_what_was_written_comes_back(kind: str, layer: str, folder: Path) -> None:
    got, expected = load_god_features(folder, layer, kind), world.features()[kind][layer]
    assert got.ids == expected.ids
    assert got.space == f"GOD {layer}"
    np.testing.assert_array_equal(got.values, expected.values)


def test_rows_in_any_order_give_the_same_vectors(folder: Path) -> None:
    before = load_god_features(folder, "cnn8", "training images")
    world.permute_rows(folder / "ImageFeatures.h5", np.random.default_rng(2).permutation(21))
    after = load_god_features(folder, "cnn8", "training images")
    assert after.ids != before.ids
    np.testing.assert_array_equal(after.select(before.ids).values, before.values)


def test_the_official_layers() -> None:
    assert len(LAYERS) == 13
    assert {"cnn1", "cnn8", "hmax3", "gist", "sift"} < set(LAYERS)


@pytest.mark.parametrize("key", ["FeatureType", "CatID", "ImageID", "cnn8"])
def test_missing_keys(key: str, folder: Path) -> None:
    world.drop_key(folder / "ImageFeatures.h5", key)
    with pytest.raises(DataError, match=rf"lacks a key\n.*ImageFeatures\.h5\n.*expected: {key}"):
        load_god_features(folder, "cnn8", "training images")


@pytest.mark.parametrize(
    ("key", "row", "value", "message"),
    [
        ("FeatureType", 3, 5.0, r"unknown type\n.*FeatureType, row 3"),
        ("FeatureType", 3, np.nan, "unknown type"),
        ("CatID", 3, np.nan, r"CatID, row 3"),
        ("CatID", 3, 1518870.0, r"disagree\n.*row 3"),
        ("CatID", 3, 1621127.0, r"test category is among the training images\n.*\n.*n01621127"),
        ("CatID", 15, 1518871.0, r"test category is among the training images\n.*\n.*n01518871"),
        ("ImageID", 3, np.nan, r"ImageID, row 3"),
        ("ImageID", 3, 1518871.0, r"disagree\n.*row 3"),
        ("ImageID", 4, 1518871.000007, "used twice"),
        ("cnn8", 3, np.nan, r"row 3, column 6"),
    ],
)
def test_rows_with_faults(key: str, row: int, value: float, message: str, folder: Path) -> None:
    world.set_label(folder / "ImageFeatures.h5", key, row, value)
    with pytest.raises(DataError, match=message):
        load_god_features(folder, "cnn8", "training images")


def test_kinds_that_are_unknown_or_absent(folder: Path) -> None:
    with pytest.raises(DataError, match="'images'"):
        load_god_features(folder, "cnn8", "images")  # type: ignore[arg-type]
    world.permute_rows(folder / "ImageFeatures.h5", np.arange(12))
    with pytest.raises(DataError, match=r"no features of a kind\n.*\n.*test images"):
        load_god_features(folder, "cnn8", "test images")


def test_files_that_are_absent_or_cut(folder: Path) -> None:
    path = folder / "ImageFeatures.h5"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataError, match=r"ImageFeatures\.h5"):
        load_god_features(folder, "cnn8", "test images")
    path.unlink()
    with pytest.raises(MissingDataError, match=r"ImageFeatures\.h5"):
        load_god_features(folder, "cnn8", "test images")


def test_single_precision_is_refused(folder: Path) -> None:
    with h5py.File(folder / "ImageFeatures.h5", "r+") as file:
        values = file["dataset"][()].astype(np.float32)
        del file["dataset"]
        file["dataset"] = values
    with pytest.raises(DataError, match="double precision"):
        load_god_features(folder, "cnn8", "test images")
