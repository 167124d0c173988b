"""Tests over categories, units of a space, and concepts, and null sets for each.

These tests do not compare scores of people, so their null sets are made for them: modalities that share the
candidates and nothing else, types that do not matter, units of two spaces mixed from one, and two spaces that
are equally like a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import stats

from companion.statistics.calibration.bounds import LEVEL
from companion.statistics.calibration.guessing_nulls import OtherTest
from companion.statistics.category_types import type_interaction
from companion.statistics.concept_bootstrap import bootstrap_spearman, interval
from companion.statistics.consistency import consistency, partial_consistency
from companion.statistics.discriminability import compare_f, unit_f
from companion.statistics.similarity import FloatArray, Pairs
from companion.statistics.summaries import fisher_interval
from companion.statistics.uniformity import uniformity

N_CATEGORIES, N_LIVING = 50, 20
N_CONCEPTS, N_DIMENSIONS = 30, 6
N_UNITS, N_IMAGES = 64, 8
N_RESAMPLES = 199
FLOOR_SHARE = 0.5
"""Variance of category scores that is the floor which modalities share."""


def _categories(rng: np.random.Generator) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Scores of two modalities that share a floor and nothing else, and floors as they are measured."""
    floor = rng.standard_normal(N_CATEGORIES)
    noise = rng.standard_normal((2, N_CATEGORIES))
    scores = np.sqrt(FLOOR_SHARE) * floor + np.sqrt(1 - FLOOR_SHARE) * noise
    names = ("fMRI", "MEG")
    return dict(zip(names, scores, strict=True)), dict.fromkeys(names, floor)


def _partial(n_sets: int, rng: np.random.Generator) -> np.ndarray:
    found = [partial_consistency(*_categories(rng))["p"].iloc[0] for _ in range(n_sets)]
    return np.array(found) <= LEVEL


def _plain(n_sets: int, rng: np.random.Generator) -> np.ndarray:
    """Fisher's interval of the plain correlation, without the floor taken out."""
    r = np.array([consistency(_categories(rng)[0])["r"].iloc[0] for _ in range(n_sets)])
    low, high = fisher_interval(r, N_CATEGORIES)
    return np.asarray((low > 0) | (high < 0))


def _types(n_sets: int, rng: np.random.Generator) -> np.ndarray:
    living = np.arange(N_CATEGORIES) < N_LIVING
    names = [str(number) for number in range(N_CATEGORIES)]
    rejected = []
    for _ in range(n_sets):
        shared = rng.standard_normal(N_CATEGORIES)
        table = pd.concat(
            [
                pd.DataFrame(
                    {
                        "space": space,
                        "category": names,
                        "living": living,
                        "value": shared + rng.standard_normal(N_CATEGORIES),
                    }
                )
                for space in ("CLIP", "GloVe")
            ]
        )
        test = type_interaction(
            table, first="CLIP", second="GloVe", n_permutations=N_RESAMPLES, n_bootstrap=2, seed=0
        )
        rejected.append(test.p <= LEVEL + 1e-12)
    return np.array(rejected)


def _units(n_sets: int, rng: np.random.Generator) -> np.ndarray:
    """Compare F of the units of two spaces, both random mixtures of the same few dimensions."""
    rejected = []
    for _ in range(n_sets):
        spread = rng.gamma(1.0, size=N_DIMENSIONS)  # dimensions tell categories apart more or less
        kinds = rng.standard_normal((N_CATEGORIES, 1, N_DIMENSIONS)) * np.sqrt(spread)
        images = kinds + rng.standard_normal((N_CATEGORIES, N_IMAGES, N_DIMENSIONS))
        one, other = (
            unit_f(images @ rng.standard_normal((N_DIMENSIONS, N_UNITS))) for _ in ("reference", "aligned")
        )
        rejected.append(compare_f(one, {"aligned": other})["p_rank_sum"].iloc[0] <= LEVEL)
    return np.array(rejected)


def _cloud(rng: np.random.Generator) -> FloatArray:
    return np.asarray(rng.standard_normal((N_CONCEPTS, N_DIMENSIONS)))


def _distances(cloud: FloatArray) -> FloatArray:
    first, second = np.triu_indices(N_CONCEPTS, 1)
    return np.asarray(np.linalg.norm(cloud[first] - cloud[second], axis=1))


def _concepts(n_sets: int, rng: np.random.Generator) -> np.ndarray:
    """Bootstrap the lead of one space over another, both equally like people."""
    pairs = Pairs([str(number) for number in range(N_CONCEPTS)])
    rejected = []
    for _ in range(n_sets):
        people = _cloud(rng)
        spaces = np.stack([_distances(people + _cloud(rng)) for _ in range(2)])
        draws = bootstrap_spearman(spaces, _distances(people)[None], pairs, n_bootstrap=N_RESAMPLES, seed=0)[
            :, :, 0
        ]
        low, high = interval(draws[:, 0] - draws[:, 1])
        rejected.append(bool(low > 0 or high < 0))
    return np.array(rejected)


def _matrix_cells(n_sets: int, rng: np.random.Generator) -> np.ndarray:
    """Rank correlation of two unrelated matrices, every pair of concepts taken for a case."""
    p = [stats.spearmanr(_distances(_cloud(rng)), _distances(_cloud(rng))).pvalue for _ in range(n_sets)]
    return np.array(p) <= LEVEL


def _uniform(n_sets: int, rng: np.random.Generator) -> np.ndarray:
    """Judge the p-values of 40 worlds of ten people without an effect."""
    p = [
        uniformity(
            rng.standard_normal((40, 10)), n_draws=N_RESAMPLES, seed=int(rng.integers(2**31))
        ).p_distance
        for _ in range(n_sets)
    ]
    return np.array(p) <= LEVEL + 1e-12


CATEGORIES: Mapping[str, OtherTest] = MappingProxyType(
    {
        test.name: test
        for test in (
            OtherTest("correlation, floors taken out", "consistency.partial_consistency", "category", "GOD",
                      0, N_CATEGORIES, _partial),
            OtherTest("types of categories, permuted", "category_types.type_interaction", "category", "GOD",
                      0, N_CATEGORIES, _types),
            OtherTest("lead of a space, concepts resampled", "concept_bootstrap.bootstrap_spearman",
                      "concept", "similarity", 0, N_CONCEPTS, _concepts),
            OtherTest("uniformity of 40 worlds", "uniformity.uniformity", "world", "repeated worlds", 10, 100,
                      _uniform),
            OtherTest("F of units, rank sum", "discriminability.compare_f", "unit of a space", "units", 0,
                      N_CATEGORIES, _units),
            OtherTest("correlation with its floor, Fisher's z", "summaries.fisher_interval", "category",
                      "GOD", 0, N_CATEGORIES, _plain, wrong=True),
            OtherTest("correlation of matrices over pairs", "", "pair of concepts", "similarity", 0,
                      N_CONCEPTS, _matrix_cells, wrong=True),
        )
    }
)  # fmt: skip
"""Tests over categories, units and concepts, by name."""
