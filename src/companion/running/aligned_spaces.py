"""Image encoders bent by human judgements: trained where a chapter first asks for them, kept for all others.

Two aligners on each backbone. *DreamSim-like* bends the network itself by LoRA on choices between two
pictures; *gLocal-like* maps its vectors linearly, on choices of the odd one out. Each can be taught by
judges, by permuted judges (the control), or, gLocal-like only, by judges who saw the test pictures too
(*leaky*). In the null N0 every aligner is a random rotation of its backbone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from companion.alignment.human import GLocalTransform
from companion.alignment.odd_one_out import OddOneOutTransform
from companion.encoders.clip import ClipEncoder
from companion.encoders.glocal import BentEncoder
from companion.encoders.interface import ImageEncoder, encode_images
from companion.encoders.modules import ModuleEncoder, pixels_of
from companion.loading.inside import inside
from companion.loading.judgements import read_judgements
from companion.loading.sources import MAKE_ANEW
from companion.running.products import product
from companion.system.arrays import read_npz

if TYPE_CHECKING:
    import pandas as pd

Aligner = Literal["DreamSim-like", "gLocal-like"]
Backbone = ClipEncoder | ModuleEncoder

LORA: Mapping[str, Any] = MappingProxyType(
    {
        "rank": 16,
        "alpha": 32.0,
        "targets": r"attnpool|classifier|features\.5",
        "learning_rate": 1e-3,
        "n_epochs": 6,
        "batch_size": 256,
    }
)
"""Settings of the DreamSim-like aligner: the last layers of either backbone are bent. Chosen on validation
judges and training kinds; bending all layers of so small a network collapsed its space."""
_MADE_BY = tuple(f"companion.alignment.{name}" for name in ("front", "lora", "triplets", "odd_one_out"))


def aligned_encoder(
    backbone: Backbone,
    aligner: Aligner,
    *,
    stimuli: Path,
    judges: Path,
    teacher: str = "judges",
    seed: int = 0,
    inert: bool = False,
) -> ImageEncoder:
    """Bend a backbone by what a teacher chose.

    Parameters
    ----------
    backbone : ClipEncoder or ModuleEncoder
        With a torch module.
    aligner : {"DreamSim-like", "gLocal-like"}
    stimuli, judges : Path
        Folders of the judged pictures (``judged.npz``) and of the choices.
    teacher : str
        As :func:`companion.loading.judgements.read_judgements` knows it.
    seed : int
        Of training, or of the rotation.
    inert : bool
        The null N0: turn the space at random instead.

    Returns
    -------
    ImageEncoder
        Its name says by what it was bent.
    """
    label = aligner if teacher == "judges" else f"{aligner}, {teacher}"
    if inert:
        rng = np.random.default_rng([seed, *aligner.encode(), *teacher.encode()])
        turn = np.linalg.qr(rng.normal(size=(backbone.n_features, backbone.n_features)))[0]
        return _bent(backbone, GLocalTransform(turn, 0.0, 1.0), label)
    if aligner == "DreamSim-like":
        return _dreamsim_like(backbone, stimuli, judges, teacher, seed, label)
    return _glocal_like(backbone, stimuli, judges, teacher, label)


def _dreamsim_like(
    backbone: Backbone, stimuli: Path, judges: Path, teacher: str, seed: int, label: str
) -> ImageEncoder:
    from copy import deepcopy

    import torch

    from companion.alignment.triplets import TripletAligner

    tables = {
        split: read_judgements(judges, "two_afc", teacher=teacher, split=split)
        for split in ("train", "validation")
    }

    def make() -> dict[str, np.ndarray]:
        pictures = _judged(stimuli)
        rows = {name: row for row, name in enumerate(pictures)}
        pixels = pixels_of(list(pictures.values()), backbone.preprocess)
        shown = {split: _rows(table, rows) for split, table in tables.items()}
        bent = TripletAligner(seed=seed, **LORA).fit(
            backbone.module,
            pixels,
            shown["train"],
            tables["train"]["choice"].to_numpy(copy=True),
            validation_triplets=shown["validation"],
            validation_choices=tables["validation"]["choice"].to_numpy(copy=True),
        )
        old = backbone.module.state_dict()
        return {
            name: tensor.numpy()
            for name, tensor in bent.state_dict().items()
            if not torch.equal(tensor, old[name])
        }

    inputs = {"backbone": backbone.fingerprint, "settings": dict(LORA), "seed": seed}
    inputs |= {split: table.to_numpy(dtype=str) for split, table in tables.items()}
    changed = product("dreamsim-like", inputs, make, made_by=_MADE_BY)
    module = deepcopy(backbone.module)
    module.load_state_dict({name: torch.from_numpy(values) for name, values in changed.items()}, strict=False)
    return ModuleEncoder.from_module(
        module,
        backbone.preprocess,
        name=f"{backbone.name}, {label}",
        n_features=backbone.n_features,
        made_of=backbone.fingerprint,
    )


def _glocal_like(backbone: Backbone, stimuli: Path, judges: Path, teacher: str, label: str) -> ImageEncoder:
    held_out = "judges" if teacher == "leaky" else teacher
    known = read_judgements(judges, "odd_one_out", teacher=teacher, split="train").to_numpy(dtype=str)
    other = read_judgements(judges, "odd_one_out", teacher=held_out, split="validation").to_numpy(dtype=str)

    def make() -> dict[str, np.ndarray]:
        pictures = _judged(stimuli) | _tested(stimuli, sorted(set(known.ravel())))
        space = encode_images(backbone, pictures, batch_size=256)
        learnt = OddOneOutTransform().fit(space, known, validation_triplets=other).map_
        bias = np.zeros(learnt.weights.shape[1]) if learnt.bias is None else learnt.bias
        return {"weights": learnt.weights, "bias": bias, "scale": np.array([learnt.mean, learnt.std])}

    inputs = {"backbone": backbone.fingerprint, "train": known, "validation": other}
    found = product("glocal-like", inputs, make, made_by=_MADE_BY)
    mean, std = (float(number) for number in found["scale"])
    return _bent(backbone, GLocalTransform(found["weights"], mean, std, found["bias"]), label)


def _bent(backbone: Backbone, transform: GLocalTransform, label: str) -> BentEncoder:
    content = hashlib.sha256(np.ascontiguousarray(transform.weights).tobytes())
    content.update(repr((transform.mean, transform.std)).encode())
    if transform.bias is not None:
        content.update(np.ascontiguousarray(transform.bias).tobytes())
    return BentEncoder(backbone, transform, made_of=content.hexdigest(), aligned_by=label)


def _judged(stimuli: Path) -> dict[str, Any]:
    arrays = read_npz(stimuli / "judged.npz", ["ids", "pictures"], do=MAKE_ANEW)
    return dict(zip(map(str, arrays["ids"]), arrays["pictures"], strict=True))


def _tested(stimuli: Path, names: list[str]) -> dict[str, Any]:
    """Pictures that only the leaky teacher judged; they lie among the stimuli."""
    folder = stimuli / "object_images"
    return {name: inside(folder, f"{name}.jpg", where="the judgements") for name in names if "/" in name}


def _rows(table: pd.DataFrame, rows: Mapping[str, int]) -> np.ndarray:
    return np.array([[rows[name] for name in triplet] for triplet in table.iloc[:, :3].to_numpy()])
