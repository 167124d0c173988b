"""Your own EEG, MEG or ECoG: from MNE epochs to a recording that every room of the package reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from companion.errors import DataError
from companion.loading.reading import advising, foreign_reader
from companion.recording import Modality, Recording, Split

if TYPE_CHECKING:
    import mne

_KINDS: dict[str, Modality] = {"eeg": "EEG", "mag": "MEG", "grad": "MEG", "ecog": "ECoG", "seeg": "ECoG"}
"""Modality of each type of channel that MNE knows and we decode."""


@advising("look at epochs.info, epochs.metadata and epochs.get_data() in MNE, and mend them there")
def recording_from_epochs(
    epochs: mne.BaseEpochs,
    *,
    stimulus: str | None = None,
    subject: str,
    dataset: str = "own",
    split: Split = "train",
    simulated: bool = False,
) -> Recording:
    """Label the trials of MNE epochs with what was shown.

    Channels marked as bad are left out, and so are those that measure no brain (EOG, stimulus channels).
    Nothing else is changed: filter, reject, baseline and crop in MNE before you call this.

    Parameters
    ----------
    epochs : mne.BaseEpochs of n_trials
        ``mne.Epochs``, ``mne.EpochsArray``, or what ``mne.read_epochs`` gives.
    stimulus : str, optional
        Column of ``epochs.metadata`` that names what was shown at each trial. Left out, it is the name of the
        trial's event in ``epochs.event_id``.
    subject, dataset : str
        Who, and in which data set.
    split : {"train", "test", "imagery"}
        Which part of the data set; cross-validation makes its own, and does not read this.
    simulated : bool
        Whether these numbers were measured on nobody.

    Returns
    -------
    Recording
        float32 of shape (n_trials, n_channels, n_times), in the units of MNE (volts, tesla). Columns of the
        trials: ``stimulus``, then those of the metadata. Places of the channels are metres, where known.

    Raises
    ------
    DataError
        If these are no epochs, channels of several modalities or of none are left, no trial is left, the
        column is not there or twice there, an event has no name, or a value is not finite.

    See Also
    --------
    epochs_from_bids : epochs from a BIDS folder.

    Examples
    --------
    >>> import mne, numpy as np, pandas as pd
    >>> from companion.loading import recording_from_epochs
    >>> info = mne.create_info(["O1", "O2"], sfreq=100.0, ch_types="eeg")
    >>> shown = pd.DataFrame({"picture": ["cat", "dog", "cat"], "block": [1, 1, 2]})
    >>> trials = np.random.default_rng(0).normal(size=(3, 2, 50)) * 1e-6
    >>> epochs = mne.EpochsArray(trials, info, tmin=-0.1, metadata=shown, verbose="error")
    >>> recording_from_epochs(epochs, stimulus="picture", subject="sub-01")
    Recording(own, sub-01, EEG, train: 3 x 2 x 50, 2 stimuli)
    """
    where = f"epochs of {subject}"
    _check_epochs(epochs, where)
    names, modality = _channels(epochs, subject)
    with foreign_reader("The epochs cannot be read", where=where, do="load them: epochs.load_data()"):
        if not epochs.preload:  # until then MNE does not know how many there are
            epochs = epochs.copy().drop_bad(verbose="error")
        responses = epochs.get_data(picks=names, verbose="error")
    if not len(responses):
        raise DataError(
            "No trial is left",
            where=where,
            expected="one trial or more",
            got="none",
            do="look at epochs.drop_log: what was rejected?",
        )
    return Recording(
        responses,
        _trials(epochs, stimulus, subject),
        _units(epochs.info, names),
        subject=subject,
        dataset=dataset,
        modality=modality,
        split=split,
        times=np.asarray(epochs.times, dtype=np.float64),
        simulated=simulated,
    )


def _check_epochs(epochs: object, where: str) -> None:
    import mne

    if not isinstance(epochs, mne.BaseEpochs):
        raise DataError(
            "These are no epochs",
            where=where,
            expected="mne.Epochs, mne.EpochsArray, or what mne.read_epochs gives",
            got=type(epochs).__name__,
            do="cut continuous recordings with mne.Epochs, and take single trials rather than an average",
        )


def _channels(epochs: mne.BaseEpochs, subject: str) -> tuple[list[str], Modality]:
    kinds = dict(zip(epochs.ch_names, epochs.get_channel_types(), strict=True))
    good = [name for name, kind in kinds.items() if kind in _KINDS and name not in epochs.info["bads"]]
    found = sorted({_KINDS[kinds[name]] for name in good})
    if len(found) != 1:
        raise DataError(
            "A recording has channels of one modality",
            where=f"epochs of {subject}",
            expected=f"good channels of one of {', '.join(sorted(set(_KINDS.values())))}",
            got=", ".join(found) or f"only {sorted(set(kinds.values()))}, or all marked as bad",
            do='pick them first, such as epochs.pick("eeg")',
        )
    return good, _KINDS[kinds[good[0]]]


def _trials(epochs: mne.BaseEpochs, stimulus: str | None, subject: str) -> pd.DataFrame:
    """Table of the trials: what was shown, then all else that the metadata know."""
    known = pd.DataFrame(index=range(len(epochs))) if epochs.metadata is None else epochs.metadata
    known = known.reset_index(drop=True)
    if stimulus is None:
        name_of = {code: name for name, code in epochs.event_id.items()}
        shown = [name_of.get(code) for code in epochs.events[:, 2]]
    elif list(known).count(stimulus) == 1:
        shown = [None if _missing(one) else str(one) for one in known[stimulus]]
    else:
        raise DataError(
            "The metadata lack the column that names stimuli",
            where=f"epochs of {subject}",
            expected=stimulus,
            got=f"columns {list(known)}" if len(known.columns) else "no metadata",
            do="set epochs.metadata, with this column once, or leave it out to use the names of events",
        )
    if None in shown:
        raise DataError(
            "Nobody knows what was shown at a trial",
            where=f"epochs of {subject}, trial {shown.index(None)}",
            expected="a name for every trial",
            got=f"{shown.count(None)} trials without",
            do="drop these epochs, or name their events",
        )
    trials = pd.DataFrame({"stimulus": shown})
    return trials.join(known.drop(columns="stimulus", errors="ignore"))


def _missing(label: Any) -> bool:
    return not pd.api.types.is_scalar(label) or bool(pd.isna(label)) or not str(label).strip()


def _units(info: Any, names: list[str]) -> pd.DataFrame:
    """Table of the channels, with places in metres where all of them have one."""
    place_of = {channel["ch_name"]: channel["loc"][:3] for channel in info["chs"]}
    places = np.array([place_of[name] for name in names], dtype=np.float64)
    units = pd.DataFrame({"name": names})
    if np.isfinite(places).all() and places.any(axis=1).all():
        units[["x", "y", "z"]] = places
    return units
