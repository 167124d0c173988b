"""Write THINGS-MEG epochs by MNE, in the layout that :mod:`companion.loading.things_meg.epochs` reads."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.loading.things_meg.epochs import epochs_file

if TYPE_CHECKING:
    import mne


class Rows(Protocol):
    """What has a shape and hands out rows: an array, a memory map, an array of an HDF5 file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis."""

    def __getitem__(self, row: int, /) -> npt.NDArray[np.floating[Any]]:
        """One trial: (n_sensors, n_times)."""


def write_things_meg(
    folder: Path,
    subject: int,
    responses: Rows,
    metadata: pd.DataFrame,
    info: mne.Info,
    *,
    start: float = -0.1,
    split_size: str = "2GB",
    simulated: bool = True,
) -> list[Path]:
    """Write ``preprocessed_P<n>-epo.fif`` and the further parts that its size asks for.

    Responses are taken row by row as MNE asks for them, a part at a time; in memory there is one part, three
    times over (float64, and the file's float32). Smaller parts take less.

    Parameters
    ----------
    folder : Path
        Where to.
    subject : int
        1 to 4.
    responses : array of shape (n_trials, n_sensors, n_times)
        In the units of the file, kept with single precision; may be a memory map or an array of an open HDF5
        file.
    metadata : DataFrame of n_trials rows
        ``trial_type`` (exp, test, catch), ``category_nr``, ``exemplar_nr``, ``test_image_nr``, ``image_nr``
        and ``image_path``, as in the official files.
    info : mne.Info
        Sensors with their places, and the sampling rate. It is not changed.
    start : float
        Seconds of the first sample from stimulus onset.
    split_size : str
        Size from which MNE starts another part; the format ends at 2 GB.
    simulated : bool
        Whether the description in the file says that it is simulated.

    Returns
    -------
    list of Path
        The parts, the first one first.
    """
    info = info.copy()
    if simulated:
        info["description"] = "SIMULATED responses in the layout of THINGS-MEG"
    epochs = _epochs(responses, metadata, info, start)
    folder.mkdir(parents=True, exist_ok=True)
    # A part names the next one inside, so all are written under their own names, elsewhere, and then moved.
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as elsewhere:
        written = epochs.save(
            Path(elsewhere) / epochs_file(subject), fmt="single", split_size=split_size, verbose="error"
        )
        parts = [Path(part) for part in written]
        for part in reversed(parts):  # the first part last: without it there is no file to open
            part.replace(folder / part.name)
    return [folder / part.name for part in parts]


def _epochs(responses: Rows, metadata: pd.DataFrame, info: mne.Info, start: float) -> mne.BaseEpochs:
    """Epochs that MNE reads from ``responses`` when it saves them."""
    import mne

    class Streamed(mne.BaseEpochs):  # type: ignore[misc]  # MNE has no types
        def _get_epoch_from_raw(self, idx: int, verbose: object = None) -> npt.NDArray[np.float64]:
            return np.asarray(self._raw[int(self.selection[idx])], dtype=np.float64)

    n_trials, _, n_times = responses.shape
    codes = metadata["image_nr"].fillna(0).to_numpy(dtype=np.int64)  # catch trials have none
    epochs = Streamed(
        info,
        None,
        np.column_stack([np.arange(1, n_trials + 1) * n_times, np.zeros_like(codes), codes]),
        tmin=start,
        tmax=start + (n_times - 1) / info["sfreq"],
        baseline=None,
        raw=responses,
        metadata=metadata,
        proj=False,
        verbose="error",
    )
    epochs.drop_bad(verbose="error")
    return epochs
