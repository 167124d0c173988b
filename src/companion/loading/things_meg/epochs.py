"""THINGS-MEG: preprocessed epochs of four people, as MNE files with a table of trials.

A subject has ``preprocessed_P<n>-epo.fif`` and further parts ``-epo-1.fif``, ... beside it, which MNE finds
through the names written inside. Each epoch is joined to its image by the table of trials in the file
(:mod:`companion.loading.things_meg.trials`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.fif_epochs import open_epochs
from companion.loading.reading import advising, foreign_reader, official, one_of
from companion.loading.things_meg.trials import meg_trials
from companion.recording import Recording, Responses, Split
from companion.recording_checks import all_finite

if TYPE_CHECKING:
    import mne

START, STOP = 0.0, 1.0
"""Seconds from stimulus onset that are kept, both included (Rajabi et al. 2025)."""

_EPOCHS_PER_BLOCK = 64


def epochs_file(subject: int) -> str:
    """Name of the first part of a subject's file.

    Examples
    --------
    >>> epochs_file(1)
    'preprocessed_P1-epo.fif'
    """
    return f"preprocessed_P{subject}-epo.fif"


@advising(official("things-meg"))
def load_things_meg(folder: Path, subject: int, *, split: Split, sampling_rate: float = 200.0) -> Recording:
    """Single trials of one split, 0 to 1 s from stimulus onset.

    Test trials are those of type ``test``: in the official files 200 images of 200 concepts, 12 repetitions.
    Training trials are those of type ``exp`` whose concept has no test image: 19,848 images of 1,654
    concepts, each shown once. Catch trials are left out. Responses stay as they are in the file, a z-score
    over the 100 ms before the stimulus. To follow Rajabi et al. (2025), average the test trials first
    (:meth:`companion.Recording.averaged`) and normalise each sensor afterwards: the opposite order of
    THINGS-EEG2.

    Parameters
    ----------
    folder : Path
        Where ``preprocessed_P<n>-epo.fif`` and its further parts lie.
    subject : int
        1 to 4.
    split : {"train", "test"}
        Which trials.
    sampling_rate : float
        Samples per second that the file must have.

    Returns
    -------
    Recording of shape (n_trials, n_sensors, n_times)
        In the order of the file; (19848, 271, 201) and (2400, 271, 201) in the official data. Sensors have
        ``x``, ``y``, ``z`` in metres, in the coordinates of the device; trials have ``concept``, and
        ``session`` and ``run`` where the file knows them.

    Raises
    ------
    MissingDataError
        If the file, or a part that it continues in, is not there.
    DataError
        If the file is damaged; its table lacks a column, contradicts itself, repeats or lacks images;
        the sampling rate or the time window is another; or a value is not finite.

    References
    ----------
    Hebart et al. (2023), eLife 12, e82580; OpenNeuro ds004212. Split: Rajabi et al. (2025), ICML.

    Examples
    --------
    Two pictures of two concepts, in the official layout as MNE writes it:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import mne, numpy as np, pandas as pd
    >>> from companion.loading import load_things_meg
    >>> from companion.simulation.writers.things_meg import write_things_meg
    >>> info = mne.create_info(["MLO11", "MLO12"], 200.0, "mag")
    >>> for place, channel in enumerate(info["chs"]):
    ...     channel["loc"][:3] = 0.1, 0.1, 0.01 * place
    >>> shown = pd.DataFrame({"trial_type": ["exp", "exp", "test"], "category_nr": [1.0, 2.0, 3.0],
    ...     "test_image_nr": [np.nan, np.nan, 1.0], "image_nr": [1.0, 13.0, 22249.0],
    ...     "image_path": ["images_meg/cat/cat_01b.jpg", "images_meg/key/key_01b.jpg",
    ...                    "images_test_meg/owl_13s.jpg"]})
    >>> responses = np.random.default_rng(0).normal(size=(3, 2, 281))
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_things_meg(Path(name), 1, responses, shown, info)
    ...     recording = load_things_meg(Path(name), 1, split="train")
    >>> recording, recording.stimuli
    (Recording(THINGS-MEG, P1, MEG, train: 2 x 2 x 201, 2 stimuli, simulated), ['cat/cat_01b', 'key/key_01b'])
    """
    one_of(split, ("train", "test"), what="THINGS-MEG has no such split", where="split")
    path = folder / epochs_file(subject)
    epochs = open_epochs(path)
    trials = meg_trials(epochs.metadata, split, path.name)
    inside = _window(epochs, sampling_rate, path.name)
    picks, units = _sensors(epochs, path.name)
    responses = _read(epochs, trials.index.to_numpy(), picks, inside, path.name)
    return Recording(
        responses=responses,
        trials=trials.reset_index(drop=True),
        units=units,
        subject=f"P{subject}",
        dataset="THINGS-MEG",
        modality="MEG",
        split=split,
        times=np.round(epochs.times[inside], 6),
        simulated=(epochs.info["description"] or "").startswith("SIMULATED"),
    )


def _window(epochs: mne.BaseEpochs, sampling_rate: float, name: str) -> npt.NDArray[np.bool_]:
    """Mask of the samples from 0 to 1 s."""
    rate = float(epochs.info["sfreq"])
    if not abs(rate - sampling_rate) <= 1e-3:  # NaN, too
        raise DataError(
            "Another sampling rate", where=name, expected=f"{sampling_rate:g} Hz", got=f"{rate:g} Hz"
        )
    half = 0.5 / rate
    times = epochs.times
    if not len(times) or times[0] > START + half or times[-1] < STOP - half:
        raise DataError(
            "The epochs do not hold the time window",
            where=name,
            expected=f"{START:g} to {STOP:g} s",
            got=f"{times[0]:g} to {times[-1]:g} s" if len(times) else "no sample",
        )
    return np.asarray((times >= START - 1e-6) & (times <= STOP + 1e-6))


def _sensors(epochs: mne.BaseEpochs, name: str) -> tuple[npt.NDArray[np.intp], pd.DataFrame]:
    """Columns and table of the MEG sensors; reference sensors and other channels are left out."""
    import mne

    picks = mne.pick_types(epochs.info, meg=True, ref_meg=False, exclude=())
    if not len(picks):
        raise DataError("The file has no MEG sensor", where=name, got=sorted(set(epochs.get_channel_types())))
    places = np.array([epochs.info["chs"][pick]["loc"][:3] for pick in picks], dtype=np.float64)
    names = [epochs.ch_names[pick] for pick in picks]
    if lost := [names[row] for row in np.flatnonzero(~np.isfinite(places).all(1) | ~places.any(1))]:
        raise DataError("A sensor has no position", where=name, got=lost[:5])
    return picks, pd.DataFrame({"name": names, "x": places[:, 0], "y": places[:, 1], "z": places[:, 2]})


def _read(
    epochs: mne.BaseEpochs,
    rows: npt.NDArray[np.intp],
    picks: npt.NDArray[np.intp],
    inside: npt.NDArray[np.bool_],
    name: str,
) -> Responses:
    """Responses of some rows, block by block: MNE hands out float64."""
    responses = np.empty((len(rows), len(picks), inside.sum()), dtype=np.float32)
    _block(epochs, rows[:: 8 * _EPOCHS_PER_BLOCK], picks, name)  # what is cut short is noticed at once
    for first in range(0, len(rows), _EPOCHS_PER_BLOCK):
        wanted = slice(first, first + _EPOCHS_PER_BLOCK)
        responses[wanted] = _block(epochs, rows[wanted], picks, name)[:, :, inside]
    return responses


def _block(
    epochs: mne.BaseEpochs, rows: npt.NDArray[np.intp], picks: npt.NDArray[np.intp], name: str
) -> npt.NDArray[np.float64]:
    """Take some epochs of the file: (n_rows, n_sensors, n_times)."""
    where = f"{name} or a further part, epochs {rows[0]} to {rows[-1]}"
    with foreign_reader("The responses cannot be read", where=where, do="fetch the file and its parts again"):
        block: npt.NDArray[np.float64] = epochs.get_data(picks=picks, item=rows, verbose="error")
    if not all_finite(block):
        trial, sensor, _ = np.argwhere(~(np.abs(block) <= np.finfo(np.float32).max))[0]
        raise DataError(
            "A response is not a finite number",
            where=f"{name}, epoch {rows[trial]}, sensor {epochs.ch_names[picks[sensor]]}",
            expected="finite numbers of single precision",
        )
    return block
