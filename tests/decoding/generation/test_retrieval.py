"""Pictures from an open pool: nothing that was shown is in it, and the nearest comes first."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.generation.retrieval import nearest_pictures, open_pool
from companion.embeddings import Embeddings
from companion.errors import DataError


def named(values: np.ndarray, prefix: str, space: str = "toy") -> Embeddings:
    return Embeddings(values, tuple(f"{prefix}{row}" for row in range(len(values))), space)


def at(degrees: list[float]) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_stimuli_and_what_resembles_them_leave_the_pool() -> None:
    stimuli = named(at([0, 90]), "s")
    # 17 degrees is a cosine of .956, 20 one of .940; length does not matter
    pool = Embeddings(
        at([17, 20, 45, 110, 90.5, 200]) * 3, ("near", "far", "middle", "other", "twin", "s1"), "toy"
    )
    opened = open_pool(pool, stimuli)
    assert opened.pictures.ids == ("far", "middle", "other")
    np.testing.assert_allclose(np.linalg.norm(opened.pictures.values, axis=1), 1)
    left_out = opened.left_out.set_index("candidate")
    assert left_out.index.tolist() == ["near", "twin", "s1"]
    assert left_out["stimulus"].tolist() == ["s0", "s1", "s1"]
    assert left_out["same_id"].tolist() == [False, False, True]
    assert left_out.loc["near", "cosine"] == pytest.approx(np.cos(np.deg2rad(17)))
    assert "near" in open_pool(pool, stimuli, most_alike=0.96).pictures.ids


def test_the_nearest_come_first_whatever_their_length() -> None:
    rng = np.random.default_rng(0)
    pool = open_pool(named(rng.normal(size=(40, 6)), "p"), named(rng.normal(size=(3, 6)), "s"))
    decoded = named(5 * rng.normal(size=(4, 6)), "t")
    table = nearest_pictures(decoded, pool, n=7)
    for row, name in enumerate(decoded.ids):
        vector = decoded.values[row]
        cosines = {
            one: vector @ other / np.linalg.norm(vector) / np.linalg.norm(other)
            for one, other in zip(pool.pictures.ids, pool.pictures.values, strict=True)
        }
        best = sorted(cosines, key=lambda one: -cosines[one])[:7]
        mine = table[table["stimulus"] == name]
        assert mine["candidate"].tolist() == best
        assert mine["place"].tolist() == list(range(1, 8))
        np.testing.assert_allclose(mine["cosine"], [cosines[one] for one in best])
    assert not table["hit"].any()


def test_leaks_and_mixed_spaces_are_refused() -> None:
    stimuli, pool = named(at([0, 90]), "s"), named(at([180, 200]), "p")
    opened = open_pool(pool, stimuli)
    with pytest.raises(DataError, match="Seen pictures are in the pool"):
        nearest_pictures(named(at([180]), "p"), opened)
    with pytest.raises(DataError, match="different spaces"):
        open_pool(pool, named(at([0]), "s", "other"))
    with pytest.raises(DataError, match="Every picture"):
        open_pool(named(at([1, 89]), "p"), stimuli)
    with pytest.raises(ValueError, match="n is a whole number from 1 to 2"):
        nearest_pictures(stimuli, opened, n=3)
