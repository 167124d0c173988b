"""Recordings of Generic Object Decoding: fMRI of people who saw, or imagined, objects of ImageNet categories.

Two layouts, both BData. *Classic*: one file ``Subject1.h5`` per person with all rows; ``DataType`` says which
are training (1), perception test (2) and imagery (3), ``stimulus_id`` which image was shown. *Per task*: one
whole-brain file per person and task. Of the latter less is documented; what is taken for granted here is that
a label ``stimulus_name`` with its table of texts, or else a float ``stimulus_number``, names what was shown,
and that ``Run``, ``VoxelData`` and ``ROI_<name>`` are as in the classic files. Anything else is refused.

Rows are told apart by these labels alone, never by their order, and compared with the stimulus lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.god.bdata import BData, Indices, open_bdata
from companion.loading.god.stimuli import LISTS, GodStimuli, category_of, stimuli_of_label
from companion.loading.reading import advising, official, one_of
from companion.recording import Recording, Split

DATA_TYPES: Mapping[Split, int] = {"train": 1, "test": 2, "imagery": 3}
"""What ``DataType`` says of a row of a classic file."""

TASKS: Mapping[Split, str] = {"train": "ImageNetTraining", "test": "ImageNetTest", "imagery": "Imagery"}
"""Name of the task in the file names of the per-task layout."""


@advising(official("god-fmri"))
def load_god(
    folder: Path,
    subject: int,
    *,
    split: Split,
    stimuli: GodStimuli,
    rois: Sequence[str] | None = None,
) -> Recording:
    """Read one split of one person from a classic combined file, ``Subject<n>.h5``.

    Parameters
    ----------
    folder : Path
        Where the official files lie.
    subject : int
        Number of the person, 1 to 5.
    split : {"train", "test", "imagery"}
        Training images, each seen once; test images seen repeatedly; test categories imagined repeatedly.
    stimuli : GodStimuli
        The lists the file is compared with, such as `companion.loading.god.stimuli.god_stimuli()`.
    rois : sequence of str, optional
        Regions to read, such as ``["V1", "V4"]``, each voxel once and in the order of the file; every voxel
        if left out.

    Returns
    -------
    Recording
        One value per trial and voxel: the mean over one block, preprocessed as released. ``trials`` has
        ``stimulus`` (for imagery the category), ``category`` and ``run``, in the order of the file; ``units``
        has one ``roi_<name>`` per region of the file, and ``x``, ``y``, ``z`` where the file places its
        voxels (its millimetres turned into metres).

    Raises
    ------
    DataError
        If the file is cut short or lacks a key, a value is not finite, a test category was shown in training,
        or trials are missing, repeated or unknown to the lists.

    References
    ----------
    Horikawa & Kamitani (2017), Nature Communications 8, 15037.

    Examples
    --------
    One training image, one test image and two voxels, written in the classic layout and read again:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, pandas as pd
    >>> from companion import Recording
    >>> from companion.loading import GodStimuli, load_god
    >>> from companion.simulation.writers.god import write_god
    >>> names = pd.DataFrame({"stimulus": ["n00000001_5", "n00000002_7"],
    ...     "category": ["n00000001", "n00000002"], "category_index": [1, 2], "image_index": [1, 2]})
    >>> categories = names[["category", "category_index"]].assign(stimulus=names["category"])
    >>> stimuli = GodStimuli(names[:1], names[1:], categories[1:])
    >>> voxels = pd.DataFrame({"name": ["a", "b"], "roi_V1": [True, False], "roi_V4": [False, True]})
    >>> def seen(split, stimulus, values):
    ...     trials = pd.DataFrame({"stimulus": [stimulus], "run": [1]})
    ...     return Recording(np.array([values]), trials, voxels, "Subject1", "GOD", "fMRI", split)
    >>> parts = [seen("train", "n00000001_5", [1.0, 2.0]), seen("test", "n00000002_7", [3.0, 4.0])]
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_god(Path(name), 1, parts, stimuli)
    ...     recording = load_god(Path(name), 1, split="test", stimuli=stimuli, rois=["V4"])
    >>> recording, recording.responses.tolist()
    (Recording(GOD, Subject1, fMRI, test: 1 x 1, 1 stimuli, simulated), [[4.0]])
    """
    one_of(split, LISTS, what="GOD has no such split", where="split")
    with open_bdata(folder / f"Subject{subject}.h5") as bdata:
        trials = _classic_trials(bdata)
        return _recording(bdata, trials, subject, split, stimuli, rois)


@advising(official("god-fmri-per-task"))
def load_god_task(
    folder: Path,
    subject: int,
    *,
    split: Split,
    stimuli: GodStimuli,
    rois: Sequence[str] | None = None,
) -> Recording:
    """Read one split of one person from a file of the per-task layout, ``Subject<n>_<task>.h5``.

    These files hold the whole brain, with other preprocessing than the classic ones: name the regions wanted,
    or the result takes about 1 GB. Parameters, result and errors are those of :func:`load_god`.

    Raises
    ------
    DataError
        Also if a file has rows of several ``trial_type``: which is which is not documented.
    """
    one_of(split, LISTS, what="GOD has no such split", where="split")
    with open_bdata(folder / f"Subject{subject}_{TASKS[split]}.h5") as bdata:
        trials = _task_trials(bdata, split)
        return _recording(bdata, trials, subject, split, stimuli, rois)


def _recording(
    bdata: BData,
    trials: pd.DataFrame,
    subject: int,
    split: Split,
    stimuli: GodStimuli,
    rois: Sequence[str] | None,
) -> Recording:
    _check_trials(trials, stimuli, bdata.path)
    trials = trials[trials["split"] == split]
    if trials.empty:
        got = f"none of {bdata.n_rows} rows"
        raise DataError("A file has no trials of a split", where=bdata.path, expected=split, got=got)
    columns, units = _voxels(bdata, rois)
    return Recording(
        responses=bdata.read(trials.index.to_numpy(dtype=np.intp), columns),
        trials=trials[["stimulus", "category", "run"]].reset_index(drop=True),
        units=units,
        subject=f"Subject{subject}",
        dataset="GOD",
        modality="fMRI",
        split=split,
        simulated=bdata.simulated,
    )


def _classic_trials(bdata: BData) -> pd.DataFrame:
    """Split, stimulus, category and run of each row of a classic file, indexed by row."""
    # Files made from the MATLAB release know stimulus_id by the older name Label.
    number_key = "stimulus_id" if "stimulus_id" in bdata.keys else "Label"
    types = bdata.label("DataType")
    names = {code: split for split, code in DATA_TYPES.items()}
    if unknown := [row for row, code in enumerate(types) if code not in names]:
        row = unknown[0]
        raise DataError(
            "A row is neither training, test nor imagery",
            where=f"{bdata.path}, DataType, row {row}",
            expected=sorted(names),
            got=types[row],
        )
    return _trials(bdata, [names[code] for code in types], stimuli_of_label(bdata, number_key))


def _task_trials(bdata: BData, split: Split) -> pd.DataFrame:
    """Split, stimulus, category and run of each row of a per-task file, indexed by row."""
    if "stimulus_name" in bdata.keys:
        texts = [text.removesuffix(".JPEG") for text in bdata.names("stimulus_name")]
    elif "stimulus_number" in bdata.keys:
        texts = stimuli_of_label(bdata, "stimulus_number")
    else:
        raise DataError(
            "A per-task file does not say what was shown",
            where=bdata.path,
            expected="stimulus_name or stimulus_number",
            got=", ".join(bdata.keys),
        )
    if "trial_type" in bdata.keys and len(types := np.unique(bdata.label("trial_type"))) > 1:
        raise DataError(
            "A per-task file has rows of several types, and which is which is not documented",
            where=f"{bdata.path}, trial_type",
            expected="one value",
            got=list(types),
        )
    return _trials(bdata, [split] * bdata.n_rows, texts)


def _trials(bdata: BData, splits: Sequence[Split], stimuli: Sequence[str]) -> pd.DataFrame:
    runs = bdata.label("Run")
    whole = (runs == np.round(runs)) & (np.abs(runs) < 2**31)  # NaN is unequal to itself
    if not whole.all():
        raise DataError(
            "A run is not a whole number",
            where=f"{bdata.path}, Run, row {int(np.flatnonzero(~whole)[0])}",
            expected="a whole number",
            got=runs[~whole][0],
        )
    table = pd.DataFrame({"split": splits, "stimulus": stimuli, "run": runs.astype(int)})
    table["category"] = [category_of(name) for name in stimuli]
    # What was imagined is a category; the MATLAB release names its test image as well.
    table["stimulus"] = table["stimulus"].where(table["split"] != "imagery", table["category"])
    return table


def _check_trials(trials: pd.DataFrame, stimuli: GodStimuli, path: Path) -> None:
    """Compare all rows of a file with the lists: nothing leaks, is missing, unknown or repeated unevenly."""
    categories = {"train": set(stimuli.train["category"]), "test": set(stimuli.test["category"])}
    trained = trials["split"] == "train"
    leaks = trials[trained & trials["category"].isin(categories["test"])]
    if leaks.size:
        _refuse("A test category was shown in training", path, leaks)
    leaks = trials[~trained & trials["category"].isin(categories["train"])]
    if leaks.size:
        _refuse("A training category is among the test trials", path, leaks)
    for split in LISTS:
        group = trials[trials["split"] == split]
        if len(group):  # whether a file must have this split is for the caller to say
            _check_counts(group, split, stimuli.of(split)["stimulus"], path)


def _check_counts(trials: pd.DataFrame, split: Split, listed: pd.Series[str], path: Path) -> None:
    """Each training image once; each test image, or imagined category, as often as any other."""
    unknown = trials[~trials["stimulus"].isin(listed)]
    if unknown.size:
        _refuse(f"A stimulus is not in the list {LISTS[split]}", path, unknown)
    counts = trials["stimulus"].value_counts().reindex(listed, fill_value=0)
    expected = 1 if split == "train" else int(counts.mode().max())
    odd = counts[counts != expected]
    if odd.size:
        raise DataError(
            f"{len(odd)} of {len(counts)} stimuli have too few or too many {split} trials",
            where=f"{path}, {odd.index[0]}",
            expected=f"{expected} of each stimulus in {LISTS[split]}",
            got=odd.iloc[0],
        )


def _refuse(what: str, path: Path, rows: pd.DataFrame) -> None:
    raise DataError(
        what, where=f"{path}, row {rows.index[0]}", got=f"{rows['stimulus'].iloc[0]}, {len(rows)} rows in all"
    )


def _voxels(bdata: BData, rois: Sequence[str] | None) -> tuple[Indices, pd.DataFrame]:
    """Columns of the voxels wanted, and their table of units."""
    members = {key.removeprefix("ROI_"): bdata.columns(key) for key in bdata.keys if key.startswith("ROI_")}
    for name in rois or ():
        one_of(name, sorted(members), what="Unknown region", where=bdata.path)
    voxels = bdata.columns("VoxelData")
    if outside := [name for name, columns in members.items() if not np.isin(columns, voxels).all()]:
        raise DataError("A region has columns that are no voxels", where=bdata.path, got=f"ROI_{outside[0]}")
    wanted = [members[name] for name in members if rois is None or name in rois]
    columns = voxels if rois is None else np.unique(np.concatenate([voxels[:0], *wanted]))
    if not len(columns):
        raise DataError(
            "No voxel is in the regions asked for", where=bdata.path, expected=sorted(members), got=rois
        )
    # A voxel keeps its name whichever regions are read.
    units = pd.DataFrame({"name": [f"voxel_{at:06d}" for at in np.searchsorted(voxels, columns)]})
    for axis in ("x", "y", "z"):
        if f"voxel_{axis}" in bdata.keys:
            units[axis] = _places(bdata, f"voxel_{axis}", columns)
    for name, inside in members.items():
        units[f"roi_{name}"] = np.isin(columns, inside)
    return columns, units


def _places(bdata: BData, key: str, columns: Indices) -> npt.NDArray[np.float64]:
    millimetres = bdata.metadata(key)[columns]
    if not np.isfinite(millimetres).all():
        column = columns[~np.isfinite(millimetres)][0]
        raise DataError(
            "A voxel has no place",
            where=f"{bdata.path}, {key}, column {column}",
            expected="millimetres",
            got=millimetres[~np.isfinite(millimetres)][0],
        )
    return millimetres / 1000
