"""Kandinsky 2.2 of diffusers, where somebody has put its weights: loading its decoder from local files.

Its decoder is told nothing but the vector of a picture, and no text. It reads vectors as the image tower of
CLIP ViT-bigG/14 gives them: 1280 numbers that are *not* brought to length one. Beside, it needs the vector
of an empty picture. Pictures are made by :mod:`companion.decoding.generation.diffusion`.

References
----------
Shakhmatov et al. (2023): Kandinsky 2.2.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from companion.decoding.generation.kandinsky_files import (
    GET,
    WEIGHTS,
    refuse_incomplete,
    refuse_odd_numbers,
    refuse_other_size,
    unreadable,
)
from companion.embeddings import Embeddings
from companion.errors import DataError

if TYPE_CHECKING:
    import torch

NOTHING = "an empty picture"


@dataclass(frozen=True, eq=False)
class DiffusionGenerator:
    """A diffusion model with what stands for an unknown vector. Made by :func:`load_kandinsky`.

    Attributes
    ----------
    pipeline : diffusers.KandinskyV22Pipeline
        U-Net, decoder of its latent pictures, and noise schedule.
    nothing : Embeddings of shape (1, n_features)
        Vector of an empty picture, away from which guidance leads; its space is the one that is read.
    """

    pipeline: Any
    nothing: Embeddings


def embed_nothing(
    tower: Callable[[torch.Tensor], torch.Tensor], space: str, *, size: int = 224
) -> Embeddings:
    """Give the vector of an empty picture, by the image tower that also gives the other vectors.

    Empty means zero in every *prepared* pixel, which is the mean colour of the tower's training pictures. The
    prior of Kandinsky gives the same vector wherever there is nothing to avoid (its ``get_zero_embed``).

    Parameters
    ----------
    tower : callable
        Prepared pixels of shape (n, 3, size, size) in, vectors of shape (n, n_features) out: the ``module``
        of ``load_clip("ViT-bigG-14", file, training="laion2b_s39b_b160k")``, or another tower on the CPU.
    space : str
        Name of its space.
    size : int
        Side of its pictures in pixels.

    Returns
    -------
    Embeddings of shape (1, n_features)
    """
    import torch

    with torch.inference_mode():
        vector = tower(torch.zeros(1, 3, size, size))
    return Embeddings(vector.float().cpu().numpy(), (NOTHING,), space)


def load_kandinsky(
    folder: Path,
    nothing: Embeddings,
    *,
    device: str = "cpu",
    dtype: Literal["float32", "float16"] = "float32",
) -> DiffusionGenerator:
    """Load the decoder of Kandinsky 2.2 from local files; nothing is ever fetched.

    Weights are read as safetensors, never as pickles, and no code of the folder is run.

    Parameters
    ----------
    folder : Path
        As ``kandinsky-community/kandinsky-2-2-decoder`` lays it out: ``unet``, ``movq`` and ``scheduler``.
    nothing : Embeddings of shape (1, n_features)
        From :func:`embed_nothing`. Its space is the one whose vectors will be read. The configuration of the
        official weights asks for 1280 numbers, and the tower that comes with the prior
        (``kandinsky-2-2-prior``, folder ``image_encoder``) has the shape of ViT-bigG/14. Whether another
        copy of that tower has the same weights is for the reader to check.
    device : str
        Where torch computes.
    dtype : {"float32", "float16"}
        Half precision for GPUs: half the memory.

    Returns
    -------
    DiffusionGenerator

    Raises
    ------
    DataError
        If diffusers is not installed, a file is missing, damaged or a pickle, weights lack a tensor, or the
        network asks for something else than a vector like ``nothing``.
    """
    _require_diffusers()
    import torch
    from diffusers.models.autoencoders.vq_model import VQModel
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    # The short name of this class insists on the package transformers, which only the prior needs.
    from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2 import KandinskyV22Pipeline
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    refuse_incomplete(folder)
    with quiet():
        unet = _read_model(UNet2DConditionModel, folder / "unet")
        movq = _read_model(VQModel, folder / "movq")
        refuse_odd_numbers(folder / "scheduler" / "scheduler_config.json")
        scheduler = _read(DDPMScheduler, folder / "scheduler", local_files_only=True)
        pipeline = KandinskyV22Pipeline(unet=unet, movq=movq, scheduler=scheduler)
        pipeline.to(device, getattr(torch, dtype))
    pipeline.set_progress_bar_config(disable=True)
    asked = unet.config.addition_embed_type, (1, unet.config.encoder_hid_dim)
    if asked != ("image", nothing.values.shape):
        raise DataError(
            "The network does not read vectors like that of the empty picture",
            where=folder / "unet",
            expected=f"{asked[0]}, {asked[1]}",
            got=f"image, {nothing.values.shape}",
            do="use embed_nothing with the image tower that these weights were trained with",
        )
    return DiffusionGenerator(pipeline, nothing)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep diffusers from giving advice on standard error while it works; its errors still come."""
    logger = logging.getLogger("diffusers")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _read_model(kind: Any, folder: Path) -> Any:
    """Read a network and see that no tensor is missing: diffusers would leave it as memory happens to be."""
    import torch

    refuse_odd_numbers(folder / "config.json")
    refuse_other_size(kind, folder)
    with torch.random.fork_rng(devices=[]):  # the draws are overwritten; the caller's state stays as it was
        model = _read(
            kind,
            folder,
            local_files_only=True,
            use_safetensors=True,
            low_cpu_mem_usage=False,
        )
    if wrong := [name for name, values in model.named_parameters() if not values.isfinite().all()]:
        raise DataError(
            "The weights hold numbers that are not finite", where=folder / WEIGHTS, got=wrong[0], do=GET
        )
    return model.eval().requires_grad_(requires_grad=False)


def _read(kind: Any, folder: Path, **how: bool) -> Any:
    try:
        return kind.from_pretrained(str(folder), **how)
    except Exception as error:  # diffusers raises whatever damaged files lead to
        raise unreadable(folder, error) from error


def _require_diffusers() -> None:
    if importlib.util.find_spec("diffusers") is None:
        raise DataError(
            "Pictures by Kandinsky need the package diffusers, which is not installed",
            do="install this project with its extra: pip install -e '.[diffusion]'",
        )
