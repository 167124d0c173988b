"""Closed-form human alignment: against other implementations, on real numbers, and for leaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from companion.alignment.human import ALPHAS, GLocalTransform, RidgeAlignment, cross_validated_alignment
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.loading import things
from companion.loading.store import data_file
from companion.statistics.similarity import Pairs, cosine_similarity, spearman


def planted(n_stimuli: int = 40, noise: float = 0.1, seed: int = 0) -> tuple[Embeddings, Embeddings]:
    """A space, and human dimensions that are a noisy linear map of it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_stimuli, 60)) * np.linspace(2, 0.1, 60) + 3
    y = x @ rng.normal(size=(60, 5)) + noise * rng.normal(size=(n_stimuli, 5)) - 2
    ids = tuple(f"c{row:02d}" for row in range(n_stimuli))
    return Embeddings(x, ids, "toy"), Embeddings(y, ids, "people")


def ridge_by_hand(x: np.ndarray, y: np.ndarray, x_new: np.ndarray, alpha: float) -> np.ndarray:
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    gram = (x - x_mean).T @ (x - x_mean) + alpha * np.eye(x.shape[1])
    return y_mean + (x_new - x_mean) @ np.linalg.solve(gram, (x - x_mean).T @ (y - y_mean))


@pytest.mark.parametrize("bias", [None, np.arange(4.0)])
def test_glocal_is_its_formula(bias: np.ndarray | None, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(3, 4))
    arrays = {"weights": weights, "mean": 0.5, "std": 2.0} | ({} if bias is None else {"bias": bias})
    np.savez(tmp_path / "transform.npz", **arrays)
    space = Embeddings(rng.normal(size=(2, 3)), ("a", "b"), "toy")
    bent = GLocalTransform.from_npz(tmp_path / "transform.npz").transform(space)
    for row in range(2):
        expected = sum((space.values[row, i] - 0.5) / 2 * weights[i] for i in range(3))
        np.testing.assert_allclose(bent.values[row], expected + (0 if bias is None else bias))
    assert (bent.ids, bent.space, bent.aligned_by) == (("a", "b"), "toy", "gLocal")


def test_a_transform_of_another_space_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", weights=np.eye(3), mean=0.0, std=1.0)
    with pytest.raises(DataError, match="another space"):
        GLocalTransform.from_npz(tmp_path / "t.npz").transform(Embeddings(np.ones((2, 4)), ("a", "b"), "toy"))


def test_a_file_without_weights_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", mean=0.0, std=1.0)
    with pytest.raises(DataError, match="weights"):
        GLocalTransform.from_npz(tmp_path / "t.npz")


def test_ridge_predicts_what_the_normal_equations_predict() -> None:
    space, human = planted()
    known, new = space.ids[:30], space.ids[30:]
    fitted = RidgeAlignment().fit(space.select(known), human)
    by_hand = ridge_by_hand(
        space.select(known).values, human.select(known).values, space.select(new).values, fitted.alpha_
    )
    np.testing.assert_allclose(fitted.transform(space.select(new)).values, by_hand, rtol=1e-8)


def test_ridge_agrees_with_himalaya() -> None:
    from himalaya.kernel_ridge import KernelRidge

    space, human = planted()
    fitted = RidgeAlignment().fit(space, human)
    x, y = space.centred().values, human.centred().values
    other = KernelRidge(alpha=fitted.alpha_, kernel="linear").fit(x, y)
    np.testing.assert_allclose(
        fitted.transform(space).values - human.values.mean(axis=0), other.predict(x), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("noise", [0.01, 3.0, 30.0])
def test_the_penalty_has_the_smallest_leave_one_out_error(noise: float) -> None:
    space, human = planted(n_stimuli=15, noise=noise)

    def error(alpha: float) -> float:
        left_out = [
            ridge_by_hand(
                np.delete(space.values, row, 0), np.delete(human.values, row, 0), space.values[[row]], alpha
            )
            for row in range(15)
        ]
        return float(((np.concatenate(left_out) - human.values) ** 2).mean())

    assert RidgeAlignment().fit(space, human).alpha_ == pytest.approx(min(ALPHAS, key=error))


def test_human_rows_are_joined_by_id() -> None:
    space, human = planted()
    turned = human.select(tuple(reversed(human.ids)))
    np.testing.assert_array_equal(
        RidgeAlignment().fit(space, human).weights_, RidgeAlignment().fit(space, turned).weights_
    )


def test_a_stimulus_without_human_row_is_refused() -> None:
    space, human = planted()
    with pytest.raises(DataError, match="'c00'"):
        cross_validated_alignment(space, human.select(human.ids[1:]))


def folds_of(n_stimuli: int, n_folds: int, seed: int) -> list[np.ndarray]:
    from sklearn.model_selection import KFold

    return [test for _, test in KFold(n_folds, shuffle=True, random_state=seed).split(np.zeros(n_stimuli))]


@pytest.mark.parametrize("shuffle_seed", [None, 4])
def test_left_out_predictions_ignore_the_left_out_human_rows(shuffle_seed: int | None) -> None:
    """The leakage test: change what people said of a fold; its own predictions must not move at all."""
    space, human = planted()
    before = cross_validated_alignment(space, human, n_folds=5, seed=3, shuffle_targets_seed=shuffle_seed)
    for fold in folds_of(len(space), 5, 3):
        values = human.values.copy()
        values[fold] = 1e3 * np.random.default_rng(1).normal(size=values[fold].shape)
        other = human.with_values(values, aligned_by=None)
        after = cross_validated_alignment(space, other, n_folds=5, seed=3, shuffle_targets_seed=shuffle_seed)
        np.testing.assert_array_equal(after.values[fold], before.values[fold])
        rest = np.setdiff1d(np.arange(len(space)), fold)
        assert not np.allclose(after.values[rest], before.values[rest])


def test_left_out_predictions_ignore_the_other_left_out_stimuli() -> None:
    """No statistics of the test part: a left-out vector is predicted the same whoever is left out with it."""
    space, human = planted()
    before = cross_validated_alignment(space, human, n_folds=5, seed=3)
    fold = folds_of(len(space), 5, 3)[0]
    values = space.values.copy()
    values[fold[1:]] += 100
    after = cross_validated_alignment(space.with_values(values, aligned_by=None), human, n_folds=5, seed=3)
    np.testing.assert_array_equal(after.values[fold[0]], before.values[fold[0]])


def test_each_option_changes_something() -> None:
    space, human = planted()
    reference = cross_validated_alignment(space, human).values
    for options in ({"n_folds": 4}, {"seed": 1}, {"shuffle_targets_seed": 0}, {"shuffle_targets_seed": 1}):
        changed = cross_validated_alignment(space, human, **options).values
        assert not np.allclose(changed, reference)
    np.testing.assert_array_equal(reference, cross_validated_alignment(space, human).values)


def test_a_planted_map_is_found_and_a_shuffled_one_is_not() -> None:
    space, human = planted(n_stimuli=100)
    found = cross_validated_alignment(space, human).values
    lost = cross_validated_alignment(space, human, shuffle_targets_seed=0).values
    explained = [
        1 - ((p - human.values) ** 2).sum() / (human.centred().values ** 2).sum() for p in (found, lost)
    ]
    assert explained[0] > 0.9
    assert explained[1] < 0.1


@pytest.mark.parametrize("n_folds", [1, 41])
def test_impossible_folds_are_refused(n_folds: int) -> None:
    with pytest.raises(ValueError, match=str(n_folds)):
        cross_validated_alignment(*planted(), n_folds=n_folds)


@pytest.mark.usefixtures("data_root")
class TestRealNumbers:
    """Agreement of CLIP with human similarity: Spearman over 19,900 pairs, uncentred cosines."""

    @staticmethod
    def agreement(space: Embeddings, human: Embeddings) -> float:
        pairs = Pairs(space.ids)
        one, other = (pairs.of(cosine_similarity(side.values)) for side in (space, human))
        return float(spearman(one, other))

    @pytest.mark.parametrize(
        ("features", "raw", "glocal", "ridge"),
        [(things.clip_test_images, 0.386, 0.844, 0.807), (things.clip_concept_centres, 0.615, 0.892, 0.859)],
    )
    def test_raw_glocal_and_left_out_ridge(self, features, raw: float, glocal: float, ridge: float) -> None:
        clip = features()
        human = things.human_embedding().select(clip.ids)
        assert self.agreement(clip, human) == pytest.approx(raw, abs=0.001)
        transform = GLocalTransform.from_npz(data_file("glocal-clip-vit-l14"))
        assert self.agreement(transform.transform(clip), human) == pytest.approx(glocal, abs=0.001)
        left_out = cross_validated_alignment(clip, human, n_folds=10, seed=0)
        assert self.agreement(left_out, human) == pytest.approx(ridge, abs=0.001)

    def test_centring_alone(self) -> None:
        clip, everyone = things.clip_test_images(), things.human_embedding()
        human = everyone.select(clip.ids).centred(everyone.values.mean(axis=0))
        assert self.agreement(clip.centred(), human) == pytest.approx(0.63, abs=0.01)

    def test_twenty_shuffles(self) -> None:
        clip = things.clip_test_images()
        human = things.human_embedding().select(clip.ids)
        runs = [cross_validated_alignment(clip, human, shuffle_targets_seed=seed) for seed in range(20)]
        as_they_are = [self.agreement(run, human) for run in runs]
        assert abs(np.mean(as_they_are)) < 0.05
        assert max(as_they_are) < 0.15

    def test_a_space_without_information_predicts_the_training_mean(self) -> None:
        clip = things.clip_test_images()
        human = things.human_embedding().select(clip.ids)
        nothing = clip.with_values(np.zeros((len(clip), 1)), aligned_by=None)
        predicted = cross_validated_alignment(nothing, human, seed=0).values
        for fold in folds_of(len(clip), 10, 0):
            mean = np.delete(human.values, fold, axis=0).mean(axis=0)
            np.testing.assert_allclose(predicted[fold], np.tile(mean, (len(fold), 1)), atol=1e-12)
