"""Bend a frozen space towards human judgements in closed form, without training the model behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.checks import finite, number, whole
from companion.embeddings import Embeddings, FloatArray
from companion.errors import DataError
from companion.system.arrays import read_npz

ALPHAS: tuple[float, ...] = tuple(float(alpha) for alpha in np.logspace(-3, 3, 13))
"""Ridge penalties to choose from: 0.001 to 1,000 in half decades."""


@dataclass(frozen=True, eq=False)
class GLocalTransform:
    """The published gLocal map of a space: ``y = ((x - mean) / std) @ weights + bias``.

    Warning: the map was fitted to odd-one-out choices about the 1,854 THINGS concepts. Its agreement with
    human judgements of these concepts is in-sample.

    Parameters
    ----------
    weights : ndarray of shape (n_features, n_new_features)
    mean, std : float
        One number each for all features, as published.
    bias : ndarray of shape (n_new_features,), optional

    References
    ----------
    Muttenthaler et al. (2023), NeurIPS 36: Improving neural network representations using human similarity
    judgments.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import GLocalTransform
    >>> space = Embeddings(np.array([[1.0, 3.0], [3.0, 1.0]]), ("cat", "key"), "toy")
    >>> bend = GLocalTransform(weights=np.array([[2.0, 0.0], [0.0, 1.0]]), mean=2.0, std=1.0)
    >>> bend.transform(space).values
    array([[-2.,  1.],
           [ 2., -1.]])
    """

    weights: FloatArray
    mean: float
    std: float
    bias: FloatArray | None = None

    def __post_init__(self) -> None:
        n_new = finite("weights of the transform", self.weights, ndim=2).shape[1]
        number("mean", self.mean)
        number("std", self.std, above=0)
        if self.bias is not None and finite("bias of the transform", self.bias, ndim=1).shape != (n_new,):
            raise DataError("Weights and bias do not fit", expected=(n_new,), got=self.bias.shape)

    @classmethod
    def from_npz(cls, path: Path) -> GLocalTransform:
        """Read a ``transform.npz`` as published (keys ``weights``, ``mean``, ``std`` and maybe ``bias``).

        Raises
        ------
        MissingDataError
            If there is no such file.
        DataError
            If it is none, or a key is missing.
        """
        found = read_npz(path, ["weights", "mean", "std"], also=["bias"])
        try:
            numbers = {name: array.astype(np.float64) for name, array in found.items()}
            mean, std = (numbers[name].item() for name in ("mean", "std"))
            return cls(numbers["weights"], mean, std, numbers.get("bias"))
        except (DataError, ValueError) as error:
            raise DataError(
                "Not a gLocal transform",
                where=path,
                expected="weights, mean, std, and maybe bias: numbers, two of them single",
                got=error,
                do="fetch the file again",
            ) from error

    def transform(self, space: Embeddings) -> Embeddings:
        """Apply the map to every vector.

        Raises
        ------
        DataError
            If the vectors have another length than the map expects.
        """
        if space.values.shape[1] != len(self.weights):
            raise DataError(
                "The transform was made for another space",
                where=repr(space),
                expected=f"{len(self.weights)} features",
                got=f"{space.values.shape[1]} features",
            )
        bent = (space.values - self.mean) / self.std @ self.weights
        if self.bias is not None:
            bent = bent + self.bias
        return space.with_values(bent, aligned_by="gLocal")


class RidgeAlignment:
    """Ridge regression from a space to human dimensions: ``y = y_mean + (x - x_mean) @ weights``.

    Both means come from the rows given to :meth:`fit`. One penalty serves all dimensions, chosen inside these
    rows by leaving out one at a time; scikit-learn does this in closed form, so no inner random split exists.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from.

    Attributes
    ----------
    alpha_ : float
        The penalty chosen.
    weights_ : ndarray of shape (n_features, n_dimensions)

    Examples
    --------
    Human dimensions that are a linear function of the features are found again, also for a stimulus left out.

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import RidgeAlignment
    >>> features = np.random.default_rng(0).normal(size=(20, 3))
    >>> ids = tuple(f"object {n}" for n in range(20))
    >>> space = Embeddings(features, ids, "toy")
    >>> human = Embeddings(features @ [[1.0, 0.0], [0.0, 3.0], [-2.0, 0.0]], ids, "judges")
    >>> ridge = RidgeAlignment().fit(space.select(ids[1:]), human)
    >>> np.round(ridge.transform(space).values[0] - human.values[0], 2) + 0.0
    array([0., 0.])
    """

    def __init__(self, alphas: Sequence[float] = ALPHAS) -> None:
        self.alphas = alphas

    def fit(self, space: Embeddings, human: Embeddings) -> RidgeAlignment:
        """Learn the map from stimuli that both sets name; they are joined by id.

        Parameters
        ----------
        space : Embeddings of shape (n_stimuli, n_features)
        human : Embeddings of shape (n_human, n_dimensions)
            Holds every id of ``space``.
        """
        from sklearn.linear_model import RidgeCV

        tried = finite("alphas", self.alphas, ndim=1)
        if tried.min() <= 0 or len(space) < 2:
            raise DataError(
                "Nothing to fit",
                expected="alphas above zero and two stimuli or more",
                got=(self.alphas, len(space)),
            )
        targets = human.select(space.ids)
        model = RidgeCV(alphas=self.alphas).fit(space.values, targets.values)
        self.alpha_ = float(model.alpha_)
        self.weights_: FloatArray = np.atleast_2d(model.coef_).T  # of one dimension it gives a vector
        self._offset: FloatArray = model.intercept_
        self._target_space = human.space
        return self

    def transform(self, space: Embeddings) -> Embeddings:
        """Predict the human dimensions of each vector.

        Returns
        -------
        Embeddings of shape (n_stimuli, n_dimensions)
        """
        return space.with_values(
            space.values @ self.weights_ + self._offset, aligned_by=f"ridge to {self._target_space}"
        )


def cross_validated_alignment(
    space: Embeddings,
    human: Embeddings,
    *,
    n_folds: int = 10,
    seed: int = 0,
    shuffle_targets_seed: int | None = None,
) -> Embeddings:
    """Human dimensions of each stimulus, predicted from a ridge map that never saw that stimulus.

    Warning: rows must differ in concept. With several images of one concept, a left-out image would be
    predicted from its siblings.

    Parameters
    ----------
    space : Embeddings of shape (n_stimuli, n_features)
    human : Embeddings of shape (n_human, n_dimensions)
        Holds every id of ``space``.
    n_folds : int
        Parts into which the stimuli are split at random.
    seed : int
        Seed of that split.
    shuffle_targets_seed : int, optional
        Control: within each training part, hand the human rows to the wrong stimuli, drawn with this seed.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_dimensions)
        Rows in the order of ``space``.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import cross_validated_alignment
    >>> features = np.random.default_rng(0).normal(size=(40, 3))
    >>> ids = tuple(f"object {n}" for n in range(40))
    >>> space = Embeddings(features, ids, "toy")
    >>> human = Embeddings(features @ [[1.0, 0.0], [0.0, 3.0], [-2.0, 0.0]], ids, "judges")
    >>> for shuffled in (None, 0):
    ...     found = cross_validated_alignment(space, human, n_folds=4, shuffle_targets_seed=shuffled)
    ...     r = np.corrcoef(found.values[:, 0], human.values[:, 0])[0, 1]
    ...     print(f"{found.aligned_by}: correlation {'above' if r > 0.99 else 'below'} 0.99")
    ridge, stimuli left out: correlation above 0.99
    ridge, shuffled targets: correlation below 0.99
    """
    from sklearn.model_selection import KFold

    whole("n_folds", n_folds, least=2, most=len(space))
    if len(space) < 3:
        raise DataError("Each fold leaves two stimuli to fit", expected="three or more", got=len(space))
    targets = human.select(space.ids)
    ids = np.array(space.ids)
    rng = None if shuffle_targets_seed is None else np.random.default_rng(shuffle_targets_seed)
    predicted = np.empty(targets.values.shape)
    for train, left_out in KFold(n_folds, shuffle=True, random_state=seed).split(ids):
        known = targets.select(ids[train])
        if rng is not None:
            known = known.with_values(rng.permutation(known.values), aligned_by="shuffled rows")
        ridge = RidgeAlignment().fit(space.select(ids[train]), known)
        predicted[left_out] = ridge.transform(space.select(ids[left_out])).values
    kind = "ridge, stimuli left out" if rng is None else "ridge, shuffled targets"
    return space.with_values(predicted, space=human.space, aligned_by=kind)
