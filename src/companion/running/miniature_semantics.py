"""Semantic vectors of the miniature world: its CLIP on its pictures, its word vectors on its nouns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.glove import category_vectors
from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip, miniature_word_vectors_file
from companion.loading.god.names import FIRST_SIMULATED
from companion.loading.god.stimuli import GodStimuli
from companion.loading.inside import inside
from companion.loading.things_pictures import KINDS_FILE
from companion.running.semantic_sources import ImageSource, SemanticSource, WordSource

WORDS = "miniature words"
CANDIDATE_PICTURE = 101
"""Numbers from 101 on are pictures that nobody was shown; the first one stands for a candidate."""
_BATCH = 64


def miniature_sources(
    lists: GodStimuli, stimuli: Path, *, device: str, cache: EmbeddingCache | None
) -> list[SemanticSource]:
    """Both spaces of the miniature world, its pictures first.

    Parameters
    ----------
    lists : GodStimuli
        What people were shown.
    stimuli : Path
        Folder of the world's stimuli.
    device : str
        Where the image encoder computes.
    cache : EmbeddingCache or None
    """
    return [_pictures(lists, stimuli / "god" / "images", device, cache), _words(stimuli)]


def _pictures(lists: GodStimuli, folder: Path, device: str, cache: EmbeddingCache | None) -> ImageSource:
    encoder = load_miniature_clip(device=device)

    def picture(name: str) -> Path:
        return inside(folder, f"{name}.JPEG", where="the lists of stimuli")

    def embed(files: Mapping[str, Path]) -> Embeddings:
        return replace(encode_images(encoder, files, batch_size=_BATCH, cache=cache), simulated=True)

    def of_candidates(categories: Sequence[str]) -> Embeddings:
        return embed({name: picture(f"{name}_{CANDIDATE_PICTURE}") for name in categories})

    suffix = f"_{CANDIDATE_PICTURE}"
    others = {path.stem.removesuffix(suffix) for path in folder.glob(f"n*{suffix}.JPEG")}
    return ImageSource(
        known=frozenset(others | set(lists.categories["category"])),
        of_images=lambda images: embed({name: picture(name) for name in images}),
        of_candidates=of_candidates,
    )


def _words(stimuli: Path) -> WordSource:
    kinds = pd.read_csv(stimuli / KINDS_FILE, usecols=["number", "noun"])
    nouns = {
        f"n{FIRST_SIMULATED + number}": [noun]
        for number, noun in zip(kinds["number"], kinds["noun"], strict=True)
    }
    vectors = category_vectors(miniature_word_vectors_file(), nouns, space=WORDS).vectors
    return WordSource(replace(vectors, simulated=True))
