"""A coarse map between sensors on the flat head, as weights of what they measure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from companion.figures.heads import OUTLINE

FloatArray = npt.NDArray[np.floating[Any]]

N_CELLS = 44
"""Cells along each side of the map."""

_MARGIN = 0.9  # of the distance between neighbours: how far the map goes beyond the outermost sensors


def map_cells(flat: FloatArray) -> FloatArray:
    """Middles of the square cells of a map: within the sensors' outline, and a little beyond.

    Parameters
    ----------
    flat : ndarray of shape (n_sensors, 2)

    Returns
    -------
    ndarray of shape (n_cells, 2)
    """
    from scipy.spatial import Delaunay, KDTree

    side = (np.arange(N_CELLS) + 0.5) / N_CELLS * 2 - 1
    grid = OUTLINE * np.stack(np.meshgrid(side, side[::-1]), axis=-1).reshape(-1, 2)
    tree = KDTree(flat)
    between = float(np.mean(tree.query(flat, k=2)[0][:, 1]))
    near = tree.query(grid)[0] <= _MARGIN * between
    inside = Delaunay(flat).find_simplex(grid) >= 0
    return np.asarray(grid[(near | inside) & (np.linalg.norm(grid, axis=1) <= OUTLINE)])


def spline_weights(flat: FloatArray, cells: FloatArray) -> FloatArray:
    """Thin-plate spline through sensors, as weights of their values in each cell.

    Parameters
    ----------
    flat : ndarray of shape (n_sensors, 2)
    cells : ndarray of shape (n_cells, 2)

    Returns
    -------
    ndarray of shape (n_cells, n_sensors)
        Rows sum to 1.
    """
    from scipy.interpolate import RBFInterpolator

    return np.asarray(RBFInterpolator(flat, np.eye(len(flat)), kernel="thin_plate_spline")(cells))
