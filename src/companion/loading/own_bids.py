"""Your own BIDS folder: EEG, MEG or intracranial recordings to MNE epochs, with what its events files say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError, MissingDataError
from companion.loading.bids_surroundings import check_signals, check_surroundings
from companion.loading.brainvision import check_parts
from companion.loading.reading import advising, foreign_reader, numbers, one_of, read_table

if TYPE_CHECKING:
    import mne
    import mne_bids

    Prepare = Callable[[mne.io.BaseRaw], mne.io.BaseRaw]
    """What is done to a continuous recording before it is cut, such as a filter."""

DATATYPES = ("eeg", "meg", "ieeg")
_EVENT = "stimulus"


@advising("look at the events file of the run, and at the recording in MNE")
def epochs_from_bids(
    root: Path,
    subject: str,
    *,
    task: str,
    datatype: Literal["eeg", "meg", "ieeg"] = "eeg",
    keep: Callable[[pd.DataFrame], pd.Series[bool]] | None = None,
    prepare: Prepare | None = None,
    tmin: float = -0.2,
    tmax: float = 0.8,
    baseline: tuple[float | None, float | None] | None = (None, 0.0),
    reject: dict[str, float] | None = None,
) -> mne.Epochs:
    """Cut all runs of one person in a BIDS folder into epochs.

    Parameters
    ----------
    root : Path
        The folder with ``dataset_description.json``.
    subject, task : str
        BIDS labels, without ``sub-`` and ``task-``. All sessions and runs are taken.
    datatype : {"eeg", "meg", "ieeg"}
    keep : callable, optional
        From the table of events of a run to a mask of its trials; all rows are trials if left out.
    prepare : callable, optional
        What is done to each continuous recording first; it is loaded into memory and may be changed.
    tmin, tmax : float
        Seconds from the onset of an event.
    baseline : pair of float, optional
        As in ``mne.Epochs``; None for no correction.
    reject : dict, optional
        Largest range within a trial by type of channel, in the units of MNE, such as ``{"eeg": 100e-6}``.

    Returns
    -------
    mne.Epochs
        Metadata: the columns of the events files, with ``session`` and ``run``. Hand them to
        :func:`recording_from_epochs`.

    Raises
    ------
    DataError
        If nothing fits the labels, a recording cannot be read or has no events file, an onset is no number or
        outside the recording, no row is kept, or runs do not fit together.

    References
    ----------
    Appelhoff et al. (2019), Journal of Open Source Software 4, 1896 (MNE-BIDS).
    Pernet et al. (2019), Scientific Data 6, 103 (EEG-BIDS).

    Examples
    --------
    One run of two channels in which two pictures were shown, written by MNE-BIDS and cut again:

    >>> import tempfile
    >>> import mne, mne_bids, numpy as np
    >>> from companion.loading import epochs_from_bids, recording_from_epochs
    >>> info = mne.create_info(["O1", "O2"], sfreq=100.0, ch_types="eeg")
    >>> info["line_freq"] = 50.0
    >>> signals = np.random.default_rng(0).normal(size=(2, 500)) * 1e-6
    >>> raw = mne.io.RawArray(signals, info, verbose="error")
    >>> _ = raw.set_annotations(mne.Annotations([1.0, 3.0], [0.5, 0.5], ["cat", "dog"]))
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = mne_bids.BIDSPath("01", task="pictures", root=name, datatype="eeg")
    ...     _ = mne_bids.write_raw_bids(
    ...         raw, path, format="BrainVision", allow_preload=True, verbose="error"
    ...     )
    ...     epochs = epochs_from_bids(name, "01", task="pictures", tmin=-0.1, tmax=0.4)
    >>> recording_from_epochs(epochs, stimulus="trial_type", subject="sub-01")
    Recording(own, sub-01, EEG, train: 2 x 2 x 51, 2 stimuli)

    Continuous data are filtered before they are cut, and events are chosen by what their file says:

    .. code-block:: python

        epochs_from_bids(
            Path("my-study"), "01", task="pictures",
            keep=lambda events: events["trial_type"] == "picture",
            prepare=lambda raw: raw.filter(0.1, 40.0),
        )
    """
    import mne

    runs, others = _recordings(Path(root), subject, task, datatype)
    if not runs:
        raise DataError(
            "No recording in the folder has these labels",
            where=root,
            expected=f"sub-{subject}, task-{task}, {datatype}",
            got=", ".join(others) or "none of that person and task",
            do="look at the names of the files; labels are given without sub- and task-",
        )
    cut: dict[str, object] = {"tmin": tmin, "tmax": tmax, "baseline": baseline, "reject": reject}
    parts = [_cut(_events(path, keep), _opened(path, prepare), cut, path.fpath) for path in runs]
    with foreign_reader(
        "The runs do not fit together", where=root, do="give all runs the same channels and rate"
    ):
        return mne.concatenate_epochs(parts, verbose="error") if len(parts) > 1 else parts[0]


def _recordings(
    root: Path, subject: str, task: str, datatype: str
) -> tuple[list[mne_bids.BIDSPath], list[str]]:
    """Find the recordings that have these labels, and the names of all files that do."""
    import mne_bids

    known = mne_bids.config.ALLOWED_DATATYPE_EXTENSIONS
    one_of(datatype, DATATYPES, what="No recording of this type is read", where="datatype")
    if not root.is_dir():
        raise MissingDataError(
            "There is no such folder",
            where=root,
            expected="the folder with dataset_description.json",
            got="a file" if root.exists() else "nothing of this name",
            do="name the root of the BIDS data set",
        )
    with foreign_reader("The folder cannot be searched", where=root, do="name its files as BIDS has it"):
        paths = mne_bids.find_matching_paths(
            root, subjects=subject, tasks=task, datatypes=datatype, suffixes=datatype, ignore_json=True
        )
    runs = sorted((path for path in paths if path.extension in known[datatype]), key=str)
    return runs, sorted({path.basename for path in paths})


def _opened(path: mne_bids.BIDSPath, prepare: Prepare | None) -> mne.io.BaseRaw:
    import mne
    import mne_bids

    check_surroundings(path.fpath, Path(path.root))
    if path.extension == ".vhdr":
        check_parts(path.fpath)
    with foreign_reader(
        "A recording cannot be read", where=path.fpath, do="look at it with MNE, or copy it again"
    ):
        raw = mne_bids.read_raw_bids(path, verbose="error")
        check_signals(raw.filenames, path.fpath, Path(path.root))
        raw.load_data(verbose="error")
        raw.set_annotations(None)  # events come from their file, with all of its columns
    prepared = raw if prepare is None else prepare(raw)
    if not isinstance(prepared, mne.io.BaseRaw):
        raise DataError(
            "What prepare gives back is no recording",
            where=path.fpath,
            expected="a recording of MNE",
            got=type(prepared).__name__,
            do="end it with return raw",
        )
    return prepared


def _events(path: mne_bids.BIDSPath, keep: Callable[[pd.DataFrame], pd.Series[bool]] | None) -> pd.DataFrame:
    """Rows of the events file that are trials, with session and run."""
    file = path.copy().update(suffix="events", extension=".tsv").fpath
    if not file.is_file():
        raise DataError("A recording has no events file", where=path.fpath, expected=file.name, got="none")
    table = events_table(file)
    if keep is not None:
        table = table[_mask(keep(table), table, file)]
    if table.empty:
        raise DataError(
            "No event of a run is kept",
            where=file,
            expected="one trial or more",
            got="none",
            do="look at what keep says of its rows",
        )
    return table.assign(session=path.session, run=path.run).reset_index(drop=True)


def events_table(file: Path) -> pd.DataFrame:
    """Events of a run as BIDS has them: numbers where a column has nothing else, ``n/a`` for what is missing.

    Raises
    ------
    DataError
        If it is no table, or an onset is no number.
    """
    numbers(read_table(file, ("onset", "duration")), "onset", where=file)
    table: pd.DataFrame = pd.read_csv(file, sep="\t", na_values="n/a", encoding="utf-8-sig", low_memory=False)
    return table


def _mask(kept: object, table: pd.DataFrame, file: Path) -> npt.NDArray[np.bool_]:
    mask = np.asarray(kept)
    if mask.shape != (len(table),) or mask.dtype != bool:
        raise DataError(
            "What keep gives back is no mask of the events",
            where=file,
            expected=f"True or False for each of {len(table)} rows",
            got=f"{mask.dtype} {mask.shape}",
            do="fill in what is missing, such as .fillna(False)",
        )
    return mask


def _cut(events: pd.DataFrame, raw: mne.io.BaseRaw, cut: dict[str, object], file: Path) -> mne.Epochs:
    import mne

    # Onsets, not the column "sample": that one counts samples of the file, which may have been resampled.
    onsets = np.rint(events["onset"].to_numpy() * raw.info["sfreq"])
    if ((onsets < 0) | (onsets >= raw.n_times)).any():
        row = int(np.flatnonzero((onsets < 0) | (onsets >= raw.n_times))[0])
        raise DataError(
            "An event lies outside its recording",
            where=f"{file}, row {row} of those kept",
            expected=f"onsets from 0 to {raw.times[-1]:g} s",
            got=f"{events['onset'].iloc[row]:g} s",
            do="leave it out with keep, or check that onsets are in seconds",
        )
    samples = raw.first_samp + onsets.astype(int)
    codes = np.column_stack([samples, np.zeros_like(samples), np.ones_like(samples)])
    with foreign_reader(
        "Epochs cannot be cut", where=file, do="look at the events, tmin, tmax, baseline and reject"
    ):
        return mne.Epochs(raw, codes, {_EVENT: 1}, metadata=events, preload=True, verbose="error", **cut)
