"""Image targets of the human-aligned paper: one registry of pairs, and their vectors.

:func:`target_pairs` lists pairs of base and aligned spaces, with controls; :func:`embed_targets` puts
pictures into them. Geometric controls of a space are in :mod:`companion.alignment.controls`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.glocal import BentEncoder
from companion.encoders.inputs import Picture
from companion.encoders.interface import ImageEncoder, encode_images
from companion.errors import DataError, MissingDataError
from companion.loading.marks import simulated_files
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.project import data_root
from companion.running.miniature_targets import miniature_pairs
from companion.running.official_targets import official_pairs
from companion.running.target_pairs import Target, TargetPair

if TYPE_CHECKING:
    import pandas as pd

NOT_TESTABLE: Mapping[str, str] = MappingProxyType(
    {
        "Harmonization": "not testable here: its networks are files of another framework (manifest entry "
        "harmonization-weights), and one of its counterparts in the paper is another network"
    }
)
"""Aligners of the paper without a pair, and why."""


def target_pairs(
    source: Source,
    *,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    n_permuted: int = 1,
    seed: int = 0,
    device: str = "cpu",
) -> list[TargetPair]:
    """Pairs that go with a chapter's source: official weights, or the miniature networks.

    Parameters
    ----------
    source : {"miniature", "null", "official"}
    scale : {"smoke", "lesson", "paper"}
    null : {"N0", "N1", "N2", "N3"}, optional
        Where source is ``null``. In N0 every aligner is a random rotation.
    n_permuted : int
        Permuted teachers per aligner, at most 3. Official aligners have none.
    seed : int
        Of training the miniature DreamSim-like aligner, and of rotations in N0; the gLocal-like one draws
        nothing.
    device : str
        Where the official networks compute; the miniature ones are small and stay on the CPU.

    Raises
    ------
    MissingDataError
        If the miniature world's stimuli or judges have not been made.
    """
    if source == "official":
        return official_pairs(data_root(), device=device)
    return miniature_pairs(
        stimuli=recordings_folder("stimuli", source=source, scale=scale, null=null),
        judges=recordings_folder("judges", source=source, scale=scale, null=null),
        n_permuted=n_permuted,
        seed=seed,
        inert=source == "null" and null == "N0",
    )


def pairs_table(pairs: Sequence[TargetPair]) -> pd.DataFrame:
    """List targets: one row each, with the steps in which a base differs from the aligned one.

    Returns
    -------
    DataFrame
        Columns network, target, role, aligned by, d, crop, tap, differs in, on this machine.
    """
    import pandas as pd

    rows = [
        {
            "network": target.family,
            "target": target.name,
            "role": target.role,
            "aligned by": target.aligned_by,
            "d": target.n_features,
            "crop": target.pipeline.crop,
            "tap": target.pipeline.tap,
            "differs in": ", ".join(target.pipeline.differences(pair.aligned.pipeline)),
            "on this machine": not target.missing(),
        }
        for pair in pairs
        for target in pair.targets
    ]
    return pd.DataFrame(rows)


def embed_targets(
    targets: Sequence[Target],
    pictures: Mapping[str, Picture],
    cache: EmbeddingCache | None = None,
    *,
    simulated: bool | None = None,
    batch_size: int = 64,
) -> dict[str, Embeddings]:
    """Vectors of pictures in each target space.

    Networks are built one after the other, so that one is in memory at a time. A target that stands in
    several pairs is embedded once.

    Parameters
    ----------
    targets : sequence of Target
    pictures : mapping from stimulus id to Path or ndarray of uint8
    cache : EmbeddingCache, optional
    simulated : bool, optional
        Whether pictures are simulated. Image files are looked up by the marker of the miniature world; arrays
        carry none, so for these it must be said.
    batch_size : int

    Returns
    -------
    dict from the target's name to Embeddings of shape (n_pictures, n_features)
        Raw features, marked as simulated if the pictures or the network are.

    Raises
    ------
    MissingDataError
        If a file of a target is not on this machine; all targets are looked at before the first is embedded.
    DataError
        If a target has another length than its registry says.
    ValueError
        If different targets share a name, or nobody says whether arrays are simulated.

    Examples
    --------
    Vectors of a picture by the miniature CLIP, and by the miniature network that never saw a text:

    >>> import numpy as np
    >>> from companion.encoders import load_miniature_clip, load_miniature_second
    >>> from companion.running import Target, embed_targets
    >>> from companion.running.target_pairs import Pipeline
    >>> targets = [
    ...     Target(name, name, "base", None, 64, Pipeline("64 x 64 pixels", "output"), load, simulated=True)
    ...     for name, load in (("with text", load_miniature_clip), ("without", load_miniature_second))
    ... ]
    >>> pictures = {"black": np.zeros((64, 64, 3), np.uint8)}
    >>> spaces = embed_targets(targets, pictures, simulated=True)
    >>> {name: space.values.shape for name, space in spaces.items()}
    {'with text': (1, 64), 'without': (1, 64)}
    """
    chosen = {target.name: target for target in targets}
    if any(chosen[target.name] != target for target in targets):
        raise ValueError(f"different targets share a name: {sorted(target.name for target in targets)}")
    refuse_missing(targets)
    files = [picture for picture in pictures.values() if isinstance(picture, Path)]
    if simulated is None and len(files) < len(pictures):
        raise ValueError("arrays carry no marker; say whether these pictures are simulated")
    marked = simulated_files(files) if simulated is None else simulated
    found = {}
    for name, target in chosen.items():
        space = _embedded(target.encoder(), pictures, batch_size, cache)
        if space.values.shape[1] != target.n_features:
            raise DataError(
                "A target has another length than expected",
                where=name,
                expected=target.n_features,
                got=space.values.shape[1],
                do="compare the weight files with the manifest entries " + ", ".join(target.entries),
            )
        found[name] = replace(
            space, space=name, aligned_by=target.aligned_by, simulated=marked or target.simulated
        )
    return found


def _embedded(
    encoder: ImageEncoder, pictures: Mapping[str, Picture], batch_size: int, cache: EmbeddingCache | None
) -> Embeddings:
    """Vectors of pictures; a map is applied to vectors of its base, which the cache holds for all maps."""
    if isinstance(encoder, BentEncoder):
        return encoder.transform.transform(_embedded(encoder.base, pictures, batch_size, cache))
    return encode_images(encoder, pictures, batch_size=batch_size, cache=cache)


def refuse_missing(targets: Sequence[Target]) -> None:
    """Refuse targets whose files are not on this machine.

    Raises
    ------
    MissingDataError
        With the first few files, and the manifest entries that say how to get them.
    """
    lacking = {target.name: target for target in targets if target.missing()}
    if lacking:
        paths = sorted({path for target in lacking.values() for path in target.missing()})
        entries = sorted({entry for target in lacking.values() for entry in target.entries})
        raise MissingDataError(
            f"Weights of {len(lacking)} targets are not on this machine: {', '.join(lacking)}",
            where=", ".join(map(str, paths[:3])) + (f" and {len(paths) - 3} more" if len(paths) > 3 else ""),
            do=f"see the manifest entries {', '.join(entries)}",
        )
