"""Tests of a difference between conditions on null sets: right units, and wrong ones that people use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import stats

from companion.statistics.calibration import batch_hits, batch_tests
from companion.statistics.calibration.bounds import LEVEL, sign_flip_level, signed_rank_level
from companion.statistics.calibration.null_sets import Design, NullScores
from companion.statistics.similarity import FloatArray

Booleans = npt.NDArray[np.bool_]
N_BOOTSTRAP, N_PERMUTATIONS = 1000, 999
MARGIN = 5.0
"""Margin of the equivalence test in points; the truth lies exactly on it."""


@dataclass(frozen=True)
class BookTest:
    """One test as the book runs it.

    Attributes
    ----------
    name : str
    function : str
        Where it is, below ``companion.statistics``; empty for what the book does not use.
    unit : str
        What it takes for independent.
    run : callable
        Scores and design to whether each set is rejected at .05: (n_sets,).
    attainable : callable
        Level that the test can have with a design.
    """

    name: str
    function: str
    unit: str
    run: Callable[[NullScores, Design], Booleans]
    attainable: Callable[[Design], float] = lambda design: LEVEL


def _differences(scores: NullScores, design: Design) -> FloatArray:
    """First minus second condition: (n_sets, n_people, n_images)."""
    values = scores.of(design.score)
    return np.asarray(values[:, 0] - values[:, 1])


def _people(scores: NullScores, design: Design) -> FloatArray:
    return np.asarray(_differences(scores, design).mean(axis=2))


def _pooled(scores: NullScores, design: Design) -> FloatArray:
    """Rows of persons and images, taken for a sample: (n_sets, n_conditions, n_people * n_images)."""
    values = scores.of(design.score)
    return values.reshape(*values.shape[:2], -1)


def _by_seed(scores: NullScores, design: Design) -> FloatArray:
    """Scores with seeds kept: (n_sets, n_conditions, n_people, n_images, n_seeds)."""
    return scores.hits if design.score == "top-1" else scores.percentiles


def _rejects(p_values: FloatArray) -> Booleans:
    return np.asarray(p_values <= LEVEL + 1e-12)


def _crossed(scores: NullScores, design: Design) -> Booleans:
    tables = _differences(scores, design)
    return np.asarray(batch_tests.crossed_bounds(tables, n_bootstrap=N_BOOTSTRAP, seed=0).excludes())


def _survives(scores: NullScores, design: Design) -> Booleans:
    return _rejects(batch_tests.paired_t(_people(scores, design))) & _crossed(scores, design)


def _one_person(scores: NullScores, design: Design) -> Booleans:
    rng = np.random.default_rng(0)
    own = _differences(scores, design)[:, 0]
    return _rejects(batch_hits.exchanged(own, n_permutations=N_PERMUTATIONS, rng=rng).two_sided)


def _combined(scores: NullScores, design: Design) -> Booleans:
    """People's exchanges with mid-p, combined, as :func:`companion.statistics.paired_hits.over_people`."""
    tables = _differences(scores, design)
    flat = tables.reshape(-1, design.n_images)
    found = batch_hits.exchanged(flat, n_permutations=N_PERMUTATIONS, rng=np.random.default_rng(0))
    middle = (found.greater + 1 - found.less) / 2
    return _rejects(batch_hits.stouffers(middle.reshape(tables.shape[:2])))


def _mcnemar(scores: NullScores, design: Design) -> Booleans:
    first, second = (scores.hits[:, condition, 0, :, 0] for condition in (0, 1))
    return _rejects(batch_hits.mcnemars(first, second))


def _equivalence(scores: NullScores, design: Design) -> Booleans:
    return _rejects(batch_tests.equivalent(_people(scores, design) + MARGIN, MARGIN))


def _unpaired_seeds(scores: NullScores, design: Design) -> Booleans:
    means = _by_seed(scores, design).mean(axis=(2, 3))
    return _rejects(batch_tests.unpaired_t(means[:, 0], means[:, 1]))


def _seeds(scores: NullScores, design: Design) -> Booleans:
    values = _by_seed(scores, design)
    return _rejects(batch_tests.paired_t((values[:, 0] - values[:, 1]).mean(axis=(1, 2))))


def _people_by_seeds(scores: NullScores, design: Design) -> Booleans:
    values = _by_seed(scores, design)
    apart = (values[:, 0] - values[:, 1]).mean(axis=2)
    return _rejects(batch_tests.paired_t(apart.reshape(len(apart), -1)))


def _images(scores: NullScores, design: Design) -> Booleans:
    return _rejects(batch_tests.paired_t(_differences(scores, design).mean(axis=1)))


def _cells(scores: NullScores, design: Design) -> Booleans:
    tables = _differences(scores, design)
    return _rejects(batch_tests.paired_t(tables.reshape(len(tables), -1)))


def _above(kind: str) -> Callable[[NullScores, Design], Booleans]:
    """One-sided tests of :func:`companion.statistics.level_tests.above_shuffled` over pooled rows."""

    def run(scores: NullScores, design: Design) -> Booleans:
        values, shuffled = np.moveaxis(_pooled(scores, design)[:, :2], 1, 0)
        if kind == "ind":
            p = stats.ttest_ind(values, shuffled, axis=1, alternative="greater").pvalue
        elif kind == "rel":
            p = stats.ttest_rel(values, shuffled, axis=1, alternative="greater").pvalue
        else:
            p = stats.wilcoxon(values, shuffled, axis=1, alternative="greater").pvalue
        return _rejects(np.asarray(p))

    return run


def _anova(scores: NullScores, design: Design) -> Booleans:
    return _rejects(np.asarray(stats.f_oneway(*np.moveaxis(_pooled(scores, design), 1, 0), axis=1).pvalue))


def _friedman(scores: NullScores, design: Design) -> Booleans:
    found = stats.friedmanchisquare(*np.moveaxis(_pooled(scores, design), 1, 0), axis=1)
    return _rejects(np.asarray(found.pvalue))


def _tukey(scores: NullScores, design: Design) -> Booleans:
    return _rejects(batch_hits.largest_difference(_pooled(scores, design)))


def _family(scores: NullScores, design: Design) -> Booleans:
    """Any of the comparisons with the first condition survives Holm: the smallest p times their number."""
    values = scores.of(design.score).mean(axis=3)
    p = np.stack(
        [batch_tests.paired_t(values[:, 0] - values[:, other]) for other in range(1, values.shape[1])]
    )
    return _rejects(p.min(axis=0) * len(p))


DIFFERENCES: Mapping[str, BookTest] = MappingProxyType(
    {
        test.name: test
        for test in (
            BookTest("paired t", "paired.paired_tests", "person",
                 lambda s, d: _rejects(batch_tests.paired_t(_people(s, d)))),
            BookTest("sign flip", "paired.sign_flip", "person",
                 lambda s, d: _rejects(batch_tests.sign_flips(_people(s, d))),
                 lambda d: sign_flip_level(d.n_people)),
            BookTest("signed ranks", "paired.wilcoxon", "person",
                 lambda s, d: _rejects(batch_tests.signed_ranks(_people(s, d))),
                 lambda d: signed_rank_level(d.n_people)),
            BookTest("crossed bootstrap", "crossed_bootstrap.crossed_interval", "person and image", _crossed),
            BookTest("paired t and crossed bootstrap", "recommended.compare_targets",
                     "person; person and image", _survives),
            BookTest("mixed model", "mixed_difference.mixed_difference", "person and image",
                 lambda s, d: _rejects(batch_tests.mixed(_differences(s, d)))),
            BookTest("equivalence", "equivalence.equivalence", "person", _equivalence),
            BookTest("exchange of methods, one person", "paired_hits.compare_ranks", "image", _one_person),
            BookTest("people's exchanges combined", "paired_hits.over_people", "image, then person",
                     _combined),
            BookTest("McNemar, one person", "paired_hits.mcnemar_exact", "image", _mcnemar),
        )
    }
)  # fmt: skip
"""Tests of two conditions, by name."""

LEVELS: Mapping[str, BookTest] = MappingProxyType(
    {
        test.name: test
        for test in (
            BookTest("above shuffled, independent t", "level_tests.above_shuffled", "person × image",
                     _above("ind")),
            BookTest("above shuffled, paired t", "level_tests.above_shuffled", "person × image",
                     _above("rel")),
            BookTest("above shuffled, signed ranks", "level_tests.above_shuffled", "person × image",
                     _above("ranks")),
            BookTest("analysis of variance", "level_tests.compare_levels", "person × image", _anova),
            BookTest("Friedman", "level_tests.compare_levels", "person × image", _friedman),
            BookTest("Tukey, any pair", "level_tests.compare_levels", "person × image", _tukey),
        )
    }
)  # fmt: skip
"""Tests of the brain-aligned paper over pooled rows; three conditions."""

WRONG: Mapping[str, BookTest] = MappingProxyType(
    {
        test.name: test
        for test in (
            BookTest("t over images", "", "image", _images),
            BookTest("t over persons × images", "", "person × image", _cells),
            BookTest("t over persons × seeds", "", "person × seed", _people_by_seeds),
            BookTest("t over seeds, paired", "", "seed", _seeds),
            BookTest("unpaired t over seeds", "summaries.welch", "seed", _unpaired_seeds),
        )
    }
)  # fmt: skip
"""What else is taken for a sample of two conditions."""

FAMILY = BookTest("Holm, three comparisons", "corrections.holm", "person", _family)
"""Comparisons that share their first condition, and their people."""
