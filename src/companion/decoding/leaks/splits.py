"""Trials of one stimulus on both sides of a split: a decoder then knows the stimulus, not what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from companion.checks import choice, whole
from companion.decoding.ridge import fit_ridge, flat_responses
from companion.embeddings import Embeddings
from companion.errors import DataError

Folds = npt.NDArray[np.intp]


def draw_folds(stimuli: Sequence[str], n_folds: int, *, by: Literal["stimulus", "trial"], seed: int) -> Folds:
    """Share trials out among folds.

    Parameters
    ----------
    stimuli : sequence of str
        What was shown, one per trial.
    n_folds : int
    by : {"stimulus", "trial"}
        All trials of a stimulus go to one fold, or every trial is drawn by itself: **the leak**.
    seed : int

    Returns
    -------
    ndarray of int, shape (n_trials,)
        Fold of each trial, from 0; as equal in size as can be.

    Raises
    ------
    DataError
        If there are fewer stimuli than folds.

    Examples
    --------
    >>> from companion.decoding import draw_folds
    >>> shown = ["cat", "cat", "dog", "dog", "key", "key", "cup", "cup"]
    >>> folds = draw_folds(shown, 2, by="stimulus", seed=0)
    >>> bool((folds[::2] == folds[1::2]).all())  # trials of a stimulus stay together
    True
    >>> folds = draw_folds(shown, 2, by="trial", seed=0)
    >>> bool((folds[::2] == folds[1::2]).all())
    False
    """
    choice("by", by, ("stimulus", "trial"))
    whole("n_folds", n_folds, least=2)
    names = list(dict.fromkeys(stimuli))
    if len(names) < n_folds:
        raise DataError("Fewer stimuli than folds", expected=f"at least {n_folds}", got=len(names))
    code_of = {name: code for code, name in enumerate(names)}
    codes = np.array([code_of[name] for name in stimuli])
    n_drawn = len(names) if by == "stimulus" else len(codes)
    drawn = np.random.default_rng(seed).permutation(n_drawn) % n_folds
    return drawn[codes] if by == "stimulus" else drawn


def decode_held_out(
    responses: npt.ArrayLike,
    stimuli: Sequence[str],
    spaces: Mapping[str, Embeddings],
    folds: Folds,
    *,
    by: Literal["stimulus", "trial"],
) -> dict[str, Embeddings]:
    """Decode every trial by ridge from the trials of the other folds, and average over those of a stimulus.

    Parameters
    ----------
    responses : array-like of shape (n_trials, ...)
    stimuli : sequence of str
        What was shown, one per trial.
    spaces : mapping of str to Embeddings
    folds : ndarray of int, shape (n_trials,)
        From :func:`draw_folds`.
    by : {"stimulus", "trial"}
        What is never on both sides of a fold when the penalty is chosen: who splits trials at random does so
        there, too.

    Returns
    -------
    dict of str to Embeddings of shape (n_stimuli, n_features)
        By name of the space.

    Examples
    --------
    Responses know which picture was shown and nothing of its vector; only the leak decodes them:

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import decode_held_out, draw_folds, ranks, top_k
    >>> rng = np.random.default_rng(0)
    >>> space = Embeddings(rng.normal(size=(20, 10)), tuple(map(str, range(20))), "toy")
    >>> shown = list(space.ids) * 6
    >>> responses = np.tile(rng.normal(size=(20, 30)), (6, 1)) + 0.5 * rng.normal(size=(120, 30))
    >>> for by in ("stimulus", "trial"):
    ...     folds = draw_folds(shown, 5, by=by, seed=0)
    ...     decoded = decode_held_out(responses, shown, {"toy": space}, folds, by=by)["toy"]
    ...     print(by, top_k(ranks(decoded, space), 1) > 0.5)
    stimulus False
    trial True
    """
    choice("by", by, ("stimulus", "trial"))
    flat, labels = flat_responses(responses), np.asarray(folds)
    if not labels.shape == (len(stimuli),) == (len(flat),) or len(np.unique(labels)) < 2:
        raise DataError(
            "Trials do not lie in folds",
            expected=f"a stimulus and a fold for each of {len(flat)} responses, two folds or more",
            got=f"{len(stimuli)} stimuli, {np.unique(labels).size} folds of shape {labels.shape}",
        )
    names = list(dict.fromkeys(stimuli))
    rows = {name: row for row, name in enumerate(names)}
    code = np.array([rows[name] for name in stimuli])
    sums = {name: np.zeros((len(names), space.values.shape[1])) for name, space in spaces.items()}
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        shown = [stimuli[at] for at in outside.tolist()]
        groups = shown if by == "stimulus" else outside.tolist()
        decoder = fit_ridge(flat[outside], shown, spaces, groups)
        decoded = decoder.predict(flat[inside], [str(at) for at in inside])
        for name, vectors in decoded.items():
            np.add.at(sums[name], code[inside], vectors.values)
    counts = np.bincount(code)[:, None]
    return {name: spaces[name].with_rows(total / counts, names) for name, total in sums.items()}
