"""How large the recordings, vectors and grids of the papers are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SensorSizes:
    """Responses with a time axis: people, pictures trained on and tested, repetitions, channels, samples."""

    n_people: int
    n_training: int
    n_test: int
    n_repetitions: int
    n_channels: int
    n_times: int

    def __str__(self) -> str:
        return f"{self.n_channels} x {self.n_times}"


@dataclass(frozen=True)
class VoxelSizes:
    """Responses of voxels: people, trials trained on, of how many pictures, tested pictures, voxels."""

    n_people: int
    n_trials: int
    n_pictures: int
    n_test: int
    n_repetitions: int
    n_voxels: int


@dataclass(frozen=True)
class Sizes:
    """All sizes that jobs have. Defaults are published ones.

    Parameters
    ----------
    eeg, meg : SensorSizes
        THINGS-EEG2 and THINGS-MEG. Training rows are means per picture.
    god_meg : SensorSizes
        MEG of GOD, in bins of 50 ms.
    nsd, god : VoxelSizes
        NSD, means per picture as in the published code; GOD, single trials, all of visual cortex.
    n_region : int
        Voxels of a region of GOD.
    n_electrodes : int
    n_categories, n_candidates : int
        Training categories of GOD, and what a decoded one is identified among.
    widths : tuple of int
        Lengths of image vectors in Table 1 of the human-aligned paper.
    n_vectors : int
        Length of the vectors of GOD and NSD.
    n_words : int
        Length of word vectors.
    mlp_width, mapping_width : int
        Hidden units of the fMRI network, and of mapping networks.
    joint_widths : tuple of int
        Hidden units of the joint latent space: responses, pictures, texts.
    n_linear : int
        Values of a response that ridge gets.
    n_pool : int
        Pictures of the pool.
    n_generated_from : int
        Length of the vectors that the small generator reads.
    picture_size, picture_batch : int
        Pixels along an edge of a picture to be embedded, and pictures embedded at a time.
    largest_batch : int
        Pairs of a step of a brain encoder, at most.
    """

    eeg: SensorSizes = SensorSizes(10, 16540, 200, 80, 63, 250)
    meg: SensorSizes = SensorSizes(4, 19848, 200, 12, 271, 201)
    god_meg: SensorSizes = SensorSizes(3, 1200, 50, 6, 160, 10)
    nsd: VoxelSizes = VoxelSizes(4, 24980, 8859, 982, 3, 15724)
    god: VoxelSizes = VoxelSizes(5, 1200, 1200, 50, 35, 4466)
    n_region: int = 1000
    n_electrodes: int = 96
    n_categories: int = 150
    n_candidates: int = 1000
    widths: tuple[int, ...] = (512, 768, 1792)
    n_vectors: int = 512
    n_words: int = 300
    mlp_width: int = 4096
    mapping_width: int = 2048
    joint_widths: tuple[int, int, int] = (512, 2048, 512)
    n_linear: int = 4000
    n_pool: int = 50000
    n_generated_from: int = 64
    picture_size: int = 500
    picture_batch: int = 256
    largest_batch: int = 512
