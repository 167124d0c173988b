"""Doses: one dial turned, everything else the same within a seed; the loader refuses damaged tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.doses import TABLE, read_doses
from companion.loading.sources import miniature_folder, recordings_folder
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.truth import read_expected
from companion.recording import Responses
from companion.simulation.calibrated import calibrated_dials
from companion.simulation.doses import PERSON, VALUES, dose_table, n_seeds, small_experiment, turned
from companion.simulation.recordings.things_eeg2 import simulate_subject, write_shared
from companion.simulation.scales import LESSON, PAPER, SMOKE
from companion.simulation.sets import eeg_id, eeg_test, eeg_training, things_id
from companion.simulation.truth import codes_of


@pytest.fixture
def doses(smoke_world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    return recordings_folder("doses", source="miniature", scale="smoke")


def test_the_default_of_the_dials_is_the_middle_of_their_values() -> None:
    dials = calibrated_dials()
    assert VALUES["gap"][2] == dials.gap
    assert VALUES["sharing"][2] == dials.sharing
    for values in VALUES.values():
        assert np.diff(values) == pytest.approx([values[1] - values[0]] * 4)


def test_lesson_and_paper_have_five_seeds_of_five_values_of_each_dial() -> None:
    for scale in (LESSON, PAPER):
        table = dose_table(scale, calibrated_dials())
        assert table.groupby("dial").size().to_dict() == {"gap": 25, "sharing": 25}
        assert table["folder"].nunique() == 45  # both dials share the default
        assert sorted(set(table["seed"])) == [1, 2, 3, 4, 5]


def test_every_folder_of_the_table_is_read_as_a_recording(doses: Path) -> None:
    table = read_doses(doses)
    assert len(table) == 2 * 5 * n_seeds(SMOKE)
    for name in map(str, table["folder"].unique()):
        tested = load_things_eeg2(doses / name, PERSON, split="test")
        assert tested.simulated
        assert len(tested) == small_experiment(SMOKE).eeg.n_test
    assert sorted(path.name for path in doses.iterdir() if path.is_dir()) == sorted(set(table["folder"]))


def test_a_dose_is_the_recording_of_a_world_with_that_dial(
    doses: Path, smoke_world: Path, tmp_path: Path
) -> None:
    """Simulate one setting by hand, from the codes that the oracle's way in gives."""
    dials = turned(calibrated_dials(), "sharing", 0.25, seed=2)
    small = small_experiment(SMOKE)
    training, test = eeg_training(small), eeg_test(small)
    shown = [[eeg_id(*one) for one in listed] for listed in (training, test)]
    names = {things_id(*one): eeg_id(*one) for one in (*training, *test)}
    codes = codes_of(smoke_world / "miniature/smoke/stimuli", "things", dials).renamed(names)
    write_shared(tmp_path, training=shown[0], test=shown[1])
    simulate_subject(
        tmp_path, PERSON, training=shown[0], test=shown[1], codes=codes, scale=small.eeg, dials=dials
    )
    [name] = read_doses(doses).query("dial == 'sharing' and value == 0.25 and seed == 2")["folder"]
    by_hand, written = (load_things_eeg2(place, PERSON, split="test") for place in (tmp_path, doses / name))
    assert np.array_equal(by_hand.responses, written.responses)


def test_every_folder_says_what_brains_read_of_its_pictures(doses: Path) -> None:
    """So that an optimal decoder can be drawn beside every dose."""
    for name in map(str, read_doses(doses)["folder"].unique()):
        training = load_things_eeg2(doses / name, PERSON, split="train")
        expected = read_expected(doses / name, training.stimuli, loaded=training)
        flat = (expected.responses - expected.responses.mean(0)).ravel()
        assert flat @ training.responses.ravel() > 0


def test_settings_of_a_seed_are_the_same_person_and_noise(doses: Path) -> None:
    """Responses drift apart as a dial turns; those of another seed have little in common."""
    table = read_doses(doses).query("dial == 'gap'").set_index(["value", "seed"])["folder"]

    def test_responses(value: float, seed: int) -> Responses:
        return load_things_eeg2(doses / str(table[value, seed]), PERSON, split="test").responses.ravel()

    near = np.corrcoef(test_responses(0.175, 1), test_responses(0.35, 1))[0, 1]
    far = np.corrcoef(test_responses(0.175, 1), test_responses(0.7, 1))[0, 1]
    other = np.corrcoef(test_responses(0.175, 1), test_responses(0.175, 2))[0, 1]
    assert near > far > other
    assert near > 0.9
    assert abs(other) < 0.5


def test_a_gap_of_zero_leaves_nothing_to_share(smoke_world: Path) -> None:
    stimuli = smoke_world / "miniature/smoke/stimuli"
    closed = turned(calibrated_dials(), "gap", 0.0, seed=1)
    one, other = (codes_of(stimuli, "things", replace(closed, sharing=share)) for share in (0.0, 1.0))
    assert all(np.array_equal(one.stages[stage], other.stages[stage]) for stage in one.stages)


def test_doses_are_the_same_in_every_null_and_have_no_official_counterpart() -> None:
    assert miniature_folder("doses", scale="smoke", null="N2") == miniature_folder("doses", scale="smoke")
    with pytest.raises(MissingDataError, match="Only a simulated world"):
        recordings_folder("doses", source="official", scale="lesson")


GOOD = pd.DataFrame(
    {"folder": ["a", "b"], "dial": "gap", "value": [0.1, 0.2], "seed": [1, 1], "simulated": [True, True]}
)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (GOOD.drop(columns="seed"), "lacks column 'seed'"),
        (GOOD.assign(dial="temperature"), "no such dial"),
        (GOOD.assign(seed=[1, 2]), "do not pair"),
        (GOOD.assign(value=0.1), "do not pair"),
        (GOOD, "is not there"),
    ],
)
def test_damaged_tables_are_refused(table: pd.DataFrame, message: str, tmp_path: Path) -> None:
    table.to_csv(tmp_path / TABLE, index=False)
    with pytest.raises(DataError, match=message):
        read_doses(tmp_path)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing"):
        read_doses(tmp_path)
