"""Pictures of decoded vectors by a large diffusion model (:mod:`companion.decoding.generation.kandinsky`).

A vector decoded from a brain takes the place of the vector of a picture, and the same companions as for the
small generator say what the result is worth. Such a model paints a convincing picture of any vector: here
more than anywhere, look at the companions.

References
----------
Ho et al. (2020), NeurIPS: denoising diffusion. Ho and Salimans (2022): guidance without a classifier.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.decoding.generation.cosines import UInt8Array
from companion.decoding.generation.kandinsky import DiffusionGenerator, quiet
from companion.embeddings import Embeddings
from companion.errors import DataError

N_STEPS = 50
GUIDANCE = 4.0  # the pipeline's own default


def generate_by_diffusion(
    generator: DiffusionGenerator,
    vectors: Embeddings,
    *,
    seed: int = 0,
    n_steps: int = N_STEPS,
    guidance: float = GUIDANCE,
    height: int = 512,
    width: int = 512,
) -> dict[str, UInt8Array]:
    """Make one picture of each vector. There is no choosing among several.

    All noise of a picture depends on seed and stimulus only, whatever other pictures are made: they are made
    one by one. Pictures of one stimulus from different vectors (decoded, true, shuffled ...) start from the
    same noise, so that only the vectors make them differ.

    Parameters
    ----------
    generator : DiffusionGenerator
    vectors : Embeddings of shape (n_stimuli, n_features)
        In the length that their encoder gives (:func:`in_native_length`).
    seed : int
        Of the noise.
    n_steps : int
        Steps from noise to picture.
    guidance : float
        1 follows the vector as in training; more exaggerates what it adds to an empty picture's.
    height, width : int
        Of the pictures in pixels; multiples of 64 for the official weights.

    Returns
    -------
    dict of str to ndarray of uint8, shape (height, width, 3)
        By stimulus.

    Raises
    ------
    DataError
        If the vectors are of another space or length than the generator reads, pictures of that size cannot
        be made, or the arithmetic overflowed.
    """
    _refuse_other_space(vectors, generator.nothing)
    _refuse_unit_length(vectors)
    _refuse_settings(generator.pipeline, n_steps, guidance, (height, width))
    return {
        name: _picture(generator, row, name, seed, n_steps, guidance, (height, width))
        for name, row in zip(vectors.ids, vectors.values, strict=True)
    }


def in_native_length(vectors: Embeddings, pictures: Embeddings) -> Embeddings:
    """Bring vectors to the mean length that vectors of pictures have as their encoder gives them.

    Much of this package handles directions only, of length one. A network that was trained on vectors as they
    are has never seen such short ones.

    Parameters
    ----------
    vectors : Embeddings of shape (n_stimuli, n_features)
        Decoded vectors or companions; their own lengths are not used.
    pictures : Embeddings of shape (n_pictures, n_features)
        Raw vectors of the pool or of the training pictures, never of test pictures.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)

    Raises
    ------
    DataError
        If the two are of different spaces, or the vectors of pictures are of length one already.
    """
    _refuse_other_space(vectors, pictures)
    _refuse_unit_length(pictures)
    length = np.linalg.norm(pictures.values, axis=1).mean()
    return vectors.with_rows(vectors.normalised().values * length, vectors.ids)


def _picture(
    generator: DiffusionGenerator,
    vector: npt.NDArray[np.floating[Any]],
    stimulus: str,
    seed: int,
    n_steps: int,
    guidance: float,
    sides: tuple[int, int],
) -> UInt8Array:
    """Make one picture of shape (height, width, 3), from noise of its own."""
    import torch

    pipeline = generator.pipeline
    like = {"device": pipeline.unet.device, "dtype": pipeline.unet.dtype}
    words = np.random.SeedSequence([seed, zlib.crc32(stimulus.encode())]).generate_state(1, np.uint64)
    with quiet():
        made = pipeline(
            torch.tensor(vector[None], **like),
            torch.tensor(generator.nothing.values, **like),
            height=sides[0],
            width=sides[1],
            num_inference_steps=n_steps,
            guidance_scale=guidance,
            generator=torch.Generator().manual_seed(int(words[0])),  # on the CPU: the same noise everywhere
            output_type="np",
        ).images[0]
    if not np.isfinite(made).all():
        raise DataError(
            "A picture holds numbers that are not finite",
            where=stimulus,
            got=f"arithmetic in {pipeline.unet.dtype}",
            do="load the model with dtype='float32'",
        )
    picture: UInt8Array = np.rint(255 * made).astype(np.uint8)
    return picture


def _refuse_other_space(vectors: Embeddings, wanted: Embeddings) -> None:
    names = [(one.space, one.aligned_by, one.values.shape[1]) for one in (vectors, wanted)]
    if names[0] != names[1]:
        raise DataError(
            "The diffusion model reads vectors of another space",
            where=repr(vectors),
            expected=repr(wanted),
            got=names[0],
            do="train a decoder whose targets are pictures embedded by the tower that embedded the empty one",
        )


def _refuse_unit_length(vectors: Embeddings) -> None:
    if (np.abs(np.linalg.norm(vectors.values, axis=1) - 1) < 1e-4).all():
        raise DataError(
            "The diffusion model reads vectors as their encoder gives them, not brought to length one",
            where=repr(vectors),
            got="length one throughout",
            do="bring them to the length of raw vectors of pictures by in_native_length",
        )


def _refuse_settings(pipeline: Any, n_steps: int, guidance: float, sides: tuple[int, int]) -> None:
    unit = pipeline.movq_scale_factor**2
    if min(sides) < unit or any(side % unit for side in sides):
        raise DataError("Pictures of this size cannot be made", expected=f"multiples of {unit}", got=sides)
    most = pipeline.scheduler.config.num_train_timesteps
    if not 1 <= n_steps <= most:
        raise DataError("The number of steps is out of range", expected=f"1 to {most}", got=n_steps)
    if not guidance >= 1:
        raise DataError("Guidance below 1 leads away from the vector", expected="1 or more", got=guidance)
