"""Estimators side by side: the same folds, nothing learnt outside them, and what guessing gives."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from companion.decoding.cross_validation import compare, over_folds
from companion.decoding.estimators import RidgeRetriever
from companion.decoding.scorers import presented_percentile, presented_top1
from companion.embeddings import Embeddings
from companion.errors import DataError

RNG = np.random.default_rng(0)
Y = np.tile(["a", "b", "b"], 30)
X = RNG.normal(size=(90, 5)) + (Y == "b")[:, None]
BLOCKS = np.repeat(np.arange(15), 6)


class Recorder(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Keeps what it was given, in a list that all clones share."""

    seen: list[tuple[np.ndarray, list[int], int]] = []  # noqa: RUF012 - shared on purpose

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, groups: list[int]) -> Recorder:
        self.seen.append((X, groups, self.random_state))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), self.classes_[0])


def test_scores_are_those_of_scikit_learn() -> None:
    lda = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis())
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    table = compare(
        {"LDA": lda}, X, Y, cv=folds, metrics=["accuracy", "roc_auc", "balanced_accuracy"], subject="one"
    )
    for metric, part in table.groupby("metric"):
        assert part["value"].to_numpy() == pytest.approx(cross_val_score(lda, X, Y, cv=folds, scoring=metric))


def test_guessing_and_steps_are_those_of_the_fold() -> None:
    metrics = ["accuracy", "roc_auc", "balanced_accuracy", "f1_macro"]
    dummy = DummyClassifier(strategy="most_frequent")
    table = compare({"constant": dummy}, X, Y, cv=StratifiedKFold(5), metrics=metrics, subject="one")
    by_metric = table.groupby("metric")[["value", "chance", "step"]].mean()
    assert by_metric.loc["accuracy"].tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 18])
    assert by_metric.loc["roc_auc"].tolist() == pytest.approx([0.5, 0.5, 1 / 72])
    assert by_metric.loc["balanced_accuracy"].tolist() == pytest.approx([0.5, 0.5, 1 / 24])
    assert by_metric.loc["f1_macro", ["chance", "step"]].isna().all()


def test_training_groups_reach_estimators_that_take_them_also_in_pipelines() -> None:
    Recorder.seen.clear()
    models = {"alone": Recorder(), "last": make_pipeline(StandardScaler(), Recorder())}
    compare(models, X, Y, groups=BLOCKS, cv=GroupKFold(3), subject="one")
    assert len(Recorder.seen) == 6
    for given, groups, _ in Recorder.seen:
        assert len(given) == len(groups) == 60
        assert len(set(groups)) == 10


def test_the_trials_scored_are_never_among_those_fitted() -> None:
    Recorder.seen.clear()
    compare({"one": Recorder()}, X, Y, groups=BLOCKS, cv=GroupKFold(3), subject="one")
    rows = [{tuple(row) for row in given} for given, _, _ in Recorder.seen]
    assert all(len(one) == 60 for one in rows)
    assert len(set.union(*rows)) == 90
    assert not set.intersection(*rows)


def test_seeds_reach_what_draws_and_nothing_else() -> None:
    Recorder.seen.clear()
    models = {"draws": make_pipeline(StandardScaler(), Recorder()), "does not": LinearDiscriminantAnalysis()}
    table = compare(models, X, Y, groups=BLOCKS, cv=GroupKFold(3), seeds=[4, 5], subject="one")
    assert [seed for _, _, seed in Recorder.seen] == [4, 4, 4, 5, 5, 5]
    means = over_folds(table).set_index("encoder")
    assert means["n_seeds"].to_dict() == {"draws": 2, "does not": 1}
    assert set(means["n_test"]) == {90}


def test_a_splitter_that_ignores_the_groups_is_refused() -> None:
    with pytest.raises(DataError, match="both sides"):
        compare({"LDA": LinearDiscriminantAnalysis()}, X, Y, groups=BLOCKS, cv=KFold(4), subject="one")


def test_means_over_folds_by_hand() -> None:
    table = compare({"LDA": LinearDiscriminantAnalysis()}, X, Y, cv=5, subject="one", simulated=True)
    (row,) = over_folds(table).to_dict("records")
    assert row["mean"] == pytest.approx(table["value"].mean())
    assert row["sd"] == pytest.approx(table["value"].std())
    assert row["step"] == pytest.approx(1 / 90)
    assert table["simulated"].all()


def test_retrieval_among_presented_things_by_brute_force() -> None:
    space = Embeddings(RNG.normal(size=(24, 4)), tuple(f"thing {n}" for n in range(24)), "toy")
    shown = np.repeat(np.array(space.ids), 3)
    brain = space.rows_of(shown) @ RNG.normal(size=(4, 12)) + RNG.normal(size=(72, 12))
    train, test = slice(0, 54), slice(54, 72)
    for model in (RidgeRetriever(space), make_pipeline(StandardScaler(), RidgeRetriever(space))):
        fitted = model.fit(brain[train], shown[train])
        last = fitted if isinstance(fitted, RidgeRetriever) else fitted[-1]
        among = last.space_.select(dict.fromkeys(shown[test])).normalised().values
        cosines = fitted.transform(brain[test]) @ among.T
        own = cosines[np.arange(18), np.repeat(np.arange(6), 3)][:, None]
        beaten = (cosines < own).sum(1)
        assert presented_top1(fitted, brain[test], shown[test]) == pytest.approx((beaten == 5).mean())
        assert presented_percentile(fitted, brain[test], shown[test]) == pytest.approx(beaten.mean() / 5)
