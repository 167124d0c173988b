"""Decoders of the package as scikit-learn estimators: fit, transform, predict, score, beside any other.

A retriever turns a response into a vector and answers with the candidate whose vector lies nearest. With
embeddings, candidates may be things that no training trial showed (zero-shot retrieval). Without, every class
gets a corner of a simplex, all equally far from each other, and the retriever is an ordinary classifier.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from companion.decoding.retrieval import relative_rows
from companion.decoding.ridge import PENALTIES, fit_ridge
from companion.decoding.ridge_solver import N_FOLDS
from companion.embeddings import Embeddings

FloatArray = npt.NDArray[np.float64]
Candidates = Literal["seen", "all"] | Sequence[str]


class Retriever(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """What both retrievers share: labels to vectors before the fit, vectors to candidates after it.

    A subclass fits in :meth:`_learn` and decodes in :meth:`_decoded`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_candidates,)
        Candidates of `predict`, in the order of the columns of `decision_function`.
    space_ : Embeddings
        Vectors as they are read: in the geometry of the decoder.
    """

    space: Embeddings | None
    candidates: Candidates
    _spare_features = 0  # of the vectors of classes, beside one per class

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, groups: Sequence[Hashable] | None = None) -> Self:
        """Learn to decode.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_voxels) or (n_trials, n_channels, n_times)
        y : array-like of shape (n_trials,)
            What was shown: a class, or an id of the space.
        groups : sequence of n_trials labels, optional
            What may not lie on both sides of a split *inside* the training data (for a penalty, or the
            checkpoint): blocks, runs, concepts. Left out, it is what was shown, where there is a space: the
            inner question is then about unseen things, too. Without a space, or with fewer than ten things,
            each trial is alone. Ridge chooses its penalty in ten folds, and keeps no fewer groups together.

        Returns
        -------
        self
        """
        responses, y = validate_data(self, X, y, dtype=np.float64, allow_nd=True)
        if self.space is None:  # with a space there may be as many things as trials
            check_classification_targets(y)
        classes, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"there is one class in y, {classes[0]!r}; a decoder needs two or more")
        labels = [str(one) for one in classes]
        space = _corners(labels, self._spare_features) if self.space is None else self.space
        shown = [labels[code] for code in codes]
        self.space_ = self._geometry(space, shown)
        self.classes_ = self._named(classes, space)
        self._rows()  # refuses candidates without a vector before anything is learnt
        self._n_features_out = space.values.shape[1]
        self._shape = responses.shape[1:]
        if groups is None:
            groups = _inner_groups(shown, classification=self.space is None)
        self._learn(responses, shown, list(groups))
        return self

    def transform(self, X: npt.ArrayLike) -> FloatArray:
        """Decode responses: (n_trials, ...) to (n_trials, n_features), in the geometry of ``space_``."""
        check_is_fitted(self)
        responses = validate_data(self, X, dtype=np.float64, allow_nd=True, reset=False)
        if responses.shape[1:] != self._shape:
            raise ValueError(f"responses have the shape {responses.shape[1:]}, training ones {self._shape}")
        return self._decoded(responses)

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Inner products of decoded vectors and candidates of length one.

        Returns
        -------
        ndarray of shape (n_trials, n_candidates), or (n_trials,) for two
            Within a trial they are in the order of cosines. Of two candidates, it is how far the second lies
            above the first, as scikit-learn has it.
        """
        among = self.transform(X) @ self._rows().T
        return among if among.shape[1] > 2 else among[:, 1] - among[:, 0]

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Name the most similar candidate of each trial: (n_trials,)."""
        among = self.transform(X) @ self._rows().T
        named: npt.NDArray[Any] = self.classes_[among.argmax(axis=1)]
        return named

    def _named(self, classes: npt.NDArray[Any], space: Embeddings) -> npt.NDArray[Any]:
        """Ids of the candidates."""
        if not isinstance(self.candidates, str):
            if len(self.candidates) < 2:
                raise ValueError(f"candidates name two ids or more, got {self.candidates!r}")
            return np.array(list(self.candidates))
        if self.candidates not in ("seen", "all"):
            raise ValueError(f"candidates are 'seen', 'all' or a list of ids, got {self.candidates!r}")
        return classes if self.candidates == "seen" else np.array(space.ids)

    def _rows(self) -> FloatArray:
        """Vectors of the candidates, of length one."""
        rows: FloatArray = self.space_.select(map(str, self.classes_)).normalised().values.astype(np.float64)
        return rows

    @abstractmethod
    def _geometry(self, space: Embeddings, shown: Sequence[str]) -> Embeddings:
        """Treat the space as this decoder reads it."""

    @abstractmethod
    def _learn(self, X: FloatArray, shown: Sequence[str], groups: Sequence[Hashable]) -> None:
        """Fit to checked responses."""

    @abstractmethod
    def _decoded(self, X: FloatArray) -> FloatArray:
        """Decode checked responses."""


class RidgeRetriever(Retriever):
    """Ridge from responses into an embedding space; without a space, ridge on indicators of the classes.

    Responses are standardised over training trials, and the penalty is chosen by cross-validation inside
    them. Vectors are read relative to their mean over what training showed
    (`companion.decoding.retrieval.relative_rows`).

    Parameters
    ----------
    space : Embeddings, optional
        Vectors of all that y may name; rows are found by id.
    candidates : {"seen", "all"} or sequence of str
        What `predict` chooses among: what training showed (classification), every id of the space, or the
        ids given (zero-shot).
    penalties : sequence of float
        Tried, in units of the mean squared length of a standardised response.

    Attributes
    ----------
    penalty_ : float
        The penalty chosen.

    See Also
    --------
    companion.training.ContrastiveRetriever : the same with a network trained by InfoNCE.
    companion.decoding.compare : several estimators side by side.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import cross_val_score
    >>> from companion.decoding import RidgeRetriever
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["face", "house"], 40)
    >>> X = rng.normal(size=(80, 5, 10)) + (y == "face")[:, None, None]  # trials, channels, samples
    >>> bool(cross_val_score(RidgeRetriever(), X, y, cv=4).mean() > 0.9)
    True
    """

    def __init__(
        self,
        space: Embeddings | None = None,
        *,
        candidates: Candidates = "seen",
        penalties: Sequence[float] = PENALTIES,
    ) -> None:
        self.space = space
        self.candidates = candidates
        self.penalties = penalties

    def _geometry(self, space: Embeddings, shown: Sequence[str]) -> Embeddings:
        return relative_rows(space, shown)

    def _learn(self, X: FloatArray, shown: Sequence[str], groups: Sequence[Hashable]) -> None:
        if len(set(groups)) < N_FOLDS:
            groups = range(len(shown))
        self._decoder = fit_ridge(X, shown, {"own": self.space_}, groups, penalties=self.penalties)
        self.penalty_ = self._decoder.penalties["own"]

    def _decoded(self, X: FloatArray) -> FloatArray:
        names = [str(row) for row in range(len(X))]
        return np.asarray(self._decoder.predict(X, names)["own"].values)


def _corners(labels: Sequence[str], n_spare: int) -> Embeddings:
    """One direction per class: the corners of a simplex."""
    return Embeddings(np.eye(len(labels), len(labels) + n_spare), tuple(labels), "classes")


def _inner_groups(shown: Sequence[str], *, classification: bool) -> Sequence[Hashable]:
    """Say what stays together inside the training data, where nobody else did."""
    alone = classification or len(set(shown)) < N_FOLDS
    return range(len(shown)) if alone else shown
