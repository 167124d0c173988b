"""Write the files of the Natural Scenes Dataset, as :mod:`companion.loading.nsd` reads them.

Any number of trials, voxels and images will do; what the layout fixes is kept: 40 sessions of one length,
image numbers below 73,000, pictures of 425 x 425, five captions. Image numbers count from 0, as in the ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.loading.nsd.design import DESIGN_FILE, N_IMAGES
from companion.loading.nsd.responses import voxel_file
from companion.loading.nsd.stimuli import COCO_TABLE, PICTURE_FILE, PICTURE_SHAPE
from companion.simulation.writers.whole_file import whole_path

Integers = npt.NDArray[np.integer[Any]]


def write_nsd_voxels(
    folder: Path,
    subject: int,
    blocks: Iterable[npt.NDArray[np.floating[Any]]],
    shape: tuple[int, int],
    *,
    simulated: bool = True,
) -> Path:
    """Write ``subjNN_nsdgeneral.hdf5``, as float32.

    Parameters
    ----------
    folder : Path
        Where to.
    subject : int
        1 to 8.
    blocks : iterable of ndarray of shape (some trials, n_voxels)
        Consecutive rows; may be a generator.
    shape : (n_trials, n_voxels)
        Size of the whole.
    simulated : bool
        Whether to mark the file as simulated.

    Raises
    ------
    ValueError
        If the blocks do not fill the shape.
    """
    path = folder / voxel_file(subject)
    with _new_hdf5(path, simulated) as file:
        voxels = file.create_dataset("voxels", shape=shape, dtype=np.float32)
        first = 0
        for block in blocks:
            voxels[first : first + len(block)] = block
            first += len(block)
        if first != shape[0]:
            raise ValueError(f"{shape[0]} trials were announced, {first} given")
    return path


def write_nsd_design(
    folder: Path, order: Integers, images: Integers, n_shared: int, *, simulated: bool = True
) -> Path:
    """Write ``nsd_expdesign.mat`` with the variables that say which image was shown when.

    Parameters
    ----------
    folder : Path
        Where to.
    order : ndarray of shape (n_trials,)
        Position of the image of each trial, from 0; as many trials as make 40 sessions.
    images : ndarray of shape (n_subjects, n_positions)
        Number of the image at each position, from 0; the first ``n_shared`` are the same in every row.
    n_shared : int
        Images seen by all subjects, which are the test images.
    simulated : bool
        Whether to mark the file as simulated.
    """
    from scipy.io import savemat

    content: dict[str, Any] = {
        "masterordering": np.asarray(order)[np.newaxis].astype(np.uint16) + np.uint16(1),
        "subjectim": np.asarray(images).astype(np.int32) + np.int32(1),
        "sharedix": np.asarray(images)[:1, :n_shared].astype(np.int32) + np.int32(1),
    }
    if simulated:
        content["simulated"] = np.ones((1, 1), dtype=bool)
    path = folder / DESIGN_FILE
    with whole_path(path) as part:
        savemat(part, content, appendmat=False, do_compression=True)
    return path


def write_nsd_pictures(
    folder: Path, pictures: Iterable[tuple[int, npt.NDArray[np.uint8]]], *, simulated: bool = True
) -> Path:
    """Write ``nsd_stimuli.hdf5`` at its full shape, of which only the given pictures take up space.

    Parameters
    ----------
    folder : Path
        Where to.
    pictures : iterable of (int, ndarray of uint8, shape (425, 425, 3))
        Image number, from 0, and picture; may be a generator.
    simulated : bool
        Whether to mark the file as simulated.
    """
    path = folder / PICTURE_FILE
    with _new_hdf5(path, simulated) as file:
        brick = file.create_dataset(
            "imgBrick",
            shape=(N_IMAGES, *PICTURE_SHAPE),
            dtype=np.uint8,
            chunks=(1, *PICTURE_SHAPE),
            compression="gzip",
            compression_opts=1,
        )
        for number, picture in pictures:
            brick[number] = picture
    return path


def write_nsd_captions(
    folder: Path,
    captions: Mapping[int, Sequence[str]],
    *,
    coco_split: str = "train2017",
    simulated: bool = True,
) -> tuple[Path, Path]:
    """Write ``nsd_stim_info_merged.csv`` and ``captions_<split>.json`` in the layout of COCO.

    Parameters
    ----------
    folder : Path
        Where to.
    captions : mapping of int to sequence of str
        Image number, from 0, to its captions. Made-up COCO numbers are image numbers plus 1,000,000.
    coco_split : str
        Part of COCO that the images are said to be from.
    simulated : bool
        Whether to mark the files as simulated: a column of the table, a key of the JSON file.
    """
    coco_ids = {number: number + 1_000_000 for number in captions}
    table = pd.DataFrame(
        {"cocoId": list(coco_ids.values()), "cocoSplit": coco_split, "nsdId": list(coco_ids)}
    )
    texts = [(coco_ids[number], text) for number, texts in captions.items() for text in texts]
    content: dict[str, Any] = {
        "images": [{"id": image, "file_name": f"{image:012d}.jpg"} for image in coco_ids.values()],
        "annotations": [
            {"image_id": image, "id": position, "caption": text}
            for position, (image, text) in enumerate(texts)
        ],
    }
    if simulated:
        table["simulated"] = True
        content["simulated"] = True
    table_path, json_path = folder / COCO_TABLE, folder / f"captions_{coco_split}.json"
    with whole_path(table_path) as part:
        table.to_csv(part)
    with whole_path(json_path) as part:
        part.write_text(json.dumps(content), encoding="utf-8")
    return table_path, json_path


@contextmanager
def _new_hdf5(path: Path, simulated: bool) -> Iterator[h5py.File]:
    with whole_path(path) as part, h5py.File(part, "w") as file:
        if simulated:
            file.attrs["simulated"] = True
        yield file
