"""Joint space of the Natural Scenes Dataset: scenes without a category, each with captions that people wrote.

Test images have captions here, for they are what fMRI is matched with; none of them is trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.clip import ClipEncoder
from companion.encoders.interface import encode_images, encode_texts
from companion.encoders.miniature import Variant, load_miniature_clip
from companion.errors import DataError
from companion.loading.nsd.stimuli import CAPTIONS_PER_IMAGE, PICTURE_FILE, nsd_captions, nsd_pictures
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.project import data_root
from companion.running.joint_sources import Backbone, official_clip, official_folder, wording
from companion.running.joint_space import JointSpace

_BATCH = 128


class _Found(NamedTuple):
    """A CLIP; the folder of the pictures, if they are there; captions of every image."""

    encoder: ClipEncoder
    pictures: Path | None
    captions: Mapping[str, Sequence[str]]
    simulated: bool


def nsd_joint_space(
    training: Sequence[str],
    test: Sequence[str],
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    backbone: Backbone = "RN101",
    pool: Variant = "full",
    device: str = "cpu",
    cache: EmbeddingCache | None = None,
) -> JointSpace:
    """Joint space of the Natural Scenes Dataset: five captions of every image, test images included.

    Training captions that are worded like one of a test image are left out
    (:func:`training_captions`). There are no names: scenes have no category.

    Parameters
    ----------
    training, test : sequence of str
        Stimuli, such as ``nsd-00012``, each once.
    source, scale, null, backbone, pool, device, cache
        As in :func:`companion.running.joint_space.god_joint_space`.

    Returns
    -------
    JointSpace

    Raises
    ------
    MissingDataError
        If the world's stimuli have not been made; if official captions or weights are not on this machine.
        Official pictures may be absent.
    DataError
        If a stimulus is listed twice or files do not fit.

    References
    ----------
    Allen et al. (2022), Nature Neuroscience 25, 116-126; Chen et al. (2015), arXiv:1504.00325.
    """
    shown = [*training, *test]
    if len(set(shown)) < len(shown):
        raise DataError("A stimulus is listed twice", got=next(n for n in shown if shown.count(n) > 1))
    found = _found(shown, source, scale, null, backbone, pool, device)
    texts_of = training_captions(found.captions, training, test)
    texts_of |= {name: tuple(found.captions[name][:CAPTIONS_PER_IMAGE]) for name in test}
    texts = {text: text for own in texts_of.values() for text in own}
    vectors = encode_texts(found.encoder, texts, batch_size=_BATCH, cache=cache)
    return JointSpace(
        images=_images(found, shown, cache),
        texts=replace(vectors, simulated=found.simulated),
        texts_of=texts_of,
        names={},
        tested=tuple(test),
    )


def for_training(space: JointSpace, training: Sequence[str]) -> JointSpace:
    """Part of a space that networks of one person see: other people saw other images.

    So that they are the same networks whoever else is there, and no person's images train another's.

    Parameters
    ----------
    space : JointSpace
        As :func:`nsd_joint_space` makes it for several people.
    training : sequence of str
        Training images of this person.

    Returns
    -------
    JointSpace
        With these, and with all test images.

    Raises
    ------
    DataError
        If an image is not one that the space trains on.
    """
    if unknown := sorted(set(training) - set(space.trained)):
        raise DataError("Not training images of this space", where=space.texts.space, got=unknown[:5])
    texts_of = {name: space.texts_of[name] for name in [*training, *space.tested]}
    return replace(
        space,
        images=None if space.images is None else space.images.select(list(texts_of)),
        texts=space.texts.select(dict.fromkeys(text for own in texts_of.values() for text in own)),
        texts_of=texts_of,
    )


def captions_of_tests(space: JointSpace) -> tuple[Embeddings, dict[str, str]]:
    """Captions of the test images, each named by its image and number.

    Two images may share a caption. It then stands in the gallery twice, as equal vectors of two names, so
    that it is a tie between the two images and not the property of the later one.

    Parameters
    ----------
    space : JointSpace
        With captions of every test image.

    Returns
    -------
    captions : Embeddings of shape (n_captions, n_features)
        In the order of the test images.
    image_of : dict of str to str
        Caption -> image.
    """
    owned = [
        (name, number, text) for name in space.tested for number, text in enumerate(space.texts_of[name], 1)
    ]
    names = [f"{name} #{number}" for name, number, _ in owned]
    values = space.texts.rows_of([text for *_, text in owned])
    image_of = {key: name for key, (name, *_) in zip(names, owned, strict=True)}
    return space.texts.with_rows(values, names), image_of


def training_captions(
    captions: Mapping[str, Sequence[str]], training: Sequence[str], test: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Five captions of each training image, none of them worded like a caption of a test image.

    People write "a man riding a wave" below many a photograph. Such a caption is left out; where fewer than
    five are left, the others are repeated from the first on, so that all images have as many.

    Parameters
    ----------
    captions : mapping of stimulus to sequence of str
    training, test : sequence of str
        Stimuli.

    Raises
    ------
    DataError
        If an image has no caption of its own.
    """
    tested = {wording(text) for name in test for text in captions[name]}
    found = {}
    for name in training:
        own = [text for text in captions[name] if wording(text) not in tested]
        if not own:
            raise DataError(
                "Every caption of a training image is also that of a test image",
                where=name,
                got=captions[name],
                do="leave the image out",
            )
        found[name] = tuple((own * CAPTIONS_PER_IMAGE)[:CAPTIONS_PER_IMAGE])
    return found


def _found(
    stimuli: Sequence[str],
    source: Source,
    scale: ScaleName,
    null: Null | None,
    backbone: Backbone,
    pool: Variant,
    device: str,
) -> _Found:
    if source == "official":
        folder = data_root() / "nsd-stimuli"
        return _Found(
            official_clip(backbone, device),
            folder if (folder / PICTURE_FILE).is_file() else None,
            nsd_captions(official_folder("nsd-coco-captions"), stimuli),
            simulated=False,
        )
    folder = recordings_folder("stimuli", source=source, scale=scale, null=null) / "nsd"
    encoder = load_miniature_clip(pool, device=device)
    return _Found(encoder, folder, nsd_captions(folder, stimuli), simulated=True)


def _images(found: _Found, stimuli: Sequence[str], cache: EmbeddingCache | None) -> Embeddings | None:
    """Vectors of pictures, read in parts, since those of one person take gigabytes."""
    if found.pictures is None:
        return None
    parts = [
        encode_images(found.encoder, part, batch_size=_BATCH, cache=cache)
        for part in _batches(found.pictures, stimuli)
    ]
    values = np.concatenate([one.values for one in parts])
    return replace(parts[0].with_rows(values, stimuli), simulated=found.simulated)


def _batches(folder: Path, stimuli: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    for start in range(0, len(stimuli), _BATCH):
        yield dict(nsd_pictures(folder, stimuli[start : start + _BATCH]))
