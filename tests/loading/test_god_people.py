"""People of GOD in either release: who is there, which layout is read, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import god_world as world

from companion.errors import MissingDataError
from companion.loading.god.fmri import TASKS
from companion.loading.god.people import god_folder, load_god_people, subjects_there
from companion.loading.sources import RECORD
from companion.recording import Recording
from companion.simulation.writers.god import write_god, write_god_task

STIMULI = world.stimuli()
PEOPLE = (2, 10)


def person(number: int, split: str, *, scale: float = 1) -> Recording:
    one = world.recording(split, seed=number)
    return replace(one, responses=one.responses * np.float32(scale), subject=f"Subject{number}")


def write_classic(folder: Path, *, scale: float = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in PEOPLE:
        write_god(folder, number, [person(number, split, scale=scale) for split in world.SHOWN], STIMULI)
    return folder


def write_per_task(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in PEOPLE:
        for split in world.SHOWN:
            write_god_task(folder, number, person(number, split), STIMULI)
    return folder


@pytest.fixture(scope="module", params=[write_classic, write_per_task])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people in one of the layouts."""
    return request.param(tmp_path_factory.mktemp("god"))


@pytest.mark.parametrize("split", list(world.SHOWN))
def test_people_come_back_by_number_in_either_layout(folder: Path, split: str) -> None:
    assert subjects_there(folder, split=split) == [2, 10]  # type: ignore[arg-type]
    people = load_god_people(folder, split=split, stimuli=STIMULI)  # type: ignore[arg-type]
    assert list(people) == [2, 10]
    for number, one in people.items():
        assert (one.subject, one.split) == (f"Subject{number}", split)
        np.testing.assert_array_equal(one.responses, person(number, split).responses)


def test_some_people_and_some_regions(folder: Path) -> None:
    people = load_god_people(folder, split="train", stimuli=STIMULI, rois=["V1"], subjects=[10])
    assert list(people) == [10]
    np.testing.assert_array_equal(people[10].responses, person(10, "train").responses[:, :10])
    reversed_order = load_god_people(folder, split="test", stimuli=STIMULI, subjects=[10, 2])
    assert list(reversed_order) == [10, 2]


def test_somebody_who_is_not_there(folder: Path) -> None:
    with pytest.raises(MissingDataError, match=r"not there\n.*\n.*Subject3\n.*\[2, 10\]"):
        load_god_people(folder, split="train", stimuli=STIMULI, subjects=[2, 3])


def test_nobody_is_there(tmp_path: Path) -> None:
    for name in ("subject1.h5", "Subject01.h5", "Subject1_Other.h5", "Subject1.h5.part"):
        (tmp_path / name).touch()
    for place in (tmp_path, tmp_path / "absent"):
        assert subjects_there(place) == []
        with pytest.raises(MissingDataError, match=r"Subject1\.h5 or Subject1_ImageNetTraining\.h5"):
            load_god_people(place, split="train", stimuli=STIMULI)


def test_classic_files_win_over_files_per_task(tmp_path: Path) -> None:
    write_classic(write_per_task(tmp_path), scale=3)
    (tmp_path / "Subject10.h5").unlink()
    assert subjects_there(tmp_path) == [2]
    people = load_god_people(tmp_path, split="train", stimuli=STIMULI)
    np.testing.assert_array_equal(people[2].responses, person(2, "train", scale=3).responses)


def test_a_task_that_somebody_lacks(tmp_path: Path) -> None:
    write_per_task(tmp_path)
    (tmp_path / f"Subject2_{TASKS['imagery']}.h5").unlink()
    assert subjects_there(tmp_path) == [2, 10]
    assert subjects_there(tmp_path, split="imagery") == [10]
    assert list(load_god_people(tmp_path, split="imagery", stimuli=STIMULI)) == [10]


def test_the_folder_of_the_official_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    (tmp_path / "god-fmri").mkdir()
    with pytest.raises(MissingDataError, match=r"Neither release .*\n.*god-fmri or god-fmri-per-task"):
        god_folder(source="official")
    per_task = write_per_task(tmp_path / "god-fmri-per-task")
    assert god_folder(source="official") == per_task
    classic = write_classic(tmp_path / "god-fmri")
    assert god_folder(source="official") == classic


def test_the_folder_of_the_miniature_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match="companion data simulate god --scale smoke"):
        god_folder(source="miniature", scale="smoke")
    made = tmp_path / "miniature/smoke/N1/god"
    made.mkdir(parents=True)
    (made / RECORD).write_text("{}")
    assert god_folder(source="null", scale="smoke", null="N1") == made
