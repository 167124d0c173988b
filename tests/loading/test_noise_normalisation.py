"""Noise normalisation: against scikit-learn trial by trial, and against what whitening is for."""

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power
from sklearn.covariance import ledoit_wolf
from sklearn.preprocessing import StandardScaler

from companion.errors import DataError
from companion.loading.things_eeg2 import noise_normalisation
from companion.loading.things_eeg2.noise_normalisation import (
    noise_covariance,
    shrunk_covariances,
    whitened,
    whitening_matrix,
)


@pytest.fixture
def mixed():
    """Noise of 12 channels that share sources, in volts: 60 trials of 250 samples."""
    rng = np.random.default_rng(0)
    shared = np.linalg.cholesky(0.5 * np.eye(12) + 0.5)  # correlations of 0.5 between all channels
    mixing = shared * np.geomspace(1e-6, 1e-4, 12)[:, None]
    return np.einsum("ij,njt->nit", mixing, rng.normal(size=(60, 12, 250)))


def by_scikit_learn(trial):
    scaler = StandardScaler()
    covariance = ledoit_wolf(scaler.fit_transform(trial.T))[0]
    return scaler.scale_[:, None] * covariance * scaler.scale_[None, :]


@pytest.mark.parametrize("n_times", [5, 30, 100])
def test_shrinkage_is_that_of_scikit_learn(mixed, n_times):
    trials = mixed[:8, :, :n_times] + 3e-5  # a mean does not matter
    expected = [by_scikit_learn(trial) for trial in trials]
    np.testing.assert_allclose(shrunk_covariances(trials), expected, rtol=1e-9, atol=1e-22)
    shrunk_off = np.abs(expected[0]).sum() - np.trace(np.abs(expected[0]))
    plain = np.cov(trials[0], ddof=0)
    assert shrunk_off < np.abs(plain).sum() - np.trace(np.abs(plain))


def test_full_shrinkage_gives_the_variances():
    trials = np.random.default_rng(0).normal(size=(5, 30, 4))  # fewer samples than channels
    for covariance, trial in zip(shrunk_covariances(trials), trials, strict=True):
        np.testing.assert_allclose(covariance, by_scikit_learn(trial), atol=1e-12)


def test_mean_over_repetitions_then_over_conditions(mixed, monkeypatch):
    conditions = np.array(["a"] * 40 + ["b"] * 15 + ["c"] * 5)
    single = shrunk_covariances(mixed)
    expected = np.mean([single[conditions == name].mean(axis=0) for name in "abc"], axis=0)
    np.testing.assert_allclose(noise_covariance(mixed, conditions), expected, rtol=1e-10)
    assert not np.allclose(expected, single.mean(axis=0), rtol=1e-3, atol=0)
    monkeypatch.setattr(noise_normalisation, "TRIALS_PER_BLOCK", 7)
    np.testing.assert_allclose(noise_covariance(mixed, conditions), expected, rtol=1e-10)


def test_whitening_matrix_is_the_inverse_square_root(mixed):
    covariance = noise_covariance(mixed, np.arange(len(mixed)))
    matrix = whitening_matrix(covariance, where="here")
    np.testing.assert_allclose(matrix @ covariance @ matrix, np.eye(12), atol=1e-9)
    np.testing.assert_allclose(matrix, fractional_matrix_power(covariance, -0.5), rtol=1e-6)


def test_whitened_training_noise_is_near_identity(mixed):
    def farthest_from_identity(trials):
        pooled = np.mean([np.cov(trial) for trial in trials], axis=0)
        pooled /= np.trace(pooled) / len(pooled)  # before: up to the unit
        return np.abs(pooled - np.eye(12)).max()

    matrix = whitening_matrix(noise_covariance(mixed, np.arange(len(mixed)) % 20), where="here")
    clean = whitened(mixed, matrix)
    assert farthest_from_identity(mixed) > 1
    assert farthest_from_identity(clean) < 0.1
    assert np.mean([np.var(trial) for trial in clean]) == pytest.approx(1, abs=0.1)
    # new noise of the same channels is whitened too, and its own statistics play no part
    np.testing.assert_allclose(whitened(2 * mixed[:1], matrix), 2 * clean[:1], rtol=1e-12)


def test_a_channel_that_is_flat_in_one_trial_does_no_harm(mixed):
    damaged = mixed.copy()
    damaged[0, 3] = 5e-5
    found = noise_covariance(damaged, np.arange(len(mixed)))
    good = noise_covariance(mixed, np.arange(len(mixed)))
    assert found[3, 3] < good[3, 3]  # one share of sixty is missing, and nothing of another size came in
    np.testing.assert_allclose(found, good, atol=0.05 * np.abs(good).max())


@pytest.mark.parametrize("damage", ["flat", "copied"])
def test_what_cannot_be_inverted_is_refused(mixed, damage):
    if damage == "flat":
        mixed[:, 3] = 1e-5
        covariance = noise_covariance(mixed, np.arange(len(mixed)))
    else:
        covariance = np.cov(np.vstack([mixed[0], mixed[0, :1]]))
    with pytest.raises(DataError, match="session 1") as error:
        whitening_matrix(covariance, where="session 1")
    assert ("1 channels are flat" in str(error.value)) == (damage == "flat")


def test_inputs_stay_as_they_are(mixed):
    before = mixed.copy()
    whitened(mixed, whitening_matrix(noise_covariance(mixed, np.arange(60)), where="here"))
    np.testing.assert_array_equal(mixed, before)
