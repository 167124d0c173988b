"""A miniature THINGS-MEG: single images, far apart in time, in preprocessed epochs.

Session s shows the s-th exemplar of every kind once and every test image once, in random order. Images follow
each other after 1.5 +- 0.2 s, by which time a response is over; so trials are simulated **one by one**: the
response to one image, in a stretch of noise that goes on from trial to trial of a run. Catch trials are left
out. As in the official files each epoch and sensor is a z-score over the `BASELINE` before the image.

References
----------
Hebart et al. (2023), eLife 12, e82580.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.things_meg.epochs import START, STOP
from companion.loading.things_meg.trials import TEST_FOLDER, TRAIN_FOLDER
from companion.recording import Responses
from companion.simulation.brains.meeg import MeegModel
from companion.simulation.brains.meeg_people import meeg_model
from companion.simulation.brains.noise import MEG_LEVELS
from companion.simulation.brains.person import person_rng
from companion.simulation.brains.sources import helmet_info, meg_lead_field
from companion.simulation.codes import Codes, FloatArray, Stage
from companion.simulation.dials import Dataset, Dials
from companion.simulation.scales import MegScale
from companion.simulation.writers.expected import forward_map, write_expected
from companion.simulation.writers.things_meg import write_things_meg

DATASET: Dataset = "things-meg"
EPOCH = -0.1, 1.3
"""Seconds from onset, both ends included."""
BASELINE = -0.1, 0.0
"""Seconds from onset whose mean and standard deviation the z-score takes, both ends included."""
TRIALS_PER_RUN = 206


def meg_model(subject: int, dimensions: dict[Stage, int], dials: Dials, n_sensors: int) -> MeegModel:
    """Make the brain of one person in a helmet of CTF's kind."""
    lead_field = meg_lead_field("CTF", n_sensors)
    return meeg_model(DATASET, subject, dimensions, lead_field, MEG_LEVELS, dials)


def simulate_subject(
    folder: Path,
    subject: int,
    *,
    training: Sequence[str],
    test: Sequence[str],
    codes: Codes,
    scale: MegScale,
    dials: Dials,
) -> list[Path]:
    """Simulate and write the epochs of one person. No file is shared between people.

    Parameters
    ----------
    folder : Path
        Where to.
    subject : int
        1 to 4.
    training : sequence of str
        ``<concept>/<image>``, the exemplars of every concept. Concepts of test images may be among them, as
        in the official files; the loader leaves them out.
    test : sequence of str
        ``<concept>/<concept>_<number>``: other images, one of each test concept.
    codes : Codes
        Of all these images.
    scale : MegScale
        Repetitions of test images, sensors, sampling rate.
    dials : Dials
        Signal, individual geometry, seed.

    Returns
    -------
    list of Path
        ``preprocessed_P<n>-epo.fif`` and further parts; beside them, what is expected.
    """
    dimensions = {stage: z.shape[1] for stage, z in codes.stages.items()}
    model = meg_model(subject, dimensions, dials, scale.n_sensors)
    order = person_rng(dials.seed, DATASET, subject, "order")
    metadata = draw_trials(training, test, scale.n_test_repetitions, order)
    shown = codes.select(metadata.pop("stimulus"))
    runs = metadata.groupby(["session_nr", "run_nr"]).ngroup().to_numpy().astype(np.intp)
    start, stop = (round(edge * scale.sampling_rate) for edge in EPOCH)
    times = np.arange(start, stop + 1) / scale.sampling_rate
    trials = SimulatedTrials(model, shown, runs, times, scale.sampling_rate, dials.seed)
    window = times[(times >= START - 1e-6) & (times <= STOP + 1e-6)]
    # tesla: the z-score of an epoch is the gain that whoever reads the map has to find
    forward = forward_map(lambda units: model.expected(units, window), codes)
    write_expected(folder, f"P{subject}", forward)
    info = helmet_info("CTF", scale.n_sensors, scale.sampling_rate)
    return write_things_meg(folder, subject, trials, metadata, info, start=EPOCH[0])


def draw_trials(
    training: Sequence[str], test: Sequence[str], n_test_repetitions: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the trials of all sessions, in the order shown.

    Parameters
    ----------
    training, test : sequence of str
        As in `simulate_subject`.
    n_test_repetitions : int
        Sessions that show the test images.
    rng : numpy.random.Generator
        Of the order within sessions.

    Returns
    -------
    DataFrame
        The columns of the official files, ``stimulus``, ``session_nr`` and ``run_nr``.
    """
    images = _images(training, test)
    is_test = images["trial_type"] == "test"
    n_sessions = max(n_test_repetitions, int(images.loc[~is_test, "exemplar_nr"].max()))
    sessions = []
    for number in range(1, n_sessions + 1):
        shown = (is_test & (number <= n_test_repetitions)) | (~is_test & (images["exemplar_nr"] == number))
        session = images[shown]
        session = session.iloc[rng.permutation(len(session))]
        runs = 1 + np.arange(len(session)) // TRIALS_PER_RUN
        sessions.append(session.assign(session_nr=number, run_nr=runs))
    return pd.concat(sessions, ignore_index=True)


def _images(training: Sequence[str], test: Sequence[str]) -> pd.DataFrame:
    """One row per image, with its labels."""
    stimuli = [*training, *test]
    table = pd.DataFrame({"stimulus": stimuli, "trial_type": ["exp"] * len(training) + ["test"] * len(test)})
    concepts = table["stimulus"].map(lambda name: PurePosixPath(name).parent.name)
    images = table["stimulus"].map(lambda name: PurePosixPath(name).name)
    is_test = table["trial_type"] == "test"
    if (odd := is_test & (images.str.rpartition("_")[0] != concepts)).any():
        raise DataError(
            "A test image is not named after its concept",
            expected="candelabra/candelabra_14s",
            got=table.loc[odd, "stimulus"].iloc[0],
        )
    paths = TRAIN_FOLDER + "/" + concepts + "/" + images + ".jpg"
    exemplar = table.groupby([table["trial_type"], concepts]).cumcount() + 1
    exemplar = exemplar.where(~is_test, exemplar[~is_test].max() + 1)  # as in the official files: the 13th
    return table.assign(
        category_nr=concepts.rank(method="dense").astype(int),
        exemplar_nr=exemplar,
        test_image_nr=is_test.cumsum().where(is_test).astype(float),
        image_nr=np.arange(1, len(table) + 1),
        image_path=paths.where(~is_test, TEST_FOLDER + "/" + images + ".jpg"),
    )


@dataclass(eq=False)
class SimulatedTrials:
    """Epochs that are made when they are asked for, a run at a time.

    Parameters
    ----------
    model : MeegModel
        Whose brain.
    shown : Codes
        One row per trial.
    runs : ndarray of shape (n_trials,)
        Run of each trial, counted from 0 over all sessions; ascending.
    times : ndarray of shape (n_times,)
        Seconds from onset.
    sampling_rate : float
        Samples per second.
    seed : int
        Of the noise; asked twice, a trial is the same.
    """

    model: MeegModel
    shown: Codes
    runs: npt.NDArray[np.intp]
    times: FloatArray
    sampling_rate: float
    seed: int
    _made: tuple[slice, Responses] | None = field(default=None, init=False, repr=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_trials, n_sensors, n_times)."""
        return len(self.shown), self.model.n_channels, len(self.times)

    def __getitem__(self, row: int) -> Responses:
        if self._made is None or not self._made[0].start <= row < self._made[0].stop:
            run = self.runs[row]
            rows = slice(*np.searchsorted(self.runs, [run, run + 1]))
            self._made = rows, self._make(rows, int(run))
        epoch: Responses = self._made[1][row - self._made[0].start]
        return epoch

    def _make(self, rows: slice, run: int) -> Responses:
        """Epochs of a run: (n_trials, n_sensors, n_times)."""
        codes = Codes(self.shown.ids[rows], {stage: z[rows] for stage, z in self.shown.stages.items()})
        n_samples = len(codes) * len(self.times)
        rng = person_rng(self.seed, DATASET, self.model.subject, f"noise of run {run}")
        noise = self.model.noise.draw(n_samples, self.sampling_rate, rng)
        epochs = noise.reshape(len(noise), len(codes), -1).transpose(1, 0, 2)
        epochs = epochs + self.model.expected(codes, self.times).astype(np.float32)
        return z_scored(epochs, self.times)


def z_scored(epochs: Responses, times: FloatArray) -> Responses:
    """Score epochs (..., n_times) by the mean and standard deviation of their `BASELINE`."""
    inside: npt.NDArray[np.bool_] = (times >= BASELINE[0] - 1e-9) & (times <= BASELINE[1] + 1e-9)
    before = epochs[..., inside]
    scored: Responses = (epochs - before.mean(axis=-1, keepdims=True)) / before.std(axis=-1, keepdims=True)
    return scored
