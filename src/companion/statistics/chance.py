"""What guessing gives: its level, how many hits it cannot explain, and how exact a share of hits is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from companion.checks import number, whole


class Guessing(NamedTuple):
    """What a decoder without any information does; all in percent but the hits.

    Attributes
    ----------
    level : float
        Expected accuracy.
    hits : int
        Smallest number of hits that guessing reaches with a probability below 5 %.
    threshold : float
        Accuracy of that many hits.
    step : float
        Smallest possible change of an accuracy: one item.
    """

    level: float
    hits: int
    threshold: float
    step: float


def guessing(n_items: int, n_candidates: int, k: int = 1, *, significance: float = 0.05) -> Guessing:
    """Accuracy of guessing, and the one-sided binomial threshold of a single run.

    Parameters
    ----------
    n_items : int
        Stimuli decoded.
    n_candidates : int
        Size of the gallery.
    k : int
        A hit is a rank of at most ``k``.
    significance : float
        Probability that guessing may reach the threshold with.

    Notes
    -----
    The threshold is for one decoder and one run. A mean over runs or subjects varies less than a run, and the
    items of one test set are decoded by one model, so neither may be held against it as if all were new.

    Examples
    --------
    >>> from companion.statistics import guessing
    >>> guessing(200, 200).level, guessing(200, 200).hits, guessing(200, 200, 5).hits
    (0.5, 4, 10)
    """
    whole("n_items", n_items)
    whole("n_candidates", n_candidates, least=2)
    whole("k", k, most=n_candidates - 1)
    number("significance", significance, above=0, below=1)
    share = k / n_candidates
    hits = int(np.argmax(stats.binom.sf(np.arange(n_items + 1) - 1, n_items, share) < significance))
    if hits == 0:
        hits = n_items + 1  # so few items that even hitting all of them is no surprise
    return Guessing(100 * share, hits, 100 * hits / n_items, 100 / n_items)


def exact_interval(hits: int, n_items: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of an accuracy, in percent.

    Parameters
    ----------
    hits, n_items : int
        Items decoded rightly, of how many. They count as independent draws, which items of a run are only
        roughly.
    level : float
        Coverage, at least.

    Examples
    --------
    >>> from companion.statistics import exact_interval
    >>> low, high = exact_interval(20, 200)
    >>> round(low, 2), round(high, 2)
    (6.22, 15.02)
    """
    from statsmodels.stats.proportion import proportion_confint

    whole("n_items", n_items)
    whole("hits", hits, least=0, most=n_items)
    number("level", level, above=0, below=1)
    low, high = proportion_confint(hits, n_items, alpha=1 - level, method="beta")
    return 100 * float(low), 100 * float(high)
