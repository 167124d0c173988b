"""Corrections for testing many hypotheses."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from companion.checks import finite


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values by Holm's step-down procedure.

    Declaring every hypothesis with an adjusted p of at most 0.05 keeps the chance of even one false discovery
    in the family at 5 %, whatever the dependence of the tests.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        The whole family; which tests belong to it must be decided beforehand.

    Returns
    -------
    ndarray of shape (n_tests,)
        Adjusted p values, in the same order.

    Examples
    --------
    >>> from companion.statistics import holm
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    import gc

    from statsmodels.stats.multitest import multipletests

    values = finite("p values", p_values, ndim=1).astype(np.float64)
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"p values lie between 0 and 1, got {values.min()!r} to {values.max()!r}")
    gc.freeze()  # multipletests collects garbage, which takes long where a chapter holds many objects
    try:
        return np.asarray(multipletests(values, method="holm")[1])
    finally:
        gc.unfreeze()
