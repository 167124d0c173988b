"""Statistics: how each public name is called."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from companion import as_scores, statistics
from companion.statistics import Pairs

from .judge import Case

RNG = np.random.default_rng(0)
SQUARE = np.corrcoef(RNG.normal(size=(6, 9)))
CLOUD, OTHER = RNG.normal(size=(2, 12, 3))
PAIRS = Pairs(list("abcdefgh"))
PEOPLE = RNG.normal(size=(3, len(PAIRS)))
FIRST, SECOND = RNG.normal([[0.5], [0.0]], size=(2, 6))
GROUPS = [f"concept {row // 2}" for row in range(12)]
SHOWN = ["cat", "dog", "key", "cup"] * 2
HITS = statistics.hits_by_answer(RNG.normal(size=(8, 4)))
ROWS = [(subject, category) for subject in "uvw" for category in "abcd"]
LEVELS = pd.DataFrame(
    [(*row, level, float(RNG.normal())) for row in ROWS for level in ("one", "two")],
    columns=["subject", "category", "level", "value"],
)
SHUFFLED = pd.DataFrame(
    {"roi": ["V1"] * 4 + ["V4"] * 4, "value": RNG.normal(1, 1, 8), "shuffled": RNG.normal(0, 1, 8)}
)
WIDE = pd.DataFrame(RNG.normal(size=(5, 3)), columns=["low", "middle", "high"])
SCORES = as_scores(
    pd.DataFrame(
        [
            ("toy", subject, "CLIP", alignment, seed, stimulus, "top1", float(RNG.integers(2)))
            for subject in ("S1", "S2", "S3", "S4")
            for alignment in ("base", "human")
            for seed in (0, 1)
            for stimulus in ("cat", "dog", "key")
        ],
        columns=["dataset", "subject", "space", "alignment", "seed", "stimulus", "metric", "value"],
    ),
    simulated=True,
)


def _split_half(responses: np.ndarray, n_splits: int) -> object:
    return statistics.split_half_reliability(responses, n_splits=n_splits, rng=np.random.default_rng(0))


def _pairs(labels: list[str], matrix: np.ndarray) -> object:
    return Pairs(labels).of(matrix)


STATISTICS = {
    "PairedResult": Case(statistics.paired_tests, {"first": FIRST, "second": SECOND}, missing="correlation$"),
    "Pairs": Case(
        _pairs,
        {"labels": ["a", "b", "a", "c", "b", "a"], "matrix": SQUARE},
        bears=frozenset({"matrix"}),
        missing="",
    ),
    "above_chance": Case(statistics.above_chance, {"hits": np.array([1.0, 0, 1, 1]), "chance": 0.25}),
    "above_shuffled": Case(statistics.above_shuffled, {"table": SHUFFLED, "by": ["roi"]}),
    "bootstrap_spearman": Case(
        partial(statistics.bootstrap_spearman, pairs=PAIRS, seed=0),
        {"first": PEOPLE, "second": PEOPLE[:2] + 1, "n_bootstrap": 8, "control": PEOPLE[2] ** 2},
    ),
    "cluster_interval": Case(
        statistics.cluster_interval,
        {"values": RNG.normal(size=8), "shown": SHOWN, "n": 50, "level": 0.9},
        missing="effective_trials$",
    ),
    "compare_levels": Case(statistics.compare_levels, {"wide": WIDE}),
    "compare_ranks": Case(
        partial(statistics.compare_ranks, seed=0),
        {"first": FIRST, "second": SECOND, "n_permutations": 40, "n_bootstrap": 40},
    ),
    "compare_targets": Case(
        partial(statistics.compare_targets, comparisons=[("human", "base")], by=("space",)),
        {"scores": SCORES, "metric": "top1", "condition": "alignment", "n_bootstrap": 40},
        missing="wins|low|high|correlation|t$|p_|floor|dz|ratio|logit|alpha|roi|condition",
    ),
    "consistency": Case(statistics.consistency, {"values": {"EEG": FIRST, "MEG": SECOND, "fMRI": FIRST**2}}),
    "cosine_similarity": Case(statistics.cosine_similarity, {"values": CLOUD}),
    "crossed_interval": Case(
        statistics.crossed_interval, {"values": PEOPLE, "n_bootstrap": 40, "level": 0.9}
    ),
    "debiased_cka": Case(statistics.debiased_cka, {"X": CLOUD, "Y": CLOUD + 0.3 * OTHER}),
    "distractors_beaten": Case(statistics.distractors_beaten, {"features": CLOUD, "references": OTHER}),
    "equivalence": Case(statistics.equivalence, {"first": FIRST, "second": SECOND, "margin": 0.5}),
    "exact_floor": Case(statistics.exact_floor, {"n_nonzero": 4}),
    "exact_interval": Case(statistics.exact_interval, {"hits": 3, "n_items": 20, "level": 0.9}),
    "guessing": Case(statistics.guessing, {"n_items": 20, "n_candidates": 10, "k": 1, "significance": 0.05}),
    "hits_by_answer": Case(statistics.hits_by_answer, {"similarity": SQUARE, "k": 2}),
    "holm": Case(statistics.holm, {"p_values": np.array([0.01, 0.5, 0.03])}),
    "hubness": Case(statistics.hubness, {"counts": np.array([2, 0, 1, 5, 2])}),
    "image_permutation": Case(
        statistics.image_permutation,
        {"hits": HITS, "shown": SHOWN, "candidates": ["cat", "dog", "key", "cup"], "n": 50},
    ),
    "inflation": Case(statistics.inflation, {"honest": FIRST, "leaky": SECOND}, missing="low|high"),
    "k_occurrence": Case(statistics.k_occurrence, {"similarity": SQUARE, "n_nearest": 2}),
    "linear_predictability": Case(
        partial(statistics.linear_predictability, seed=0),
        {"X": CLOUD, "Y": OTHER, "groups": GROUPS, "n_folds": 4, "penalties": [0.1, 1.0]},
        missing="features",
    ),
    "mcnemar_exact": Case(
        statistics.mcnemar_exact, {"first": np.array([1.0, 1, 0, 1]), "second": np.array([0.0, 1, 0, 0])}
    ),
    "mixed_difference": Case(
        partial(statistics.mixed_difference, first="one", second="two"), {"table": LEVELS}
    ),
    "modality_gap": Case(statistics.modality_gap, {"images": CLOUD, "texts": OTHER[:7]}),
    "noise_ceiling": Case(statistics.noise_ceiling, {"people": PEOPLE, "control": PEOPLE[2] ** 2}),
    "odd_one_out_hits": Case(
        statistics.odd_one_out_hits, {"similarity": SQUARE, "triplets": np.array([[0, 1, 2], [3, 1, 5]])}
    ),
    "on_scales": Case(statistics.on_scales, {"first": 20.0, "second": 10.0}),
    "paired_tests": Case(statistics.paired_tests, {"first": FIRST, "second": SECOND}, missing="correlation$"),
    "participation_ratio": Case(statistics.participation_ratio, {"values": CLOUD}),
    "sign_flip": Case(statistics.sign_flip, {"differences": FIRST}),
    "spearman": Case(statistics.spearman, {"first": PEOPLE, "second": PEOPLE[0], "control": PEOPLE[2] ** 2}),
    "spearman_brown": Case(
        statistics.spearman_brown,
        {"reliability": np.array([0.5, -0.1, 0.9]), "factor": np.array([2.0, 1.0, 3.0])},
        missing="",
    ),
    "split_half_reliability": Case(
        _split_half, {"responses": RNG.normal(size=(5, 4, 3)), "n_splits": 3}, missing=""
    ),
    "top1_hits": Case(statistics.top1_hits, {"similarity": SQUARE, "n_way": 3}),
    "unit_f": Case(statistics.unit_f, {"values": RNG.normal(size=(3, 4, 5))}),
    "wilcoxon": Case(statistics.wilcoxon, {"differences": FIRST}),
}
