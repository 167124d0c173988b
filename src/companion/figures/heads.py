"""Figures of values at sensors, drawn on a head seen from above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from companion.figures.style import DIVERGING, SEQUENTIAL, page_figure

FloatArray = npt.NDArray[np.floating[Any]]

CAP_CENTRE = (0.0, 0.015, 0.0425)
"""Centre (metres, head coordinates) of the sphere through the standard 10-05 places.

It is not fitted to the electrodes of a recording: a cap that covers the back of the head alone does not tell
where the front is.
"""

OUTLINE = 0.095
"""Radius of the drawn head, in the units of the map."""


def flat_places(places: pd.DataFrame, kind: Literal["eeg", "meg"]) -> FloatArray:
    """Places of sensors on a flat head: the angle from the crown becomes the distance from the middle.

    Parameters
    ----------
    places : DataFrame
        Columns ``x``, ``y``, ``z``: head coordinates in metres, x to the right, y to the nose.
    kind : {"eeg", "meg"}
        Electrodes: the outline stands for 100 degrees from the crown. Helmets: angles count from the middle
        of the sensors, and the lowest of them lies just inside the outline.

    Returns
    -------
    ndarray of shape (n_sensors, 2)
        The outline has the radius `OUTLINE`.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.figures import flat_places
    >>> places = pd.DataFrame({"x": [0.0, 0.05], "y": [0.0, 0.0], "z": [0.1, 0.08]})
    >>> flat_places(places, "eeg").round(2).tolist()  # the second lies to the right
    [[0.0, -0.01], [0.05, -0.01]]
    """
    points = places[["x", "y", "z"]].to_numpy(dtype=float)
    points = points - (CAP_CENTRE if kind == "eeg" else _sphere_centre(points))
    along = points[:, :2] / np.maximum(np.linalg.norm(points[:, :2], axis=1), 1e-12)[:, None]
    angles = np.arccos(points[:, 2] / np.linalg.norm(points, axis=1))
    widest = np.radians(100) if kind == "eeg" else 1.08 * angles.max()
    return np.asarray(OUTLINE * along * (angles / widest)[:, None])


def topographies(
    values: FloatArray,
    places: pd.DataFrame,
    titles: Sequence[str],
    *,
    kind: Literal["eeg", "meg"],
    quantity: str,
    signed: bool = True,
) -> Figure:
    """Draw values over the head, nose up, one map per row of values, on one colour scale.

    Parameters
    ----------
    values : ndarray of shape (n_maps, n_sensors)
        At most seven maps.
    places : DataFrame of n_sensors rows
        As in :func:`flat_places`.
    titles : sequence of str
        Name of each map, such as its time.
    kind : {"eeg", "meg"}
        Electrodes, or sensors of a helmet that measure the field along their axis.
    quantity : str
        What is drawn, with its unit.
    signed : bool
        Whether values have a sign: then colours are symmetric about 0; otherwise they begin at 0.

    Notes
    -----
    Nothing is drawn beyond the sensors: a cap over the back of the head says nothing about its front.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion.figures import topographies
    >>> angle = np.arange(8) * np.pi / 4
    >>> places = pd.DataFrame({"x": 0.06 * np.cos(angle), "y": 0.06 * np.sin(angle), "z": 0.07})
    >>> figure = topographies(np.cos(angle)[None], places, ["100 ms"], kind="eeg", quantity="response (µV)")
    >>> figure.axes[0].get_title(loc="center"), figure.axes[-1].get_ylabel()
    ('100 ms', 'response (µV)')
    """
    from mne.viz import plot_topomap

    largest = float(np.abs(values).max())
    figure, axes = page_figure(1.7 if len(values) > 3 else 2.5, 1, len(values))
    flat = flat_places(places, kind)
    for ax, row, title in zip(axes[0], values, titles, strict=True):
        image, _ = plot_topomap(
            np.asarray(row, dtype=np.float64),
            flat,
            axes=ax,
            show=False,
            cmap=DIVERGING if signed else SEQUENTIAL,
            vlim=(-largest if signed else 0.0, largest),
            sphere=OUTLINE,
            contours=4,
            extrapolate="local",
        )
        ax.set_title(title, loc="center", fontsize=9.5)
    bar = figure.colorbar(image, ax=axes[0].tolist(), label=quantity, shrink=0.85, aspect=14, pad=0.02)
    bar.ax.tick_params(labelsize=8.5)
    return figure


def _sphere_centre(points: FloatArray) -> FloatArray:
    """Centre of the sphere nearest to points, by linear least squares."""
    design = np.column_stack([2 * points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(design, (points**2).sum(axis=1))[0][:3])
