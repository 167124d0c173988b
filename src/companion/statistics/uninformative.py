"""What decoders that know nothing give: accuracies by category, and how these agree between modalities.

Such a decoder answers with the mean vector that it was trained on, plus noise. A test category that lies
nearer that mean than most candidates do is still identified more often than not, and in every modality alike.
So the accuracies of modalities agree over categories although no response says anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from companion.errors import DataError
from companion.statistics.similarity import FloatArray

Decoders = Mapping[str, Sequence["BlindDecoder"]]


@dataclass(frozen=True, eq=False)
class BlindDecoder:
    """A decoder of one subject in one space that answers with a mean and noise.

    Parameters
    ----------
    mean : ndarray of shape (n_features,)
        Mean training vector: what a linear decoder predicts from a response that tells nothing.
    test : ndarray of shape (n_categories, n_features)
        True vectors of the test categories.
    candidates : ndarray of shape (n_candidates, n_features)
    noise : ndarray of shape (n_features,) or (n_features, n_features)
        Standard deviation of each unit, or covariance, of what predictions add to the mean. Taken from the
        real decoder's predictions, blind ones scatter as widely as real ones.

    Raises
    ------
    DataError
        If shapes do not fit, or a value is not finite.
    """

    mean: FloatArray
    test: FloatArray
    candidates: FloatArray
    noise: FloatArray

    def __post_init__(self) -> None:
        n = np.size(self.mean)
        shapes = [np.shape(part) for part in (self.mean, self.test, self.candidates, self.noise)]
        fits = shapes[0] == (n,) and shapes[3] in ((n,), (n, n))
        fits = fits and all(len(shape) == 2 and shape[0] and shape[1] == n for shape in shapes[1:3])
        parts = (self.mean, self.test, self.candidates, self.noise)
        if not fits or not all(np.isfinite(part).all() for part in parts):
            raise DataError(
                "Mean, test vectors, candidates and noise are not of one space",
                expected="(n,), (n_categories, n), (n_candidates, n), (n,) or (n, n); finite numbers",
                got=shapes,
            )


class UninformativeNull(NamedTuple):
    """What decoders that know nothing give, draw by draw.

    Parameters
    ----------
    correlations : DataFrame
        ``draw``, ``quantity`` (``"original"``, ``"improvement"``, ``"final"``), ``first``, ``second``, ``r``:
        Pearson correlation of two modalities over categories; missing where a draw gives all categories the
        same value.
    accuracies : DataFrame
        ``draw``, ``quantity``, ``modality``, ``value``: mean over categories, as a share of candidates (for
        an improvement, a difference of two such shares).
    """

    correlations: pd.DataFrame
    accuracies: pd.DataFrame


class _Ready(NamedTuple):
    """Scores of all test and candidate vectors: offset, plus standard normal draws times weights."""

    n_test: int
    offset: FloatArray
    weights: FloatArray


def uninformative_null(
    original: Decoders, aligned: Decoders, *, n_draws: int, seed: int
) -> UninformativeNull:
    """Draw accuracies of decoders that know nothing, and their correlations between modalities.

    Each subject's prediction of each category is a mean training vector plus Gaussian noise of its own. Its
    accuracy is the share of candidates whose Pearson correlation with the prediction is below that of the
    true vector; ties count one half, and a vector whose features are all equal correlates with nothing: 0.
    Accuracies are averaged over the subjects of a modality. "Final" is the accuracy in the aligned space,
    "improvement" that less the accuracy in the original space.

    Parameters
    ----------
    original, aligned : mapping of str to sequence of BlindDecoder
        Per modality, one decoder for each subject; the same modalities and test categories in both. Decoders
        may be repeated: ``{"fMRI": [decoder] * 5}``.
    n_draws : int
    seed : int

    Returns
    -------
    UninformativeNull

    Raises
    ------
    DataError
        If modalities or numbers of test categories differ.

    Notes
    -----
    Noise in the aligned space is independent of that in the original one, as these are two decoders. Real
    ones read the same responses, so part of their noise is common and cancels in the improvement.
    Correlations of improvements are thus rather too low here than too high.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: Figs. 6b and 7b are what this is compared with.
    """
    sizes = {len(one.test) for part in (original, aligned) for many in part.values() for one in many}
    if set(original) != set(aligned) or len(original) < 2 or len(sizes) != 1:
        raise DataError(
            "The spaces do not share modalities and test categories",
            expected=f"two or more modalities, {', '.join(original)}, and one number of categories",
            got=f"{', '.join(aligned)}; {sorted(sizes)} categories",
        )
    distinct = {id(one): one for part in (original, aligned) for many in part.values() for one in many}
    ready = {key: _ready(one) for key, one in distinct.items()}
    rng = np.random.default_rng(seed)
    values = np.empty((2, len(original), n_draws, sizes.pop()))
    for draw in range(n_draws):
        for space, part in enumerate((original, aligned)):
            for row, modality in enumerate(original):
                subjects = [_accuracy(ready[id(one)], rng) for one in part[modality]]
                values[space, row, draw] = np.mean(subjects, axis=0)
    quantities = {"original": values[0], "improvement": values[1] - values[0], "final": values[1]}
    return UninformativeNull(_correlations(quantities, list(original)), _means(quantities, list(original)))


def _ready(decoder: BlindDecoder) -> _Ready:
    """Reduce a decoder to what ranks need: products with centred vectors of length one.

    The length and the mean of a prediction are the same for all candidates and change no rank.
    """
    vectors = np.concatenate([decoder.test, decoder.candidates])
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1)
    flat = lengths <= 1e-12 * np.linalg.norm(vectors, axis=1)
    unit = centred / np.where(flat, np.inf, lengths)[:, None]  # a flat vector correlates with nothing
    if decoder.noise.ndim == 1:
        return _Ready(len(decoder.test), unit @ decoder.mean, (unit * decoder.noise).T)
    variances, directions = np.linalg.eigh(decoder.noise)
    kept = variances > 1e-12 * max(variances[-1], 0)  # covariances of few predictions have few directions
    factor = directions[:, kept] * np.sqrt(variances[kept])
    return _Ready(len(decoder.test), unit @ decoder.mean, (unit @ factor).T)


def _accuracy(ready: _Ready, rng: np.random.Generator) -> FloatArray:
    """Identification accuracy of one draw: (n_test,)."""
    n_test = ready.n_test
    scores = ready.offset + rng.standard_normal((n_test, len(ready.weights))) @ ready.weights
    own = scores[:, :n_test].diagonal()
    lead = own[:, None] - scores[:, n_test:]
    tolerance = 1e-12 * np.abs(own).max()  # products of equal vectors may differ by rounding
    wins = np.count_nonzero(lead > tolerance, axis=1) + np.count_nonzero(lead >= -tolerance, axis=1)
    accuracy: FloatArray = wins / (2 * lead.shape[1])
    return accuracy


def _correlations(quantities: Mapping[str, FloatArray], modalities: Sequence[str]) -> pd.DataFrame:
    parts = []
    for quantity, values in quantities.items():
        centred = values - values.mean(axis=-1, keepdims=True)
        lengths = np.linalg.norm(centred, axis=-1)
        lengths[np.ptp(values, axis=-1) == 0] = np.nan
        for one, other in combinations(range(len(modalities)), 2):
            names = {"quantity": quantity, "first": modalities[one], "second": modalities[other]}
            r = (centred[one] * centred[other]).sum(axis=-1) / (lengths[one] * lengths[other])
            parts.append(pd.DataFrame({"draw": np.arange(len(r)), **names, "r": r}))
    return pd.concat(parts, ignore_index=True)


def _means(quantities: Mapping[str, FloatArray], modalities: Sequence[str]) -> pd.DataFrame:
    parts = []
    for quantity, values in quantities.items():
        for modality, rows in zip(modalities, values.mean(axis=-1), strict=True):
            names = {"quantity": quantity, "modality": modality}
            parts.append(pd.DataFrame({"draw": np.arange(len(rows)), **names, "value": rows}))
    return pd.concat(parts, ignore_index=True)
