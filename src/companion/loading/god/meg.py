"""MEG of three people who saw the GOD images, 160 gradiometers: a layout of our own.

The recordings of the paper are closed, and the article does not say how its files look, which time window it
decodes, or how it bins time. So this layout is ours; who has the recordings can bring them into it::

    sub-M1_ses-01_epo.fif       MNE epochs of person 1, session 01; parts _epo-1.fif, ... where above 2 GB
    sub-M1_ses-02_epo.fif ...

Each file holds the epochs of one session in the order they were shown, preprocessed (the paper: high-pass 0.5
Hz, notch at 60 Hz and its harmonics, components of heart and eyes taken out), from -100 to 500 ms at any
sampling rate, in tesla. Its metadata have one row per epoch:

=============  ==========================================================================================
``stimulus``   name of the GOD image, ``n03626115_19498``
``split``      ``train`` or ``test``
``run``        number of the run within the session
=============  ==========================================================================================

Over all sessions every image of a split is shown equally often (in the paper 6 times). Images followed each
other every 0.5 s without a blank, in random order: **the 100 ms before an onset hold the response to the
image before it**. Subtracting their mean takes out drifts but adds what is left of that response, which only
the average over repetitions reduces.

Signals stay at the sensors; the paper goes on to the sources of the ventral visual stream.

References
----------
Vafaei et al. (2026), Communications Biology 9, 206, Methods, MEG.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from companion.errors import DataError
from companion.loading.god.checks import check_categories_apart
from companion.loading.god.meg_files import (
    SPLITS,
    Session,
    common_sensors,
    common_times,
    open_session,
    session_files,
)
from companion.loading.god.time_bins import Reduction
from companion.loading.reading import advising, official, one_of
from companion.recording import Recording, Split

if TYPE_CHECKING:
    import mne

DATASET = "GOD-MEG"
BASELINE = (-0.1, 0.0)
"""Seconds whose mean is subtracted, both ends included."""
_BLOCK = 64
"""Epochs read at a time: 50 MB at full size."""


@advising(official("god-meg-osaka"))
def load_god_meg(
    folder: Path,
    subject: int,
    *,
    split: Split,
    bin_width: float | None = None,
    baseline: tuple[float, float] | None = BASELINE,
) -> Recording:
    """Read the MEG of one person.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    subject : int
        1 to 3.
    split : {"train", "test"}
        Which images.
    bin_width : float, optional
        Seconds. Average the samples from 0 to 0.5 s in bins of this width, each with its start and without
        its end; 0.05 is the usual choice. Without it all samples of the files are kept: 2.8 GB at full size.
    baseline : (float, float), optional
        Range, in seconds, whose mean is subtracted from each epoch and sensor; None to leave signals as is.

    Returns
    -------
    Recording of shape (n_trials, n_sensors, n_times)
        Tesla. Trials in the order shown: ``stimulus``, ``session``, ``run``, ``repetition`` (from 1). Units:
        ``name``; ``x``, ``y``, ``z`` in metres of ``space`` (head coordinates where the file has them, else
        the helmet's), from the first session. Times: samples, or centres of bins.

    Raises
    ------
    DataError
        If a file or a column of its metadata is missing, sessions differ in sensors or times, a value is not
        finite, an id is not that of a GOD image, images are not shown equally often, a category is in both
        splits, or bins do not divide the half second.

    Examples
    --------
    Two training images and one test image, each seen twice; the mean over 0 to 0.5 s in bins of 0.1 s:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, pandas as pd
    >>> from companion.loading import load_god_meg
    >>> from companion.simulation.writers.god_meg import gradiometer_info, write_god_meg_session
    >>> trials = pd.DataFrame({"stimulus": ["n00000001_5", "n00000002_7", "n00000009_1"] * 2,
    ...     "split": ["train", "train", "test"] * 2, "run": 1})
    >>> info = gradiometer_info(np.eye(3) * 0.12, np.eye(3), sampling_rate=200.0)
    >>> signals = np.random.default_rng(0).normal(size=(6, 3, 121)) * 1e-13
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_god_meg_session(Path(name), 1, "01", signals, trials, info)
    ...     recording = load_god_meg(Path(name), 1, split="train", bin_width=0.1)
    >>> recording, recording.times.round(2).tolist()
    (Recording(GOD-MEG, M1, MEG, train: 4 x 3 x 5, 2 stimuli, simulated), [0.05, 0.15, 0.25, 0.35, 0.45])
    """
    one_of(split, SPLITS, what="GOD-MEG has no such split", where="split")
    label = f"M{subject}"
    sessions = [open_session(path) for path in session_files(folder, label)]
    sensors = common_sensors(sessions)
    times = common_times(sessions)
    trials = _trials(sessions, split, folder)
    reduced = Reduction.of(times, bin_width, baseline, where=sessions[0].path.name)

    responses = np.empty((len(trials), len(sensors), len(reduced.times)), dtype=np.float32)
    filled = 0
    for session in sessions:
        rows = np.flatnonzero(session.metadata["split"] == split)
        for block in (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)):
            responses[filled : filled + len(block)] = reduced(session.read(block, sensors))
            filled += len(block)
    return Recording(
        responses=responses,
        trials=trials,
        units=_units(sessions[0].epochs.info, sensors, sessions[0].path.name),
        subject=label,
        dataset=DATASET,
        modality="MEG",
        split=split,
        times=reduced.times,
        simulated=any(session.simulated for session in sessions),
    )


def _trials(sessions: Sequence[Session], split: Split, folder: Path) -> pd.DataFrame:
    """Trials of the split, in the order shown, once both splits are what they should be."""
    tables = [session.metadata.assign(session=session.name) for session in sessions]
    table = pd.concat(tables, ignore_index=True)
    images = {name: table.loc[table["split"] == name, "stimulus"] for name in SPLITS}
    check_categories_apart(images["train"], images["test"], where=folder)
    counts = images[split].value_counts()
    if counts.empty:
        got = f"{len(table)} epochs of other splits"
        raise DataError(f"No epoch is of split {split!r}", where=folder, expected="one or more", got=got)
    if (odd := counts[counts != counts.mode().iloc[-1]]).size:
        raise DataError(
            f"{odd.size} images are not shown as often as the others",
            where=f"{folder}, {split}",
            expected=f"{int(counts.mode().iloc[-1])} epochs over all sessions",
            got=f"{odd.iloc[0]} of {odd.index[0]}",
            do="keep every epoch in the files; leave trials out once the recording is loaded",
        )
    trials = table.loc[table["split"] == split, ["stimulus", "session", "run"]].reset_index(drop=True)
    return trials.assign(repetition=trials.groupby("stimulus").cumcount() + 1)


def _units(info: mne.Info, sensors: Sequence[str], where: str) -> pd.DataFrame:
    """Places of the sensors: in head coordinates where the file says where the head was."""
    import mne

    places = np.array([info["chs"][info.ch_names.index(name)]["loc"][:3] for name in sensors], dtype=float)
    if in_head := info["dev_head_t"] is not None:
        places = mne.transforms.apply_trans(info["dev_head_t"], places)
    if not np.isfinite(places).all():
        lost = sensors[int(np.argwhere(~np.isfinite(places))[0, 0])]
        raise DataError("A sensor has no place", where=where, expected="finite x, y, z", got=lost)
    units = pd.DataFrame({"name": list(sensors), "x": places[:, 0], "y": places[:, 1], "z": places[:, 2]})
    return units.assign(space="head" if in_head else "device")
