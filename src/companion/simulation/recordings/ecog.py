"""Simulated ECoG of patients who see the GOD images, as a BIDS iEEG data set.

Session 01 holds the training images in two runs, sessions 02 and 03 one test run each with half of the
repetitions. Every session begins with a baseline run, and has impedances of its own: they scale all that an
electrode records.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from companion.errors import DataError
from companion.loading.ecog.files import BASELINE_TASK, IMAGE_EVENT, TASKS
from companion.loading.god.stimuli import GodStimuli
from companion.simulation.brains.ecog import EcogModel, ecog_model
from companion.simulation.brains.person import person_rng
from companion.simulation.brains.tuning import FloatArray
from companion.simulation.codes import Codes
from companion.simulation.dials import Dials
from companion.simulation.scales import EcogScale
from companion.simulation.writers.ecog import EcogRun, write_ecog_subject
from companion.simulation.writers.expected import forward_map, write_expected

TRAINING_RUNS = 2
TEST_SESSIONS = 2
ASYNCHRONY = (0.500, 0.550)
"""Seconds from one image to the next, drawn evenly; there is no blank."""
BASELINE_ASYNCHRONY = (1.100, 1.150)
"""Seconds, for the images of the baseline run."""
BASELINE_SETS = ("face", "landscape", "word")
N_BASELINE_IMAGES = 60
N_LEADING = 10
"""Images of another set at the beginning of each training or test run."""
LEADING_EVENT = "leading"
MARGIN = 2.0
"""Seconds recorded before the first and after the last image."""
IMPEDANCE_SD = 0.3
"""Deviation of the natural logarithm of an electrode's amplitude from session to session."""


@dataclass(frozen=True)
class _Plan:
    """Images of one run in their order; those without a GOD name belong to another set."""

    session: str
    task: str
    number: int
    images: tuple[str, ...]


def simulate_subject(
    folder: Path, subject: int, *, stimuli: GodStimuli, codes: Codes, scale: EcogScale, dials: Dials
) -> list[Path]:
    """Simulate one patient and write all runs.

    Parameters
    ----------
    folder : Path
        Root of the BIDS data set; what lies in it of this patient, after an interruption, is made anew.
    subject : int
        1 for patient E1.
    stimuli : GodStimuli
        Training images, each shown once, and test images, shown repeatedly.
    codes : Codes
        Of these images, and perhaps others.
    scale : EcogScale
        Electrodes, repetitions and sampling rate.
    dials : Dials
        What is put in.

    Returns
    -------
    list of Path
        The patient's folder; beside it, what is expected: gains, which the logarithm of high-gamma power
        follows up to a factor.
    """
    if scale.n_test_repetitions % TEST_SESSIONS:
        raise DataError(
            f"Repetitions of test images are shared out among {TEST_SESSIONS} sessions",
            got=scale.n_test_repetitions,
        )
    model = ecog_model(subject, scale.n_electrodes, codes=codes, dials=dials)
    order = person_rng(dials.seed, "ecog", subject, "order")
    plans = _plans(
        list(stimuli.train["stimulus"]), list(stimuli.test["stimulus"]), scale.n_test_repetitions, order
    )
    runs = _runs(model, plans, codes, subject, scale.sampling_rate, dials.seed)
    shutil.rmtree(folder / f"sub-E{subject}", ignore_errors=True)
    written = write_ecog_subject(
        folder, subject, runs, electrodes=model.electrodes, sampling_rate=scale.sampling_rate
    )
    write_expected(folder, f"E{subject}", forward_map(model.expected, codes))
    return [written]


def _plans(
    train: Sequence[str], test: Sequence[str], n_repetitions: int, rng: np.random.Generator
) -> list[_Plan]:
    """All runs: baseline and training in session 01, baseline and test in the others."""
    halves = np.array_split(rng.permutation(len(train)), TRAINING_RUNS)
    plans = [_baseline("01")]
    plans += [
        _Plan("01", TASKS["train"], number, tuple(train[at] for at in half))
        for number, half in enumerate(halves, start=1)
    ]
    for number in range(2, 2 + TEST_SESSIONS):
        session = f"{number:02d}"
        orders = [rng.permutation(len(test)) for _ in range(n_repetitions // TEST_SESSIONS)]
        shown = tuple(test[at] for at in np.concatenate(orders))
        plans += [_baseline(session), _Plan(session, TASKS["test"], 1, shown)]
    return plans


def _baseline(session: str) -> _Plan:
    names = [f"{BASELINE_SETS[at % len(BASELINE_SETS)]}-{at + 1:02d}" for at in range(N_BASELINE_IMAGES)]
    return _Plan(session, BASELINE_TASK, 1, tuple(names))


def _runs(
    model: EcogModel, plans: Sequence[_Plan], codes: Codes, subject: int, rate: float, seed: int
) -> Iterator[EcogRun]:
    """Yield runs as they are asked for, so that one is held at a time."""
    for plan in plans:
        place = f"ses-{plan.session} {plan.task} {plan.number}"
        timing = person_rng(seed, "ecog", subject, f"timing {place}")
        noise = person_rng(seed, "ecog", subject, f"noise {place}")
        impedance = person_rng(seed, "ecog", subject, f"impedance {plan.session}")
        events, end = _events(plan, rate, timing)
        signals = model.signals(
            _gains(model, plan, codes, noise), events["onset"].to_numpy(), end, rate, noise
        )
        signals *= np.exp(IMPEDANCE_SD * impedance.normal(size=(len(signals), 1)))
        yield EcogRun(plan.session, plan.task, f"{plan.number:02d}", signals, events)


def _gains(model: EcogModel, plan: _Plan, codes: Codes, rng: np.random.Generator) -> FloatArray:
    if plan.task == BASELINE_TASK:
        return model.unrelated(len(plan.images), rng)
    return np.concatenate([model.unrelated(N_LEADING, rng), model.expected(codes.select(plan.images))])


def _events(plan: _Plan, rate: float, rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
    """Events of a run, on the grid of samples, and its duration in seconds."""
    baseline = plan.task == BASELINE_TASK
    leading = [] if baseline else [f"leading-{at + 1:02d}" for at in range(N_LEADING)]
    names = [*leading, *plan.images]
    lengths = rng.uniform(*(BASELINE_ASYNCHRONY if baseline else ASYNCHRONY), size=len(names))
    durations = np.round(lengths * rate) / rate
    onsets = MARGIN + np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    types = [LEADING_EVENT] * len(leading) + [IMAGE_EVENT] * len(plan.images)
    events = pd.DataFrame({"onset": onsets, "duration": durations, "trial_type": types, "stim_id": names})
    return events, float(onsets[-1] + durations[-1] + MARGIN)
