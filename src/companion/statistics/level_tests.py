"""The tests of the brain-aligned paper, as published, with robust ones beside them.

They take every subject and category as one independent measurement. Categories are the same for all subjects
and subjects the same for all categories, so these p-values say more than the data do.
:func:`companion.statistics.mixed_difference.mixed_difference` is the comparison that lets both vary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from companion.checks import all_usable, finite, full, real
from companion.errors import DataError
from companion.statistics.corrections import holm
from companion.statistics.similarity import FloatArray

FEWEST = 3
"""Fewest measurements of a group; the normality test needs as many."""


@dataclass(frozen=True, eq=False)
class LevelComparison:
    """Whether levels differ, as published and without assuming normal or independent measurements.

    Attributes
    ----------
    n : int
        Units; each has a value at every level.
    f, p : float
        One-way analysis of variance, levels taken as independent groups (published).
    df_between, df_within : int
        Its degrees of freedom.
    p_friedman : float
        Friedman's test, which compares the levels within each unit by rank.
    shapiro : Series of float
        Shapiro-Wilk p of each level; small where values are not normal.
    tukey : DataFrame
        One row per pair of levels: ``first``, ``second``, ``difference`` (first minus second), its 95 %
        interval ``low``, ``high`` and ``p``; interval and p hold for all pairs at once (published).
    """

    n: int
    f: float
    df_between: int
    df_within: int
    p: float
    p_friedman: float
    shapiro: pd.Series[float]
    tukey: pd.DataFrame


def above_shuffled(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Test in every cell whether values exceed their shuffled level.

    Parameters
    ----------
    table : DataFrame
        One row per subject and category: ``by``, ``value`` and ``shuffled``, both in one unit.
    by : sequence of str
        Columns that name a cell, such as region and kind of vectors. All cells are the family that Holm
        corrects.

    Returns
    -------
    DataFrame
        One row per cell, in order of appearance: ``by``, ``n`` (rows), ``mean``, ``mean_shuffled``,
        ``difference`` and p-values. One-sided (value above shuffled): ``p_ind``, Student's t of two
        independent samples (published); ``p_rel``, paired t; ``p_wilcoxon``, signed ranks. ``p_shapiro`` is
        the smaller Shapiro-Wilk p of the two columns, ``p_holm`` is ``p_ind``, corrected.

    Raises
    ------
    DataError
        If a cell has fewer than `FEWEST` rows, a value that is not finite, or if values, shuffled levels or
        their differences are constant.

    Notes
    -----
    The paper states a one-sided t-test and no more; that rows are pooled and samples independent is the
    reading used here.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.statistics import above_shuffled
    >>> table = pd.DataFrame({"value": [0.61, 0.58, 0.66, 0.63], "shuffled": [0.5, 0.52, 0.49, 0.51]})
    >>> found = above_shuffled(table.assign(roi="V1"), ["roi"])
    >>> round(found["difference"].item(), 3), found["p_holm"].item() < 0.01
    (0.115, True)

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: Results and Statistics.
    """
    if missing := {*by, "value", "shuffled"} - set(table.columns):
        raise DataError("Columns are missing", expected=sorted(missing), got=list(table.columns))
    full(table, labels=by, values=())
    if not by or table.empty:
        got = f"{list(by)} and {len(table)} rows"
        raise DataError("There is no cell to test", expected="a column that names cells, and rows", got=got)
    rows = []
    for names, cell in table.groupby(list(by), sort=False):
        columns = real("values of a cell", cell[["value", "shuffled"]].to_numpy()).T
        rows.append(dict(zip(by, names, strict=True)) | _above(columns, where=names))
    found = pd.DataFrame(rows)
    return found.assign(p_holm=holm(found["p_ind"]))


def _above(columns: FloatArray, where: object) -> dict[str, float]:
    values, shuffled = columns
    n = len(values)
    if n < FEWEST or not all_usable(columns) or any(map(_constant, (*columns, values - shuffled))):
        raise DataError(
            "A cell cannot be tested",
            where=where,
            expected=f"at least {FEWEST} finite rows; values, shuffled levels and differences that vary",
            got=f"{n} rows, {int(np.isfinite(columns).all(axis=0).sum())} finite",
        )
    return {
        "n": n,
        "mean": values.mean(),
        "mean_shuffled": shuffled.mean(),
        "difference": values.mean() - shuffled.mean(),
        "p_ind": stats.ttest_ind(values, shuffled, alternative="greater").pvalue,
        "p_rel": stats.ttest_rel(values, shuffled, alternative="greater").pvalue,
        "p_wilcoxon": stats.wilcoxon(values, shuffled, alternative="greater").pvalue,
        "p_shapiro": min(stats.shapiro(column).pvalue for column in columns),
    }


def compare_levels(wide: pd.DataFrame) -> LevelComparison:
    """Compare three or more levels: analysis of variance with Tukey's pairs, and Friedman's test.

    Parameters
    ----------
    wide : DataFrame
        One row per unit (subject and category), one column per level (kind of vectors).

    Returns
    -------
    LevelComparison

    Raises
    ------
    DataError
        If there are fewer than three levels or `FEWEST` units, a value is not finite, or a level is constant.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.statistics import compare_levels
    >>> wide = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 3, 4], "c": [6.0, 7, 8]})
    >>> result = compare_levels(wide)
    >>> round(result.f, 6), result.df_between, result.df_within
    (21.0, 2, 6)

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: Statistics (one-way analysis of variance, then
    Tukey's test). Friedman (1937), Journal of the American Statistical Association 32, 675-701.
    """
    values = finite("values of levels", wide.to_numpy(), ndim=2).astype(np.float64).T
    n_levels, n = values.shape
    if n_levels < 3 or n < FEWEST or not np.isfinite(values).all() or any(map(_constant, values)):
        raise DataError(
            "These levels cannot be compared",
            where=", ".join(map(str, wide.columns)),
            expected=f"three levels, {FEWEST} units, finite values that vary within each level",
            got=f"{n_levels} levels, {n} units",
            do="compare two levels with mixed_difference",
        )
    anova = stats.f_oneway(*values)
    return LevelComparison(
        n=n,
        f=float(anova.statistic),
        df_between=n_levels - 1,
        df_within=n_levels * (n - 1),
        p=float(anova.pvalue),
        p_friedman=float(stats.friedmanchisquare(*values).pvalue),
        shapiro=pd.Series([stats.shapiro(level).pvalue for level in values], index=wide.columns),
        tukey=_tukey(values, wide.columns),
    )


def _tukey(values: FloatArray, names: pd.Index[str]) -> pd.DataFrame:
    test = stats.tukey_hsd(*values)
    interval = test.confidence_interval(0.95)
    first, second = np.triu_indices(len(values), k=1)
    return pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "difference": test.statistic[first, second],
            "low": interval.low[first, second],
            "high": interval.high[first, second],
            "p": test.pvalue[first, second],
        }
    )


def fisher_z(r: ArrayLike) -> FloatArray:
    """Fisher's z of correlations, which is what the paper tests profile correlations on.

    Parameters
    ----------
    r : array-like
        Correlations, above -1 and below 1.

    Returns
    -------
    ndarray
        Of the shape of ``r``.

    Raises
    ------
    DataError
        If a correlation is out of range or missing.

    Examples
    --------
    >>> fisher_z([0.0, 0.5]).round(3).tolist()
    [0.0, 0.549]
    """
    values = np.asarray(r, dtype=np.float64)
    inside = np.abs(values) < 1
    if not inside.all():
        raise DataError("Fisher's z needs correlations between -1 and 1", got=values[~inside][:5].tolist())
    return np.asarray(np.arctanh(values))


def _constant(values: FloatArray) -> bool:
    """Whether values differ by rounding error at most."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max(initial=0))
