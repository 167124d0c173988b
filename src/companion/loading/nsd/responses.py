"""Natural Scenes Dataset: responses of the ``nsdgeneral`` voxels, one row per trial.

The files ``subjNN_nsdgeneral.hdf5`` hold the trials in the order they were shown and no image numbers; which
image a row belongs to is defined by ``nsd_expdesign.mat`` (:mod:`companion.loading.nsd.design`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.hdf5 import check_stored, hdf5_dataset, marked_simulated, opened_hdf5
from companion.loading.nsd.design import DESIGN_FILE, Design, read_design, stimulus_id
from companion.loading.reading import advising, official, one_of
from companion.recording import Recording, Responses, Split
from companion.recording_checks import all_finite

PUBLIC_SESSIONS = 37
"""Sessions that were public when the papers were written; later ones are left out, as they did."""

_BLOCK_BYTES = 64 * 2**20
_SUMS_BYTES = 256 * 2**20


def voxel_file(subject: int) -> str:
    """Name of a subject's file.

    Examples
    --------
    >>> voxel_file(1)
    'subj01_nsdgeneral.hdf5'
    """
    return f"subj{subject:02d}_nsdgeneral.hdf5"


@advising(official("nsd-nsdgeneral"))
def load_nsd(folder: Path, subject: int, *, split: Split, average: bool = True) -> Recording:
    """Responses to the images of one split.

    Test images are those shared by all subjects, training images all others: the split is **by image, not by
    concept**. In the official files subjects 1, 2, 5 and 7 have 27,750 trials (37 sessions of 750): 8,859
    training images (24,980 trials) and 982 test images (2,770 trials), each seen one to three times.
    Voxels are not normalised: take :meth:`companion.Recording.unit_statistics` of the training split.

    Parameters
    ----------
    folder : Path
        Where ``subjNN_nsdgeneral.hdf5`` and ``nsd_expdesign.mat`` lie.
    subject : int
        1 to 8.
    split : {"train", "test"}
        Which images.
    average : bool
        Whether the repetitions of an image are averaged: one row per image, in the order of first
        appearance, with ``n_repetitions``. Otherwise one row per trial, with ``session`` (counted from 1)
        and ``repetition`` (counted from 0).

    Returns
    -------
    Recording of shape (n_images or n_trials, n_voxels)
        float32; all voxels belong to the region ``nsdgeneral``; the files hold no coordinates. Memory beyond
        the result is bounded whatever the size of the file (64 MB of rows, 256 MB of sums, and copies).

    Raises
    ------
    MissingDataError
        If a file is not there.
    DataError
        If files are damaged, do not fit each other, or hold a value that is not finite.

    References
    ----------
    Allen et al. (2022), Nature Neuroscience 25, 116-126. Averaged training rows: Rajabi et al.
    (2025), ICML, whose code averages both splits where the text says that training trials were not averaged.

    Examples
    --------
    Forty sessions of one trial in the official layout; four images are shared by all eight subjects:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from companion.loading import load_nsd
    >>> from companion.simulation.writers.nsd import write_nsd_design, write_nsd_voxels
    >>> images = np.arange(80).reshape(8, 10)
    >>> images[:, :4] = [100, 101, 102, 103]
    >>> voxels = np.random.default_rng(0).normal(size=(40, 5))
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_nsd_design(Path(name), np.arange(40) % 10, images, n_shared=4)
    ...     _ = write_nsd_voxels(Path(name), 1, [voxels], voxels.shape)
    ...     test = load_nsd(Path(name), 1, split="test")
    >>> test
    Recording(NSD, subj01, fMRI, test: 4 x 5, 4 stimuli, simulated)
    >>> test.trials.head(2)
        stimulus  n_repetitions
    0  nsd-00100              4
    1  nsd-00101              4
    """
    one_of(split, ("train", "test"), what="NSD has no such split", where="split")
    design = read_design(folder / DESIGN_FILE, subject)
    name = voxel_file(subject)
    with opened_hdf5(folder / name) as file:
        voxels = hdf5_dataset(file, "voxels", name)
        n_trials = _public_trials(voxels, design, name)
        rows = np.flatnonzero(design.in_split(split)[:n_trials])
        if not len(rows):
            raise DataError(
                "No trial belongs to this split", where=name, expected=split, got=f"none of {n_trials} trials"
            )
        trials = _trial_table(design, n_trials).iloc[rows].reset_index(drop=True)
        if average:
            codes, images = pd.factorize(trials["stimulus"])
            responses = _means(voxels, rows, codes, name)
            trials = pd.DataFrame({"stimulus": list(images), "n_repetitions": np.bincount(codes)})
        else:
            responses = _single_trials(voxels, rows, name)
        simulated = marked_simulated(file) or design.simulated
    return Recording(
        responses=responses,
        trials=trials,
        units=_unit_table(responses.shape[1]),
        subject=f"subj{subject:02d}",
        dataset="NSD",
        modality="fMRI",
        split=split,
        simulated=simulated,
    )


def _public_trials(voxels: h5py.Dataset, design: Design, name: str) -> int:
    """Trials to be read, once the array is one that fits the design."""
    where = f"{name}, key 'voxels'"
    if voxels.ndim != 2 or 0 in voxels.shape or voxels.dtype.kind != "f":
        raise DataError(
            "The responses are not a table of numbers",
            where=where,
            expected="(n_trials, n_voxels), floating point",
            got=f"{voxels.shape}, {voxels.dtype}",
        )
    check_stored(voxels, name)
    n_rows, length = len(voxels), design.session_length
    if n_rows > len(design.images) or n_rows % length:
        raise DataError(
            "The number of trials does not fit the design: rows are missing or too many",
            where=where,
            expected=f"whole sessions of {length} trials, {len(design.images)} at most",
            got=n_rows,
            do=f"take {name} and {DESIGN_FILE} from one source",
        )
    return min(n_rows, PUBLIC_SESSIONS * length)


def _trial_table(design: Design, n_trials: int) -> pd.DataFrame:
    images = pd.Series(design.images[:n_trials])
    return pd.DataFrame(
        {
            "stimulus": [stimulus_id(image) for image in images],
            "session": np.arange(n_trials) // design.session_length + 1,
            "repetition": images.groupby(images).cumcount() + 1,
        }
    )


def _unit_table(n_voxels: int) -> pd.DataFrame:
    names = [f"voxel-{voxel:05d}" for voxel in range(n_voxels)]
    return pd.DataFrame({"name": names, "roi_nsdgeneral": True})


def _single_trials(voxels: h5py.Dataset, rows: npt.NDArray[np.intp], name: str) -> Responses:
    responses = np.empty((len(rows), voxels.shape[1]), dtype=np.float32)
    for wanted, block in _blocks(voxels, rows, slice(0, voxels.shape[1]), name):
        responses[wanted] = block
    return responses


def _means(
    voxels: h5py.Dataset, rows: npt.NDArray[np.intp], codes: npt.NDArray[np.intp], name: str
) -> Responses:
    """Mean over the rows of each code; sums are float64, hence kept for some voxels at a time."""
    counts = np.bincount(codes)
    n_voxels = voxels.shape[1]
    means = np.empty((len(counts), n_voxels), dtype=np.float32)
    width = max(1, _SUMS_BYTES // (8 * len(counts)))
    for left in range(0, n_voxels, width):
        columns = slice(left, min(left + width, n_voxels))
        sums = np.zeros((len(counts), columns.stop - left))
        for wanted, block in _blocks(voxels, rows, columns, name):
            for code, response in zip(codes[wanted], block, strict=True):
                sums[code] += response
        sums /= counts[:, np.newaxis]
        means[:, columns] = sums
    return means


def _blocks(
    voxels: h5py.Dataset, rows: npt.NDArray[np.intp], columns: slice, name: str
) -> Iterator[tuple[slice, npt.NDArray[Any]]]:
    """Parts of the rows wanted, with their values; ``rows`` ascend."""
    step = max(1, _BLOCK_BYTES // (voxels.dtype.itemsize * (columns.stop - columns.start)))
    for first in range(0, len(voxels), step):
        wanted = slice(*np.searchsorted(rows, [first, first + step]))
        if wanted.start == wanted.stop:
            continue
        block = voxels[first : first + step, columns][rows[wanted] - first]
        if not all_finite(block):
            row, column = np.argwhere(~(np.abs(block) <= np.finfo(np.float32).max))[0]
            raise DataError(
                "A response is not a finite number",
                where=f"{name}, key 'voxels', row {rows[wanted][row]}, column {columns.start + column}",
                expected="finite numbers of single precision",
                got=block[row, column],
            )
        yield wanted, block
