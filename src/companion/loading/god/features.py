"""Image features of Generic Object Decoding, ``ImageFeatures.h5``: no image is needed to use them.

One BData file holds 13 spaces (:data:`LAYERS`) for the training and test images and, as candidates for
identification, for averages over many images of each of 15,372 ImageNet categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.loading.god.bdata import BData, Indices, open_bdata
from companion.loading.god.stimuli import category_of, stimuli_of_label
from companion.loading.reading import advising, official, one_of

FeatureKind = Literal["training images", "test images", "test categories", "other categories"]

KINDS: Mapping[FeatureKind, int] = {
    "training images": 1,
    "test images": 2,
    "test categories": 3,
    "other categories": 4,
}
"""What ``FeatureType`` says of a row."""

_LABELS = ("FeatureType", "ImageID", "CatID")
LAYERS = (*(f"cnn{n}" for n in range(1, 9)), *(f"hmax{n}" for n in range(1, 4)), "gist", "sift")
"""Spaces of the official file: layers of a convolutional network (1,000 units each) and four older kinds."""


@advising(official("god-image-features"))
def load_god_features(folder: Path, layer: str, kind: FeatureKind) -> Embeddings:
    """Read the features of one kind of row in one layer.

    Parameters
    ----------
    folder : Path
        Where ``ImageFeatures.h5`` lies.
    layer : str
        One of :data:`LAYERS`, or another key of the file.
    kind : {"training images", "test images", "test categories", "other categories"}
        Single images, named ``n03626115_19498``, or averages over images of a category, named ``n03626115``.

    Returns
    -------
    Embeddings of shape (n_images or n_categories, n_units)
        In the order of the file; the space is called ``GOD <layer>``.

    Raises
    ------
    DataError
        If the file is cut short, lacks a key, layer or kind, a value is not finite, ``ImageID`` and ``CatID``
        disagree, or a test category is among the training images.

    References
    ----------
    Horikawa & Kamitani (2017), Nature Communications 8, 15037.
    """
    one_of(kind, KINDS, what="The features of GOD have no such kind", where="kind")
    with open_bdata(folder / "ImageFeatures.h5") as bdata:
        layers = (*LAYERS, *(key for key in bdata.keys if key not in _LABELS))
        one_of(layer, layers, what="The features of GOD have no such layer", where="layer")
        types, categories = _types_and_categories(bdata)
        rows = np.flatnonzero(types == KINDS[kind])
        if not len(rows):
            got = f"none of {len(types)} rows"
            raise DataError("The file has no features of a kind", where=bdata.path, expected=kind, got=got)
        ids = [categories[row] for row in rows]
        if kind in ("training images", "test images"):
            ids = _image_names(bdata, rows, ids)
        values = bdata.read(rows, bdata.columns(layer), np.float64)
        try:
            return Embeddings(values, tuple(ids), f"GOD {layer}", simulated=bdata.simulated)
        except DataError as error:
            raise DataError(
                "The features of a layer are no embeddings", where=f"{bdata.path}, {layer}", got=error
            ) from error


def _types_and_categories(bdata: BData) -> tuple[Indices, list[str]]:
    types = bdata.label("FeatureType")
    if not np.isin(types, list(KINDS.values())).all():
        row = np.flatnonzero(~np.isin(types, list(KINDS.values())))[0]
        where = f"{bdata.path}, FeatureType, row {row}"
        raise DataError("A row is of an unknown type", where=where, expected=dict(KINDS), got=types[row])
    categories = stimuli_of_label(bdata, "CatID")
    trained, tested = (
        {name for name, code in zip(categories, types, strict=True) if code in codes}
        for codes in ((1,), (2, 3))
    )
    if both := sorted(trained & tested):
        where = f"{bdata.path}, CatID"
        raise DataError("A test category is among the training images", where=where, got=both[0])
    return types.astype(np.intp), categories


def _image_names(bdata: BData, rows: Indices, categories: list[str]) -> list[str]:
    names = stimuli_of_label(bdata, "ImageID", rows)
    for row, name, category in zip(rows, names, categories, strict=True):
        if category_of(name) != category or name == category:
            where = f"{bdata.path}, row {row}"
            raise DataError("ImageID and CatID disagree", where=where, expected=f"{category}_...", got=name)
    return names
