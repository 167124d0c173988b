"""Brain-aligned spaces: auto-encoders trained where a chapter first asks for them, kept for all others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.alignment.brain import ALPHAS, BrainAligner, Key, fit_aligners, pattern_similarity
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording
from companion.running.products import products

if TYPE_CHECKING:
    from companion.alignment.autoencoder import Options

FloatArray = npt.NDArray[np.floating[Any]]

_MADE_BY = (
    "companion.alignment.autoencoder",
    "companion.alignment.brain",
    "companion.alignment.stacked_layers",
)
_NOBODY = "nobody"  # the teacher of alpha 1


def region_similarity(
    training: Recording,
    roi: str,
    items: Sequence[str],
    *,
    level: Literal["category", "stimulus"] = "category",
    standardised: bool = True,
) -> npt.NDArray[np.float64]:
    """Similarity of a region's responses to categories, or to single pictures: a teacher.

    As the paper's teachers are read by default, every voxel is standardised over training samples, samples
    of a category are averaged, and patterns are compared by their cosine, over all voxels of the region.

    Parameters
    ----------
    training : Recording
        Single training samples of one person; ``trials`` has ``category``.
    roi : str
    items : sequence of str
        Categories, or pictures; order of rows.
    level : {"category", "stimulus"}
        What `items` are, and what samples are averaged over.
    standardised : bool
        Whether voxels are standardised first. If not, cosines are those of responses as they were recorded:
        a mean response that all items share makes them all larger.

    Returns
    -------
    ndarray of shape (n_items, n_items)

    Raises
    ------
    DataError
        If an item has no sample.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206; level and standardising are not stated there.
    """
    inside = training.roi(roi)
    if standardised:
        inside = inside.standardised(*inside.unit_statistics())
    samples = inside.trials[level]
    if missing := set(items) - set(samples):
        raise DataError("A teacher lacks samples", where=roi, expected=sorted(missing)[0], got="none")
    patterns = pd.DataFrame(inside.responses.astype(np.float64)).groupby(samples.to_numpy()).mean()
    return pattern_similarity(patterns.loc[list(items)].to_numpy())


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

    Those of each teacher are kept by themselves, so that other calls find them; what is not found is trained
    together. Alpha 1 looks at no teacher and is trained once for all calls.

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

    options = options or Options()
    bent = tuple(alpha for alpha in alphas if alpha != 1)
    nobody: dict[Hashable, FloatArray] = {_NOBODY: np.eye(len(space))}
    matrices = (dict(teachers) if bent else {}) | (nobody if len(bent) < len(alphas) else {})
    weights = {name: (1.0,) if name == _NOBODY else bent for name in matrices}

    def make(missing: list[Hashable]) -> dict[Hashable, dict[str, npt.NDArray[Any]]]:
        fitted = fit_aligners(
            space,
            {name: matrices[name] for name in missing if name != _NOBODY} or nobody,
            alphas=sorted({alpha for name in missing for alpha in weights[name]}),
            seeds=seeds,
            options=options,
            device=str(chosen_device(device)),
        )
        anyone = next(iter(fitted))[0]
        return {
            name: {
                f"{alpha:g}/{seed}/{part}": array
                for alpha, seed in product(weights[name], seeds)
                for part, array in fitted[anyone if name == _NOBODY else name, alpha, seed]
                .to_arrays()
                .items()
            }
            for name in missing
        }

    shared = {"space": space.values, "seeds": list(seeds), "options": asdict(options)}
    inputs = {
        name: {"teacher": matrix, "alphas": list(weights[name])} | shared for name, matrix in matrices.items()
    }
    kept = products("brain-aligned", inputs, make, made_by=_MADE_BY)
    return {
        (name, alpha, seed): BrainAligner.from_arrays(
            space.space, name, alpha, seed, options, _part(kept[_NOBODY if alpha == 1 else name], alpha, seed)
        )
        for name, alpha, seed in product(teachers, alphas, seeds)
    }


def _part(arrays: Mapping[str, FloatArray], alpha: float, seed: int) -> dict[str, FloatArray]:
    """Arrays of one model, by the names that they have there."""
    start = f"{alpha:g}/{seed}/"
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
