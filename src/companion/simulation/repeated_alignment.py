"""Many small GOD worlds: what fMRI teachers, permuted ones and the vectors' own give.

``python -m companion.simulation.repeated_alignment --kind gap --n 5`` writes ``repeated_alignment.csv``
beside this file; it goes on where it was interrupted, and several kinds may run side by side. Every world has
five people, the training and perception trials of their V4 at lesson size, and spaces bent for each of them
by the other four, as the paper does it. Teachers:

* ``real``: similarities of responses; ``permuted``: the same with categories exchanged; ``identity``: the
  cosines of the vectors themselves, about their mean.

Kinds of worlds:

* ``gap``: the world with the dial `gap` at five values; a seed has the same people and noise at each.
* ``N1``, ``N3``: brains carry the base space, or a few of its axes, and nothing else. In N1 the base space
  would be identified almost without an error, so that responses are made weaker until it is identified about
  as well as in the world (.77; .76 there and .75 in N3, four people of other seeds).
* ``N2``: the world, where even the ``real`` teacher is permuted, by another exchange: what it gives beyond
  the permuted one can only be chance.

Pictures, and the network that encodes them, are the same in all worlds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any, get_args

from companion.loading.repeated_alignment import FILE, Kind, read_repeated_alignment
from companion.loading.sources import recordings_folder
from companion.simulation.alignment_laboratory import FIRST_SEED, ROI, SIGNAL, Laboratory, Sizes
from companion.simulation.calibrated import calibrated_dials
from companion.simulation.dials import Dials
from companion.simulation.doses import VALUES
from companion.simulation.repeated_table import add_rows, asked_for, done
from companion.simulation.scales import SCALES, Scale

NAMES = ("kind", "gap", "world")
"""Columns that name a world."""


def settings_record(scale: Scale, sizes: Sizes) -> dict[str, Any]:
    """Record what decides the rows of the table, as its first line has it."""
    own = {"first_seed": FIRST_SEED, "roi": ROI, "signal_in": dict(SIGNAL), "experiment": asdict(scale.god)}
    told: dict[str, Any] = json.loads(json.dumps(own | asdict(sizes) | {"dials": asdict(calibrated_dials())}))
    return told


def repeat(
    kind: Kind, n: int, laboratory: Laboratory, path: Path = FILE, say: Callable[[str], None] = print
) -> None:
    """Make the first n worlds of a kind that the table does not have yet, and write each as it is done.

    Parameters
    ----------
    kind : {"gap", "N1", "N2", "N3"}
        For ``gap``, n worlds at each value.
    n : int
        Worlds 1 to n.
    laboratory : Laboratory
    path : Path
        Of the table; several processes may write to it.
    say : callable
        Takes a line per world.

    Raises
    ------
    DataError
        If the table was made with other settings.
    """
    record = settings_record(laboratory.scale, laboratory.sizes)
    values = VALUES["gap"] if kind == "gap" else (Dials().gap,)
    for number, value in product(range(1, n + 1), values):
        if (kind, value, number) in done(path, record, NAMES, read_repeated_alignment):
            continue
        rows = laboratory.world(kind, value, number)
        add_rows(path, record, rows, NAMES, read_repeated_alignment)
        say(f"{kind} {value:g} {number}: {rows['seconds'].iloc[0]:.0f} s")


def main() -> None:
    """Make worlds, and write the table."""
    kind, n = asked_for(__doc__, get_args(Kind))
    stimuli = recordings_folder("stimuli", source="miniature", scale="lesson")
    repeat(kind, n, Laboratory(stimuli, SCALES["lesson"], Sizes()))


if __name__ == "__main__":
    main()
