"""Dissimilarity matrices of the 92 object images: brains, judgements and models.

Each matrix is symmetric with a zero diagonal, over the same 92 images in the same order. The images
themselves are not public; what each shows is named in ``images92_concepts.csv``, which holds this project's
own labels: ``object_name`` says what is seen, ``things_concept`` is the THINGS concept of that name where
there is one. Faces and body parts are named by kind only.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.store import data_file
from companion.system.arrays import read_npz

N_IMAGES = 92
GROUPS: tuple[tuple[str, int], ...] = (
    ("human bodies", 12),
    ("human faces", 12),
    ("animal bodies", 12),
    ("animal faces", 12),
    ("natural things", 23),
    ("artificial things", 21),
)
"""Groups of images and their sizes, in the order of the images (Kriegeskorte et al. 2008)."""

Matrices = npt.NDArray[np.float64]


def concept_labels() -> pd.DataFrame:
    """Name what each image shows.

    Returns
    -------
    DataFrame of shape (92, 3), indexed 0 to 91
        ``object_name``; ``things_concept`` (empty for the 29 images without one); ``group``.
    """
    with resources.as_file(resources.files(__package__) / "images92_concepts.csv") as path:
        labels = pd.read_csv(path, index_col="index", dtype={"things_concept": str}, keep_default_na=False)
    labels["group"] = [name for name, size in GROUPS for _ in range(size)]
    return labels


def human_it() -> Matrices:
    """Human inferior temporal cortex, 4 people in 2 fMRI sessions: ndarray of shape (4, 2, 92, 92).

    References
    ----------
    Kriegeskorte et al. (2008), Neuron 60, 1126-1141; 1 - Pearson correlation of activity patterns.
    """
    return _matlab_matrices("92_brainRDMs.mat", "RDMs", (4, 2))[0]


def judgements() -> Matrices:
    """Similarity judgements of the images by 16 people: ndarray of shape (16, 92, 92).

    References
    ----------
    Mur et al. (2013), Frontiers in Psychology 4, 128; multi-arrangement task.
    """
    return _matlab_matrices("92_behavRDMs.mat", "rdms_behav_92", (16,))[0]


def model_matrices() -> dict[str, Matrices]:
    """Eight model matrices by name, each an ndarray of shape (92, 92).

    ``animacy`` and ``FaceBodyManmadeNatobj`` are 0 within and 1 between categories; the others come from
    measurements or image models, ``monkeyIT`` from neurons.
    """
    matrices, names = _matlab_matrices("92_modelRDMs.mat", "Models", (8,))
    return dict(zip(names, matrices, strict=True))


def second_laboratory(region: str) -> Matrices:
    """Early or inferior temporal cortex, 15 people of another laboratory: ndarray of shape (15, 92, 92).

    Parameters
    ----------
    region : {"EVC", "IT"}
        Early visual or inferior temporal cortex, measured with fMRI.

    References
    ----------
    Cichy, Pantazis & Oliva (2014), Nature Neuroscience 17, 455-462; 1 - Pearson correlation.
    """
    if region not in ("EVC", "IT"):
        raise ValueError(f"region is 'EVC' or 'IT', got {region!r}")
    path = data_file("images92-cichy", f"fmri_{region}_RDMs.npz")
    return _checked(read_npz(path, ["Net_RDM"])["Net_RDM"], (15,), path)


def _matlab_matrices(name: str, variable: str, shape: tuple[int, ...]) -> tuple[Matrices, list[str]]:
    from scipy.io import loadmat

    path = data_file("images92-kriegeskorte", name)
    content: dict[str, Any] = loadmat(path)
    if variable not in content:
        raise DataError("A Matlab file lacks its variable", where=path.name, expected=variable)
    cells = content[variable].ravel()
    stacked = np.stack([cell["RDM"] for cell in cells]).astype(np.float64)
    if len(cells) != np.prod(shape):
        raise DataError("Another number of matrices", where=path.name, expected=shape, got=len(cells))
    names = [str(cell["name"][0]) for cell in cells]
    return _checked(stacked.reshape(*shape, *stacked.shape[1:]), shape, path), names


def _checked(matrices: npt.NDArray[Any], shape: tuple[int, ...], path: Path) -> Matrices:
    """Matrices with rounding errors taken out, once they are what they should be."""
    if matrices.shape != (*shape, N_IMAGES, N_IMAGES):
        raise DataError(
            "Matrices of another shape",
            where=path.name,
            expected=(*shape, N_IMAGES, N_IMAGES),
            got=matrices.shape,
        )
    flipped = np.swapaxes(matrices, -1, -2)
    if not np.isfinite(matrices).all() or np.abs(matrices - flipped).max() > 1e-6:
        raise DataError("A dissimilarity matrix is finite and symmetric", where=path.name)
    if np.diagonal(matrices, axis1=-2, axis2=-1).any():
        raise DataError("An image has a dissimilarity with itself", where=path.name, expected="zero diagonal")
    return np.asarray((matrices + flipped) / 2, dtype=np.float64)
