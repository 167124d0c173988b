"""Whole printed tables: golden values of the human-aligned paper, and checks on made-up tables."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from companion.loading.published import published_scores
from companion.statistics.corrections import holm
from companion.statistics.tables import paired_by_group, recomputed_averages


@pytest.fixture(scope="module")
def human() -> pd.DataFrame:
    return published_scores("human_aligned_tables")


@pytest.fixture(scope="module")
def results(human: pd.DataFrame) -> pd.DataFrame:
    single = human[(human["subject"] != "mean") & (human["place"] != "Table 10")]
    return paired_by_group(
        single, condition="alignment", levels=["human-aligned", "base"], family="place", group="space"
    ).set_index(["place", "space"])


@pytest.mark.parametrize(
    ("space", "t", "p", "p_wilcoxon", "wins"),
    [
        ("CLIP", 11.15, 1.4e-6, 0.002, 10),
        ("OpenCLIP", 5.14, 6.2e-4, 0.004, 9),
        ("SynCLR", 2.60, 0.029, 0.037, 7),
        ("DINOv2", 1.62, 0.14, 0.16, 8),
        ("DINO", 0.30, 0.77, 0.87, 5),
        ("Ensemble", -0.26, 0.80, 0.73, 4),
    ],
)
def test_table_2(results: pd.DataFrame, space: str, t: float, p: float, p_wilcoxon: float, wins: int) -> None:
    row = results.loc[("Table 2", space)]
    assert row["t"] == pytest.approx(t, abs=0.005)
    assert row["p_t"] == pytest.approx(p, rel=0.05)
    assert row["p_wilcoxon"] == pytest.approx(p_wilcoxon, abs=0.005)
    assert row["wins"] == wins


def test_holm_leaves_clip_and_openclip(results: pd.DataFrame) -> None:
    table2 = results.loc["Table 2"]
    assert set(table2.index[table2["p_holm"] < 0.05]) == {"CLIP", "OpenCLIP"}
    assert set(table2.index[table2["p_t"] < 0.05]) == {"CLIP", "OpenCLIP", "SynCLR"}
    assert table2["p_holm"].to_numpy() == pytest.approx(holm(table2["p_t"]))


def test_each_table_is_a_family_of_its_own(results: pd.DataFrame) -> None:
    for place, table in results.groupby("place"):
        assert len(table) == 6, place
        assert table["p_holm"].to_numpy() == pytest.approx(holm(table["p_t"]))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Table 6", {"Ensemble": 0.60, "SynCLR": 0.050, "CLIP": 6.5e-6, "OpenCLIP": 0.003, "DINO": 0.11}),
        ("Table 3", {"Ensemble": 0.087, "SynCLR": 0.084, "CLIP": 0.023, "OpenCLIP": 0.10, "DINOv2": 0.063}),
        ("Table 7", {"Ensemble": 0.14, "SynCLR": 0.027, "CLIP": 0.007, "DINO": 0.032, "DINOv2": 0.014}),
        ("Table 8", {"Ensemble": 0.006, "SynCLR": 0.007, "CLIP": 0.002, "DINO": 0.020, "DINOv2": 7e-4}),
    ],
)
def test_p_values_of_the_other_tables(results: pd.DataFrame, place: str, expected: dict[str, float]) -> None:
    for space, p in expected.items():
        assert results.loc[(place, space), "p_t"] == pytest.approx(p, rel=0.09), space


def test_dino_fails_all_meg_participants_improve(results: pd.DataFrame) -> None:
    meg = results.loc["Table 3"]
    assert set(meg.index[meg["wins"] < 4]) == {"DINO"}
    assert tuple(meg.loc["DINO", ["wins", "ties", "losses"]]) == (2, 1, 1)
    assert (results.loc["Table 8", "wins"] == 4).all()
    assert (results.loc["Table 9", "wins"] == 4).all()


def test_exact_tests_of_four_people_stop_at_an_eighth(results: pd.DataFrame) -> None:
    four = results[results["n"] == 4]
    assert four["p_sign_flip"].min() == four["p_wilcoxon"].min() == 0.125


def test_two_printed_averages_are_off(human: pd.DataFrame) -> None:
    checked = recomputed_averages(human, columns=["place", "space", "alignment"])
    off = checked[~checked["agrees"]].set_index(["place", "space", "alignment"])
    assert len(checked) == 72
    assert set(off.index) == {("Table 2", "DINOv2", "human-aligned"), ("Table 9", "SynCLR", "human-aligned")}
    assert off["printed"].tolist() == [10.2, 86.7]
    assert off["recomputed"].round(1).tolist() == [10.4, 85.7]


def test_what_the_spread_of_averages_is(human: pd.DataFrame) -> None:
    checked = recomputed_averages(human, columns=["place", "space", "alignment"])
    printed = human[(human["subject"] == "mean") & human["place"].isin(checked["place"])]
    both = checked.merge(printed, on=["place", "space", "alignment"])
    assert (both["spread_is"] == both["spread_kind"]).all()


def made_up(values: list[float], average: float, decimals: int = 1) -> pd.DataFrame:
    rows = [{"subject": f"S{i}", "value": value, "spread": 1.0} for i, value in enumerate(values)]
    rows.append({"subject": "mean", "value": average, "spread": 0.1})
    return pd.DataFrame(rows).assign(table="T", decimals=decimals)


def test_recomputed_average_by_hand() -> None:
    row = recomputed_averages(made_up([1.0, 2.0, 4.0], 2.3), columns=["table"]).iloc[0]
    assert row["recomputed"] == pytest.approx(7 / 3)
    assert row["sem"] == pytest.approx(stats.sem([1.0, 2.0, 4.0]))
    assert (row["mean_sd"], row["spread_is"]) == (1.0, "SEM over subjects")
    assert row["allowed"] == pytest.approx(0.1)
    assert row["agrees"]


@pytest.mark.parametrize(("average", "agrees"), [(2.0, True), (2.1, True), (2.11, False), (1.89, False)])
def test_rounding_is_the_only_excuse(average: float, agrees: bool) -> None:
    checked = recomputed_averages(made_up([1.0, 2.0, 3.0], average), columns=["table"])
    assert checked["agrees"].tolist() == [agrees]


def test_rounded_averages_are_never_called_off() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        true = rng.uniform(0, 50, 7)
        table = made_up(list(true.round(1)), float(true.mean().round(1)))
        assert recomputed_averages(table, columns=["table"])["agrees"].all()
