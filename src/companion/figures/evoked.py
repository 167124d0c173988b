"""Figures of responses over time: all sensors at once, field power, reliability of each subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import COLOURS, INK, QUIET, SEQUENTIAL, page_figure, reference_line

FloatArray = npt.NDArray[np.floating[Any]]


def field_power(evoked: FloatArray) -> FloatArray:
    """Global field power: standard deviation over sensors at each time.

    Parameters
    ----------
    evoked : ndarray of shape (..., n_sensors, n_times)

    Returns
    -------
    ndarray of shape (..., n_times)

    References
    ----------
    Lehmann & Skrandies (1980), Electroencephalography and Clinical Neurophysiology 48, 609-621.
    """
    return np.asarray(evoked.std(axis=-2))


def evoked_responses(
    evoked: FloatArray,
    times: FloatArray,
    *,
    unit: str,
    marks: Mapping[str, float],
    people: FloatArray | None = None,
) -> Figure:
    """Average response of every sensor laid over each other, and the field power below.

    Parameters
    ----------
    evoked : ndarray of shape (n_sensors, n_times)
        Average over stimuli, in ``unit``.
    times : ndarray of shape (n_times,)
        Seconds from stimulus onset.
    unit : str
        Unit of the responses, such as ``µV``.
    marks : mapping of str to float
        Names and times (seconds) of components to point at.
    people : ndarray of shape (n_people, n_times), optional
        Field power of each person, drawn thin behind that of ``evoked``.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.figures import evoked_responses
    >>> times = np.linspace(-0.1, 0.4, 51)
    >>> evoked = np.outer([1.0, -0.5, 0.2], np.exp(-(((times - 0.1) / 0.03) ** 2)))
    >>> figure = evoked_responses(evoked, times, unit="µV", marks={"P1": 0.1})
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['response (µV)', 'field power (µV)']
    """
    figure, axes = page_figure(3.8, 2, 1, share_x=True, height_ratios=[1.4, 1])
    above, below = axes[:, 0]
    milliseconds, power = 1000 * times, field_power(evoked)
    above.plot(milliseconds, evoked.T, color=COLOURS["first"], linewidth=0.7, alpha=0.55)
    above.set_ylabel(f"response ({unit})")
    if people is not None:
        below.plot(milliseconds, people.T, color=QUIET, linewidth=0.6, alpha=0.55)
    below.fill_between(milliseconds, power, color=COLOURS["first"], alpha=0.2, linewidth=0)
    below.plot(milliseconds, power, color=COLOURS["first"])
    below.set(xlabel="time from onset (ms)", ylabel=f"field power ({unit})", xlim=milliseconds[[0, -1]])
    below.set_ylim(0, None)
    figure.align_ylabels()
    reference_line(above, 0.0, axis="y")
    _mark_times([above, below], marks)
    return figure


def reliability_over_time(
    reliability: FloatArray,
    times: FloatArray,
    people: Sequence[str],
    *,
    quantity: str,
    marks: Mapping[str, float],
) -> Figure:
    """Reliability at each time: one line per person and their mean, and one row per person below.

    Parameters
    ----------
    reliability : ndarray of shape (n_people, n_times)
    times : ndarray of shape (n_times,)
        Seconds from stimulus onset.
    people : sequence of str
        Names of the rows.
    quantity : str
        What is drawn, for the axis and the colour bar.
    marks : mapping of str to float
        As in :func:`evoked_responses`.
    """
    figure, axes = page_figure(2.9 + 0.16 * len(people), 2, 1, share_x=True, height_ratios=[1.2, 1])
    above, below = axes[:, 0]
    milliseconds = 1000 * times
    above.plot(milliseconds, reliability.T, color=QUIET, linewidth=0.6, alpha=0.6)
    above.plot(milliseconds, reliability.mean(axis=0), color=COLOURS["first"], linewidth=2)
    above.set_ylabel(quantity)
    reference_line(above, 0.0, axis="y")
    half_step = (milliseconds[1] - milliseconds[0]) / 2
    image = below.imshow(
        reliability,
        aspect="auto",
        cmap=SEQUENTIAL,
        vmin=0,
        vmax=reliability.max(),
        interpolation="nearest",
        extent=(milliseconds[0] - half_step, milliseconds[-1] + half_step, len(people) - 0.5, -0.5),
    )
    below.set_yticks(range(len(people)), list(people), fontsize=8.5)
    below.tick_params(axis="y", length=0)
    below.set(xlabel="time from onset (ms)", xlim=milliseconds[[0, -1]])
    figure.colorbar(image, ax=below, label=quantity, aspect=12, pad=0.01)
    _mark_times([above, below], marks)
    return figure


def _mark_times(axes: Sequence[Axes], marks: Mapping[str, float]) -> None:
    """Dashed lines at the components through all panels, named above the first; a full line at the onset."""
    for ax in axes:
        ax.axvline(0, color=INK, linewidth=0.8)
        for seconds in marks.values():
            reference_line(ax, 1000 * seconds)
    text: dict[str, Any] = {"textcoords": "offset points", "va": "bottom", "fontsize": 8.5, "color": QUIET}
    for (name, seconds), side in zip(marks.items(), _sides(list(marks.values()), axes[0]), strict=True):
        axes[0].annotate(
            f"{name}\n{1000 * seconds:.0f} ms",
            (1000 * seconds, 1.0),
            (0, 3),
            xycoords=("data", "axes fraction"),
            ha=side,
            **text,
        )


def _sides(seconds: Sequence[float], ax: Axes) -> list[str]:
    """On which side of its line each name stands, so that names of near neighbours do not meet."""
    low, high = ax.get_xlim()
    close = 0.1 * (high - low)
    sides = []
    for now in seconds:
        if any(0 < 1000 * (other - now) < close for other in seconds):
            sides.append("right")
        elif any(0 < 1000 * (now - other) < close for other in seconds):
            sides.append("left")
        else:
            sides.append("center")
    return sides
