"""One bench: one decoder reads the cells of all methods from any recording, and one score ranks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.decoding.optimal import optimal_vectors
from companion.decoding.ridge import fit_ridge
from companion.decoding.standing import standing
from companion.embeddings import Embeddings
from companion.running.bench_cells import Cell, Role, unit_or_zero
from companion.running.bench_recordings import BenchPerson
from companion.scores import as_scores

FloatArray = npt.NDArray[np.float64]
METRIC = "percentile"
"""Share of the other candidates that the seen picture beats: 1 for the first rank, one half for guessing."""


def read(
    person: BenchPerson, cells: Sequence[Cell], groups: Sequence[str], *, name: str, test: Sequence[str]
) -> pd.DataFrame:
    """Decode all cells from one person by ridge, and rank the seen picture among all presented ones.

    The decoder is linear and closed; one penalty per cell is chosen within the training pictures, whose
    concepts are never on both sides (:func:`companion.decoding.ridge.fit_ridge`).

    Parameters
    ----------
    person : BenchPerson
    cells : sequence of Cell
        No two of the same labels.
    groups : sequence of str
        Concept of each training response.
    name : str
        Of the recording.
    test : sequence of str
        Presented pictures, as in the galleries.

    Returns
    -------
    DataFrame
        Score table with metric `METRIC`, values from 0 to 1, one row per cell and test picture.
    """
    means = person.trials.averaged()
    numbered = {str(number): cell for number, cell in enumerate(cells)}
    decoder = fit_ridge(
        person.training.responses,
        person.training.stimuli,
        {key: cell.targets for key, cell in numbered.items()},
        groups,
    )
    decoded = decoder.predict(means.responses, means.stimuli)
    shared: dict[str, Any] = {
        "dataset": name,
        "subject": person.trials.subject,
        "encoder": "ridge",
        "protocol": "presented images",
        "metric": METRIC,
        "n_candidates": len(test),
    }
    parts = [
        pd.DataFrame({"stimulus": list(test), "value": percentiles(decoded[key].select(test), cell.gallery)})
        .assign(space=cell.target, alignment=cell.role, seed=cell.seed, supervision=cell.supervision)
        for key, cell in numbered.items()
    ]  # fmt: skip
    simulated = person.trials.simulated or any(cell.targets.simulated for cell in cells)
    return as_scores(pd.concat(parts, ignore_index=True).assign(**shared), simulated=simulated)


def oracle(person: BenchPerson, cells: Sequence[Cell]) -> pd.DataFrame:
    """Score the best decoded vector of each target under pictures: it knows the person's equations.

    Vectors of least squared error are decoded one feature at a time, so that all targets are decoded at once.

    Parameters
    ----------
    person : BenchPerson
    cells : sequence of Cell
        Controls and other supervisions are left out: the line of a target is that of its own pictures.

    Returns
    -------
    DataFrame
        ``space``, ``alignment``, ``seed`` and ``value``, mean percentile from 0 to 1. Empty where expected
        responses cannot be known.
    """
    chosen = [cell for cell in cells if cell.supervision == "picture" and cell.role in get_args(Role)]
    columns = ["space", "alignment", "seed", "value"]
    if person.expected is None or not chosen:
        return pd.DataFrame(columns=columns)
    together = np.concatenate([cell.targets.values for cell in chosen], axis=1)
    stacked = Embeddings(together, chosen[0].targets.ids, "all targets", simulated=True)
    found = optimal_vectors(person.expected, person.trials, stacked, own_view=person.own_view)
    ends = np.cumsum([cell.targets.values.shape[1] for cell in chosen])[:-1]
    rows = []
    for cell, values in zip(chosen, np.split(found.values, ends, axis=1), strict=True):
        seen = cell.targets.with_rows(values, found.ids).select(cell.gallery.ids)
        rows.append((cell.target, cell.role, cell.seed, percentiles(seen, cell.gallery).mean()))
    return pd.DataFrame(rows, columns=columns)


def percentiles(decoded: Embeddings, gallery: Embeddings) -> FloatArray:
    """Share of the other candidates that what was seen beats by cosine; a tie counts one half.

    Parameters
    ----------
    decoded : Embeddings of shape (n, n_features)
        Each named by what was seen.
    gallery : Embeddings of shape (n_candidates, n_features)
        Holds what was seen.

    Returns
    -------
    ndarray of shape (n,)
        1 for the first rank, 0 for the last. Whoever decodes everything as the same vector gets one half on
        average, whichever vector it is, if every candidate is seen once.
    """
    similarity = unit_or_zero(decoded).values @ unit_or_zero(gallery).values.T
    right = np.array(decoded.ids)[:, None] == np.array(gallery.ids)
    return 1 - (standing(similarity, right).ranks() - 1) / max(1, len(gallery) - 1)
