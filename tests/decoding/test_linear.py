"""Linear decoders of single units: equal to least squares one by one, and blind to what they may not see."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding import linear
from companion.decoding.linear import fit_linear
from companion.embeddings import Embeddings
from companion.errors import DataError

N, V, U = 120, 40, 9
IDS = tuple(f"s{i}" for i in range(N))


def problem(seed: int = 0) -> tuple[np.ndarray, Embeddings]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(N, U)) + 2
    responses = vectors @ rng.normal(size=(U, V)) + rng.normal(scale=3, size=(N, V)) + 5
    return responses, Embeddings(vectors, IDS, "words")


def one_by_one(responses: np.ndarray, vectors: np.ndarray, new: np.ndarray, n_used: int) -> np.ndarray:
    """GOD's published example, in plain numpy: select, add a constant, solve."""
    mean, deviation = responses.mean(0), responses.std(0, ddof=1)
    X, Z = (responses - mean) / deviation, (new - mean) / deviation
    found = []
    for unit in vectors.T:
        strength = [abs(np.corrcoef(voxel, unit)[0, 1]) for voxel in X.T]
        own = np.argsort(strength)[::-1][:n_used]
        system = np.column_stack([X[:, own], np.ones(len(X))])
        weights = np.linalg.lstsq(system, unit, rcond=None)[0]
        found.append(np.column_stack([Z[:, own], np.ones(len(Z))]) @ weights)
    return np.array(found).T


@pytest.mark.parametrize("n_voxels", [12, V, 500])
def test_decoders_are_least_squares_on_each_unit_s_best_voxels(
    n_voxels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses, space = problem()
    new = problem(1)[0][:7]
    expected = one_by_one(responses, space.values, new, min(n_voxels, V))
    for size in (2**28, 1):
        monkeypatch.setattr(linear, "_BYTES", size)
        decoder = fit_linear(responses, IDS, {"words": space}, n_voxels=n_voxels)
        np.testing.assert_allclose(decoder.predict(new, IDS[:7])["words"].values, expected, atol=1e-6)
    assert ((decoder.weights["words"] != 0).sum(axis=0) == min(n_voxels, V)).all()


def test_predictions_are_averaged_over_repetitions() -> None:
    responses, space = problem()
    decoder = fit_linear(responses, IDS, {"words": space}, n_voxels=12)
    repeated = decoder.predict(responses[:4], ["x", "y", "x", "x"])["words"]
    single = decoder.predict(responses[:4], list("abcd"))["words"].values
    assert repeated.ids == ("x", "y")
    np.testing.assert_allclose(repeated.values, [single[[0, 2, 3]].mean(axis=0), single[1]])


def test_dead_units_and_dead_voxels_do_no_harm() -> None:
    responses, space = problem()
    vectors = space.values.copy()
    vectors[:, 2] = 1.5
    responses[:, 3] = 7
    responses[:, 5] = responses[:, 4]
    for n_voxels in (V - 1, V):
        decoder = fit_linear(
            responses, IDS, {"words": space.with_values(vectors, aligned_by=None)}, n_voxels=n_voxels
        )
        found = decoder.predict(responses, IDS)["words"].values
        np.testing.assert_allclose(found[:, 2], 1.5)
        assert np.isfinite(found).all()
        rest = [unit for unit in range(U) if unit != 2]
        expected = one_by_one(
            np.delete(responses, [3, 5], 1), vectors[:, rest], np.delete(responses, [3, 5], 1), V
        )
        np.testing.assert_allclose(found[:, rest], expected, atol=1e-6)


def test_bad_input_is_refused() -> None:
    responses, space = problem()
    with pytest.raises(DataError, match="more samples than voxels"):
        fit_linear(responses[:40], IDS[:40], {"words": space})
    with pytest.raises(DataError, match="finite"):
        fit_linear(np.where(responses > 20, np.nan, responses), IDS, {"words": space})
    with pytest.raises(DataError, match="do not fit"):
        fit_linear(responses, IDS, {"words": space}).predict(responses[:, 1:], IDS)
