"""Filters, patterns, and the recovery of planted profiles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.decoding.attribution.patterns import at_sensors, input_gradients, patterns, strength
from companion.decoding.attribution.recovery import recovery, seen_through


def linear_world(n: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Responses with one signal and shared noise, the planted pattern, and the best filter."""
    rng = np.random.default_rng(0)
    pattern = np.array([1.0, 0.5, 0.0, 0.0])
    shared = np.array([1.0, 1.0, 1.0, 0.0])
    signal, disturbance = rng.normal(size=n), 3 * rng.normal(size=n)
    x = np.outer(signal, pattern) + np.outer(disturbance, shared) + 0.3 * rng.normal(size=(n, 4))
    best, *_ = np.linalg.lstsq(x - x.mean(0), signal - signal.mean())
    return x[:, :, None], pattern, best


def test_the_pattern_is_the_planted_one_and_the_filter_is_not() -> None:
    responses, pattern, best = linear_world()
    assert abs(best[2]) > 0.3 * abs(best[0])  # it weighs a channel without signal
    found = patterns(best[None, :, None], responses)[0, :, 0]
    assert_allclose(found / found[0], pattern, atol=0.05)


def test_patterns_equal_the_formula_with_the_whole_covariance() -> None:
    rng = np.random.default_rng(1)
    responses, filters = rng.normal(size=(50, 3, 4)), rng.normal(size=(2, 3, 4))
    covariance = np.cov(responses.reshape(50, -1).T)
    flat = filters.reshape(2, -1)
    expected = [covariance @ w / (w @ covariance @ w) for w in flat]
    assert_allclose(patterns(filters, responses).reshape(2, -1), expected)
    assert not patterns(np.zeros((1, 3, 4)), responses).any()
    with pytest.raises(ValueError, match="do not fit"):
        patterns(filters[:, :2], responses)


def test_patterns_of_whitened_responses_return_to_the_sensors() -> None:
    responses, _, best = linear_world()
    mixing = np.random.default_rng(2).normal(size=(4, 4))
    whitened = np.einsum("ij,njt->nit", mixing, responses)
    its_filter = np.linalg.solve(mixing.T, best)  # reads the same signal from the whitened responses
    back = at_sensors(patterns(its_filter[None, :, None], whitened), mixing)
    assert_allclose(back, patterns(best[None, :, None], responses), atol=1e-8)


def test_input_gradients_are_those_of_finite_differences() -> None:
    rng = np.random.default_rng(3)
    weight = torch.tensor(rng.normal(size=(12, 5)))
    responses, targets = torch.tensor(rng.normal(size=(6, 3, 4))), torch.tensor(rng.normal(size=(6, 5)))

    def encode(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x.flatten(1) @ weight)

    def similar(x: np.ndarray, n: int) -> float:
        out = encode(torch.tensor(x[None])).numpy()[0]
        return float(np.corrcoef(out, targets[n].numpy())[0, 1])

    found = input_gradients(encode, responses, targets, batch_size=4)
    for n, channel, time in ((0, 0, 0), (3, 2, 1), (5, 1, 3)):
        step = np.zeros((3, 4))
        step[channel, time] = 1e-5
        x = responses[n].numpy()
        expected = (similar(x + step, n) - similar(x - step, n)) / 2e-5
        assert found[n, channel, time] == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_strength_does_not_cancel_signs() -> None:
    maps = np.stack([np.ones((2, 3)), -np.ones((2, 3))])
    maps[:, 1] *= 2
    assert_allclose(strength(maps), [1, 2])
    maps[..., 0] = 9
    assert_allclose(strength(maps, over_time=slice(1, None)), [1, 2])


def test_recovery_of_the_truth_is_perfect_and_of_a_shifted_one_tells_the_shift() -> None:
    at = np.linspace(0, 1, 101)
    planted = np.exp(-((at - 0.3) ** 2) / 0.005)
    perfect = recovery(7 * planted, planted, at)
    assert_allclose(perfect, [1, 1, 0, 1], atol=1e-12)
    late = recovery(np.roll(planted, 20), planted, at)
    assert late.peak_error == pytest.approx(0.2)
    assert late.correlation < 0.2
    assert late.overlap < 0.1
    assert np.isnan(recovery(np.ones(101), planted, at).correlation)
    with pytest.raises(ValueError, match="equal"):
        recovery(planted[:-1], planted, at)


def test_a_planted_profile_seen_through_windows_is_its_mean() -> None:
    times = np.arange(10) / 10
    planted = np.arange(10.0)
    assert_allclose(seen_through(planted, times, np.array([0.0, 0.3]), np.array([0.2, 0.6])), [1, 4.5])
    with pytest.raises(ValueError, match="no sample"):
        seen_through(planted, times, np.array([2.0]), np.array([3.0]))
