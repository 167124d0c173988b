"""Semantic spaces that the brain-aligned chapters bend and decode: of pictures, and of words.

Each space has four parts, all joined by id: targets of the decoders, training vectors of the auto-encoders,
the vectors that test categories truly have, and candidates among which a decoded vector is identified.
Dossier of the brain-aligned paper, sections 3 and 6.1; its open points A6, A7 and A11 are decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.errors import DataError
from companion.loading.god.stimuli import GodStimuli, category_of
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.running.miniature_semantics import miniature_sources
from companion.running.official_semantics import official_sources
from companion.running.semantic_sources import Kind, SemanticSource


@dataclass(frozen=True, eq=False)
class SemanticSpace:
    """Vectors of one space for all that the brain-aligned paper does with it.

    Parameters
    ----------
    kind : {"image", "word"}
        Whether vectors are those of pictures, or of the words of categories.
    targets : Embeddings of shape (n_training_images, n_features)
        What decoders learn to predict, by image id. In a word space all images of a category share its
        vector.
    categories : Embeddings of shape (n_training_categories, n_features)
        What auto-encoders are trained on, by category id, in the order of the lists. In an image space the
        mean over the images of a category.
    test : Embeddings of shape (n_test_categories, n_features)
        By category id, in the order of the lists. In an image space the vector of the presented image.
    candidates : Embeddings of shape (n_candidates, n_features)
        By category id; the same categories in all spaces of a call. In an image space one image of each, or
        what stands for one.
    dropped : tuple of str
        Categories of the lists that are in no part, because one of the spaces has no vector for them.

    Raises
    ------
    DataError
        If a category of the lists is among the candidates, a test category is also trained on, targets and
        categories differ, or the parts are not of one space.
    """

    kind: Kind
    targets: Embeddings
    categories: Embeddings
    test: Embeddings
    candidates: Embeddings
    dropped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = (self.targets, self.categories, self.test, self.candidates)
        if len({(one.space, one.aligned_by, one.values.shape[1]) for one in parts}) > 1:
            raise DataError("The parts of a semantic space are of different spaces", got=parts)
        trained, tested = set(self.categories.ids), set(self.test.ids)
        if odd := sorted(trained ^ set(map(category_of, self.targets.ids))):
            raise DataError(
                "Targets and categories are not of the same categories", where=self.name, got=odd[0]
            )
        if both := sorted(trained & tested):
            raise DataError("A test category is also trained on", where=self.name, got=both[0])
        if known := sorted((trained | tested | set(self.dropped)) & set(self.candidates.ids)):
            raise DataError(
                "A category of GOD is among the candidates",
                where=self.name,
                expected="categories that nobody was shown",
                got=f"{len(known)}, the first one {known[0]}",
            )

    @property
    def name(self) -> str:
        """Name of the space, such as ``"CLIP ViT-B/32"``."""
        return self.targets.space

    def mapped(self, transform: Callable[[Embeddings], Embeddings]) -> SemanticSpace:
        """All four parts through one map, such as ``BrainAligner.transform``.

        Parameters
        ----------
        transform : callable
            From Embeddings to Embeddings with the same ids.
        """
        return replace(
            self,
            targets=transform(self.targets),
            categories=transform(self.categories),
            test=transform(self.test),
            candidates=transform(self.candidates),
        )


def semantic_spaces(
    lists: GodStimuli,
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    n_candidates: int = 1000,
    seed: int = 0,
    device: str = "cpu",
    cache: EmbeddingCache | None = None,
) -> dict[Kind, SemanticSpace]:
    """Make the spaces that go with a chapter's source, with the same categories in all of them.

    Candidates are drawn among all categories outside the lists that have a vector in every space. A category
    of the lists without a vector in some space is left out of all spaces, and named in ``dropped``.

    Parameters
    ----------
    lists : GodStimuli
        What people were shown and imagined.
    source : {"miniature", "null", "official"}
    scale : {"smoke", "lesson", "paper"}
    null : {"N0", "N1", "N2", "N3"}, optional
        Where source is ``null``. Stimuli, and so these spaces, are those of the world.
    n_candidates : int
        Categories to draw; all, where there are fewer.
    seed : int
        Of drawing candidates, and one image of each.
    device : str
        Where image encoders compute.
    cache : EmbeddingCache, optional
        Where vectors of pictures are looked up and kept.

    Returns
    -------
    dict of kind to SemanticSpace
        ``image`` and ``word``, raw vectors as the models give them. Of official files one may be absent; if
        so, the other one alone decides which categories there are.

    Raises
    ------
    MissingDataError
        If the world's stimuli have not been made, or neither official space can be.
    DataError
        If no category is left to train on, to test or to draw from, or a test category has several images.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206, Methods.
    """
    if n_candidates < 1:
        raise ValueError(f"n_candidates is 1 or more, got {n_candidates}")
    sources: list[SemanticSource]
    if source == "official":
        sources = official_sources(lists, seed=seed, device=device, cache=cache)
    else:
        folder = recordings_folder("stimuli", source=source, scale=scale, null=null)
        sources = miniature_sources(lists, folder, device=device, cache=cache)
    known = frozenset.intersection(*(one.known for one in sources))
    listed = list(lists.categories["category"])
    dropped = tuple(name for name in listed if name not in known)
    pool = sorted(known - set(listed))
    if not pool:
        raise DataError("No category is left to draw candidates from", expected="a vector in every space")
    rng = np.random.default_rng(seed)
    drawn = sorted(rng.choice(pool, min(n_candidates, len(pool)), replace=False).tolist())
    images = {split: _images(lists, split, known) for split in ("train", "test")}
    return {one.kind: _space(one, images["train"], images["test"], drawn, dropped) for one in sources}


def _images(lists: GodStimuli, split: str, known: frozenset[str]) -> list[str]:
    """Images of a split whose category every space knows, in the order of the list."""
    table = lists.train if split == "train" else lists.test
    kept = table[table["category"].isin(known)]
    if kept.empty:
        raise DataError(f"No {split} category has a vector in every space", got=f"{len(table)} images")
    if split == "test" and (again := kept["category"].duplicated()).any():
        raise DataError(
            "A test category has several images", expected="one", got=kept["category"][again].iloc[0]
        )
    return list(kept["stimulus"])


def _space(
    source: SemanticSource,
    train: Sequence[str],
    test: Sequence[str],
    candidates: Sequence[str],
    dropped: tuple[str, ...],
) -> SemanticSpace:
    targets = source.of_images(train)
    presented = source.of_images(test)
    return SemanticSpace(
        kind=source.kind,
        targets=targets,
        categories=source.of_categories(targets),
        test=presented.with_rows(presented.values, map(category_of, test)),
        candidates=source.of_candidates(candidates),
        dropped=dropped,
    )
