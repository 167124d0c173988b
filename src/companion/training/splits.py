"""Which pairs train and which choose the checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from companion.checks import number

VALIDATED = 0.1
"""Share that is validated on, as published."""


def validation_rows(
    groups: Sequence[str], *, share: float = VALIDATED, seed: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Split rows into training and validation, a group never on both sides.

    Parameters
    ----------
    groups : sequence of str
        Group of each row: its stimulus (all responses to a picture stay together; the published split, for
        one person), or its concept (stricter: validation then asks for unseen concepts, as the test does).
    share : float
        Of the groups, to validate on.
    seed : int
        Of the draw.

    Returns
    -------
    training, validation : ndarray of int
        Row numbers, ascending.

    Raises
    ------
    ValueError
        If one side would be empty.

    Examples
    --------
    >>> from companion.training import validation_rows
    >>> pictures = ["cat", "cat", "dog", "dog", "cup", "cup", "car", "car"]
    >>> training, validation = validation_rows(pictures, share=0.25, seed=0)
    >>> len(training), len(validation)
    (6, 2)
    >>> {pictures[row] for row in training} & {pictures[row] for row in validation}
    set()
    """
    number("share", share, above=0, below=1)
    names = list(dict.fromkeys(groups))
    n_held_out = round(share * len(names))
    if not 0 < n_held_out < len(names):
        raise ValueError(f"{share:g} of {len(names)} groups leaves one side of the split empty")
    drawn = np.random.default_rng(seed).permutation(len(names))[:n_held_out]
    held_out = {names[index] for index in drawn}
    inside = np.array([group in held_out for group in groups])
    return np.flatnonzero(~inside), np.flatnonzero(inside)
