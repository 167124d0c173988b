"""How well a plain decoder of the base embedding does in each recording, on stimuli kept for calibration."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.decoding.retrieval import ranks
from companion.embeddings import Embeddings
from companion.loading.ecog.responses import load_ecog
from companion.loading.god.fmri import load_god
from companion.loading.god.meg import load_god_meg
from companion.loading.god.stimuli import GodStimuli
from companion.loading.nsd.responses import load_nsd
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_meg.epochs import load_things_meg
from companion.recording import Recording
from companion.simulation.codes import Codes
from companion.simulation.dials import Dataset, Dials
from companion.simulation.recordings import ecog, god, god_meg, nsd, things_eeg2, things_meg
from companion.simulation.scales import Scale

ALPHAS = np.logspace(0, 5, 11)
N_EPOCHS = 40
NICE: Mapping[str, Any] = MappingProxyType({"learning_rate": 1e-3})
NICE_MEG: Mapping[str, Any] = MappingProxyType({**NICE, "temperature": 0.1})
"""What differs from the published settings: a lesson has a tenth of the steps."""
VALIDATION_SHARE = 0.1

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trial:
    """Stimuli of one calibration: which train, which test, their codes and their base embeddings.

    Parameters
    ----------
    training, test : list of str
        Ids; for NSD and GOD in these sets' own form.
    codes : Codes
    base : Embeddings
        Of training and test stimuli, and of candidates for identification.
    candidates : tuple of str
        Names in `base`; empty where retrieval among the test stimuli is scored.
    lists : GodStimuli or None
    """

    training: list[str]
    test: list[str]
    codes: Codes
    base: Embeddings
    candidates: tuple[str, ...] = ()
    lists: GodStimuli | None = None


def eeg_recordings(trial: Trial, scale: Scale, dials: Dials, person: int) -> tuple[Recording, Recording]:
    """Simulate, write and load one person of THINGS-EEG2: training and test, averaged."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        things_eeg2.write_shared(folder, training=trial.training, test=trial.test)
        things_eeg2.simulate_subject(
            folder,
            person,
            training=trial.training,
            test=trial.test,
            codes=trial.codes,
            scale=scale.eeg,
            dials=dials,
        )
        return load_things_eeg2(folder, person, split="train"), load_things_eeg2(folder, person, split="test")


def eeg(trial: Trial, scale: Scale, dials: Dials, person: int) -> float:
    """Top-1 of NICE within a person, per cent."""
    known, unknown = eeg_recordings(trial, scale, dials, person)
    return nice_top1([known], unknown, trial, NICE, seed=person)


def eeg_across(trial: Trial, scale: Scale, dials: Dials, person: int, others: int) -> float:
    """Top-1 of NICE for a person it was not trained on, per cent."""
    known = [
        eeg_recordings(trial, scale, dials, other)[0] for other in range(1, others + 2) if other != person
    ]
    return nice_top1(known, eeg_recordings(trial, scale, dials, person)[1], trial, NICE, seed=person)


def meg(trial: Trial, scale: Scale, dials: Dials, person: int) -> float:
    """Top-1 of NICE within a person, per cent."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        things_meg.simulate_subject(
            folder,
            person,
            training=trial.training,
            test=trial.test,
            codes=trial.codes,
            scale=scale.meg,
            dials=dials,
        )
        rate = scale.meg.sampling_rate
        known = load_things_meg(folder, person, split="train", sampling_rate=rate)
        unknown = load_things_meg(folder, person, split="test", sampling_rate=rate).averaged()
    return nice_top1([known], unknown, trial, NICE_MEG, seed=person)


def fmri_nsd(trial: Trial, scale: Scale, dials: Dials, person: int) -> float:
    """Top-1 of ridge among the test images, per cent."""
    subject = nsd.SUBJECTS[person - 1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nsd.write_shared(folder, {subject: trial.training}, trial.test, seed=dials.seed)
        nsd.simulate_subject(folder, subject, codes=trial.codes, scale=scale.nsd, dials=dials)
        known, unknown = (load_nsd(folder, subject, split=split) for split in ("train", "test"))
    return top1(ridge(known, unknown, trial.base), trial)


def fmri_god(trial: Trial, scale: Scale, dials: Dials, person: int) -> float:
    """Identification by ridge from V4 against the candidates, per cent."""
    assert trial.lists is not None  # noqa: S101 - for the type checker
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        god.write_shared(folder, trial.lists)
        god.simulate_subject(
            folder, person, stimuli=trial.lists, codes=trial.codes, scale=scale.god, dials=dials
        )
        known, unknown = (
            load_god(folder, person, split=split, stimuli=trial.lists, rois=["V4"])
            for split in ("train", "test")
        )
    return identified(ridge(known, unknown.averaged(), trial.base), trial)


def meg_god(trial: Trial, scale: Scale, dials: Dials, person: int) -> float:
    """Identification by ridge from sensors in bins of 50 ms against the candidates, per cent."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        god_meg.simulate_subject(
            folder,
            person,
            training=trial.training,
            test=trial.test,
            codes=trial.codes,
            scale=scale.god_meg,
            dials=dials,
        )
        known, unknown = (
            load_god_meg(folder, person, split=split, bin_width=0.05).averaged()
            for split in ("train", "test")
        )
    return identified(ridge(known, unknown, trial.base), trial)


def ecog_god(trial: Trial, scale: Scale, dials: Dials, person: int) -> float:
    """Identification by ridge from high gamma of ventral electrodes against the candidates, per cent."""
    assert trial.lists is not None  # noqa: S101 - for the type checker
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ecog.simulate_subject(
            folder, person, stimuli=trial.lists, codes=trial.codes, scale=scale.ecog, dials=dials
        )
        known, unknown = (load_ecog(folder, person, split=split).averaged() for split in ("train", "test"))
    return identified(ridge(known, unknown, trial.base), trial)


SCORES: Mapping[Dataset, Callable[[Trial, Scale, Dials, int], float]] = {
    "things-eeg2": eeg,
    "things-meg": meg,
    "nsd": fmri_nsd,
    "god": fmri_god,
    "god-meg": meg_god,
    "ecog": ecog_god,
}


def nice_top1(
    known: list[Recording], unknown: Recording, trial: Trial, settings: Mapping[str, Any], *, seed: int
) -> float:
    """Train NICE on recordings with known stimuli; top-1 of another one among its stimuli, per cent."""
    import torch

    from companion.training.encoders.nice import Nice
    from companion.training.runs import Run, train_runs
    from companion.training.settings import Settings
    from companion.training.splits import validation_rows

    torch.set_num_threads(1)
    names = [name for one in known for name in one.stimuli]
    base = trial.base.centred(trial.base.select(dict.fromkeys(names)).values.mean(axis=0)).normalised()
    row_of = {name: row for row, name in enumerate(base.ids)}
    pairs = torch.tensor([(row, row_of[name]) for row, name in enumerate(names)])
    training, validation = validation_rows(
        [name.split("/")[0] for name in names], share=VALIDATION_SHARE, seed=seed
    )
    _, n_channels, n_times = unknown.responses.shape
    encoder = Nice(n_channels, n_times, base.values.shape[1])
    per_epoch = len(training) // 128
    done = train_runs(
        lambda: Nice(**encoder.configuration),  # type: ignore[arg-type]
        encoder.prepare(torch.cat([torch.from_numpy(one.responses.copy()) for one in known])),
        torch.tensor(base.values, dtype=torch.float32),
        [Run(seed, pairs[training], pairs[validation])],
        Settings(n_steps=N_EPOCHS * per_epoch, validate_every=per_epoch, **settings),
    )[0]
    with torch.inference_mode():
        new = encoder.prepare(torch.from_numpy(unknown.responses.copy()))
        decoded = done.encoder(*new).numpy()
    return top1(
        Embeddings(decoded, tuple(unknown.stimuli), base.space), Trial([], trial.test, trial.codes, base)
    )


def ridge(known: Recording, unknown: Recording, base: Embeddings) -> Embeddings:
    """Predict base embeddings of the stimuli of a recording, by ridge from another one of the same person."""
    from sklearn.linear_model import RidgeCV

    mean, deviation = known.unit_statistics()
    features, new = (
        one.standardised(mean, deviation).responses.reshape(len(one), -1).astype(np.float64)
        for one in (known, unknown)
    )
    row_of = {name: row for row, name in enumerate(base.ids)}
    targets = base.values[[row_of[name] for name in known.stimuli]]
    predicted = RidgeCV(alphas=ALPHAS).fit(features, targets).predict(new)
    return Embeddings(predicted - targets.mean(axis=0), tuple(unknown.stimuli), base.space)


def top1(decoded: Embeddings, trial: Trial) -> float:
    """Share of stimuli that are ranked first among all test stimuli, per cent."""
    gallery = trial.base.select(trial.test)
    if trial.training:
        gallery = gallery.centred(trial.base.select(trial.training).values.mean(axis=0))
    return 100 * float((ranks(decoded, gallery) == 1).mean())


def identified(decoded: Embeddings, trial: Trial) -> float:
    """Mean share of candidates whose profile correlates less than the seen stimulus's own, per cent."""
    own = trial.base.select(decoded.ids).values
    others = trial.base.select(trial.candidates).values
    profiles = decoded.values + trial.base.select(trial.training).values.mean(axis=0)
    correlations = np.corrcoef(profiles, others)[: len(profiles), len(profiles) :]
    seen = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(profiles, own, strict=True)])
    return 100 * float((correlations < seen[:, None]).mean())
