"""Pictures and captions of the Natural Scenes Dataset, read for the images asked for and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.hdf5 import hdf5_dataset, opened_hdf5
from companion.loading.json_files import read_json_object
from companion.loading.nsd.design import N_IMAGES, image_number
from companion.loading.reading import advising, numbers, official, read_table

PICTURE_FILE = "nsd_stimuli.hdf5"
PICTURE_SHAPE = (425, 425, 3)
COCO_TABLE = "nsd_stim_info_merged.csv"
COCO_SPLITS = ("train2017", "val2017", "test2017", "train2014", "val2014", "test2014")
CAPTIONS_PER_IMAGE = 5
"""COCO has five captions of each image or more; fewer mean that something is lost."""

Picture = npt.NDArray[np.uint8]


@advising(official("nsd-stimuli"))
def nsd_pictures(folder: Path, stimuli: Sequence[str]) -> Iterator[tuple[str, Picture]]:
    """Pictures one by one, in the order asked for.

    The file and the ids are checked at the call, before the first picture is taken.

    Parameters
    ----------
    folder : Path
        Where ``nsd_stimuli.hdf5`` lies (``imgBrick``, 73,000 x 425 x 425 x 3, uint8, 39.6 GB).
    stimuli : sequence of str
        Ids such as ``nsd-00012``.

    Yields
    ------
    stimulus : str
        Id.
    picture : ndarray of uint8, shape (425, 425, 3)
        Red, green, blue.

    Raises
    ------
    MissingDataError
        If the file is not there.
    DataError
        If an id is unknown, the file is damaged or of another shape, or a picture is empty.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from companion.loading import nsd_pictures
    >>> from companion.simulation.writers.nsd import write_nsd_pictures
    >>> red = np.zeros((425, 425, 3), np.uint8) + np.array([200, 0, 0], np.uint8)
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_nsd_pictures(Path(name), [(12, red)])
    ...     [(stimulus, picture)] = nsd_pictures(Path(name), ["nsd-00012"])
    >>> stimulus, picture.shape, picture[0, 0].tolist()
    ('nsd-00012', (425, 425, 3), [200, 0, 0])
    """
    numbers = [image_number(stimulus) for stimulus in stimuli]
    with opened_hdf5(folder / PICTURE_FILE) as file:
        _brick(file)
    return _pictures(folder / PICTURE_FILE, list(stimuli), numbers)


def _pictures(path: Path, stimuli: list[str], numbers: list[int]) -> Iterator[tuple[str, Picture]]:
    with opened_hdf5(path) as file:
        brick = _brick(file)
        for stimulus, number in zip(stimuli, numbers, strict=True):
            picture: Picture = brick[number]
            if not picture.any():  # what was never written reads as zeros
                raise DataError(
                    "A picture is empty",
                    where=f"{path}, row {number}",
                    expected=f"a picture of {stimulus}",
                    got="zeros only",
                    do=official("nsd-stimuli"),
                )
            yield stimulus, picture


def _brick(file: h5py.File) -> h5py.Dataset:
    brick = hdf5_dataset(file, "imgBrick", PICTURE_FILE)
    expected = (N_IMAGES, *PICTURE_SHAPE)
    if brick.shape != expected or brick.dtype != np.uint8:
        raise DataError(
            "The pictures have another shape than they should",
            where=f"{PICTURE_FILE}, key 'imgBrick'",
            expected=f"{expected}, uint8",
            got=f"{brick.shape}, {brick.dtype}",
        )
    return brick


@advising(official("nsd-coco-captions"))
def nsd_captions(folder: Path, stimuli: Sequence[str]) -> dict[str, list[str]]:
    """Captions that people wrote for the COCO images that NSD showed.

    A COCO image was cut to a square for NSD, so a caption may name what lay outside it.

    Parameters
    ----------
    folder : Path
        Where ``nsd_stim_info_merged.csv`` lies, and the ``captions_<split>.json`` of COCO that it refers to
        (``captions_train2017.json``, ``captions_val2017.json``).
    stimuli : sequence of str
        Ids such as ``nsd-00012``.

    Returns
    -------
    dict of str to list of str
        Five captions or more per stimulus, in the order of COCO, without surrounding white space.

    Raises
    ------
    MissingDataError
        If a file is not there.
    DataError
        If an id, a column or a key is missing, or an image has fewer than five captions.

    References
    ----------
    Chen et al. (2015), Microsoft COCO captions, arXiv:1504.00325.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from companion.loading import nsd_captions
    >>> from companion.simulation.writers.nsd import write_nsd_captions
    >>> said = ["a dog", "a brown dog", "a dog on grass", "one dog", "a dog that runs"]
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_nsd_captions(Path(name), {12: said})
    ...     nsd_captions(Path(name), ["nsd-00012"])["nsd-00012"][2]
    'a dog on grass'
    """
    table = _coco_table(folder / COCO_TABLE, stimuli)
    captions: dict[str, list[str]] = {}
    for split, part in table.groupby("cocoSplit", sort=True):
        path = folder / f"captions_{split}.json"
        by_image = _read_captions(path, set(part["cocoId"]))
        captions |= {str(stimulus): by_image[image] for stimulus, image in part["cocoId"].items()}
    return {stimulus: captions[stimulus] for stimulus in stimuli}


def _coco_table(path: Path, stimuli: Sequence[str]) -> pd.DataFrame:
    """``cocoId`` and ``cocoSplit`` of the stimuli, indexed by stimulus."""
    table = read_table(path, ("nsdId", "cocoId", "cocoSplit"), separator=",")
    table = table.assign(**{key: numbers(table, key, where=path).astype(int) for key in ("nsdId", "cocoId")})
    table = table.set_index("nsdId")[["cocoId", "cocoSplit"]]
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(
            "An image has two rows", where=path, expected="one row per image", got=f"nsdId {twice}"
        )
    if odd := sorted(set(table["cocoSplit"]) - set(COCO_SPLITS)):  # it becomes part of a file name
        raise DataError("Unknown part of COCO", where=path, expected=", ".join(COCO_SPLITS), got=odd[0])
    numbers_of = {stimulus: image_number(stimulus) for stimulus in stimuli}
    if unknown := [stimulus for stimulus, number in numbers_of.items() if number not in table.index]:
        raise DataError(
            "Images without a row",
            where=path,
            expected=f"{len(numbers_of)} images",
            got=f"{len(unknown)} are not there: {', '.join(unknown[:5])}",
        )
    return table.loc[list(numbers_of.values())].set_axis(list(numbers_of), axis="index")


def _read_captions(path: Path, images: set[int]) -> dict[int, list[str]]:
    """Captions of some images of one COCO file."""
    annotations = read_json_object(path).get("annotations")
    if not isinstance(annotations, list):
        raise DataError(
            "A file lacks its captions",
            where=path,
            expected="a list under the key 'annotations'",
            got=type(annotations).__name__,
        )
    captions: dict[int, list[str]] = {image: [] for image in images}
    for position, annotation in enumerate(annotations):
        if not _is_annotation(annotation):
            raise DataError(
                "An annotation is not of the known form",
                where=f"{path}, annotations, entry {position}",
                expected="image_id, a whole number, and caption, a text",
                got=repr(annotation),
            )
        if annotation["image_id"] in images:
            captions[annotation["image_id"]].append(annotation["caption"].strip())
    if few := [image for image, texts in captions.items() if len(texts) < CAPTIONS_PER_IMAGE]:
        raise DataError(
            "An image has too few captions",
            where=path,
            expected=f"{CAPTIONS_PER_IMAGE} or more",
            got=f"{len(captions[few[0]])} for image_id {few[0]}",
        )
    return captions


def _is_annotation(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("image_id"), int)
        and isinstance(entry.get("caption"), str)
    )
