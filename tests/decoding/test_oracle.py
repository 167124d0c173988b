"""The oracle agrees with Gaussian densities written out, and no decoder of Gaussian data beats it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from companion.decoding.observer import make_observer, repetition_covariance
from companion.decoding.oracle import (
    decoded_vectors,
    noise_limited,
    oracle_ranks,
    ranks_by_score,
    ruler_limited,
)


@dataclass
class World:
    """Responses of 3 x 4 values that are linear in 5 codes; a space carries 3 of them and something else."""

    expected: np.ndarray  # (600, 3, 4)
    vectors: np.ndarray  # (600, 5)
    covariance: np.ndarray  # (12, 12)
    rng: np.random.Generator

    @property
    def population(self) -> tuple[np.ndarray, np.ndarray]:
        return self.expected[100:], self.vectors[100:]

    def gallery(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        return self.expected[:n], self.vectors[:n]

    def measured(self, seen: np.ndarray) -> np.ndarray:
        noise = self.rng.multivariate_normal(np.zeros(12), self.covariance, size=len(seen))
        measured: np.ndarray = self.expected[seen] + noise.reshape(-1, 3, 4)
        return measured


def world(*, carried: int = 3, loudness: float = 1.0, seed: int = 0) -> World:
    rng = np.random.default_rng(seed)
    codes = rng.normal(size=(600, 5))
    expected = 2 + codes @ rng.normal(size=(5, 12))
    mixed = np.hstack([codes[:, :carried], rng.normal(size=(600, 5 - carried))]) @ rng.normal(size=(5, 5))
    root = rng.normal(size=(12, 12))
    return World(expected.reshape(-1, 3, 4), 1 + mixed, loudness * (root @ root.T + np.eye(12)), rng)


def test_knowing_every_expected_response_is_the_gaussian_posterior() -> None:
    one = world()
    gallery, _ = one.gallery(7)
    responses = one.measured(np.arange(7))
    observer = make_observer(one.expected, one.covariance)
    found = noise_limited(observer, responses, gallery)
    by_hand = np.array(
        [
            [multivariate_normal(mean.ravel(), one.covariance).logpdf(response.ravel()) for mean in gallery]
            for response in responses
        ]
    )
    assert observer.axes.shape == (12, 5)
    assert np.diff(found, axis=1) == pytest.approx(np.diff(by_hand, axis=1), abs=1e-6)


def test_knowing_only_vectors_is_the_gaussian_conditional_in_full_space() -> None:
    one = world()
    expected, vectors = one.population
    _, gallery = one.gallery(6)
    responses = one.measured(np.arange(6))
    found = ruler_limited(make_observer(expected, one.covariance), responses, gallery, expected, vectors)
    flat = expected.reshape(len(expected), -1)
    covariance = np.cov(np.hstack([vectors, flat]).T)
    inside, across, outside = covariance[:5, :5], covariance[:5, 5:], covariance[5:, 5:]
    left = (outside - across.T @ np.linalg.solve(inside, across)) * (len(flat) - 1) / (len(flat) - 6)
    means = flat.mean(axis=0) + (gallery - vectors.mean(axis=0)) @ np.linalg.solve(inside, across)
    by_hand = np.array(
        [
            [multivariate_normal(mean, left + one.covariance).logpdf(response.ravel()) for mean in means]
            for response in responses
        ]
    )
    assert np.diff(found, axis=1) == pytest.approx(np.diff(by_hand, axis=1), abs=1e-6)


def top1(scores: np.ndarray, seen: np.ndarray) -> float:
    return float((ranks_by_score(scores, seen) == 1).mean())


def test_noise_limited_beats_ruler_limited_beats_linear_decoders() -> None:
    one = world(loudness=0.1)
    seen = np.repeat(np.arange(40), 40)
    responses = one.measured(seen)
    (gallery, vectors), (expected, known) = one.gallery(40), one.population
    observer = make_observer(expected, one.covariance)
    best = decoded_vectors(observer, responses, expected, known)
    both = top1(noise_limited(observer, responses, gallery), seen)
    ruler = top1(ruler_limited(observer, responses, vectors, expected, known), seen)
    assert both > ruler + 0.1
    noisy = one.measured(np.arange(100, 600)).reshape(500, -1)
    centre, mean = noisy.mean(axis=0), known.mean(axis=0)
    flat = responses.reshape(len(responses), -1) - centre
    for alpha in (0.0, 10.0, 1000.0):
        gram = (noisy - centre).T @ (noisy - centre) + alpha * np.eye(12)
        decoded = flat @ np.linalg.solve(gram, (noisy - centre).T @ (known - mean))
        target = vectors - mean
        distances = -np.sum((decoded[:, None] - target[None]) ** 2, axis=2)
        cosines = decoded @ (target / np.linalg.norm(target, axis=1, keepdims=True)).T
        assert ruler > max(top1(distances, seen), top1(cosines, seen))
        error = np.sum((decoded + mean - vectors[seen]) ** 2)
        assert np.sum((best - vectors[seen]) ** 2) < error
    assert ruler > top1(best @ (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T, seen) > 3 / 40


def test_the_decoded_vector_is_the_gaussian_conditional_mean_in_full_space() -> None:
    one = world()
    expected, vectors = one.population
    responses = one.measured(np.arange(6))
    found = decoded_vectors(make_observer(expected, one.covariance), responses, expected, vectors)
    flat = expected.reshape(len(expected), -1)
    covariance = np.cov(np.hstack([vectors, flat]).T)
    weights = np.linalg.solve(covariance[5:, 5:] + one.covariance, covariance[5:, :5])
    by_hand = vectors.mean(axis=0) + (responses.reshape(6, -1) - flat.mean(axis=0)) @ weights
    assert found == pytest.approx(by_hand, abs=1e-6)


def test_a_space_that_carries_everything_limits_nobody() -> None:
    one = world(carried=5)
    seen = np.repeat(np.arange(30), 5)
    responses = one.measured(seen)
    (gallery, vectors), (expected, known) = one.gallery(30), one.population
    observer = make_observer(expected, one.covariance)
    by_vector = ruler_limited(observer, responses, vectors, expected, known)
    assert by_vector == pytest.approx(noise_limited(observer, responses, gallery), abs=1e-6)


def test_a_space_that_carries_nothing_is_at_chance_and_so_are_the_floors() -> None:
    one = world(carried=0, loudness=0.1)
    seen = np.repeat(np.arange(100), 20)
    (gallery, vectors), (expected, known) = one.gallery(100), one.population
    found = oracle_ranks(
        make_observer(expected, one.covariance),
        one.measured(seen),
        seen,
        expected_gallery=gallery,
        vectors_gallery=vectors,
        expected_population=expected,
        vectors_population=known,
    )
    assert (found.noise_limited == 1).mean() > 0.5
    assert (found.mean_predictor == 1).mean() == pytest.approx(1 / 100)
    for floor in (found.ruler_limited, found.decoded_vector, found.shuffled):
        assert (floor == 1).mean() < 0.03
        assert floor.mean() == pytest.approx(50.5, abs=9)  # three standard errors of 100 candidates


def test_units_and_mixtures_of_values_and_of_features_change_nothing() -> None:
    one = world()
    seen = np.arange(60)
    responses = one.measured(seen).reshape(60, -1)
    expected, vectors = one.expected.reshape(600, -1), one.vectors
    mixing, bending = one.rng.normal(size=(12, 12)), one.rng.normal(size=(5, 5))

    def ranks(by: np.ndarray, turn: np.ndarray) -> np.ndarray:
        observer = make_observer(expected @ by, by.T @ one.covariance @ by)
        told = ruler_limited(observer, responses @ by, vectors[:60] @ turn, expected @ by, vectors @ turn)
        return ranks_by_score(told, seen)

    np.testing.assert_array_equal(ranks(np.eye(12), np.eye(5)), ranks(mixing, bending))


def test_ranks_count_from_one_and_ties_go_against_the_seen() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 1.0], [0.0, 5.0, 4.0]])
    assert ranks_by_score(scores, [1, 0, 1]).tolist() == [2, 3, 1]


def test_noise_of_repetitions_is_found_whatever_the_signal() -> None:
    one = world()
    seen = np.repeat(np.arange(400), 8)
    found = repetition_covariance(10 * one.expected[seen] + one.measured(seen), [str(at) for at in seen])
    assert found == pytest.approx(one.covariance, abs=0.12 * np.abs(one.covariance).max())
    with pytest.raises(ValueError, match="no picture was repeated"):
        repetition_covariance(one.expected[:4], list("abcd"))


def test_what_does_not_fit_is_refused() -> None:
    one = world()
    observer = make_observer(one.expected, one.covariance)
    with pytest.raises(ValueError, match="that many rows"):
        make_observer(one.expected, np.eye(5))
    with pytest.raises(ValueError, match="span 1 to"):
        make_observer(np.ones((20, 12)), one.covariance)
    with pytest.raises(ValueError, match="twice as many"):
        ruler_limited(observer, one.expected[:2], one.vectors[:2], one.expected[:9], one.vectors[:9])
    with pytest.raises(ValueError, match="twice as many"):
        ruler_limited(observer, one.expected[:2], one.vectors[:2], one.expected[:99], one.vectors)
