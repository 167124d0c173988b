"""When: a window slides over the response, what lies in it is taken out, the score drops or does not."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import finite, number
from companion.decoding.attribution.removal import Readout, drops

FloatArray = npt.NDArray[np.floating[Any]]


def sliding_windows(times: FloatArray, *, width: float = 0.1, step: float = 0.05) -> list[slice]:
    """List the samples of windows that slide over a response; only complete windows.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        Seconds, evenly spaced.
    width, step : float
        Seconds; rounded to samples.

    Returns
    -------
    list of slice

    Raises
    ------
    ValueError
        If a window or step is shorter than a sample, or a window longer than the response.
    """
    times = finite("times", times, ndim=1, least=2)
    if times[0] >= times[1]:
        raise ValueError(f"times increase, got {times[0]!r} before {times[1]!r}")
    number("width", width, above=0)
    number("step", step, above=0)
    interval = float(times[1] - times[0])
    n_wide, n_step = round(width / interval), round(step / interval)
    if n_step < 1 or not 1 <= n_wide <= len(times):
        raise ValueError(
            f"windows of {width} s every {step} s do not fit {len(times)} samples of {interval} s"
        )
    return [slice(first, first + n_wide) for first in range(0, len(times) - n_wide + 1, n_step)]


def occlusion(
    readout: Readout,
    responses: FloatArray,
    times: FloatArray,
    *,
    width: float = 0.1,
    step: float = 0.05,
    around: FloatArray | float = 0.0,
) -> pd.DataFrame:
    """Drop of the scores for each window of time that is taken out.

    Parameters
    ----------
    readout : Readout
    responses : ndarray of shape (n, n_channels, n_times)
    times : ndarray of shape (n_times,)
        Seconds.
    width, step : float
        Seconds; of windows and between their starts.
    around : ndarray of shape (n_channels, n_times) or float
        As in :func:`companion.decoding.drops`.

    Returns
    -------
    DataFrame
        As of :func:`companion.decoding.drops`, and ``start``, ``stop``, ``centre`` of
        each window in seconds (times of its first and last sample, and halfway).

    Examples
    --------
    A decoder that reads the sample at 0.1 s, and nothing else:

    >>> import numpy as np
    >>> from companion.decoding import Readout, occlusion
    >>> times = np.arange(4) / 10
    >>> responses = np.random.default_rng(0).normal(size=(3, 3, 4))
    >>> readout = Readout(lambda some: some[:, :, 1], gallery=responses[:, :, 1], seen=np.arange(3))
    >>> table = occlusion(readout, responses, times, width=0.1, step=0.1)
    >>> table.query("metric == 'top1'")[["centre", "drop"]].round(2).values.tolist()
    [[0.0, 0.0], [0.1, 1.0], [0.2, 0.0], [0.3, 0.0]]
    """
    windows = sliding_windows(times, width=width, step=step)
    if np.shape(responses)[-1:] != np.shape(times):
        raise ValueError(f"responses of shape {np.shape(responses)} do not have {len(times)} samples")
    table = drops(
        readout,
        responses,
        {str(number): partial(_without_window, window=window) for number, window in enumerate(windows)},
        around=around,
    )
    which = table.pop("removed").astype(int).to_numpy()
    starts = np.array([times[window][0] for window in windows])[which]
    stops = np.array([times[window][-1] for window in windows])[which]
    return table.assign(start=starts, stop=stops, centre=(starts + stops) / 2)


def _without_window(signals: FloatArray, *, window: slice) -> FloatArray:
    kept = signals.copy()
    kept[..., window] = 0
    return kept
