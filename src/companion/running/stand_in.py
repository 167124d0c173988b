"""Vectors of pictures of THINGS in the image space of GOD, for recordings that stand in for closed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.clip import load_clip
from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip
from companion.errors import MissingDataError
from companion.loading.manifest import load_manifest
from companion.loading.marks import simulated_files
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.loading.store import how_to_get
from companion.loading.things_pictures import picture_files
from companion.project import data_root
from companion.running.official_semantics import CLIP, WEIGHTS

_BATCH = 64


def things_vectors(
    stimuli: Sequence[str],
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    device: str = "cpu",
    cache: EmbeddingCache | None = None,
) -> Embeddings:
    """Vectors of pictures of THINGS, in the space that ``semantic_spaces`` makes of pictures.

    Parameters
    ----------
    stimuli : sequence of str
        Ids of pictures, such as ``aardvark/aardvark_01b``.
    source, scale, null, device, cache
        As of :func:`companion.running.semantic_spaces.semantic_spaces`.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)

    Raises
    ------
    MissingDataError
        If a picture, or the weights of CLIP, are not on this machine.
    """
    files = picture_files(recordings_folder("stimuli", source=source, scale=scale, null=null), stimuli)
    if source != "official":
        encoder = load_miniature_clip(device=device)
        return replace(encode_images(encoder, files, batch_size=_BATCH, cache=cache), simulated=True)
    entry = load_manifest().entry("clip-openai-models")
    weights = data_root() / entry.id / WEIGHTS
    if not weights.is_file():
        raise MissingDataError(
            "The weights of CLIP ViT-B/32 are not on this machine", where=weights, do=how_to_get(entry)
        )
    official = load_clip("ViT-B-32-quickgelu", weights, training="openai", device=device)
    found = encode_images(official, files, batch_size=_BATCH, cache=cache)
    return replace(found, space=CLIP, simulated=simulated_files(files.values()))
