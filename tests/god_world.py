"""Small Generic Object Decoding: 4 x 3 training images, 3 test categories, 30 voxels, overlapping regions."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pandas as pd
import pytest

from companion.embeddings import Embeddings
from companion.loading.god.stimuli import GodStimuli
from companion.recording import Recording

TRAIN = [f"n0151887{c}_{image}" for c in range(4) for image in (7, 10042, 19020)]
TEST = ["n01621127_19020", "n03626115_19498", "n04572121_3262"]
IMAGERY = [name.split("_")[0] for name in TEST]
SHOWN = {"train": TRAIN, "test": TEST * 5, "imagery": IMAGERY * 2}
N_VOXELS = 30


def stimuli() -> GodStimuli:
    def table(names: list[str]) -> pd.DataFrame:
        categories = [name.split("_")[0] for name in names]
        return pd.DataFrame(
            {
                "stimulus": names,
                "category": categories,
                "category_index": pd.factorize(np.array(categories))[0] + 1,
                "image_index": np.arange(1, len(names) + 1),
            }
        )

    return GodStimuli(table(TRAIN), table(TEST), table(IMAGERY).drop(columns="image_index"))


def units() -> pd.DataFrame:
    at = np.arange(N_VOXELS)
    return pd.DataFrame(
        {
            "name": [f"voxel_{n:06d}" for n in at],
            "x": (at * 3.0 - 45) / 1000,
            "y": (at * 3.0 - 90) / 1000,
            "z": (at % 7 * 3.0) / 1000,
            "roi_V1": at < 10,
            "roi_LVC": at < 16,
            "roi_LOC": (at >= 14) & (at < 25),
        }
    )


def recording(split: str, *, seed: int = 0) -> Recording:
    names = SHOWN[split]
    order = np.random.default_rng(seed).permutation(len(names))
    trials = pd.DataFrame({"stimulus": [names[at] for at in order]})
    trials["category"] = [name.split("_")[0] for name in trials["stimulus"]]
    trials["run"] = np.arange(len(names)) // 3 + 1
    code = {"train": 1, "test": 2, "imagery": 3}[split]
    responses = np.random.default_rng([seed, code]).normal(size=(len(names), N_VOXELS)).astype(np.float32)
    return Recording(responses, trials, units(), "Subject1", "GOD", "fMRI", split, simulated=True)  # type: ignore[arg-type]


def recordings() -> list[Recording]:
    return [recording(split) for split in ("train", "test", "imagery")]


def features() -> dict[str, dict[str, Embeddings]]:
    ids = {
        "training images": TRAIN,
        "test images": TEST,
        "test categories": IMAGERY,
        "other categories": ["n00000123", "n15102894", "n01518870"],
    }
    rng = np.random.default_rng(3)
    sizes = {"cnn1": 6, "cnn8": 4, "gist": 5}
    return {
        kind: {
            layer: Embeddings(rng.normal(size=(len(names), size)), tuple(names), f"GOD {layer}")
            for layer, size in sizes.items()
        }
        for kind, names in ids.items()
    }


def set_label(path: Path, key: str, row: int, value: float) -> None:
    """Change one number of a label column."""
    with h5py.File(path, "r+") as file:
        file["dataset"][row, column_of(file, key)] = value


def column_of(file: h5py.File, key: str) -> int:
    keys = [name.decode() for name in file["metadata/key"][()]]
    return int(np.flatnonzero(file["metadata/value"][keys.index(key)] == 1)[0])


def drop_key(path: Path, key: str) -> None:
    with h5py.File(path, "r+") as file:
        keep = file["metadata/key"][()] != key.encode()
        assert not keep.all()
        for part in ("key", "description", "value"):
            kept = file[f"metadata/{part}"][()][keep]
            del file[f"metadata/{part}"]
            file[f"metadata/{part}"] = kept


def permute_rows(path: Path, order: np.ndarray) -> None:
    with h5py.File(path, "r+") as file:
        values = file["dataset"][()][order]
        del file["dataset"]
        file["dataset"] = values


def import_bdpy() -> ModuleType:
    """Import the field's own reader and writer of BData, or skip the test."""
    if not importlib.util.find_spec("bdpy"):
        pytest.skip("bdpy runs on Python 3.11 only")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its regular expressions have invalid escapes
        import bdpy

    return bdpy
