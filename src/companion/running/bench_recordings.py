"""Six recordings brought to one form, so that one decoder can read all of them.

Each person gives averaged training responses, single trials of the test and, where the person is simulated,
expected responses. Responses in time are averaged to at most `MOST_VALUES` values, in all three alike.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from companion.decoding.optimal import coarse
from companion.errors import DataError, MissingDataError
from companion.loading.ecog.responses import VENTRAL_STREAM, load_ecog
from companion.loading.god.meg import load_god_meg
from companion.loading.god.people import god_folder, load_god_people, subjects_there
from companion.loading.god.stimuli import GodStimuli, category_of
from companion.loading.nsd.people import nsd_people
from companion.loading.nsd.responses import load_nsd
from companion.loading.sources import Null, Part, ScaleName, Source, recordings_folder
from companion.loading.things_eeg2.layout import subjects_there as eeg_people
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_meg.epochs import epochs_file, load_things_meg
from companion.loading.things_pictures import concept_of
from companion.loading.truth import read_expected, read_own_view
from companion.recording import Recording, Split

MOST_VALUES = 400
"""Most values of a response that has a time axis: neighbouring samples are averaged until it has no more. As
many as the MEG of GOD has, in bins of 50 ms."""
_FOUR = range(1, 5)
Load = Callable[[int, Split], Recording]


class BenchPerson(NamedTuple):
    """One person of one recording.

    Parameters
    ----------
    training : Recording
        One averaged response per training picture.
    trials : Recording
        Single trials of the test pictures, in the same units.
    expected : Recording or None
        Noise-free responses to the training pictures; None where nobody can know them.
    own_view : ndarray of shape (n_loadings, n_units, ...)
        Noise that repetitions do not average out; no rows where there is none.
    """

    training: Recording
    trials: Recording
    expected: Recording | None
    own_view: npt.NDArray[np.float64]


class BenchRecording(NamedTuple):
    """One recording, whose people are read when they are asked for.

    Parameters
    ----------
    name, modality : str
    folder : Path
    people : tuple of int
        Who is there.
    load : callable
        From a person's number and a split to single trials, or to means where the files hold means; all
        units.
    concept : callable
        From a stimulus to its concept; to itself where pictures have none.
    region : str or None
        Units outside this region are left out.
    """

    name: str
    modality: str
    folder: Path
    people: tuple[int, ...]
    load: Load
    concept: Callable[[str], str]
    region: str | None = None

    def person(self, number: int) -> BenchPerson:
        """Read one person.

        Raises
        ------
        DataError
            If a picture is in both splits, or a concept is where pictures have concepts.
        """
        whole, trials = self.load(number, "train").averaged(), self.load(number, "test")
        shared = set(map(self.concept, whole.stimuli)) & set(map(self.concept, trials.stimuli))
        if shared:
            raise DataError("A test concept is also trained on", where=repr(trials), got=sorted(shared)[0])
        try:
            expected = read_expected(self.folder, whole.stimuli, loaded=whole)
            view = read_own_view(self.folder, whole.subject)
        except MissingDataError:
            expected, view = None, np.empty((0, *whole.responses.shape[1:]))
        if self.region is not None:
            inside = (whole.units["region"] == self.region).to_numpy()
            whole, trials = whole.select_units(inside), trials.select_units(inside)
            view = view[:, inside]
            expected = None if expected is None else expected.select_units(inside)
        if len(view) and whole.times is not None:
            raise DataError("Own views are known of fMRI alone", where=repr(whole), got=view.shape)
        return BenchPerson(
            coarse(whole, MOST_VALUES),
            coarse(trials, MOST_VALUES),
            None if expected is None else coarse(expected, MOST_VALUES),
            view,
        )


def bench_recordings(
    lists: GodStimuli,
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    meg_rate: float = 100.0,
    bin_width: float = 0.05,
) -> dict[str, BenchRecording]:
    """List the six recordings, in the order of the book.

    Parameters
    ----------
    lists : GodStimuli
        What was shown in the three recordings with the pictures of GOD.
    source, scale, null
        As in :func:`companion.loading.sources.recordings_folder`.
    meg_rate : float
        Samples per second in the files of THINGS-MEG.
    bin_width : float
        Seconds that the MEG of GOD is averaged over.

    Returns
    -------
    dict of str to BenchRecording
        By name.

    Raises
    ------
    MissingDataError
        If one of the six is not on this machine.
    """

    def folder(part: Part) -> Path:
        return recordings_folder(part, source=source, scale=scale, null=null)

    eeg, meg, nsd = folder("things-eeg2"), folder("things-meg"), folder("nsd")
    god = god_folder(source=source, scale=scale, null=null)
    god_meg, ecog = folder("god-meg"), folder("ecog")

    def averaged(load: Callable[..., Recording], where: Path) -> Load:
        return lambda person, split: load(where, person, split=split, average=split == "train")

    def fmri(person: int, split: Split) -> Recording:
        return load_god_people(god, split=split, stimuli=lists, subjects=[person])[person]

    def things_meg(person: int, split: Split) -> Recording:
        return load_things_meg(meg, person, split=split, sampling_rate=meg_rate)

    def binned(person: int, split: Split) -> Recording:
        return load_god_meg(god_meg, person, split=split, bin_width=bin_width)

    def gamma(person: int, split: Split) -> Recording:
        return load_ecog(ecog, person, split=split)

    people = {
        "meg": tuple(one for one in _FOUR if (meg / epochs_file(one)).is_file()),
        "nsd": tuple(nsd_people(source=source, scale=scale, null=null)),
    }
    load_eeg, load_scenes = averaged(load_things_eeg2, eeg), averaged(load_nsd, nsd)
    found = (
        BenchRecording("THINGS-EEG2", "EEG", eeg, tuple(eeg_people(eeg)), load_eeg, concept_of),
        BenchRecording("THINGS-MEG", "MEG", meg, people["meg"], things_meg, concept_of),
        BenchRecording("NSD", "fMRI", nsd, people["nsd"], load_scenes, str),
        BenchRecording("GOD", "fMRI", god, tuple(subjects_there(god)), fmri, category_of),
        BenchRecording("GOD-MEG", "MEG", god_meg, _numbers(god_meg, "sub-M"), binned, category_of),
        BenchRecording(
            "ECoG", "ECoG", ecog, _numbers(ecog, "sub-E"), gamma, category_of, region=VENTRAL_STREAM
        ),
    )
    return {one.name: one for one in found}


def _numbers(folder: Path, prefix: str) -> tuple[int, ...]:
    """Numbers of people whose folders or files begin so."""
    names = {path.name.removeprefix(prefix).split("_")[0] for path in folder.glob(f"{prefix}*")}
    return tuple(sorted(int(one) for one in names if one.isdigit()))
