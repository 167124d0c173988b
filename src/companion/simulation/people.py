"""One table of the recordings: who takes part, what all share on disk, and how one person is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from companion.loading.sources import Null, Part
from companion.simulation import doses
from companion.simulation.codes import Codes
from companion.simulation.dials import Dials
from companion.simulation.recordings import ecog, god, god_meg, nsd, things_eeg2, things_meg
from companion.simulation.scales import EegScale, Scale
from companion.simulation.sets import (
    eeg_id,
    eeg_test,
    eeg_training,
    god_lists,
    meg_test,
    meg_training,
    nsd_images,
    things_id,
)
from companion.simulation.truth import codes_of
from companion.simulation.writers.expected import write_codes

N_SUBJECTS: Mapping[Part, Callable[[Scale], int]] = {
    "things-eeg2": lambda scale: scale.eeg.n_subjects,
    "things-meg": lambda scale: scale.meg.n_subjects,
    "nsd": lambda scale: scale.nsd.n_subjects,
    "god": lambda scale: scale.god.n_subjects,
    "god-meg": lambda scale: scale.god_meg.n_subjects,
    "ecog": lambda scale: scale.ecog.n_subjects,
    "doses": doses.n_seeds,
}
"""Of doses, one "person" is one seed under every setting."""


def write_lists(
    part: Part, folder: Path, stimuli: Path, scale: Scale, dials: Dials, null: Null | None
) -> None:
    """Write what the people of a recording share, apart from the pictures; see `simulate_person`."""
    folder.mkdir(parents=True, exist_ok=True)
    if part in _PEOPLE:  # doses hold folders, each with codes of its own
        write_codes(folder, _codes(stimuli, _PEOPLE[part][1], dials, null))
    if part == "things-eeg2":
        things_eeg2.write_shared(
            folder,
            training=[eeg_id(*one) for one in eeg_training(scale)],
            test=[eeg_id(*one) for one in eeg_test(scale)],
        )
    elif part == "nsd":
        training, test = nsd_images(scale.nsd)
        nsd.write_shared(folder, training, test, seed=dials.seed)
    elif part in {"god", "god-meg", "ecog"}:
        god.write_shared(folder, god_lists(scale))
    elif part == "doses":
        doses.write_table(folder, scale, dials)


def simulate_person(
    part: Part, folder: Path, number: int, stimuli: Path, scale: Scale, dials: Dials, null: Null | None
) -> list[Path]:
    """Make and write one person of one recording.

    Parameters
    ----------
    part : str
        One of the six recordings, or ``doses``.
    folder : Path
        Of the recording; :func:`write_lists` was there.
    number : int
        Person, counted from 1.
    stimuli : Path
        Folder of the stimuli, where the truth lies.
    scale : Scale
    dials : Dials
    null : {"N1", "N2", "N3"}, optional
    """
    if part == "doses":
        return doses.simulate_seed(folder, number, stimuli, scale, dials)
    make, group = _PEOPLE[part]
    return make(folder, number, _codes(stimuli, group, dials, null), scale, dials)


def person_bytes(part: Part, scale: Scale) -> int:
    """Roughly how much room the files of one person take."""
    numbers = {
        "things-eeg2": _eeg_numbers(scale.eeg),
        "things-meg": (
            scale.meg.n_kinds * scale.meg.n_exemplars + scale.meg.n_test * scale.meg.n_test_repetitions
        )
        * scale.meg.n_sensors
        * round(1.5 * scale.meg.sampling_rate),
        "nsd": 3 * (scale.nsd.n_training + scale.nsd.n_test) * scale.nsd.n_voxels,
        "god": 2 * 3500 * 7 * scale.god.n_voxels_per_roi,
        "god-meg": 1250
        * scale.god_meg.n_repetitions
        * scale.god_meg.n_sensors
        * round(0.7 * scale.god_meg.sampling_rate),
        "ecog": 1000 * scale.ecog.n_electrodes * round(scale.ecog.sampling_rate),
        "doses": 9 * _eeg_numbers(doses.small_experiment(scale).eeg),
    }
    return 4 * numbers[part]


def _eeg_numbers(scale: EegScale) -> int:
    samples = {"OSF_100HZ": 17 * 100, "WHITENED_250HZ": 63 * 250}[scale.form]
    trials = scale.n_training_kinds * scale.n_exemplars * scale.n_repetitions
    return (
        2 * 2 * samples * (trials + scale.n_test * scale.n_test_repetitions)
    )  # doubles, once more while made


def _eeg(folder: Path, number: int, codes: Codes, scale: Scale, dials: Dials) -> list[Path]:
    training, test = eeg_training(scale), eeg_test(scale)
    return things_eeg2.simulate_subject(
        folder,
        number,
        training=[eeg_id(*one) for one in training],
        test=[eeg_id(*one) for one in test],
        codes=codes.renamed({things_id(*one): eeg_id(*one) for one in (*training, *test)}),
        scale=scale.eeg,
        dials=dials,
    )


def _meg(folder: Path, number: int, codes: Codes, scale: Scale, dials: Dials) -> list[Path]:
    training = [things_id(*one) for one in meg_training(scale)]
    test = [things_id(*one) for one in meg_test(scale)]
    return things_meg.simulate_subject(
        folder, number, training=training, test=test, codes=codes, scale=scale.meg, dials=dials
    )


def _nsd(folder: Path, number: int, codes: Codes, scale: Scale, dials: Dials) -> list[Path]:
    subject = nsd.SUBJECTS[number - 1]
    return nsd.simulate_subject(folder, subject, codes=codes, scale=scale.nsd, dials=dials)


def _god(folder: Path, number: int, codes: Codes, scale: Scale, dials: Dials) -> list[Path]:
    return god.simulate_subject(
        folder, number, stimuli=god_lists(scale), codes=codes, scale=scale.god, dials=dials
    )


def _god_meg(folder: Path, number: int, codes: Codes, scale: Scale, dials: Dials) -> list[Path]:
    lists = god_lists(scale)
    training, test = list(lists.train["stimulus"]), list(lists.test["stimulus"])
    return god_meg.simulate_subject(
        folder, number, training=training, test=test, codes=codes, scale=scale.god_meg, dials=dials
    )


def _ecog(folder: Path, number: int, codes: Codes, scale: Scale, dials: Dials) -> list[Path]:
    return ecog.simulate_subject(
        folder, number, stimuli=god_lists(scale), codes=codes, scale=scale.ecog, dials=dials
    )


_PEOPLE: Mapping[Part, tuple[Callable[[Path, int, Codes, Scale, Dials], list[Path]], str]] = {
    "things-eeg2": (_eeg, "things"),
    "things-meg": (_meg, "things"),
    "nsd": (_nsd, "nsd"),
    "god": (_god, "god"),
    "god-meg": (_god_meg, "god"),
    "ecog": (_ecog, "god"),
}
"""What makes a person of each recording, and which group of stimuli the recording shows."""

_kept: dict[str, Codes] = {}


def _codes(stimuli: Path, group: str, dials: Dials, null: Null | None) -> Codes:
    """Codes of a group; the last ones are kept, since one process makes several people."""
    key = repr((stimuli, group, dials, null))
    if key not in _kept:
        _kept.clear()
        _kept[key] = codes_of(stimuli, group, dials, null)
    return _kept[key]
