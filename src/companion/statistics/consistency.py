"""Whether the categories that decode well in one modality do so in another, and what that is owed to.

How well a category is identified depends on where it lies among the candidates, also for a decoder that
knows nothing. Two modalities share the candidates, so their accuracies correlate without any shared coding.
Here are the correlations, and those left when the level of shuffled labels is taken out;
:mod:`companion.statistics.uninformative` has what decoders give that know nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from companion.checks import finite
from companion.errors import DataError
from companion.statistics.similarity import FloatArray


def consistency(values: Mapping[str, ArrayLike]) -> pd.DataFrame:
    """Pearson correlation over categories, for every pair of modalities.

    Parameters
    ----------
    values : mapping of str to array-like of shape (n_categories,)
        Per modality, one value per category, in the same order: identification accuracy averaged over
        subjects, or its improvement.

    Returns
    -------
    DataFrame
        One row per pair: ``first``, ``second``, ``r``.

    Raises
    ------
    DataError
        If there are fewer than two modalities or three categories, lengths differ, or a value is not finite.

    Examples
    --------
    >>> from companion.statistics import consistency
    >>> consistency({"fMRI": [1, 2, 3], "MEG": [2, 4, 6], "ECoG": [3, 2, 1]}).round(6).to_numpy().tolist()
    [['fMRI', 'MEG', 1.0], ['fMRI', 'ECoG', -1.0], ['MEG', 'ECoG', -1.0]]

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: Figs. 6b and 7b.
    """
    columns = _columns(values)
    nothing = np.ones((len(next(iter(columns.values()))), 1))
    rows = [
        {"first": one, "second": other, "r": _correlation(columns, one, other, nothing)}
        for one, other in combinations(columns, 2)
    ]
    return pd.DataFrame(rows)


def partial_consistency(values: Mapping[str, ArrayLike], floors: Mapping[str, ArrayLike]) -> pd.DataFrame:
    """Correlation of two modalities over categories that the levels of shuffled labels do not explain.

    The floors of *both* modalities, and an intercept, are taken out of both by least squares.

    Parameters
    ----------
    values : mapping of str to array-like of shape (n_categories,)
        As in :func:`consistency`.
    floors : mapping of str to array-like of shape (n_categories,)
        Per modality, what the same quantity is with shuffled labels: for an improvement, the improvement of
        the shuffled level.

    Returns
    -------
    DataFrame
        One row per pair: ``first``, ``second``, ``r``, ``df`` (categories less 2, less the floors taken out;
        proportional floors count once) and ``p``, two-sided by Student's t with that ``df``.

    Raises
    ------
    DataError
        As :func:`consistency`; also if the names differ, or floors leave nothing to correlate.

    Notes
    -----
    This removes what is linear in the floor. Decoders that know nothing may agree in more than that, so their
    partial correlations are the safer comparison.
    """
    columns, levels = _columns(values), _columns(floors)
    shapes = {column.shape for column in (*columns.values(), *levels.values())}
    if set(columns) != set(levels) or len(shapes) > 1:
        raise DataError(
            "Each modality has a floor for each of its categories",
            expected=sorted(columns),
            got=sorted(levels),
        )
    rows = []
    for one, other in combinations(columns, 2):
        design = np.stack([np.ones(len(levels[one])), levels[one], levels[other]], axis=1)
        df = len(design) - 1 - int(np.linalg.matrix_rank(_scaled(design)))
        if df < 1:
            raise DataError("Too few categories", expected="two more than what is taken out", got=len(design))
        r = _correlation(columns, one, other, design)
        p = float(2 * stats.t.sf(abs(r) * np.sqrt(df / max(1 - r**2, np.finfo(float).tiny)), df))
        rows.append({"first": one, "second": other, "r": r, "df": df, "p": p})
    return pd.DataFrame(rows)


def _correlation(columns: Mapping[str, FloatArray], one: str, other: str, design: FloatArray) -> float:
    """Cosine of what is left of two columns when the design is taken out."""
    both = np.stack([columns[one], columns[other]], axis=1)
    scaled = _scaled(design)
    left = both - scaled @ np.linalg.lstsq(scaled, both)[0]
    lengths = np.linalg.norm(left, axis=0)
    if (lengths <= 1e-9 * np.linalg.norm(both, axis=0)).any():
        raise DataError(
            "A correlation with a constant, or with what is taken out, is not defined",
            where=(one, other)[int(lengths.argmin())],
        )
    return float(np.clip(left[:, 0] @ left[:, 1] / lengths.prod(), -1, 1))


def _scaled(design: FloatArray) -> FloatArray:
    """Columns of length one, so that rank does not depend on the unit."""
    lengths = np.linalg.norm(design, axis=0)
    return np.asarray(design / np.where(lengths > 0, lengths, 1))


def _columns(values: Mapping[str, ArrayLike]) -> Mapping[str, FloatArray]:
    columns = {name: finite(f"values of {name}", one).astype(np.float64) for name, one in values.items()}
    shapes = {column.shape for column in columns.values()}
    first = next(iter(shapes), ())
    whole = len(shapes) == 1 and len(first) == 1 and first[0] >= 3
    if len(columns) < 2 or not whole:
        raise DataError(
            "Modalities do not share their categories",
            where=", ".join(columns),
            expected="two or more, each with a finite value for the same three or more categories",
            got=sorted(map(str, shapes)),
        )
    return columns
