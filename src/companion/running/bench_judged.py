"""Judged spaces of the bench: CLIP, what judges and permuted judges made of it; pictures and texts there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.glocal import BentEncoder
from companion.encoders.inputs import Picture
from companion.encoders.interface import encode_texts
from companion.encoders.miniature import load_miniature_clip
from companion.errors import MissingDataError
from companion.loading.sources import Null, ScaleName, Source
from companion.running.bench_cells import BASE, Role
from companion.running.target_pairs import Target
from companion.running.targets import embed_targets, target_pairs

Bend = Callable[[Embeddings], Embeddings]
FAMILY = "miniature CLIP"
DREAMSIM, GLOCAL = "DreamSim-like", "gLocal-like"
_BATCH = 256


class JudgedSpace(NamedTuple):
    """CLIP, or CLIP bent by judges.

    Parameters
    ----------
    target : str
    role : {"base", "aligned", "permuted"}
    pictures : Target
        Puts pictures there.
    bend : callable or None
        From vectors of CLIP, of pictures or of texts, to those here; None where the image tower was changed.
    """

    target: str
    role: Role
    pictures: Target
    bend: Bend | None


def judged_spaces(
    *, source: Source, scale: ScaleName = "lesson", null: Null | None = None, seed: int = 0
) -> dict[str, JudgedSpace]:
    """List CLIP and what judges, and permuted judges, made of it.

    Parameters
    ----------
    source, scale, null
        As of a chapter.
    seed : int
        Of the DreamSim-like aligner.

    Returns
    -------
    dict of str to JudgedSpace
        By name of the space.

    Raises
    ------
    MissingDataError
        If judges have not been made, or recordings are official: published aligners have no permuted
        teachers, and without these nothing here can be told apart.
    """
    if source == "official":
        raise MissingDataError(
            "Published aligners come without permuted teachers",
            where="the bench",
            do="run this page with source: miniature or null",
        )
    pairs = target_pairs(source, scale=scale, null=null, seed=seed)
    found = {}
    for pair in pairs:
        if pair.aligned.family == FAMILY:
            name = str(pair.aligned.aligned_by)
            found[FAMILY] = JudgedSpace(BASE, "base", pair.matched_base, lambda vectors: vectors)
            bent: tuple[tuple[Role, Target], ...] = (
                ("aligned", pair.aligned),
                ("permuted", pair.permuted[0]),
            )
            for role, one in bent:
                found[one.name] = JudgedSpace(name, role, one, _map_of(one) if name == GLOCAL else None)
    return found


def picture_vectors(
    spaces: Mapping[str, JudgedSpace],
    pictures: Mapping[str, Picture],
    cache: EmbeddingCache,
    *,
    simulated: bool | None = None,
) -> dict[str, Embeddings]:
    """Put pictures into the spaces.

    Parameters
    ----------
    spaces : mapping of str to JudgedSpace
    pictures : mapping of stimulus to Path or ndarray of uint8
    cache : EmbeddingCache
    simulated : bool, optional
        As in :func:`companion.running.targets.embed_targets`.

    Returns
    -------
    dict of str to Embeddings of shape (n_pictures, n_features)
        All named as CLIP, so that an auto-encoder of CLIP's vectors takes them.
    """
    found = embed_targets(
        [one.pictures for one in spaces.values()], pictures, cache, simulated=simulated, batch_size=_BATCH
    )
    return {key: replace(found[one.pictures.name], space=FAMILY) for key, one in spaces.items()}


def text_vectors(
    spaces: Mapping[str, JudgedSpace], texts: Sequence[str], cache: EmbeddingCache
) -> dict[str, Embeddings | None]:
    """Put texts into the spaces, through CLIP's text tower and the map of the space.

    Parameters
    ----------
    spaces : mapping of str to JudgedSpace
    texts : sequence of str
        Each once.
    cache : EmbeddingCache

    Returns
    -------
    dict of str to Embeddings of shape (n_texts, n_features), or None
        By text; None where texts cannot be brought there.
    """
    clip = load_miniature_clip()
    said = encode_texts(clip, {text: text for text in texts}, batch_size=_BATCH, cache=cache)
    said = replace(said, simulated=True)
    return {key: None if one.bend is None else one.bend(said) for key, one in spaces.items()}


def _map_of(target: Target) -> Bend:
    """Map of a linear aligner, which texts go through too."""

    def bend(vectors: Embeddings) -> Embeddings:
        encoder = target.encoder()
        if not isinstance(encoder, BentEncoder):
            raise MissingDataError(
                "An aligner that is no map of vectors", where=target.name, do="use pictures"
            )
        return encoder.transform.transform(vectors)

    return bend
