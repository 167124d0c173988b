"""Which brain encoders the chapters and the tables of the human-aligned paper train."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from companion.running.decoder_runs import Build
from companion.running.rehearsal.encoders import Asked, encoder_job, nice, printed, responses
from companion.running.rehearsal.jobs import Job, Training
from companion.running.rehearsal.made_up import made_up_recording, things
from companion.running.rehearsal.sizes import Sizes
from companion.running.shelf import Shelf
from companion.training.encoders import AtmS, EegConformer, EegNet, ResidualMlp
from companion.training.settings import Encoder

_TARGETS = 12  # image models and their bases, in all tables of the paper
_SEEDS = 5
_PEOPLE_WITH_FMRI = 4


def across_people(sizes: Sizes) -> Job:
    """Describe NICE on all people but one."""
    size, n_people = sizes.eeg, sizes.eeg.n_people - 1
    settings = printed("NICE", "EEG across people", n_people * size.n_training, sizes)
    asked = Asked(nice, replace(settings, leave_out_same=True), sizes.widths[0])
    people = Shelf(range(1, n_people + 1), partial(responses, size, "EEG"))
    return Job(
        "targets",
        "NICE, EEG across people",
        f"{n_people} people x {size.n_training} x {size}, batches of {settings.batch_size}",
        lambda device: asked.training(people.some(people), device),
        n_units=settings.n_steps,
        n_validations=settings.n_steps // settings.validate_every,
        grid_runs=size.n_people * _TARGETS * _SEEDS,
        note="Table 2: 10 people x 12 targets x 5 seeds; the chapter trains one seed",
    )


def fmri(sizes: Sizes) -> Job:
    """Describe the residual network on NSD."""
    size = sizes.nsd
    settings = printed("MLP", "fMRI", size.n_pictures, sizes)

    def build(shape: tuple[int, ...], n_features: int) -> ResidualMlp:
        return ResidualMlp(shape[0], n_features, width=sizes.mlp_width)

    asked = Asked(build, settings, sizes.widths[1])

    def start(device: str) -> Training:
        stimuli = things(size.n_pictures, per_concept=1)
        return asked.training([made_up_recording(stimuli, (size.n_voxels,), modality="fMRI")], device)

    return Job(
        "targets",
        f"MLP {sizes.mlp_width} wide, fMRI, {sizes.widths[1]} features",
        f"{size.n_pictures} x {size.n_voxels} voxels, batches of {settings.batch_size}",
        start,
        n_units=settings.n_steps,
        n_validations=settings.n_steps // settings.validate_every,
        grid_runs=_PEOPLE_WITH_FMRI * _TARGETS * _SEEDS,
        note="Table 8: 4 people x 12 targets x 5 seeds; rows are means per picture, as in the published code",
    )


def controls(sizes: Sizes) -> Job:
    """Describe the network of the chapter on controls: the fMRI network on EEG made coarse."""
    n_values, size = 500, sizes.eeg
    settings = printed("MLP", "fMRI", size.n_training, sizes)

    def build(shape: tuple[int, ...], n_features: int) -> ResidualMlp:
        return ResidualMlp(shape[0], n_features, width=sizes.mlp_width)

    asked = Asked(build, settings, sizes.widths[0])

    def start(device: str) -> Training:
        known = made_up_recording(things(size.n_training), (n_values,), modality="EEG")
        return asked.training([known], device)

    return Job(
        "controls",
        f"MLP {sizes.mlp_width} wide, EEG",
        f"{size.n_training} x {n_values}, batches of {settings.batch_size}",
        start,
        n_units=5800,
        n_validations=10,
        grid_runs=10 * (1 + _SEEDS) + 3 * 10 * 3 + 20,
        note="own experiment: courses of 10 people, held-out people in three ways, pooled people",
    )


def encoder_jobs(sizes: Sizes) -> list[Job]:
    """All jobs that train brain encoders."""
    row = sizes.eeg.n_people * _TARGETS * _SEEDS
    table_1 = "Table 1: 10 people x 12 targets x 5 seeds"
    widths = f"{table_1}; of these targets 4 of 512, 6 of 768 and 2 of 1792 features"
    shares = (4, 6, 2)
    in_table_1 = [
        encoder_job(
            "targets",
            "NICE",
            "EEG",
            nice,
            sizes,
            n_features=width,
            n_seeds=_SEEDS,
            grid_runs=row * share // _TARGETS,
            note=f"{widths}; five seeds in one program",
        )
        for width, share in zip(sizes.widths, shares, strict=False)
    ]
    others: list[tuple[Encoder, Build]] = [
        ("ATM-S", lambda shape, n: AtmS(shape[0], shape[1], n)),
        ("EEGNet", lambda shape, n: EegNet(shape[0], shape[1], n)),
        ("EEGConformer", lambda shape, n: EegConformer(shape[0], shape[1], n)),
    ]
    in_table_1 += [
        encoder_job(
            "targets", name, "EEG", build, sizes, n_features=sizes.widths[1], grid_runs=row, note=table_1
        )
        for name, build in others
    ]
    meg = encoder_job(
        "targets",
        "NICE",
        "MEG",
        nice,
        sizes,
        n_features=sizes.widths[1],
        grid_runs=sizes.meg.n_people * _TARGETS * _SEEDS,
        note="Table 3: 4 people x 12 targets x 5 seeds",
    )
    first = encoder_job(
        "contrastive",
        "NICE",
        "EEG",
        nice,
        sizes,
        n_features=sizes.widths[0],
        grid_runs=10 * _SEEDS + 3 * (3 + 4),
        note="10 people x 5 seeds, and the sections on checkpoints and on fewer pictures",
    )
    attributed = [
        encoder_job(
            "attribution",
            "NICE",
            "EEG",
            nice,
            sizes,
            n_features=sizes.widths[1],
            grid_runs=10 * 3 * _SEEDS,
            note="10 people x 3 targets x 5 seeds",
        ),
        encoder_job(
            "attribution",
            "EEGNet",
            "EEG",
            others[1][1],
            sizes,
            n_features=sizes.widths[1],
            grid_runs=3,
            note="3 people, base target",
        ),
    ]
    return [first, *in_table_1, across_people(sizes), meg, fmri(sizes), *attributed, controls(sizes)]
