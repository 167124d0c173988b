"""Repeated worlds: each follows from its number alone; the table is resumed, never mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading.repeated_worlds import FILE, differences, read_repeated_worlds
from companion.simulation.repeated_decoding import METRICS, Brief, by_ridge, retrieved
from companion.simulation.repeated_table import effects
from companion.simulation.repeated_worlds import Laboratory, Sizes, repeat, settings_record
from companion.simulation.scales import LESSON, SMOKE
from companion.statistics.paired import sign_flip

TINY = Sizes(n_people=3, n_pictures=60, n_triplets=200, nice=Brief(n_steps=4, batch_size=16))


@pytest.fixture(scope="module")
def laboratory(smoke_world: Path) -> Laboratory:
    return Laboratory(smoke_world / "miniature/smoke/stimuli", SMOKE, TINY)


def without_times(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="seconds").reset_index(drop=True)


@pytest.mark.parametrize("kind", ["N0", "N2"])
def test_a_world_follows_from_its_number_alone(kind: str, laboratory: Laboratory, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    repeat(kind, 2, laboratory, path, say=lambda line: None)  # type: ignore[arg-type]
    table, _ = read_repeated_worlds(path)
    alone = laboratory.world(kind, 2)  # type: ignore[arg-type]
    found = table[table["world"] == 2].set_index("metric").loc[list(METRICS)].reset_index()
    pd.testing.assert_frame_equal(
        without_times(found)[list(without_times(alone).columns)], without_times(alone), check_dtype=False
    )
    first = table[table["world"] == 1]
    assert not np.allclose(differences(first), differences(found))


def test_the_table_goes_on_where_it_was_and_never_mixes_settings(
    laboratory: Laboratory, smoke_world: Path, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    told: list[str] = []
    repeat("world", 1, laboratory, path, say=told.append)
    repeat("world", 2, laboratory, path, say=told.append)
    assert [line.split(":")[0] for line in told] == ["world 1", "world 2"]
    assert len(read_repeated_worlds(path)[0]) == 2 * len(METRICS)
    other = Laboratory(smoke_world / "miniature/smoke/stimuli", SMOKE, Sizes(n_people=4))
    with pytest.raises(DataError, match="other settings"):
        repeat("world", 3, other, path)


def test_rotations_keep_the_space_and_ridge_sees_no_difference(laboratory: Laboratory) -> None:
    spaces = laboratory.rotated(seed=5)
    one, other = (space.values for space in spaces.values())
    assert one @ one.T == pytest.approx(other @ other.T)
    assert not np.allclose(one, other)
    decoded = by_ridge(*laboratory.people("N0", seed=5)[0], spaces)
    scores = [retrieved(decoded[name], spaces[name]) for name in spaces]
    assert scores[0] == pytest.approx(scores[1])


def test_effects_are_tested_over_people() -> None:
    scores = np.zeros((4, 3, 2))
    scores[:, 1, 0] = [3, 5, 2, 6]  # aligned, top-1
    scores[:, 2, 0] = [1, 1, 1, 1]
    top1, identification = effects("world", 7, scores).to_dict("records")
    assert (top1["kind"], top1["world"], top1["metric"]) == ("world", 7, "top-1")
    assert (top1["base"], top1["aligned"], top1["permuted"], top1["effect"]) == (0, 4, 1, 3)
    assert top1["p_sign_flip"] == 2 / 2**4
    assert top1["p_t"] == pytest.approx(0.0462, abs=1e-4)  # t = 3 / (1.826 / 2) = 3.29, 3 degrees of freedom
    assert [top1[f"person_{n}"] for n in (1, 2, 3, 4)] == [2, 4, 1, 5]
    assert identification["p_sign_flip"] == 1
    assert np.isnan(identification["p_t"])


def test_a_table_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(DataError, match="cannot be read"):
        read_repeated_worlds(path)
    path.write_text("kind,world\nN0,1\n")
    with pytest.raises(DataError, match="cannot be read"):
        read_repeated_worlds(path)
    path.write_text("# {}\nkind,world\nN0,1\n")
    with pytest.raises(DataError, match="lacks columns"):
        read_repeated_worlds(path)


def test_the_committed_table_says_what_its_differences_say() -> None:
    table, record = read_repeated_worlds()
    assert FILE.is_file()
    assert table["simulated"].all()
    assert not table.duplicated(["kind", "world", "metric"]).any()
    people = differences(table).to_numpy()
    assert people.shape[1] == record["n_people"] == Sizes().n_people
    assert table["effect"].to_numpy() == pytest.approx(people.mean(axis=1), abs=2e-6)
    assert table["p_sign_flip"].to_numpy() == pytest.approx([sign_flip(row) for row in people], abs=2e-6)
    assert record == settings_record(LESSON, Sizes())
