"""The table of calibration, read: bounds that hold at once, verdicts, comparison with a slice drawn anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from companion.errors import DataError
from companion.statistics.calibration.bounds import CONFIDENCE, judged, simultaneous_bounds
from companion.statistics.calibration.null_sets import REDRAWN


def sized(table: pd.DataFrame) -> pd.DataFrame:
    """Add sizes with bounds and verdicts; all rows without an effect are one family.

    Parameters
    ----------
    table : DataFrame
        As :func:`companion.loading.calibration.read_calibration` gives it.

    Returns
    -------
    DataFrame
        Rows without an effect, with ``size``, ``low``, ``high`` (simultaneous bounds, fractions) and
        ``verdict``.
    """
    null = table[table["shift"] == 0].reset_index(drop=True)
    bounds = simultaneous_bounds(null["rejections"], null["n_sets"])
    found = pd.concat([null, bounds], axis=1)
    verdicts = [
        judged(size, low, attainable)
        for size, low, attainable in zip(found["size"], found["low"], found["attainable"], strict=True)
    ]
    return found.assign(verdict=verdicts)


def recommended(sizes: pd.DataFrame, *, part: str = "recordings") -> pd.DataFrame:
    """Name for each experiment, and each scope of the claim, the tests that keep their level.

    Parameters
    ----------
    sizes : DataFrame
        From :func:`sized`.
    part : str
        Of the table.

    Returns
    -------
    DataFrame
        ``design``, ``n_people``, ``n_images``, ``n_seeds``, ``redrawn``, and lists of test names:
        ``recommended``, ``too often``, ``cannot reject``.
    """
    own = sizes[sizes["part"] == part]
    keys = ["design", "n_people", "n_images", "n_seeds", "redrawn"]
    rows = []
    for labels, group in own.groupby(keys, sort=False):
        lists = {
            verdict: group.loc[group["verdict"] == verdict, "test"].tolist()
            for verdict in ("recommended", "too often", "cannot reject")
        }
        rows.append(dict(zip(keys, labels, strict=True)) | lists)
    order = {name: place for place, name in enumerate(REDRAWN)}
    return pd.DataFrame(rows).sort_values(
        "redrawn", key=lambda s: s.map(order), kind="stable", ignore_index=True
    )


def widest_scope(sizes: pd.DataFrame, *, part: str = "recordings") -> pd.DataFrame:
    """Tell for each test and experiment how far its findings reach.

    Parameters
    ----------
    sizes : DataFrame
        From :func:`sized`.
    part : str
        Of the table.

    Returns
    -------
    DataFrame
        Tests by experiments: the widest scope in which, and in all narrower ones, the test keeps its level;
        ``none`` where it rejects too often in the narrowest, ``cannot reject`` where it is mute.
    """
    own = sizes[sizes["part"] == part]
    found: dict[str, dict[str, str]] = {}
    for (test, design, people, images, seeds), group in own.groupby(
        ["test", "design", "n_people", "n_images", "n_seeds"], sort=False
    ):
        verdict_of = dict(zip(group["redrawn"], group["verdict"], strict=True))
        reached = "none"
        for scope in REDRAWN:
            if verdict_of.get(scope) != "recommended":
                break
            reached = scope
        if set(verdict_of.values()) == {"cannot reject"}:
            reached = "cannot reject"
        place = f"{people} people" if part == "people" else f"{design}, {people} × {images}"
        found.setdefault(str(test), {})[f"{place}, {seeds} aligners" if seeds != 1 else place] = reached
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("test")


def compare_slice(
    kept: pd.DataFrame, drawn: pd.DataFrame, *, keys: Sequence[str], confidence: float = CONFIDENCE
) -> pd.DataFrame:
    """Compare rejections of null sets drawn now with those of the table, row by row.

    Parameters
    ----------
    kept, drawn : DataFrame
        Rows of the table, and the same rows from other random numbers.
    keys : sequence of str
        Columns that name a row.
    confidence : float
        That not one row differs where nothing changed (Bonferroni).

    Returns
    -------
    DataFrame
        ``keys``; ``kept`` and ``now``: shares of sets rejected; ``sets``: drawn now; ``p``: Fisher's exact
        test of the two counts; ``agrees``.

    Raises
    ------
    DataError
        If a row is not in the table.
    """
    both = drawn.merge(kept, on=list(keys), suffixes=("_now", "_kept"), how="left")
    if both["rejections_kept"].isna().any():
        raise DataError(
            "Drawn rows are not in the table",
            got=both.loc[both["rejections_kept"].isna(), list(keys)].to_dict("records")[:3],
        )
    p = [
        stats.fisher_exact([[now, n_now - now], [before, n_before - before]]).pvalue
        for now, n_now, before, n_before in both[
            ["rejections_now", "n_sets_now", "rejections_kept", "n_sets_kept"]
        ].itertuples(index=False, name=None)
    ]
    return both[list(keys)].assign(
        kept=both["rejections_kept"] / both["n_sets_kept"],
        now=both["rejections_now"] / both["n_sets_now"],
        sets=both["n_sets_now"],
        p=p,
        agrees=np.array(p) >= (1 - confidence) / len(both),
    )
