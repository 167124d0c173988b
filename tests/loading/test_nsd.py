"""NSD responses: rows joined to images by the design, averages, and files at fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from companion.errors import DataError, MissingDataError
from companion.loading.nsd import responses as nsd
from companion.loading.nsd.design import image_number, read_design, stimulus_id
from companion.loading.nsd.responses import load_nsd
from companion.simulation.writers.nsd import write_nsd_design, write_nsd_voxels

N_SHARED, N_POSITIONS, N_VOXELS = 4, 20, 7
N_TRIALS = 80  # 40 sessions of 2


def spread_order() -> np.ndarray:
    """Positions of 80 trials: most several times, one never, one once in 37 sessions and once later."""
    order = np.random.default_rng(1).integers(0, N_POSITIONS - 2, N_TRIALS)
    order[[3, 74]] = N_POSITIONS - 2  # trial 74 is the first one left out
    order[10] = 0
    return order


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    own = rng.permutation(73_000)
    images = np.stack([np.r_[own[:N_SHARED], own[N_SHARED + 16 * s :][:16]] for s in range(8)])
    write_nsd_design(tmp_path, spread_order(), images, N_SHARED)
    write_nsd_voxels(
        tmp_path, 2, [rng.normal(size=(N_TRIALS, N_VOXELS)).astype(np.float32)], (N_TRIALS, N_VOXELS)
    )
    return tmp_path


def naive(folder: Path, split: str) -> dict[str, list[np.ndarray]]:
    """Responses of each image, trial by trial, by the indexing that users of the official files write."""
    design = loadmat(folder / "nsd_expdesign.mat")
    with h5py.File(folder / "subj02_nsdgeneral.hdf5") as file:
        voxels = file["voxels"][:]
    found: dict[str, list[np.ndarray]] = {}
    for trial in range(37 * 2):
        position = design["masterordering"][0, trial]
        image = design["subjectim"][1, position - 1] - 1
        if (split == "test") == (position <= N_SHARED):
            found.setdefault(f"nsd-{image:05d}", []).append(voxels[trial])
    return found


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("small", [False, True])
def test_averages_equal_the_naive_ones(
    folder: Path, split: str, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if small:  # several blocks of rows, several parts of voxels
        monkeypatch.setattr(nsd, "_BLOCK_BYTES", 100)
        monkeypatch.setattr(nsd, "_SUMS_BYTES", 300)
    expected = naive(folder, split)
    recording = load_nsd(folder, 2, split=split)
    assert recording.stimuli == list(expected)
    assert recording.trials["n_repetitions"].tolist() == [len(rows) for rows in expected.values()]
    means = [np.mean(rows, axis=0, dtype=np.float64) for rows in expected.values()]
    np.testing.assert_array_equal(recording.responses, np.float32(means))
    assert recording.simulated
    assert recording.rois == ["nsdgeneral"]


def test_images_are_seen_once_or_more_and_the_last_three_sessions_are_left_out(folder: Path) -> None:
    counts = load_nsd(folder, 2, split="train").trials["n_repetitions"]
    assert counts.min() == 1
    assert counts.max() > 2
    total = counts.sum() + load_nsd(folder, 2, split="test").trials["n_repetitions"].sum()
    assert total == 74


def test_single_trials_average_to_the_same(folder: Path) -> None:
    single = load_nsd(folder, 2, split="train", average=False)
    assert single.trials["session"].is_monotonic_increasing
    assert single.trials["session"].iloc[[0, -1]].tolist() == [1, 37]
    first = single.trials.groupby("stimulus")["repetition"]
    assert (first.min() == 1).all()
    assert (first.max() == first.size()).all()
    averaged, together = single.averaged(), load_nsd(folder, 2, split="train")
    assert averaged.stimuli == together.stimuli
    np.testing.assert_array_equal(averaged.responses, together.responses)


def test_splits_share_no_image(folder: Path) -> None:
    train, test = (set(load_nsd(folder, 2, split=split).stimuli) for split in ("train", "test"))
    assert not train & test
    shared = loadmat(folder / "nsd_expdesign.mat")["sharedix"].ravel() - 1
    assert test <= {stimulus_id(image) for image in shared}


def test_rows_in_another_order_are_followed_by_the_design(folder: Path) -> None:
    before = load_nsd(folder, 2, split="train")
    turn = np.random.default_rng(5).permutation(74)
    rewrite(folder / "subj02_nsdgeneral.hdf5", lambda v: np.concatenate([v[:74][turn], v[74:]]))
    design = loadmat(folder / "nsd_expdesign.mat")
    order = design["masterordering"][0]
    images = design["subjectim"].astype(int) - 1
    write_nsd_design(folder, np.r_[order[:74][turn], order[74:]].astype(int) - 1, images, N_SHARED)
    after = load_nsd(folder, 2, split="train")
    assert after.stimuli != before.stimuli
    np.testing.assert_allclose(
        after.for_stimuli(before.stimuli).responses, before.responses, rtol=1e-6, atol=1e-7
    )


def test_test_responses_change_no_training_number(folder: Path) -> None:
    before = load_nsd(folder, 2, split="train")
    shared = read_design(folder / "nsd_expdesign.mat", 2).shared
    rewrite(folder / "subj02_nsdgeneral.hdf5", lambda v: np.where(shared[:, None], 1e6, v))
    after = load_nsd(folder, 2, split="train")
    np.testing.assert_array_equal(after.responses, before.responses)
    for one, other in zip(before.unit_statistics(), after.unit_statistics(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_unmarked_file_is_not_simulated_and_read_alike(folder: Path) -> None:
    expected = np.float32([np.mean(rows, axis=0, dtype=float) for rows in naive(folder, "test").values()])
    with h5py.File(folder / "subj02_nsdgeneral.hdf5", "r+") as file:
        voxels = file["voxels"][:]
        del file.attrs["simulated"]
        del file["voxels"]
        file.create_dataset("voxels", data=voxels.astype(np.float64), chunks=(9, 2), compression="gzip")
    design = {k: v for k, v in loadmat(folder / "nsd_expdesign.mat").items() if k[0] != "_"}
    design.pop("simulated")
    savemat(folder / "nsd_expdesign.mat", {**design, "masterordering": design["masterordering"] * 1.0})
    recording = load_nsd(folder, 2, split="test")
    assert not recording.simulated
    np.testing.assert_array_equal(recording.responses, expected)


def rewrite(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    with h5py.File(path, "r+") as file:
        values = np.asarray(change(file["voxels"][:]))
        del file["voxels"]
        file["voxels"] = values if values.dtype.kind != "f" else values.astype(np.float32)


def spoilt(values: np.ndarray, position: tuple[int, int], value: float) -> np.ndarray:
    values[position] = value
    return values


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v[:79], "whole sessions of 2 trials"),
        (lambda v: np.concatenate([v, v[:2]]), "80 at most"),
        (lambda v: v[:, :, None], "table of numbers"),
        (lambda v: v.astype(np.int16), "floating point"),
        (lambda v: v[:, :0], "table of numbers"),
        (lambda v: spoilt(v, (3, 5), np.nan), "key 'voxels', row 3, column 5"),
        (lambda v: spoilt(v, (3, 5), np.inf), "not a finite number"),
    ],
)
def test_responses_that_do_not_fit_are_refused(folder: Path, change, said: str) -> None:
    rewrite(folder / "subj02_nsdgeneral.hdf5", change)
    with pytest.raises(DataError, match=said):
        load_nsd(folder, 2, split="train")


def test_fewer_whole_sessions_are_a_subject_who_stopped_earlier(folder: Path) -> None:
    rewrite(folder / "subj02_nsdgeneral.hdf5", lambda v: v[:58])
    assert load_nsd(folder, 2, split="train", average=False).trials["session"].max() == 29


def test_damaged_and_missing_files_are_refused(folder: Path) -> None:
    path = folder / "subj02_nsdgeneral.hdf5"
    whole = path.read_bytes()
    path.write_bytes(whole[:-500])
    with pytest.raises(DataError, match=r"(?s)subj02_nsdgeneral.hdf5.*truncated"):
        load_nsd(folder, 2, split="train")
    with h5py.File(path, "w") as file:
        file["betas"] = np.zeros(3)
    with pytest.raises(DataError, match=r"(?s)key 'voxels'.*betas"):
        load_nsd(folder, 2, split="train")
    path.unlink()
    with pytest.raises(MissingDataError, match=r"subj02_nsdgeneral\.hdf5"):
        load_nsd(folder, 2, split="train")
    with pytest.raises(DataError, match="'imagery'"):
        load_nsd(folder, 2, split="imagery")
    design = folder / "nsd_expdesign.mat"
    whole = design.read_bytes()
    for length in (0, 50, 200, len(whole) - 1):
        design.write_bytes(whole[:length])
        with pytest.raises(DataError, match="cannot be read as Matlab data"):
            load_nsd(folder, 2, split="train")
    design.unlink()
    with pytest.raises(MissingDataError, match=r"nsd_expdesign\.mat"):
        load_nsd(folder, 2, split="train")


@pytest.mark.parametrize(
    ("key", "change", "said"),
    [
        ("masterordering", None, r"lacks a variable(?s:.*)key 'masterordering'"),
        ("masterordering", lambda v: v[:, :-1], "40 sessions"),
        ("masterordering", lambda v: v - 1, "whole numbers from 1 to 20"),
        ("masterordering", lambda v: v + 0.5, "'masterordering'"),
        ("subjectim", lambda v: v + 73_000, "'subjectim', subject 2"),
        ("subjectim", lambda v: np.c_[v[:, :-1], v[:, 7]], "two positions"),
        ("subjectim", lambda v: v[:1], "1 to 1"),
        ("subjectim", lambda v: v[:, ::-1], "do not take the first positions"),
        ("sharedix", lambda v: v + 1, "'sharedix'"),
    ],
)
def test_a_design_that_does_not_hold_together_is_refused(folder: Path, key: str, change, said: str) -> None:
    path = folder / "nsd_expdesign.mat"
    content = {name: value for name, value in loadmat(path).items() if not name.startswith("_")}
    value = content.pop(key)
    savemat(path, content if change is None else {**content, key: change(value)})
    with pytest.raises(DataError, match=said):
        read_design(path, 2)


@pytest.mark.parametrize("stimulus", ["nsd-73000", "nsd-1", "12", "nsd-00012 "])
def test_ids_name_images(stimulus: str) -> None:
    assert image_number(stimulus_id(72_999)) == 72_999
    with pytest.raises(DataError, match="nsd-00000 to nsd-72999"):
        image_number(stimulus)
