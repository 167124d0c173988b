"""Your own fMRI: patterns that you have, or means of blocks of a voxel series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.recording import Recording, Split

LAG = 5.0
"""Seconds from a stimulus to its BOLD response: about where the haemodynamic response peaks."""


def recording_from_patterns(
    patterns: npt.ArrayLike,
    stimuli: Sequence[str],
    *,
    runs: Sequence[int] | Sequence[str] | None = None,
    subject: str,
    dataset: str = "own",
    places: npt.ArrayLike | None = None,
    split: Split = "train",
    simulated: bool = False,
) -> Recording:
    """Label patterns of voxels, such as betas of a GLM or means of blocks, with what was shown.

    Parameters
    ----------
    patterns : array-like of shape (n_trials, n_voxels)
        One row per trial or block, in any unit.
    stimuli : sequence of n_trials str
        What was shown.
    runs : sequence of n_trials labels, optional
        The run of each trial. Cross-validation needs it: trials of one run share its noise.
    subject, dataset : str
        Who, and in which data set.
    places : array-like of shape (n_voxels, 3), optional
        Metres.
    split : {"train", "test", "imagery"}
        Which part of the data set; cross-validation makes its own, and does not read this.
    simulated : bool
        Whether these numbers were measured on nobody.

    Returns
    -------
    Recording
        float32 of shape (n_trials, n_voxels).

    Raises
    ------
    DataError
        If lengths differ or a value is not finite.

    Examples
    --------
    >>> from companion.loading import recording_from_patterns
    >>> recording_from_patterns([[0.1, 2.0], [1.0, 0.3]], ["face", "house"], runs=[1, 1], subject="sub-01")
    Recording(own, sub-01, fMRI, train: 2 x 2, 2 stimuli)
    """
    values = np.asarray(patterns, dtype=np.float32)
    trials: dict[str, object] = {"stimulus": [str(one) for one in stimuli]}
    if runs is not None:
        trials["run"] = list(runs)
    lengths = {name: len(column) for name, column in trials.items()}  # type: ignore[arg-type]
    if values.ndim != 2 or set(lengths.values()) != {len(values)}:
        raise DataError(
            "Each pattern has one stimulus and one run",
            where=f"{dataset}, {subject}",
            expected="(n_trials, n_voxels), and n_trials labels",
            got=f"{values.shape}, {lengths}",
        )
    units = pd.DataFrame({"name": [f"voxel {number}" for number in range(values.shape[1])]})
    if places is not None:
        units[["x", "y", "z"]] = np.asarray(places, dtype=np.float64)
    return Recording(
        values, pd.DataFrame(trials), units, subject, dataset, "fMRI", split, simulated=simulated
    )


def block_means(
    series: npt.ArrayLike, events: pd.DataFrame, *, repetition_time: float, lag: float = LAG
) -> npt.NDArray[np.float64]:
    """Mean of a voxel series over each event, moved by the lag of the BOLD response.

    Parameters
    ----------
    series : array-like of shape (n_volumes, n_voxels)
        One run, detrended and standardised if it should be; volume i begins at ``i * repetition_time``.
    events : DataFrame of n_events rows
        ``onset`` and ``duration`` in seconds, as in a BIDS events file. For short events use a GLM instead
        (``nilearn.glm.first_level``), and :func:`recording_from_patterns` for its betas.
    repetition_time : float
        Seconds per volume.
    lag : float
        Seconds from stimulus to response.

    Returns
    -------
    ndarray of shape (n_events, n_voxels)

    Raises
    ------
    DataError
        If an event holds no volume.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from companion.loading import block_means
    >>> events = pd.DataFrame({"onset": [0.0, 4.0], "duration": [4.0, 4.0]})
    >>> block_means(np.arange(8.0)[:, None], events, repetition_time=1.0, lag=0.0).ravel()
    array([1.5, 5.5])
    """
    values = np.asarray(series, dtype=np.float64)
    starts = np.arange(len(values)) * repetition_time
    means = np.empty((len(events), values.shape[1]))
    for row, (onset, duration) in enumerate(zip(events["onset"], events["duration"], strict=True)):
        inside = (starts >= onset + lag - 1e-9) & (starts < onset + duration + lag - 1e-9)
        if not inside.any():
            raise DataError(
                "An event holds no volume",
                where=f"row {row}, {onset:g} s, {duration:g} s long",
                expected=f"volumes from 0 to {starts[-1]:g} s, {lag:g} s after it",
                do="leave it out, or fit a GLM if events are shorter than a volume",
            )
        means[row] = values[inside].mean(axis=0)
    return means
