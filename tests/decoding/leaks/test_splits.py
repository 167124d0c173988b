"""Trials split at random, and by stimulus."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.floors import pairwise
from companion.decoding.leaks.nothing import exchanged_vectors
from companion.decoding.leaks.splits import decode_held_out, draw_folds
from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings
from companion.errors import DataError

NAMES = [f"picture{number}" for number in range(30)]
SHOWN = NAMES * 3


def test_a_stimulus_is_in_one_fold_or_in_several() -> None:
    together = draw_folds(SHOWN, 5, by="stimulus", seed=0)
    apart = draw_folds(SHOWN, 5, by="trial", seed=0)
    folds_of = [{name: {f for f, s in zip(folds, SHOWN, strict=True) if s == name} for name in NAMES}
                for folds in (together, apart)]  # fmt: skip
    assert all(len(folds) == 1 for folds in folds_of[0].values())
    assert np.mean([len(folds) for folds in folds_of[1].values()]) > 1.5
    assert np.bincount(together).tolist() == np.bincount(apart).tolist() == [18] * 5


def test_held_out_trials_are_decoded_by_the_others_and_averaged() -> None:
    rng = np.random.default_rng(0)
    responses = rng.normal(size=(90, 4))
    space = Embeddings(rng.normal(size=(30, 3)), tuple(NAMES), "toy")
    folds = draw_folds(SHOWN, 5, by="trial", seed=1)
    found = decode_held_out(responses, SHOWN, {"toy": space}, folds, by="trial")["toy"]
    expected = np.zeros((30, 3))
    for trial in range(90):
        others = np.flatnonzero(folds != folds[trial])
        decoder = fit_ridge(responses[others], [SHOWN[at] for at in others], {"toy": space}, others.tolist())
        expected[trial % 30] += decoder.predict(responses[[trial]], ["one"])["toy"].values[0] / 3
    assert found.ids == tuple(NAMES)
    assert np.allclose(found.values, expected)


def test_random_trials_find_exchanged_vectors_and_stimuli_do_not() -> None:
    rng = np.random.default_rng(2)
    names = [f"p{number}" for number in range(60)]
    shown = names * 4
    patterns = rng.normal(size=(60, 80))  # every picture has a pattern, and patterns say nothing of vectors
    responses = np.concatenate([patterns + rng.normal(size=patterns.shape) for _ in range(4)])
    space = Embeddings(rng.normal(size=(60, 6)), tuple(names), "toy")
    mixed = exchanged_vectors(space, names, 0)
    score = {}
    for by in ("stimulus", "trial"):
        folds = draw_folds(shown, 5, by=by, seed=0)  # type: ignore[arg-type]
        decoded = decode_held_out(responses, shown, {"m": mixed}, folds, by=by)["m"]  # type: ignore[arg-type]
        score[by] = pairwise(decoded, mixed).mean()
    assert score["trial"] > 0.75
    assert abs(score["stimulus"] - 0.5) < 0.12


def test_fewer_stimuli_than_folds() -> None:
    with pytest.raises(DataError, match="Fewer stimuli"):
        draw_folds(["a", "b", "a"], 3, by="stimulus", seed=0)
