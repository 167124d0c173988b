"""Decoded vectors brought to the statistics of a pool, which is what a generator has learnt to read.

A regression that is not sure predicts close to the mean, so that its vectors vary too little; a network
that was trained by cosines gives vectors of any length. Each dimension is moved and stretched so that the
*training* predictions have the mean and the spread of the pool. Responses to test stimuli are averages of
many trials, and vary less than the single trials of training; so each vector's deviation from the mean is
then given the length that deviations have in the pool. That keeps its direction and drops how sure the
decoder was. Nothing of a test stimulus enters: a decoded test vector is treated alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from companion.embeddings import Embeddings
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rescaling:
    """Means and spreads of training predictions and of a pool. Made by :func:`fit_rescaling`.

    Attributes
    ----------
    mean_from, sd_from : ndarray of shape (n_features,)
        Of the training predictions.
    mean_to, sd_to : ndarray of shape (n_features,)
        Of the pool's unit vectors.
    fitted_on : frozenset of str
        Stimuli of the predictions and pictures of the pool: none of them may be tested.
    """

    mean_from: FloatArray
    sd_from: FloatArray
    mean_to: FloatArray
    sd_to: FloatArray
    fitted_on: frozenset[str]

    def apply(self, decoded: Embeddings) -> Embeddings:
        """Rescale vectors decoded from test responses.

        ``z / |z| * sqrt(n_features) * sd_to + mean_to``, ``z = (decoded - mean_from) / sd_from``, each row by
        itself.

        Parameters
        ----------
        decoded : Embeddings of shape (n_stimuli, n_features)
            As the decoder gives them, not brought to length one: means of linear predictions stay means.

        Raises
        ------
        DataError
            If a stimulus was used for fitting, the number of features differs, or a vector is the mean.
        """
        if leaked := sorted(set(decoded.ids) & self.fitted_on):
            raise DataError(
                "A rescaling is applied to stimuli that it was fitted on",
                got=leaked[:5],
                do="fit it on training predictions only",
            )
        if decoded.values.shape[1] != len(self.mean_from):
            raise DataError(
                "Vectors are longer or shorter than those the rescaling was fitted on",
                where=repr(decoded),
                expected=len(self.mean_from),
                got=decoded.values.shape[1],
            )
        standard = (decoded.values - self.mean_from) / self.sd_from
        lengths = np.linalg.norm(standard, axis=1, keepdims=True)
        if not lengths.all():
            raise DataError(
                "A decoded vector is the mean itself, and has no direction from it", where=repr(decoded)
            )
        standard *= np.sqrt(standard.shape[1]) / lengths
        return decoded.with_rows(standard * self.sd_to + self.mean_to, decoded.ids)


def fit_rescaling(predictions: Embeddings, pool: Embeddings) -> Rescaling:
    """Learn from training predictions how to bring decoded vectors to the statistics of a pool.

    Parameters
    ----------
    predictions : Embeddings of shape (n_training, n_features)
        What the decoder gives for *training* stimuli. Best are predictions for held-out folds: a decoder that
        fits its training data closely varies more there than it does on new stimuli, and test vectors would
        stay too near to the pool's mean.
    pool : Embeddings of shape (n_pictures, n_features)
        Image vectors of the pool that the generator was trained on; brought to length one first.

    Returns
    -------
    Rescaling

    Raises
    ------
    DataError
        If the two are of different spaces, there are fewer than two of either, or a predicted dimension does
        not vary.

    Examples
    --------
    Predictions that hardly vary are given the mean and the spread of the pool:

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import fit_rescaling
    >>> rng = np.random.default_rng(0)
    >>> pool = Embeddings(rng.normal(size=(50, 8)), tuple(f"free {row}" for row in range(50)), "toy")
    >>> decoded = Embeddings(0.01 * rng.normal(size=(40, 8)), tuple(map(str, range(40))), "toy")
    >>> rescaling = fit_rescaling(decoded.select(decoded.ids[:20]), pool)
    >>> tested = rescaling.apply(decoded.select(decoded.ids[20:]))
    >>> spread = np.linalg.norm((tested.values - rescaling.mean_to) / rescaling.sd_to, axis=1)
    >>> bool(np.allclose(spread, np.sqrt(8)))
    True
    """
    names = [(one.space, one.aligned_by, one.values.shape[1]) for one in (predictions, pool)]
    if names[0] != names[1]:
        raise DataError("Predictions and pool differ in space", expected=names[0], got=names[1])
    if min(len(predictions), len(pool)) < 2:
        raise DataError("A spread needs two vectors", got=f"{len(predictions)} and {len(pool)}")
    values, target = predictions.values, pool.normalised().values
    spread = values.std(axis=0, ddof=1)
    if (still := spread <= 1e-12 * np.abs(values).max(axis=0)).any():
        raise DataError(
            "Predictions do not vary in some dimensions, so that they cannot be stretched",
            where=repr(predictions),
            got=f"{int(still.sum())} of {len(still)} dimensions",
            do="a decoder that always says the mean needs no rescaling: it is a companion of its own",
        )
    return Rescaling(
        values.mean(axis=0),
        spread,
        target.mean(axis=0),
        target.std(axis=0, ddof=1),
        frozenset(predictions.ids) | frozenset(pool.ids),
    )
