"""Ridge in the idiom of scikit-learn: its checks, what it decodes, and what it may not see."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from companion.decoding.estimators import RidgeRetriever
from companion.decoding.retrieval import ranks, relative_rows
from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings

RNG = np.random.default_rng(0)
SPACE = Embeddings(RNG.normal(size=(40, 6)), tuple(f"thing {n}" for n in range(40)), "toy")
SHOWN = np.repeat(np.array(SPACE.ids), 4)
MIXING = RNG.normal(size=(6, 30))
X = SPACE.rows_of(SHOWN) @ MIXING + RNG.normal(scale=2.0, size=(160, 30))


def test_it_passes_the_checks_of_scikit_learn() -> None:
    checks = check_estimator(RidgeRetriever(), on_skip=None, on_fail=None)
    assert len(checks) > 40
    assert not [one["check_name"] for one in checks if one["status"] == "failed"]


def test_it_decodes_what_the_function_of_the_package_decodes() -> None:
    known = SHOWN[:120]
    ridge = RidgeRetriever(SPACE, candidates="all").fit(X[:120], known)
    space = relative_rows(SPACE, list(known))
    decoder = fit_ridge(X[:120], list(known), {"own": space}, list(known))
    wanted = decoder.predict(X[120::4], list(SHOWN[120::4]))["own"]
    assert ridge.transform(X[120::4]) == pytest.approx(wanted.values)
    assert ridge.penalty_ == decoder.penalties["own"]
    right = ranks(wanted, space) == 1
    assert ((ridge.predict(X[120::4]) == SHOWN[120::4]) == right).all()


def test_things_that_nobody_trained_on_are_named() -> None:
    ridge = RidgeRetriever(SPACE, candidates="all")
    named = cross_val_predict(ridge, X, SHOWN, groups=SHOWN, cv=GroupKFold(5))
    assert (named == SHOWN).mean() > 0.2  # guessing: 0.025


def test_every_trial_may_show_another_thing() -> None:
    ridge = RidgeRetriever(SPACE, candidates="all").fit(X[::4], SHOWN[::4])
    assert (ridge.predict(X[1::4]) == SHOWN[1::4]).mean() > 0.2


def test_candidates_may_be_given() -> None:
    ridge = RidgeRetriever(SPACE, candidates=["thing 38", "thing 39"]).fit(X[:120], SHOWN[:120])
    assert set(ridge.predict(X)) <= {"thing 38", "thing 39"}
    assert ridge.decision_function(X).shape == (160,)
    with pytest.raises(ValueError, match="candidates"):
        RidgeRetriever(SPACE, candidates="some").fit(X, SHOWN)  # type: ignore[arg-type]


def test_without_a_space_it_is_ridge_on_indicators() -> None:
    y = np.tile([2, 0, 1], 40)
    brain = RNG.normal(size=(120, 5))
    brain[:, :3] += 2 * np.eye(3)[y]
    ridge = RidgeRetriever(penalties=[0.1]).fit(brain, y)
    scaled = (brain - brain.mean(0)) / brain.std(0)
    indicators = np.eye(3)[y] - 1 / 3
    strength = 0.1 * (scaled**2).sum(1).mean()
    weights = np.linalg.solve(scaled.T @ scaled + strength * np.eye(5), scaled.T @ indicators)
    assert (ridge.predict(brain) == (scaled @ weights).argmax(1)).all()
    assert ridge.predict(brain).dtype == y.dtype
    assert ridge.score(brain, y) > 0.8


def test_two_classes_give_one_decision_per_trial() -> None:
    y = np.tile(["a", "b"], 30)
    brain = RNG.normal(size=(60, 4)) + (y == "b")[:, None]
    ridge = RidgeRetriever().fit(brain, y)
    decision = ridge.decision_function(brain)
    assert ((decision > 0) == (ridge.predict(brain) == "b")).all()
    assert len(np.unique(decision)) == 60  # a curve needs more than two values
    assert cross_val_score(ridge, brain, y, cv=5, scoring="roc_auc").mean() > 0.8


def test_trials_of_channels_and_times_are_taken_as_they_are() -> None:
    y = np.tile(["a", "b"], 30)
    brain = RNG.normal(size=(60, 4, 5)) + (y == "b")[:, None, None]
    both = [RidgeRetriever().fit(one, y).transform(one) for one in (brain, brain.reshape(60, -1))]
    assert both[0] == pytest.approx(both[1])
    with pytest.raises(ValueError, match="shape"):
        RidgeRetriever().fit(brain, y).predict(brain[:, :, :4])


def test_groups_decide_what_is_held_out_to_choose_the_penalty() -> None:
    """Noise that trials of a block share makes small penalties look good, unless blocks stay together."""
    y = np.tile(["a", "b"], 60)
    blocks = np.repeat(np.arange(12), 10)
    shared = RNG.normal(size=(12, 2, 40)) * 3
    brain = np.stack([shared[block, int(one == "b")] for block, one in zip(blocks, y, strict=True)])
    brain = brain + RNG.normal(size=brain.shape)
    apart = RidgeRetriever().fit(brain, y).penalty_
    assert RidgeRetriever().fit(brain, y, groups=list(blocks)).penalty_ > apart
    scores = cross_val_score(RidgeRetriever(), brain, y, groups=blocks, cv=LeaveOneGroupOut())
    assert abs(scores.mean() - 0.5) < 0.2


def test_it_is_cloned_pickled_and_put_into_pipelines() -> None:
    ridge = RidgeRetriever(SPACE, candidates="all", penalties=[0.1, 1.0])
    copy = clone(ridge)
    assert copy.space is not None
    assert copy.space.ids == SPACE.ids
    assert copy.get_params()["penalties"] == [0.1, 1.0]
    fitted = make_pipeline(StandardScaler(), ridge).fit(X, SHOWN)
    again = pickle.loads(pickle.dumps(fitted))
    assert (again.predict(X) == fitted.predict(X)).all()


def test_tables_come_out_if_asked_for() -> None:
    table = RidgeRetriever(SPACE).set_output(transform="pandas").fit(X, SHOWN).transform(X[:3])
    assert list(table.columns) == [f"ridgeretriever{n}" for n in range(6)]


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        RidgeRetriever().fit(X, np.full(160, "a"))
