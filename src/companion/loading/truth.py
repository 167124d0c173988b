"""What nobody can know of a real recording: how a simulated brain answers a picture without noise.

The miniature world lays two kinds of files beside its recordings. ``codes.npz`` holds what brains read of
every picture, once for a recording; ``expected_<subject>.npz`` holds the linear map from there to a person's
responses to what is seen, and ``expected_<subject>_imagery.npz`` to what is imagined. No official folder has
any of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError, MissingDataError
from companion.loading.god.stimuli import read_god_stimuli
from companion.loading.god.time_bins import WINDOW, Reduction
from companion.recording import Recording, Split
from companion.system.arrays import Array, read_npz

CODES_FILE = "codes.npz"
FloatArray = npt.NDArray[np.float64]
_FOLDER_NUMBER = re.compile(r"^\d{5}_(?=.*/)")
"""Folders of THINGS-EEG2 are numbered; the picture is that of the folder without the number."""
_ANEW = "make this part of the world anew if it is simulated; of people they cannot be had"
_IN_UNITS = {"NSD", "GOD", "GOD-MEG"}
"""Data sets whose loaders leave responses in the units of the files."""


def expected_file(subject: str, split: Split = "train") -> str:
    """Name of the file of a person, who is named as in the person's recordings.

    Examples
    --------
    >>> expected_file("sub-01")
    'expected_sub-01.npz'
    >>> expected_file("Subject1", "imagery")
    'expected_Subject1_imagery.npz'
    """
    return f"expected_{subject}{'_imagery' if split == 'imagery' else ''}.npz"


def read_expected(folder: Path, stimuli: Sequence[str], *, loaded: Recording) -> Recording:
    """Responses of a simulated person to pictures, without noise and without neighbours in time.

    They come in the units of the loader. A loader that divides by a spread (EEG by the length of the signal,
    THINGS-MEG by the baseline in the file, ECoG by the session's baseline run) acts on the response like a
    gain of the channel, which is **fitted**: by least squares, over pictures and samples, of the loaded
    responses on the expected ones. Voxels and GOD-MEG are loaded in the units of their files and get no gain.
    The mean over pictures is that of ``loaded``, since it holds what every picture's neighbours add.

    Of ECoG the expected gain of high gamma is known: the logarithm of power grows with it in proportion,
    power itself nearly so, for gains are small.

    Parameters
    ----------
    folder : Path
        Of the recording.
    stimuli : sequence of str
        Ids of pictures of the same world, which need not have been shown to this person. In imagery the id of
        a test category stands for its test image.
    loaded : Recording
        Training responses of the person, as the loader gives them (with its normalisation): neither cropped
        nor scaled, and with all voxels. Repetitions may be averaged, and GOD-MEG may be averaged in bins of
        time. Imagery, for what would be expected if the pictures were imagined.

    Returns
    -------
    Recording of shape (n_stimuli, n_units) or (n_stimuli, n_units, n_times)
        Simulated; labels of units and times are those of ``loaded``. What is done to the recording afterwards
        can be done to it.

    Raises
    ------
    MissingDataError
        If the files are not there, as in every official folder.
    DataError
        If the map does not fit the recording, or a picture has no code.
    """
    path = folder / expected_file(loaded.subject, loaded.split)
    forward = _forward(_arrays(path, "forward", also=("times",)), loaded, path)
    if forward.shape[1:] != loaded.responses.shape[1:]:
        raise DataError(
            "The map to expected responses does not fit the recording",
            where=path,
            expected=f"units and samples {forward.shape[1:]}",
            got=loaded.responses.shape[1:],
            do="hand over the recording as the loader gives it; select afterwards",
        )
    shown, wanted = (_codes(folder, _pictures(folder, ids, loaded)) for ids in (loaded.stimuli, stimuli))
    centre = shown.mean(axis=0)
    slope = forward[1:]
    if len(slope) != len(centre):
        raise _other_shape(
            f"{path}, forward", f"1 + {len(centre)} rows, as {CODES_FILE} has it", len(forward)
        )
    mean = loaded.responses.mean(axis=0, dtype=np.float64)
    if loaded.dataset not in _IN_UNITS:
        gain = _gain(shown - centre, slope, loaded)
        slope = slope * gain.reshape(-1, *[1] * (slope.ndim - 2))
    responses = mean + np.tensordot(wanted - centre, slope, axes=1)
    return Recording(
        responses.astype(np.float32),
        pd.DataFrame({"stimulus": list(stimuli)}),
        loaded.units,
        subject=loaded.subject,
        dataset=loaded.dataset,
        modality=loaded.modality,
        split=loaded.split,
        times=loaded.times,
        simulated=True,
    )


def read_own_view(folder: Path, subject: str, split: Split = "train") -> FloatArray:
    """Read the loadings of what repeats in a person's responses but follows from no code.

    Parameters
    ----------
    folder, subject, split
        As in the recordings.

    Returns
    -------
    ndarray of shape (n_loadings, n_units, ...)
        ``N(0, 1)`` times these is that part; ``loadings.T @ loadings`` its covariance, which repetitions do
        not average out. No rows where there is no such part (EEG, MEG, ECoG).

    Raises
    ------
    MissingDataError
        If the file is not there.
    """
    path = folder / expected_file(subject, split)
    return _numbers(_arrays(path, "own_view")["own_view"], f"{path}, own_view", least=2)


def coded_stimuli(folder: Path) -> list[str]:
    """Ids of all pictures that have a code in the world of a recording; in THINGS as ``dovel/dovel_01b``."""
    return _coded(folder)[0]


def _forward(arrays: Mapping[str, Array], loaded: Recording, path: Path) -> FloatArray:
    """Map to responses, averaged in the bins of the recording where it has bins: (1 + n_dimensions, ...)."""
    forward = _numbers(arrays["forward"], f"{path}, forward", least=2)
    if "times" not in arrays or loaded.times is None:
        return forward
    width = WINDOW / len(loaded.times)
    centres = (np.arange(len(loaded.times)) + 0.5) * width
    if not np.allclose(loaded.times, centres, rtol=0, atol=1e-9):
        return forward
    # no baseline: an answer is zero until the onset
    times = _numbers(arrays["times"], f"{path}, times", least=1)
    if forward.shape[2:] != times.shape:
        raise _other_shape(f"{path}, times", forward.shape[2:], times.shape)
    return Reduction.of(times, width, None, where=path.name)(forward)


def _pictures(folder: Path, stimuli: Sequence[str], loaded: Recording) -> list[str]:
    """Pictures that stimuli stand for: of a category that was imagined, its test image."""
    if loaded.split != "imagery":
        return list(stimuli)
    listed = read_god_stimuli(folder).test
    image_of = dict(zip(listed["category"], listed["stimulus"], strict=True))
    return [image_of.get(name, name) for name in stimuli]


def _codes(folder: Path, stimuli: Sequence[str]) -> FloatArray:
    """Codes of pictures: (n_stimuli, n_dimensions)."""
    ids, codes = _coded(folder)
    row_of = {name: row for row, name in enumerate(ids)}
    names = [_FOLDER_NUMBER.sub("", name) for name in stimuli]
    if unknown := [name for name in names if name not in row_of]:
        raise DataError(
            "A picture has no code",
            where=folder / CODES_FILE,
            got=unknown[0],
            do="name pictures of this very world: coded_stimuli lists them",
        )
    chosen: FloatArray = codes[[row_of[name] for name in names]]
    return chosen


def _coded(folder: Path) -> tuple[list[str], FloatArray]:
    """Ids of all pictures that have a code, and their codes: (n_pictures, n_dimensions)."""
    path = folder / CODES_FILE
    arrays = _arrays(path, "ids", "codes")
    codes = _numbers(arrays["codes"], f"{path}, codes", least=2)
    if arrays["ids"].dtype.kind != "U" or arrays["ids"].shape != codes.shape[:1] or codes.ndim != 2:
        raise _other_shape(f"{path}, ids", "one name for each row of codes", arrays["ids"].shape)
    return [str(name) for name in arrays["ids"]], codes


def _gain(codes: FloatArray, slope: FloatArray, loaded: Recording) -> FloatArray:
    """Gain of each unit, one unit at a time: (n_units,)."""
    gain = np.empty(slope.shape[1])
    for unit in range(len(gain)):
        predicted = codes @ slope[:, unit]
        power = float(np.sum(predicted**2))
        gain[unit] = np.sum(predicted * loaded.responses[:, unit]) / power if power > 0 else 0.0
    return gain


def _arrays(path: Path, *names: str, also: Sequence[str] = ()) -> dict[str, Array]:
    if not path.is_file():
        raise MissingDataError(
            "Expected responses are known of the miniature world only",
            where=path,
            do=_ANEW,
        )
    return read_npz(path, names, also=also, do=_ANEW)


def _numbers(values: Array, where: str, *, least: int) -> FloatArray:
    """Finite numbers of at least so many dimensions."""
    if values.dtype.kind not in "iuf" or values.ndim < least or not np.isfinite(values).all():
        raise DataError(
            "An array of the miniature world is not what it should be",
            where=where,
            expected=f"finite numbers, {least} dimensions or more",
            got=f"{values.dtype} of shape {values.shape}",
            do=_ANEW,
        )
    return values.astype(np.float64)


def _other_shape(where: str, expected: object, got: object) -> DataError:
    return DataError(
        "An array of the miniature world has another shape", where=where, expected=expected, got=got, do=_ANEW
    )
