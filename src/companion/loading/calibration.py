"""The table of calibration: how often each test rejects in null sets.

``statistics/calibration/calibration.csv`` is written by ``python -m companion.statistics.calibration``, and
committed. Its first line, a comment, is a JSON record of how it was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from companion.errors import DataError
from companion.loading.repeated_worlds import read_recorded

FILE = Path(__file__).parents[1] / "statistics" / "calibration" / "calibration.csv"
COLUMNS = (
    "part",
    "test",
    "design",
    "redrawn",
    "n_people",
    "n_images",
    "n_seeds",
    "shift",
    "points",
    "attainable",
    "n_sets",
    "rejections",
)
COMMAND = "python -m companion.statistics.calibration"


def read_calibration(
    path: Path = FILE, *, expected: Mapping[str, Any] | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the table, and how it was made.

    Parameters
    ----------
    path : Path
        The committed table by default.
    expected : mapping, optional
        What the record has to hold: the settings of the package as it is
        (``companion.statistics.calibration.plan.settings``). A table made otherwise is refused.

    Returns
    -------
    table : DataFrame
        One row per test, experiment and effect. part: ``recordings``, ``people``, ``pooled``, ``family``,
        ``wrong``, ``other``, ``coverage`` or ``power``; test; design: recording, or what else is drawn;
        redrawn: what null sets draw anew (empty where a test has null sets of its own); n_people, n_images,
        n_seeds; shift: effect, in standard deviations of a latent score; points: mean difference that it
        makes; attainable: level that the test can have; n_sets, rejections: sets drawn, and rejected at .05.
    record : dict
        Settings, components, and ``n_sets`` asked for.

    Raises
    ------
    DataError
        If the file cannot be read, lacks columns, or was made with other settings.

    Examples
    --------
    >>> from companion.loading import read_calibration
    >>> table, record = read_calibration()
    >>> sorted(table["part"].unique())
    ['coverage', 'family', 'other', 'people', 'pooled', 'power', 'recordings', 'wrong']
    """
    try:
        table, record = read_recorded(path, COLUMNS, dtype={"redrawn": str})
    except DataError as error:
        raise DataError(
            "The table of calibration cannot be read", where=path, got=str(error), do=f"run `{COMMAND}`"
        ) from error
    wanted = json.loads(json.dumps(dict(expected or {})))
    if other := [name for name, value in wanted.items() if record.get(name) != value]:
        raise DataError(
            "The table of calibration was made with other settings",
            where=path,
            expected={name: wanted[name] for name in other},
            got={name: record.get(name) for name in other},
            do=f"make it anew with `{COMMAND}`",
        )
    return table.assign(redrawn=table["redrawn"].fillna("")), record
