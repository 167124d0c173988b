"""How rows are standardised, and turned to their principal components, by what training rows say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from companion.checks import divisor, finite

FloatArray = npt.NDArray[np.float64]


class Scaling(NamedTuple):
    """What training rows say about how others are standardised and turned.

    Parameters
    ----------
    mean, deviation : ndarray of shape (n_features,)
    axes : ndarray of shape (n_kept, n_features)
        Principal components of standardised rows; the identity where all is kept.
    """

    mean: FloatArray
    deviation: FloatArray
    axes: FloatArray

    def __call__(self, values: npt.ArrayLike) -> FloatArray:
        """Standardise rows of shape (n, n_features) to (n, n_kept)."""
        spread = divisor(self.deviation, self.mean)
        scaled: FloatArray = ((np.asarray(values, dtype=np.float64) - self.mean) / spread) @ self.axes.T
        return scaled


def scaling_of(rows: npt.ArrayLike, *, kept: float | None = None) -> Scaling:
    """Learn a scaling from training rows.

    Parameters
    ----------
    rows : ndarray of shape (..., n_features)
        Training rows alone.
    kept : float, optional
        Share of the variance of standardised rows that principal components keep; without it rows are not
        turned.

    Returns
    -------
    Scaling
        Deviations have ddof 1.
    """
    from sklearn.decomposition import PCA

    values = np.asarray(finite("rows to scale", rows, least=2), dtype=np.float64)
    values = values.reshape(-1, values.shape[-1])
    plain = Scaling(values.mean(axis=0), values.std(axis=0, ddof=1), np.eye(values.shape[1]))
    if kept is None:
        return plain
    components = PCA(kept, svd_solver="full").fit(plain(values)).components_
    return plain._replace(axes=np.asarray(components, dtype=np.float64))
