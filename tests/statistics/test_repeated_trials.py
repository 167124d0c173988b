"""Images exchanged against all exchanges, and false alarms where trials of an image share an error."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.repeated_trials import (
    cluster_interval,
    hits_by_answer,
    image_permutation,
    trial_permutation,
)

N_IMAGES, N_REPETITIONS = 12, 20
NAMES = [f"i{i}" for i in range(N_IMAGES)]
SHOWN = [name for name in NAMES for _ in range(N_REPETITIONS)]


def similarities(seed: int, *, shared: float, signal: float = 0.0) -> np.ndarray:
    """Responses without (or with some) knowledge of the image: an error that its trials share, and noise."""
    rng = np.random.default_rng(seed)
    errors = shared * rng.normal(size=(N_IMAGES, N_IMAGES)) + signal * np.eye(N_IMAGES)
    noise = rng.normal(size=(N_IMAGES, N_REPETITIONS, N_IMAGES))
    return (errors[:, None] + noise).reshape(-1, N_IMAGES)


def test_hits_of_every_answer_by_hand() -> None:
    similarity = [[0.9, 0.5, 0.5, 0.1], [1, 1, 1, 1]]
    np.testing.assert_allclose(hits_by_answer(similarity, 1), [[1, 0, 0, 0], [0.25] * 4])
    np.testing.assert_allclose(hits_by_answer(similarity, 2), [[1, 0.5, 0.5, 0], [0.5] * 4])
    np.testing.assert_allclose(hits_by_answer([[0.1 + 0.2, 0.3]]), [[0.5, 0.5]])
    with pytest.raises(DataError, match=r"cannot be used|cannot be ranked"):
        hits_by_answer([[1.0, np.nan]])
    with pytest.raises(DataError, match=r"cannot be used|cannot be ranked"):
        hits_by_answer([[1.0, 2.0]], 3)


def test_exchanged_images_against_all_exchanges() -> None:
    rng = np.random.default_rng(1)
    shown = ["b", "a", "b", "d", "a", "b"]  # unequally often; c is a candidate that was not shown
    candidates = ["d", "c", "b", "a"]
    hits = hits_by_answer(rng.normal(size=(6, 4)))
    hits[0] = hits[2] = [0, 0, 1, 0]
    null = []
    for order in permutations("bad"):
        answer = dict(zip("bad", order, strict=True))
        null.append(np.mean([hits[row, candidates.index(answer[name])] for row, name in enumerate(shown)]))
    found = image_permutation(hits, shown, candidates, n=4000, seed=0)
    assert found.observed == pytest.approx(null[0])
    assert found.null_mean == pytest.approx(np.mean(null), abs=0.02)
    assert found.null_deviation == pytest.approx(np.std(null), abs=0.02)
    assert found.p == pytest.approx(np.mean(np.array(null) >= null[0] - 1e-9), abs=0.04)
    assert found.floor == 1 / 4001
    assert found == image_permutation(hits, shown, candidates, n=4000, seed=0)
    assert found != image_permutation(hits, shown, candidates, n=4000, seed=1)


def test_exchanged_trials_keep_how_often_an_answer_comes() -> None:
    hits = hits_by_answer(similarities(3, shared=0.0))
    found = trial_permutation(hits, SHOWN, NAMES, n=2000, seed=0)
    assert found.null_mean == pytest.approx(1 / N_IMAGES, abs=0.005)
    # Without a shared error, hits of 240 trials are nearly binomial.
    spread = np.sqrt(1 / N_IMAGES * (1 - 1 / N_IMAGES) / len(SHOWN))
    assert found.null_deviation == pytest.approx(spread, rel=0.1)


def test_with_one_trial_per_image_both_are_one_test() -> None:
    hits = hits_by_answer(np.random.default_rng(0).normal(size=(N_IMAGES, N_IMAGES)) + np.eye(N_IMAGES))
    two = [test(hits, NAMES, NAMES, n=500, seed=2) for test in (image_permutation, trial_permutation)]
    assert two[0] == pytest.approx(two[1])


def test_exchanging_trials_finds_what_is_not_there_and_exchanging_images_does_not() -> None:
    n_worlds = 300
    p = np.array(
        [
            [
                test(hits_by_answer(similarities(seed, shared=2.0), 4), SHOWN, NAMES, n=199, seed=seed).p
                for test in (image_permutation, trial_permutation)
            ]
            for seed in range(n_worlds)
        ]
    )
    image_level, trial_level = (p <= 0.05).mean(axis=0)
    most = stats.binom.ppf(0.999, n_worlds, 0.05) / n_worlds
    least = stats.binom.ppf(0.001, n_worlds, 0.05) / n_worlds
    assert least <= image_level <= most
    assert trial_level > 0.25
    assert np.mean(p[:, 0]) == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / n_worlds))


def test_both_are_right_where_trials_share_nothing_and_images_still_find_a_signal() -> None:
    quiet = np.array(
        [
            trial_permutation(hits_by_answer(similarities(s, shared=0.0)), SHOWN, NAMES, n=199, seed=s).p
            for s in range(200)
        ]
    )
    assert (quiet <= 0.05).mean() <= stats.binom.ppf(0.999, 200, 0.05) / 200
    hits = hits_by_answer(similarities(0, shared=1.0, signal=2.0))
    assert image_permutation(hits, SHOWN, NAMES, n=999).p < 0.01


def test_shared_errors_make_trials_worth_less() -> None:
    names, n_repetitions = np.array([f"i{i}" for i in range(50)]), 35
    shown = list(np.repeat(names, n_repetitions))
    rng = np.random.default_rng(0)
    means = rng.normal(size=50)
    values = np.repeat(means, n_repetitions) + 0.5 * rng.normal(size=1750)
    found = cluster_interval(values, shown, n=4000, seed=0)
    by_image = values.reshape(50, 35).mean(axis=1)
    assert found.mean == pytest.approx(values.mean())
    assert found.error_images == pytest.approx(by_image.std() / np.sqrt(50), rel=0.05)
    assert found.error_trials == pytest.approx(values.std() / np.sqrt(1750))
    assert 40 < found.effective_trials < 80
    assert found.low < found.mean < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * found.error_images, rel=0.1)
    alone = cluster_interval(rng.normal(size=1750), shown, n=4000, seed=0)
    assert alone.effective_trials == pytest.approx(1750, rel=0.6)
    assert not found.low < cluster_interval(values + 3, shown, n=200).low < found.high


def test_unequal_images_keep_their_weight() -> None:
    shown = ["a"] * 3 + ["b"]
    found = cluster_interval([1.0, 1.0, 1.0, 0.0], shown, n=20_000, seed=0)
    # Draws: aa (1), bb (0), ab (3/4), of probability 1/4, 1/4, 1/2.
    expected = np.array([1, 0, 0.75, 0.75])
    assert found.mean == 0.75
    assert found.error_images == pytest.approx(expected.std(), rel=0.02)


def test_what_does_not_fit_is_refused() -> None:
    hits = np.eye(2)
    for shown, candidates in ((["a"], ["a", "b"]), (["a", "a"], ["a", "b"]), (["a", "x"], ["a", "b"])):
        with pytest.raises(DataError, match="cannot be exchanged"):
            image_permutation(hits, shown, candidates)
    with pytest.raises(DataError, match="cannot be exchanged"):
        trial_permutation(hits, ["a", "b"], ["a", "a"])
    for values, shown in (([1.0], ["a", "b"]), ([1.0, 2.0], ["a", "a"]), ([1.0, np.nan], ["a", "b"])):
        with pytest.raises(DataError, match=r"cannot be resampled|cannot be used"):
            cluster_interval(values, shown)


@pytest.mark.parametrize("k", [1, 5, 12])
def test_hits_are_those_of_ranking_every_candidate(k: int) -> None:
    similarity = np.random.default_rng(6).integers(0, 6, (50, 12)) / 3
    better = stats.rankdata(-similarity, method="min", axis=1) - 1
    tied = stats.rankdata(-similarity, method="max", axis=1) - better - 1
    np.testing.assert_array_equal(hits_by_answer(similarity, k), np.clip((k - better) / (tied + 1), 0, 1))
