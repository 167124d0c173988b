"""THINGS-EEG2 files in their official forms: image list, preprocessed trials, raw sessions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.loading.things import concept_of_folder
from companion.loading.things_eeg2.layout import METADATA_FILE, Layout, preprocessed_file, raw_file
from companion.loading.things_eeg2.sessions import RAW_SFREQ, STIMULUS_CHANNEL
from companion.recording import Split
from companion.simulation.writers.streamed_pickle import StreamedArray, dump_streamed
from companion.simulation.writers.whole_file import whole_file

_BAND = {"highpass": 0.01, "lowpass": 100}  # Hz, of the amplifier
_DOUBLE = np.dtype("<f8")


def write_image_metadata(
    folder: Path, *, training: Sequence[str], test: Sequence[str], simulated: bool = True
) -> Path:
    """Write ``image_metadata.npy``.

    Parameters
    ----------
    folder : Path
        Where to.
    training, test : sequence of str
        Images such as ``00001_aardvark/aardvark_01b``, in the row order of the recordings.
    simulated : bool
        Whether to mark the file as simulated.

    Returns
    -------
    Path
        The file.
    """
    folders = {
        "test": [name.split("/")[0] for name in test],
        "train": [name.split("/")[0] for name in training],
    }
    files = {"test": [_file_name(name) for name in test], "train": [_file_name(name) for name in training]}
    concepts = sorted({concept_of_folder(name) for names in folders.values() for name in names})
    numbered = {concept: f"{number:05d}_{concept}" for number, concept in enumerate(concepts, start=1)}
    things = {
        split: [numbered[concept_of_folder(name)] for name in names] for split, names in folders.items()
    }
    content = {  # in the order of the official file
        "test_img_concepts": folders["test"],
        "test_img_concepts_THINGS": things["test"],
        "test_img_files": files["test"],
        "train_img_files": files["train"],
        "train_img_concepts": folders["train"],
        "train_img_concepts_THINGS": things["train"],
    }
    return _write(folder / METADATA_FILE, content, in_npy=True, simulated=simulated)


def write_preprocessed(
    folder: Path,
    subject: int,
    rows: Iterable[npt.NDArray[Any]],
    *,
    split: Split,
    shape: tuple[int, int, int, int],
    layout: Layout,
    simulated: bool = True,
) -> Path:
    """Write preprocessed trials in one of the two official forms.

    Parameters
    ----------
    folder : Path
        Where the folders of the subjects lie.
    subject : int
        Counted from 1.
    rows : iterable of ndarray
        For each image its repetitions, of shape ``shape[1:]``; an array of the whole shape is such an
        iterable. Rows are written one after the other, so that the whole need not fit into memory.
    split : {"train", "test"}
        Which file.
    shape : tuple of int
        (n_images, n_repetitions, n_channels, n_times).
    layout : Layout
        The form; its channels in its order.
    simulated : bool
        Whether to mark the file as simulated.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the shape is not that of the form, or the rows are not as announced; no file is left then.
    """
    if shape[2:] != (len(layout.channels), layout.n_times):
        raise ValueError(f"shape {shape} does not fit the form {layout.name}")
    content = {
        "preprocessed_eeg_data": StreamedArray(shape, rows, _DOUBLE),
        "ch_names": list(layout.channels),
        "times": layout.listed_times,
    }
    path = preprocessed_file(folder, subject, split)
    return _write(path, content, in_npy=layout.in_npy, simulated=simulated)


def write_raw_session(
    folder: Path,
    subject: int,
    session: int,
    *,
    split: Split,
    channels: Sequence[str],
    signals: npt.NDArray[Any],
    codes: npt.NDArray[np.integer[Any]],
    simulated: bool = True,
) -> Path:
    """Write the raw recording of one session and split, at 1000 Hz.

    Parameters
    ----------
    folder : Path
        Where the folders of the subjects lie.
    subject, session : int
        Counted from 1.
    split : {"train", "test"}
        Which file.
    channels : sequence of str
        EEG channels.
    signals : ndarray of shape (n_channels, n_samples)
        Volts.
    codes : ndarray of shape (n_samples,)
        Event code where an image appears (1 for the first of its list, 99999 for a target), else 0.
    simulated : bool
        Whether to mark the file as simulated.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If signals, channels and codes do not fit each other; no file is left then.
    """
    if signals.shape != (len(channels), len(codes)):
        raise ValueError(
            f"signals of shape {signals.shape} for {len(channels)} channels, {len(codes)} samples"
        )
    rows = (row for part in (signals, codes[None]) for row in part)
    content = {
        "raw_eeg_data": StreamedArray((len(channels) + 1, len(codes)), rows, _DOUBLE),
        "ch_names": [*channels, STIMULUS_CHANNEL],
        "ch_types": ["eeg"] * len(channels) + ["stim"],
        "sfreq": RAW_SFREQ,
    } | _BAND
    return _write(raw_file(folder, subject, session, split), content, in_npy=True, simulated=simulated)


def _file_name(image: str) -> str:
    return f"{image.split('/')[1]}.jpg"


def _write(path: Path, content: dict[str, Any], *, in_npy: bool, simulated: bool) -> Path:
    with whole_file(path) as stream:
        dump_streamed(content | {"simulated": True} if simulated else content, stream, in_npy=in_npy)
    return path
