"""The table of the repeated worlds: tests over the people of each world, and the file that collects them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from filelock import FileLock
from scipy import stats

from companion.errors import DataError
from companion.loading.repeated_worlds import Kind, read_repeated_worlds
from companion.simulation.repeated_decoding import METRICS
from companion.simulation.writers.whole_file import whole_path
from companion.statistics.paired import sign_flip

SPACES = ("base", "aligned", "permuted")


def effects(kind: Kind, number: int, scores: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Test the effect of one world over its people.

    Parameters
    ----------
    kind, number
        Which world.
    scores : ndarray of shape (n_people, n_spaces, n_metrics)
        In the order of `SPACES` and `METRICS`; a space that was not decoded is not a number.

    Returns
    -------
    DataFrame
        One row per metric, columns as in `read_repeated_worlds`.
    """
    rows = []
    for metric, values in zip(METRICS, np.moveaxis(scores, -1, 0), strict=True):
        means = dict(zip(SPACES, values.mean(axis=0), strict=True))
        differences = values[:, 1] - values[:, 2]
        varies = np.ptp(differences) > 1e-12
        tests = {
            "effect": differences.mean(),
            "p_t": stats.ttest_1samp(differences, 0).pvalue if varies else np.nan,
            "p_sign_flip": sign_flip(differences),
        }
        people = {f"person_{person}": value for person, value in enumerate(differences, start=1)}
        rows.append({"kind": kind, "world": number, "metric": metric, **means, **tests, **people})
    return pd.DataFrame(rows).round(6).assign(simulated=True)


Reader = Callable[[Path], tuple[pd.DataFrame, dict[str, Any]]]


def kept_rows(path: Path, record: dict[str, Any], read: Reader = read_repeated_worlds) -> pd.DataFrame:
    """Read what the table holds already; nothing, if there is none.

    Parameters
    ----------
    path : Path
    record : dict
        How rows are made now.
    read : callable
        Reader of the table.

    Raises
    ------
    DataError
        If the table was made with other settings.
    """
    if not path.is_file():
        return pd.DataFrame({"kind": [], "world": []})
    table, found = read(path)
    if found != record:
        raise DataError(
            "The table of repeated worlds was made with other settings",
            where=path,
            expected=record,
            got=found,
            do="remove it to begin anew",
        )
    return table


def done(
    path: Path, record: dict[str, Any], names: Sequence[str], read: Reader = read_repeated_worlds
) -> set[tuple[Any, ...]]:
    """Say which worlds the table holds already, by the columns that name one."""
    with FileLock(f"{path}.lock"):
        rows = kept_rows(path, record, read)
    return set(rows[list(names)].itertuples(index=False, name=None)) if len(rows) else set()


def add_rows(
    path: Path,
    record: dict[str, Any],
    rows: pd.DataFrame,
    order: Sequence[str],
    read: Reader = read_repeated_worlds,
) -> None:
    """Add the rows of a world to the table; several processes may do so.

    Parameters
    ----------
    path, record, read
        As in `kept_rows`.
    rows : DataFrame
    order : sequence of str
        Columns that the table is sorted by.
    """
    with FileLock(f"{path}.lock"):
        table = pd.concat([part for part in (kept_rows(path, record, read), rows) if len(part)])
        write_table(path, record, table.sort_values(list(order), kind="stable"))


def asked_for(doc: str, kinds: Sequence[str]) -> tuple[Any, int]:
    """Read kind and number of worlds off the command line, and keep torch to one thread."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--kind", choices=kinds, required=True)
    parser.add_argument("--n", type=int, required=True)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    return given.kind, given.n


def write_table(path: Path, record: dict[str, Any], table: pd.DataFrame) -> None:
    """Write the record in a line of its own, and the rows."""
    with whole_path(path) as part:
        part.write_text(f"# {json.dumps(record)}\n{table.to_csv(index=False)}", "utf-8")
