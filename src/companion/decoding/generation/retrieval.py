"""Pictures found for decoded vectors in an open pool that holds nothing of what was shown.

This is identification among the pictures of the pool, and has to be called so: a retrieved picture is never
a reconstruction, however good it looks. Show the best five, not the best alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from companion.checks import number, whole
from companion.embeddings import Embeddings
from companion.errors import DataError

MOST_ALIKE = 0.95
"""Cosine to a stimulus above which a picture of the pool counts as its near-duplicate."""


class OpenPool(NamedTuple):
    """What is left of a pool after everything that was shown has been taken out.

    Parameters
    ----------
    pictures : Embeddings of shape (n_left, n_features)
        Unit vectors of the pictures that may be retrieved.
    left_out : DataFrame
        One row per picture taken out: ``candidate``, the ``stimulus`` it resembles most, their ``cosine`` and
        ``same_id`` (whether it *is* a stimulus).

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import open_pool
    >>> pool = Embeddings([[1.0, 0.1], [0.0, 1.0]], ("free cat", "free key"), "toy")
    >>> opened = open_pool(pool, Embeddings([[1.0, 0.0]], ("cat",), "toy"))
    >>> opened.pictures.ids, opened.left_out["candidate"].tolist()
    (('free key',), ['free cat'])
    """

    pictures: Embeddings
    left_out: pd.DataFrame


def open_pool(pool: Embeddings, stimuli: Embeddings, *, most_alike: float = MOST_ALIKE) -> OpenPool:
    """Take stimuli and their near-duplicates out of a pool.

    Parameters
    ----------
    pool : Embeddings of shape (n_pictures, n_features)
        Image vectors of an openly licensed pool.
    stimuli : Embeddings of shape (n_stimuli, n_features)
        Image vectors of everything that was shown, for training and for testing.
    most_alike : float
        Largest cosine to a stimulus that a picture may have.

    Returns
    -------
    OpenPool

    Raises
    ------
    DataError
        If the two are of different spaces, or nothing is left.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import open_pool
    >>> pool = Embeddings([[1.0, 0.1], [1.0, 1.0], [0.0, 1.0]], ("a", "b", "c"), "toy")
    >>> shown = Embeddings([[1.0, 0.0]], ("cat",), "toy")
    >>> opened = open_pool(pool, shown, most_alike=0.95)
    >>> opened.left_out.round(3).values.tolist(), len(opened.pictures)
    ([['a', 'cat', 0.995, False]], 2)
    """
    _check_space(pool, stimuli)
    number("most_alike", most_alike, least=-1)
    cosines = pool.normalised().values @ stimuli.normalised().values.T
    most = cosines.argmax(axis=1)
    highest = cosines[np.arange(len(pool)), most]
    same = np.isin(np.array(pool.ids, dtype=object), np.array(stimuli.ids, dtype=object))
    out = same | (highest > most_alike)
    if out.all():
        raise DataError("Every picture of the pool resembles a stimulus", where=repr(pool), got=len(pool))
    kept = pool.normalised().select(name for name, gone in zip(pool.ids, out, strict=True) if not gone)
    table = pd.DataFrame(
        {
            "candidate": pool.ids,
            "stimulus": [stimuli.ids[row] for row in most],
            "cosine": highest,
            "same_id": same,
        }
    )
    return OpenPool(kept, table[out].reset_index(drop=True))


def nearest_pictures(decoded: Embeddings, pool: OpenPool, *, n: int = 5) -> pd.DataFrame:
    """Pictures of the pool whose vectors point most nearly where the decoded ones do.

    Parameters
    ----------
    decoded : Embeddings of shape (n_stimuli, n_features)
        Vectors read from the brain, named by what was seen.
    pool : OpenPool
    n : int
        How many to name.

    Returns
    -------
    DataFrame
        ``n`` rows per decoded vector, best first: ``stimulus``, ``place`` (from 1), ``candidate``, ``cosine``
        and ``hit``, which is always False, since what was seen is not in the pool. Of equal ones the earlier
        picture comes first.

    Raises
    ------
    DataError
        If the two are of different spaces, or a seen picture is in the pool.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import nearest_pictures, open_pool
    >>> pool = Embeddings([[1.0, 1.0], [0.0, 1.0]], ("b", "c"), "toy")
    >>> shown = Embeddings([[1.0, 0.0]], ("cat",), "toy")
    >>> table = nearest_pictures(shown, open_pool(pool, shown), n=2)
    >>> table[["place", "candidate", "cosine"]].round(2).values.tolist()
    [[1, 'b', 0.71], [2, 'c', 0.0]]
    """
    _check_space(decoded, pool.pictures)
    if seen := sorted(set(decoded.ids) & set(pool.pictures.ids)):
        raise DataError("Seen pictures are in the pool", got=seen[:5], do="make the pool with open_pool")
    whole("n", n, most=len(pool.pictures))
    cosines = decoded.normalised().values @ pool.pictures.values.T
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :n]
    return pd.DataFrame(
        {
            "stimulus": np.repeat(np.array(decoded.ids, dtype=object), n),
            "place": np.tile(np.arange(1, n + 1), len(decoded)),
            "candidate": np.array(pool.pictures.ids, dtype=object)[best].ravel(),
            "cosine": np.take_along_axis(cosines, best, axis=1).ravel(),
            "hit": False,
        }
    )


def _check_space(first: Embeddings, second: Embeddings) -> None:
    names = [(one.space, one.aligned_by, one.values.shape[1]) for one in (first, second)]
    if names[0] != names[1]:
        raise DataError("Vectors of different spaces do not compare", expected=names[0], got=names[1])
