"""Tests and checks over whole tables of scores."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from companion.scores import paired
from companion.statistics.corrections import holm
from companion.statistics.paired import paired_tests


def paired_by_group(
    scores: pd.DataFrame, *, condition: str, levels: Sequence[Hashable], family: str, group: str
) -> pd.DataFrame:
    """Run every paired test in each group, and correct within each family.

    Parameters
    ----------
    scores : DataFrame
        Score table with one value per subject, group and level.
    condition, levels : str, sequence
        Column and its two values; differences are first minus second.
    family, group : str
        Columns. Each value of ``group`` within a value of ``family`` is one test; Holm's correction runs over
        the tests of a family.

    Returns
    -------
    DataFrame
        Columns ``family`` and ``group`` (under their own names), those of `PairedResult`, and ``p_holm`` (of
        the t test).

    Raises
    ------
    DataError
        If a group has no complete pairs.
    """
    first, second = levels
    rows = []
    for (one_family, one_group), chosen in scores.groupby([family, group], sort=False):
        wide = paired(chosen, condition=condition, levels=levels)
        rows.append({family: one_family, group: one_group} | asdict(paired_tests(wide[first], wide[second])))
    table = pd.DataFrame(rows)
    return table.assign(p_holm=table.groupby(family, sort=False)["p_t"].transform(holm))


def recomputed_averages(printed: pd.DataFrame, *, columns: Sequence[str]) -> pd.DataFrame:
    """Recompute printed averages, and their printed spread, from the printed values of the subjects.

    A printed value may be off by half a unit of its last digit, so an average of printed values may be off by
    the mean of those halves, and the printed average by half a unit more. What differs by more than the sum
    cannot be rounding.

    Parameters
    ----------
    printed : DataFrame
        Printed values: columns ``subject`` (``mean`` for averages), ``value``, ``spread`` and ``decimals``.
    columns : sequence of str
        Columns that together name one column of a printed table. Where only averages or only subjects were
        printed, there is nothing to compare and the result has no row.

    Returns
    -------
    DataFrame
        One row per printed average: ``columns``, ``printed``, ``recomputed``, ``allowed`` (by rounding),
        ``agrees``, ``spread``, ``sem`` (standard error over subjects), ``mean_sd`` (mean of the subjects' own
        spreads) and ``spread_is`` (the closer of the two).
    """
    names = list(columns)
    rounded = printed.assign(half=0.5 * 10.0 ** -printed["decimals"].astype(float))
    is_average = rounded["subject"] == "mean"
    own = (
        rounded[~is_average]
        .groupby(names, sort=False)
        .agg(
            recomputed=("value", "mean"),
            sem=("value", "sem"),
            mean_sd=("spread", "mean"),
            own_half=("half", "mean"),
        )
    )
    averages = rounded[is_average].set_index(names)[["value", "spread", "half"]]
    table = own.join(averages.rename(columns={"value": "printed"}), how="inner")
    allowed = table["own_half"] + table["half"]
    closer_to_sem = (table["spread"] - table["sem"]).abs() < (table["spread"] - table["mean_sd"]).abs()
    table = table.assign(
        allowed=allowed,
        agrees=(table["recomputed"] - table["printed"]).abs() <= allowed + 1e-9,
        spread_is=np.where(closer_to_sem, "SEM over subjects", "mean of SDs"),
    )
    wanted = ["printed", "recomputed", "allowed", "agrees", "spread", "sem", "mean_sd", "spread_is"]
    return table[wanted].reset_index()
