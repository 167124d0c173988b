"""An encoder whose vectors are bent by a published map, gLocal's for example."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image

from companion.embeddings import Embeddings
from companion.encoders.inputs import UInt8Array
from companion.encoders.interface import Float32Array, ImageEncoder


class SpaceTransform(Protocol):
    """A map of vectors, such as :class:`companion.alignment.human.GLocalTransform`."""

    def transform(self, space: Embeddings, /) -> Embeddings:
        """Apply the map to every vector."""


class BentEncoder:
    """A base encoder, then a map of its raw vectors.

    The map must have been made for this very encoder, layer and normalisation included; a length that happens
    to fit does not prove it. gLocal's maps (manifest ids ``glocal-clip-vit-l14`` and ``glocal-transforms``)
    belong to the output of CLIP's image tower, and to the layer ``norm`` of DINO and DINOv2.

    Parameters
    ----------
    base : ImageEncoder
    transform : SpaceTransform
    made_of : str
        What decides the map, such as the checksum of its file; part of the fingerprint.
    aligned_by : str
        Name of the map, for people.

    Raises
    ------
    DataError
        If the map expects vectors of another length.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.alignment import GLocalTransform
    >>> from companion.encoders import BentEncoder, load_miniature_second
    >>> base, picture = load_miniature_second(), np.zeros((64, 64, 3), np.uint8)
    >>> halved = GLocalTransform(np.eye(64) / 2, mean=0.0, std=1.0)
    >>> bent = BentEncoder(base, halved, made_of="half the identity", aligned_by="nobody")
    >>> bool(np.allclose(bent.images([picture]), base.images([picture]) / 2))
    True
    """

    def __init__(
        self, base: ImageEncoder, transform: SpaceTransform, *, made_of: str, aligned_by: str = "gLocal"
    ) -> None:
        self.base = base
        self.transform = transform
        self.name = f"{base.name}, {aligned_by}"
        self.n_features = self._bend(np.zeros((1, base.n_features), np.float32)).shape[1]
        said = f"{base.fingerprint} {type(transform).__name__} {made_of}"
        self.fingerprint = hashlib.sha256(said.encode()).hexdigest()

    def images(self, batch: Sequence[Image.Image | UInt8Array], /) -> Float32Array:
        """Bent vectors of pictures, of shape (n, n_features)."""
        return self._bend(self.base.images(batch))

    def _bend(self, vectors: Float32Array) -> Float32Array:
        rows = tuple(map(str, range(len(vectors))))
        bent = self.transform.transform(Embeddings(vectors, rows, self.base.name))
        return bent.values.astype(np.float32)
