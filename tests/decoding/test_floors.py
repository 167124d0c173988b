"""Every score in one place: by brute force, and for a decoder that always says the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.decoding.floors import (
    SCORES,
    constant_prediction,
    every_score,
    pairwise,
    pairwise_both,
    profile_correlations,
)
from companion.embeddings import Embeddings
from companion.errors import DataError


def named(values: np.ndarray, prefix: str = "t") -> Embeddings:
    return Embeddings(values, tuple(f"{prefix}{row}" for row in range(len(values))), "toy")


@pytest.fixture
def problem() -> tuple[Embeddings, Embeddings, Embeddings]:
    rng = np.random.default_rng(0)
    answers = rng.normal(size=(7, 9))
    decoded = answers + 1.5 * rng.normal(size=answers.shape)
    return named(decoded), named(answers), named(rng.normal(size=(20, 9)), "c")


def test_scores_equal_brute_force(problem: tuple[Embeddings, Embeddings, Embeddings]) -> None:
    decoded, answers, candidates = problem
    n = len(decoded)
    r = np.array([[stats.pearsonr(d, a)[0] for a in answers.values] for d in decoded.values])
    assert np.allclose(profile_correlations(decoded, answers), r)
    others = [[stats.pearsonr(d, c)[0] for c in candidates.values] for d in decoded.values]
    rank = np.array([(row > row[i]).sum() + 1 for i, row in enumerate(r)])
    one = [np.mean([r[i, i] > r[i, j] for j in range(n) if j != i]) for i in range(n)]
    both = [np.mean([r[i, i] + r[j, j] > r[i, j] + r[j, i] for j in range(n) if j != i]) for i in range(n)]
    assert pairwise(decoded, answers) == pytest.approx(one)
    assert pairwise_both(decoded, answers) == pytest.approx(both)
    found = every_score(decoded, answers, candidates)
    assert list(found) == list(SCORES)
    assert list(found.values()) == pytest.approx(
        [
            100 * np.mean(rank == 1),
            100 * np.mean(rank <= 5),
            100 * np.mean(1 - (rank - 1) / (n - 1)),
            100 * np.mean(one),
            100 * np.mean(both),
            100 * np.mean([np.mean(np.less(row, r[i, i])) for i, row in enumerate(others)]),
            100 * np.mean(np.diag(r)),
        ]
    )


def test_answers_are_found_by_name(problem: tuple[Embeddings, Embeddings, Embeddings]) -> None:
    decoded, answers, candidates = problem
    turned = answers.select(answers.ids[::-1])
    assert every_score(decoded, turned, candidates) == every_score(decoded, answers, candidates)


def test_a_constant_prediction_guesses_where_all_are_asked_about_and_only_there() -> None:
    rng = np.random.default_rng(1)
    centre = rng.normal(size=12)
    answers = named(centre + 0.5 * rng.normal(size=(8, 12)))
    candidates = named(rng.normal(size=(50, 12)), "c")
    training = named(centre + 0.5 * rng.normal(size=(40, 12)), "k")
    found = every_score(constant_prediction(training, training.ids, answers.ids), answers, candidates)
    safe = [found[name] for name in SCORES[:5]]
    assert safe == pytest.approx([12.5, 62.5, 50, 50, 50])
    assert found["identification among others"] > 90
    assert found["correlation with the answer"] > 50


def test_the_mean_counts_training_samples() -> None:
    space = named(np.array([[0.0, 3.0], [3.0, 0.0]]))
    said = constant_prediction(space, ["t0", "t0", "t1"], ["x", "y"])
    assert said.ids == ("x", "y")
    assert said.values.tolist() == [[1.0, 2.0], [1.0, 2.0]]


def test_one_item_is_no_comparison() -> None:
    one = named(np.array([[1.0, 2.0]]))
    with pytest.raises(DataError, match="two or more"):
        pairwise(one, one)
