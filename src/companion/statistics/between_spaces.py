"""How much of one space is in another: linear predictability and kernel alignment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import finite, whole
from companion.statistics.similarity import FloatArray

PENALTIES = np.logspace(-4, 4, 9)
"""Ridge penalties that are tried, in units of the mean squared length of a centred row of the predictor."""

_INNER_FOLDS = 5
_ROUNDING = 1e-12  # deviations below this share of the largest value are rounding


class Predictability(NamedTuple):
    """Share of variance predicted for left-out groups: of the whole space, and of each feature."""

    total: float
    features: FloatArray


def linear_predictability(
    X: FloatArray,
    Y: FloatArray,
    groups: Sequence[str],
    *,
    n_folds: int,
    seed: int,
    penalties: FloatArray = PENALTIES,
) -> Predictability:
    r"""Cross-validated share of the variance of one space that a linear map from another predicts.

    .. math:: R^2 = 1 - \sum_i |y_i - \hat y_i|^2 \Big/ \sum_i |y_i - \bar y_{(i)}|^2

    where prediction :math:`\hat y_i` and mean :math:`\bar y_{(i)}` both come from the folds without row i.
    The mean predictor scores 0, a worse map less. Whole groups (concepts) are left out, in the folds that
    choose the penalty too, since two pictures of a concept would give the answer away.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features_from)
    Y : ndarray of shape (n_rows, n_features_to)
    groups : sequence of str
        Concept of each row.
    n_folds : int
        Parts that the concepts are split into.
    seed : int
        Seed of the split.
    penalties : ndarray of shape (n_penalties,)
        In units of the mean squared length of a centred training row of ``X``; one serves all features.

    Returns
    -------
    Predictability
        ``features`` has shape (n_features_to,), with NaN for features that are constant.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import linear_predictability
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 5))
    >>> Y = np.hstack([X[:, :1], rng.normal(size=(60, 1))])  # one feature of the five, and one unrelated
    >>> found = linear_predictability(X, Y, [f"concept {row // 2}" for row in range(60)], n_folds=5, seed=0)
    >>> found.features.round(1).tolist()[0], bool(found.features[1] < 0.2)
    (1.0, True)
    """
    X, Y = finite("rows to predict from", X, ndim=2), finite("rows to predict", Y, ndim=2)
    if not len(X) == len(Y) == len(groups):
        raise ValueError(f"rows are matched one to one, got {len(X)}, {len(Y)} and {len(groups)} groups")
    penalties = finite("penalties", penalties, ndim=1)
    if penalties.min() <= 0:
        raise ValueError(f"penalties are above zero, got {penalties.min()!r}")
    fold_of = group_folds(groups, n_folds, np.random.default_rng(seed))
    error, spread = np.zeros((2, Y.shape[1]))
    for fold in range(n_folds):
        left_out = fold_of == fold
        inner = np.unique(fold_of[~left_out], return_inverse=True)[1] % _INNER_FOLDS
        predicted, mean = _ridge(X[~left_out], Y[~left_out], inner, penalties, X[left_out])
        error += ((Y[left_out] - predicted) ** 2).sum(axis=0)
        spread += ((Y[left_out] - mean) ** 2).sum(axis=0)
    varies = spread > len(Y) * (_ROUNDING * np.abs(Y).max(axis=0)) ** 2
    if not varies.any():
        raise ValueError(f"all {len(Y)} rows of the space to predict are equal: it has no variance to share")
    features = 1 - np.divide(error, spread, out=np.full(len(error), np.nan), where=varies)
    return Predictability(float(1 - error.sum() / spread.sum()), features)


def group_folds(groups: Sequence[str], n_folds: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Random fold of each row, the same for all rows of a group: ndarray of shape (n_rows,)."""
    names, code = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    whole("n_folds", n_folds, least=3, most=len(names))
    fold_of_group = rng.permutation(len(names)) % n_folds
    return np.asarray(fold_of_group[code])


def linear_cka(X: FloatArray, Y: FloatArray) -> float:
    r"""Linear centred kernel alignment of two spaces.

    .. math:: |Y^\top X|_F^2 \,\big/\, \big(|X^\top X|_F \, |Y^\top Y|_F\big)

    for centred columns. It is 1 for spaces that differ by rotation, shift and scale. It is *not* 0 for
    unrelated spaces: two isotropic Gaussian clouds of d features score about d / (n + d). Where zero should
    mean unrelated, use :func:`debiased_cka`.

    Parameters
    ----------
    X, Y : ndarray of shape (n_rows, n_features), with any two numbers of features
        Centred here.

    References
    ----------
    Kornblith et al. (2019), ICML (with linear kernels).
    """
    first, second = (values - values.mean(axis=0) for values in (X, Y))
    gram = [first @ first.T, second @ second.T]
    return float((gram[0] * gram[1]).sum() / np.sqrt((gram[0] ** 2).sum() * (gram[1] ** 2).sum()))


def debiased_cka(X: FloatArray, Y: FloatArray) -> float:
    """Linear kernel alignment without its upward bias: 0 on average for unrelated spaces, 1 for equal ones.

    Parameters
    ----------
    X, Y : ndarray of shape (n_rows, n_features), with any two numbers of features
        At least four rows. Shifts do not matter.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.statistics import debiased_cka
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.normal(size=(2, 200, 10))
    >>> turn = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    >>> round(debiased_cka(X, 3 * X @ turn), 6), bool(abs(debiased_cka(X, Y)) < 0.05)
    (1.0, True)

    References
    ----------
    Song et al. (2012), Journal of Machine Learning Research 13 (unbiased HSIC); Nguyen, Raghu and
    Kornblith (2021), ICLR (its use in kernel alignment).
    """
    X, Y = finite("rows of the first space", X, ndim=2), finite("rows of the second space", Y, ndim=2)
    if len(X) != len(Y) or len(X) < 4:
        raise ValueError(
            f"the unbiased estimate needs four rows, the same in both; got {len(X)} and {len(Y)}"
        )
    grams = [_off_diagonal_gram(values) for values in (X, Y)]
    own = [_hsic(gram, gram) for gram in grams]
    least = [(_ROUNDING * float(np.abs(values).max())) ** 4 for values in (X, Y)]
    if own[0] <= least[0] or own[1] <= least[1]:
        raise ValueError(f"a space that is unlike noise in nothing has no alignment; estimates are {own}")
    return _hsic(*grams) / float(np.sqrt(own[0] * own[1]))


def compare_spaces(
    spaces: Mapping[str, FloatArray], score: Callable[[FloatArray, FloatArray], float]
) -> pd.DataFrame:
    """Score of every ordered pair of different spaces; the row is the first argument of the score.

    Parameters
    ----------
    spaces : mapping of str to ndarray of shape (n_rows, n_features)
        The same stimuli in the same order in all spaces.
    score : callable

    Returns
    -------
    DataFrame
        Names by names, NaN on the diagonal.
    """
    table = pd.DataFrame(np.nan, index=list(spaces), columns=list(spaces))
    for first, X in spaces.items():
        for second, Y in spaces.items():
            if first != second:
                table.loc[first, second] = score(X, Y)
    return table


def _ridge(
    X: FloatArray, Y: FloatArray, inner: npt.NDArray[np.intp], penalties: FloatArray, X_new: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Predict new rows with the penalty that does best over the inner folds; also return the mean of Y."""
    from himalaya.ridge import RidgeCV
    from sklearn.model_selection import PredefinedSplit

    x_mean, y_mean = X.mean(axis=0), Y.mean(axis=0)
    centred = X - x_mean
    unit = (centred**2).sum(axis=1).mean()
    if unit <= (_ROUNDING * np.abs(X).max()) ** 2:  # nothing to predict from
        return np.tile(y_mean, (len(X_new), 1)), y_mean
    model = RidgeCV(
        alphas=penalties * unit,
        fit_intercept=True,
        solver_params={"local_alpha": False, "warn": False},
        cv=PredefinedSplit(inner),
    )
    model.fit(centred, Y - y_mean)
    predicted: FloatArray = model.predict(X_new - x_mean) + y_mean
    return predicted, y_mean


def _off_diagonal_gram(values: FloatArray) -> FloatArray:
    centred = values - values.mean(axis=0)  # no effect on the result, but on its rounding
    gram: FloatArray = centred @ centred.T
    np.fill_diagonal(gram, 0)
    return gram


def _hsic(first: FloatArray, second: FloatArray) -> float:
    """Unbiased dependence of two kernels with empty diagonals (Song et al. 2012)."""
    n = len(first)
    rows = first.sum(axis=0), second.sum(axis=0)
    same = (first * second).sum() + rows[0].sum() * rows[1].sum() / ((n - 1) * (n - 2))
    return float((same - 2 / (n - 2) * rows[0] @ rows[1]) / (n * (n - 3)))
