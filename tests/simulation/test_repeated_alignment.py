"""Repeated brain-aligning: each world follows from its number alone, and its tests are scipy's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from companion.errors import DataError
from companion.loading.repeated_alignment import FILE, read_repeated_alignment
from companion.simulation.alignment_effects import MEASURES, summarised
from companion.simulation.alignment_laboratory import Laboratory, Sizes
from companion.simulation.dials import Dials
from companion.simulation.doses import VALUES
from companion.simulation.repeated_alignment import repeat, settings_record
from companion.simulation.scales import LESSON, SMOKE

TINY = Sizes(n_people=2, alphas=(1.0, 0.1), n_epochs=2)


@pytest.fixture(scope="module")
def laboratory(smoke_world: Path) -> Laboratory:
    return Laboratory(smoke_world / "miniature/smoke/stimuli", SMOKE, TINY)


def test_a_world_follows_from_its_number_alone_and_is_never_mixed(
    laboratory: Laboratory, smoke_world: Path, tmp_path: Path
) -> None:
    path, told = tmp_path / "table.csv", list[str]()
    repeat("N1", 1, laboratory, path, say=told.append)
    repeat("N1", 2, laboratory, path, say=told.append)
    assert [line.split(":")[0] for line in told] == ["N1 0.35 1", "N1 0.35 2"]
    table, _ = read_repeated_alignment(path)
    alone = laboratory.world("N1", 0.35, 2).drop(columns="seconds").reset_index(drop=True)
    found = table[table["world"] == 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(found[list(alone.columns)], alone, check_dtype=False)
    assert not np.allclose(table.loc[table["world"] == 1, "accuracy"], found["accuracy"])
    stimuli = smoke_world / "miniature/smoke/stimuli"
    other = Laboratory(stimuli, SMOKE, Sizes(n_people=1, alphas=(1.0,), n_epochs=2))
    with pytest.raises(DataError, match="other settings"):
        repeat("N1", 3, other, path)


def test_teachers_of_a_person_come_from_the_others(laboratory: Laboratory) -> None:
    trainings = [training for training, _ in laboratory.people("gap", 0.35, 7)]
    real, exchanged = (laboratory.teachers(trainings, kind, 1) for kind in ("gap", "N2"))  # type: ignore[arg-type]
    swapped = laboratory.teachers(trainings[::-1], "gap", 1)
    np.testing.assert_allclose(real["real", 0], swapped["real", 1])
    assert sorted(np.ravel(real["permuted", 0])) == pytest.approx(sorted(np.ravel(real["real", 0])))
    assert not np.allclose(exchanged["real", 0], real["real", 0])
    assert not np.allclose(exchanged["real", 0], exchanged["permuted", 0])
    assert len(trainings[0].units) == SMOKE.god.n_voxels_per_roi


def test_a_summary_tests_over_people_and_over_categories() -> None:
    rng = np.random.default_rng(0)
    keys = [("none", np.inf), ("real", 0.1), ("permuted", 0.1)]
    rows = [
        {"teacher": teacher, "alpha": alpha, "person": person, "stimulus": stimulus}
        for teacher, alpha in keys
        for person in range(4)
        for stimulus in "abcde"
    ]
    table = pd.DataFrame(rows).assign(**{name: rng.random(len(rows)) for name in MEASURES})
    found = summarised(table).set_index("teacher")
    wide = table.pivot_table(index=["person", "stimulus"], columns="teacher", values="accuracy")
    differences = wide["real"] - wide["permuted"]
    assert found.loc["real", "minus_permuted"] == pytest.approx(differences.mean(), abs=1e-6)
    for unit in ("person", "stimulus"):
        expected = stats.ttest_1samp(differences.groupby(unit).mean(), 0).pvalue
        assert found.loc["real", f"p_permuted_{unit}"] == pytest.approx(expected, abs=1e-6)
    assert found.loc["none", "alpha"] == "original"
    assert np.isnan(found.loc["permuted", "p_permuted_person"])


def test_the_committed_table_was_made_with_these_settings() -> None:
    table, record = read_repeated_alignment(FILE)
    assert record == settings_record(LESSON, Sizes())
    counts = table.groupby(["kind", "gap"])["world"].nunique().to_dict()
    doses = {("gap", value): 5 for value in VALUES["gap"]}
    assert counts == doses | {(null, Dials().gap): 20 for null in ("N1", "N2", "N3")}
    assert table["simulated"].all()
