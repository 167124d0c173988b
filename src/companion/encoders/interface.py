"""What an encoder is, and how stimuli go through one: by id, in batches, through the cache.

Features are returned as the encoder gives them. The papers differ in whether they centre or normalise, and
:class:`companion.embeddings.Embeddings` has a method for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.inputs import Picture, UInt8Array, digest_of_picture, digest_of_text, open_picture
from companion.errors import DataError

Float32Array = npt.NDArray[np.float32]


class Encoder(Protocol):
    """What image and text encoders have in common."""

    @property
    def name(self) -> str:
        """Name of the space, for people."""

    @property
    def n_features(self) -> int:
        """Length of a vector."""

    @property
    def fingerprint(self) -> str:
        """What decides the vectors: weights, architecture, preprocessing. Equal only if all are equal."""


class ImageEncoder(Encoder, Protocol):
    """From pictures to vectors.

    Examples
    --------
    Whatever has these four members is an image encoder, such as one that takes the mean colour:

    >>> import numpy as np
    >>> from companion.encoders import ImageEncoder, encode_images
    >>> class MeanColour:
    ...     name, n_features, fingerprint = "mean colour", 3, "mean colour, first version"
    ...     def images(self, batch, /):
    ...         return np.array([np.asarray(picture).mean((0, 1)) for picture in batch], np.float32)
    >>> encoder: ImageEncoder = MeanColour()
    >>> red = np.zeros((8, 8, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    >>> encode_images(encoder, {"red": red}, batch_size=1).values.tolist()
    [[255.0, 0.0, 0.0]]
    """

    def images(self, batch: Sequence[Image.Image | UInt8Array], /) -> Float32Array:
        """Vectors of shape (n, n_features), one per picture, raw as the model gives them."""


class TextEncoder(Encoder, Protocol):
    """From texts to vectors.

    Examples
    --------
    Whatever has these four members is a text encoder, such as one that counts two letters:

    >>> import numpy as np
    >>> from companion.encoders import TextEncoder, encode_texts
    >>> class Letters:
    ...     name, n_features, fingerprint = "a and o", 2, "a and o, first version"
    ...     def texts(self, batch, /):
    ...         return np.array([[text.count(letter) for letter in "ao"] for text in batch], np.float32)
    >>> encoder: TextEncoder = Letters()
    >>> encode_texts(encoder, {"owl": "a tawny owl"}, batch_size=1).values.tolist()
    [[2.0, 1.0]]
    """

    def texts(self, batch: Sequence[str], /) -> Float32Array:
        """Vectors of shape (n, n_features), one per text, raw as the model gives them."""


def encode_images(
    encoder: ImageEncoder,
    images: Mapping[str, Picture],
    *,
    batch_size: int,
    cache: EmbeddingCache | None = None,
) -> Embeddings:
    """Vectors of pictures, labelled by stimulus id.

    Parameters
    ----------
    encoder : ImageEncoder
    images : mapping from stimulus id to Path or ndarray of uint8
        Image files, or pixels of shape (height, width, 3) or (height, width). Only one batch is decoded at
        a time.
    batch_size : int
        Pictures per call of the encoder. It does not change the result beyond rounding.
    cache : EmbeddingCache, optional
        Where vectors are looked up and kept; nothing is kept if left out.

    Returns
    -------
    Embeddings of shape (n_images, n_features)
        Raw features, rows in the order of `images`.

    Raises
    ------
    DataError
        If a picture cannot be read, or its vector is not finite; the stimulus is named.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.encoders import encode_images, load_miniature_clip
    >>> plain = {"black": np.zeros((64, 64, 3), np.uint8), "white": np.full((64, 64, 3), 255, np.uint8)}
    >>> space = encode_images(load_miniature_clip(), plain, batch_size=2)
    >>> space.values.shape, space.ids
    ((2, 64), ('black', 'white'))
    """
    names = list(images)
    digests = [digest_of_picture(name, images[name]) for name in names]

    def compute(rows: list[int]) -> Float32Array:
        batch = [open_picture(names[row], images[names[row]], digests[row]) for row in rows]
        return _checked(encoder, encoder.images(batch), [names[row] for row in rows])

    return _encode(encoder, names, digests, compute, batch_size, cache)


def encode_texts(
    encoder: TextEncoder,
    texts: Mapping[str, str],
    *,
    batch_size: int,
    cache: EmbeddingCache | None = None,
) -> Embeddings:
    """Vectors of texts, labelled by stimulus id.

    Parameters
    ----------
    encoder : TextEncoder
    texts : mapping from stimulus id to str
    batch_size, cache
        As in :func:`encode_images`.

    Returns
    -------
    Embeddings of shape (n_texts, n_features)
        Raw features, rows in the order of `texts`.

    Raises
    ------
    DataError
        If a vector is not finite; the stimulus is named.

    Examples
    --------
    The sentence about a red fruit lies closer to that about a red bird than to that about a blue one:

    >>> from companion.encoders import encode_texts, load_miniature_clip
    >>> said = {"red fruit": "a red fruit", "red bird": "a red bird", "blue bird": "a blue bird"}
    >>> space = encode_texts(load_miniature_clip(), said, batch_size=3).normalised()
    >>> red_fruit, red_bird, blue_bird = space.values
    >>> bool(red_fruit @ red_bird > red_fruit @ blue_bird)
    True
    """
    names = list(texts)
    digests = [digest_of_text(texts[name]) for name in names]

    def compute(rows: list[int]) -> Float32Array:
        batch = [texts[names[row]] for row in rows]
        return _checked(encoder, encoder.texts(batch), [names[row] for row in rows])

    return _encode(encoder, names, digests, compute, batch_size, cache)


def _encode(
    encoder: Encoder,
    names: list[str],
    digests: list[str],
    compute: Callable[[list[int]], Float32Array],
    batch_size: int,
    cache: EmbeddingCache | None,
) -> Embeddings:
    if batch_size < 1:
        raise ValueError(f"batch_size is 1 or more, got {batch_size}")
    if not names:
        raise DataError("There is nothing to encode", where=encoder.name, expected="at least one stimulus")
    if cache is None:
        starts = range(0, len(names), batch_size)
        rows = [list(range(start, min(start + batch_size, len(names)))) for start in starts]
        values = np.concatenate([compute(batch) for batch in rows])
    else:
        values = cache.vectors(encoder.fingerprint, digests, compute, encoder.n_features, batch_size)
    return Embeddings(values, tuple(names), encoder.name)


def _checked(encoder: Encoder, values: Float32Array, names: list[str]) -> Float32Array:
    """Refuse what must not be stored: another shape than promised, or numbers that are not finite."""
    if values.shape != (len(names), encoder.n_features):
        raise DataError(
            "An encoder returned another shape than it promised",
            where=encoder.name,
            expected=(len(names), encoder.n_features),
            got=values.shape,
        )
    if not np.isfinite(values).all():
        bad = [name for name, row in zip(names, values, strict=True) if not np.isfinite(row).all()]
        raise DataError(
            "An encoder returned numbers that are not finite",
            where=encoder.name,
            got=f"stimuli {', '.join(map(repr, bad[:5]))}",
            do="look at these stimuli, and at the encoder's weights",
        )
    return values.astype(np.float32, copy=False)
