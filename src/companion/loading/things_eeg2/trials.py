"""What is done to single trials of THINGS-EEG2 before their repetitions are averaged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.recording import Recording
from companion.recording_checks import all_finite

_BLOCK = 256  # responses normalised at a time


def normalised(responses: npt.NDArray[np.float64], *, where: object) -> npt.NDArray[np.float64]:
    """Subtract the mean over time, and divide by the length of the signal as it was before.

    x -> (x - mean(x)) / ||x||, per repetition and channel: the result has length 1 where the mean was zero,
    and less otherwise.

    Parameters
    ----------
    responses : ndarray of shape (..., n_channels, n_times)
        Trials.
    where : object
        The place that an error names.

    Raises
    ------
    DataError
        If a signal is zero throughout, or a value is not finite.
    """
    check_finite(responses, where=where)
    lengths = np.sqrt(np.einsum("...t,...t->...", responses, responses))[..., None]
    if not lengths.all():
        raise DataError(
            "A channel is zero throughout a repetition, which cannot be normalised",
            where=where,
            got=f"{int((lengths == 0).sum())} such signals",
            do="load with normalise=False, and leave the channel or the trial out",
        )
    centred: npt.NDArray[np.float64] = responses - responses.mean(axis=-1, keepdims=True)
    centred /= lengths
    return centred


def normalised_recording(recording: Recording) -> Recording:
    """Do so with all responses of a recording, a few at a time: in double precision they might not fit.

    Parameters
    ----------
    recording : Recording of shape (n_trials, n_channels, n_times)
    """
    responses = np.empty_like(recording.responses)
    for start in range(0, len(responses), _BLOCK):
        rows = slice(start, start + _BLOCK)
        responses[rows] = normalised(recording.responses[rows].astype(np.float64), where=recording)
    return replace(recording, responses=responses)


def trials_table(stimuli: tuple[str, ...], n_repetitions: int, *, average: bool) -> pd.DataFrame:
    """Table of trials: one row per image, or one per repetition of each image."""
    if average:
        return pd.DataFrame({"stimulus": list(stimuli), "n_repetitions": n_repetitions})
    repetition = np.tile(np.arange(1, n_repetitions + 1), len(stimuli))
    return pd.DataFrame(
        {"stimulus": np.repeat(np.array(stimuli, object), n_repetitions), "repetition": repetition}
    )


def check_finite(trials: npt.NDArray[np.floating[Any]], *, where: object) -> None:
    """Refuse values that are no finite numbers of single precision, before they spread to a mean."""
    if not all_finite(trials):
        faulty = ~(np.abs(trials) <= np.finfo(np.float32).max)
        index = tuple(int(axis) for axis in np.argwhere(faulty)[0])
        raise DataError(
            "A value is not a finite number",
            where=where,
            expected="finite numbers of single precision",
            got=f"{trials[index]} at {index}, counted within these rows, channel and sample last",
            do="get the official file anew",
        )
