"""Every score that the book uses, for one set of decoded vectors, and a decoder that always says the same.

A score has a level of guessing only if all candidates are asked about in turn. Where they are others than
what was shown, or where there are none, who always says the mean of the training vectors may score far above
one half, or correlate with every answer, without having seen a brain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from companion.decoding.identification import shares_beaten, standard_profiles
from companion.decoding.matching import check_lengths
from companion.decoding.standing import TIE, standing
from companion.embeddings import Embeddings
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]

SCORES = (
    "top-1",
    "top-5",
    "rank percentile",
    "pairwise, one prediction",
    "pairwise, two predictions",
    "identification among others",
    "correlation with the answer",
)
"""Names of the scores that :func:`every_score` gives, in its order."""
GUESSING: tuple[float | None, ...] = (None, None, 50.0, 50.0, 50.0, 50.0, 0.0)
"""What is usually called chance, per cent; of the first two it is k candidates of all."""


def constant_prediction(space: Embeddings, training: Sequence[str], stimuli: Sequence[str]) -> Embeddings:
    """Predict the mean training vector, whatever was seen.

    Parameters
    ----------
    space : Embeddings
    training : sequence of str
        Ids of the training stimuli; one that is named twice counts twice, as in a regression.
    stimuli : sequence of str
        What was seen; each once.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import constant_prediction
    >>> space = Embeddings([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], ("cat", "dog", "key"), "toy")
    >>> constant_prediction(space, ["cat", "dog"], ["key", "cup"]).values.tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    mean = space.rows_of(training).mean(axis=0)
    return space.with_rows(np.tile(mean, (len(stimuli), 1)), stimuli)


def profile_correlations(decoded: Embeddings, vectors: Embeddings) -> FloatArray:
    """Pearson correlation of every decoded vector with every other one, over features.

    Parameters
    ----------
    decoded : Embeddings of shape (n, n_features)
    vectors : Embeddings of shape (n_vectors, n_features)

    Returns
    -------
    ndarray of shape (n, n_vectors)
    """
    check_lengths(decoded, vectors)
    found: FloatArray = standard_profiles(decoded.values) @ standard_profiles(vectors.values).T
    return found


def pairwise(decoded: Embeddings, answers: Embeddings) -> FloatArray:
    """Share of the other items whose vector resembles a prediction less than the right one does.

    Parameters
    ----------
    decoded : Embeddings of shape (n, n_features)
        Named by what was seen.
    answers : Embeddings
        Holds the vectors of all these.

    Returns
    -------
    ndarray of shape (n,)
        Fractions; equal ones count one half. The mean over items of a constant prediction is one half.
    """
    right = answers.select(decoded.ids)
    found = standing(profile_correlations(decoded, right), np.eye(_several(decoded), dtype=bool))
    shares: FloatArray = 1 - (found.better + found.tied / 2) / (len(decoded) - 1)
    return shares


def pairwise_both(decoded: Embeddings, answers: Embeddings) -> FloatArray:
    r"""Share of the other items with which two predictions and two answers are paired rightly.

    Predictions i and j and their answers are paired rightly where
    :math:`r_{ii} + r_{jj} > r_{ij} + r_{ji}`.

    Parameters
    ----------
    decoded, answers : Embeddings
        As in :func:`pairwise`.

    Returns
    -------
    ndarray of shape (n,)
        Fractions; equal sums count one half.

    References
    ----------
    Mitchell et al. (2008), Science 320, 1191-1195: the score, "leave two out" there.
    """
    n = _several(decoded)
    table = profile_correlations(decoded, answers.select(decoded.ids))
    own = np.diag(table)
    margin = own[:, None] + own[None, :] - table - table.T
    won = (margin > TIE) + 0.5 * (np.abs(margin) <= TIE)
    shares: FloatArray = (won.sum(axis=1) - 0.5) / (n - 1)  # with itself an item ties
    return shares


def every_score(decoded: Embeddings, answers: Embeddings, candidates: Embeddings) -> dict[str, float]:
    """Score one set of predictions in every way.

    Parameters
    ----------
    decoded : Embeddings of shape (n, n_features)
        Named by what was seen.
    answers : Embeddings
        Holds the vectors of all these. What was seen are the candidates of all scores but identification.
    candidates : Embeddings of shape (n_candidates, n_features)
        Vectors of other things, for identification.

    Returns
    -------
    dict of str to float
        Means over items by name of the score (``SCORES``), per cent; the correlation too.

    Examples
    --------
    Who always says the same, and yet is above one half where candidates are others than what was shown:

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import constant_prediction, every_score
    >>> rng = np.random.default_rng(0)
    >>> shown = Embeddings(rng.normal(size=(20, 8)) + 2 * np.eye(8)[0], tuple(map(str, range(20))), "toy")
    >>> others = Embeddings(rng.normal(size=(50, 8)), tuple(f"other {row}" for row in range(50)), "toy")
    >>> scores = every_score(constant_prediction(shown, shown.ids, shown.ids), shown, others)
    >>> round(scores["pairwise, one prediction"], 6), scores["identification among others"] > 80
    (50.0, True)
    """
    right = answers.select(decoded.ids)
    table = profile_correlations(decoded, right)
    place = standing(table, np.eye(_several(decoded), dtype=bool))
    own = np.diag(table)
    beaten = shares_beaten(own[:, None], profile_correlations(decoded, candidates))
    values = (
        place.hits(1),
        place.hits(min(5, len(decoded))),
        1 - (place.ranks() - 1) / (len(decoded) - 1),
        pairwise(decoded, right),
        pairwise_both(decoded, right),
        beaten,
        own,
    )
    return {name: 100 * float(np.mean(value)) for name, value in zip(SCORES, values, strict=True)}


def _several(decoded: Embeddings) -> int:
    if len(decoded) < 2:
        raise DataError("Comparing items takes two or more", got=len(decoded))
    return len(decoded)
