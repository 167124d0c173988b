"""Where the vectors of a semantic space come from: pictures, or the words of categories.

A source says which categories it knows and gives vectors on demand; :mod:`companion.running.semantic_spaces`
decides which categories all spaces share, and asks for those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from companion.embeddings import Embeddings
from companion.loading.god.stimuli import category_of

Kind = Literal["image", "word"]
Vectors = Callable[[Sequence[str]], Embeddings]


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Vectors of pictures.

    Attributes
    ----------
    known : frozenset of str
        Categories that have a vector: of the lists, and candidates.
    of_images : callable
        Vectors of images of the lists, by their ids.
    of_candidates : callable
        Vectors of candidate categories, by category id.
    """

    known: frozenset[str]
    of_images: Vectors
    of_candidates: Vectors
    kind: Kind = "image"

    def of_categories(self, images: Embeddings) -> Embeddings:
        """One vector per category of these images: their mean, categories in the order of the images."""
        rows: dict[str, list[int]] = {}
        for row, name in enumerate(images.ids):
            rows.setdefault(category_of(name), []).append(row)
        means = np.stack([images.values[of_one].mean(axis=0) for of_one in rows.values()])
        return images.with_rows(means, rows)


@dataclass(frozen=True, eq=False)
class WordSource:
    """Word vectors: every image of a category has the vector of its category.

    Attributes
    ----------
    vectors : Embeddings of shape (n_categories, n_features)
        By category id.
    """

    vectors: Embeddings
    kind: Kind = "word"

    @property
    def known(self) -> frozenset[str]:
        """Categories that have a vector."""
        return frozenset(self.vectors.ids)

    def of_images(self, images: Sequence[str]) -> Embeddings:
        """Vectors of the images' categories."""
        return self.vectors.with_rows(self.vectors.rows_of(map(category_of, images)), images)

    def of_candidates(self, categories: Sequence[str]) -> Embeddings:
        """Vectors of categories."""
        return self.vectors.select(categories)

    def of_categories(self, images: Embeddings) -> Embeddings:
        """One vector per category of these images, in their order."""
        return self.vectors.select(dict.fromkeys(map(category_of, images.ids)))


SemanticSource = ImageSource | WordSource
