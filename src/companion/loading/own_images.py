"""Your own NIfTI images: a mask and the runs that it cuts, checked before nilearn reads them.

nilearn moves a mask to the grid of an image of another one, and puts zeros where a value is not finite. Both
would change what is decoded without a word, so both are refused here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.errors import DataError
from companion.loading.reading import foreign_reader, present
from companion.recording_checks import all_finite

if TYPE_CHECKING:
    import nibabel

_SECONDS = {"sec": 1.0, "unknown": 1.0, "msec": 1e-3, "usec": 1e-6}
MOST_UNPACKED = 1_100
"""How many times its bytes in the file an image may be; gzip packs 1,032 times at best."""


@dataclass(frozen=True)
class Run:
    """A series of volumes, with the seconds from one to the next."""

    image: Any
    repetition_time: float


def opened_mask(mask: Path | nibabel.Nifti1Image) -> Any:
    """Three-dimensional image of zeros and other numbers, some of each run's voxels.

    Raises
    ------
    DataError
        If it cannot be read, or holds no voxel.
    """
    where = _name(mask)
    image = _opened(mask)
    values = _values(image, where)
    if values.ndim != 3 or not all_finite(values) or not values.any():
        raise DataError(
            "A mask marks no voxel, or is no image of three dimensions",
            where=where,
            expected="finite numbers (x, y, z), some of them other than zero",
            got=f"{values.shape}, {np.count_nonzero(values)} marked",
            do="make the mask anew",
        )
    return image


def opened_run(path: Path, mask: Any) -> Run:
    """One run on the grid of a mask.

    Raises
    ------
    DataError
        If it cannot be read, is no series of volumes on that grid, or a marked voxel is not finite.
    """
    image = _opened(path)
    shape, grid = image.shape, mask.shape
    alike = np.allclose(image.affine, mask.affine, atol=1e-3)
    if len(shape) != 4 or 0 in shape or shape[:3] != grid or not alike:
        raise DataError(
            "A run does not lie on the grid of the mask, which is not moved to it",
            where=path,
            expected=f"{(*grid, 'n_volumes')} with the affine of the mask",
            got=f"{shape}, {'the same' if alike else 'another'} affine",
            do="bring mask and images to one grid, such as with nilearn.image.resample_to_img",
        )
    values = _values(image, path)[_values(mask, "mask") != 0]
    if not all_finite(values):
        voxel, volume = np.argwhere(~(np.abs(values) <= np.finfo(np.float32).max))[0]
        raise DataError(
            "A value is not a finite number",
            where=f"{path}, volume {volume}, voxel {voxel} of the mask",
            expected="finite numbers of single precision",
            got=values[voxel, volume],
            do="leave the voxel out of the mask, or the run out of the folder",
        )
    seconds = _SECONDS.get(image.header.get_xyzt_units()[1], math.nan) * float(image.header.get_zooms()[3])
    if not 0 < seconds < math.inf:
        raise DataError(
            "The header does not say how long a volume takes",
            where=path,
            expected="seconds above zero as the fourth of its zooms",
            got=f"{image.header.get_zooms()[3]} {image.header.get_xyzt_units()[1]}",
            do="write the repetition time into the header: image.header.set_zooms",
        )
    return Run(image, seconds)


def _opened(given: Any) -> Any:
    import nibabel

    if isinstance(given, nibabel.spatialimages.SpatialImage):
        return given
    path = present(Path(given))
    with foreign_reader("An image cannot be read", where=path, do="copy it again"):
        image: Any = nibabel.load(path)
        size = math.prod(image.shape) * image.get_data_dtype().itemsize
    if size > MOST_UNPACKED * path.stat().st_size:
        raise DataError(
            "An image declares values that are not in its file",
            where=path,
            expected=f"{MOST_UNPACKED * path.stat().st_size} bytes at most",
            got=f"{size} bytes, shape {image.shape}",
            do="copy it again",
        )
    return image


def _values(image: Any, where: object) -> Any:
    with foreign_reader("An image cannot be read to its end", where=where, do="copy it again"):
        return np.asarray(image.dataobj)


def _name(given: object) -> object:
    return given if isinstance(given, str | Path) else "mask"
