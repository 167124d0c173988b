"""Recordings of GOD: what was written comes back by stimulus, and every fault of a file is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from tests import god_world as world

from companion.errors import DataError, MissingDataError
from companion.loading.god.fmri import TASKS, load_god, load_god_task
from companion.loading.god.stimuli import number_of_stimulus
from companion.recording import Recording
from companion.simulation.writers.god import write_god, write_god_task

SPLITS = ("train", "test", "imagery")
STIMULI = world.stimuli()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("god")
    write_god(folder, 1, world.recordings(), STIMULI)
    for recording in world.recordings():
        write_god_task(folder, 1, recording, STIMULI)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of the files, to be damaged."""
    return Path(shutil.copytree(written, tmp_path / "god"))


def load(folder: Path, split: str = "train", **options: object) -> Recording:
    return load_god(folder, 1, split=split, stimuli=STIMULI, **options)  # type: ignore[arg-type]


def load_task(folder: Path, split: str = "train", **options: object) -> Recording:
    return load_god_task(folder, 1, split=split, stimuli=STIMULI, **options)  # type: ignore[arg-type]


def classic_file(folder: Path) -> Path:
    return folder / "Subject1.h5"


@pytest.mark.parametrize("loader", [load, load_task])
@pytest.mark.parametrize("split", SPLITS)
def test_what_was_written_comes_back(loader: Callable[..., Recording], split: str, written: Path) -> None:
    got, expected = loader(written, split), world.recording(split)
    np.testing.assert_array_equal(got.responses, expected.responses)
    pd.testing.assert_frame_equal(got.trials, expected.trials)
    pd.testing.assert_frame_equal(got.units, expected.units)
    assert (got.subject, got.dataset, got.modality, got.split) == ("Subject1", "GOD", "fMRI", split)
    assert got.simulated
    assert got.responses.dtype == np.float32


def test_a_file_that_bdpy_wrote(tmp_path: Path) -> None:
    data = world.import_bdpy().BData()
    parts, units = world.recordings(), world.units()
    shown = [name for part in parts for name in part.stimuli]
    data.add(np.repeat([1.0, 2.0, 3.0], [len(part) for part in parts]), "DataType")
    data.add(np.concatenate([part.trials["run"] for part in parts]).astype(float), "Run")
    data.add(np.array([number_of_stimulus(name) for name in shown]), "stimulus_id")
    data.add(np.concatenate([part.responses for part in parts]).astype(float), "VoxelData")
    for axis in "xyz":
        data.add_metadata(f"voxel_{axis}", units[axis] * 1000, where="VoxelData")
    for name in ("V1", "LVC", "LOC"):
        data.add_metadata(f"ROI_{name}", units[f"roi_{name}"].astype(float), where="VoxelData")
    data.save(str(classic_file(tmp_path)))
    for part in parts:
        got = load(tmp_path, part.split)
        np.testing.assert_array_equal(got.responses, part.responses)
        pd.testing.assert_frame_equal(got.trials, part.trials)
        pd.testing.assert_frame_equal(got.units, units)
        assert not got.simulated


def test_a_file_without_the_marker_is_not_simulated(tmp_path: Path) -> None:
    write_god(tmp_path, 1, world.recordings(), STIMULI, simulated=False)
    assert not load(tmp_path).simulated


@pytest.mark.parametrize("split", SPLITS)
def test_rows_in_any_order_give_the_same_responses(split: str, folder: Path) -> None:
    before = load(folder, split)
    n_rows = sum(len(names) for names in world.SHOWN.values())
    order = np.random.default_rng(5).permutation(n_rows)
    world.permute_rows(classic_file(folder), order)
    after = load(folder, split)
    assert after.stimuli != before.stimuli
    one, other = before.averaged(), after.averaged()
    np.testing.assert_allclose(other.for_stimuli(one.stimuli).responses, one.responses, rtol=1e-5, atol=1e-6)
    keys = ["stimulus", "run"]
    assert sorted(map(tuple, after.trials[keys].to_numpy())) == sorted(
        map(tuple, before.trials[keys].to_numpy())
    )


def test_regions_overlap(written: Path) -> None:
    both = load(written, rois=["LOC", "V1"])
    inside = world.units().query("roi_V1 or roi_LOC")
    assert list(both.units["name"]) == list(inside["name"])
    assert both.rois == ["V1", "LVC", "LOC"]
    np.testing.assert_array_equal(both.responses, load(written).responses[:, inside.index])
    np.testing.assert_array_equal(both.roi("LOC").responses, load(written, rois=["LOC"]).responses)
    assert (both.roi("LVC").units["roi_LOC"] & both.roi("LVC").units["roi_LVC"]).sum() == 2


def test_regions_that_are_not_there(folder: Path) -> None:
    with pytest.raises(DataError, match=r"Unknown region\n.*Subject1\.h5\n.*LOC.*V1.*\n.*V9"):
        load(folder, rois=["V1", "V9"])
    with pytest.raises(DataError, match="No voxel"):
        load(folder, rois=[])


def test_changing_test_data_changes_nothing_in_training(folder: Path) -> None:
    before = load(folder)
    with h5py.File(classic_file(folder), "r+") as file:
        rows = np.flatnonzero(file["dataset"][:, world.column_of(file, "DataType")] != 1)
        file["dataset"][rows, : world.N_VOXELS] *= 7
    after = load(folder)
    np.testing.assert_array_equal(before.responses, after.responses)
    for one, other in zip(before.unit_statistics(), after.unit_statistics(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(load(folder, "test").responses, world.recording("test").responses)


def test_files_without_places_of_voxels(folder: Path) -> None:
    for axis in "xyz":
        world.drop_key(classic_file(folder), f"voxel_{axis}")
    assert list(load(folder).units) == ["name", "roi_V1", "roi_LVC", "roi_LOC"]


def test_the_older_label_names_the_stimulus(folder: Path) -> None:
    """Files made from the MATLAB release: Label is the stimulus number, of the test image for imagery too."""
    path = classic_file(folder)
    expected = load(folder, "imagery")
    with h5py.File(path, "r+") as file:
        keys = list(file["metadata/key"][()])
        column = world.column_of(file, "stimulus_id")
        types = file["dataset"][:, world.column_of(file, "DataType")]
        label = file["metadata/value"][keys.index(b"stimulus_id")]
        file["metadata/value"][keys.index(b"Label")] = label
        image = dict(zip(world.IMAGERY, world.TEST, strict=True))
        for row in np.flatnonzero(types == 3):
            name = f"n{int(file['dataset'][row, column]):08d}"
            category, number = image[name][1:].split("_")
            file["dataset"][row, column] = float(f"{category}.{int(number):06d}")
        file.move("dataset", "dataSet")
        file.move("metadata", "metaData")
    with h5py.File(path, "r+") as file:
        keep = file["metaData/key"][()] != b"stimulus_id"
        for part in ("key", "description", "value"):
            kept = file[f"metaData/{part}"][()][keep]
            del file[f"metaData/{part}"]
            file[f"metaData/{part}"] = kept
    pd.testing.assert_frame_equal(load(folder, "imagery").trials, expected.trials)


def test_label_as_a_group_of_columns_is_not_guessed_at(folder: Path) -> None:
    world.drop_key(classic_file(folder), "stimulus_id")
    with pytest.raises(DataError, match=r"one column\n.*Subject1\.h5, Label\n.*1\n.*3"):
        load(folder)


@pytest.mark.parametrize("key", ["DataType", "Run", "VoxelData"])
def test_missing_keys(key: str, folder: Path) -> None:
    world.drop_key(classic_file(folder), key)
    with pytest.raises(DataError, match=rf"lacks a key\n.*Subject1\.h5\n.*expected: {key}\n.*got: .*ROI_V1"):
        load(folder)


def row_of(name: str, split: str = "train") -> int:
    """Row in the file of the first trial of a stimulus."""
    before = {"train": 0, "test": len(world.SHOWN["train"])}[split]
    return before + world.recording(split).stimuli.index(name)


@pytest.mark.parametrize(
    ("key", "row", "value", "message"),
    [
        ("stimulus_id", 2, np.nan, r"Subject1\.h5, stimulus_id, row 2"),
        ("stimulus_id", 2, 1518870.0, r"not in the list stimulus_ImageNetTraining\.tsv\n.*row 2"),
        ("stimulus_id", 2, 1518870.01902, "too few or too many train trials"),
        ("stimulus_id", 2, 1518870.5, "not in the list"),
        ("stimulus_id", 2, 1621127.01902, r"test category was shown in training\n.*row 2\n.*n01621127"),
        ("stimulus_id", 14, 1518870.01902, r"training category is among the test trials\n.*row 14"),
        ("stimulus_id", 28, 1518870.0, "training category is among the test trials"),
        ("DataType", 3, 4.0, r"neither training, test nor imagery\n.*DataType, row 3"),
        ("DataType", 3, np.nan, "neither training, test nor imagery"),
        ("DataType", 3, 2.0, "training category is among the test trials"),
        ("Run", 3, 1.5, "run is not a whole number"),
        ("Run", 3, np.nan, "run is not a whole number"),
    ],
)
def test_labels_with_faults(key: str, row: int, value: float, message: str, folder: Path) -> None:
    if value == 1518870.01902 and row == 2:  # the trap: a second trial of one image in place of another
        row = row_of("n01518870_7")
    world.set_label(classic_file(folder), key, row, value)
    with pytest.raises(DataError, match=message):
        load(folder)


@pytest.mark.parametrize("split", ["train", "test", "imagery"])
def test_missing_and_repeated_rows(split: str, written: Path, folder: Path) -> None:
    n_rows = sum(len(names) for names in world.SHOWN.values())
    row = {"train": 0, "test": 12, "imagery": 28}[split]
    path = classic_file(folder)
    for order in (np.delete(np.arange(n_rows), row), np.r_[np.arange(n_rows), row]):
        shutil.copy(classic_file(written), path)
        world.permute_rows(path, order)
        with pytest.raises(DataError, match=f"1 of .* too few or too many {split} trials"):
            load(folder)


def test_training_images_that_were_all_shown_twice(folder: Path) -> None:
    world.permute_rows(classic_file(folder), np.r_[np.arange(12), np.arange(12)])
    with pytest.raises(DataError, match=r"12 of 12 stimuli .*\n.*\n +expected: 1 of each"):
        load(folder)


def test_a_split_that_is_not_there(folder: Path) -> None:
    world.permute_rows(classic_file(folder), np.arange(12))
    assert len(load(folder)) == 12
    with pytest.raises(DataError, match=r"no trials of a split\n.*\n.*imagery"):
        load(folder, "imagery")


def test_a_voxel_that_is_no_number(folder: Path) -> None:
    with h5py.File(classic_file(folder), "r+") as file:
        file["dataset"][15, 4] = np.nan
    with pytest.raises(DataError, match=r"Subject1\.h5, row 15, column 4"):
        load(folder, "test")
    assert len(load(folder, "test", rois=["LOC"])) == 15


def test_a_voxel_without_a_place(folder: Path) -> None:
    with h5py.File(classic_file(folder), "r+") as file:
        keys = list(file["metadata/key"][()])
        file["metadata/value"][keys.index(b"voxel_y"), 5] = np.nan
    with pytest.raises(DataError, match=r"no place\n.*voxel_y, column 5"):
        load(folder)


def test_a_region_that_holds_a_label(folder: Path) -> None:
    with h5py.File(classic_file(folder), "r+") as file:
        keys = list(file["metadata/key"][()])
        file["metadata/value"][keys.index(b"ROI_V1"), world.N_VOXELS] = 1
    with pytest.raises(DataError, match=r"no voxels\n.*\n.*ROI_V1"):
        load(folder)


def test_files_that_are_absent_or_cut(folder: Path) -> None:
    path = classic_file(folder)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataError, match=r"Subject1\.h5"):
        load(folder)
    path.unlink()
    with pytest.raises(MissingDataError, match=r"Subject1\.h5"):
        load(folder)
    with pytest.raises(MissingDataError, match=r"Subject2_Imagery\.h5"):
        load_god_task(folder, 2, split="imagery", stimuli=STIMULI)


def test_per_task_files_that_name_images_as_files(folder: Path) -> None:
    path = folder / f"Subject1_{TASKS['test']}.h5"
    with h5py.File(path, "r+") as file:
        table = file["vmap/stimulus_name"]
        for number in list(table):
            name = table[number][()]
            del table[number]
            table[number] = name + b".JPEG"
    assert load_task(folder, "test").stimuli == world.recording("test").stimuli


@pytest.mark.parametrize("split", SPLITS)
def test_per_task_files_with_numbers_alone(split: str, folder: Path) -> None:
    path = folder / f"Subject1_{TASKS[split]}.h5"  # type: ignore[index]
    world.drop_key(path, "stimulus_name")
    assert load_task(folder, split).stimuli == world.recording(split).stimuli
    world.drop_key(path, "stimulus_number")
    with pytest.raises(DataError, match=r"does not say what was shown\n.*\n.*stimulus_name or"):
        load_task(folder, split)


def test_per_task_files_with_rows_of_unknown_types(folder: Path) -> None:
    world.set_label(folder / "Subject1_ImageNetTraining.h5", "trial_type", 4, 2)
    with pytest.raises(DataError, match=r"several types.*\n.*trial_type"):
        load_task(folder)


def test_a_per_task_file_under_another_name(folder: Path) -> None:
    shutil.copy(folder / "Subject1_ImageNetTest.h5", folder / "Subject1_ImageNetTraining.h5")
    with pytest.raises(DataError, match="test category was shown in training"):
        load_task(folder)
