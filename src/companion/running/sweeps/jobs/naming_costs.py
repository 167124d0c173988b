"""What a mapping network takes: two epochs on made-up responses of a person's shapes."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from companion.errors import MissingDataError
from companion.running.decoders import chosen_device
from companion.running.joint_sources import Backbone
from companion.running.mapping import VALIDATED
from companion.running.sweeps.cells import Cell
from companion.running.sweeps.job import Cost
from companion.running.sweeps.jobs.god_data import N_PER_CATEGORY, N_TRAINED, count_voxels, stimuli_of
from companion.running.sweeps.jobs.naming import NamingSettings, settings_of
from companion.running.sweeps.probes import peak_bytes, seconds_of
from companion.training.mapping_networks import Kind

_N_EPOCHS = 2
_FEATURES: dict[Backbone, int] = {"RN101": 512, "ViT-B-32": 512, "ViT-L-14": 768}
_MINIATURE_FEATURES = 64
_VOXELS = 4500
"""About those of visual cortex in the released files."""


class Sizes(NamedTuple):
    """Training pictures, voxels of a person, features of CLIP."""

    n_pictures: int
    n_voxels: int
    n_features: int


def sizes_of(cell: Cell) -> Sizes:
    """Say how large the training of a cell is; as published, where its files are not here."""
    settings, world = settings_of(cell), cell.world
    try:
        n_pictures = len(stimuli_of(world).train)
    except MissingDataError:
        n_pictures = N_TRAINED * N_PER_CATEGORY
    return Sizes(
        n_pictures,
        count_voxels(world, settings.rois, _VOXELS),
        _FEATURES[settings.backbone] if world.source == "official" else _MINIATURE_FEATURES,
    )


def time_mapping(sizes: Sizes, settings: NamingSettings, network: Kind, device: str) -> Cost:
    """Train on noise under pictures and texts; time does not depend on the values.

    Parameters
    ----------
    sizes : Sizes
    settings : NamingSettings
    network : {"linear", "MLP", "VAE"}
    device : str

    Returns
    -------
    Cost
        Seconds of one epoch with its validation, and the memory of all of it.
    """
    import torch

    from companion.training.mapping import train_mapping
    from companion.training.mapping_networks import NETWORKS
    from companion.training.supervision import Supervision

    place = chosen_device(device)
    n, n_voxels, n_features = sizes
    width = settings.hidden(network)
    built = NETWORKS[network](n_voxels, n_features, **({} if width is None else {"width": width}))
    rows = torch.arange(n, device=place)
    vectors = torch.randn(n, n_features, device=place)
    supervision = Supervision(vectors, rows, vectors, torch.stack([rows, rows.flip(0)], dim=1))
    n_validated = int(np.ceil(VALIDATED * n))
    split = rows[n_validated:], rows[:n_validated]
    responses = torch.randn(n, n_voxels, device=place)

    def train(n_epochs: int) -> None:
        short = replace(settings.training(n), n_epochs=n_epochs)
        train_mapping(built.to(place), responses, supervision, *split, short, seed=0)

    train(1)  # what is done once is done
    whole = seconds_of(lambda: train(_N_EPOCHS), place)
    return Cost(whole / _N_EPOCHS, peak_bytes(place))
