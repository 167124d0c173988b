"""When a brain answers: time courses of the responses to one image.

Each stage of processing answers twice. Its **evoked** component is one peak; its **oscillation** is locked to
the onset as well, but carries *other* dimensions of the codes: evoked components take the even columns of a
stage, oscillations the odd ones. So each frequency band tells something of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from companion.simulation.codes import FloatArray, Stage

Kind = Literal["evoked", "oscillation"]
KINDS: tuple[Kind, ...] = ("evoked", "oscillation")

EVOKED_PEAK: Mapping[Stage, float] = {"early": 0.100, "mid": 0.170, "late": 0.350}
"""Seconds from onset to the peak of the evoked component, before a person's own shift."""

EVOKED_WIDTH: Mapping[Stage, float] = {"early": 0.020, "mid": 0.030, "late": 0.075}
"""Standard deviation in seconds of the Gaussian under the peak."""

POLARITY: Mapping[Stage, float] = {"early": 1.0, "mid": -1.0, "late": 1.0}
"""Sign of the evoked answer to every image at the scalp above its sources: P1, N1, P3."""

EVOKED_SWING = 1.2
"""Radians per width: how fast the peak turns into an undershoot on either side."""

OSCILLATION: Mapping[Stage, float] = {"early": 10.0, "mid": 6.0, "late": 3.0}
"""Hertz."""

OSCILLATION_WINDOW: Mapping[Stage, tuple[float, float]] = {
    "early": (0.06, 0.46),
    "mid": (0.08, 0.68),
    "late": (0.12, 0.98),
}
"""Seconds from onset between which the oscillation comes and goes (a Hann window)."""

FIRST_COLUMN: Mapping[Kind, int] = {"evoked": 0, "oscillation": 1}
"""Columns of a stage that a component carries: every second one from here on."""

RESPONSE_LENGTH = 1.1
"""Seconds after onset until which an image is answered."""

LATENCY_SD = 0.008
"""Standard deviation in seconds of the shift of a stage in a person."""

SOURCE_LATENCY_SD = 0.010
"""Standard deviation in seconds of the shift of a single source around that of its stage."""


def time_course(
    kind: Kind, stage: Stage, times: FloatArray, shifts: FloatArray, phases: FloatArray
) -> FloatArray:
    """Response of sources over time, 1 at the peak of an evoked component.

    ``exp(-u**2 / 2) cos(EVOKED_SWING u)`` with ``u = (t - peak) / width``, or
    ``sin(2 pi f (t - start) + phase) sin(pi (t - start) / length)**2`` inside the window.

    Parameters
    ----------
    kind : {"evoked", "oscillation"}
        Component.
    stage : {"early", "mid", "late"}
        Stage.
    times : ndarray of shape (n_times,)
        Seconds from onset.
    shifts : ndarray of shape (n_sources,)
        Seconds by which each source comes late.
    phases : ndarray of shape (n_sources,)
        Radians, of oscillations; the same for every image and trial.

    Returns
    -------
    ndarray of shape (n_sources, n_times)
        Without unit; zero before the onset and after `RESPONSE_LENGTH`.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import time_course
    >>> times = np.arange(-0.1, 0.6, 0.01)
    >>> early, late = (time_course("evoked", stage, times, np.zeros(1), np.zeros(1))[0]
    ...     for stage in ("early", "late"))
    >>> bool(times[early.argmax()] < times[late.argmax()]), bool(early[times < 0].any())
    (True, False)
    """
    t = times[None, :] - shifts[:, None]
    if kind == "evoked":
        u = (t - EVOKED_PEAK[stage]) / EVOKED_WIDTH[stage]
        course: FloatArray = np.exp(-(u**2) / 2) * np.cos(EVOKED_SWING * u)
    else:
        start, stop = OSCILLATION_WINDOW[stage]
        phase = (t - start) / (stop - start)
        envelope = np.where((phase > 0) & (phase < 1), np.sin(np.pi * phase) ** 2, 0.0)
        course = envelope * np.sin(2 * np.pi * OSCILLATION[stage] * (t - start) + phases[:, None])
    course[:, (times < 0) | (times > RESPONSE_LENGTH)] = 0
    return course
