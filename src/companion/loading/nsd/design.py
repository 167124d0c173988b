"""Which image the Natural Scenes Dataset showed at each trial, from ``nsd_expdesign.mat``.

Images are numbered 0 to 72,999, as in ``nsd_stimuli.hdf5``; Matlab's file counts from 1. A stimulus id is
that number with five digits: ``nsd-00012``. The split is **by image, not by concept**: test images show the
same kinds of scenes as training images.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.loading.reading import foreign_reader, one_of, present
from companion.recording import Split

N_IMAGES = 73_000
N_SESSIONS = 40
DESIGN_FILE = "nsd_expdesign.mat"

_KEYS = ("masterordering", "subjectim", "sharedix")
_MOST_NUMBERS = 10**7  # ten times what the official file has
_ID = re.compile(r"nsd-(\d{5})")


def stimulus_id(image: int) -> str:
    """Id of an image number counted from 0.

    Examples
    --------
    >>> stimulus_id(12)
    'nsd-00012'
    """
    return f"nsd-{image:05d}"


def image_number(stimulus: str) -> int:
    """Find the number of an image, counted from 0.

    Raises
    ------
    DataError
        If the text is no id of an NSD image.

    Examples
    --------
    >>> image_number("nsd-00012")
    12
    """
    match = _ID.fullmatch(stimulus) if isinstance(stimulus, str) else None
    if match is None or int(match[1]) >= N_IMAGES:
        raise DataError(
            "Not the id of an NSD image", expected=f"nsd-00000 to nsd-{N_IMAGES - 1}", got=repr(stimulus)
        )
    return int(match[1])


@dataclass(frozen=True, eq=False)
class Design:
    """Images that one subject was to see over 40 sessions; who stopped earlier saw the first of them.

    Parameters
    ----------
    images : ndarray of shape (n_trials,)
        Image numbers counted from 0.
    shared : ndarray of bool, shape (n_trials,)
        Whether the image is one that every subject saw. These are the test images.
    simulated : bool
        Whether the file carried the marker of simulated data.
    """

    images: npt.NDArray[np.int64]
    shared: npt.NDArray[np.bool_]
    simulated: bool

    @property
    def session_length(self) -> int:
        """Trials of one session; 750 in the official design."""
        return len(self.images) // N_SESSIONS

    def in_split(self, split: Split) -> npt.NDArray[np.bool_]:
        """Trials of a split: shared images are test images, all others training images."""
        return self.shared if split == "test" else ~self.shared


def read_design(path: Path, subject: int) -> Design:
    """Read the images of one subject, trial by trial.

    Parameters
    ----------
    path : Path
        ``nsd_expdesign.mat``: ``masterordering`` (1 x 30,000; positions 1 to 10,000, the same for all
        subjects), ``subjectim`` (8 x 10,000; image numbers 1 to 73,000 at those positions) and ``sharedix``
        (1 x 1,000; the shared images, which take the first 1,000 positions).
    subject : int
        1 to 8.

    Raises
    ------
    DataError
        If the file is damaged or lacks a variable, if a number is out of range, if a subject's image has two
        positions, or if the first positions are not those of the shared images: then images of the
        test split would be trained on.

    References
    ----------
    Allen et al. (2022), Nature Neuroscience 25, 116-126.
    """
    content = _read_matlab(path)
    order, shared = (content[key].ravel() for key in ("masterordering", "sharedix"))
    table = np.atleast_2d(content["subjectim"])
    one_of(subject, range(1, len(table) + 1), what="Unknown subject", where=path)
    mine = table[subject - 1]
    _check_range(order, len(mine), f"{path.name}, key 'masterordering'")
    _check_range(mine, N_IMAGES, f"{path.name}, key 'subjectim', subject {subject}")
    _check_positions(mine, shared, f"{path.name}, subject {subject}")
    if not len(order) or len(order) % N_SESSIONS:
        raise DataError(
            "The trials do not make 40 sessions of one length",
            where=f"{path.name}, key 'masterordering'",
            expected=f"a multiple of {N_SESSIONS}; 30000 in the official design",
            got=len(order),
        )
    positions = order.astype(np.int64) - 1
    return Design(mine.astype(np.int64)[positions] - 1, positions < len(shared), "simulated" in content)


def _read_matlab(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat, whosmat

    with foreign_reader(
        "A file cannot be read as Matlab data", where=present(path), do="fetch the file again"
    ):
        shapes = {
            name: shape for name, shape, _ in whosmat(path)
        }  # read before anything of that size is made
        small = {key: prod(shapes.get(key, ())) <= _MOST_NUMBERS for key in (*_KEYS, "simulated")}
        content: dict[str, Any] = loadmat(path, variable_names=[key for key in small if small[key]])
    for key in _KEYS:
        found = content.get(key)
        if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub" or found.ndim > 2:
            raise DataError(
                "The design lacks a variable",
                where=f"{path}, key {key!r}",
                expected=f"a matrix of at most {_MOST_NUMBERS} numbers",
                got=f"{type(found).__name__} of shape {shapes.get(key)}",
            )
    return content


def _check_range(numbers: npt.NDArray[Any], largest: int, where: str) -> None:
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
    if not (whole & (numbers >= 1) & (numbers <= largest)).all():
        bad = numbers[~(whole & (numbers >= 1) & (numbers <= largest))]
        raise DataError(
            "A number of the design is out of range",
            where=where,
            expected=f"whole numbers from 1 to {largest}",
            got=f"{bad[0]} and {len(bad) - 1} more" if len(bad) > 1 else bad[0],
        )


def _check_positions(mine: npt.NDArray[Any], shared: npt.NDArray[Any], where: str) -> None:
    """Each image has one position, and the first positions are those of the shared images."""
    values, counts = np.unique(mine, return_counts=True)
    if (counts > 1).any():
        raise DataError(
            "An image has two positions in the order of a subject",
            where=f"{where}, key 'subjectim'",
            expected="each image once",
            got=f"image {values[counts > 1][0]} (counted from 1)",
        )
    n_shared = len(shared)
    if not 0 < n_shared < len(mine):
        raise DataError(
            "A split would have no images",
            where=f"{where}, keys 'sharedix' and 'subjectim'",
            expected=f"shared images, fewer than the {len(mine)} of a subject",
            got=n_shared,
        )
    strangers = np.setxor1d(mine[:n_shared], shared)
    if len(strangers):
        raise DataError(
            "Shared images, which are for testing, do not take the first positions",
            where=f"{where}, keys 'sharedix' and 'subjectim'",
            expected=f"the {n_shared} images of 'sharedix' in the first {n_shared} columns of 'subjectim'",
            got=f"{len(strangers)} images that are in one of the two only, such as {strangers[0]}",
        )
