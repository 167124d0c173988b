"""Semantic vectors of official files: CLIP or the images' published features, and GloVe.

Dossier of the brain-aligned paper, section 3. Files lie in the data folder, as the manifest entries say;
nothing is fetched. Pictures are those of the stimuli and one of each candidate category, in OpenAI's CLIP
ViT-B/32. Where these are not there, layer cnn8 of the published features stands in; its candidates are
averages over many pictures of a category.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.clip import load_clip
from companion.encoders.glove import category_vectors
from companion.encoders.interface import encode_images
from companion.errors import MissingDataError
from companion.loading.god.features import load_god_features
from companion.loading.god.images import god_image_files, image_categories, images_of_category
from companion.loading.god.stimuli import GodStimuli, category_of
from companion.loading.manifest import load_manifest
from companion.loading.marks import simulated_files
from companion.loading.store import data_file, how_to_get, sha256_of
from companion.loading.wordnet import read_lemmas
from companion.project import data_root
from companion.running.products import product
from companion.running.semantic_sources import ImageSource, SemanticSource, WordSource

CLIP, GLOVE = "CLIP ViT-B/32", "GloVe 42B"
STAND_IN = "cnn8"
"""Layer of the published features that is taken where pictures or CLIP are not there."""
WEIGHTS = "ViT-B-32/open_clip_model.safetensors"
"""Place of the weights below the folder of the manifest entry ``clip-openai-models``."""
_BATCH = 64
_GLOVE_MADE_BY = ("companion.encoders.glove", "companion.loading.wordnet")


def official_sources(
    lists: GodStimuli, *, seed: int, device: str, cache: EmbeddingCache | None
) -> list[SemanticSource]:
    """Find what can be made of the official files that are there, pictures first.

    Parameters
    ----------
    lists : GodStimuli
        What people were shown.
    seed : int
        Of drawing one picture of each candidate category.
    device : str
        Where CLIP computes.
    cache : EmbeddingCache or None

    Raises
    ------
    MissingDataError
        If neither space can be made; what each of them lacks is named.
    """
    kinds: tuple[tuple[Callable[[], SemanticSource], ...], ...] = (
        (lambda: _pictures(lists, seed, device, cache), lambda: _published_features(lists)),
        (_words,),
    )
    found: list[SemanticSource] = []
    lacking: list[str] = []
    for makers in kinds:
        for make in makers:
            try:
                found.append(make())
                break
            except MissingDataError as error:
                lacking.append(str(error))
    if not found:
        raise MissingDataError(
            "No semantic space can be made from what is on this machine", got="\n".join(["", *lacking])
        )
    return found


def _pictures(lists: GodStimuli, seed: int, device: str, cache: EmbeddingCache | None) -> ImageSource:
    """CLIP of pictures; a picture of a candidate category is drawn by seed and category alone."""
    weights = _below("clip-openai-models") / WEIGHTS
    if not weights.is_file():
        raise MissingDataError("The weights of CLIP ViT-B/32 are not on this machine", where=weights)
    shown = god_image_files(
        _below("god-stimulus-images"), [*lists.train["stimulus"], *lists.test["stimulus"]]
    )
    folder = _below("imagenet-candidates")
    encoder = load_clip("ViT-B-32-quickgelu", weights, training="openai", device=device)

    def embed(files: Mapping[str, Path]) -> Embeddings:
        found = encode_images(encoder, files, batch_size=_BATCH, cache=cache)
        return replace(found, space=CLIP, simulated=simulated_files(files.values()))

    def drawn(category: str) -> Path:
        paths = images_of_category(folder, category)
        return paths[np.random.default_rng([seed, int(category[1:])]).integers(len(paths))]

    return ImageSource(
        known=image_categories(folder) | set(lists.categories["category"]),
        of_images=lambda images: embed({name: shown[name] for name in images}),
        of_candidates=lambda categories: embed({name: drawn(name) for name in categories}),
    )


def _published_features(lists: GodStimuli) -> ImageSource:
    """Features of the images and averages over other images of candidate categories, without any picture."""
    folder = data_file("god-image-features").parent
    train = load_god_features(folder, STAND_IN, "training images")
    test = load_god_features(folder, STAND_IN, "test images")
    others = load_god_features(folder, STAND_IN, "other categories")
    shown = train.with_rows(np.concatenate([train.values, test.values]), train.ids + test.ids)
    return ImageSource(
        known=frozenset(map(category_of, shown.ids)) | (set(others.ids) - set(lists.categories["category"])),
        of_images=shown.select,
        of_candidates=others.select,
    )


def _words() -> WordSource:
    """GloVe of every category of the list of words; the big file is read once, and what was found is kept."""
    glove, words = data_file("glove-42b"), data_file("wordnet-lemmas")
    lemmas = read_lemmas(words)
    row_of = {category: row for row, category in enumerate(lemmas)}

    def read() -> dict[str, np.ndarray]:
        vectors = category_vectors(glove, lemmas, space=GLOVE).vectors
        return {"values": vectors.values, "rows": np.array([row_of[name] for name in vectors.ids])}

    inputs = {"glove": sha256_of(glove), "words": sha256_of(words)}
    kept = product("glove-42b-categories", inputs, read, made_by=_GLOVE_MADE_BY)
    names: Sequence[str] = list(lemmas)
    return WordSource(Embeddings(kept["values"], tuple(names[row] for row in kept["rows"]), GLOVE))


def _below(entry_id: str) -> Path:
    """Folder of a manifest entry, which is there."""
    entry = load_manifest().entry(entry_id)
    folder = data_root() / entry.id
    if not folder.is_dir():
        raise MissingDataError(f"{entry.title} is not here", where=folder, do=how_to_get(entry))
    return folder
