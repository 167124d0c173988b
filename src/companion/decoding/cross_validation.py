"""Any scikit-learn estimators side by side: the same folds for all, everything fitted inside them."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import has_fit_parameter

from companion.checks import whole
from companion.decoding.scorers import RETRIEVAL, Score
from companion.errors import DataError
from companion.scores import as_scores


class _Fold(NamedTuple):
    estimator: Any
    X: Any
    y: npt.NDArray[Any]
    trained_on: npt.NDArray[Any]


def compare(
    estimators: Mapping[str, BaseEstimator],
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    cv: Any,
    metrics: Sequence[str] | Mapping[str, Score] = ("accuracy",),
    seeds: Sequence[int] = (0,),
    subject: str,
    dataset: str = "own",
    simulated: bool = False,
) -> pd.DataFrame:
    """Score estimators on the same folds.

    Each is cloned and fitted anew in every fold, on training trials only; put whatever else learns from data
    (scaling, selection of voxels) into a ``Pipeline`` with it.

    Parameters
    ----------
    estimators : mapping of name to estimator
        Anything with scikit-learn's ``fit`` and ``predict``.
    X : array-like of shape (n_trials, ...)
    y : array-like of shape (n_trials,)
        What was shown.
    groups : array-like of shape (n_trials,), optional
        What may not lie on both sides of a fold: runs, blocks, or pictures. Estimators whose ``fit`` takes
        ``groups`` (alone, or as the last step of a pipeline) get those of their training trials, so that
        inner choices respect them too.
    cv : int, splitter or iterable of splits
        As scikit-learn takes it, such as ``GroupKFold(5)``.
    metrics : sequence of str, or mapping of name to callable
        Names are those of scikit-learn's scorers, or of `companion.decoding.scorers.RETRIEVAL`.
    seeds : sequence of int
        Estimators that draw (``random_state``) are fitted once per seed; folds stay the same.
    subject, dataset : str
        Who, and in which data set.
    simulated : bool
        Whether nobody was measured.

    Returns
    -------
    DataFrame
        Score table (`companion.scores`), one row per estimator (column ``encoder``), fold (``split``), seed
        and metric, with ``n_train``, ``n_test``, ``chance`` (what a decoder without information is expected
        to reach; missing for metrics unknown here) and ``step`` (smallest possible change of the value).

    Raises
    ------
    DataError
        If groups are given and a fold has one of them on both sides.

    See Also
    --------
    companion.decoding.over_folds : means of this table.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    >>> from companion.decoding import RidgeRetriever, compare, over_folds
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile(["face", "house"], 40)
    >>> X = rng.normal(size=(80, 6)) + (y == "face")[:, None]
    >>> both = {"LDA": LinearDiscriminantAnalysis(), "ridge": RidgeRetriever()}
    >>> scores = compare(both, X, y, cv=4, subject="sub-01")
    >>> over_folds(scores)[["encoder", "n_folds", "chance"]].values.tolist()
    [['LDA', 4, 0.5], ['ridge', 4, 0.5]]
    """
    chosen = _scores_of(metrics)
    shown = np.asarray(y)
    for seed in seeds:
        whole("seed", seed, least=0)
    if shown.ndim != 1:
        raise DataError("Each trial shows one thing", expected="one axis", got=shown.shape)
    folds = _folds(cv, X, shown, groups)
    fewest = min((len(np.unique(shown[test])) for _, test in folds), default=0)
    if not (estimators and chosen and len(seeds)) or (fewest < 2 and not chosen.keys().isdisjoint(RETRIEVAL)):
        raise DataError(
            "There is nothing to compare",
            expected="an estimator, a metric, a seed and, for retrieval, two stimuli or more in each fold",
            got=f"{len(estimators)}, {len(chosen)}, {len(seeds)} and {fewest}",
        )
    rows = []
    for name, seed, model in _models(estimators, seeds):
        for number, (train, test) in enumerate(folds, start=1):
            given = _groups_for(model, groups, train)
            fitted = clone(model).fit(_safe_indexing(X, train), shown[train], **given)
            fold = _Fold(fitted, _safe_indexing(X, test), shown[test], shown[train])
            about = {"encoder": name, "seed": seed, "split": f"fold {number}"}
            rows += [about | _row(metric, score, fold) for metric, score in chosen.items()]
    return as_scores(pd.DataFrame(rows).assign(subject=subject, dataset=dataset), simulated=simulated)


def over_folds(scores: pd.DataFrame) -> pd.DataFrame:
    """Average a table of :func:`compare`.

    Parameters
    ----------
    scores : DataFrame
        As :func:`compare` returns it, of one or more people.

    Returns
    -------
    DataFrame
        One row per ``dataset``, ``subject``, ``encoder`` and ``metric``: ``mean`` over folds and seeds,
        ``sd`` over folds (seeds averaged first), ``n_folds``, ``n_seeds``, ``n_test`` (trials scored, all
        folds), ``chance``, and ``step``: the smallest possible change of a mean over the folds of one seed.
        Folds share training trials, so that their spread is no standard error.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.decoding import over_folds
    >>> about = {"dataset": "own", "subject": "sub-01", "encoder": "LDA", "metric": "accuracy", "seed": 0}
    >>> folds = pd.DataFrame({"split": ["1", "2"], "value": [0.6, 0.8], "chance": 0.5, "step": 0.1})
    >>> table = over_folds(folds.assign(n_test=10, **about))
    >>> table[["mean", "sd", "n_folds", "n_test", "step"]].round(3).values.tolist()
    [[0.7, 0.141, 2.0, 20.0, 0.05]]
    """
    name = ["dataset", "subject", "encoder", "metric"]
    numbers = ["value", "chance", "step", "n_test"]
    folds = scores.groupby([*name, "split"], sort=False)[numbers].mean().reset_index()
    by = folds.groupby(name, sort=False)
    table = by["value"].agg(mean="mean", sd="std", n_folds="size")
    table["n_seeds"] = scores.groupby(name, sort=False)["seed"].nunique()
    table["n_test"] = by["n_test"].sum().astype(int)
    table["chance"] = by["chance"].mean()
    table["step"] = by["step"].min() / table["n_folds"]
    return table.reset_index()


def _scores_of(metrics: Sequence[str] | Mapping[str, Score]) -> dict[str, Score]:
    if isinstance(metrics, Mapping):
        return dict(metrics)
    return {name: RETRIEVAL[name] if name in RETRIEVAL else get_scorer(name) for name in metrics}


def _models(
    estimators: Mapping[str, BaseEstimator], seeds: Sequence[int]
) -> Iterable[tuple[str, int, BaseEstimator]]:
    """Every estimator with every seed; once where nothing is drawn."""
    for name, estimator in estimators.items():
        drawing = [key for key in estimator.get_params() if key.split("__")[-1] == "random_state"]
        for seed in seeds if drawing else seeds[:1]:
            yield name, seed, clone(estimator).set_params(**dict.fromkeys(drawing, seed))


def _groups_for(
    model: BaseEstimator, groups: npt.ArrayLike | None, train: npt.NDArray[np.intp]
) -> dict[str, list[Hashable]]:
    steps = model.steps if isinstance(model, Pipeline) else [("", model)]
    name, last = steps[-1]
    if groups is None or not has_fit_parameter(last, "groups"):
        return {}
    return {f"{name}__groups".removeprefix("__"): [np.asarray(groups)[row] for row in train]}


def _folds(
    cv: Any, X: npt.ArrayLike, shown: npt.NDArray[Any], groups: npt.ArrayLike | None
) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Rows of every fold; no group may lie on both sides of one."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The groups parameter is ignored")  # said below, as an error
        folds = list(check_cv(cv, shown, classifier=True).split(X, shown, groups))
    names = None if groups is None else np.asarray(groups)
    for number, (train, test) in enumerate(folds, start=1):
        if names is not None and (shared := sorted(map(str, set(names[train]) & set(names[test])))):
            raise DataError(
                "A group lies on both sides of a fold",
                where=f"fold {number}",
                got=", ".join(shared[:5]),
                do="take a splitter that reads groups, such as GroupKFold, or leave the groups out",
            )
    return folds


def _row(metric: str, score: Score, fold: _Fold) -> dict[str, Any]:
    different = len(np.unique(fold.y))
    named = different if metric in RETRIEVAL else len(getattr(fold.estimator, "classes_", np.unique(fold.y)))
    chance, step = _guessing(metric, fold, named)
    value = float(score(fold.estimator, fold.X, fold.y))
    sizes = {"n_train": len(fold.trained_on), "n_test": len(fold.y)}
    return {"metric": metric, "value": value, "n_candidates": named, "chance": chance, "step": step} | sizes


def _guessing(metric: str, fold: _Fold, n_candidates: int) -> tuple[float, float]:
    """Say what a decoder without information reaches, and the smallest change of the value."""
    n, counts = len(fold.y), np.unique(fold.y, return_counts=True)[1]
    if metric == "accuracy":  # always to name the commonest class of training is guessing, too
        names, often = np.unique(fold.trained_on, return_counts=True)
        return max(1 / n_candidates, float((fold.y == names[often.argmax()]).mean())), 1 / n
    if metric == "presented top-1":
        return 1 / n_candidates, 1 / n
    if metric == "percentile":
        return 0.5, 1 / (n * (n_candidates - 1))
    if metric == "balanced_accuracy":
        return 1 / n_candidates, 1 / (n_candidates * counts.max())
    if metric == "roc_auc" and len(counts) == 2:
        return 0.5, 1 / float(counts.prod())
    return float("nan"), float("nan")
