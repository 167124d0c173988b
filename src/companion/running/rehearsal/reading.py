"""Jobs without gradient descent on weights: ridge with retrieval, attribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from companion.decoding.attribution.channels import channel_drops
from companion.decoding.attribution.gradcam import grad_cam
from companion.decoding.attribution.occlusion import occlusion
from companion.decoding.attribution.patterns import input_gradients, patterns
from companion.decoding.attribution.removal import Readout
from companion.decoding.observer import repetition_covariance
from companion.decoding.optimal import coarse
from companion.decoding.retrieval import ranks
from companion.decoding.ridge import prepare_ridge
from companion.recording import Modality, Recording
from companion.running.decoders import chosen_device, predict
from companion.running.rehearsal.jobs import Job, Work
from companion.running.rehearsal.made_up import made_up_recording, made_up_vectors, random_values, things
from companion.running.rehearsal.sizes import SensorSizes, Sizes
from companion.training.encoders import Nice


def ridge_job(
    chapter: str, name: str, n_test: int, make: Callable[[], Recording], size: str, sizes: Sizes, *, grid: int
) -> Job:
    """Describe ridge of one person into three spaces, and the ranks of the test pictures."""

    def start(device: str) -> Work:
        del device
        small = coarse(make(), sizes.n_linear)
        tested = things(n_test, kind="tested", per_concept=1)
        unseen = random_values(n_test, *small.responses.shape[1:], seed=9)
        given = {
            space: made_up_vectors([*small.stimuli, *tested], sizes.widths[0], space=space, seed=number)
            for number, space in enumerate(("base", "aligned", "permuted"))
        }

        def work(_: int) -> None:
            concepts = [name.split("/")[0] for name in small.stimuli]
            fitted = prepare_ridge(small.responses, small.stimuli, concepts).fit(given)
            for space, decoded in fitted.predict(unseen, tested).items():
                ranks(decoded, given[space].select(tested))

        return work

    return Job(
        chapter,
        f"ridge, {name}",
        f"{size}, 3 spaces of {sizes.widths[0]} features",
        start,
        grid_runs=grid,
        note=f"{grid} people; closed form",
    )


def ridge_jobs(sizes: Sizes) -> list[Job]:
    """Ridge of every chapter that has it, once per kind of recording."""

    def sensors(size: SensorSizes, modality: Modality) -> Recording:
        return made_up_recording(things(size.n_training), (size.n_channels, size.n_times), modality=modality)

    def voxels() -> Recording:
        return made_up_recording(
            things(sizes.nsd.n_pictures, per_concept=1), (sizes.nsd.n_voxels,), modality="fMRI"
        )

    eeg, meg, nsd = sizes.eeg, sizes.meg, sizes.nsd
    few = replace(sizes, n_linear=min(500, sizes.n_linear))
    return [
        *(
            ridge_job(
                chapter,
                "EEG",
                eeg.n_test,
                partial(sensors, eeg, "EEG"),
                f"{eeg.n_training} x {own.n_linear} values at most",
                own,
                grid=eeg.n_people,
            )
            for chapter, own in (("contrastive", sizes), ("targets", sizes), ("controls", few))
        ),
        ridge_job(
            "targets",
            "MEG",
            meg.n_test,
            partial(sensors, meg, "MEG"),
            f"{meg.n_training} x {sizes.n_linear} values at most",
            sizes,
            grid=meg.n_people,
        ),
        ridge_job(
            "bench",
            "fMRI",
            nsd.n_test,
            voxels,
            f"{nsd.n_pictures} x {nsd.n_voxels} voxels",
            sizes,
            grid=nsd.n_people,
        ),
    ]


def attribution(sizes: Sizes) -> list[Job]:
    """Describe what is asked of a trained NICE, and of the noise of single trials, for one person."""
    size, n_features = sizes.eeg, sizes.widths[1]

    def start(device: str) -> Work:
        place = chosen_device(device)
        encoder = Nice(size.n_channels, size.n_times, n_features).to(place).eval()
        test = made_up_recording(
            things(size.n_test, per_concept=1), (size.n_channels, size.n_times), modality="EEG"
        )
        samples = random_values(min(2000, size.n_training), size.n_channels, size.n_times, seed=3)
        gallery = random_values(size.n_test, n_features, seed=4)
        vectors = torch.from_numpy(gallery).to(place)
        responses = torch.from_numpy(test.responses.copy()).to(place)
        readout = Readout(partial(predict, encoder), gallery, np.arange(size.n_test))
        channels = {f"{number}": [number] for number in range(size.n_channels)}
        assert test.times is not None  # noqa: S101 - made with times
        times = test.times

        def work(_: int) -> None:
            inputs = encoder.prepare(responses)
            for layer in ("projection", "first"):
                grad_cam(encoder, inputs, vectors, layer)
            slopes = input_gradients(lambda part: encoder(*encoder.prepare(part)), responses, vectors)
            patterns(slopes, samples)
            occlusion(readout, test.responses, times)
            channel_drops(readout, test.responses, channels)

        return work

    def start_noise(device: str) -> Work:
        del device
        stimuli = things(size.n_test, per_concept=1) * size.n_repetitions
        trials = made_up_recording(stimuli, (size.n_channels, size.n_times), modality="EEG")

        def work(_: int) -> None:
            repetition_covariance(coarse(trials).responses, trials.stimuli)

        return work

    return [
        Job(
            "attribution",
            "maps, gradients, occlusion of NICE",
            f"{size.n_test} test responses x {size}, {n_features} features",
            start,
            grid_runs=size.n_people * 3,
            note="10 people x 3 targets: Grad-CAM at two layers, gradients, patterns, windows, channels",
        ),
        Job(
            "attribution",
            "noise of single trials",
            f"{size.n_test} x {size.n_repetitions} trials x {size}",
            start_noise,
            grid_runs=size.n_people,
            note="10 people, where responses are simulated",
        ),
    ]


def reading_jobs(sizes: Sizes) -> list[Job]:
    """All jobs that read fitted decoders, or fit them in closed form."""
    return [*ridge_jobs(sizes), *attribution(sizes)]
