"""A miniature THINGS-EEG2: rapid series of images, four sessions, in the two official preprocessed forms.

In each session one half of the training images, another one each time, and all test images are shown, in runs
of their own. An image follows the other after `ASYNCHRONY`, so that responses overlap. Targets and blinks are
left out. As in the official preprocessing, epochs are cut, their mean before the onset is taken out, and the
trials of a session are whitened.

Both forms are whitened with the noise of the **training** trials alone; the authors of the 100 Hz form used
the test trials too. Signals are simulated at the sampling rate of the form.

References
----------
Gifford, Dwivedi, Roig & Cichy (2022), NeuroImage 264, 119754: the experiment.
Song et al. (2024), ICLR: the 250 Hz form.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from companion.loading.things_eeg2.layout import (
    CHANNELS_63,
    EPOCH_START,
    OSF_100HZ,
    WHITENED_250HZ,
    Layout,
)
from companion.loading.things_eeg2.noise_normalisation import noise_covariance, whitened, whitening_matrix
from companion.recording import Responses, Split
from companion.simulation.brains.meeg import MeegModel
from companion.simulation.brains.meeg_people import meeg_model
from companion.simulation.brains.noise import EEG_LEVELS
from companion.simulation.brains.person import person_rng
from companion.simulation.brains.sources import eeg_lead_field
from companion.simulation.codes import Codes, FloatArray, Stage
from companion.simulation.dials import Dataset, Dials
from companion.simulation.recordings.rapid_series import Run, draw_sessions, record_run
from companion.simulation.recordings.trial_store import TrialStore
from companion.simulation.scales import EegScale
from companion.simulation.writers.expected import forward_map, write_expected
from companion.simulation.writers.things_eeg2 import write_image_metadata, write_preprocessed

DATASET: Dataset = "things-eeg2"
_BLOCK = 256  # trials whitened at a time


def write_shared(folder: Path, *, training: Sequence[str], test: Sequence[str]) -> Path:
    """Write ``image_metadata.npy``; ids are such as ``00001_dovel/dovel_01b``."""
    return write_image_metadata(folder, training=training, test=test)


def eeg_model(
    subject: int, dimensions: dict[Stage, int], dials: Dials, channels: tuple[str, ...] = CHANNELS_63
) -> MeegModel:
    """Make the brain of one person, seen by some channels of the cap."""
    lead_field = eeg_lead_field(channels)
    return meeg_model(DATASET, subject, dimensions, lead_field, EEG_LEVELS, dials)


def simulate_subject(
    folder: Path,
    subject: int,
    *,
    training: Sequence[str],
    test: Sequence[str],
    codes: Codes,
    scale: EegScale,
    dials: Dials,
) -> list[Path]:
    """Simulate and write the preprocessed recordings of one person.

    The trials of one session lie in memory (1 GB of training trials at paper scale); those of all sessions
    are put together in a temporary file in ``folder``.

    Parameters
    ----------
    folder : Path
        Where ``sub-01`` and so on lie.
    subject : int
        Counted from 1.
    training, test : sequence of str
        Images, in the order of `write_shared`.
    codes : Codes
        Of all these images.
    scale : EegScale
        Repetitions, and the form of the files.
    dials : Dials
        Signal, individual geometry, seed.

    Returns
    -------
    list of Path
        ``preprocessed_eeg_training.npy`` and ``preprocessed_eeg_test.npy``; beside them, what is expected.
    """
    layout = {"OSF_100HZ": OSF_100HZ, "WHITENED_250HZ": WHITENED_250HZ}[scale.form]
    dimensions = {stage: z.shape[1] for stage, z in codes.stages.items()}
    model = eeg_model(subject, dimensions, dials, layout.channels)
    seen: dict[Split, Codes] = {"train": codes.select(training), "test": codes.select(test)}
    order = person_rng(dials.seed, DATASET, subject, "order")
    sessions = draw_sessions(len(training), len(test), scale, order)
    noise = person_rng(dials.seed, DATASET, subject, "noise")
    repetitions: dict[Split, int] = {"train": scale.n_repetitions, "test": scale.n_test_repetitions}
    sample = len(layout.channels), layout.n_times
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".simulating-", dir=folder) as elsewhere, ExitStack() as opened:
        stores = {
            split: opened.enter_context(
                TrialStore(Path(elsewhere) / split, (len(seen[split]), times, *sample))
            )
            for split, times in repetitions.items()
        }
        matrices = [_record_session(session, seen, model, layout, noise, stores) for session in sessions]
        forward = _forward(model, codes, layout, np.mean(matrices, axis=0))
        write_expected(folder, f"sub-{subject:02d}", forward)
        return [
            write_preprocessed(folder, subject, store.rows(), split=split, shape=store.shape, layout=layout)
            for split, store in stores.items()
        ]


def _record_session(
    session: Mapping[Split, Run],
    seen: Mapping[Split, Codes],
    model: MeegModel,
    layout: Layout,
    rng: np.random.Generator,
    stores: Mapping[Split, TrialStore],
) -> FloatArray:
    """Record, cut and whiten both splits of a session, put the trials away; returns the whitening matrix."""
    matrix = np.empty(0)
    for split in ("train", "test"):  # training first: its noise whitens both
        run = session[split]
        signal = record_run(run, seen[split], model, layout.sfreq, rng)
        trials = cut_epochs(signal, run.onsets, layout)
        if split == "train":
            covariance = noise_covariance(trials, run.images)
            matrix = whitening_matrix(covariance, where=f"{DATASET}, training trials of a session")
        for start in range(0, len(trials), _BLOCK):
            rows = slice(start, start + _BLOCK)
            stores[split].put(run.images[rows], run.repetitions[rows], whitened(trials[rows], matrix))
    return matrix


def _forward(model: MeegModel, codes: Codes, layout: Layout, matrix: FloatArray) -> FloatArray:
    """Map to expected responses as they are loaded: with baseline, whitened, less the mean over time.

    ``matrix`` is the mean over sessions. Normalisation by length, which the loader does to each repetition,
    is left to whoever reads the map, and so is what neighbouring images add.
    """
    answers = forward_map(lambda shown: model.expected(shown, layout.listed_times), codes)
    answers -= answers[..., layout.listed_times < 0].mean(axis=-1, keepdims=True)
    answers = whitened(answers[..., -layout.n_times :], matrix)
    answers -= answers.mean(axis=-1, keepdims=True)
    return answers


def cut_epochs(signal: Responses, onsets: npt.NDArray[np.float64], layout: Layout) -> Responses:
    """Cut epochs and subtract the mean before their onset.

    Parameters
    ----------
    signal : ndarray of shape (n_channels, n_samples)
        At the sampling rate of the layout.
    onsets : ndarray of shape (n_trials,)
        Seconds from the first sample.
    layout : Layout
        Its times.

    Returns
    -------
    ndarray of shape (n_trials, n_channels, n_times)
        float32.
    """
    first = np.rint((onsets + EPOCH_START) * layout.sfreq).astype(np.intp)
    window = np.arange(layout.n_times_listed)
    n_before = int((layout.listed_times < 0).sum())
    trials: Responses = np.empty((len(first), len(signal), layout.n_times), np.float32)
    for start in range(0, len(first), _BLOCK):
        block = signal[:, first[start : start + _BLOCK, None] + window]
        block -= block[..., :n_before].mean(axis=-1, keepdims=True)
        trials[start : start + _BLOCK] = block[..., -layout.n_times :].transpose(1, 0, 2)
    return trials
