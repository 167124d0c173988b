"""What nobody can know of a real recording, beside the recording: codes of pictures, and maps from them.

Read by :mod:`companion.loading.truth`. Maps, not responses, are kept, so that the files are small and any
picture of the world can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from companion.loading.truth import CODES_FILE, expected_file
from companion.recording import Split
from companion.simulation.codes import STAGES, Codes, FloatArray
from companion.simulation.writers.whole_file import whole_file


def write_codes(folder: Path, codes: Codes) -> Path:
    """Write what brains read of each picture, stage after stage: ``ids`` and ``codes``, marked."""
    return _write(
        folder / CODES_FILE,
        ids=np.array(codes.ids),
        codes=np.hstack([codes.stages[stage] for stage in STAGES]).astype(np.float32),
    )


def write_expected(
    folder: Path,
    subject: str,
    forward: FloatArray,
    own_view: FloatArray | None = None,
    *,
    split: Split = "train",
    times: FloatArray | None = None,
) -> Path:
    """Write how a person's brain answers, marked.

    Parameters
    ----------
    folder : Path
        Of the recording.
    subject : str
        As the loader names the person.
    forward : ndarray of shape (1 + n_dimensions, ...)
        From `forward_map`, in the loader's units but for a gain.
    own_view : ndarray of shape (n_loadings, ...), optional
        Loadings of what repeats but follows from no code.
    split : {"train", "test", "imagery"}
        What is answered: what is seen, in training and test alike, or what is imagined.
    times : ndarray of shape (n_times,), optional
        Seconds of the file's samples, where the loader may average them in bins.
    """
    sampled = {} if times is None else {"times": times}
    loadings = np.empty((0, *forward.shape[1:])) if own_view is None else own_view
    return _write(
        folder / expected_file(subject, split),
        forward=forward.astype(np.float32),
        own_view=loadings.astype(np.float32),
        **sampled,
    )


def forward_map(expected: Callable[[Codes], FloatArray], codes: Codes) -> FloatArray:
    """Find the matrix of a forward model by showing it unit vectors.

    Parameters
    ----------
    expected : callable
        Noise-free responses to codes: an affine function.
    codes : Codes
        For its numbers of dimensions only.

    Returns
    -------
    ndarray of shape (1 + n_dimensions, ...)
        The answer to a code of zeros, then what a unit of each dimension adds, stage after stage.
    """
    widths = [codes.stages[stage].shape[1] for stage in STAGES]
    units = np.vstack([np.zeros(sum(widths)), np.eye(sum(widths))])
    parts = np.split(units, np.cumsum(widths)[:-1], axis=1)
    answers = expected(Codes(tuple(map(str, range(len(units)))), dict(zip(STAGES, parts, strict=True))))
    answers[1:] -= answers[0]
    return answers


def _write(path: Path, **arrays: np.ndarray) -> Path:
    with whole_file(path) as stream:
        np.savez(stream, allow_pickle=False, simulated=np.array(True), **arrays)
    return path
