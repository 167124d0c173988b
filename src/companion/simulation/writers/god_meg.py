"""Write MEG of the GOD images as epochs of MNE, in the layout of :mod:`companion.loading.god.meg`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.god.meg_files import METADATA, SPLITS

if TYPE_CHECKING:
    import mne

ASYNCHRONY = 0.5
"""Seconds from one onset to the next."""
_CODES = {name: number for number, name in enumerate(SPLITS, start=1)}


def write_god_meg_session(
    folder: Path,
    subject: int,
    session: str,
    responses: npt.NDArray[np.floating[Any]],
    trials: pd.DataFrame,
    info: mne.Info,
    *,
    start: float = -0.1,
    simulated: bool = True,
) -> list[Path]:
    """Write ``sub-M1_ses-01_epo.fif``, and further parts where it is above 2 GB.

    MNE works in float64: it needs memory for the responses once more if these are float64, else for twice as
    much.

    Parameters
    ----------
    folder : Path
        Where to.
    subject : int
        1 to 3.
    session : str
        ``01`` and so on.
    responses : ndarray of shape (n_trials, n_sensors, n_times)
        Tesla; kept in single precision.
    trials : DataFrame of n_trials rows
        ``stimulus``, ``split`` (train or test) and ``run``, in the order shown.
    info : mne.Info
        Sensors, such as :func:`gradiometer_info` makes them. It is not changed.
    start : float
        Seconds of the first sample from onset.
    simulated : bool
        Whether the description in the file says that it is simulated.

    Returns
    -------
    list of Path
        The parts, the first one first.

    Raises
    ------
    DataError
        If a trial is of no split.
    """
    import mne

    codes = trials["split"].map(_CODES)
    if codes.isna().any():
        raise DataError("A trial is of no split", expected=SPLITS, got=trials["split"][codes.isna()].iloc[0])
    info = info.copy()
    if simulated:
        info["description"] = "SIMULATED MEG of the GOD images"
    step = round(ASYNCHRONY * info["sfreq"])
    onsets = np.arange(1, len(trials) + 1) * step
    events = np.column_stack([onsets, np.zeros_like(onsets), codes.to_numpy(dtype=onsets.dtype)])
    epochs = mne.EpochsArray(
        responses,
        info,
        events,
        tmin=start,
        event_id={name: code for name, code in _CODES.items() if name in set(trials["split"])},
        metadata=trials[list(METADATA)].reset_index(drop=True),
        baseline=None,
        proj=False,
        verbose="error",
    )
    folder.mkdir(parents=True, exist_ok=True)
    # A part names the next one inside, so all are written under their own names, elsewhere, and then moved.
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as elsewhere:
        path = Path(elsewhere) / f"sub-M{subject}_ses-{session}_epo.fif"
        parts = [Path(part) for part in epochs.save(path, fmt="single", verbose="error")]
        for part in reversed(parts):  # the first part last: without it there is no file to open
            part.replace(folder / part.name)
    return [folder / part.name for part in parts]


def gradiometer_info(
    places: npt.NDArray[np.float64], outward: npt.NDArray[np.float64], sampling_rate: float
) -> mne.Info:
    """Describe axial gradiometers of the Yokogawa kind: coils 50 mm apart, along the line out of the head.

    Parameters
    ----------
    places : ndarray of shape (n_sensors, 3)
        Metres, in head coordinates: the coil that is nearer to the head.
    outward : ndarray of shape (n_sensors, 3)
        Directions out of the head, of any length.
    sampling_rate : float
        Samples per second.

    Returns
    -------
    mne.Info
        Sensors ``MEG 001`` and so on, ready for MNE's forward models; helmet and head coordinates agree.
    """
    import mne
    from mne.io.constants import FIFF

    names = [f"MEG {number:03d}" for number in range(1, len(places) + 1)]
    info = mne.create_info(names, sampling_rate, "mag", verbose="error")
    for channel, place, normal in zip(info["chs"], places, outward, strict=True):
        axis = normal / np.linalg.norm(normal)
        across = np.linalg.svd(axis[np.newaxis])[2][1]  # any direction in the plane of the coil
        channel["loc"][:] = np.concatenate([place, across, np.cross(axis, across), axis])
        channel["coil_type"] = FIFF.FIFFV_COIL_KIT_GRAD
        channel["coord_frame"] = FIFF.FIFFV_COORD_DEVICE
    with info._unlock():
        info["dev_head_t"] = mne.transforms.Transform("meg", "head", np.eye(4))
    return info
