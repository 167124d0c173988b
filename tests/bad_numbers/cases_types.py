"""The labelled types and the score table: how each public name is called."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from companion import Embeddings, Recording, as_scores, check_scores, paired

from .judge import Case

RNG = np.random.default_rng(1)
FRAME = pd.DataFrame(
    {
        "dataset": "toy",
        "subject": ["S1", "S1", "S2", "S2"],
        "metric": "top1",
        "alignment": ["base", "human"] * 2,
        "value": [12.0, 14.0, 10.0, 13.0],
    }
)
SCORES = as_scores(FRAME, simulated=True)
_UNUSED = "roi|encoder|space|alpha|supervision|readout|protocol|condition|seed|split|stimulus|n_"


def _embeddings(values: np.ndarray, ids: list[str]) -> object:
    """Make vectors, and do what needs nothing but them."""
    vectors = Embeddings(values, tuple(ids), "toy")
    return vectors, vectors.centred(), vectors.rows_of([ids[0], ids[0]])


def _directions(values: np.ndarray, mean: np.ndarray) -> object:
    return Embeddings(values, tuple("abcde"), "toy").centred(mean).normalised()


def _recording(responses: np.ndarray, stimuli: list[str]) -> object:
    trials, units = pd.DataFrame({"stimulus": stimuli}), pd.DataFrame({"name": ["x", "y", "z"]})
    return Recording(responses, trials, units, "S1", "toy", "fMRI", "train").averaged()


TYPES = {
    "Embeddings": Case(_embeddings, {"values": RNG.normal(size=(5, 3)), "ids": ["a", "b", "c", "d", "e"]}),
    "Embeddings.normalised": Case(
        _directions, {"values": RNG.normal(size=(5, 3)), "mean": RNG.normal(size=3)}
    ),
    "Recording": Case(
        _recording, {"responses": RNG.normal(size=(4, 3)).astype("f4"), "stimuli": ["a", "b", "a", "c"]}
    ),
    "as_scores": Case(partial(as_scores, simulated=True), {"frame": FRAME}, missing=_UNUSED),
    "check_scores": Case(check_scores, {"frame": SCORES}, missing=_UNUSED),
    "paired": Case(
        partial(paired, levels=["base", "human"]),
        {"scores": SCORES, "condition": "alignment", "unit": "subject"},
    ),
}
