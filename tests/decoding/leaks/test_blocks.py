"""Blank labels: balanced, blind to pictures, and found where time is found."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from companion.decoding.leaks.blocks import (
    _ridge,
    blank_label_accuracy,
    blank_labels,
    without_block_means,
)
from companion.errors import DataError

BLOCKS = [f"run {number}" for number in range(12) for _ in range(10)]


def test_neighbouring_blocks_get_one_label_each() -> None:
    labels, pairs = blank_labels([*BLOCKS, "last"], 6, seed=0)
    assert labels.shape == (121, 6)
    assert (pairs[-1], np.abs(labels[-1]).max()) == (-1, 0)
    for pair in range(6):
        inside = labels[pairs == pair]
        assert (inside[:10] == inside[0]).all()
        assert (inside[10:] == -inside[0]).all()
    assert len({tuple(column) for column in labels.T}) > 1


def test_drift_is_decoded_by_random_trials_alone() -> None:
    rng = np.random.default_rng(0)
    offsets = np.repeat(rng.normal(size=(12, 30)), 10, axis=0)
    responses = offsets + rng.normal(size=offsets.shape)
    honest, leaky = (
        blank_label_accuracy(responses, BLOCKS, split=split).mean()  # type: ignore[arg-type]
        for split in ("block", "trial")
    )
    assert leaky > 0.75
    assert abs(honest - 0.5) < 0.08


def test_noise_without_drift_gives_guessing() -> None:
    responses = np.random.default_rng(1).normal(size=(120, 30))
    for split in ("block", "trial"):
        found = blank_label_accuracy(responses, BLOCKS, split=split, n_draws=40)  # type: ignore[arg-type]
        assert found.shape == (40,)
        assert abs(found.mean() - 0.5) < 0.06


def test_the_classifier_is_ridge_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    X, Y, new = rng.normal(2, 3, size=(40, 5)), np.sign(rng.normal(size=(40, 2))), rng.normal(size=(7, 5))
    scaler = StandardScaler().fit(X)
    wanted = Ridge(alpha=5.0).fit(scaler.transform(X), Y).predict(scaler.transform(new))  # 5 columns of 1
    assert np.allclose(_ridge(X, Y, new), wanted)


def test_block_means_go() -> None:
    values = np.array([[1.0], [3.0], [10.0], [14.0]])
    assert without_block_means(values, ["a", "a", "b", "b"]).ravel().tolist() == [-1, 1, -2, 2]


def test_too_few_blocks() -> None:
    with pytest.raises(DataError, match="Too few blocks"):
        blank_labels(["a", "b", "c"], 2, seed=0)
