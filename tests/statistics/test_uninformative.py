"""Decoders that know nothing, against predictions drawn and correlated one at a time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.statistics.uninformative import BlindDecoder, uninformative_null

SUBJECTS = {"fMRI": 2, "MEG": 1, "ECoG": 3}


def made(n_features: int = 12, n_test: int = 6, n_candidates: int = 15, seed: int = 0) -> BlindDecoder:
    """Vectors that share a profile, some of them more than others do."""
    rng = np.random.default_rng(seed)
    profile = 2 * rng.normal(size=n_features)
    test, candidates = (
        rng.uniform(0, 2, size=(n, 1)) * profile + rng.normal(size=(n, n_features))
        for n in (n_test, n_candidates)
    )
    return BlindDecoder(profile, test, candidates, rng.uniform(0.5, 2, size=n_features))


def group(decoder: BlindDecoder) -> dict[str, list[BlindDecoder]]:
    return {name: [decoder] * n for name, n in SUBJECTS.items()}


def one_by_one(predictions: np.ndarray, decoder: BlindDecoder) -> list[float]:
    """Identification accuracy of each prediction, from all its correlations."""
    found = []
    for prediction, true in zip(predictions, decoder.test, strict=True):
        own, *others = np.corrcoef(np.stack([prediction, true, *decoder.candidates]))[0, 1:]
        wins = [0.5 if abs(own - other) < 1e-12 else float(other < own) for other in others]
        found.append(float(np.mean(wins)))
    return found


def values_of(table: pd.DataFrame, **chosen: str) -> np.ndarray:
    for column, name in chosen.items():
        table = table[table[column] == name]
    return table.iloc[:, -1].to_numpy()


def test_without_noise_accuracies_are_those_of_the_mean_vector() -> None:
    exact = dataclasses.replace(made(), noise=np.zeros(12))
    other = dataclasses.replace(made(seed=1), noise=np.zeros((12, 12)))
    null = uninformative_null(group(exact), group(other), n_draws=3, seed=0)
    expected = [np.array(one_by_one(np.tile(one.mean, (6, 1)), one)) for one in (exact, other)]
    for quantity, values in (("original", expected[0]), ("final", expected[1])):
        np.testing.assert_allclose(values_of(null.accuracies, quantity=quantity), values.mean())
    gain = (expected[1] - expected[0]).mean()
    np.testing.assert_allclose(values_of(null.accuracies, quantity="improvement"), gain)
    np.testing.assert_allclose(null.correlations["r"], 1)


@pytest.mark.parametrize("form", ["deviations", "covariance"])
def test_draws_are_distributed_as_predictions_correlated_one_at_a_time(form: str) -> None:
    decoder = made(8, 4, 10)
    rng = np.random.default_rng(5)
    mixing = np.diag(decoder.noise)
    if form == "covariance":
        mixing = rng.normal(size=(8, 3))  # of rank 3
        decoder = dataclasses.replace(decoder, noise=mixing @ mixing.T)
    slow = np.array(
        [
            [
                one_by_one(decoder.mean + rng.normal(size=(4, mixing.shape[1])) @ mixing.T, decoder)
                for _ in range(2)
            ]
            for _ in range(200)
        ]
    )
    null = uninformative_null(group(decoder), group(decoder), n_draws=1000, seed=1)
    fast = values_of(null.accuracies, quantity="original", modality="fMRI")
    of_two = slow.mean(axis=(1, 2))
    assert fast.mean() == pytest.approx(of_two.mean(), abs=0.015)
    assert fast.std() == pytest.approx(of_two.std(), rel=0.2)
    alone = values_of(null.accuracies, quantity="original", modality="MEG")
    assert alone.std() == pytest.approx(np.sqrt(2) * fast.std(), rel=0.1)


def test_improvement_is_final_less_original() -> None:
    decoder = made(n_test=40)
    null = uninformative_null(group(decoder), group(made(seed=2, n_test=40)), n_draws=20, seed=0)
    assert len(null.correlations) == len(null.accuracies) == 20 * 3 * 3
    improvement, original, final = (
        values_of(null.accuracies, quantity=name) for name in ("improvement", "original", "final")
    )
    np.testing.assert_allclose(improvement, final - original)


def test_correlations_are_missing_where_nothing_varies() -> None:
    """Without noise each modality has the mean's accuracies, and equal spaces make no improvement."""
    exact = dataclasses.replace(made(), noise=np.zeros(12))
    found = uninformative_null(group(exact), group(exact), n_draws=2, seed=0).correlations
    missing = found.groupby("quantity")["r"].apply(lambda r: r.isna().mean())
    assert missing.to_dict() == {"final": 0, "improvement": 1, "original": 0}


def test_nothing_is_known_and_yet_modalities_agree() -> None:
    """Categories that lie off the centre, a compressed space, and decoders that only know the centre."""
    rng = np.random.default_rng(3)
    centre = rng.normal(size=64)
    vectors = rng.gamma(2, 0.5, size=(550, 1)) * centre + rng.normal(size=(550, 64))
    vectors[:50] += 0.3 * centre  # test categories lie nearer the training mean than candidates do
    mixing = rng.normal(size=(64, 32)) / 8
    spaces = [vectors, np.maximum(vectors @ mixing, 0)]
    made_of = [
        {
            name: [BlindDecoder(space[:50].mean(axis=0), space[:50], space[50:], 0.1 * space.std(axis=0))] * n
            for name, n in (("fMRI", 5), ("MEG", 3), ("ECoG", 4))
        }
        for space in spaces
    ]
    null = uninformative_null(*made_of, n_draws=20, seed=0)
    typical = null.correlations.groupby("quantity")["r"].median()
    assert typical["original"] > 0.95
    assert typical["final"] > 0.9
    assert typical["improvement"] > 0.5
    assert null.accuracies.groupby("quantity")["value"].mean()["original"] > 0.55


def test_modalities_do_not_agree_where_the_mean_says_nothing() -> None:
    blank = dataclasses.replace(made(n_features=30, n_test=50, n_candidates=100), mean=np.zeros(30))
    plain = dataclasses.replace(blank, noise=np.ones(30))
    null = uninformative_null(group(plain), group(plain), n_draws=100, seed=0)
    for quantity in ("original", "improvement", "final"):
        r = values_of(null.correlations, quantity=quantity)
        assert r.mean() == pytest.approx(0, abs=0.03)
        assert r.std() == pytest.approx(1 / np.sqrt(49), rel=0.2)
        level = 0.0 if quantity == "improvement" else 0.5
        assert values_of(null.accuracies, quantity=quantity).mean() == pytest.approx(level, abs=0.02)


def test_each_space_has_its_own_correlation() -> None:
    """Agreement where the mean tells categories apart, none in a space whose mean is zero."""
    telling = dataclasses.replace(made(30, 50, 100), noise=np.full(30, 0.5))
    blank = dataclasses.replace(telling, mean=np.zeros(30))
    typical = uninformative_null(group(telling), group(blank), n_draws=50, seed=0).correlations
    medians = typical.groupby("quantity")["r"].median()
    assert medians["original"] > 0.8
    assert abs(medians["final"]) < 0.1
    assert medians["original"] > medians["improvement"] > medians["final"]


def test_a_candidate_in_the_direction_of_the_true_vector_is_a_tie() -> None:
    decoder = made(n_candidates=1, n_test=3)
    tied = dataclasses.replace(decoder, candidates=3 * decoder.test[:1] + 1)
    null = uninformative_null(group(tied), group(tied), n_draws=200, seed=0)
    shares = np.unique(np.round(3 * values_of(null.accuracies, quantity="original", modality="MEG"), 6))
    assert set(shares) == {0.5, 1.5, 2.5}  # half for the first category, none or one for the other two


def test_draws_depend_on_the_seed_and_begin_alike() -> None:
    decoder = made(n_test=20)
    few, many, other = (
        uninformative_null(group(decoder), group(decoder), n_draws=n, seed=seed).correlations
        for n, seed in ((3, 0), (5, 0), (3, 1))
    )
    pd.testing.assert_frame_equal(few, many[many["draw"] < 3].reset_index(drop=True))
    assert not np.allclose(few["r"], other["r"])


def test_decoders_that_do_not_fit_are_refused() -> None:
    decoder = made()
    for change in (
        {"mean": np.zeros(11)},
        {"test": decoder.test[:, :-1]},
        {"candidates": decoder.candidates[:0]},
        {"noise": np.ones((12, 3))},
        {"test": np.where(decoder.test > 0, np.nan, decoder.test)},
    ):
        with pytest.raises(DataError, match="not of one space"):
            dataclasses.replace(decoder, **change)
    with pytest.raises(DataError, match="do not share"):
        uninformative_null(group(decoder), {"fMRI": [decoder]}, n_draws=1, seed=0)
    with pytest.raises(DataError, match="do not share"):
        uninformative_null(group(decoder), group(made(n_test=7)), n_draws=1, seed=0)


def test_a_flat_vector_correlates_with_nothing() -> None:
    """As in identification: its correlation is 0, below positive ones, above negative ones, level with 0."""
    mean = np.array([1.0, -1, 0, 0])
    test = np.array([[2.0, -2, 0, 0], [-2, 2, 0, 0], [5, 5, 5, 5], [3, 3, -3, -3]])
    candidates = np.array([[7.0, 7, 7, 7], [0, 0, 0, 0]])
    blind = BlindDecoder(mean, test, candidates, np.zeros(4))
    null = uninformative_null(group(blind), group(blind), n_draws=2, seed=0)
    np.testing.assert_allclose(values_of(null.accuracies, quantity="original"), (1 + 0 + 0.5 + 0.5) / 4)
