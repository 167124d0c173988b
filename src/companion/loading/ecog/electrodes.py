"""Places of the electrodes of a BIDS iEEG data set, in metres, and the regions they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from companion.errors import DataError
from companion.loading.ecog.files import Run
from companion.loading.json_files import read_json_object
from companion.loading.reading import read_table

_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}


def electrode_table(runs: Sequence[Run], channels: Sequence[str]) -> pd.DataFrame:
    """Place of each channel.

    Returns
    -------
    DataFrame of n_channels rows
        ``name``; ``x``, ``y``, ``z`` in metres; ``space``, the coordinate system; ``region``.

    Raises
    ------
    DataError
        If a session has no table of electrodes, sessions disagree, or a channel has no place.
    """
    tables = [_session_electrodes(folder) for folder in sorted({run.header.parent for run in runs})]
    for table in tables:
        if lost := [name for name in channels if name not in table.index]:
            raise DataError(
                "A good channel has no electrode with a place",
                where=table.attrs["file"],
                expected=f"{len(channels)} channels, each with finite x, y, z",
                got=f"nothing for {', '.join(lost[:8])}",
                do="add its coordinates, or mark the channel as bad",
            )
    kept = [table.loc[list(channels)] for table in tables]
    for table in kept[1:]:
        if not table.equals(kept[0]):
            raise DataError(
                "The electrodes of two sessions differ",
                where=f"{table.attrs['file']} against {kept[0].attrs['file']}",
                expected="the same places and regions",
                got=", ".join(table.index[(table != kept[0]).any(axis=1)][:8]),
            )
    found = kept[0].reset_index()
    found.attrs = {}
    return found


def _session_electrodes(folder: Path) -> pd.DataFrame:
    """Electrodes of a session that have a place, indexed by name, in metres."""
    files = sorted(folder.glob("*_electrodes.tsv"))
    if len(files) != 1:
        raise DataError(
            "A session needs one table of electrodes",
            where=folder,
            expected="sub-*_ses-*_space-*_electrodes.tsv",
            got=", ".join(file.name for file in files) or "none",
        )
    system_file = files[0].with_name(files[0].name.replace("_electrodes.tsv", "_coordsystem.json"))
    system = read_json_object(system_file)
    unit, space = system.get("iEEGCoordinateUnits"), system.get("iEEGCoordinateSystem")
    if not isinstance(unit, str) or unit not in _METRES or not isinstance(space, str):
        raise DataError(
            "The coordinate system of the electrodes is not told",
            where=system_file.name,
            expected="iEEGCoordinateSystem, and iEEGCoordinateUnits m, cm or mm",
            got=f"{space!r}, {unit!r}",
        )
    table = read_table(files[0], ("name", "x", "y", "z", "region")).set_index("name")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(
            "An electrode is listed twice", where=files[0].name, expected="one row each", got=twice
        )
    places = table[["x", "y", "z"]].apply(pd.to_numeric, errors="coerce").astype(float) * _METRES[unit]
    placed = np.isfinite(places.to_numpy()).all(axis=1)
    found: pd.DataFrame = places.assign(space=space, region=table["region"]).loc[placed]
    found.attrs["file"] = files[0].name
    return found
