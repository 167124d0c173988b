"""Retrieval scores as scorers of scikit-learn: from estimator, responses and what was shown to a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from companion.decoding.estimators import Retriever
from companion.decoding.galleries import Gallery
from companion.decoding.retrieval import ranks
from companion.errors import DataError

Score = Callable[[Any, Any, Any], float]
"""From a fitted estimator, responses and what was shown to a number."""


def presented_top1(estimator: Retriever | Pipeline, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Share of trials whose stimulus comes first among all that the trials given show.

    The protocol of the papers: candidates are the presented stimuli, none of which training need have seen.

    Parameters
    ----------
    estimator : Retriever or Pipeline that ends with one
        Fitted, with a space that holds what was shown.
    X : array-like of shape (n_trials, ...)
    y : array-like of shape (n_trials,)
        Ids of the space.

    Returns
    -------
    float
        From 0 to 1; guessing gives one over the number of different stimuli. Ties count as wrong.

    Examples
    --------
    Four things, of which training showed three:

    >>> from companion.decoding.estimators import RidgeRetriever
    >>> from companion.embeddings import Embeddings
    >>> space = Embeddings([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], ("cat", "dog", "key", "fox"), "toy")
    >>> y = ["cat", "dog", "key"] * 10
    >>> ridge = RidgeRetriever(space).fit(space.rows_of(y), y)
    >>> presented_top1(ridge, space.rows_of(["fox", "key"]), ["fox", "key"])
    1.0
    """
    return float((_presented_ranks(estimator, X, y) == 1).mean())


def presented_percentile(estimator: Retriever | Pipeline, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Share of the other presented stimuli that the right one beats, mean over trials; guessing gives 0.5.

    Parameters
    ----------
    estimator, X, y
        As in :func:`presented_top1`.

    Examples
    --------
    >>> from companion.decoding.estimators import RidgeRetriever
    >>> from companion.embeddings import Embeddings
    >>> space = Embeddings([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], ("cat", "dog", "key", "fox"), "toy")
    >>> y = ["cat", "dog", "key"] * 10
    >>> ridge = RidgeRetriever(space).fit(space.rows_of(y), y)
    >>> presented_percentile(ridge, space.rows_of(["fox", "key"]), ["fox", "key"])
    1.0
    """
    if (n := len(np.unique(np.asarray(y)))) < 2:
        raise DataError("A percentile needs other stimuli", expected="two or more", got=n)
    return float(1 - (_presented_ranks(estimator, X, y) - 1).mean() / (n - 1))


RETRIEVAL: Mapping[str, Score] = {"presented top-1": presented_top1, "percentile": presented_percentile}
"""Metrics of retrievers, for stimuli that training need not have shown."""


def _presented_ranks(
    estimator: Retriever | Pipeline, X: npt.ArrayLike, y: npt.ArrayLike
) -> npt.NDArray[np.intp]:
    shown = [str(one) for one in np.asarray(y)]
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    among = last.space_.select(dict.fromkeys(shown))
    names = [f"trial {row}" for row in range(len(shown))]
    decoded = among.with_rows(estimator.transform(X), names)
    return ranks(decoded, Gallery(among, "presented images", dict(zip(names, shown, strict=True))))
