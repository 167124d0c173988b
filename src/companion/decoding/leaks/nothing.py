"""Data in which nothing is to be found: where a decoder scores above guessing on these, the score leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from companion.embeddings import Embeddings
from companion.recording import Recording


def noise_like(recording: Recording, seed: int) -> Recording:
    """Replace every response by independent Gaussian noise; trials and units stay.

    Parameters
    ----------
    recording : Recording
    seed : int
        Take another one for each person and split.

    Returns
    -------
    Recording of the same shape
        Values of variance one, in no unit.
    """
    drawn = np.random.default_rng(seed).standard_normal(recording.responses.shape, dtype=np.float32)
    return replace(recording, responses=drawn)


def exchanged_vectors(space: Embeddings, among: Sequence[str], seed: int) -> Embeddings:
    """Hand every stimulus the vector of another one, drawn at random among some.

    Responses stay as they are, and so does what repetitions of a stimulus share; what goes is any relation
    between a stimulus and what its vector says.

    Parameters
    ----------
    space : Embeddings
    among : sequence of str
        Ids that are exchanged with each other; one may be named more than once. Others keep their vectors.
    seed : int

    Returns
    -------
    Embeddings
        With the ids of ``space``. A stimulus may by chance be handed its own vector.
    """
    names = list(dict.fromkeys(among))
    drawn = np.random.default_rng(seed).permutation(len(names))
    vector_of = dict(zip(names, (names[at] for at in drawn), strict=True))
    return space.with_values(
        space.rows_of([vector_of.get(name, name) for name in space.ids]), aligned_by=space.aligned_by
    )
