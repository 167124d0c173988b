"""THINGS-EEG2 as its files lie on disk: names, channels, times, and the image lists that name the rows.

References
----------
Gifford, Dwivedi, Roig & Cichy (2022), NeuroImage 264, 119754: the recordings and the 100 Hz form.
Song et al. (2024), ICLR: the 250 Hz form and its preprocessing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.pickles import read_pickled_npy
from companion.loading.reading import located, one_of, present
from companion.loading.things import concept_of_folder
from companion.project import data_root
from companion.recording import Split

DATASET = "THINGS-EEG2"
METADATA_FILE = "image_metadata.npy"
METADATA_ENTRY = "things-eeg2-image-metadata"
"""Of the manifest."""
INNER_FOLDER = "Preprocessed_data_250Hz"
"""The people of the 250 Hz form come in it."""
PARTITIONS: dict[Split, str] = {"train": "training", "test": "test"}
"""What the file names call a split."""

EPOCH_START = -0.2
"""Seconds from image onset at which every epoch, and the time axis of every file, begins."""

_PERSON = re.compile(r"sub-(\d{2,4})")

# fmt: off
CHANNELS_63 = (
    "Fp1", "Fp2", "AF7", "AF3", "AFz", "AF4", "AF8", "F7", "F5", "F3", "F1", "F2", "F4", "F6", "F8",
    "FT9", "FT7", "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "FT8", "FT10",
    "T7", "C5", "C3", "C1", "Cz", "C2", "C4", "C6", "T8",
    "TP9", "TP7", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6", "TP8", "TP10",
    "P7", "P5", "P3", "P1", "Pz", "P2", "P4", "P6", "P8", "PO7", "PO3", "POz", "PO4", "PO8", "O1", "Oz", "O2",
)
CHANNELS_17 = (
    "Pz", "P3", "P7", "O1", "Oz", "O2", "P4", "P8", "P1", "P5", "PO7", "PO3", "POz", "PO4", "PO8", "P6", "P2",
)
# fmt: on


@dataclass(frozen=True)
class Layout:
    """One official form of the preprocessed recordings.

    Attributes
    ----------
    name : str
        What messages call it.
    channels : tuple of str
        In the order in which recordings are returned, whatever the order in a file.
    sfreq : float
        Samples per second.
    n_times, n_times_listed : int
        Samples of a trial, and entries of ``times``; the last ``n_times`` entries belong to the samples.
    in_npy : bool
        Whether the pickle lies in an npy array of objects; otherwise the file is a bare pickle.
    """

    name: str
    channels: tuple[str, ...]
    sfreq: float
    n_times: int
    n_times_listed: int
    in_npy: bool

    @property
    def listed_times(self) -> npt.NDArray[np.float64]:
        """Seconds from image onset, as the file lists them."""
        samples = np.arange(self.n_times_listed, dtype=np.float64) + EPOCH_START * self.sfreq
        seconds: npt.NDArray[np.float64] = samples / self.sfreq
        return seconds

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Seconds from image onset of the samples of a trial."""
        return self.listed_times[-self.n_times :]


WHITENED_250HZ = Layout("250 Hz, 63 channels", CHANNELS_63, 250.0, 250, 300, in_npy=False)
OSF_100HZ = Layout("100 Hz, 17 channels", CHANNELS_17, 100.0, 100, 100, in_npy=True)
LAYOUTS = (WHITENED_250HZ, OSF_100HZ)


def preprocessed_file(folder: Path, subject: int, split: Split) -> Path:
    """Where the preprocessed trials of a split lie, in both forms."""
    return _people_folder(folder) / f"sub-{subject:02d}" / f"preprocessed_eeg_{_partition(split)}.npy"


def subjects_there(folder: Path) -> list[int]:
    """Numbers of the people of whom preprocessed trials are in a folder, ascending."""
    found = _people_folder(folder).glob(f"sub-*/preprocessed_eeg_{PARTITIONS['test']}.npy")
    people = [_PERSON.fullmatch(path.parent.name) for path in found]
    return sorted(int(person[1]) for person in people if person)


def metadata_file(folder: Path) -> Path:
    """Where the image list lies: in the folder or, where a download has none, in its own entry."""
    own = folder / METADATA_FILE
    return own if own.is_file() else data_root() / METADATA_ENTRY / METADATA_FILE


def raw_file(folder: Path, subject: int, session: int, split: Split) -> Path:
    """Where the raw recording of a session and a split lies."""
    return folder / f"sub-{subject:02d}" / f"ses-{session:02d}" / f"raw_eeg_{_partition(split)}.npy"


def _people_folder(folder: Path) -> Path:
    inner = folder / INNER_FOLDER
    return inner if inner.is_dir() else folder


def _partition(split: Split) -> str:
    one_of(split, PARTITIONS, what=f"{DATASET} has no such split", where="split")
    return PARTITIONS[split]


def image_ids(path: Path) -> dict[Split, tuple[str, ...]]:
    """Images of both splits, in the row order of the recordings.

    Parameters
    ----------
    path : Path
        The official ``image_metadata.npy``.

    Returns
    -------
    dict of str to tuple of str
        For ``train`` and ``test`` the path of each image in its folder, without extension:
        ``00001_aardvark/aardvark_01b``. Row i of a recording is image i; raw event codes count from 1.

    Raises
    ------
    DataError
        If a list is missing, lists differ in length, an image is listed twice, or a test concept is also a
        training concept.
    """
    metadata = checked_dictionary(path, [f"{split}_img_{part}" for split in PARTITIONS for part in _PARTS])
    found = {split: _split_ids(metadata, split, path) for split in PARTITIONS}
    with located(f"{path}, img_concepts"):
        concepts = {
            split: {concept_of_folder(name.split("/")[0]) for name in found[split]} for split in found
        }
    if shared := sorted(concepts["train"] & concepts["test"]):
        raise DataError(
            "Concepts of the test split are also in the training split",
            where=path,
            expected="no concept in both",
            got=f"{len(shared)}: {', '.join(shared[:5])}",
            do="take the official list; results from overlapping splits mean nothing",
        )
    return found


_PARTS = ("concepts", "files")


def _split_ids(metadata: dict[str, Any], split: Split, path: Path) -> tuple[str, ...]:
    folders, files = (
        _texts(metadata[f"{split}_img_{part}"], f"{path}, {split}_img_{part}") for part in _PARTS
    )
    if len(folders) != len(files) or not files:
        raise DataError(
            "The lists of folders and files of images differ in length, or are empty",
            where=f"{path}, {split}_img_concepts and {split}_img_files",
            expected=f"{len(folders)} files",
            got=len(files),
        )
    ids = pd.Index(
        [f"{folder}/{PurePosixPath(file).stem}" for folder, file in zip(folders, files, strict=True)]
    )
    if ids.has_duplicates:
        raise DataError(
            "An image is listed twice, so rows cannot be told apart",
            where=f"{path}, {split}_img_files",
            expected=f"{len(ids)} different images",
            got=f"{ids.nunique()}; for example {ids[ids.duplicated()][0]}",
        )
    return tuple(ids)


def _texts(values: Any, where: str) -> list[str]:
    is_list = isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.ndim == 1)
    listed = list(values) if is_list else [values]
    if wrong := [value for value in listed if not (isinstance(value, str) and PurePosixPath(value).stem)]:
        raise DataError(
            "A list of images is not one of texts",
            where=where,
            expected="names such as 00001_aardvark or aardvark_01b.jpg",
            got=repr(wrong[0]),
        )
    return [str(value) for value in listed]


def checked_dictionary(path: Path, keys: list[str]) -> dict[str, Any]:
    """Read a pickled dictionary without executing anything, and see that it has these keys.

    Raises
    ------
    DataError
        If the file is refused or absent, holds something else, or lacks a key.
    """
    content = read_pickled_npy(present(path))
    if not isinstance(content, dict):
        raise DataError(
            "The file holds no dictionary",
            where=path,
            expected=f"a dictionary with {', '.join(keys)}",
            got=type(content).__name__,
        )
    if missing := [key for key in keys if key not in content]:
        raise DataError(
            f"The file lacks the key {missing[0]!r}",
            where=path,
            expected=", ".join(keys),
            got=", ".join(map(str, content)),
            do="check that this is the official file of this name",
        )
    return content


def units_table(channels: tuple[str, ...]) -> pd.DataFrame:
    """Names and places of the channels.

    Places are those of the standard 10-05 cap in head coordinates (metres), since none were measured.
    """
    places = np.array([_cap_places()[name] for name in channels])
    return pd.DataFrame({"name": list(channels)} | dict(zip("xyz", places.T, strict=True)))


@cache
def _cap_places() -> dict[str, tuple[float, ...]]:
    import mne

    info = mne.create_info(list(CHANNELS_63), 1000.0, "eeg", verbose="error")
    info.set_montage("standard_1005", verbose="error")
    return {channel["ch_name"]: tuple(channel["loc"][:3]) for channel in info["chs"]}
