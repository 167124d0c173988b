"""Choosing electrodes, patients, regions or settings: by the test, or without looking at it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings
from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]


def unit_fits(
    training: FloatArray,
    test: FloatArray,
    names: Sequence[str],
    vectors: Embeddings,
    shown: tuple[Sequence[str], Sequence[str]],
    groups: Sequence[Hashable],
) -> pd.DataFrame:
    """How well each unit's response follows from vectors, on training stimuli and on test stimuli.

    Ridge from vectors to responses, one penalty per unit.

    Parameters
    ----------
    training : ndarray of shape (n_training, n_units)
        One response per training stimulus.
    test : ndarray of shape (n_test, n_units)
        One response per test stimulus.
    names : sequence of str
        Units.
    vectors : Embeddings
        Of all stimuli.
    shown : (training, test)
        Names of the stimuli, row for row.
    groups : sequence of labels
        Concept of each training stimulus; never on both sides of a fold.

    Returns
    -------
    DataFrame
        One row per unit, in their order: ``unit``, ``cross_validated`` (share of variance of held-out
        training concepts; at most 0 is nothing) and ``test`` (correlation with the test responses: what may
        not be looked at).
    """
    stimuli = tuple(shown[0])
    columns = {
        name: Embeddings(training[:, [column]], stimuli, "responses") for column, name in enumerate(names)
    }
    fitted = fit_ridge(vectors.rows_of(stimuli), stimuli, columns, groups)
    predicted = fitted.predict(vectors.rows_of(shown[1]), shown[1])
    told = np.concatenate([predicted[name].values for name in names], axis=1)
    return pd.DataFrame(
        {
            "unit": list(names),
            "cross_validated": [1 - float(fitted.losses[name].min()) for name in names],
            "test": column_correlations(told, test),
        }
    )


def column_correlations(first: FloatArray, second: FloatArray) -> FloatArray:
    """Pearson correlation of each column with its like; 0 for a constant one: two of (n, k) to (k,)."""
    one, two = (values - values.mean(axis=0) for values in (first, second))
    lengths = np.sqrt((one**2).sum(axis=0) * (two**2).sum(axis=0))
    found: FloatArray = (one * two).sum(axis=0) / np.where(lengths > 0, lengths, np.inf)
    return found


def best_places(scores: npt.ArrayLike, n: int) -> npt.NDArray[np.intp]:
    """Places of the n highest scores, ascending; of equal ones the first are taken.

    Raises
    ------
    DataError
        If there are fewer scores than that.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not 1 <= n <= len(values):
        raise DataError("There are fewer to choose from", expected=f"1 to {len(values)}", got=n)
    return np.sort(np.argsort(-values, kind="stable")[:n])


def chosen_by_others(table: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Score of the setting that is best for a unit, and of the one that is best for all other units.

    Parameters
    ----------
    table : DataFrame of shape (n_units, n_settings)
        Score of each setting, in each person or world.

    Returns
    -------
    honest, leaky : ndarray of shape (n_units,)
        With the setting of the highest mean over the **others**, and the highest of the unit's own.

    Raises
    ------
    DataError
        If there are fewer than two units, or a score is not finite.
    """
    values = table.to_numpy(dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        raise DataError("Others choose where there are others", expected="two or more", got=values.shape)
    of_others = (values.sum(axis=0) - values) / (len(values) - 1)
    rows = np.arange(len(values))
    return values[rows, of_others.argmax(axis=1)], values.max(axis=1)
