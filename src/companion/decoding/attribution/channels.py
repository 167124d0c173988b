"""Where: groups of channels, or single ones, are taken out of the responses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.decoding.attribution.removal import Readout, drops
from companion.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

_REGIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "frontal": ("FP", "AF", "F"),
        "central": ("FC", "C", "CP"),
        "temporal": ("FT", "T", "TP"),
        "parietal": ("P",),
        "occipital": ("PO", "O", "I"),
    }
)
_REGION_OF = {letters: region for region, group in _REGIONS.items() for letters in group}
_ELECTRODE = re.compile(r"([A-Za-z]+?)(?:z|\d+)", re.ASCII)
_CTF_SENSOR = re.compile(r"M[LRZ]([CFOPT])\d\d.*", re.ASCII)


def regions(names: Sequence[str]) -> dict[str, IntArray]:
    """Group channels by the lobe that their names speak of.

    Parameters
    ----------
    names : sequence of str
        Electrodes of the 10-10 system (``PO7``, ``Cz``) or sensors of a CTF helmet (``MLO11``).

    Returns
    -------
    dict of str to ndarray of int
        Rows of the channels of each region, from front to back; regions without a channel are left out.

    Raises
    ------
    DataError
        If a name is of neither system.

    Examples
    --------
    >>> {region: rows.tolist() for region, rows in regions(["Pz", "O1", "POz", "P3"]).items()}
    {'parietal': [0, 3], 'occipital': [1, 2]}
    """
    found = np.array([_region(name) for name in names])
    return {region: np.flatnonzero(found == region) for region in _REGIONS if (found == region).any()}


def channel_drops(
    readout: Readout,
    responses: FloatArray,
    groups: Mapping[str, npt.ArrayLike],
    *,
    around: FloatArray | float = 0.0,
) -> pd.DataFrame:
    """Drop of the scores for each group of channels that is taken out.

    Parameters
    ----------
    readout : Readout
    responses : ndarray of shape (n, n_channels, n_times)
    groups : mapping of str to array-like of int
        Rows of the channels of each group, as of :func:`regions`; single channels as groups of one.
    around : ndarray of shape (n_channels, n_times) or float
        As in :func:`~companion.decoding.attribution.removal.drops`.

    Returns
    -------
    DataFrame
        As of :func:`~companion.decoding.attribution.removal.drops`, with ``n_channels`` of the group.

    Notes
    -----
    Neighbouring electrodes record the same sources, and whitening mixes them: a channel whose loss costs
    nothing may still carry what others carry too. Only what a group has alone shows in its drop.
    """
    rows = {name: np.atleast_1d(np.asarray(group, dtype=np.intp)) for name, group in groups.items()}
    removals = {name: partial(_without_channels, rows=group) for name, group in rows.items()}
    table = drops(readout, responses, removals, around=around)
    return table.assign(n_channels=[len(rows[name]) for name in table["removed"]])


def _region(name: str) -> str:
    if sensor := _CTF_SENSOR.fullmatch(name):
        return _REGION_OF[sensor.group(1)]
    electrode = _ELECTRODE.fullmatch(name)
    if electrode is None or electrode.group(1).upper() not in _REGION_OF:
        raise DataError(
            "The region of a channel does not follow from its name",
            expected="an electrode of the 10-10 system or a sensor of a CTF helmet",
            got=name,
            do="give groups of channel rows",
        )
    return _REGION_OF[electrode.group(1).upper()]


def _without_channels(signals: FloatArray, *, rows: IntArray) -> FloatArray:
    kept = signals.copy()
    kept[:, rows] = 0
    return kept
