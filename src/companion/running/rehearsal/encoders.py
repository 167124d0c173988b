"""Jobs of the human-aligned paper: brain encoders of EEG, MEG and fMRI, trained by InfoNCE."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from companion.recording import Modality, Recording
from companion.running.decoder_runs import Build
from companion.running.decoders import train_decoders
from companion.running.rehearsal.jobs import Job, Work
from companion.running.rehearsal.made_up import made_up_recording, made_up_vectors, things
from companion.running.rehearsal.sizes import SensorSizes, Sizes
from companion.training.encoders import Nice
from companion.training.settings import Encoder, Setting, Settings, published


class Training(NamedTuple):
    """What :func:`companion.running.decoders.train_decoders` is called with, but for the responses.

    Parameters
    ----------
    build : callable
    settings : Settings
        Of the whole run.
    n_features : int
        Length of image vectors.
    n_seeds : int
        Trained in one program.
    """

    build: Build
    settings: Settings
    n_features: int
    n_seeds: int = 1

    def work(self, recordings: list[Recording], device: str) -> Work:
        """Return what trains for some steps, with some validations, from the beginning."""
        names = dict.fromkeys(name for one in recordings for name in one.stimuli)
        space = made_up_vectors(list(names), self.n_features)

        def work(n_steps: int, n_validations: int) -> None:
            train_decoders(
                {"all": recordings},
                {space.space: space},
                self.build,
                replace(self.settings, n_steps=n_steps, validate_every=max(1, n_steps // n_validations)),
                seeds=range(self.n_seeds),
                validate_on="concept" if len(recordings) == 1 else "stimulus",
                device=device,
                together=self.n_seeds,
            )

        return work


def printed(encoder: Encoder, setting: Setting, n_rows: int, sizes: Sizes) -> Settings:
    """Look up the settings of the paper for the rows that are left when a tenth validates."""
    found = published(encoder, setting, max(9 * n_rows // 10, 1024))
    return replace(found, batch_size=min(found.batch_size, sizes.largest_batch, n_rows // 2))


def responses(size: SensorSizes, modality: Modality, n_people: int = 1) -> list[Recording]:
    """Make up training responses of some people, who saw the same pictures."""
    stimuli = things(size.n_training)
    return [
        made_up_recording(
            stimuli, (size.n_channels, size.n_times), modality=modality, subject=f"person {one}", seed=one
        )
        for one in range(n_people)
    ]


def nice(shape: tuple[int, ...], n_features: int) -> Nice:
    """Make a NICE for responses of a shape."""
    return Nice(shape[0], shape[1], n_features)


def encoder_job(
    chapter: str,
    name: Encoder,
    setting: Setting,
    build: Build,
    sizes: Sizes,
    *,
    n_features: int,
    n_seeds: int = 1,
    grid_runs: int,
    note: str = "",
) -> Job:
    """Describe the training of an encoder of one person's EEG or MEG."""
    size = sizes.meg if setting == "MEG" else sizes.eeg
    settings = printed(name, setting, size.n_training, sizes)
    training = Training(build, settings, n_features, n_seeds)

    def start(device: str) -> Work:
        return training.work(responses(size, "MEG" if setting == "MEG" else "EEG"), device)

    return Job(
        chapter,
        f"{name}, {setting}, {n_features} features",
        f"{size.n_training} x {size}, batches of {settings.batch_size}",
        start,
        n_units=settings.n_steps,
        n_validations=settings.n_steps // settings.validate_every,
        together=n_seeds,
        grid_runs=grid_runs,
        note=note,
    )
