"""Preprocessed THINGS-EEG2: the 250 Hz form with 63 channels and the authors' 100 Hz form with 17 channels.

A training file of the first form has 8.3 GB. Its array is located in the pickle and read in blocks, so that
the averaged recording of 1 GB is made with little more than its own memory.

The authors of the 100 Hz form whitened it with the noise of **both** partitions; in the 250 Hz form the
statistics are those of the training partition. Nothing here adds a statistic over trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.loading.pickled_arrays import ArrayLocation, read_blocks
from companion.loading.pickles import locate_arrays
from companion.loading.reading import advising, listed_texts, official, one_of
from companion.loading.things_eeg2.layout import (
    DATASET,
    LAYOUTS,
    Layout,
    checked_dictionary,
    image_ids,
    metadata_file,
    preprocessed_file,
    subjects_there,
    units_table,
)
from companion.loading.things_eeg2.trials import check_finite, normalised, trials_table
from companion.recording import Recording, Responses, Split

BLOCK_BYTES = 2**26
_ARRAY = "preprocessed_eeg_data"
_KEYS = [_ARRAY, "ch_names", "times"]


@advising(official("things-eeg2-250hz-atm and things-eeg2-17-channels"))
def load_things_eeg2(
    folder: Path,
    subject: int,
    *,
    split: Split,
    average: bool = True,
    normalise: bool = True,
    metadata: Path | None = None,
) -> Recording:
    """Load the preprocessed trials of one subject.

    From the raw sessions, ``companion.loading.things_eeg2.raw.load_things_eeg2_raw`` makes the same.

    Parameters
    ----------
    folder : Path
        Holds ``sub-01/preprocessed_eeg_training.npy`` and so on, or the folder that these come in; which of
        the two official forms it is shows in the file.
    subject : int
        Counted from 1.
    split : {"train", "test"}
        16,540 images of 4 repetitions, or 200 images of 80, in the official files.
    average : bool
        Whether the repetitions of an image become their mean: one trial per image, in the order of the image
        list. Otherwise each repetition is a trial, the repetitions of an image after each other.
    normalise : bool
        Whether each repetition is normalised **before** the mean is taken, as the published code does (see
        `companion.loading.things_eeg2.trials.normalised`). Without it the mean is a plain one, in the units
        of the file.
    metadata : Path, optional
        The official ``image_metadata.npy``; by default the one in ``folder``, or that of the manifest's entry
        where the folder has none. Row i of the file shows image i of its list: the layout defines it so,
        since the files name no images themselves.

    Returns
    -------
    Recording
        float32, of shape (n_images, n_channels, n_times) or (n_images * n_repetitions, ...). Columns of the
        trials: ``stimulus`` and ``n_repetitions`` or ``repetition`` (counted from 1).

    Raises
    ------
    DataError
        If a file is refused or damaged; if keys, shapes, channels or times are not those of an official
        form; if rows and images differ in number; if training and test concepts overlap; if a value is not
        finite, or a channel is zero throughout a repetition that should be normalised.

    Examples
    --------
    A miniature person who saw three pictures twice, in the 100 Hz layout of the official files:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from companion.loading import load_things_eeg2
    >>> from companion.loading.things_eeg2.layout import OSF_100HZ
    >>> from companion.simulation.writers.things_eeg2 import write_image_metadata, write_preprocessed
    >>> values = np.random.default_rng(0).normal(size=(3, 2, 17, 100))
    >>> shown = [f"0000{n}_{name}/{name}_01b" for n, name in enumerate(("cat", "dog", "key"), start=1)]
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     _ = write_image_metadata(folder, training=shown, test=["00004_owl/owl_01b"])
    ...     _ = write_preprocessed(folder, 1, values, split="train", shape=values.shape, layout=OSF_100HZ)
    ...     recording = load_things_eeg2(folder, 1, split="train")
    >>> recording
    Recording(THINGS-EEG2, sub-01, EEG, train: 3 x 17 x 100, 3 stimuli, simulated)
    >>> recording.stimuli[0], float(recording.times[0])
    ('00001_cat/cat_01b', -0.2)
    """
    path = preprocessed_file(folder, subject, split)
    if not path.is_file():
        one_of(subject, subjects_there(folder), what=f"{DATASET} of this person is not there", where=path)
    stimuli = image_ids(metadata or metadata_file(folder))[split]
    opened = _open(path, len(stimuli))
    return Recording(
        _read(opened, average=average, normalise=normalise),
        trials_table(stimuli, opened.location.shape[1], average=average),
        units_table(opened.layout.channels),
        subject=f"sub-{subject:02d}",
        dataset=DATASET,
        modality="EEG",
        split=split,
        times=opened.layout.times,
        simulated=opened.simulated,
    )


@dataclass(frozen=True)
class _Opened:
    """A file whose labels were checked and whose numbers were not read yet."""

    location: ArrayLocation
    layout: Layout
    order: npt.NDArray[np.intp]  # rows of the file's channels in the order of the layout
    simulated: bool


def _open(path: Path, n_images: int) -> _Opened:
    content = checked_dictionary(path, _KEYS)
    location = locate_arrays(path).get(_ARRAY)
    if location is None or location.dtype.kind != "f" or location.order != "C" or len(location.shape) != 4:
        raise DataError(
            "The trials are no array of numbers of four axes in C order",
            where=f"{path}, {_ARRAY}",
            expected="float64 (images, repetitions, channels, samples)",
            got=type(content[_ARRAY]).__name__
            if location is None
            else f"{location.dtype} {location.shape} in {location.order} order",
        )
    layout = _layout_of(location.shape, path)
    _check_rows(location.shape, n_images, path)
    _check_times(content["times"], layout, path)
    order = _channel_order(content["ch_names"], layout, path)
    return _Opened(location, layout, order, bool(content.get("simulated", False)))


def _layout_of(shape: tuple[int, ...], path: Path) -> Layout:
    for layout in LAYOUTS:
        if shape[2:] == (len(layout.channels), layout.n_times):
            return layout
    raise DataError(
        "Channels and samples are those of no official form",
        where=f"{path}, {_ARRAY}",
        expected=" or ".join(str((len(layout.channels), layout.n_times)) for layout in LAYOUTS),
        got=shape[2:],
    )


def _check_rows(shape: tuple[int, ...], n_images: int, path: Path) -> None:
    if shape[0] != n_images or shape[1] < 1:
        raise DataError(
            "The rows of the recording are not those of the image list",
            where=f"{path}, {_ARRAY}",
            expected=f"{n_images} images with one repetition or more",
            got=f"{shape[0]} rows with {shape[1]} repetitions",
            do="load the recording with the image list it was made with; no row is matched by guessing",
        )


def _check_times(times: Any, layout: Layout, path: Path) -> None:
    expected = layout.listed_times
    if (
        isinstance(times, np.ndarray)
        and times.dtype.kind in "fiu"
        and times.shape == expected.shape
        and np.allclose(times, expected, atol=1e-6)
    ):
        return
    is_array = isinstance(times, np.ndarray) and times.size > 0
    got = f"{times.shape} from {times.flat[0]} on" if is_array else type(times).__name__
    raise DataError(
        f"The times are not those of the form {layout.name}",
        where=f"{path}, times",
        expected=f"{expected.shape} from {expected[0]:g} to {expected[-1]:g} s",
        got=got,
    )


def _channel_order(names: object, layout: Layout, path: Path) -> npt.NDArray[np.intp]:
    listed = listed_texts(names)
    if sorted(listed) != sorted(layout.channels):
        missing, extra = (
            sorted(set(layout.channels) - set(listed)),
            sorted(set(listed) - set(layout.channels)),
        )
        raise DataError(
            f"The channels are not those of the form {layout.name}",
            where=f"{path}, ch_names",
            expected=f"{len(layout.channels)} channels; missing here: {', '.join(missing) or 'none'}",
            got=f"{len(listed)} channels; not expected: {', '.join(extra) or 'none'}",
        )
    return np.array([listed.index(name) for name in layout.channels])


def _read(opened: _Opened, *, average: bool, normalise: bool) -> Responses:
    location = opened.location
    n_images, n_repetitions, *sample = location.shape
    responses = np.empty((n_images, 1 if average else n_repetitions, *sample), dtype=np.float32)
    row_bytes = n_repetitions * sample[0] * sample[1] * location.dtype.itemsize
    start = 0
    for block in read_blocks(location, max(1, BLOCK_BYTES // row_bytes)):
        rows = slice(start, start + len(block))
        where = f"{location.path}, {_ARRAY}, rows {rows.start} to {rows.stop - 1}"
        picked = block[:, :, opened.order]
        check_finite(picked, where=where)
        trials = picked.astype(np.float64, copy=False)
        if normalise:
            trials = normalised(trials, where=where)
        responses[rows] = trials.mean(axis=1, keepdims=True) if average else trials
        start = rows.stop
    return responses.reshape(-1, *sample)
