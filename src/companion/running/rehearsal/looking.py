"""Jobs of chapters that train nothing on brains: reliability of recordings, embedding of pictures."""

from __future__ import annotations

import numpy as np

from companion.encoders.cache import EmbeddingCache
from companion.encoders.clip import ClipEncoder, build_clip
from companion.encoders.interface import encode_images
from companion.running.decoders import chosen_device
from companion.running.rehearsal.jobs import Job, Work
from companion.running.rehearsal.made_up import made_up_recording, things
from companion.running.rehearsal.sizes import Sizes
from companion.statistics.noise_ceilings import explainable_share, variance_parts
from companion.statistics.reliability import split_half_reliability, stack_repetitions

_N_SPLITS = 10
_N_TARGETS = 12


def reliability(sizes: Sizes) -> list[Job]:
    """Describe reliability over time of EEG, and noise ceilings of voxels, for one person each."""
    eeg, nsd = sizes.eeg, sizes.nsd

    def start_eeg(device: str) -> Work:
        del device
        stimuli = things(eeg.n_test, per_concept=1) * eeg.n_repetitions
        trials = made_up_recording(stimuli, (eeg.n_channels, eeg.n_times), modality="EEG", split="test")

        def work(_: int) -> None:
            values = stack_repetitions(trials.responses, trials.stimuli)[0]
            split_half_reliability(values, n_splits=_N_SPLITS, rng=np.random.default_rng(0))

        return work

    def start_nsd(device: str) -> Work:
        del device
        stimuli = things(nsd.n_test, per_concept=1) * nsd.n_repetitions
        trials = made_up_recording(stimuli, (nsd.n_voxels,), modality="fMRI", split="test")

        def work(_: int) -> None:
            values = stack_repetitions(trials.responses, trials.stimuli)[0]
            explainable_share(variance_parts(values.astype(float)), values.shape[1])

        return work

    return [
        Job(
            "recordings",
            "split-half reliability, EEG",
            f"{eeg.n_test} x {eeg.n_repetitions} x {eeg}, {_N_SPLITS} halvings",
            start_eeg,
            grid_runs=eeg.n_people,
            note="10 people",
        ),
        Job(
            "recordings",
            "noise ceilings, NSD",
            f"{nsd.n_test} x {nsd.n_repetitions} x {nsd.n_voxels} voxels",
            start_nsd,
            grid_runs=nsd.n_people,
            note="4 people",
        ),
    ]


def embedding(sizes: Sizes) -> Job:
    """Describe the embedding of all pictures of THINGS-EEG2 by a vision transformer with random weights."""
    n_pictures, batch = sizes.eeg.n_training + sizes.eeg.n_test, sizes.picture_batch

    def start(device: str) -> Work:
        encoder = vision_transformer(str(chosen_device(device)))
        side = sizes.picture_size
        rng = np.random.default_rng(0)

        def work(n_batches: int) -> None:
            pictures = {
                f"picture {number}": rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
                for number in range(n_batches * batch)
            }
            encode_images(encoder, pictures, batch_size=batch, cache=EmbeddingCache())

        return work

    return Job(
        "spaces",
        "embedding of pictures, ViT-B/32",
        f"{n_pictures} pictures of {sizes.picture_size} x {sizes.picture_size}, {batch} at a time",
        start,
        n_units=-(-n_pictures // batch),
        n_steps=batch,
        grid_runs=_N_TARGETS,
        note="a step is one picture; 12 image models; one with patches of 16 costs four times as much",
    )


def vision_transformer(device: str) -> ClipEncoder:
    """Build CLIP ViT-B/32 with random weights, which cost as much as learnt ones."""
    import open_clip
    from open_clip.transform import PreprocessCfg, image_transform_v2

    config = open_clip.get_model_config("ViT-B-32")
    return ClipEncoder(
        build_clip(config),
        image_transform_v2(PreprocessCfg(), is_train=False),
        open_clip.SimpleTokenizer(),
        name="CLIP ViT-B-32 with random weights",
        n_features=config["embed_dim"],
        fingerprint=f"random ViT-B-32 on {device}",
        device=device,
    )


def looking_jobs(sizes: Sizes) -> list[Job]:
    """All jobs of the chapters that look at recordings and spaces."""
    return [*reliability(sizes), embedding(sizes)]
