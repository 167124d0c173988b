"""Your own fMRI: patterns that you have, or means of blocks of a voxel series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.reading import advising, numbers
from companion.recording import Recording, Split
from companion.recording_checks import all_finite, single_precision

LAG = 5.0
"""Seconds from a stimulus to its BOLD response: about where the haemodynamic response peaks."""


@advising("hand over one row of finite numbers, one stimulus and one run for each trial")
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
        If lengths differ, there is no trial or no voxel, a label is missing, or a value is not finite.

    Examples
    --------
    >>> from companion.loading import recording_from_patterns
    >>> recording_from_patterns([[0.1, 2.0], [1.0, 0.3]], ["face", "house"], runs=[1, 1], subject="sub-01")
    Recording(own, sub-01, fMRI, train: 2 x 2, 2 stimuli)
    """
    where = f"{dataset}, {subject}"
    values = single_precision(patterns, where=where)
    trials = {"stimulus": _labels(stimuli, "stimuli", where)}
    if runs is not None:
        _labels(runs, "runs", where)
        trials["run"] = list(runs)
    lengths = {name: len(column) for name, column in trials.items()}
    if values.ndim != 2 or not values.size or set(lengths.values()) != {len(values)}:
        raise DataError(
            "Each pattern has one stimulus and one run",
            where=where,
            expected="(n_trials, n_voxels), one or more of each, and n_trials labels",
            got=f"{values.shape}, {lengths}",
        )
    units = pd.DataFrame({"name": [f"voxel {number}" for number in range(values.shape[1])]})
    if places is not None:
        units[["x", "y", "z"]] = _metres(places, len(units), where)
    return Recording(
        values, pd.DataFrame(trials), units, subject, dataset, "fMRI", split, simulated=simulated
    )


def _labels(given: Any, name: str, where: str) -> list[Any]:
    """Labels as texts; a text alone is no sequence of labels, and a missing one is none."""
    is_list = not isinstance(given, str | bytes) and pd.api.types.is_list_like(given)
    labels = list(given) if is_list else []
    missing = [
        one for one in labels if not pd.api.types.is_scalar(one) or pd.isna(one) or not str(one).strip()
    ]
    if not is_list or missing:
        raise DataError(
            "A trial has no label",
            where=f"{where}, {name}",
            expected="one label for each trial",
            got=repr(missing[0]) if is_list else type(given).__name__,
        )
    return [str(one) for one in labels]


def _metres(places: npt.ArrayLike, n_voxels: int, where: str) -> npt.NDArray[np.float64]:
    single_precision(places, where=f"{where}, places")  # that is: numbers
    metres = np.asarray(places, dtype=np.float64)
    if metres.shape != (n_voxels, 3) or not all_finite(metres):
        raise DataError(
            "Each voxel has one place",
            where=f"{where}, places",
            expected=f"finite numbers of shape ({n_voxels}, 3)",
            got=metres.shape,
        )
    return metres


@advising("compare the events with the volumes and their repetition time")
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
        If the series, an event or the repetition time are no finite numbers, or an event holds no volume.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from companion.loading import block_means
    >>> events = pd.DataFrame({"onset": [0.0, 4.0], "duration": [4.0, 4.0]})
    >>> block_means(np.arange(8.0)[:, None], events, repetition_time=1.0, lag=0.0).ravel()
    array([1.5, 5.5])
    """
    single_precision(series, where="series")  # that is: numbers
    values = np.asarray(series)
    if values.ndim != 2 or not all_finite(values):
        raise DataError(
            "A voxel series is no table of finite numbers",
            where="series",
            expected="(n_volumes, n_voxels)",
            got=f"{values.dtype} {values.shape}",
        )
    if not (0 < repetition_time < np.inf and np.isfinite(lag)):
        raise DataError(
            "There are no such seconds",
            where="repetition_time, lag",
            expected="a finite number above zero, and a finite number",
            got=f"{repetition_time}, {lag}",
        )
    values = values.astype(np.float64, copy=False)
    onsets, durations = (_seconds(events, column) for column in ("onset", "duration"))
    starts = np.arange(len(values)) * repetition_time
    means = np.empty((len(events), values.shape[1]))
    for row, (onset, duration) in enumerate(zip(onsets, durations, strict=True)):
        inside = (starts >= onset + lag - 1e-9) & (starts < onset + duration + lag - 1e-9)
        if not inside.any():
            raise DataError(
                "An event holds no volume",
                where=f"row {row}, {onset:g} s, {duration:g} s long",
                expected=f"one of {len(starts)} volumes of {repetition_time:g} s, {lag:g} s after it",
                do="leave it out, or fit a GLM if events are shorter than a volume",
            )
        means[row] = values[inside].mean(axis=0)
    return means


def _seconds(events: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    if list(events.columns).count(column) != 1:
        raise DataError(
            "A table of events lacks a column, or has it twice",
            where="events",
            expected=column,
            got=", ".join(map(str, events.columns)),
        )
    return numbers(events, column, where="events")
