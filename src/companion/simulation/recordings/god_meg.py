"""A miniature of the closed MEG of GOD images: no blanks between images, 160 gradiometers.

Session s shows every training and test image for the s-th time, in random order, every 0.5 s, so that an
epoch begins with what is left of the response to the image before it. Signals have nothing below 0.5 Hz, as
the preprocessing leaves them.

References
----------
Vafaei et al. (2026), Communications Biology 9, 206, Methods, MEG.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from companion.recording import Responses
from companion.simulation.brains.components import RESPONSE_LENGTH
from companion.simulation.brains.meeg import MeegModel
from companion.simulation.brains.meeg_people import meeg_model
from companion.simulation.brains.noise import GOD_MEG_LEVELS
from companion.simulation.brains.person import person_rng
from companion.simulation.brains.sources import helmet_info, meg_lead_field
from companion.simulation.codes import Codes, FloatArray, Stage
from companion.simulation.dials import Dataset, Dials
from companion.simulation.scales import GodMegScale
from companion.simulation.writers.expected import forward_map, write_expected
from companion.simulation.writers.god_meg import ASYNCHRONY, write_god_meg_session

DATASET: Dataset = "god-meg"
EPOCH = -0.1, 0.5
"""Seconds from onset, both ends included."""
TRIALS_PER_RUN = 125
LEAD_SECONDS = 1.0
"""Recorded before the first onset, and after the response to the last."""


def meg_model(subject: int, dimensions: dict[Stage, int], dials: Dials, n_sensors: int) -> MeegModel:
    """Make the brain of one person in a helmet of Yokogawa's kind."""
    lead_field = meg_lead_field("Yokogawa", n_sensors)
    return meeg_model(DATASET, subject, dimensions, lead_field, GOD_MEG_LEVELS, dials)


def simulate_subject(
    folder: Path,
    subject: int,
    *,
    training: Sequence[str],
    test: Sequence[str],
    codes: Codes,
    scale: GodMegScale,
    dials: Dials,
) -> list[Path]:
    """Simulate and write the epochs of one person. The stimulus lists are those of GOD.

    Parameters
    ----------
    folder : Path
        Where to.
    subject : int
        1 to 3.
    training, test : sequence of str
        GOD images, such as ``n03626115_19498``.
    codes : Codes
        Of all these images.
    scale : GodMegScale
        Repetitions, each of which is a session; sensors; sampling rate.
    dials : Dials
        Signal, individual geometry, seed.

    Returns
    -------
    list of Path
        ``sub-M1_ses-01_epo.fif`` and so on, with further parts; beside them, what is expected.
    """
    dimensions = {stage: z.shape[1] for stage, z in codes.stages.items()}
    model = meg_model(subject, dimensions, dials, scale.n_sensors)
    info = helmet_info("Yokogawa", scale.n_sensors, scale.sampling_rate)
    start, stop = (round(edge * scale.sampling_rate) for edge in EPOCH)
    times = np.arange(start, stop + 1) / scale.sampling_rate
    forward = forward_map(lambda units: model.expected(units, times), codes)
    write_expected(folder, f"M{subject}", forward, times=times)
    order = person_rng(dials.seed, DATASET, subject, "order")
    noise = person_rng(dials.seed, DATASET, subject, "noise")
    paths = []
    for number in range(1, scale.n_repetitions + 1):
        trials = draw_session(training, test, order)
        epochs = record_session(codes.select(trials["stimulus"]), model, scale.sampling_rate, noise)
        paths += write_god_meg_session(folder, subject, f"{number:02d}", epochs, trials, info, start=EPOCH[0])
    return paths


def draw_session(training: Sequence[str], test: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    """Draw the order of one session: ``stimulus``, ``split`` and ``run``, one row per trial."""
    table = pd.DataFrame({"stimulus": [*training, *test]})
    table["split"] = ["train"] * len(training) + ["test"] * len(test)
    shown = table.iloc[rng.permutation(len(table))].reset_index(drop=True)
    return shown.assign(run=1 + np.arange(len(shown)) // TRIALS_PER_RUN)


def record_session(
    shown: Codes, model: MeegModel, sampling_rate: float, rng: np.random.Generator
) -> Responses:
    """Record images one after the other and cut epochs, without a baseline.

    Parameters
    ----------
    shown : Codes
        One row per trial, in the order shown.
    model : MeegModel
        Whose brain.
    sampling_rate : float
        Samples per second.
    rng : numpy.random.Generator
        Of the noise.

    Returns
    -------
    ndarray of shape (n_trials, n_sensors, n_times)
        Tesla, float32.
    """
    onsets: FloatArray = LEAD_SECONDS + ASYNCHRONY * np.arange(len(shown), dtype=np.float64)
    duration = onsets[-1] + RESPONSE_LENGTH + LEAD_SECONDS
    signal = model.continuous(shown, onsets, duration, sampling_rate, rng)
    start, stop = (round(edge * sampling_rate) for edge in EPOCH)
    window = np.arange(start, stop + 1)
    epochs = np.empty((len(shown), len(signal), len(window)), np.float32)
    for epoch, onset in zip(epochs, np.rint(onsets * sampling_rate).astype(np.intp), strict=True):
        epoch[:] = signal[:, onset + window]
    return epochs
