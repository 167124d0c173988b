"""Target pairs of the official weights: six DreamSim families, gLocal on seven networks.

What the dossier of the human-aligned paper says in sections 4.1, 4.2 and 4.4. Files lie in the data folder,
as the manifest entries say; nothing is fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from companion.alignment.human import GLocalTransform
from companion.encoders.clip import load_clip
from companion.encoders.dreamsim import BRANCHES, ENSEMBLE, MANIFEST_ID, Family, load_dreamsim
from companion.encoders.glocal import BentEncoder
from companion.encoders.hugging_face import PREPROCESSING, Kind, load_hugging_face, weight_file
from companion.encoders.interface import ImageEncoder
from companion.running.target_pairs import Pipeline, Target, TargetPair

STOCK = "base-image-models"
GLOCAL = "glocal-transforms"
GLOCAL_WITH_BOOK = "glocal-clip-vit-l14"

_SQUASHED = "squashed to 224 x 224"
_SHORT_EDGE = "shorter edge to 224, centre 224"
_PROJECTED = "projected embedding"
_BEFORE_NORM = "class token before the final norm"
_AFTER_NORM = "class token after the final norm"
_QUICK, _PLAIN = "QuickGELU", "GELU"


@dataclass(frozen=True)
class Stock:
    """An unaligned network as its authors or a hub give it.

    Attributes
    ----------
    n_features : int
    pipeline : Pipeline
    kind : {"clip", "dino", "dinov2"} or None
        Of files in Hugging Face's layout; None for files of open_clip.
    architecture, training : str
        In open_clip's words.
    """

    n_features: int
    pipeline: Pipeline
    kind: Kind | None = None
    architecture: str = ""
    training: str = ""


_CLIP = Pipeline(_SHORT_EDGE, _PROJECTED, _QUICK)
_OPEN_CLIP = Pipeline(_SHORT_EDGE, _PROJECTED, _PLAIN)
_DINO = Pipeline("squashed to 224 x 224, bilinear", _AFTER_NORM, _PLAIN)
_DINOV2 = Pipeline("shorter edge to 256, centre 224", _AFTER_NORM, _PLAIN)

STOCKS: Mapping[str, Stock] = MappingProxyType(
    {
        "openai/clip-vit-base-patch32": Stock(512, _CLIP, kind="clip"),
        "openai/clip-vit-large-patch14": Stock(768, _CLIP, kind="clip"),
        "timm/vit_base_patch32_clip_224.laion400m_e31": Stock(
            512, _CLIP, architecture="ViT-B-32-quickgelu", training="laion400m_e31"
        ),
        "timm/resnet50_clip.openai": Stock(1024, _CLIP, architecture="RN50-quickgelu", training="openai"),
        "timm/vit_large_patch14_clip_224.laion400m_e32": Stock(
            768, _OPEN_CLIP, architecture="ViT-L-14", training="laion400m_e32"
        ),
        "laion/CLIP-ViT-L-14-laion2B-s32B-b82K": Stock(
            768, _OPEN_CLIP, architecture="ViT-L-14", training="laion2b_s32b_b82k"
        ),
        "facebook/dino-vitb16": Stock(768, _DINO, kind="dino"),
        "facebook/dino-vitb8": Stock(768, _DINO, kind="dino"),
        "facebook/dinov2-base": Stock(768, _DINOV2, kind="dinov2"),
        "facebook/dinov2-large": Stock(1024, _DINOV2, kind="dinov2"),
    }
)
"""Stock networks by the name of their repository, which is also their folder below ``base-image-models``.

Crops of Hugging Face's networks are its defaults; what is done follows the file beside the weights."""

_DREAMSIM: Mapping[Family, tuple[int, str | None, Pipeline]] = MappingProxyType(
    {
        "clip_vitb32": (512, "openai/clip-vit-base-patch32", Pipeline(_SQUASHED, _PROJECTED, _QUICK)),
        "open_clip_vitb32": (
            512,
            "timm/vit_base_patch32_clip_224.laion400m_e31",
            Pipeline(_SQUASHED, _PROJECTED, _PLAIN),
        ),
        "dino_vitb16": (768, "facebook/dino-vitb16", Pipeline(_SQUASHED, _BEFORE_NORM, _PLAIN)),
        "dinov2_vitb14": (768, "facebook/dinov2-base", Pipeline(_SQUASHED, _BEFORE_NORM, _PLAIN)),
        "synclr_vitb16": (768, None, Pipeline(_SQUASHED, _BEFORE_NORM, _PLAIN)),
        "ensemble": (
            1792,
            None,
            Pipeline(_SQUASHED, "vectors of three networks, one after the other", "mixed"),
        ),
    }
)
_GLOCAL: Mapping[str, str] = MappingProxyType(
    {
        "clip_ViT-L/14": "openai/clip-vit-large-patch14",
        "clip_RN50": "timm/resnet50_clip.openai",
        "OpenCLIP_ViT-L-14_laion400m_e32": "timm/vit_large_patch14_clip_224.laion400m_e32",
        "OpenCLIP_ViT-L-14_laion2b_s32b_b82k": "laion/CLIP-ViT-L-14-laion2B-s32B-b82K",
        "dino-vit-base-p16": "facebook/dino-vitb16",
        "dino-vit-base-p8": "facebook/dino-vitb8",
        "dinov2-vit-base-p14": "facebook/dinov2-base",
        "dinov2-vit-large-p14": "facebook/dinov2-large",
    }
)
_LEAK = "its judges saw the 1,854 THINGS concepts, the 200 test concepts of THINGS-EEG2 among them"


def official_pairs(root: Path, *, device: str = "cpu") -> list[TargetPair]:
    """All pairs of official weights.

    Parameters
    ----------
    root : Path
        The data folder; the manifest's folders lie below it.
    device : str
        Where torch computes.

    Returns
    -------
    list of TargetPair
        DreamSim first. Whether their files are here is for :meth:`Target.missing` to say.
    """
    dreamsim = [_dreamsim_pair(family, root, device) for family in get_args(Family)]
    return dreamsim + [_glocal_pair(model, root, device) for model in _GLOCAL]


def _dreamsim_pair(family: Family, root: Path, device: str) -> TargetPair:
    n_features, stock, pipeline = _DREAMSIM[family]
    folder = root / MANIFEST_ID

    def target(aligned: bool) -> Target:
        adapter = "ensemble_lora" if family == "ensemble" else f"{family}_single_lora"
        files = [BRANCHES[name].file for name in (ENSEMBLE if family == "ensemble" else (family,))]
        return Target(
            name=f"DreamSim {family}" if aligned else f"{family}, DreamSim's pipeline",
            family=family,
            role="aligned" if aligned else "base",
            aligned_by="DreamSim" if aligned else None,
            n_features=n_features,
            pipeline=pipeline,
            load=partial(load_dreamsim, family, folder, aligned=aligned, device=device),
            files=tuple(folder / name for name in [*files, *([adapter] if aligned else [])]),
            entries=(MANIFEST_ID,),
        )

    first = () if stock is None else (_stock_target(stock, family, root, device),)
    return TargetPair(aligned=target(aligned=True), bases=(*first, target(aligned=False)))


def _stock_target(repository: str, family: str, root: Path, device: str) -> Target:
    stock = STOCKS[repository]
    folder = root / STOCK / repository
    path = _stock_file(stock, folder)
    return Target(
        name=f"{family}, stock",
        family=family,
        role="base",
        aligned_by=None,
        n_features=stock.n_features,
        pipeline=stock.pipeline,
        load=partial(_load_stock, stock, folder, f"{family}, stock", device),
        files=(path, *([folder / PREPROCESSING] if stock.kind else [])),
        entries=(STOCK,),
    )


def _glocal_pair(model: str, root: Path, device: str) -> TargetPair:
    """Pair the stock network with itself, the published map behind it: one pipeline."""
    base = _stock_target(_GLOCAL[model], model, root, device)
    with_book = model == "clip_ViT-L/14"
    folder = root / GLOCAL_WITH_BOOK if with_book else root / GLOCAL / model
    path = folder / "transform.npz"

    def load() -> ImageEncoder:
        made_of = hashlib.sha256(path.read_bytes()).hexdigest()
        return BentEncoder(base.encoder(), GLocalTransform.from_npz(path), made_of=made_of)

    aligned = Target(
        name=f"{model}, gLocal",
        family=model,
        role="aligned",
        aligned_by="gLocal",
        n_features=base.n_features,
        pipeline=base.pipeline,
        load=load,
        files=(*base.files, path),
        entries=(STOCK, GLOCAL_WITH_BOOK if with_book else GLOCAL),
    )
    return TargetPair(aligned=aligned, bases=(base,), note=_LEAK)


def _load_stock(stock: Stock, folder: Path, name: str, device: str) -> ImageEncoder:
    if stock.kind is not None:
        return load_hugging_face(stock.kind, folder, name=name, device=device)
    return load_clip(stock.architecture, _stock_file(stock, folder), training=stock.training, device=device)


def _stock_file(stock: Stock, folder: Path) -> Path:
    if stock.kind is not None:
        return weight_file(folder)
    newer, old = folder / "open_clip_model.safetensors", folder / "open_clip_pytorch_model.bin"
    return old if old.is_file() and not newer.is_file() else newer
