"""Geometric controls of a space: other shapes of the same contents, made without any judge.

An aligned space may be easier to learn because it is more isotropic, not because judges knew something. These
spaces separate the two: :func:`rotated` changes the axes alone, :func:`whitened` makes all directions equally
wide, :func:`isotropy_matched` gives a base the widths of an aligned space. What they estimate comes from the
stimuli handed over as training ones.
"""

from __future__ import annotations

import numpy as np

from companion.embeddings import Embeddings, FloatArray
from companion.errors import DataError

RELATIVE_FLOOR = 1e-5
"""Directions narrower than this share of the widest are rounding of float32 features, and left out."""


def rotated(space: Embeddings, seed: int) -> Embeddings:
    """Turn a space at random, after each vector's own mean over features was subtracted.

    The human-aligned paper's code subtracts that mean from every target, which would undo a part of a turn of
    all axes. This one turns within the vectors whose mean is zero, so that every cosine after centring stays
    what it was, and an ideal learner's results too.

    Parameters
    ----------
    space : Embeddings of shape (n_stimuli, n_features)
    seed : int

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)
        Each vector has mean zero.

    Examples
    --------
    Cosines stay what they were, after the mean of each vector was subtracted.

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import pattern_similarity, rotated
    >>> space = Embeddings(np.array([[1.0, 2.0, 6.0], [4.0, 0.0, 2.0]]), ("cat", "key"), "toy")
    >>> turned = rotated(space, seed=0)
    >>> centred = space.values - space.values.mean(axis=1, keepdims=True)
    >>> [float(pattern_similarity(rows)[0, 1].round(3)) for rows in (centred, turned.values)]
    [-0.189, -0.189]
    """
    n_features = space.values.shape[1]
    if n_features < 2:
        raise ValueError(f"a space of one feature cannot be turned, got {space!r}")
    rng = np.random.default_rng(seed)
    # an orthonormal basis whose first vector is the constant one; the others span all vectors of mean zero
    start = np.column_stack([np.ones(n_features), np.eye(n_features)[:, 1:]])
    basis = np.linalg.qr(start)[0][:, 1:]
    triangle = np.linalg.qr(rng.normal(size=(n_features - 1, n_features - 1)))
    turn = triangle[0] * np.sign(np.diag(triangle[1]))  # uniform over all turns, Mezzadri (2007)
    centred = space.values - space.values.mean(axis=1, keepdims=True)
    return _named(space, centred @ basis @ turn @ basis.T, f"rotated ({seed})")


def whitened(space: Embeddings, fitted_on: Embeddings) -> Embeddings:
    """Make all directions of a space equally wide and uncorrelated, near the old axes (ZCA).

    Parameters
    ----------
    space : Embeddings of shape (n_stimuli, n_features)
    fitted_on : Embeddings of shape (n_training, n_features)
        Training stimuli in the same space; their mean and covariance are used and no others.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)
        On the training stimuli the mean is zero and the covariance the identity, in all directions that these
        stimuli span; what other stimuli have outside of these is lost.

    References
    ----------
    Kessy, Lewin and Strimmer (2018), The American Statistician 72, 309-314 (ZCA whitening).

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import whitened
    >>> mixing = np.array([[5.0, 1.0], [0.0, 0.1]])
    >>> values = np.random.default_rng(0).normal(size=(50, 2)) @ mixing
    >>> space = Embeddings(values, tuple(map(str, range(50))), "toy")
    >>> np.round(np.cov(whitened(space, fitted_on=space).values.T), 6) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    mean, axes, widths = _shape(space, fitted_on)
    return _named(space, (space.values - mean) @ axes / widths @ axes.T, "whitened")


def isotropy_matched(space: Embeddings, fitted_on: Embeddings, like: Embeddings) -> Embeddings:
    """Give a space the widths of another one along its own principal axes, and as strong a common mean.

    The widest direction becomes as wide as the other's widest, and so on. What the stimuli are ordered by
    along each direction stays the space's own. The mean vector keeps its direction and gets the other mean's
    length. So the spectrum is the other's, and its mean cosine nearly so.

    Parameters
    ----------
    space : Embeddings of shape (n_stimuli, n_features)
    fitted_on : Embeddings of shape (n_training, n_features)
        Training stimuli in the same space.
    like : Embeddings of shape (n_training, n_other_features)
        The space to be matched; holds the ids of ``fitted_on``.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)
        Directions for which the other space has no width are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import isotropy_matched
    >>> rng, ids = np.random.default_rng(0), tuple(map(str, range(50)))
    >>> base = Embeddings(rng.normal(size=(50, 2)) * [9.0, 1.0], ids, "base")
    >>> bent = Embeddings(rng.normal(size=(50, 2)) * [2.0, 1.5], ids, "bent")
    >>> matched = isotropy_matched(base, fitted_on=base, like=bent)
    >>> [np.linalg.svd(one.centred().values)[1].round(1).tolist() for one in (base, bent, matched)]
    [[59.0, 6.9], [14.3, 9.4], [14.3, 9.4]]
    """
    mean, axes, widths = _shape(space, fitted_on)
    other = like.select(fitted_on.ids)
    other_mean, _, other_widths = _shape(other, other)
    n = min(len(widths), len(other_widths))
    length = float(np.linalg.norm(mean))
    offset = mean * (np.linalg.norm(other_mean) / length) if length else mean
    stretch = other_widths[:n] / widths[:n]
    matched = (space.values - mean) @ axes[:, :n] * stretch @ axes[:, :n].T + offset
    return _named(space, matched, f"isotropy of {like.space}")


def _shape(space: Embeddings, fitted_on: Embeddings) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean (n_features,), principal axes (n_features, n) and standard deviations (n,), widest first."""
    if fitted_on.values.shape[1] != space.values.shape[1] or fitted_on.space != space.space:
        raise DataError(
            "A control is fitted on stimuli in the same space",
            where=repr(space),
            got=repr(fitted_on),
            do="hand over the training stimuli of this very space",
        )
    mean: FloatArray = fitted_on.values.mean(axis=0)
    _, singular, axes = np.linalg.svd(fitted_on.values - mean, full_matrices=False)
    kept = singular > RELATIVE_FLOOR * singular[0]
    if not kept.any():
        raise DataError("The training stimuli are all the same", where=repr(fitted_on))
    return mean, axes[kept].T, singular[kept] / np.sqrt(len(fitted_on) - 1)


def _named(space: Embeddings, values: FloatArray, control: str) -> Embeddings:
    return space.with_values(values, space=f"{space.space}, {control}", aligned_by=space.aligned_by)
