"""Noise and exchanged vectors hold nothing; decoding all together finds what is there, and no more."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from companion.decoding.galleries import Gallery
from companion.decoding.leaks.nothing import exchanged_vectors, noise_like
from companion.decoding.leaks.transductive import one_to_one_hits
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording


def recording() -> Recording:
    responses = np.full((40, 3, 50), 7.0, dtype=np.float32)
    trials = pd.DataFrame({"stimulus": [f"p{number}" for number in range(40)]})
    units = pd.DataFrame({"name": ["O1", "Oz", "O2"]})
    return Recording(responses, trials, units, "one", "toy", "EEG", "train", np.arange(50) / 100, True)


def test_noise_keeps_labels_and_nothing_else() -> None:
    found, again, other = noise_like(recording(), 1), noise_like(recording(), 1), noise_like(recording(), 2)
    assert found.stimuli == recording().stimuli
    assert found.simulated
    assert np.array_equal(found.responses, again.responses)
    assert not np.array_equal(found.responses, other.responses)
    assert abs(found.responses.mean()) < 0.05
    assert found.responses.std() == pytest.approx(1, abs=0.05)


def test_vectors_are_exchanged_among_those_named() -> None:
    space = Embeddings(np.arange(20.0).reshape(10, 2), tuple("abcdefghij"), "toy")
    found = exchanged_vectors(space, ["a", "b", "c", "d", "a"], 0)
    assert found.ids == space.ids
    assert np.array_equal(found.values[4:], space.values[4:])
    assert not np.array_equal(found.values[:4], space.values[:4])
    assert sorted(found.values[:4, 0]) == sorted(space.values[:4, 0])


def test_the_assignment_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    candidates = Embeddings(rng.normal(size=(5, 4)), tuple("abcde"), "toy")
    decoded = candidates.with_rows(candidates.values[[2, 0, 1, 4, 3]] + rng.normal(size=(5, 4)), "cabed")
    cosine = decoded.normalised().values @ candidates.normalised().values.T
    best = max(permutations(range(5)), key=lambda order: sum(cosine[range(5), order]))
    expected = [candidates.ids[at] == name for at, name in zip(best, decoded.ids, strict=True)]
    assert one_to_one_hits(decoded, Gallery.presented(candidates)).tolist() == expected


def test_on_noise_one_hit_is_expected() -> None:
    rng = np.random.default_rng(1)
    names = tuple(f"p{number}" for number in range(30))
    hits = [
        one_to_one_hits(
            Embeddings(rng.normal(size=(30, 5)), names, "toy"),
            Gallery.presented(Embeddings(rng.normal(size=(30, 5)), names, "toy")),
        ).sum()
        for _ in range(200)
    ]
    assert np.mean(hits) == pytest.approx(1, abs=0.3)


def test_every_candidate_needs_a_response() -> None:
    space = Embeddings(np.eye(3), ("a", "b", "c"), "toy")
    with pytest.raises(DataError, match="handed out once"):
        one_to_one_hits(space.select("ab"), Gallery.presented(space))
