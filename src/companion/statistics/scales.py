"""One difference of two accuracies on several scales: whether it "disappears" can depend on the scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from companion.checks import number

Scale = Callable[[Any, Any], Any]


def _log_odds(percent: Any) -> Any:
    return np.log(percent / (100.0 - percent))


SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        "points": lambda first, second: first - second,
        "ratio": lambda first, second: first / second,
        "logit": lambda first, second: _log_odds(first) - _log_odds(second),
    }
)
"""Accuracies in percent -> difference in points, their ratio, and the difference of their log odds."""


def on_scales(first: float, second: float) -> dict[str, float]:
    """One comparison on every scale of `SCALES`.

    Parameters
    ----------
    first, second : float
        Accuracies in percent, above 0 and below 100.

    Examples
    --------
    >>> from companion.statistics import on_scales
    >>> {name: round(value, 2) for name, value in on_scales(20.0, 10.0).items()}
    {'points': 10.0, 'ratio': 2.0, 'logit': 0.81}
    """
    for name, value in (("first", first), ("second", second)):
        number(f"the {name} accuracy", value, above=0, below=100)
    return {name: float(scale(first, second)) for name, scale in SCALES.items()}


def bootstrap_scales(first: ArrayLike, second: ArrayLike, *, n_resamples: int, seed: int) -> pd.DataFrame:
    """Compare two mean accuracies on every scale, with intervals from resampled units.

    Parameters
    ----------
    first, second : array-like of shape (n_units,)
        Accuracies in percent; row i of both belongs to unit i, and units are drawn with both their values.
    n_resamples : int
        Number of bootstrap samples.
    seed : int
        Seed of the generator that draws them.

    Returns
    -------
    DataFrame
        One row per scale: ``estimate``, ``low`` and ``high`` (95 %, bias-corrected and accelerated).
    """
    pairs = (np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
    rows = {}
    for name, scale in SCALES.items():

        def of_means(one: Any, two: Any, axis: int, scale: Scale = scale) -> Any:
            return scale(one.mean(axis), two.mean(axis))

        drawn = stats.bootstrap(
            pairs,
            of_means,
            paired=True,
            vectorized=True,
            n_resamples=n_resamples,
            rng=np.random.default_rng(seed),
        )
        interval = drawn.confidence_interval
        rows[name] = {
            "estimate": float(of_means(*pairs, 0)),
            "low": float(interval.low),
            "high": float(interval.high),
        }
    return pd.DataFrame(rows).T.rename_axis("scale")
