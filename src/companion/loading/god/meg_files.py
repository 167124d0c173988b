"""Files of the GOD-MEG layout: epochs of one session each, opened, compared, read in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError, MissingDataError
from companion.loading.fif_epochs import open_epochs
from companion.loading.god.checks import check_image_names
from companion.loading.god.time_bins import Array
from companion.loading.reading import foreign_reader
from companion.recording_checks import all_finite, check_times

if TYPE_CHECKING:
    import mne

SPLITS = ("train", "test")
METADATA = ("stimulus", "split", "run")
"""Columns that the metadata of the epochs must have."""


@dataclass(frozen=True, eq=False)
class Session:
    """One file of epochs, opened but not read.

    Parameters
    ----------
    path : Path
        Its first part.
    name : str
        Session, as in the file name.
    epochs : mne.BaseEpochs
        Signals on disk.
    metadata : DataFrame
        The columns of ``METADATA``, one row per epoch.
    """

    path: Path
    name: str
    epochs: mne.BaseEpochs
    metadata: pd.DataFrame

    @property
    def simulated(self) -> bool:
        """Whether the description in the file says so."""
        return str(self.epochs.info["description"] or "").startswith("SIMULATED")

    def read(self, rows: npt.NDArray[np.intp], sensors: Sequence[str]) -> Array:
        """Read some epochs: ndarray of shape (n_rows, n_sensors, n_samples).

        Raises
        ------
        DataError
            If they cannot be read, or a sample is not finite.
        """
        where = f"{self.path.name}, epochs {rows[0]} to {rows[-1]}"
        with foreign_reader("Epochs cannot be read", where=where, do="copy the file and its parts again"):
            values: Array = self.epochs.get_data(picks=list(sensors), item=rows, copy=False, verbose="error")
        if not all_finite(values):
            row, sensor, _ = np.argwhere(~(np.abs(values) <= np.finfo(np.float32).max))[0]
            raise DataError(
                "A sample is not a finite number",
                where=f"{self.path.name}, epoch {rows[row]}, sensor {sensors[sensor]}",
                expected="finite numbers of single precision",
                do="mark the sensor as bad in the file",
            )
        return values


def session_files(folder: Path, label: str) -> list[Path]:
    """List the files of a person, in the order of sessions.

    Raises
    ------
    MissingDataError
        If there is none.
    """
    found = sorted(folder.glob(f"sub-{label}_ses-*_epo.fif"))
    if not found:
        raise MissingDataError(
            f"No MEG epochs of person {label}", where=folder, expected=f"sub-{label}_ses-01_epo.fif"
        )
    return found


def open_session(path: Path) -> Session:
    """Open a file and check its metadata.

    Raises
    ------
    DataError
        If the file is damaged, lacks a column, or names an image or split that does not exist.
    """
    epochs = open_epochs(path)
    columns = [] if epochs.metadata is None else list(epochs.metadata.columns)
    if missing := [name for name in METADATA if name not in columns]:
        raise DataError(
            f"The metadata of the epochs lack {missing[0]!r}",
            where=path.name,
            expected=", ".join(METADATA),
            got=", ".join(columns) or "no metadata",
        )
    metadata = epochs.metadata[list(METADATA)].reset_index(drop=True)
    check_image_names(metadata["stimulus"], where=path.name)
    if unknown := sorted(set(map(str, metadata["split"])) - set(SPLITS)):
        raise DataError("An epoch is of no split", where=path.name, expected=SPLITS, got=unknown[0])
    runs = metadata["run"].map(lambda run: isinstance(run, int | float | str) and run == run)
    if not runs.all():  # NaN is unequal to itself
        raise DataError(
            "An epoch is of no run",
            where=f"{path.name}, metadata, row {(~runs).idxmax()}",
            expected="a number or a text in column 'run'",
            got=repr(metadata.loc[(~runs).idxmax(), "run"]),
        )
    return Session(path, path.name.split("_")[1].removeprefix("ses-"), epochs, metadata)


def common_sensors(sessions: Sequence[Session]) -> list[str]:
    """Find the MEG sensors that are good in every session, in the order of the first.

    Raises
    ------
    DataError
        If sessions have different sensors, or none is good in all.
    """
    import mne

    first: list[str] = []
    for session in sessions:
        picks = mne.pick_types(session.epochs.info, meg=True, ref_meg=False, exclude=())
        names = [session.epochs.ch_names[pick] for pick in picks]
        first = first or names
        if set(names) != set(first):
            raise DataError(
                "The sensors of two sessions differ",
                where=f"{session.path.name} against {sessions[0].path.name}",
                expected=f"{len(first)} sensors",
                got=f"{len(names)} sensors; not in both: {', '.join(sorted(set(names) ^ set(first))[:8])}",
                do="mark the sensors that are missing in one session as bad, rather than leave them out",
            )
    bad = {name for session in sessions for name in session.epochs.info["bads"]}
    if not (good := [name for name in first if name not in bad]):
        raise DataError(
            "No MEG sensor is good in every session",
            where=sessions[0].path.name,
            expected="one or more",
            got=f"{len(first)} sensors, each bad in a session",
        )
    return good


def common_times(sessions: Sequence[Session]) -> Array:
    """Find the times of the samples, in seconds from onset: ndarray of shape (n_samples,).

    Raises
    ------
    DataError
        If sessions differ.
    """
    times = np.asarray(sessions[0].epochs.times, dtype=np.float64)
    check_times(times, where=sessions[0].path.name)
    for session in sessions[1:]:
        other = session.epochs.times
        if len(other) != len(times) or not np.allclose(other, times, rtol=0, atol=1e-6):
            raise DataError(
                "The epochs of two sessions are sampled at other times",
                where=session.path.name,
                expected=f"{len(times)} samples, {times[0]:g} to {times[-1]:g} s",
                got=f"{len(other)} samples, {other[0]:g} to {other[-1]:g} s",
            )
    return np.round(times, 9)
