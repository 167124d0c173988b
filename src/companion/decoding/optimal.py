"""Oracle lines of one simulated person: :mod:`companion.decoding.oracle`, handed recordings and spaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.decoding.observer import make_observer, repetition_covariance
from companion.decoding.oracle import OracleRanks, oracle_ranks
from companion.decoding.retrieval import centred_rows
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording

MOST_VALUES = 4000
"""Most values of a response whose covariance is still decomposed within seconds."""


def coarse(recording: Recording, most_values: int = MOST_VALUES) -> Recording:
    """Average neighbouring samples until a response has few enough values for linear algebra.

    Parameters
    ----------
    recording : Recording of shape (n_trials, n_units, n_times) or (n_trials, n_units)
    most_values : int
        Of a response: units times samples.

    Returns
    -------
    Recording of shape (n_trials, n_units, n_fewer_times)
        The recording itself where it is small enough or has no time axis. Samples at the end that fill no
        average are left out.
    """
    if recording.times is None or (step := _step(recording, most_values)) == 1:
        return recording
    times = _averaged(recording.times, step)
    responses = _averaged(recording.responses, step).astype(np.float32)
    return replace(recording, responses=responses, times=times)


def optimal_ranks(
    expected: Recording,
    trials: Recording,
    spaces: Mapping[str, Embeddings],
    *,
    own_view: npt.ArrayLike = (),
) -> dict[str, OracleRanks]:
    """Ranks that optimal decoders give one simulated person, for each space.

    Parameters
    ----------
    expected : Recording
        Noise-free responses to the test pictures and to many others, from
        :func:`companion.loading.truth.read_expected`. The regression of responses on vectors is taken over
        the others.
    trials : Recording
        Single repetitions of the test pictures, in the same units. Means over repetitions are decoded.
    spaces : mapping of str to Embeddings
        Hold all these pictures. Vectors are centred over features and brought to length 1, as decoders treat
        them.
    own_view : array-like of shape (n_loadings, n_units, ...), optional
        From :func:`companion.loading.truth.read_own_view`: noise that repetitions do not average out.

    Returns
    -------
    dict of str to OracleRanks
        By name of the space. Of large responses neighbouring samples are averaged first (:func:`coarse`);
        that can only lower the lines.

    Raises
    ------
    DataError
        If the two recordings are not of the same units and samples.
    """
    if expected.responses.shape[1:] != trials.responses.shape[1:]:
        raise DataError(
            "Expected and measured responses differ in units or samples",
            where=repr(expected),
            expected=trials.responses.shape[1:],
            got=expected.responses.shape[1:],
        )
    step = _step(trials, MOST_VALUES)
    tested, noise = _noise(trials, own_view, step)
    known = set(tested.stimuli)
    others = expected.select_trials([name not in known for name in expected.stimuli])
    gallery = expected.for_stimuli(tested.stimuli)
    population = _averaged(others.responses, step)
    observer = make_observer(population, noise)
    return {
        name: oracle_ranks(
            observer,
            _averaged(tested.responses, step),
            np.arange(len(tested)),
            expected_gallery=_averaged(gallery.responses, step),
            vectors_gallery=vectors.select(tested.stimuli).values,
            expected_population=population,
            vectors_population=vectors.select(others.stimuli).values,
        )
        for name, vectors in ((name, centred_rows(space)) for name, space in spaces.items())
    }


def _noise(
    trials: Recording, own_view: npt.ArrayLike, step: int
) -> tuple[Recording, npt.NDArray[np.float64]]:
    """Means over repetitions, and the covariance of what they still hold besides the expected response."""
    tested = trials.averaged()
    repetitions = float(tested.trials["n_repetitions"].mean())
    covariance = repetition_covariance(_averaged(trials.responses, step), trials.stimuli) / repetitions
    own = np.asarray(own_view, dtype=np.float64)
    if own.size:
        loadings = _averaged(own, step).reshape(len(own), -1)
        covariance = covariance + loadings.T @ loadings
    return tested, covariance


def _step(recording: Recording, most_values: int) -> int:
    """Neighbouring samples to be averaged."""
    if recording.times is None:
        return 1
    n_units, n_times = len(recording.units), len(recording.times)
    return -(-n_times // max(1, most_values // n_units))


def _averaged(values: npt.NDArray[np.floating[Any]], step: int) -> npt.NDArray[np.float64]:
    """Means of ``step`` neighbours along the last axis."""
    whole = values[..., : values.shape[-1] // step * step]
    parts = whole.reshape(*whole.shape[:-1], -1, step)
    means: npt.NDArray[np.float64] = parts.mean(axis=-1, dtype=np.float64)
    return means
