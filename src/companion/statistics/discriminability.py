"""How well the units of a space tell categories apart: F of each unit, and its distribution in spaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from companion.checks import finite
from companion.errors import DataError
from companion.statistics.corrections import holm
from companion.statistics.similarity import FloatArray


class UnitF(NamedTuple):
    """F of the units of a space.

    Parameters
    ----------
    values : ndarray of shape (n_varying,)
        One-way F: variance between categories over variance within them.
    units : ndarray of shape (n_varying,)
        Number of each of these units in the space.
    n_constant : int
        Units that are the same for all images, and have no F.
    """

    values: FloatArray
    units: npt.NDArray[np.intp]
    n_constant: int


def unit_f(values: FloatArray) -> UnitF:
    """One-way F of each unit over categories.

    Parameters
    ----------
    values : ndarray of shape (n_categories, n_images, n_units)
        The same number of images of each category.

    Returns
    -------
    UnitF
        With ``n_categories - 1`` and ``n_categories * (n_images - 1)`` degrees of freedom.

    Raises
    ------
    DataError
        If there are fewer than two categories or images, a value is not finite, or a unit differs between
        categories and never within one (F is infinite; so it is where images share their category's word).

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import unit_f
    >>> found = unit_f(np.array([[[1.0, 0], [3, 0]], [[5, 0], [7, 0]]]))
    >>> found.values.round(6).tolist(), found.n_constant
    ([8.0], 1)

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: Fig. 8.
    """
    images = np.asarray(finite("units of images", values, ndim=3), dtype=np.float64)
    if min(images.shape[:2]) < 2:
        raise DataError(
            "F compares images within categories",
            expected="finite numbers of shape (2 or more categories, 2 or more images, units)",
            got=images.shape,
        )
    varying = np.flatnonzero(np.ptp(images, axis=(0, 1)) > 0)
    chosen = images[:, :, varying]
    if (rigid := np.ptp(chosen, axis=1).max(axis=0, initial=0) == 0).any():
        raise DataError(
            "Units never vary within a category, so their F is infinite",
            got=f"{int(rigid.sum())} of {images.shape[2]} units",
            do="use vectors of single images",
        )
    if not varying.size:
        return UnitF(np.empty(0), varying, images.shape[2])
    f = stats.f_oneway(*chosen, axis=0).statistic
    return UnitF(np.asarray(f), varying, images.shape[2] - varying.size)


def compare_f(reference: UnitF, others: Mapping[str, UnitF]) -> pd.DataFrame:
    """Compare the F of units with that of a reference space.

    Parameters
    ----------
    reference : UnitF
        In the paper: units of the auto-encoder that compresses only (alpha 1).
    others : mapping of str to UnitF
        Per level, such as an alpha. All are the family that Holm corrects.

    Returns
    -------
    DataFrame
        One row per level: ``level``, ``n_units`` (that vary), ``n_constant``, ``mean``, ``median``,
        ``median_difference`` (median less that of the reference), ``p_rank_sum`` (two-sided, Wilcoxon's
        rank-sum, that is Mann and Whitney's test), ``p_holm`` (the same, corrected), ``n_pairs`` and
        ``p_signed_rank`` (two-sided, unit by unit).

    Raises
    ------
    DataError
        If nothing varies in a space.

    Notes
    -----
    The paper names the signed-rank test in its results and the rank-sum test in its methods. Units of two
    auto-encoders have no common order unless both started from the same weights, and then only roughly; so
    the rank-sum test leads. Signed ranks need as many units as the reference has, and take those that vary in
    both; they are missing otherwise, or where nothing differs.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: Fig. 8 and Statistics.
    """
    if empty := [name for name, one in {"reference": reference, **others}.items() if not len(one.values)]:
        raise DataError("No unit of a space varies", where=", ".join(empty))
    rows = []
    for level, one in others.items():
        rows.append(
            {
                "level": level,
                "n_units": len(one.values),
                "n_constant": one.n_constant,
                "mean": one.values.mean(),
                "median": np.median(one.values),
                "median_difference": np.median(one.values) - np.median(reference.values),
                "p_rank_sum": stats.mannwhitneyu(one.values, reference.values).pvalue,
                **_signed_rank(one, reference),
            }
        )
    table = pd.DataFrame(rows)
    table.insert(7, "p_holm", holm(table["p_rank_sum"]))
    return table


def _signed_rank(one: UnitF, reference: UnitF) -> dict[str, Any]:
    """Signed-rank test over units that vary in both spaces, if these have equally many units."""
    sizes = {len(space.values) + space.n_constant for space in (one, reference)}
    _, first, second = np.intersect1d(one.units, reference.units, assume_unique=True, return_indices=True)
    lead = one.values[first] - reference.values[second]
    if len(sizes) > 1 or not lead.any():
        return {"n_pairs": 0, "p_signed_rank": np.nan}
    return {"n_pairs": len(lead), "p_signed_rank": stats.wilcoxon(lead).pvalue}
