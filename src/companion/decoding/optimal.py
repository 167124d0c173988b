"""What optimal decoders read from a simulated person: :mod:`companion.decoding.oracle`, handed recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from companion.checks import finite
from companion.decoding.observer import Observer, make_observer, repetition_covariance
from companion.decoding.oracle import OracleRanks, decoded_vectors, oracle_ranks
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

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion import Recording
    >>> from companion.decoding.optimal import coarse
    >>> trials, units = pd.DataFrame({"stimulus": ["cat"]}), pd.DataFrame({"name": ["Oz", "Pz"]})
    >>> times = np.arange(6) / 10
    >>> signal = Recording(np.ones((1, 2, 6)), trials, units, "one", "toy", "EEG", "test", times)
    >>> coarse(signal, most_values=6).times.round(2).tolist()  # 2 units, 3 samples
    [0.05, 0.25, 0.45]
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
        ``companion.loading.truth.read_expected``. The regression of responses on vectors is taken over
        the others.
    trials : Recording
        Single repetitions of the test pictures, in the same units. Means over repetitions are decoded.
    spaces : mapping of str to Embeddings
        Hold all these pictures. Vectors are centred over features and brought to length 1, as decoders treat
        them.
    own_view : array-like of shape (n_loadings, n_units, ...), optional
        From ``companion.loading.truth.read_own_view``: noise that repetitions do not average out.

    Returns
    -------
    dict of str to OracleRanks
        By name of the space. Of large responses neighbouring samples are averaged first (``coarse`` there);
        that can only lower the lines.

    Raises
    ------
    DataError
        If the two recordings and the loadings are not of the same units and samples.

    Examples
    --------
    Ten voxels respond to five codes, of which a poorer space knows two; what they expect is known:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion import Embeddings, Recording
    >>> from companion.decoding import optimal_ranks
    >>> rng = np.random.default_rng(0)
    >>> names = [f"picture {row}" for row in range(120)]
    >>> codes, voxels = rng.normal(size=(120, 5)), pd.DataFrame({"name": list("abcdefghij")})
    >>> clean = codes @ rng.normal(size=(5, 10))
    >>> def record(values, shown):
    ...     trials = pd.DataFrame({"stimulus": shown})
    ...     return Recording(values, trials, voxels, "one", "toy", "fMRI", "test", simulated=True)
    >>> noisy = np.repeat(clean[-20:], 4, axis=0) + 3 * rng.normal(size=(80, 10))
    >>> trials = record(noisy, np.repeat(names[-20:], 4).tolist())
    >>> poor = np.hstack([codes[:, :2], rng.normal(size=(120, 3))])
    >>> spaces = {"all": Embeddings(codes, names, "all"), "two": Embeddings(poor, names, "two")}
    >>> found = optimal_ranks(record(clean, names), trials, spaces)
    >>> bool(found["all"].decoded_vector.mean() < found["two"].decoded_vector.mean())
    True
    """
    known = _prepare(expected, trials, own_view)
    gallery = expected.for_stimuli(known.tested.stimuli)
    return {
        name: oracle_ranks(
            known.observer,
            _averaged(known.tested.responses, known.step),
            np.arange(len(known.tested)),
            expected_gallery=_averaged(gallery.responses, known.step),
            vectors_gallery=vectors.select(known.tested.stimuli).values,
            expected_population=known.population,
            vectors_population=vectors.select(known.others.stimuli).values,
        )
        for name, vectors in ((name, centred_rows(space)) for name, space in spaces.items())
    }


def optimal_vectors(
    expected: Recording, trials: Recording, vectors: Embeddings, *, own_view: npt.ArrayLike = ()
) -> Embeddings:
    """Vectors that the optimal decoder reads from one simulated person's means over repetitions.

    The posterior mean of the vector, that is of all decoded vectors the one of least squared error
    (``companion.decoding.oracle.decoded_vectors``). It knows the person's forward model and the noise, so
    that it lacks nothing that more training trials would teach.

    Parameters
    ----------
    expected : Recording
        Noise-free responses to many pictures other than the tested ones, such as those of the training, from
        ``companion.loading.truth.read_expected``. Where it holds tested ones, they are left out. For
        imagery: as the pictures would be imagined.
    trials : Recording
        Single repetitions of what is decoded, in the same units, such as those of one region.
    vectors : Embeddings
        Of the pictures in ``expected``, and taken as they are: treat them as the decoder's targets that the
        result is compared with.
    own_view : array-like of shape (n_loadings, n_units, ...), optional
        From ``companion.loading.truth.read_own_view``, the columns of these units: noise that repetitions
        do not average out.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)
        Named by what was shown or imagined, in the order of first appearance.

    Raises
    ------
    DataError
        If recordings and loadings are not of the same units and samples, or a picture has no vector.

    Notes
    -----
    A posterior mean is drawn towards the mean vector, the more so the noisier the responses. Where vectors
    share a large mean, a correlation with raw candidates then tells how near a candidate lies to that mean,
    and decoders that shrink less may pass this one. Subtract the mean of the training vectors on both sides
    to compare what is decoded.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from companion import Embeddings, Recording
    >>> from companion.decoding import optimal_vectors
    >>> rng = np.random.default_rng(0)
    >>> names = [f"picture {row}" for row in range(50)]
    >>> space = Embeddings(rng.normal(size=(50, 2)), tuple(names), "toy")
    >>> clean, voxels = space.values @ rng.normal(size=(2, 6)), pd.DataFrame({"name": list("abcdef")})
    >>> def record(values, shown):
    ...     trials = pd.DataFrame({"stimulus": shown})
    ...     return Recording(values, trials, voxels, "one", "toy", "fMRI", "test", simulated=True)
    >>> noisy = np.repeat(clean[:5], 9, axis=0) + rng.normal(size=(45, 6))
    >>> trials = record(noisy, np.repeat(names[:5], 9).tolist())
    >>> decoded = optimal_vectors(record(clean, names), trials, space)
    >>> bool(np.corrcoef(decoded.values.ravel(), space.values[:5].ravel())[0, 1] > 0.9)
    True
    """
    known = _prepare(expected, trials, own_view)
    targets = vectors.select(known.others.stimuli)
    responses = _averaged(known.tested.responses, known.step)
    decoded = decoded_vectors(known.observer, responses, known.population, targets.values)
    return vectors.with_rows(decoded, known.tested.stimuli, simulated=True)


class _Known(NamedTuple):
    """What an optimal decoder of a person is given; responses averaged over ``step`` samples."""

    observer: Observer
    tested: Recording
    others: Recording
    population: npt.NDArray[np.float64]
    step: int


def _prepare(expected: Recording, trials: Recording, own_view: npt.ArrayLike) -> _Known:
    """Means over repetitions, the pictures that are not among them, and who observes the means."""
    if not len(trials):
        raise DataError("There is no trial to read", where=repr(trials), expected="repeated ones", got="none")
    shape = trials.responses.shape[1:]
    own = np.asarray(own_view)
    own = finite("loadings of the own view", own_view).astype(np.float64) if own.size else np.empty(0)
    for found in (expected.responses.shape[1:], *([own.shape[1:]] if own.size else [])):
        if found != shape:
            raise DataError(
                "Expected and measured responses differ in units or samples",
                where=repr(expected),
                expected=shape,
                got=found,
            )
    step = _step(trials, MOST_VALUES)
    tested, noise = _noise(trials, own, step)
    shown = set(tested.stimuli)
    others = expected.select_trials([name not in shown for name in expected.stimuli])
    if len(others) < 2:
        raise DataError("Too few other pictures say what to expect", expected="2 or more", got=len(others))
    population = _averaged(others.responses, step)
    return _Known(make_observer(population, noise), tested, others, population, step)


def _noise(
    trials: Recording, own_view: npt.NDArray[np.float64], step: int
) -> tuple[Recording, npt.NDArray[np.float64]]:
    """Means over repetitions, and the covariance of what they still hold besides the expected response."""
    tested = trials.averaged()
    repetitions = float(tested.trials["n_repetitions"].mean())
    covariance = repetition_covariance(_averaged(trials.responses, step), trials.stimuli) / repetitions
    if own_view.size:
        loadings = _averaged(own_view, step).reshape(len(own_view), -1)
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
