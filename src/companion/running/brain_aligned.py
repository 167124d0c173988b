"""Brain-aligned spaces: auto-encoders trained where a chapter first asks for them, kept for all others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.alignment.brain import ALPHAS, BrainAligner, Key, fit_aligners, pattern_similarity
from companion.embeddings import Embeddings
from companion.recording import Recording
from companion.running.products import product

if TYPE_CHECKING:
    from companion.alignment.autoencoder import Options

FloatArray = npt.NDArray[np.floating[Any]]

_MADE_BY = (
    "companion.alignment.autoencoder",
    "companion.alignment.brain",
    "companion.alignment.stacked_layers",
)


def region_similarity(training: Recording, roi: str, categories: Sequence[str]) -> npt.NDArray[np.float64]:
    """Similarity of a region's responses to categories, as the paper's teachers have it.

    Every voxel is standardised over training samples, samples of a category are averaged, and patterns are
    compared by their cosine, over all voxels of the region.

    Parameters
    ----------
    training : Recording
        Single training samples of one person; ``trials`` has ``category``.
    roi : str
    categories : sequence of str
        Order of rows.

    Returns
    -------
    ndarray of shape (n_categories, n_categories)

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206; standardising and averaging are not stated there.
    """
    inside = training.roi(roi)
    values = inside.standardised(*inside.unit_statistics()).responses.astype(np.float64)
    row_of = {name: row for row, name in enumerate(categories)}
    rows = np.array([row_of[name] for name in inside.trials["category"]])
    patterns = np.zeros((len(categories), values.shape[1]))
    np.add.at(patterns, rows, values)
    return pattern_similarity(patterns / np.bincount(rows, minlength=len(categories))[:, None])


def kept_aligners(
    space: Embeddings,
    teachers: Mapping[Hashable, FloatArray],
    *,
    alphas: Sequence[float] = ALPHAS,
    seeds: Sequence[int] = (0,),
    options: Options | None = None,
    device: str = "auto",
) -> dict[Key, BrainAligner]:
    """Train the aligners of :func:`companion.alignment.brain.fit_aligners`, or find them.

    Alpha 1 looks at no teacher and is kept apart, so that it is trained once for all calls.

    Parameters
    ----------
    space, teachers, alphas, seeds, options
        As there.
    device : str
        Where models are trained; ``auto`` takes a GPU where there is one.

    Returns
    -------
    dict of (teacher, alpha, seed) to BrainAligner
    """
    from companion.alignment.autoencoder import Options
    from companion.running.decoders import chosen_device

    options, device = options or Options(), str(chosen_device(device))
    bent = [alpha for alpha in alphas if alpha != 1]
    found = _kept(space, teachers, bent, seeds, options, device) if bent else {}
    if len(bent) < len(alphas):
        nobody: dict[Hashable, FloatArray] = {None: np.eye(len(space))}
        compressed = _kept(space, nobody, [1.0], seeds, options, device)
        found |= {(name, 1.0, seed): compressed[None, 1.0, seed] for name in teachers for seed in seeds}
    return found


def _kept(
    space: Embeddings,
    teachers: Mapping[Hashable, FloatArray],
    alphas: Sequence[float],
    seeds: Sequence[int],
    options: Options,
    device: str,
) -> dict[Key, BrainAligner]:
    names = list(teachers)
    keys: list[Key] = [(name, alpha, seed) for name in names for alpha in alphas for seed in seeds]

    def make() -> dict[str, npt.NDArray[Any]]:
        fitted = fit_aligners(space, teachers, alphas=alphas, seeds=seeds, options=options, device=device)
        return {
            f"{number}/{name}": array
            for number, key in enumerate(keys)
            for name, array in fitted[key].to_arrays().items()
        }

    inputs = {
        "space": space.values,
        "teachers": np.stack([teachers[name] for name in names]),
        "alphas": list(alphas),
        "seeds": list(seeds),
        "options": asdict(options),
    }
    arrays = product("brain-aligned", inputs, make, made_by=_MADE_BY)
    parts: list[dict[str, npt.NDArray[Any]]] = [{} for _ in keys]
    for label, array in arrays.items():
        number, _, name = label.partition("/")
        parts[int(number)][name] = array
    return {
        key: BrainAligner.from_arrays(space.space, *key, options, part)
        for key, part in zip(keys, parts, strict=True)
    }
