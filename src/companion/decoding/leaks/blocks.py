"""The blank-label test: decoding labels that blocks of time carry, and no stimulus.

Signals drift: neighbours in time resemble each other, whatever is shown. Where each class is shown in a block
of its own and trials are split at random, a classifier learns the block. The test hands every block a label
by lot. No stimulus goes with it, so that whoever decodes it decodes time.

References
----------
Li et al. (2021), IEEE Transactions on Pattern Analysis and Machine Intelligence 43, 316-333.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Split = Literal["block", "trial"]


def blank_labels(blocks: Sequence[object], n_draws: int, seed: int) -> tuple[FloatArray, Integers]:
    """Hand out two labels to blocks by lot, one of each to neighbouring blocks.

    Parameters
    ----------
    blocks : sequence of labels
        Block of each trial, in the order of time.
    n_draws : int
    seed : int

    Returns
    -------
    labels : ndarray of shape (n_trials, n_draws)
        -1 or 1; 0 in the last block where their number is odd.
    pairs : ndarray of int, shape (n_trials,)
        Pair of neighbouring blocks of each trial; -1 where the label is 0.

    Raises
    ------
    DataError
        If there are fewer than four blocks: two pairs, so that one can be held out.
    """
    codes = pd.factorize(pd.Series(list(blocks)))[0]
    n_pairs = (codes.max() + 1) // 2
    if n_pairs < 2:
        raise DataError("Too few blocks for the blank-label test", expected="at least 4", got=codes.max() + 1)
    side = np.random.default_rng(seed).choice([-1.0, 1.0], size=(n_pairs, n_draws))
    pairs = np.where(codes // 2 < n_pairs, codes // 2, -1)
    labels = side[pairs] * np.where(codes % 2, -1, 1)[:, None] * (pairs >= 0)[:, None]
    return labels, pairs


def blank_label_accuracy(
    responses: npt.ArrayLike,
    blocks: Sequence[object],
    *,
    split: Split,
    n_draws: int = 20,
    n_folds: int = 5,
    seed: int = 0,
) -> FloatArray:
    """Accuracy of a linear classifier of blank labels.

    Ridge of the two labels on standardised responses, with a penalty of their mean squared length; the sign
    of what it says decides.

    Parameters
    ----------
    responses : array-like of shape (n_trials, ...)
        In the order of time.
    blocks : sequence of labels
        Block of each trial.
    split : {"block", "trial"}
        Whether folds hold whole pairs of blocks (guessing is right), or trials of every block: **the leak**.
    n_draws, n_folds, seed : int
        Draws of labels; folds, at most as many as pairs of blocks. The same seed draws the same labels for
        both splits.

    Returns
    -------
    ndarray of shape (n_draws,)
        Fraction of trials that get their block's label; guessing gives one half.
    """
    labels, pairs = blank_labels(blocks, n_draws, seed)
    kept = pairs >= 0
    X = np.asarray(responses, dtype=np.float64).reshape(len(pairs), -1)[kept]
    labels, pairs = labels[kept], pairs[kept]
    n_folds = min(n_folds, pairs.max() + 1)
    rng = np.random.default_rng((seed, 1))
    if split == "block":
        folds = (rng.permutation(pairs.max() + 1) % n_folds)[pairs]
    else:
        folds = rng.permutation(len(pairs)) % n_folds
    right = np.zeros(n_draws)
    for fold in range(n_folds):
        inside = folds == fold
        said = _ridge(X[~inside], labels[~inside], X[inside])
        right += (np.sign(said) == labels[inside]).sum(axis=0) + 0.5 * (said == 0).sum(axis=0)
    return right / len(labels)


def without_block_means(responses: npt.ArrayLike, blocks: Sequence[object]) -> FloatArray:
    """Subtract from every trial the mean of its block: a usual remedy.

    Parameters
    ----------
    responses : array-like of shape (n_trials, ...)
    blocks : sequence of labels

    Returns
    -------
    ndarray of shape (n_trials, ...)
    """
    codes = pd.factorize(pd.Series(list(blocks)))[0]
    values = np.array(responses, dtype=np.float64)
    for block in range(codes.max() + 1):
        values[codes == block] -= values[codes == block].mean(axis=0)
    return values


def _ridge(X: FloatArray, Y: FloatArray, new: FloatArray) -> FloatArray:
    """Ridge predictions of rows not fitted, from standardised columns: (n_new, n_draws)."""
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    deviation[deviation == 0] = np.inf
    scaled = (X - mean) / deviation
    origin = Y.mean(axis=0)
    penalty = float((scaled**2).sum(axis=1).mean())
    inner = scaled.T @ scaled
    inner[np.diag_indices_from(inner)] += penalty
    weights = np.linalg.solve(inner, scaled.T @ (Y - origin))
    said: FloatArray = (new - mean) / deviation @ weights + origin
    return said
