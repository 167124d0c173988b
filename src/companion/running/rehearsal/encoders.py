"""Jobs of the human-aligned paper: brain encoders of EEG, MEG and fMRI, trained by InfoNCE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import torch

from companion.loading.things_eeg2.trials import normalised_recording
from companion.recording import Modality, Recording
from companion.running.decoder_runs import Build
from companion.running.decoders import begin_training, chosen_device, train_decoders
from companion.running.rehearsal.jobs import Job, Training
from companion.running.rehearsal.made_up import made_up_recording, made_up_vectors, things
from companion.running.rehearsal.sizes import SensorSizes, Sizes
from companion.training.encoders import Nice
from companion.training.settings import Encoder, Setting, Settings, published


class Asked(NamedTuple):
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

    def training(self, recordings: Sequence[Recording], device: str) -> Training:
        """Return what trains on recordings of one person, or of several."""
        names = dict.fromkeys(name for one in recordings for name in one.stimuli)
        space = made_up_vectors(list(names), self.n_features)
        validate_on: Literal["concept", "stimulus"] = "concept" if len(recordings) == 1 else "stimulus"
        seeds = range(self.n_seeds)

        def whole() -> None:
            train_decoders(
                {"all": recordings},
                {space.space: space},
                self.build,
                replace(self.settings, n_steps=1, validate_every=1),
                seeds=seeds,
                validate_on=validate_on,
                device=device,
                together=self.n_seeds,
            )

        def begin(n_before: int) -> tuple[Callable[[], object], Callable[[], object]]:
            settings = replace(self.settings, n_steps=n_before + 1, validate_every=n_before + 1)
            program = begin_training(
                recordings, space, self.build, settings, seeds, validate_on=validate_on, device=device
            )
            return _finished(program.update, device), _finished(program.advance, device)

        return Training(whole, begin)


def _finished(do: Callable[[], object], device: str) -> Callable[[], None]:
    """Wait for a GPU, which is still computing when a step is over for the host."""

    def done() -> None:
        do()
        if chosen_device(device).type == "cuda":
            torch.cuda.synchronize()

    return done


def printed(encoder: Encoder, setting: Setting, n_rows: int, sizes: Sizes) -> Settings:
    """Look up the settings of the paper for the rows that are left when a tenth validates."""
    found = published(encoder, setting, max(9 * n_rows // 10, 1024))
    return replace(found, batch_size=min(found.batch_size, sizes.largest_batch, n_rows // 2))


def responses(size: SensorSizes, modality: Modality, person: int = 1) -> Recording:
    """Make up training responses of a person; all see the same pictures."""
    shape = (size.n_channels, size.n_times)
    return made_up_recording(
        things(size.n_training), shape, modality=modality, subject=f"person {person}", seed=person
    )


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
    asked = Asked(build, settings, n_features, n_seeds)

    def start(device: str) -> Training:
        if setting == "MEG":  # EEG is normalised when its trials are read
            return asked.training([normalised_recording(responses(size, "MEG"))], device)
        return asked.training([responses(size, "EEG")], device)

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
