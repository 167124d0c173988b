"""What one world of repeated brain-aligning comes to: means, and tests over its people and categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

MEASURES = ["accuracy", "shuffled", "correlation", "correlation_shuffled"]
ORIGINAL = ("none", np.inf)
"""Teacher and alpha of vectors that nobody bent."""


def summarised(table: pd.DataFrame) -> pd.DataFrame:
    """Average over people and categories, and compare with the permuted teacher and with unbent vectors.

    Parameters
    ----------
    table : DataFrame
        ``teacher``, ``alpha`` (infinite for `ORIGINAL`), ``person``, ``stimulus`` and the measures of
        `companion.decoding.identification.identify`.

    Returns
    -------
    DataFrame
        One row per teacher and alpha, columns as in `read_repeated_alignment`. With alpha 1, which looks at
        no teacher, all teachers are one: their difference is zero and has no test.
    """
    wide = table.pivot_table(index=["person", "stimulus"], columns=["teacher", "alpha"], values="accuracy")
    rows = []
    for (teacher, alpha), part in table.groupby(["teacher", "alpha"]):
        row: dict[str, Any] = {"teacher": teacher, "alpha": "original" if alpha == np.inf else f"{alpha:g}"}
        row |= {name: float(part[name].mean()) for name in MEASURES}
        for name, reference in (("permuted", ("permuted", alpha)), ("original", ORIGINAL)):
            if reference in wide.columns:
                row |= _compared(wide[teacher, alpha] - wide[reference], name)
        rows.append(row)
    return pd.DataFrame(rows).round(6)


def _compared(differences: pd.Series[float], name: str) -> dict[str, float]:
    found = {f"minus_{name}": float(differences.mean())}
    for unit in ("person", "stimulus"):
        means = differences.groupby(unit).mean()
        if np.ptp(means) > 1e-12:
            found[f"p_{name}_{unit}"] = float(stats.ttest_1samp(means, 0).pvalue)
    return found
