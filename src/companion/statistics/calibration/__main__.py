"""Draw the null sets and write the table of calibration.

``python -m companion.statistics.calibration --sets 2000`` writes ``calibration.csv`` beside this file. It
goes on where it was interrupted, and begins anew where settings, components or the number of sets changed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from companion.statistics.calibration.components import read_model
from companion.statistics.calibration.plan import (
    COLUMNS,
    KEY,
    OtherTask,
    Task,
    count,
    n_chunks,
    plan,
    settings,
)

FILE = Path(__file__).with_name("calibration.csv")


def write_table(path: Path, n_sets: int, *, tasks: list[Task | OtherTask] | None = None) -> pd.DataFrame:
    """Count what is not counted yet, task by task, and keep the table after each.

    Parameters
    ----------
    path : Path
    n_sets : int
        Null sets behind each row; tests that are slow get a share of them.
    tasks : list of Task or OtherTask, optional
        All of the plan, if left out.

    Returns
    -------
    DataFrame
    """
    model, components = read_model()
    record = settings(components) | {"n_sets": n_sets}
    table = _kept(path, record)
    for task in plan() if tasks is None else tasks:
        if _done(table, task):
            continue
        started = time.process_time()
        rows = count(task, range(n_chunks(task, n_sets)), model)
        rows["seconds"] = round(time.process_time() - started, 1)
        table = pd.concat([table, rows], ignore_index=True)
        _write(path, record, table)
        sys.stdout.write(f"{task.labels()}: {rows['seconds'].iloc[0]} s\n")
        sys.stdout.flush()
    return table


def _kept(path: Path, record: dict[str, Any]) -> pd.DataFrame:
    """Rows that are there already; none, where they were made with other settings."""
    empty = pd.DataFrame(columns=[*COLUMNS, "seconds"])
    if not path.is_file():
        return empty
    first, _, _ = path.read_text("utf-8").partition("\n")
    if json.loads(first.removeprefix("#")) != json.loads(json.dumps(record)):
        return empty
    return pd.read_csv(path, comment="#", keep_default_na=False)


def _done(table: pd.DataFrame, task: Task | OtherTask) -> bool:
    names = [task.test.name] if isinstance(task, OtherTask) else list(task.tests)
    wanted = {
        (labels["part"], name, *list(labels.values())[1:]) for labels in [task.labels()] for name in names
    }
    return wanted <= set(table[list(KEY)].itertuples(index=False, name=None))


def _write(path: Path, record: dict[str, Any], table: pd.DataFrame) -> None:
    """Write the table whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(f"# {json.dumps(record)}\n{table.to_csv(index=False)}", "utf-8")
    part.replace(path)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=2000, help="null sets behind each row")
    parser.add_argument("--file", type=Path, default=FILE, help="where the table is kept")
    chosen = parser.parse_args()
    write_table(chosen.file, chosen.sets)


if __name__ == "__main__":
    main()
