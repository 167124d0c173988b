"""The open pool that pictures are retrieved from, and pictures of any origin as pixels of one size.

Nobody was shown a picture of the pool. In the miniature world it comes with the stimuli; for official
recordings it is a folder of images, which may be absent, as those of the stimuli may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.inputs import Picture, UInt8Array
from companion.encoders.interface import encode_images
from companion.encoders.miniature import Variant, load_miniature_clip
from companion.errors import DataError
from companion.loading.god.images import ENDINGS
from companion.loading.sources import MAKE_ANEW, Null, ScaleName, Source, recordings_folder
from companion.loading.things_pictures import KINDS_FILE
from companion.project import data_root
from companion.running.joint_sources import Backbone, official_clip
from companion.system.arrays import read_npz

SIDE = 64
"""Pixels of an edge, of pictures that are made, found and compared."""
OFFICIAL_POOL = "imagenet-validation"
"""Manifest entry: none of its pictures was shown in GOD."""
_BATCH = 128


class PicturePool(NamedTuple):
    """Pictures that may be retrieved.

    Parameters
    ----------
    pictures : mapping of str to Path or ndarray
    vectors : Embeddings of shape (n_pictures, n_features)
        Of CLIP, raw, in the order of the pictures.
    nouns, families : mapping of str to str
        What each picture shows, and the larger class of that; empty where nobody has said.
    """

    pictures: Mapping[str, Picture]
    vectors: Embeddings
    nouns: Mapping[str, str]
    families: Mapping[str, str]

    def without(self, nouns: Iterable[str]) -> PicturePool:
        """Leave out pictures of these things."""
        out = set(nouns)
        kept = [name for name in self.pictures if self.nouns.get(name) not in out]
        return self._replace(
            pictures={name: self.pictures[name] for name in kept}, vectors=self.vectors.select(kept)
        )


def picture_pool(
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    backbone: Backbone = "RN101",
    pool: Variant = "full",
    device: str = "cpu",
    cache: EmbeddingCache | None = None,
) -> PicturePool | None:
    """Find the pool and encode it.

    Parameters
    ----------
    source, scale, null
        As a chapter has them.
    backbone : {"RN101", "ViT-B-32", "ViT-L-14"}
        Of official CLIP.
    pool : {"full", "without_test_kinds"}
        Which miniature CLIP encodes it. Whether test kinds are among what may be retrieved is said apart
        (:meth:`PicturePool.without`).
    device, cache
        As in :func:`companion.encoders.interface.encode_images`.

    Returns
    -------
    PicturePool or None
        None where official pictures are not on this machine.

    Raises
    ------
    MissingDataError
        If the world's stimuli have not been made, or official weights are not here.
    """
    if source == "official":
        files = _images_below(data_root() / OFFICIAL_POOL)
        if not files:
            return None
        vectors = encode_images(official_clip(backbone, device), files, batch_size=_BATCH, cache=cache)
        return PicturePool(files, vectors, {}, {})
    folder = recordings_folder("stimuli", source=source, scale=scale, null=null)
    arrays = read_npz(folder / "pool.npz", ["ids", "pictures", "captions"], do=MAKE_ANEW)
    pictures = dict(zip(map(str, arrays["ids"]), arrays["pictures"], strict=True))
    captions = dict(zip(pictures, map(str, arrays["captions"]), strict=True))
    encoder = load_miniature_clip(pool, device=device)
    vectors = encode_images(encoder, pictures, batch_size=_BATCH, cache=cache)
    kinds = pd.read_csv(folder / KINDS_FILE, usecols=["noun", "category"]).set_index("noun")["category"]
    nouns = {name: _noun(name, caption, kinds) for name, caption in captions.items()}
    return PicturePool(pictures, vectors, nouns, {name: kinds[noun] for name, noun in nouns.items()})


def as_pixels(pictures: Mapping[str, Picture], names: Iterable[str]) -> dict[str, UInt8Array]:
    """Pictures as 64 x 64 pixels in red, green and blue, the middle of those that are not square.

    Parameters
    ----------
    pictures : mapping of str to Path or ndarray
    names : iterable of str
        Which of them, in this order.
    """
    return {name: _pixels(pictures[name]) for name in names}


def _pixels(picture: Picture) -> UInt8Array:
    if isinstance(picture, Path):
        with Image.open(picture) as file:
            image = file.convert("RGB")
    else:
        image = Image.fromarray(picture)
    short = min(image.size)
    left, top = ((length - short) / 2 for length in image.size)
    box = (left, top, left + short, top + short)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box), dtype=np.uint8)


def _noun(name: str, caption: str, kinds: pd.Series[str]) -> str:
    found = [word for word in caption.split() if word in kinds.index]
    if len(found) != 1:
        raise DataError("A picture of the pool names one kind", where=name, got=caption)
    return found[0]


def _images_below(folder: Path) -> dict[str, Path]:
    """Images of a folder and its subfolders, by the name of the file."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    found = {path.stem: path for path in files}
    if len(found) < len(files):
        raise DataError("Two images of the pool have one name", where=folder, got=len(files) - len(found))
    return found
