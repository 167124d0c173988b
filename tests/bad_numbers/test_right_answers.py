"""Numbers with ties, in odd units, of odd types: results against brute force and limiting cases."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from companion import DataError, Embeddings
from companion.alignment import RidgeAlignment, pattern_similarity
from companion.decoding import centred_rows, fit_linear, fit_ridge, ranks
from companion.statistics import (
    hits_by_answer,
    holm,
    sign_flip,
    spearman_brown,
    split_half_reliability,
    top1_hits,
    wilcoxon,
)

FEW = st.sampled_from([-1.0, 0.0, 0.5, 1.0])
"""Values that tie all the time."""
DIFFERENCES = hnp.arrays(np.float64, st.integers(3, 8), elements=FEW)
NAMES = [f"picture {row}" for row in range(12)]


@given(p=hnp.arrays(np.float64, st.integers(1, 8), elements=st.sampled_from([0.0, 0.01, 0.02, 0.5, 1.0])))
def test_holm_is_the_procedure_step_by_step(p: np.ndarray) -> None:
    adjusted, highest = np.empty(len(p)), 0.0
    for step, row in enumerate(np.argsort(p, kind="stable")):
        highest = max(highest, min(1.0, (len(p) - step) * p[row]))
        adjusted[row] = highest
    assert np.allclose(holm(p), adjusted, atol=1e-12)


@given(differences=DIFFERENCES, exponent=st.integers(-60, 60))
def test_tests_by_signs_do_not_depend_on_the_unit(differences: np.ndarray, exponent: int) -> None:
    scaled = differences * 2.0**exponent
    assert sign_flip(scaled) == sign_flip(differences)
    assert wilcoxon(scaled) == wilcoxon(differences)


@given(similarity=hnp.arrays(np.float64, (5, 5), elements=FEW), n_way=st.integers(2, 5))
def test_hits_among_n_are_the_mean_over_all_galleries(similarity: np.ndarray, n_way: int) -> None:
    expected = []
    for row in range(5):
        own, others = similarity[row, row], np.delete(similarity[row], row)
        drawn = [others[list(chosen)] for chosen in combinations(range(4), n_way - 1)]
        shares = [0.0 if (one > own).any() else 1 / (1 + (one == own).sum()) for one in drawn]
        expected.append(np.mean(shares))
    assert np.allclose(top1_hits(similarity, n_way), expected)


@given(similarity=hnp.arrays(np.float64, (4, 5), elements=FEW), k=st.integers(1, 5))
def test_k_places_are_given_away_and_equal_candidates_share_them(similarity: np.ndarray, k: int) -> None:
    hits = hits_by_answer(similarity, k)
    assert np.allclose(hits.sum(axis=1), k)
    for row, values in zip(hits, similarity, strict=True):
        for value in set(values):
            assert np.ptp(row[values == value]) == 0


@given(values=hnp.arrays(np.float64, (6, 2), elements=st.sampled_from([1.0, 2.0])))
def test_ranks_count_every_tie_against_the_answer(values: np.ndarray) -> None:
    space = Embeddings(values, tuple(NAMES[:6]), "toy")
    unit = space.normalised().values
    expected = [(np.round(unit @ row, 9) >= np.round(row @ row, 9)).sum() for row in unit]
    assert ranks(space, space).tolist() == expected


@given(responses=hnp.arrays(np.int16, (5, 4, 2), elements=st.integers(-5, 5)))
def test_whole_numbers_are_as_reliable_as_the_same_real_ones(responses: np.ndarray) -> None:
    both = [
        split_half_reliability(kind, n_splits=3, rng=np.random.default_rng(0))
        for kind in (responses, responses.astype(np.float64))
    ]
    assert np.allclose(*both)


@given(r=hnp.arrays(np.float64, 6, elements=st.floats(-1, 1)), k=st.floats(0.1, 10))
def test_a_longer_test_keeps_the_order_of_reliabilities(r: np.ndarray, k: float) -> None:
    longer = spearman_brown(np.sort(r), k)
    assert (longer[1:] >= longer[:-1] - 1e-9).all()
    assert not (longer > 1 + 1e-9).any()


@given(level=st.sampled_from([0.0, 0.1, 0.3, 1e-6, 1e6]), shift=st.sampled_from([0.0, 1.0, -5.0]))
def test_a_channel_that_never_varied_says_nothing(level: float, shift: float) -> None:
    rng = np.random.default_rng(0)
    space = Embeddings(rng.normal(size=(12, 2)), tuple(NAMES), "toy")
    brain = space.values @ rng.normal(size=(2, 3)) + rng.normal(size=(12, 3))
    with_constant = np.column_stack([brain, np.full(12, level)])
    new = np.column_stack([brain[:4], np.full(4, level + shift)])
    plain = fit_ridge(brain, NAMES, {"toy": space}, NAMES, penalties=[1.0]).predict(brain[:4], NAMES[:4])
    more = fit_ridge(with_constant, NAMES, {"toy": space}, NAMES, penalties=[1.0]).predict(new, NAMES[:4])
    assert np.allclose(plain["toy"].values, more["toy"].values)
    least = fit_linear(brain, NAMES, {"toy": space}).predict(brain[:4], NAMES[:4])
    most = fit_linear(with_constant, NAMES, {"toy": space}).predict(new, NAMES[:4])
    assert np.allclose(least["toy"].values, most["toy"].values)


@given(value=st.floats(-1e6, 1e6), n_features=st.integers(2, 9))
def test_a_constant_vector_has_no_direction_whatever_rounding_leaves(value: float, n_features: int) -> None:
    space = Embeddings(np.full((2, n_features), value), ("cat", "dog"), "toy")
    with pytest.raises(DataError, match="no direction"):
        centred_rows(space)
    with pytest.raises(DataError, match="no direction"):
        pattern_similarity(space.values, centred=True)


@given(seed=st.integers(0, 99))
def test_ridge_to_one_dimension_is_that_of_scikit_learn(seed: int) -> None:
    from sklearn.linear_model import RidgeCV

    rng = np.random.default_rng(seed)
    space = Embeddings(rng.normal(size=(12, 3)), tuple(NAMES), "toy")
    human = Embeddings(rng.normal(size=(12, 1)), tuple(NAMES), "people")
    known = RidgeCV(alphas=(0.1, 1.0)).fit(space.values, human.values[:, 0])
    found = RidgeAlignment((0.1, 1.0)).fit(space, human).transform(space)
    assert np.allclose(found.values[:, 0], known.predict(space.values))
