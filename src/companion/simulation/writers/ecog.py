"""Write ECoG in the BIDS iEEG layout that :mod:`companion.loading.ecog.responses` reads.

mne-bids and pybv write the BrainVision files and most of the tables; the column ``region`` of the electrodes
and the marker ``"Simulated": true`` of ``dataset_description.json`` are added here.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.system.whole_files import whole_path

LINE_FREQUENCY = 60.0
"""Hertz; Osaka lies in the 60 Hz half of Japan."""
_STIM_ID = "Name of the GOD image (ImageNet), or of an image of another set."


@dataclass(frozen=True, eq=False)
class EcogRun:
    """What one run holds.

    Parameters
    ----------
    session, task, run : str
        BIDS labels: ``01``; ``baseline``, ``training`` or ``test``; ``01``.
    signals : ndarray of shape (n_channels, n_samples)
        Volts, channels in the order of the electrodes. Stored as float32.
    events : DataFrame
        ``onset`` and ``duration`` in seconds, ``trial_type`` and ``stim_id``, in the order of onsets.
    bad : tuple of str
        Channels marked as bad.
    """

    session: str
    task: str
    run: str
    signals: npt.NDArray[np.float64]
    events: pd.DataFrame
    bad: tuple[str, ...] = ()


def write_ecog_subject(
    folder: Path,
    subject: int,
    runs: Iterable[EcogRun],
    *,
    electrodes: pd.DataFrame,
    sampling_rate: float,
    simulated: bool = True,
) -> Path:
    """Write one patient: all runs, or, when something fails on the way, nothing.

    Parameters
    ----------
    folder : Path
        Root of the BIDS data set, made when it is absent; other patients in it stay.
    subject : int
        1 for patient E1.
    runs : iterable of EcogRun
        Taken one at a time, so that a generator needs the memory of one run: of its signals, and about four
        times as much for what mne-bids and pybv make of them.
    electrodes : DataFrame
        ``name``; ``x``, ``y``, ``z`` in metres of fsaverage space; ``region``; ``type`` (ECOG or SEEG).
    sampling_rate : float
        Samples per second.
    simulated : bool
        Mark the data set as simulated.

    Returns
    -------
    Path
        The patient's folder.

    Raises
    ------
    DataError
        If the patient is there already, the data set carries the other marker, shapes do not fit, or an event
        lies outside its run.
    """
    label = f"E{subject}"
    target = folder / f"sub-{label}"
    if target.exists():
        raise DataError("This patient is written already", where=target, do="remove the folder first")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
        root = Path(name)
        for run in runs:
            _write_run(root, label, run, electrodes, sampling_rate)
        for file in root.glob(f"sub-{label}/ses-*/ieeg/*_electrodes.tsv"):
            table = pd.read_csv(file, sep="\t", dtype=str, keep_default_na=False).set_index("name")
            table["region"] = electrodes.set_index("name")["region"]
            table.to_csv(file, sep="\t")
        _describe(folder, root, simulated=simulated)
        (root / f"sub-{label}").rename(target)
    _list_participants(folder)
    return target


def _write_run(root: Path, label: str, run: EcogRun, electrodes: pd.DataFrame, sampling_rate: float) -> None:
    from mne_bids import BIDSPath, update_sidecar_json, write_raw_bids

    path = BIDSPath(
        root=root,
        subject=label,
        session=run.session,
        task=run.task,
        run=run.run,
        datatype="ieeg",
        suffix="ieeg",
        extension=".vhdr",
    )
    write_raw_bids(
        _raw(run, electrodes, sampling_rate),
        path,
        extra_columns_descriptions={"stim_id": _STIM_ID},
        format="BrainVision",
        allow_preload=True,
        readme=False,
        verbose="error",
    )
    # mne-bids takes the maker of the amplifier from the kind of file.
    update_sidecar_json(path.copy().update(extension=".json"), {"Manufacturer": "n/a"}, verbose="error")


def _raw(run: EcogRun, electrodes: pd.DataFrame, sampling_rate: float) -> Any:
    """MNE's view of a run: channels with places, bad ones, events as annotations."""
    import mne

    place = f"ses-{run.session}, task-{run.task}, run-{run.run}"
    if run.signals.ndim != 2 or len(run.signals) != len(electrodes):
        raise DataError(
            "Signals do not fit the electrodes",
            where=place,
            expected=f"({len(electrodes)}, n_samples)",
            got=run.signals.shape,
        )
    onsets = run.events["onset"].to_numpy(dtype=float)
    if ((onsets < 0) | (onsets * sampling_rate >= run.signals.shape[1])).any():
        raise DataError("An event lies outside its run", where=place)
    names = list(electrodes["name"])
    info = mne.create_info(names, sampling_rate, list(electrodes["type"].str.lower()), verbose="error")
    raw = mne.io.RawArray(run.signals, info, verbose="error")
    raw.info["bads"] = list(run.bad)
    raw.info["line_freq"] = LINE_FREQUENCY
    positions = dict(zip(names, electrodes[["x", "y", "z"]].to_numpy(dtype=float), strict=True))
    raw.set_montage(mne.channels.make_dig_montage(positions, coord_frame="mni_tal"), verbose="error")
    extras = [{"stim_id": str(stimulus)} for stimulus in run.events["stim_id"]]
    raw.set_annotations(
        mne.Annotations(
            onsets,
            run.events["duration"].to_numpy(dtype=float),
            run.events["trial_type"].astype(str).to_list(),
            extras=extras,
        )
    )
    return raw


def _describe(folder: Path, written: Path, *, simulated: bool) -> None:
    """Put ``dataset_description.json`` at the root, from the one that mne-bids wrote."""
    target = folder / "dataset_description.json"
    if target.exists():
        if bool(json.loads(target.read_text("utf-8")).get("Simulated", False)) != simulated:
            raise DataError(
                "Simulated and recorded patients may not share a data set",
                where=target,
                expected=f'"Simulated": {json.dumps(simulated)}',
                do="choose another folder",
            )
        return
    description = json.loads((written / target.name).read_text("utf-8"))
    description |= {"Name": "ECoG of people who see the GOD images", "Authors": []}
    if simulated:
        description |= {"Name": f"SIMULATED {description['Name']}", "Simulated": True}
    _write_text(target, json.dumps(description, indent=4) + "\n")


def _list_participants(folder: Path) -> None:
    listed: list[str] = []
    while listed != (names := sorted(path.name for path in folder.glob("sub-*") if path.is_dir())):
        listed = names  # another process may have added a patient while this list was written
        _write_text(folder / "participants.tsv", "\n".join(["participant_id", *names]) + "\n")


def _write_text(target: Path, text: str) -> None:
    with whole_path(target) as part:  # patients are written side by side
        part.write_bytes(text.encode("utf-8"))
