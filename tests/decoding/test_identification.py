"""Identification among candidates: by hand, by brute force, with ties, and where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.decoding.identification import identify, shares_beaten, standard_profiles
from companion.embeddings import Embeddings
from companion.errors import DataError


def named(values: np.ndarray, prefix: str, space: str = "toy") -> Embeddings:
    return Embeddings(values, tuple(f"{prefix}{row}" for row in range(len(values))), space)


@pytest.fixture
def problem() -> tuple[Embeddings, Embeddings, Embeddings, np.ndarray]:
    rng = np.random.default_rng(0)
    answers = rng.normal(size=(6, 8)) + 0.4
    decoded = answers + rng.normal(size=answers.shape)
    return named(decoded, "t"), named(answers, "t"), named(rng.normal(size=(30, 8)), "c"), rng.normal(size=8)


def test_a_case_worked_by_hand() -> None:
    decoded = named(np.array([[1.0, 2, 3], [3.0, 1, 2]]), "t")
    answers = named(np.array([[1.0, 3, 4], [3.0, 2, 1]]), "t")
    candidates = named(np.array([[1.0, 2, 3], [3, 2, 1], [1, 3, 2], [2, 4, 6]]), "c")
    found = identify(decoded, answers, candidates, mean=[1.0, 2, 3], subject="S1").set_index("stimulus")
    # t0 correlates .982 with its answer, 1, -1, .5 and 1 with the candidates: two of four are beaten
    assert found.loc["t0", "accuracy"] == 0.5
    # t1 correlates .5 with its answer, and -.5, .5 (a tie), -1 and -.5 with the candidates
    assert found.loc["t1", "accuracy"] == pytest.approx(3.5 / 4)
    assert found.loc["t1", "correlation"] == pytest.approx(0.5)
    # for the answer of t1, the prediction of t0 correlates -1, as the second candidate does: half of one
    assert found.loc["t1", "shuffled"] == pytest.approx(0.5 / 4)
    assert found.loc["t1", "correlation_shuffled"] == pytest.approx(-1)
    assert found.loc["t0", "shuffled_once"] == pytest.approx(0.5 / 4)
    # the mean vector is what t0's prediction is
    assert found["mean_predictor"].tolist() == pytest.approx([0.5, 0.5 / 4])
    assert set(found["subject"]) == {"S1"}
    assert set(found["n_candidates"]) == {4}


def test_it_equals_brute_force(problem: tuple[Embeddings, Embeddings, Embeddings, np.ndarray]) -> None:
    decoded, answers, candidates, mean = problem
    found = identify(decoded, answers, candidates, mean=mean)
    for row, prediction in enumerate(decoded.values):
        own = stats.pearsonr(prediction, answers.values[row])[0]
        others = [stats.pearsonr(prediction, one)[0] for one in candidates.values]
        assert found["accuracy"][row] == pytest.approx(np.mean(np.less(others, own)))
        assert found["correlation"][row] == pytest.approx(own)
        strangers = [
            np.mean(
                [
                    stats.pearsonr(p, c)[0] < stats.pearsonr(p, answers.values[row])[0]
                    for c in candidates.values
                ]
            )
            for other, p in enumerate(decoded.values)
            if other != row
        ]
        assert found["shuffled"][row] == pytest.approx(np.mean(strangers))


def test_who_always_predicts_the_mean_scores_the_floor_and_not_one_half() -> None:
    rng = np.random.default_rng(1)
    centre = rng.normal(size=20)
    answers = named(centre + 0.5 * rng.normal(size=(15, 20)), "t")
    candidates = named(rng.normal(size=(200, 20)), "c")
    blind = named(np.tile(centre, (15, 1)), "t")
    found = identify(blind, answers, candidates, mean=centre)
    assert found["accuracy"].mean() > 0.9
    np.testing.assert_allclose(found["accuracy"], found["mean_predictor"])
    np.testing.assert_allclose(found["accuracy"], found["shuffled"])


def test_noise_scores_what_shuffled_answers_score(
    problem: tuple[Embeddings, Embeddings, Embeddings, np.ndarray],
) -> None:
    _, answers, candidates, mean = problem
    rng = np.random.default_rng(2)
    parts = [
        identify(named(mean + rng.normal(size=(6, 8)), "t"), answers, candidates, mean=mean)
        for _ in range(300)
    ]
    gained = np.array([(part["accuracy"] - part["shuffled"]).mean() for part in parts])
    assert abs(gained.mean()) < 4 * gained.std(ddof=1) / np.sqrt(len(gained))


def test_what_says_nothing_ties_with_all_candidates() -> None:
    rng = np.random.default_rng(3)
    answers, candidates = named(rng.normal(size=(3, 5)), "t"), named(rng.normal(size=(9, 5)), "c")
    found = identify(named(np.full((3, 5), 2.3), "t"), answers, candidates, mean=np.zeros(5))
    assert set(found["accuracy"]) == {0.5}
    assert set(found["correlation"]) == {0.0}
    assert shares_beaten(np.array([[1.0]]), np.array([[0.0, 1.0, 1.0, 2.0]])).item() == 0.5


def test_dead_units_change_a_correlation_as_they_do_in_scipy() -> None:
    vectors = np.array([[0.0, 0, 1, 2], [0.0, 0, 3, 1]])
    profiles = standard_profiles(vectors)
    assert (profiles @ profiles.T)[0, 1] == pytest.approx(stats.pearsonr(*vectors)[0])


def test_the_exchange_leaves_no_category_in_place() -> None:
    """One-hot vectors correlate -.2 with each other, a constant one 0 with all."""
    perfect, constant = named(np.eye(6), "t"), named(np.ones((1, 6)), "c")
    for seed in range(20):
        found = identify(perfect, perfect, constant, mean=np.zeros(6), seed=seed)
        assert set(found["accuracy"]) == {1.0}
        assert set(found["shuffled_once"]) == {0.0}


def test_leaks_and_mixed_spaces_are_refused(
    problem: tuple[Embeddings, Embeddings, Embeddings, np.ndarray],
) -> None:
    decoded, answers, candidates, mean = problem
    with pytest.raises(DataError, match="among the candidates"):
        identify(decoded, answers, answers, mean=mean)
    with pytest.raises(DataError, match="differ in space"):
        identify(decoded, answers, named(candidates.values, "c", "other"), mean=mean)


def test_shares_are_counted_one_by_one_with_ties() -> None:
    rng = np.random.default_rng(5)
    own, others = rng.integers(-3, 4, (7, 9)) / 3, rng.integers(-3, 4, (7, 40)) / 3
    own += 1e-14 * rng.normal(size=own.shape)  # rounding
    found = shares_beaten(own, others)
    for row, values in enumerate(own):
        for column, value in enumerate(values):
            equal = np.abs(others[row] - value) < 1e-9
            below = (others[row] < value) & ~equal
            assert found[row, column] == pytest.approx(below.mean() + equal.mean() / 2)


def test_products_of_profiles_are_correlations_and_inputs_stay_as_they_were() -> None:
    values = np.random.default_rng(6).normal(size=(12, 40)) * 10.0 ** np.arange(-6, 6)[:, None] + 3
    before = values.copy()
    profiles = standard_profiles(values)
    np.testing.assert_allclose(profiles @ profiles.T, np.corrcoef(values), atol=1e-9)
    np.testing.assert_array_equal(values, before)
