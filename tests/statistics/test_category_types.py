"""Clusters and types of categories, against enumeration and known clusters."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.statistics.category_types import cluster_categories, type_interaction


def table_of(values: np.ndarray, living: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Values of shape (n_categories, 3): two spaces and one that does not matter."""
    spaces = ("GloVe", "CLIP", "other")
    rows = [
        {"space": space, "category": f"c{i}", "living": bool(living[i]), "value": values[i, column]}
        for column, space in enumerate(spaces)
        for i in range(len(values))
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=seed)


def made(gain: float, n: int = 50, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    living = np.arange(n) < n // 3
    values = 0.1 * rng.normal(size=(n, 1)) + 0.05 * rng.normal(size=(n, 3))
    values[living, 0] += gain
    return table_of(values, living)


def test_effects_and_interaction_are_differences_of_means() -> None:
    table = made(0.1)
    found = type_interaction(table, first="GloVe", second="CLIP", n_permutations=99)
    means = table.groupby(["space", "living"])["value"].mean()
    leads = {space: means[space, True] - means[space, False] for space in ("GloVe", "CLIP")}
    assert found.difference == pytest.approx(leads["GloVe"] - leads["CLIP"])
    assert found.effects["space"].tolist() == ["GloVe", "CLIP"]
    np.testing.assert_allclose(found.effects["difference"], list(leads.values()))
    np.testing.assert_allclose(found.effects["living"], [means[space, True] for space in leads])
    np.testing.assert_allclose(found.effects["artefacts"], [means[space, False] for space in leads])
    assert (found.n_living, found.n_artefacts) == (16, 34)


def test_p_approaches_that_of_all_labellings() -> None:
    rng = np.random.default_rng(3)
    living = np.isin(np.arange(9), (1, 4, 5, 8))
    values = rng.normal(size=(9, 3)) + 1.2 * living[:, None] * [1, 0, 0]
    found = type_interaction(table_of(values, living), first="GloVe", second="CLIP", n_permutations=40_000)

    def lead(chosen: tuple[int, ...], column: np.ndarray) -> float:
        is_in = np.isin(np.arange(9), chosen)
        return float(column[is_in].mean() - column[~is_in].mean())

    columns = {"GloVe": values[:, 0], "CLIP": values[:, 1], "both": values[:, 0] - values[:, 1]}
    exact = {}
    for name, column in columns.items():
        leads = np.abs([lead(chosen, column) for chosen in combinations(range(9), 4)])
        exact[name] = (leads >= abs(lead((1, 4, 5, 8), column)) - 1e-12).mean()
    assert found.p == pytest.approx(exact["both"], abs=0.01)
    np.testing.assert_allclose(found.effects["p"], [exact["GloVe"], exact["CLIP"]], atol=0.01)


def test_p_counts_the_observed_labelling() -> None:
    """Of six labellings of four categories, the observed one and its mirror are the most extreme."""
    living = np.array([True, True, False, False])
    values = np.array([[5.0, 0, 0], [6, 0.1, 0], [0, 0.2, 0], [1, 0, 0]])
    found = type_interaction(table_of(values, living), first="GloVe", second="CLIP", n_permutations=5000)
    assert found.p == pytest.approx(2 / 6, abs=0.03)
    few = type_interaction(made(10.0), first="GloVe", second="CLIP", n_permutations=199)
    assert few.p == pytest.approx(1 / 200)


def test_what_both_spaces_share_is_no_interaction() -> None:
    table = made(0.0)
    table["value"] += 0.5 * table["living"]
    found = type_interaction(table, first="GloVe", second="CLIP", n_permutations=999)
    assert (found.effects["p"] < 0.01).all()
    assert found.p > 0.05
    assert found.low < 0 < found.high
    gained = type_interaction(made(0.2), first="GloVe", second="CLIP", n_permutations=999)
    assert gained.p < 0.01
    assert gained.low > 0


def test_intervals_are_as_wide_as_theory_says() -> None:
    table = made(0.1, n=150)
    found = type_interaction(table, first="GloVe", second="CLIP", n_permutations=9)
    wide = table.pivot_table(index=["category", "living"], columns="space", values="value")
    lead = (wide["GloVe"] - wide["CLIP"]).groupby("living")
    error = np.sqrt((lead.var(ddof=0) / lead.count()).sum())
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.04)
    assert (found.high + found.low) / 2 == pytest.approx(found.difference, abs=0.1 * error)


def test_swapping_spaces_turns_the_sign_and_the_order_of_rows_does_not_matter() -> None:
    table = made(0.1)
    one = type_interaction(table, first="GloVe", second="CLIP", n_permutations=999)
    two = type_interaction(table.iloc[::-1], first="CLIP", second="GloVe", n_permutations=999)
    assert (one.difference, one.low, one.p) == pytest.approx((-two.difference, -two.high, two.p))


def test_tables_that_do_not_fit_are_refused() -> None:
    table = made(0.1, n=12)
    glove = table["space"] == "GloVe"
    one = glove & (table["category"] == "c3")
    for bad in (
        table[~one],
        pd.concat([table, table[one]]),
        table.assign(value=table["value"].where(~one)),
        table.assign(living=table["living"] ^ one),
        table.assign(living=table["living"].where(table["category"] != "c3")),
        table[~glove],
    ):
        with pytest.raises(DataError, match="do not share"):
            type_interaction(bad, first="GloVe", second="CLIP")
    with pytest.raises(DataError, match="two categories each"):
        type_interaction(table.assign(living=table["category"] == "c3"), first="GloVe", second="CLIP")


def test_clusters_are_found_and_named_by_size() -> None:
    rng = np.random.default_rng(0)
    sizes = {"small": 5, "large": 30, "middle": 12}
    centres = 20 * rng.normal(size=(3, 8))
    names = np.repeat(list(sizes), list(sizes.values()))
    vectors = np.repeat(centres, list(sizes.values()), axis=0) + rng.normal(size=(47, 8))
    order = rng.permutation(47)
    for seed in range(3):
        labels = cluster_categories(vectors[order], n_clusters=3, seed=seed)
        for label, name in enumerate(("large", "middle", "small")):
            assert set(names[order][labels == label]) == {name}


def test_equally_large_clusters_are_named_by_their_first_row() -> None:
    vectors = np.array([[50.0], [0.0], [50.1], [0.1], [100.0], [100.1]])
    for seed in range(5):
        labels = cluster_categories(vectors, n_clusters=3, seed=seed)
        assert labels.tolist() == [0, 1, 0, 1, 2, 2]


def test_vectors_that_cannot_be_clustered_are_refused() -> None:
    for bad in (np.ones((20, 3)), np.arange(6.0)[:, None], np.full((20, 3), np.nan)):
        with pytest.raises(DataError, match="cannot be clustered"):
            cluster_categories(bad)
