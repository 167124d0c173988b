"""What a finding is worth once it is known how often worlds give it in which nothing is to be found.

A finding that a test with some level calls in so many null worlds as the level allows is diagnostic; one that
null worlds give more often is not, whatever its p-value says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from scipy import stats

from companion.errors import DataError

BOUND = 0.99
"""Probability with which a test that keeps to its level stays within its bound."""
NO_EFFECT = "no effect"
DIAGNOSTIC = "diagnostic"
NOT_DIAGNOSTIC = "not diagnostic"
UNKNOWN = "not run"


def most_passes(n_worlds: int, level: float) -> int:
    """Worlds that may pass a test of a level, before it must be said to pass more often than that.

    Parameters
    ----------
    n_worlds : int
        Independent worlds.
    level : float
        Probability that the test passes where nothing is to be found.

    Returns
    -------
    int
        Smallest number that is exceeded with a probability of at most 1 - :data:`BOUND`.

    Examples
    --------
    >>> most_passes(20, 0.025), most_passes(20, 0.5)
    (3, 15)
    """
    return int(stats.binom.ppf(BOUND, n_worlds, level))


def null_verdicts(table: pd.DataFrame, *, effect: str, nulls: Sequence[str]) -> pd.DataFrame:
    """Say of each finding whether it is diagnostic.

    Parameters
    ----------
    table : DataFrame
        One row per finding and kind of world: ``finding``, ``kind``, ``n`` (worlds), ``passes`` (worlds that
        give the finding) and ``level`` (of its test).
    effect : str
        The kind of world in which something was put in.
    nulls : sequence of str
        Kinds in which the finding may not pass more often than its level; kinds that the table does not have
        are named as not run.

    Returns
    -------
    DataFrame
        One row per finding: ``finding``, ``level``, ``verdict`` and ``why``. ``no effect`` where not even the
        worlds with an effect give it more often than the bound; ``not diagnostic`` where a null does;
        ``not run`` where a null is missing.

    Raises
    ------
    DataError
        If more worlds pass than there are, a level is no probability, or a row is there twice.
    """
    odd = (table["passes"] > table["n"]) | ~table["level"].between(0, 1, inclusive="neither")
    if odd.any() or table.duplicated(["finding", "kind"]).any():
        raise DataError("These are no counts of worlds", got=table[odd].to_dict("records")[:2])
    rows = []
    for finding, part in table.groupby("finding", sort=False):
        known = {str(row["kind"]): row for _, row in part.iterrows()}
        verdict, why = _verdict(known, effect, nulls)
        rows.append({"finding": finding, "level": part["level"].iloc[0], "verdict": verdict, "why": why})
    return pd.DataFrame(rows)


def exceeds(row: Mapping[str, float] | pd.Series) -> bool:
    """Whether more worlds of a row of the table pass than the level of the test allows."""
    return bool(row["passes"] > most_passes(int(row["n"]), float(row["level"])))


def _verdict(known: Mapping[str, pd.Series], effect: str, nulls: Sequence[str]) -> tuple[str, str]:
    if effect not in known:
        return UNKNOWN, f"no worlds of kind {effect}"
    also = [kind for kind in nulls if kind in known and exceeds(known[kind])]
    if not exceeds(known[effect]):
        more = f", but {', '.join(also)} give it" if also else ""
        return NO_EFFECT, f"not even where something was put in{more}"
    if also:
        return NOT_DIAGNOSTIC, f"also in {', '.join(also)}"
    if absent := [kind for kind in nulls if kind not in known]:
        return UNKNOWN, f"{', '.join(absent)} not run"
    return DIAGNOSTIC, f"in no more of {', '.join(nulls)} than the level allows"
