"""Pictures and texts of the bench's recordings, as vectors in every judged space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.errors import MissingDataError
from companion.loading.god.captions import read_god_captions
from companion.loading.god.names import prompt
from companion.loading.god.stimuli import GodStimuli
from companion.loading.nsd.stimuli import nsd_captions, nsd_pictures
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.loading.things_pictures import concept_of, picture_files
from companion.running.bench_judged import JudgedSpace, picture_vectors, text_vectors
from companion.running.joint_scenes import training_captions
from companion.running.joint_sources import CAPTIONS_FILE, god_pictures

_BLOCK = 256
"""Pictures of NSD in memory at a time."""


class BenchStimuli(NamedTuple):
    """Vectors of what was shown, and of texts about the training pictures, in every judged space.

    Parameters
    ----------
    pictures : mapping of str to Embeddings of shape (n_pictures, n_features)
        By name of the space; training and test pictures.
    texts : mapping of str to Embeddings of shape (n_texts, n_features), or None
        By name of the space, and in it by text; None where texts cannot be brought there.
    texts_of : mapping of stimulus to sequence of str
        Texts of each training picture. No test picture has any.
    """

    pictures: Mapping[str, Embeddings]
    texts: Mapping[str, Embeddings | None]
    texts_of: Mapping[str, Sequence[str]]


def bench_stimuli(
    recording: str,
    training: Sequence[str],
    test: Sequence[str],
    spaces: Mapping[str, JudgedSpace],
    lists: GodStimuli,
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    cache: EmbeddingCache,
) -> BenchStimuli:
    """Put the stimuli of a recording into all judged spaces.

    Texts are what comes with the recording: the prompt of its concept for a picture of THINGS, five captions
    for a scene of NSD, prompt and sentence for a picture of GOD.

    Parameters
    ----------
    recording : str
        As :func:`companion.running.bench_recordings.bench_recordings` names it.
    training, test : sequence of str
        Stimuli of all its people, each once.
    spaces : mapping of str to JudgedSpace
    lists : GodStimuli
    source, scale, null
        As of a chapter.
    cache : EmbeddingCache

    Returns
    -------
    BenchStimuli

    Raises
    ------
    MissingDataError
        If pictures or captions are not on this machine.
    """
    folder = recordings_folder("stimuli", source=source, scale=scale, null=null)
    shown = [*training, *test]
    if recording.startswith("THINGS"):
        texts_of: Mapping[str, Sequence[str]] = {name: (prompt(concept_of(name)),) for name in training}
        pictures = picture_vectors(spaces, picture_files(folder, shown), cache)
    elif recording == "NSD":
        texts_of = training_captions(nsd_captions(folder / "nsd", shown), training, test)
        pictures = _scenes(spaces, folder / "nsd", shown, cache)
    else:
        files = god_pictures(lists, source=source, scale=scale, null=null)
        if files is None:
            raise MissingDataError("The pictures of GOD are not on this machine", where=folder)
        captions = read_god_captions(folder / "god" / CAPTIONS_FILE, lists)
        texts_of = {name: captions[name] for name in training}
        pictures = picture_vectors(spaces, {name: files[name] for name in shown}, cache)
    texts = list(dict.fromkeys(text for own in texts_of.values() for text in own))
    return BenchStimuli(pictures, text_vectors(spaces, texts, cache), texts_of)


def _scenes(
    spaces: Mapping[str, JudgedSpace], folder: Path, stimuli: Sequence[str], cache: EmbeddingCache
) -> dict[str, Embeddings]:
    """Vectors of pictures of NSD, some at a time, since those of one person take gigabytes."""
    parts = [
        picture_vectors(
            spaces, dict(nsd_pictures(folder, stimuli[start : start + _BLOCK])), cache, simulated=True
        )
        for start in range(0, len(stimuli), _BLOCK)
    ]
    return {
        key: first.with_rows(np.concatenate([part[key].values for part in parts]), stimuli)
        for key, first in parts[0].items()
    }
