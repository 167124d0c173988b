"""THINGS concepts, what people said about them, and CLIP features of the 200 THINGS-EEG2 test concepts.

A concept is named by its THINGS unique id, such as ``aircraft_carrier``. Everything is matched by that name:
the numbers in folder names count differently in THINGS and THINGS-EEG2, and they disagree with the
alphabetical order of the ids for ``ice_cube``, ``ice_pack`` and ``pepper1``.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from companion.embeddings import Embeddings, FloatArray
from companion.errors import DataError
from companion.loading.pickles import read_pickled_npy
from companion.loading.store import data_file
from companion.system.arrays import read_npy

N_TEST_CONCEPTS = 200
CLIP_SPACE = "CLIP ViT-L/14"
HUMAN_SPACE = "SPoSE-49"

_NUMBERED_FOLDER = re.compile(r"\d{5}_(?P<concept>.+)")
_CONCEPT_COLUMNS = {
    "uniqueID": "concept",
    "Word": "word",
    "Definition (from WordNet, Google, or Wikipedia)": "definition",
    "Top-down Category (manual selection)": "categories",
}


def human_embedding() -> Embeddings:
    """SPoSE-49: the 1,854 THINGS concepts in 49 dimensions learnt from human odd-one-out choices.

    Returns
    -------
    Embeddings of shape (1854, 49)
        Weights, 0 or more up to rounding; columns sorted by total weight.

    References
    ----------
    Hebart, Zheng, Pereira & Baker (2020), Nature Human Behaviour 4, 1173-1185.
    """
    path = data_file("things-spose-49d", "spose_embedding_49d_sorted.txt")
    values = np.loadtxt(path)
    concepts = data_file("things-spose-49d", "unique_id.txt").read_text("utf-8").split()
    _check_shape(values, (len(concepts), 49), path)
    return Embeddings(values, tuple(concepts), HUMAN_SPACE)


def human_dimensions() -> list[str]:
    """Short names of the 49 dimensions, in the order of the columns of :func:`human_embedding`."""
    from scipy.io import loadmat

    labels = loadmat(data_file("things-spose-49d", "labels_49.mat"), simplify_cells=True)["labels"]
    return [str(label) for label in labels]


def concept_table() -> pd.DataFrame:
    """Word, definition and categories of the 1,854 THINGS concepts.

    Returns
    -------
    DataFrame of shape (1854, 3), indexed by concept
        ``word``, ``definition``, and ``categories``: a tuple of the 27 broad categories a concept belongs to
        (manual selection of the THINGS authors), empty for the 559 concepts without one.
    """
    path = data_file("things-concepts", "things_concepts.tsv")
    table = pd.read_csv(path, sep="\t", usecols=list(_CONCEPT_COLUMNS), dtype=str, keep_default_na=False)
    table = table.rename(columns=_CONCEPT_COLUMNS).set_index("concept")
    table["categories"] = [tuple(filter(None, re.split(r",\s*", text))) for text in table["categories"]]
    return table.loc[:, ["word", "definition", "categories"]]


def eeg2_images(partition: str) -> pd.DataFrame:
    """Images of THINGS-EEG2, in the row order of its recordings and of features made from its folders.

    Parameters
    ----------
    partition : {"training", "test"}
        16,540 images of 1,654 concepts, or one image of each of the 200 other concepts.

    Returns
    -------
    DataFrame
        ``concept`` (THINGS unique id) and ``image`` (file name), one row per condition.

    References
    ----------
    Gifford, Dwivedi, Roig & Cichy (2022), NeuroImage 264, 119754.
    """
    keys = {"training": "train", "test": "test"}
    if partition not in keys:
        raise ValueError(f"partition is 'training' or 'test', got {partition!r}")
    path = data_file("things-eeg2-image-metadata")
    metadata = read_pickled_npy(path)
    wanted = [f"{keys[partition]}_img_{part}" for part in ("concepts", "files")]
    if not isinstance(metadata, dict) or (missing := [key for key in wanted if key not in metadata]):
        got = missing if isinstance(metadata, dict) else type(metadata).__name__
        raise DataError("The image metadata lack a list", where=path.name, expected=wanted, got=got)
    folders, files = (list(metadata[key]) for key in wanted)
    return pd.DataFrame({"concept": [concept_of_folder(folder) for folder in folders], "image": files})


def concept_of_folder(folder: str) -> str:
    """Concept of a numbered THINGS folder; the number itself is not used.

    Examples
    --------
    >>> concept_of_folder("00001_aircraft_carrier")
    'aircraft_carrier'
    """
    match = _NUMBERED_FOLDER.fullmatch(folder)
    if match is None:
        raise DataError("A folder is not named like a concept", expected="00001_aircraft_carrier", got=folder)
    return match["concept"]


def clip_test_images() -> Embeddings:
    """CLIP ViT-L/14 image features of the one test image of each of the 200 THINGS-EEG2 test concepts.

    Returns
    -------
    Embeddings of shape (200, 768)
        Rows of length 1, named by concept; their order is that of the numbered test folders.

    References
    ----------
    Song et al. (2024), ICLR: features published with NICE; Radford et al. (2021), ICML: CLIP.
    """
    return _test_features("things-eeg2-clip-test")


def clip_concept_centres() -> Embeddings:
    """Mean CLIP feature of the other THINGS images of each test concept, the test image left out.

    Returns
    -------
    Embeddings of shape (200, 768)
        Rows named by concept, of length 0.8 to 0.95 because they are means of unit vectors.
    """
    return _test_features("things-eeg2-clip-centres")


def _test_features(entry: str) -> Embeddings:
    path = data_file(entry)
    values = read_npy(path)
    concepts = tuple(eeg2_images("test")["concept"])
    values = values.reshape(len(values), -1)  # one of the two files has an axis of length 1 in the middle
    _check_shape(values, (N_TEST_CONCEPTS, 768), path)
    return Embeddings(values, concepts, CLIP_SPACE)


def _check_shape(values: FloatArray, expected: tuple[int, ...], path: Path) -> None:
    if values.shape != expected:
        raise DataError(
            "An array has another shape than its file should hold",
            where=path.name,
            expected=expected,
            got=values.shape,
        )
