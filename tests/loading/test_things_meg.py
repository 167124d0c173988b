"""THINGS-MEG epochs: written by MNE, read in blocks, joined to images by their table."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.things_meg import epochs as things_meg
from companion.loading.things_meg.epochs import load_things_meg
from companion.simulation.writers.things_meg import write_things_meg

N_CONCEPTS, N_TEST, N_EXEMPLARS, N_REPETITIONS = 6, 2, 3, 4
N_SENSORS, N_TIMES = 5, 281


def sensors(rate: float = 200.0, n_sensors: int = N_SENSORS) -> mne.Info:
    """MEG sensors with a place, between a reference sensor and a trigger channel."""
    kinds = ["ref_meg", *["mag"] * n_sensors, "stim"]
    info = mne.create_info(["REF", *(f"MLO{n:02d}" for n in range(n_sensors)), "STIM"], rate, kinds)
    for number, channel in enumerate(info["chs"]):
        channel["loc"][:3] = [0.01 * (number + 1), -0.02, 0.1]
    return info


def table() -> pd.DataFrame:
    """Metadata: images of six concepts, test images of two, catch trials between them, in random order."""
    rows = [
        {
            "trial_type": "exp",
            "category_nr": float(concept + 1),
            "exemplar_nr": exemplar + 1.0,
            "image_nr": concept * 12.0 + exemplar + 1,
            "image_path": f"images_meg/ice_{concept}/ice_{concept}_{exemplar + 1:02d}b.jpg",
        }
        for concept in range(N_CONCEPTS)
        for exemplar in range(N_EXEMPLARS)
    ]
    rows += [
        {
            "trial_type": "test",
            "category_nr": concept + 1.0,
            "exemplar_nr": 13.0,
            "test_image_nr": concept + 1.0,
            "image_nr": 22249.0 + concept,
            "image_path": f"images_test_meg/ice_{concept}_13s.jpg",
        }
        for concept in range(N_TEST)
        for _ in range(N_REPETITIONS)
    ]
    rows += [{"trial_type": "catch", "image_path": "images_catch_meg/catch_1.jpg"}] * 3
    frame = pd.DataFrame(rows).sample(frac=1, random_state=0).reset_index(drop=True)
    return frame.assign(session_nr=np.arange(len(frame)) // 10 + 1)


def values(frame: pd.DataFrame, n_sensors: int = N_SENSORS) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(len(frame), n_sensors + 2, N_TIMES)).astype(np.float32)


def write(folder: Path, frame: pd.DataFrame | None = None, **changes) -> np.ndarray:
    frame = table() if frame is None else frame
    given = {"responses": values(frame), "metadata": frame, "info": sensors(), **changes}
    write_things_meg(folder, 1, **given)
    return given["responses"]


def test_rows_follow_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(things_meg, "_EPOCHS_PER_BLOCK", 5)
    frame = table()
    written = write(tmp_path, frame)
    for split, kept in (
        ("test", frame["trial_type"] == "test"),
        ("train", (frame["trial_type"] == "exp") & (frame["category_nr"] > N_TEST)),
    ):
        recording = load_things_meg(tmp_path, 1, split=split)
        np.testing.assert_array_equal(recording.responses, written[kept.to_numpy()][:, 1:-1, 20:221])
        images = frame.loc[kept, "image_path"].str.extract(r"([^/]+)\.jpg")[0]
        assert [stimulus.split("/")[1] for stimulus in recording.stimuli] == list(images)
        assert recording.trials["session"].tolist() == frame.loc[kept, "session_nr"].tolist()
        assert recording.simulated


def test_labels_units_and_times(tmp_path: Path) -> None:
    write(tmp_path)
    recording = load_things_meg(tmp_path, 1, split="test")
    assert set(recording.stimuli) == {"ice_0/ice_0_13s", "ice_1/ice_1_13s"}
    assert recording.units["name"].tolist() == [f"MLO{n:02d}" for n in range(N_SENSORS)]
    np.testing.assert_allclose(recording.units["x"], 0.01 * np.arange(2, N_SENSORS + 2), rtol=1e-6)
    np.testing.assert_allclose(recording.times, np.arange(201) / 200)
    assert recording.averaged().trials["n_repetitions"].tolist() == [N_REPETITIONS] * N_TEST


def test_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    frame = table()
    written = write(tmp_path, frame)
    before = load_things_meg(tmp_path, 1, split="train")
    turn = np.random.default_rng(8).permutation(len(frame))
    write(tmp_path, frame.iloc[turn].reset_index(drop=True), responses=written[turn])
    after = load_things_meg(tmp_path, 1, split="train")
    assert after.stimuli != before.stimuli
    np.testing.assert_array_equal(after.for_stimuli(before.stimuli).responses, before.responses)


def test_splits_share_no_concept_and_test_responses_change_no_training_number(tmp_path: Path) -> None:
    frame = table()
    written = write(tmp_path, frame)
    before = load_things_meg(tmp_path, 1, split="train")
    test = load_things_meg(tmp_path, 1, split="test")
    assert not set(before.trials["concept"]) & set(test.trials["concept"])
    left_out = ~((frame["trial_type"] == "exp") & (frame["category_nr"] > N_TEST)).to_numpy()
    write(tmp_path, frame, responses=np.where(left_out[:, None, None], np.float32(1e6), written))
    after = load_things_meg(tmp_path, 1, split="train")
    np.testing.assert_array_equal(after.responses, before.responses)


def test_parts_written_by_mne_itself_are_read_as_one(tmp_path: Path) -> None:
    """What MNE saves with its own call, unmarked, in two parts; and the loss of the second one."""
    frame, info = table(), sensors(n_sensors=40)
    written = values(frame, n_sensors=40)
    events = np.column_stack([np.arange(len(frame)), np.zeros(len(frame), int), np.ones(len(frame), int)])
    epochs = mne.EpochsArray(written, info, events, tmin=-0.1, metadata=frame, verbose="error")
    parts = epochs.save(tmp_path / "preprocessed_P1-epo.fif", split_size="2MB", verbose="error")
    assert [Path(part).name for part in parts] == ["preprocessed_P1-epo.fif", "preprocessed_P1-epo-1.fif"]
    recording = load_things_meg(tmp_path, 1, split="test")
    kept = (frame["trial_type"] == "test").to_numpy()
    np.testing.assert_array_equal(recording.responses, written[kept][:, 1:-1, 20:221])
    assert not recording.simulated
    Path(parts[1]).unlink()
    with pytest.raises(MissingDataError, match=r"preprocessed_P1-epo-1\.fif"):
        load_things_meg(tmp_path, 1, split="test")


@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")  # in MNE
def test_parts_of_our_writer_find_each_other(tmp_path: Path) -> None:
    frame = table()
    written = values(frame, n_sensors=40)
    parts = write_things_meg(tmp_path, 1, written, frame, sensors(n_sensors=40), split_size="2MB")
    assert sorted(tmp_path.iterdir()) == sorted(parts)
    assert len(parts) == 2
    read = mne.read_epochs(parts[0], verbose="error")
    np.testing.assert_array_equal(read.get_data(), written)
    assert read.info["description"].startswith("SIMULATED")
    pd.testing.assert_frame_equal(read.metadata.replace({None: np.nan}), frame, check_dtype=False)
    kept = (frame["trial_type"] == "test").to_numpy()
    recording = load_things_meg(tmp_path, 1, split="test")
    np.testing.assert_array_equal(recording.responses, written[kept][:, 1:-1, 20:221])


def renamed(frame: pd.DataFrame, concept: str, other: str) -> pd.DataFrame:
    shown = frame["trial_type"] == "exp"
    paths = frame["image_path"].where(~shown, frame["image_path"].str.replace(concept, other))
    return frame.assign(image_path=paths)


def with_cell(frame: pd.DataFrame, kind: str, column: str, value: object) -> pd.DataFrame:
    row = frame.loc[frame["trial_type"] == kind, "category_nr"].idxmax()
    changed = frame.copy()
    changed.loc[row, column] = value
    return changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns="image_path"), r"no \['image_path'\]"),
        (lambda f: f.drop(columns=["category_nr", "trial_type"]), r"no \['trial_type', 'category_nr'\]"),
        (lambda f: renamed(f, "ice_4", "ice_1"), "test concept would be in the training"),
        (lambda f: with_cell(f, "exp", "category_nr", 1.0), r"do not agree(?s:.*)ice_5"),
        (lambda f: f.assign(category_nr=f["category_nr"] + 1 * (f["trial_type"] == "test")), "do not agree"),
        (lambda f: f.drop(f.index[f["image_path"].str.contains("ice_3_02b")]), "of training images differs"),
        (lambda f: f.drop(f.index[f["trial_type"] == "test"][:1]), "of repetitions differs"),
        (lambda f: pd.concat([f, f[f["image_path"].str.contains("ice_3_02b")]]), "image is repeated"),
        (lambda f: f[f["trial_type"] != "test"], "0 test"),
        (lambda f: f[f["trial_type"] != "exp"], "0 training"),
        (lambda f: with_cell(f, "exp", "category_nr", np.nan), "'category_nr'"),
        (lambda f: with_cell(f, "exp", "image_path", "ice_3_02b.jpg"), "not of the known kind"),
        (lambda f: with_cell(f, "exp", "image_path", None), "'image_path'"),
        (lambda f: with_cell(f, "exp", "trial_type", "rest"), "Unknown type of trial"),
        (lambda f: with_cell(f, "test", "test_image_nr", 7), "test image has two numbers"),
        (lambda f: with_cell(f, "test", "test_image_nr", np.nan), "test image has two numbers"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(tmp_path: Path, change, said: str) -> None:
    frame = change(table()).reset_index(drop=True)
    write(tmp_path, frame)
    with pytest.raises(DataError, match=said):
        load_things_meg(tmp_path, 1, split="train")


def test_epochs_without_a_table_are_refused(tmp_path: Path) -> None:
    epochs = mne.EpochsArray(np.zeros((2, 7, N_TIMES)), sensors(), tmin=-0.1, verbose="error")
    epochs.save(tmp_path / "preprocessed_P1-epo.fif", verbose="error")
    with pytest.raises(DataError, match="no metadata"):
        load_things_meg(tmp_path, 1, split="train")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"info": sensors(100.0)}, "200 Hz"),
        ({"start": 0.05}, "0.05 to 1.45 s"),
        ({"start": -0.5}, "-0.5 to 0.9 s"),
    ],
)
def test_other_samples_are_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    write(tmp_path, **changes)
    with pytest.raises(DataError, match=said):
        load_things_meg(tmp_path, 1, split="test")


def test_another_sampling_rate_is_read_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path, info=sensors(100.0))
    recording = load_things_meg(tmp_path, 1, split="test", sampling_rate=100.0)
    np.testing.assert_allclose(recording.times, np.arange(101) / 100)


def test_values_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    frame = table()
    responses = values(frame)
    row = frame.index[frame["trial_type"] == "test"][2]
    responses[row, 3, 100] = np.nan
    write(tmp_path, frame, responses=responses)
    with pytest.raises(DataError, match=f"epoch {row}, sensor MLO02"):
        load_things_meg(tmp_path, 1, split="test")
    assert len(load_things_meg(tmp_path, 1, split="train")) == (N_CONCEPTS - N_TEST) * N_EXEMPLARS


def test_sensors_need_a_place(tmp_path: Path) -> None:
    info = sensors()
    info["chs"][2]["loc"][:3] = 0
    write(tmp_path, info=info)
    with pytest.raises(DataError, match=r"no position(?s:.*)MLO01"):
        load_things_meg(tmp_path, 1, split="test")
    eeg = mne.create_info(N_SENSORS + 2, 200.0, "eeg")
    write(tmp_path, info=eeg)
    with pytest.raises(DataError, match="no MEG sensor"):
        load_things_meg(tmp_path, 1, split="test")


@pytest.mark.parametrize("share", [0.0001, 0.05, 0.5])
def test_files_cut_short_are_refused(tmp_path: Path, share: float) -> None:
    write(tmp_path)
    path = tmp_path / "preprocessed_P1-epo.fif"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"preprocessed_P1-epo\.fif"):
        load_things_meg(tmp_path, 1, split="test")


def test_missing_files_and_unknown_splits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"preprocessed_P3-epo\.fif"):
        load_things_meg(tmp_path, 3, split="test")
    with pytest.raises(DataError, match="'imagery'"):
        load_things_meg(tmp_path, 3, split="imagery")
