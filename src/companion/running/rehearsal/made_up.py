"""Made-up recordings and vectors: random numbers in the shapes and with the labels of real ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.embeddings import Embeddings
from companion.recording import Modality, Recording, Split


def things(n: int, *, kind: str = "kind", per_concept: int = 10) -> list[str]:
    """Names of pictures, some of each concept, as THINGS names them."""
    return [f"{kind}{row // per_concept:05d}/picture{row:06d}" for row in range(n)]


def synsets(n: int, *, first: int, per_category: int = 8) -> list[str]:
    """Names of pictures, some of each category, as GOD names them."""
    return [f"n{first + row // per_category:08d}_{row}" for row in range(n)]


def random_values(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Independent normal numbers, in single precision."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def made_up_recording(
    stimuli: Sequence[str],
    shape: tuple[int, ...],
    *,
    modality: Modality,
    subject: str = "person 1",
    split: Split = "train",
    seed: int = 0,
) -> Recording:
    """Responses of one person, one per name in `stimuli`; a second axis of `shape` is one second long."""
    times = np.arange(shape[1]) / shape[1] if len(shape) > 1 else None
    return Recording(
        random_values(len(stimuli), *shape, seed=seed),
        pd.DataFrame({"stimulus": list(stimuli), "n_repetitions": 1}),
        pd.DataFrame({"name": [f"unit {number}" for number in range(shape[0])]}),
        subject,
        "made up",
        modality,
        split,
        times=times,
        simulated=True,
    )


def made_up_vectors(
    ids: Sequence[str], n_features: int, *, space: str = "made up", seed: int = 1
) -> Embeddings:
    """Vectors of names, each once."""
    return Embeddings(random_values(len(ids), n_features, seed=seed), tuple(ids), space, simulated=True)
