"""Representational similarity: compare two matrices over the pairs that may be compared.

Everything works on vectors of pair values, taken from square matrices by :class:`Pairs`, so that a score and
its noise ceiling always use the same pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows of a square matrix, each pair once, whose labels differ.

    Parameters
    ----------
    labels : sequence of str
        One label per row of the matrices. Rows with the same label are never paired: two pictures of one
        concept say nothing about how concepts relate.

    Examples
    --------
    >>> pairs = Pairs(["hand", "ear", "hand"])
    >>> pairs.first, pairs.second
    (array([0, 1]), array([1, 2]))
    """

    labels: Sequence[str]

    def __post_init__(self) -> None:
        names, codes = np.unique(np.asarray(self.labels, dtype=str), return_inverse=True)
        first, second = np.triu_indices(len(codes), k=1)
        different = codes[first] != codes[second]
        if not different.any():
            raise ValueError(f"no two of the {len(codes)} rows have different labels")
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "first", first[different])
        object.__setattr__(self, "second", second[different])

    names: npt.NDArray[np.str_]
    codes: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
