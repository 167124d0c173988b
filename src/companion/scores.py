"""The long table of scores: one row per measured number, which every score figure and every test reads.

Columns that do not apply to a score hold a missing value; columns beyond these are kept to their right.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from companion.checks import full
from companion.errors import DataError

SCORE_COLUMNS = (
    "dataset",
    "subject",
    "roi",
    "encoder",
    "space",
    "alignment",
    "alpha",
    "supervision",
    "readout",
    "protocol",
    "condition",
    "seed",
    "split",
    "stimulus",
    "n_candidates",
    "n_repetitions",
    "metric",
    "value",
    "simulated",
)
"""All columns but ``value`` and ``simulated`` together name a score; no two rows may share that name."""

ALWAYS_GIVEN = ("dataset", "subject", "metric", "value", "simulated")


def as_scores(frame: pd.DataFrame, *, simulated: bool) -> pd.DataFrame:
    """Complete a table to the columns of the score table, and check it.

    Parameters
    ----------
    frame : DataFrame
        One row per score, with whichever of `SCORE_COLUMNS` apply.
    simulated : bool
        Whether the numbers come from the simulated world.

    Returns
    -------
    DataFrame
        A new table: `SCORE_COLUMNS` first, then the other columns of ``frame``.

    Raises
    ------
    DataError
        As `check_scores`.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion import as_scores
    >>> found = pd.DataFrame({"dataset": "toy", "subject": ["S1", "S2"], "metric": "top-1",
    ...     "n_candidates": 200, "value": [12.5, 14.0]})
    >>> as_scores(found, simulated=True)[["subject", "metric", "value", "simulated"]]
      subject metric  value  simulated
    0      S1  top-1   12.5       True
    1      S2  top-1   14.0       True
    """
    absent = {name: None for name in SCORE_COLUMNS if name not in frame}
    return check_scores(frame.assign(**absent | {"simulated": simulated}))


def check_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """Refuse a score table that figures or tests could misread.

    Parameters
    ----------
    frame : DataFrame
        One row per score.

    Returns
    -------
    DataFrame
        The same rows, `SCORE_COLUMNS` first.

    Raises
    ------
    DataError
        If a column is missing, a mandatory entry is empty, a value is not a finite number, or two rows have
        the same name.

    Examples
    --------
    Two numbers under one name are refused, since a test would take them for two observations:

    >>> import pandas as pd
    >>> from companion import DataError, as_scores, check_scores
    >>> found = pd.DataFrame(
    ...     {"dataset": "toy", "subject": ["S1", "S2"], "metric": "top-1", "value": [12.5, 14.0]}
    ... )
    >>> scores = as_scores(found, simulated=True)
    >>> len(check_scores(scores))
    2
    >>> try:
    ...     check_scores(scores.assign(subject="S1"))
    ... except DataError as error:
    ...     print(error.what)
    Two scores have the same name
    """
    if missing := [name for name in SCORE_COLUMNS if name not in frame]:
        raise DataError(
            "The score table lacks columns", expected=", ".join(SCORE_COLUMNS), got=f"no {missing}"
        )
    for name in ALWAYS_GIVEN:
        if empty := int(frame[name].isna().sum()):
            raise DataError(
                "A score lacks a mandatory entry", where=f"column {name}", got=f"{empty} empty cells"
            )
    if not pd.api.types.is_numeric_dtype(frame["value"]) or not np.isfinite(frame["value"]).all():
        raise DataError("A score is not a finite number", where="column value", expected="finite numbers")
    key = [name for name in SCORE_COLUMNS if name not in ("value", "simulated")]
    if (twice := frame.duplicated(key, keep=False)).any():
        first = frame.loc[twice, key].iloc[0].dropna().to_dict()
        raise DataError("Two scores have the same name", where=first, do="average them, or name what differs")
    extra = [name for name in frame if name not in SCORE_COLUMNS]
    return frame[[*SCORE_COLUMNS, *extra]].reset_index(drop=True)


def paired(
    scores: pd.DataFrame, *, condition: str, levels: Sequence[Hashable], unit: str = "subject"
) -> pd.DataFrame:
    """Put the scores of each unit side by side, one column per level of a condition.

    Parameters
    ----------
    scores : DataFrame
        Scores that differ in nothing but the unit and the condition.
    condition : str
        Column that tells the conditions apart, such as ``alignment``.
    levels : sequence
        Its values to compare, in the order wanted.
    unit : str
        Column of the unit of analysis.

    Returns
    -------
    DataFrame
        Index: units in order of appearance; columns: levels.

    Raises
    ------
    DataError
        If a unit lacks a level or has it twice: a paired test on such a table would compare other things.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion import as_scores, paired
    >>> found = pd.DataFrame({"dataset": "toy", "subject": ["S1", "S1", "S2", "S2"], "metric": "top-1",
    ...     "alignment": ["base", "human"] * 2, "value": [12.0, 14.0, 10.0, 13.0]})
    >>> scores = as_scores(found, simulated=True)
    >>> table = paired(scores, condition="alignment", levels=["base", "human"])
    >>> (table["human"] - table["base"]).to_dict()
    {'S1': 2.0, 'S2': 3.0}
    """
    full(scores, labels=(condition, unit), values=("value",))
    if len(set(levels)) < len(levels):
        raise DataError("A level is compared with itself", where=condition, got=list(levels))
    chosen = scores[scores[condition].isin(list(levels))]
    counts = pd.crosstab(chosen[unit], chosen[condition]).reindex(columns=list(levels), fill_value=0)
    if counts.empty or not (counts == 1).all(axis=None):
        wrong = counts[(counts != 1).any(axis=1)]
        raise DataError(
            "The scores do not form pairs",
            where=f"{condition} within each {unit}",
            expected="every level exactly once",
            got=wrong.to_dict("index") or "no rows",
            do=f"select rows that differ in {unit} and {condition} only",
        )
    by_unit = chosen.set_index(unit)
    wide = pd.DataFrame({level: by_unit.loc[by_unit[condition] == level, "value"] for level in levels})
    return wide.loc[list(dict.fromkeys(by_unit.index))]
