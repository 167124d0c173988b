"""Where the dials of the miniature world stood: the table of the part ``doses``.

Our own layout, one table of text beside one folder per setting and seed. ``doses.csv``: folder, dial (``gap``
or ``sharing``), value, seed, simulated. Each folder holds one person in the layout of THINGS-EEG2, see
:func:`companion.loading.things_eeg2.preprocessed.load_things_eeg2`. A seed is the same person at every value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from companion.errors import DataError
from companion.loading.inside import inside
from companion.loading.sources import MAKE_ANEW
from companion.loading.tables import read_columns
from companion.loading.things_eeg2.layout import METADATA_FILE

Dial = Literal["gap", "sharing"]
TABLE = "doses.csv"
COLUMNS = ("folder", "dial", "value", "seed", "simulated")
_KINDS = dict(zip(COLUMNS, (str, str, float, int, bool), strict=True))
_ANEW = f"{MAKE_ANEW} doses"


def read_doses(folder: Path) -> pd.DataFrame:
    """Read which folder holds which setting.

    Parameters
    ----------
    folder : Path
        Of the part ``doses``.

    Returns
    -------
    DataFrame
        Columns folder (below ``folder``), dial, value, seed, simulated. The setting with both dials at their
        default is listed once for each dial, with the same folder.

    Raises
    ------
    DataError
        If the table cannot be read, lacks a column, names an unknown dial or an absent folder, or if a seed
        lacks a value that another one has: comparisons over a dial are within seeds.
    """
    table = read_columns(folder / TABLE, _KINDS, do=_ANEW)
    if unknown := sorted(set(table["dial"]) - set(get_args(Dial))):
        raise DataError(
            "There is no such dial", where=TABLE, expected=", ".join(get_args(Dial)), got=unknown[0]
        )
    for dial, rows in table.groupby("dial"):
        counts = pd.crosstab(rows["value"], rows["seed"])
        if not (counts == 1).to_numpy().all():
            raise DataError(
                "Seeds and values do not pair",
                where=f"{TABLE}, {dial}",
                expected="every seed once at every value",
                got=f"{len(rows)} rows for {counts.shape[0]} values and {counts.shape[1]} seeds",
            )
    if absent := [
        name
        for name in table["folder"]
        if not inside(folder, f"{name}/{METADATA_FILE}", where=TABLE).is_file()
    ]:
        raise DataError(
            "A folder of the table of doses is not there",
            where=folder,
            got=absent[0],
            do=_ANEW,
        )
    return table
