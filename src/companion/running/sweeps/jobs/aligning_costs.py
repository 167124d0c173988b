"""What brain-aligning takes: a few epochs and decoders, timed on made-up arrays of a cell's shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from companion.alignment.autoencoder import Model, Trained, train_autoencoders
from companion.alignment.brain import ALPHAS
from companion.alignment.stacked_layers import models_at_a_time
from companion.embeddings import Embeddings
from companion.errors import MissingDataError
from companion.recording import Recording
from companion.running.decoders import chosen_device
from companion.running.semantic_spaces import SemanticSpace
from companion.running.sweeps.cells import Cell
from companion.running.sweeps.job import Cost
from companion.running.sweeps.jobs.aligned_regions import CONDITIONS, identified, space_of
from companion.running.sweeps.jobs.brain_aligning import BrainAligningSettings, settings_of
from companion.running.sweeps.jobs.god_data import N_PER_CATEGORY, N_TESTED, N_TRAINED, alike, count_voxels
from companion.running.sweeps.probes import peak_bytes, seconds_of

_N_EPOCHS = 10
_FEATURES = {"image": 512, "word": 300}
"""Published."""
_VOXELS = 1000
"""About those of a large region in the released files."""


class Sizes(NamedTuple):
    """Of one space and the largest region that is decoded into it.

    Parameters
    ----------
    n_categories, n_images, n_tested, n_candidates : int
        Training categories and images, test categories, and categories to tell them from.
    n_features, n_voxels : int
    """

    n_categories: int
    n_images: int
    n_tested: int
    n_candidates: int
    n_features: int
    n_voxels: int


class AligningTimes(NamedTuple):
    """What the parts of a pack take.

    Parameters
    ----------
    epoch : float
        Seconds of one epoch of one auto-encoder, trained with others.
    unit : float
        Seconds of one unit of a space that is decoded and identified.
    bytes : float
    """

    epoch: float
    unit: float
    bytes: float

    def cost(self, cells: Sequence[Cell], sizes: Sizes, n_epochs: int) -> Cost:
        """Of a pack: alpha 1 is trained once, and has the original vectors beside it."""
        original = sum(cell.axes["alpha"] == 1 for cell in cells)
        n_models = len(cells) - max(0, original - 1)
        n_units = len(cells) * (sizes.n_features // 2) + original * sizes.n_features
        return Cost(n_models * n_epochs * self.epoch + n_units * self.unit, self.bytes)


def sizes_of(cells: Sequence[Cell]) -> Sizes:
    """Say how large the space of some cells is: as published, where official files would have to be read."""
    world, settings = cells[0].world, settings_of(cells[0])
    n_voxels = max(count_voxels(world, [str(one[0].axes["roi"])], _VOXELS) for one in alike(cells, ["roi"]))
    n_features = _FEATURES[str(cells[0].axes["space"])]
    sizes = Sizes(
        N_TRAINED, N_TRAINED * N_PER_CATEGORY, N_TESTED, settings.n_candidates, n_features, n_voxels
    )
    if world.source == "official":
        return sizes
    try:
        space = space_of(cells[0])
    except MissingDataError:
        return sizes
    return Sizes(
        len(space.categories),
        len(space.targets),
        len(space.test),
        len(space.candidates),
        space.targets.values.shape[1],
        n_voxels,
    )


def time_aligning(sizes: Sizes, settings: BrainAligningSettings, n_models: int, device: str) -> AligningTimes:
    """Train on noise for a few epochs, then decode one aligned space; time does not depend on the values.

    Parameters
    ----------
    sizes : Sizes
    settings : BrainAligningSettings
    n_models : int
        Of the largest pack. On a CPU as many are timed as train at a time.
    device : str
    """
    import torch

    place = chosen_device(device)
    options = replace(settings.options(sizes.n_categories), n_epochs=_N_EPOCHS)
    if place.type == "cpu":
        at_a_time = models_at_a_time(sizes.n_features, options.n_layers, options.batch_size)
        n_models = min(n_models, at_a_time)
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(sizes.n_categories, sizes.n_features, generator=generator).to(place)
    teachers = torch.corrcoef(vectors)[None]
    models = [Model(ALPHAS[number % len(ALPHAS)], 0, 0) for number in range(n_models)]

    def train(n_epochs: int) -> list[Trained]:
        return train_autoencoders(vectors, teachers, models, replace(options, n_epochs=n_epochs))

    train(1)
    epoch = seconds_of(lambda: train(_N_EPOCHS), place) / _N_EPOCHS / n_models
    known, new, space = _made_up(sizes)
    decoding = seconds_of(lambda: identified(known, new, {"made up": space}, settings), place)
    held = n_models * 4 * sizes.n_features**2 + (1 + len(ALPHAS)) * _bytes_of(space, sizes)
    on_device = peak_bytes(place)
    return AligningTimes(
        epoch, decoding / space.targets.values.shape[1], on_device + (held if place.type == "cpu" else 0)
    )


def _made_up(sizes: Sizes) -> tuple[Recording, dict[str, Recording], SemanticSpace]:
    """Responses and an aligned space that hold nothing."""
    rng = np.random.default_rng(0)

    def names(first: int, n: int) -> tuple[str, ...]:
        return tuple(f"n{first + number:08d}" for number in range(n))

    def vectors(ids: tuple[str, ...]) -> Embeddings:
        return Embeddings(rng.normal(size=(len(ids), sizes.n_features // 2)), ids, "made up")

    categories, tested = names(0, sizes.n_categories), names(10**6, sizes.n_tested)
    shown = tuple(f"{categories[number % len(categories)]}_{number + 1}" for number in range(sizes.n_images))

    def recording(stimuli: tuple[str, ...]) -> Recording:
        units = pd.DataFrame({"name": [f"v{number}" for number in range(sizes.n_voxels)]})
        trials = pd.DataFrame({"stimulus": stimuli})
        responses = rng.normal(size=(len(stimuli), sizes.n_voxels)).astype(np.float32)
        return Recording(responses, trials, units, "nobody", "GOD", "fMRI", "train", simulated=True)

    space = SemanticSpace(
        "image",
        vectors(shown),
        vectors(categories),
        vectors(tested),
        vectors(names(2 * 10**6, sizes.n_candidates)),
    )
    return recording(shown), {condition: recording(tested) for _, condition in CONDITIONS}, space


def _bytes_of(space: SemanticSpace, sizes: Sizes) -> float:
    """Of one variant of a space and its decoders; the first one is in what was measured."""
    parts = (space.targets, space.categories, space.test, space.candidates)
    return float(sum(one.values.nbytes for one in parts) + 8 * sizes.n_voxels * space.targets.values.shape[1])
