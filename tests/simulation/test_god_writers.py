"""Our GOD files, read with bdpy, the field's own reader; and how files are written."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from tests import god_world as world

from companion.errors import DataError
from companion.loading.god.stimuli import number_of_stimulus
from companion.simulation.writers.bdata import Group, write_bdata
from companion.simulation.writers.god import write_god, write_god_features, write_god_task

STIMULI = world.stimuli()


@pytest.fixture(scope="module")
def bdpy():
    return world.import_bdpy()


def test_bdpy_reads_a_classic_file(bdpy, tmp_path: Path) -> None:
    data = bdpy.BData(str(write_god(tmp_path, 1, world.recordings(), STIMULI)))
    responses = np.concatenate([recording.responses for recording in world.recordings()])
    units = world.units()
    np.testing.assert_array_equal(data.select("VoxelData"), responses)
    for name in ("V1", "LVC", "LOC"):
        inside = units[f"roi_{name}"].to_numpy()
        np.testing.assert_array_equal(data.select(f"ROI_{name} = 1"), responses[:, inside])
    np.testing.assert_array_equal(
        data.select("ROI_LOC - ROI_LVC"), responses[:, units["roi_LOC"] & ~units["roi_LVC"]]
    )
    shown = [name for recording in world.recordings() for name in recording.stimuli]
    assert data.select("stimulus_id").flatten().tolist() == [number_of_stimulus(name) for name in shown]
    types = np.repeat([1, 2, 3], [len(names) for names in world.SHOWN.values()])
    np.testing.assert_array_equal(data.select("DataType").flatten(), types)
    np.testing.assert_allclose(data.get_metadata("voxel_x", where="VoxelData"), units["x"] * 1000)
    assert data.select("Label").shape == (len(shown), 3)
    np.testing.assert_array_equal(np.isnan(data.select("image_index").flatten()), types == 3)


@pytest.mark.parametrize("split", ["train", "test", "imagery"])
def test_bdpy_reads_a_per_task_file(split: str, bdpy, tmp_path: Path) -> None:
    recording = world.recording(split)
    data = bdpy.BData(str(write_god_task(tmp_path, 3, recording, STIMULI)))
    assert data.get_labels("stimulus_name") == recording.stimuli
    np.testing.assert_array_equal(data.select("VoxelData"), recording.responses)
    np.testing.assert_array_equal(data.select("Run").flatten(), recording.trials["run"])


def test_bdpy_reads_image_features(bdpy, tmp_path: Path) -> None:
    data = bdpy.BData(str(write_god_features(tmp_path, world.features())))
    types = data.select("FeatureType").flatten()
    for code, (kind, layers) in enumerate(world.features().items(), start=1):
        np.testing.assert_array_equal(data.select("cnn8")[types == code], layers["cnn8"].values)
        assert np.isnan(data.select("ImageID")[types == code]).all() == kind.endswith("categories")
    test = data.select("CatID")[types == 3].flatten()
    assert test.tolist() == [number_of_stimulus(name) for name in world.IMAGERY]


def test_parts_are_of_the_types_bdpy_writes(bdpy, tmp_path: Path) -> None:
    ours = write_god_task(tmp_path, 1, world.recording("test"), STIMULI)
    copy = tmp_path / "theirs.h5"
    bdpy.BData(str(ours)).save(str(copy))
    with h5py.File(ours) as one, h5py.File(copy) as other:
        assert set(one) == set(other) - {"header"}
        for part in ("dataset", "metadata/key", "metadata/description", "metadata/value"):
            assert (one[part].dtype, one[part].shape) == (other[part].dtype, other[part].shape)
            np.testing.assert_array_equal(one[part][()], other[part][()])
        assert list(one["vmap/stimulus_name"]) == list(other["vmap/stimulus_name"])
        name = next(iter(one["vmap/stimulus_name"]))
        assert one["vmap/stimulus_name"][name].dtype == other["vmap/stimulus_name"][name].dtype


def test_the_same_data_make_the_same_bytes_and_nothing_else(tmp_path: Path) -> None:
    path = write_god(tmp_path, 1, world.recordings(), STIMULI)
    before = path.read_bytes()
    assert write_god(tmp_path, 1, world.recordings(), STIMULI).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["Subject1.h5"]


@pytest.mark.parametrize("simulated", [True, False])
def test_every_file_carries_the_marker(simulated: bool, tmp_path: Path) -> None:
    paths = [
        write_god(tmp_path, 1, world.recordings(), STIMULI, simulated=simulated),
        write_god_task(tmp_path, 1, world.recording("imagery"), STIMULI, simulated=simulated),
        write_god_features(tmp_path, world.features(), simulated=simulated),
    ]
    for path in paths:
        with h5py.File(path) as file:
            assert bool(file.attrs.get("simulated", False)) == simulated


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")
    short = [np.zeros((2, 3)), np.zeros((2, 4))]
    with pytest.raises(TypeError):
        write_bdata(path, [Group("VoxelData", "1 = Voxel data", short)])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_parts_that_do_not_belong_together(tmp_path: Path) -> None:
    group = Group("Run", "1 = Run", [np.ones((3, 1))])
    longer = Group("VoxelData", "1 = Voxel data", [np.ones((4, 2))])
    with pytest.raises(DataError, match="one number of rows"):
        write_bdata(tmp_path / "a.h5", [group, longer])
    with pytest.raises(DataError, match="keys of their own"):
        write_bdata(tmp_path / "a.h5", [group, group])
    others = world.recording("test").select_units(np.arange(29))
    with pytest.raises(DataError, match="same voxels"):
        write_god(tmp_path, 1, [world.recording("train"), others], STIMULI)
    features = world.features()
    features["test images"]["cnn8"] = features["test categories"]["cnn8"]
    with pytest.raises(DataError, match="layers or ids"):
        write_god_features(tmp_path, features)
    unlisted = world.recording("test").select_trials([0])
    unlisted.trials.loc[0, "stimulus"] = "n00000001_1"
    with pytest.raises(DataError, match="not in the lists"):
        write_god(tmp_path, 1, [unlisted], STIMULI)
    assert not list(tmp_path.iterdir())
