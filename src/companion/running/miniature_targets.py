"""Target pairs of the miniature world: two aligners on two networks, with all their controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from companion.encoders.interface import ImageEncoder
from companion.encoders.layers import LayerEncoder
from companion.encoders.miniature import (
    CLIP_LAYERS,
    N_FEATURES,
    SECOND_LAYERS,
    load_miniature_clip,
    load_miniature_second,
)
from companion.running.aligned_spaces import Aligner, Backbone, aligned_encoder
from companion.running.target_pairs import Pipeline, Role, Target, TargetPair

BACKBONES: Mapping[str, Callable[[], Backbone]] = MappingProxyType(
    {"miniature CLIP": load_miniature_clip, "miniature second backbone": load_miniature_second}
)
_LAYERS: Mapping[str, tuple[Mapping[str, str], tuple[int, ...]]] = MappingProxyType(
    {
        "miniature CLIP": (CLIP_LAYERS, (64, 128, 256, 512)),
        "miniature second backbone": (SECOND_LAYERS, (32, 64, 128)),
    }
)
"""Submodules that make the layers, and how many features each has."""
MAX_PERMUTED = 3
"""Permuted teachers that the miniature world has."""
_CROP = "shorter edge to 64, centre 64"
_PIPELINE = Pipeline(_CROP, "output")


def miniature_pairs(
    *, stimuli: Path, judges: Path, n_permuted: int = 1, seed: int = 0, inert: bool = False
) -> list[TargetPair]:
    """Both aligners on both miniature networks, with permuted teachers, and a leaky one for gLocal-like.

    Aligners are trained when their encoder is first asked for, and kept (:mod:`companion.running.products`).

    Parameters
    ----------
    stimuli, judges : Path
        Folders of the judged pictures and of the choices.
    n_permuted : int
        Permuted teachers per aligner.
    seed : int
        Of training.
    inert : bool
        The null N0: every aligner is a random rotation.
    """
    if not 0 <= n_permuted <= MAX_PERMUTED:
        raise ValueError(f"n_permuted lies between 0 and {MAX_PERMUTED}, got {n_permuted!r}")

    def pair(family: str, aligner: Aligner) -> TargetPair:
        def bent(role: Role, teacher: str) -> Target:
            label = aligner if teacher == "judges" else f"{aligner}, {teacher}"
            load = partial(_bent, family, aligner, stimuli, judges, teacher, seed, inert)
            return _target(family, role, label, load)

        return TargetPair(
            aligned=bent("aligned", "judges"),
            bases=(_target(family, "base", None, BACKBONES[family]),),
            permuted=tuple(bent("permuted", f"permuted-{number + 1}") for number in range(n_permuted)),
            leaky=bent("leaky", "leaky") if aligner == "gLocal-like" else None,
        )

    return [pair(family, aligner) for family in BACKBONES for aligner in get_args(Aligner)]


def layer_targets() -> list[Target]:
    """Intermediate layers of the miniature networks, early to late: a control without any judge."""
    return [
        Target(
            name=f"{family}, {layer}",
            family=family,
            role="layer",
            aligned_by=None,
            n_features=n_features,
            pipeline=Pipeline(_CROP, f"mean over positions of {layer}"),
            load=partial(_layer, family, layer, place),
            simulated=True,
        )
        for family, (layers, widths) in _LAYERS.items()
        for (layer, place), n_features in zip(layers.items(), widths, strict=True)
    ]


def _target(family: str, role: Role, aligned_by: str | None, load: Callable[[], ImageEncoder]) -> Target:
    return Target(
        name=family if aligned_by is None else f"{family}, {aligned_by}",
        family=family,
        role=role,
        aligned_by=aligned_by,
        n_features=N_FEATURES,
        pipeline=_PIPELINE,
        load=load,
        simulated=True,
    )


def _bent(
    family: str, aligner: Aligner, stimuli: Path, judges: Path, teacher: str, seed: int, inert: bool
) -> ImageEncoder:
    backbone = BACKBONES[family]()
    return aligned_encoder(
        backbone, aligner, stimuli=stimuli, judges=judges, teacher=teacher, seed=seed, inert=inert
    )


def _layer(family: str, layer: str, place: str) -> ImageEncoder:
    return LayerEncoder(BACKBONES[family](), layer, place)
