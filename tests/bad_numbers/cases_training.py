"""Training: how each public name is called."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from companion import training
from companion.training import (
    ContrastiveRetriever,
    JointVaeSettings,
    LinearMap,
    MappingSettings,
    ResidualMlp,
    Run,
    Settings,
    Supervision,
)

from .judge import Case

RNG = np.random.default_rng(4)
ROWS = torch.arange(16)
PICTURES = torch.from_numpy(RNG.normal(size=(16, 4)).astype("f4"))
BRAIN = torch.from_numpy(RNG.normal(size=(16, 6)).astype("f4"))
NAMES = [f"picture {row}" for row in range(16)]
PAIRS = torch.stack([ROWS, ROWS], dim=1)
SETTINGS = {"n_steps": 2, "batch_size": 4, "temperature": 0.1, "learning_rate": 1e-3, "validate_every": 1}
DATA = {"brain": BRAIN, "image": PICTURES, "text": PICTURES[:, None].clone()}
VAE = {"n_latent": 2, "n_epochs": 2, "batch_size": 4, "learning_rate": 1e-3, "n_draws": 2, "warm_up": 0.01}
MAPPING = {
    "image_weight": 1.0,
    "text_weight": 0.5,
    "squared_weight": 0.1,
    "divergence_weight": 0.1,
    "temperature": 0.1,
    "n_epochs": 2,
    "batch_size": 4,
    "learning_rate": 1e-3,
    "weight_decay": 0.1,
    "noise": 0.1,
    "mixed": 0.5,
    "belongs": "equal",
}


def _runs(
    inputs: torch.Tensor,
    targets: torch.Tensor,
    pairs: torch.Tensor,
    validation: torch.Tensor,
    **settings: Any,
) -> object:
    together = settings.pop("together", None)
    run = Run(0, pairs, validation)
    build = partial(ResidualMlp, 6, 4, 8, 1)
    found = training.train_runs(
        build, (inputs,), targets, [run, run], Settings(**SETTINGS | settings), together=together
    )
    return [(one.encoder, one.training_losses, one.validation_losses, one.temperature) for one in found]


def _vae(
    data: dict[str, torch.Tensor], rows: torch.Tensor, validation: torch.Tensor, **settings: Any
) -> object:
    chosen = JointVaeSettings((4, 4, 4), 4, **VAE | settings)
    found = training.train_joint_vae(data, rows, validation, chosen, seed=0)
    return found.network, found.training_losses, found.validation_losses


def _mapping(
    responses: torch.Tensor,
    images: torch.Tensor,
    image_of: torch.Tensor,
    rows: torch.Tensor,
    validation: torch.Tensor,
    **settings: Any,
) -> object:
    torch.manual_seed(0)
    supervision = Supervision(images, image_of, PICTURES, ROWS[:, None])
    chosen = MappingSettings(**MAPPING | settings)
    found = training.train_mapping(LinearMap(6, 4), responses, supervision, rows, validation, chosen, seed=0)
    return found.network, found.training_losses, found.validation_losses


def _retriever(X: np.ndarray, y: list[str], new: np.ndarray, **settings: Any) -> object:
    fitted = ContrastiveRetriever(**{"n_steps": 2, "validate_every": 1} | settings).fit(X, y)
    fitted.predict(new)
    return fitted.decision_function(new), fitted.validation_losses_


def _kept(n_voxels: int, n_features: int) -> object:
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        encoder = ResidualMlp(n_voxels, n_features, 8, 1)
        path = training.save_encoder(Path(folder) / "encoder.safetensors", encoder)
        return training.load_encoder(path)[0]


def _of_time(kind: type[training.BrainEncoder], n_channels: int, n_times: int, n_features: int) -> object:
    torch.manual_seed(0)
    encoder = kind(n_channels, n_times, n_features).eval()  # type: ignore[call-arg]
    with torch.no_grad():
        return encoder(
            *encoder.prepare(
                torch.ones(2, encoder.configuration["n_channels"], encoder.configuration["n_times"])
            )
        )


def _prepared(responses: torch.Tensor) -> object:
    torch.manual_seed(0)
    encoder = training.Nice(3, 80, 4)
    with torch.no_grad():
        return encoder(*encoder.prepare(responses))


def _mlp(n_voxels: int, n_features: int, width: int) -> object:
    torch.manual_seed(0)
    return ResidualMlp(n_voxels, n_features, width, 1)(torch.ones(2, n_voxels))


def _mapped(kind: type[torch.nn.Module], n_voxels: int, n_features: int, **more: Any) -> object:
    torch.manual_seed(0)
    return kind(n_voxels, n_features, **more)(torch.ones(2, n_voxels)).vectors


_RUN = {"inputs": BRAIN, "targets": PICTURES, "pairs": PAIRS[:12], "validation": PAIRS[12:]}
_ROWS = {"rows": ROWS[:12], "validation": ROWS[12:]}
_SIZES = {"n_channels": 3, "n_times": 80, "n_features": 4}
_MAPS = {"responses": BRAIN, "images": PICTURES, "image_of": ROWS, **_ROWS}
_PLAIN = {"n_voxels": 6, "n_features": 4}
_NETWORK = {"X": BRAIN.numpy().copy(), "y": ["face", "house"] * 8, "new": BRAIN.numpy()[:5] + 1}
_LOSS = {"predicted": PICTURES[:5], "targets": PICTURES[5:10], "temperature": 0.1}
_CARRIED = frozenset({"predicted", "targets", "belongs"})
"""A loss of what is no number is no number: that is how training notices."""

TRAINING = {
    "AtmS": Case(partial(_of_time, training.AtmS), _SIZES),
    "BrainEncoder": Case(_prepared, {"responses": torch.ones(2, 3, 80)}),
    "ContrastiveRetriever": Case(
        _retriever,
        _NETWORK
        | {
            "n_steps": 2,
            "batch_size": 4,
            "temperature": 0.1,
            "learning_rate": 1e-3,
            "weight_decay": 0.1,
            "validate_every": 1,
            "validation_share": 0.2,
        },
        checked_by=("sklearn",),
    ),
    "EegConformer": Case(partial(_of_time, training.EegConformer), _SIZES),
    "EegNet": Case(partial(_of_time, training.EegNet), _SIZES),
    "JointVaeSettings": Case(_vae, {"data": DATA, **_ROWS, **VAE}, spared=frozenset({"data"})),
    "LinearMap": Case(partial(_mapped, LinearMap), {**_PLAIN, "dropped": 0.5}),
    "MappingSettings": Case(_mapping, _MAPS | MAPPING, spared=frozenset(_MAPS)),
    "MlpMap": Case(partial(_mapped, training.MlpMap), {**_PLAIN, "width": 8}),
    "Nice": Case(partial(_of_time, training.Nice), _SIZES),
    "ResidualMlp": Case(_mlp, {**_PLAIN, "width": 8}),
    "Run": Case(_runs, _RUN, spared=frozenset({"inputs", "targets"})),
    "Settings": Case(
        _runs,
        _RUN | SETTINGS | {"weight_decay": 0.1, "clip_norm": 1.0, "together": 2},
        spared=frozenset(_RUN),
        bears=frozenset({"together"}),
    ),
    "Supervision": Case(_mapping, _MAPS, spared=frozenset({"responses"})),
    "Trained": Case(_runs, _RUN, spared=frozenset({"pairs"})),
    "TrainedMapping": Case(_mapping, _MAPS, spared=frozenset({"rows"})),
    "TrainedVae": Case(_vae, {"data": DATA, **_ROWS}, spared=frozenset({"rows"})),
    "VariationalMap": Case(partial(_mapped, training.VariationalMap), {**_PLAIN, "width": 8, "n_latent": 2}),
    "equal_rows": Case(training.equal_rows, {"labels": torch.tensor([0, 1, 0])}),
    "info_nce": Case(training.info_nce, _LOSS, bears=_CARRIED, missing=""),
    "load_encoder": Case(_kept, _PLAIN),
    "published": Case(
        lambda encoder, setting, n_training: training.published(encoder, setting, n_training).n_steps,
        {"encoder": "NICE", "setting": "EEG", "n_training": 1000},
    ),
    "save_encoder": Case(_kept, _PLAIN),
    "shared_info_nce": Case(
        training.shared_info_nce, _LOSS | {"belongs": torch.eye(5)}, bears=_CARRIED, missing=""
    ),
    "soft_belonging": Case(
        training.soft_belonging, {"targets": PICTURES[:5], "temperature": 0.1}, bears=_CARRIED, missing=""
    ),
    "train_joint_vae": Case(_vae, {"data": DATA, **_ROWS}),
    "train_mapping": Case(_mapping, _MAPS),
    "train_runs": Case(_runs, _RUN),
    "validation_rows": Case(partial(training.validation_rows, seed=0), {"groups": NAMES, "share": 0.2}),
}
