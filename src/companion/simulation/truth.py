"""What is known of every simulated stimulus: its base embedding and its factors, kept beside the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from companion.embeddings import Embeddings
from companion.loading.sources import MAKE_ANEW
from companion.simulation.codes import STAGES, Codes, Stage
from companion.simulation.dials import Dials, Null
from companion.simulation.equations import Described, brain_codes, fit_equations
from companion.simulation.sets import Pictures
from companion.simulation.writers.whole_file import whole_file
from companion.system.arrays import read_npz

FILE = "truth.npz"
"""Name of the file in the folder of the stimuli."""
REFERENCE = {"things": "objects", "god": "objects", "nsd": "scenes"}
"""Which reference pictures the equations of a group of stimuli are fitted on."""


def describe(pictures: Pictures, base: Embeddings) -> Described:
    """Put factors and base embeddings of pictures together, by id."""
    values = base.select(pictures.ids).values.astype(np.float64)
    return Described(pictures.ids, values, pictures.factors(), pictures.living())


def save_truth(folder: Path, groups: Mapping[str, Described]) -> Path:
    """Write descriptions of several groups of stimuli to one file, marked as simulated."""
    arrays: dict[str, np.ndarray] = {"simulated": np.array(True)}
    for name, group in groups.items():
        arrays |= {f"{name}/ids": np.array(group.ids), f"{name}/base": group.base.astype(np.float32)}
        arrays |= {f"{name}/{stage}": group.factors[stage].astype(np.float32) for stage in STAGES}
        arrays[f"{name}/living"] = group.living
    path = folder / FILE
    with whole_file(path) as stream:
        np.savez(stream, allow_pickle=False, **arrays)
    return path


def load_truth(folder: Path, group: str) -> Described:
    """Read the description of one group: ``things``, ``god``, ``nsd``, ``objects`` or ``scenes``."""
    parts = ("ids", "base", "living", *STAGES)
    found = read_npz(folder / FILE, [f"{group}/{part}" for part in parts], do=MAKE_ANEW)
    factors = {stage: found[f"{group}/{stage}"].astype(np.float64) for stage in STAGES}
    return Described(
        tuple(str(name) for name in found[f"{group}/ids"]),
        found[f"{group}/base"].astype(np.float64),
        cast("dict[Stage, np.ndarray]", factors),
        found[f"{group}/living"],
    )


def codes_of(folder: Path, group: str, dials: Dials, null: Null | None = None) -> Codes:
    """Compute what brains read of every stimulus of a group: the oracle's way in.

    Parameters
    ----------
    folder : Path
        Folder of the stimuli.
    group : {"things", "god", "nsd"}
    dials : Dials
    null : {"N0", "N1", "N2", "N3"}, optional
    """
    equations = fit_equations(load_truth(folder, REFERENCE[group]))
    return brain_codes(equations, load_truth(folder, group), dials, null)
