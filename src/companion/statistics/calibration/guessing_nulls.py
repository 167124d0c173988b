"""Tests of a score against guessing, and null sets of one person whose responses say nothing.

A decoder without information still prefers some candidates, and prefers the same wrong one in most trials of
an image. Similarity of a trial to a candidate is drawn as

    what the candidate draws from everything + what the image draws to the candidate + noise of the trial

with the answer playing no part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import stats

from companion.statistics.calibration.batch_hits import binomials
from companion.statistics.calibration.bounds import LEVEL, binomial_level
from companion.statistics.picture_metrics import beaten_test
from companion.statistics.repeated_trials import hits_by_answer, image_permutation, trial_permutation
from companion.statistics.similarity import FloatArray

N_PERMUTATIONS = 199
HUB, BLOCK = 0.7, 1.0
"""Standard deviations of what candidates, and images with candidates, add; noise of a trial has 1."""


@dataclass(frozen=True)
class OtherTest:
    """A test that has null sets of its own.

    Attributes
    ----------
    name, function, unit : str
        As in :class:`companion.statistics.calibration.difference_tests.BookTest`.
    design : str
        Where the book has it.
    n_people, n_images : int
        Zero where there are none.
    run : callable
        Number of sets and a generator to whether each is rejected at .05: (n_sets,).
    attainable : float
        Level that the test can have.
    wrong : bool
        Whether it is shown because its unit is wrong.
    """

    name: str
    function: str
    unit: str
    design: str
    n_people: int
    n_images: int
    run: Callable[[int, np.random.Generator], np.ndarray]
    attainable: float = LEVEL
    wrong: bool = False


def similarities(n_sets: int, n_images: int, n_trials: int, rng: np.random.Generator) -> FloatArray:
    """Similarity of trials to candidates without any information.

    Parameters
    ----------
    n_sets, n_images, n_trials : int
        Candidates are the images; trials are per image.
    rng : Generator

    Returns
    -------
    ndarray of shape (n_sets, n_images, n_trials, n_images)
    """
    hubs = HUB * rng.standard_normal((n_sets, 1, 1, n_images))
    blocks = BLOCK * rng.standard_normal((n_sets, n_images, 1, n_images))
    return np.asarray(hubs + blocks + rng.standard_normal((n_sets, n_images, n_trials, n_images)))


def _binomial(n_sets: int, rng: np.random.Generator, n_images: int) -> np.ndarray:
    found = similarities(n_sets, n_images, 1, rng)[:, :, 0]
    hits = found.argmax(axis=2) == np.arange(n_images)
    return np.asarray(binomials(hits, 1 / n_images) <= LEVEL)


def _repeated(n_sets: int, rng: np.random.Generator, n_images: int, n_trials: int, kind: str) -> np.ndarray:
    names = [str(number) for number in range(n_images)]
    shown = [name for name in names for _ in range(n_trials)]
    test = {"images": image_permutation, "trials": trial_permutation}.get(kind)
    rejected = np.zeros(n_sets, dtype=bool)
    for row in range(n_sets):
        similar = similarities(1, n_images, n_trials, rng)[0].reshape(-1, n_images)
        table = hits_by_answer(similar)
        if test is None:  # hits of all trials against guessing, as if no image had come twice
            own = table[np.arange(len(table)), np.repeat(np.arange(n_images), n_trials)]
            p = float(stats.binom.sf(own.sum() - 1, own.size, 1 / n_images))
        else:
            p = test(table, shown, names, n=N_PERMUTATIONS, seed=int(rng.integers(2**31))).p
        rejected[row] = p <= LEVEL + 1e-12
    return rejected


def _beaten(n_sets: int, rng: np.random.Generator, n_images: int) -> np.ndarray:
    """Signed ranks of the share of distractors that each picture beats."""
    found = similarities(n_sets, n_images, 1, rng)[:, :, 0]
    own = np.einsum("sii->si", found)[:, :, None]
    shares = (found < own).sum(axis=2) / (n_images - 1)
    return np.array([beaten_test(one).p <= LEVEL for one in shares])


GUESSING: Mapping[str, OtherTest] = MappingProxyType(
    {
        test.name: test
        for test in (
            OtherTest("exact binomial, one person", "small_samples.above_chance", "image", "GOD", 1, 50,
                      lambda n, rng: _binomial(n, rng, 50), binomial_level(50, 1 / 50)),
            OtherTest("permutation of images, 35 trials each", "repeated_trials.image_permutation", "image",
                      "GOD", 1, 50, lambda n, rng: _repeated(n, rng, 50, 35, "images")),
            OtherTest("signed ranks of distractors beaten", "picture_metrics.beaten_test", "image", "GOD", 1,
                      50, lambda n, rng: _beaten(n, rng, 50)),
            OtherTest("permutation of trials, 35 an image", "repeated_trials.trial_permutation", "trial",
                      "GOD", 1, 50, lambda n, rng: _repeated(n, rng, 50, 35, "trials"), wrong=True),
            OtherTest("exact binomial over trials, 35 an image", "small_samples.above_chance", "trial", "GOD",
                      1, 50, lambda n, rng: _repeated(n, rng, 50, 35, "binomial"), wrong=True),
        )
    }
)  # fmt: skip
"""Tests against guessing, by name."""
