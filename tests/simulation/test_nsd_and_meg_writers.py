"""Writers of NSD and THINGS-MEG files: marks, interruptions, and arrays that stay on disk."""

from __future__ import annotations

from pathlib import Path

import h5py
import mne
import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat

from companion.loading.nsd.responses import load_nsd
from companion.loading.things_meg.epochs import load_things_meg
from companion.simulation.writers.nsd import (
    write_nsd_captions,
    write_nsd_design,
    write_nsd_pictures,
    write_nsd_voxels,
)
from companion.simulation.writers.things_meg import write_things_meg


def write_all_of_nsd(folder: Path, *, simulated: bool) -> None:
    blocks = (np.full((20, 3), number, dtype=np.float64) for number in range(4))
    write_nsd_voxels(folder, 1, blocks, (80, 3), simulated=simulated)
    write_nsd_design(folder, np.arange(80) % 10, np.tile(np.arange(10), (8, 1)), 3, simulated=simulated)
    write_nsd_pictures(folder, [(0, np.ones((425, 425, 3), dtype=np.uint8))], simulated=simulated)
    write_nsd_captions(folder, {0: list("abcde")}, simulated=simulated)


@pytest.mark.parametrize("simulated", [True, False])
def test_every_file_of_nsd_is_marked_or_none(tmp_path: Path, simulated: bool) -> None:
    write_all_of_nsd(tmp_path, simulated=simulated)
    for name in ("subj01_nsdgeneral.hdf5", "nsd_stimuli.hdf5"):
        with h5py.File(tmp_path / name) as file:
            assert ("simulated" in file.attrs) == simulated
    assert ("simulated" in loadmat(tmp_path / "nsd_expdesign.mat")) == simulated
    for name in ("nsd_stim_info_merged.csv", "captions_train2017.json"):
        assert ("simulated" in (tmp_path / name).read_text()) == simulated
    recording = load_nsd(tmp_path, 1, split="test", average=False)
    assert recording.simulated == simulated
    assert recording.responses[[0, -1], 0].tolist() == [0, 3]


def test_the_design_has_the_types_of_matlab_and_counts_from_one(tmp_path: Path) -> None:
    write_all_of_nsd(tmp_path, simulated=False)
    design = loadmat(tmp_path / "nsd_expdesign.mat")
    assert design["masterordering"].shape == (1, 80)
    assert design["masterordering"].min() == design["subjectim"].min() == design["sharedix"].min() == 1
    assert {design[key].dtype.kind for key in ("masterordering", "subjectim", "sharedix")} == {"u", "i"}


def test_voxels_that_do_not_fill_the_file_leave_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="80 trials were announced, 40 given"):
        write_nsd_voxels(tmp_path, 1, [np.zeros((40, 3))], (80, 3))
    assert not list(tmp_path.iterdir())


def meg_table() -> pd.DataFrame:
    paths = [*(f"images_meg/c{n}/c{n}_01b.jpg" for n in range(5)), *["images_test_meg/c0_13s.jpg"] * 2]
    return pd.DataFrame(
        {
            "trial_type": ["exp"] * 5 + ["test"] * 2,
            "category_nr": [1, 2, 3, 4, 5, 1, 1],
            "exemplar_nr": [1] * 5 + [13] * 2,
            "test_image_nr": [np.nan] * 5 + [1] * 2,
            "image_nr": [1, 2, 3, 4, 5, 6, 6],
            "image_path": paths,
        }
    )


def meg_sensors() -> mne.Info:
    info = mne.create_info(["MLO11", "MRO11"], 200.0, "mag")
    for channel in info["chs"]:
        channel["loc"][:3] = [0.0, -0.1, 0.05]
    return info


def test_meg_responses_may_stay_on_disk(tmp_path: Path) -> None:
    written = np.random.default_rng(0).normal(size=(7, 2, 281)).astype(np.float32)
    info = meg_sensors()
    with h5py.File(tmp_path / "source.hdf5", "w") as file:
        file["made"] = written
        write_things_meg(tmp_path, 1, file["made"], meg_table(), info, simulated=False)
    recording = load_things_meg(tmp_path, 1, split="train")
    np.testing.assert_array_equal(recording.responses, written[1:5, :, 20:221])
    assert not recording.simulated
    assert info["description"] is None


def test_an_interrupted_meg_writer_leaves_the_older_file_alone(tmp_path: Path) -> None:
    written = np.zeros((7, 2, 281), dtype=np.float32)
    (path,) = write_things_meg(tmp_path, 1, written, meg_table(), meg_sensors())
    before = path.read_bytes()

    class Breaking:
        shape = (7, 2, 281)

        def __getitem__(self, row: int) -> np.ndarray:
            if row == 3:
                raise KeyboardInterrupt
            return written[row]

    with pytest.raises(KeyboardInterrupt):
        write_things_meg(tmp_path, 1, Breaking(), meg_table(), meg_sensors())
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before
