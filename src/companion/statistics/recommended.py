"""The recommended comparison of two targets, whole: one row per comparison, with everything it rests on.

Unit: the subject, averaged over seeds and test images. Paired t and sign-flip test, Holm over all rows of the
table, Cohen's dz with interval, a crossed bootstrap because all subjects saw the same images, and the effect
in points, as a ratio and in log odds, since which of two effects is larger may depend on that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from companion.checks import full, whole
from companion.errors import DataError
from companion.statistics.corrections import holm
from companion.statistics.crossed_bootstrap import crossed_interval
from companion.statistics.paired import MOST_ENUMERATED, paired_tests
from companion.statistics.scales import on_scales
from companion.statistics.similarity import FloatArray

_FROM_TESTS = (
    "wins",
    "low",
    "high",
    "correlation",
    "t",
    "p_t",
    "p_sign_flip",
    "floor",
    "dz",
    "dz_low",
    "dz_high",
)
FEWEST = 3
"""Fewest subjects that are tested; fewer are described."""


def compare_targets(
    scores: pd.DataFrame,
    comparisons: Sequence[tuple[str, str]],
    *,
    metric: str = "top1",
    condition: str = "alignment",
    by: Sequence[str] = ("space",),
    n_bootstrap: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare conditions in pairs, within each group; all rows together are the family that Holm corrects.

    Parameters
    ----------
    scores : DataFrame
        Score table per stimulus, with values from 0 to 1 such as hits. Within a group every level has the
        same subjects, seeds and stimuli.
    comparisons : sequence of (first, second)
        Pairs of values of ``condition``, fixed beforehand; differences are first minus second.
    metric : str
        Which scores.
    condition : str
        Column that tells the two sides apart.
    by : sequence of str
        Columns whose values each get their own row.
    n_bootstrap, seed : int
        Of the crossed bootstrap.

    Returns
    -------
    DataFrame
        One row per group and pair. ``by``, ``first``, ``second``; ``unit``, ``n`` (subjects), ``n_seeds``,
        ``n_stimuli``, ``test``, ``correction``, ``n_tests``; ``mean_first``, ``mean_second`` (percent);
        ``difference`` in points with its t interval ``low``, ``high`` and the crossed bootstrap interval
        ``crossed_low``, ``crossed_high``; ``wins``, ``correlation``, ``t``, ``p_t``, ``p_sign_flip``,
        ``floor`` (smallest p of the sign-flip test), ``dz`` with interval; ``p_t_holm``,
        ``p_sign_flip_holm``; ``ratio`` and ``logit``. Tests of fewer than `FEWEST` subjects, or of
        differences without any spread, are missing.

    Raises
    ------
    DataError
        If a level lacks a subject, seed or stimulus that the other has, or has one twice.

    Examples
    --------
    >>> from itertools import product
    >>> import pandas as pd
    >>> from companion.statistics import compare_targets
    >>> hits = {"base": {"one": 4, "two": 5, "three": 6}, "aligned": {"one": 6, "two": 8, "three": 7}}
    >>> rows = [
    ...     (level, person, picture, float(picture < hits[level][person]))
    ...     for level, person, picture in product(hits, hits["base"], range(10))
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["alignment", "subject", "stimulus", "value"])
    >>> scores = scores.assign(metric="top1", seed=0, space="CLIP")
    >>> table = compare_targets(scores, [("aligned", "base")], n_bootstrap=500)
    >>> table[["n", "wins", "mean_first", "mean_second", "p_sign_flip"]].values.tolist()
    [[3.0, 3.0, 70.0, 50.0, 0.25]]
    """
    whole("n_bootstrap", n_bootstrap)
    full(scores, labels=("metric", "subject", "stimulus", condition, *by), values=())
    if not comparisons or not by:
        raise DataError(
            "Nothing is compared", expected="comparisons, and columns of groups", got=(comparisons, by)
        )
    chosen = scores[scores["metric"] == metric]
    if chosen.empty:
        raise DataError("Shares are compared", where=metric, expected="scores of this metric", got="none")
    full(chosen, labels=(), values=("value",))
    if not chosen["value"].between(0, 1).all():
        raise DataError("Shares are compared", where=metric, expected="values from 0 to 1", got=len(chosen))
    rows = []
    for names, group in chosen.groupby(list(by), sort=False):
        tables = dict(iter(group.groupby(condition, sort=False)))
        for pair in comparisons:
            cells = [_cells(tables, level) for level in pair]
            _check_pair(cells, pair, names)
            labels = dict(zip(by, names, strict=True)) | {"first": pair[0], "second": pair[1]}
            rows.append(labels | _compared(*cells, n_bootstrap=n_bootstrap, seed=seed))
    table = pd.DataFrame(rows)
    return table.assign(
        correction="Holm",
        n_tests=len(table),
        **{f"{name}_holm": _holm(table[name]) for name in ("p_t", "p_sign_flip")},
    )


def _compared(first: pd.DataFrame, second: pd.DataFrame, *, n_bootstrap: int, seed: int) -> dict[str, Any]:
    """Everything about one pair; both tables have (subject, stimulus) rows and seed columns."""
    one, two = (_by_image(cells) for cells in (first, second))
    means = one.mean(axis=1).to_numpy(), two.mean(axis=1).to_numpy()
    differences = means[0] - means[1]
    crossed = crossed_interval((one - two).to_numpy(), n_bootstrap=n_bootstrap, seed=seed)
    testable = FEWEST <= len(one) <= MOST_ENUMERATED and np.ptp(differences) > 1e-9
    tests = asdict(paired_tests(*means)) if testable else {}
    return {
        "unit": "subject, mean over seeds",
        "n": len(one),
        "n_seeds": first.shape[1],
        "n_stimuli": one.shape[1],
        "test": "paired t; exact sign flip" if testable else "none: too few subjects or no spread",
        "mean_first": means[0].mean(),
        "mean_second": means[1].mean(),
        "difference": differences.mean(),
        "crossed_low": crossed.low,
        "crossed_high": crossed.high,
        **{name: tests.get(name, np.nan) for name in _FROM_TESTS},
        **_scales(means),
    }


def _scales(means: tuple[FloatArray, FloatArray]) -> dict[str, float]:
    """Points, ratio and log odds of two mean accuracies; missing where one is 0 or 100 %."""
    first, second = (float(values.mean()) for values in means)
    if 0 < first < 100 and 0 < second < 100:
        return on_scales(first, second)
    return {"points": first - second, "ratio": np.nan, "logit": np.nan}


def _cells(tables: Mapping[Any, pd.DataFrame], level: str) -> pd.DataFrame:
    """Values of a level by subject and stimulus (rows) and seed (columns)."""
    if level not in tables:
        raise DataError("No scores of this condition", expected=level, got=", ".join(map(str, tables)))
    part = tables[level].assign(seed=tables[level]["seed"].fillna(-1))
    if part.duplicated(["subject", "stimulus", "seed"]).any():
        raise DataError(
            "A subject has several scores for one stimulus and seed",
            where=level,
            do="select rows that differ in subject, stimulus and seed only, or name what differs in `by`",
        )
    return part.pivot_table(index=["subject", "stimulus"], columns="seed", values="value")


def _by_image(cells: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds in percent, subjects by stimuli."""
    means = (100 * cells.mean(axis=1)).rename("value").reset_index()
    return means.pivot_table(index="subject", columns="stimulus", values="value")


def _check_pair(cells: Sequence[pd.DataFrame], pair: tuple[str, str], where: object) -> None:
    first, second = cells
    n_subjects, n_stimuli = (first.index.unique(level).size for level in ("subject", "stimulus"))
    full = first.notna().all(axis=None) and len(first) == n_subjects * n_stimuli
    if not full or not first.notna().equals(second.notna()):
        raise DataError(
            "The scores do not form pairs",
            where=f"{pair[0]} and {pair[1]}, {where}",
            expected="the same subjects, seeds and stimuli, each once",
            got=f"{first.notna().sum().sum()} and {second.notna().sum().sum()} scores",
        )


def _holm(p_values: pd.Series[float]) -> FloatArray:
    """Correct what was tested; what could not be tested stays in the family and stays missing."""
    values = p_values.to_numpy(dtype=np.float64)
    return np.where(np.isnan(values), np.nan, holm(np.where(np.isnan(values), 1.0, values)))
