"""Decoding and tests as a reader would write them first: one pair, one exchange, one fit at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]


def identified(decoded: FloatArray, answers: FloatArray, candidates: FloatArray) -> FloatArray:
    """Share of candidates that correlate less with each decoded vector than its answer does."""
    found = []
    for prediction, answer in zip(decoded, answers, strict=True):
        own = np.corrcoef(prediction, answer)[0, 1]
        found.append(np.mean([np.corrcoef(prediction, one)[0, 1] < own for one in candidates]))
    return np.array(found)


def ranked(decoded: FloatArray, gallery: FloatArray) -> FloatArray:
    """Rank of row i of the gallery for the decoded vector i, by cosine."""
    found = []
    for number, vector in enumerate(decoded):
        cosines = [v @ vector / (np.linalg.norm(v) * np.linalg.norm(vector)) for v in gallery]
        found.append(sum(cosine >= cosines[number] for cosine in cosines))
    return np.array(found, dtype=float)


def best_of_full_sort(decoded: FloatArray, gallery: FloatArray, n: int) -> FloatArray:
    """Rows of the best candidates, after sorting all of them."""
    unit, candidates = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (decoded, gallery))
    return np.argsort(-(unit @ candidates.T), axis=1, kind="stable")[:, :n].astype(float)


def exchanged_images(hits: FloatArray, image_of: npt.NDArray[np.intp], n: int, seed: int) -> FloatArray:
    """Scores with the answers of whole images exchanged, one exchange at a time."""
    rng = np.random.default_rng(seed)
    trials = np.arange(len(hits))
    return np.array([hits[trials, rng.permutation(hits.shape[1])[image_of]].mean() for _ in range(n)])


def exchanged_methods(first: FloatArray, second: FloatArray, n: int, seed: int) -> FloatArray:
    """Means of the differences with the two methods exchanged image by image, one exchange at a time."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        swapped = rng.random(len(first)) < 0.5
        found.append(np.where(swapped, second, first).mean() - np.where(swapped, first, second).mean())
    return np.array(found)


def resampled(values: FloatArray, n: int, seed: int) -> FloatArray:
    """Means of rows drawn with replacement, one draw at a time."""
    rng = np.random.default_rng(seed)
    return np.array([values[rng.integers(len(values), size=len(values))].mean(axis=0) for _ in range(n)])


def resampled_both_ways(table: FloatArray, n: int, seed: int) -> FloatArray:
    """Means of a table whose rows and columns are drawn with replacement, one draw at a time."""
    rng = np.random.default_rng(seed)
    rows, columns = table.shape
    draws = (np.ix_(rng.integers(rows, size=rows), rng.integers(columns, size=columns)) for _ in range(n))
    return np.array([table[drawn].mean() for drawn in draws])


def exchanged_labels(values: FloatArray, living: npt.NDArray[np.bool_], n: int, seed: int) -> FloatArray:
    """Leads of living things with the labels exchanged, one exchange at a time: (n, n_columns)."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        label = rng.permutation(living)
        found.append(values[label].mean(axis=0) - values[~label].mean(axis=0))
    return np.array(found)


def signs_flipped(differences: FloatArray) -> float:
    """Two-sided p of all sign patterns, one at a time."""
    observed = abs(sum(differences)) - 1e-9
    patterns = list(product((1, -1), repeat=len(differences)))
    reached = sum(abs(np.dot(signs, differences)) >= observed for signs in patterns)
    return reached / len(patterns)


def ridge_losses(
    X: FloatArray, Y: FloatArray, folds: Sequence[npt.NDArray[np.intp]], penalties: FloatArray
) -> FloatArray:
    """Squared error of held-out rows under each penalty, every fold and penalty fitted anew."""
    from sklearn.linear_model import Ridge

    errors = np.zeros(len(penalties))
    for held_out in folds:
        kept = np.setdiff1d(np.arange(len(X)), held_out)
        for number, penalty in enumerate(penalties):
            fitted = Ridge(alpha=penalty).fit(X[kept], Y[kept])
            errors[number] += ((Y[held_out] - fitted.predict(X[held_out])) ** 2).sum()
    return errors
