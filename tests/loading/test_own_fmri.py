"""Patterns get their labels; blocks are cut where they lie; images of a BIDS folder find their events."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading.own_bids_fmri import recording_from_bids_fmri
from companion.loading.own_fmri import block_means, recording_from_patterns

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
SHOWN = ["face", "house", "face", "house"]


def test_patterns_get_labels_runs_and_places() -> None:
    values = np.arange(8.0).reshape(4, 2)
    recording = recording_from_patterns(
        values, SHOWN, runs=[1, 1, 2, 2], subject="sub-01", places=[[0, 0, 0], [0.01, 0, 0]]
    )
    assert (recording.responses == values).all()
    assert recording.stimuli == SHOWN
    assert list(recording.trials["run"]) == [1, 1, 2, 2]
    assert list(recording.units["x"]) == [0, 0.01]


@pytest.mark.parametrize(("stimuli", "runs"), [(SHOWN[:3], None), (SHOWN, [1, 2])])
def test_lengths_must_agree(stimuli: list[str], runs: list[int] | None) -> None:
    with pytest.raises(DataError, match="one stimulus and one run"):
        recording_from_patterns(np.zeros((4, 2)), stimuli, runs=runs, subject="sub-01")


def test_blocks_are_averaged_after_the_lag() -> None:
    series = np.arange(20.0)[:, None]  # volume i begins at 2 i seconds
    events = pd.DataFrame({"onset": [0.0, 10.0], "duration": [6.0, 4.0]})
    assert block_means(series, events, repetition_time=2.0, lag=4.0).ravel() == pytest.approx([3.0, 7.5])


def test_a_block_after_the_end_is_refused() -> None:
    events = pd.DataFrame({"onset": [30.0], "duration": [5.0]})
    with pytest.raises(DataError, match="holds no volume"):
        block_means(np.zeros((10, 1)), events, repetition_time=2.0)


def write(root: Path, *, with_events: bool = True) -> Path:
    """One run of four blocks; voxel (0, 0, 0) answers to faces, (1, 0, 0) to houses, after five seconds."""
    folder = root / "sub-01" / "func"
    folder.mkdir(parents=True)
    volumes = np.random.default_rng(0).normal(scale=0.1, size=(2, 1, 2, 60))
    events = pd.DataFrame({"onset": [0, 25, 50, 75], "duration": 20, "trial_type": SHOWN})
    for onset, shown in zip(events["onset"], SHOWN, strict=True):
        volumes[int(shown == "house"), 0, 0, (onset + 5) // 2 + 1 : (onset + 25) // 2] += 1
    image = nibabel.Nifti1Image(volumes.astype(np.float32), AFFINE)
    image.header.set_zooms((2.0, 2.0, 3.0, 2.0))
    nibabel.save(image, folder / "sub-01_task-see_run-01_bold.nii.gz")
    if with_events:
        rest = pd.DataFrame({"onset": [100], "duration": 10, "trial_type": ["rest"]})
        pd.concat([events, rest]).to_csv(folder / "sub-01_task-see_run-01_events.tsv", sep="\t", index=False)
    mask = np.zeros((2, 1, 2), dtype=np.uint8)
    mask[:, 0, 0] = 1
    nibabel.save(nibabel.Nifti1Image(mask, AFFINE), root / "mask.nii.gz")
    return root


def test_a_run_finds_its_events_and_rest_is_left_out(tmp_path: Path) -> None:
    root = write(tmp_path)
    recording = recording_from_bids_fmri(root, "01", task="see", mask=root / "mask.nii.gz")
    assert recording.stimuli == SHOWN
    faces = np.array(SHOWN) == "face"
    assert (recording.responses[faces, 0] > recording.responses[faces, 1]).all()
    assert (recording.responses[~faces, 1] > recording.responses[~faces, 0]).all()
    assert list(recording.units["x"]) == [0, 0.002]


def test_a_run_without_events_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, with_events=False)
    with pytest.raises(DataError, match="one events file"):
        recording_from_bids_fmri(root, "01", task="see", mask=root / "mask.nii.gz")


def test_no_run_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path)
    with pytest.raises(DataError, match="No run has these labels"):
        recording_from_bids_fmri(root, "01", task="hear", mask=root / "mask.nii.gz")
