"""THINGS-EEG2, preprocessed and raw, with every part of its files as it should not be."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bad_input.damage import ODD_VALUES
from tests.bad_recordings import ODD_NUMBERS, Verdict, any_accident, copy_of, demand

from companion.loading.things_eeg2.layout import CHANNELS_17, CHANNELS_63, METADATA_FILE, subjects_there
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_eeg2.raw import load_things_eeg2_raw
from companion.simulation.writers.things_eeg2 import write_image_metadata, write_raw_session

TRAINING = ["00001_a/a_01b", "00002_b/b_02s", "00003_c/c_01b"]
TEST = ["00001_d/d_01b", "00002_e/e_04n"]
ARRAY = "preprocessed_eeg_data"
TRIALS = np.random.default_rng(0).normal(size=(3, 2, 17, 100)).astype(np.float32)
Content = dict[str, Any]
REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER


def write(folder: Path, content: object, protocol: int = 4, *, bare: bool = False) -> Path:
    path = folder / "sub-01" / "preprocessed_eeg_training.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    if bare:
        path.write_bytes(pickle.dumps(content, protocol=protocol))
    else:
        np.save(path, np.array(content, dtype=object), allow_pickle=True)
    return path


def content() -> Content:
    return {
        ARRAY: TRIALS.astype(np.float64),
        "ch_names": list(CHANNELS_17),
        "times": np.arange(-20, 80) / 100,
    }


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eeg2")
    write_image_metadata(folder, training=TRAINING, test=TEST)
    write(folder, content())
    return folder


def load(folder: Path, **options: Any) -> Any:
    return load_things_eeg2(folder, 1, split="train", **options)


def other_type(draw: st.DrawFn, parts: Content) -> Verdict:
    kinds = {
        "<f4": SAME,
        ">f8": SAME,
        ">f4": SAME,
        "<i4": REFUSED,
        "?": REFUSED,
        "<c16": REFUSED,
        "<f2": EITHER,
    }
    kind = draw(st.sampled_from([*kinds, "U4", "object"]))
    parts[ARRAY] = parts[ARRAY].astype(kind)
    return kinds.get(kind, REFUSED)


def other_layout(draw: st.DrawFn, parts: Content) -> Verdict:
    array = parts[ARRAY]
    wrong = draw(
        st.sampled_from(
            [
                np.asfortranarray(array),
                array[0],
                array[None],
                array.swapaxes(1, 2),
                array[:, :, :16],
                array[..., :99],
                array[:, :0],
                array[:0],
                array[:2],
                np.concatenate([array, array]),
                array.reshape(3, 2, 100, 17),
                np.float64(1.0),
            ]
        )
    )
    parts[ARRAY] = wrong
    return REFUSED


def odd_numbers(draw: st.DrawFn, parts: Content) -> Verdict:
    place = tuple(draw(st.integers(0, size - 1)) for size in parts[ARRAY].shape)
    parts[ARRAY][place] = draw(ODD_NUMBERS)
    return REFUSED


def flat_signal(draw: st.DrawFn, parts: Content) -> Verdict:
    value = draw(st.sampled_from([0.0, 1.0, 1e-30]))
    parts[ARRAY][0, 0, draw(st.integers(0, 16))] = value
    return REFUSED if value == 0 else EITHER


def other_channels(draw: st.DrawFn, parts: Content) -> Verdict:
    names = parts["ch_names"]
    kind = draw(
        st.sampled_from(["order", "renamed", "twice", "missing", "more", "array", "other form", "odd"])
    )
    if kind == "order":  # names and signals alike
        order = draw(st.permutations(range(17)))
        parts["ch_names"] = [names[at] for at in order]
        parts[ARRAY] = np.ascontiguousarray(parts[ARRAY][:, :, order])
        return SAME
    if kind == "array":
        parts["ch_names"] = np.array(names)
        return SAME
    changed = {
        "renamed": [draw(st.text(max_size=4)), *names[1:]],
        "twice": [names[1], *names[1:]],
        "missing": names[1:],
        "more": [*names, "Fz"],
        "other form": list(CHANNELS_63),
        "odd": draw(ODD_VALUES),
    }[kind]
    parts["ch_names"] = changed
    return REFUSED


def other_times(draw: st.DrawFn, parts: Content) -> Verdict:
    times = parts["times"]
    odd = draw(
        st.sampled_from(
            [times[::-1], times + 0.2, times * 1000, times[:-1], times.astype(str), [], None, "now"]
        )
        | st.just(np.where(np.arange(100) == 50, np.nan, times))
        | ODD_VALUES
    )
    parts["times"] = odd
    return REFUSED


def other_keys(draw: st.DrawFn, parts: Content) -> Verdict:
    kind = draw(st.sampled_from(["missing", "more", "number"]))
    if kind == "missing":
        del parts[draw(st.sampled_from(list(parts)))]
        return REFUSED
    parts[7 if kind == "number" else "more"] = draw(st.integers() | st.text(max_size=5))  # type: ignore[index]
    return SAME if kind == "more" else EITHER


def other_value(draw: st.DrawFn, parts: Content) -> Verdict:
    parts[draw(st.sampled_from(list(parts)))] = draw(ODD_VALUES)
    return REFUSED


ACCIDENTS: list[Callable[[st.DrawFn, Content], Verdict]] = [
    other_type,
    other_layout,
    odd_numbers,
    flat_signal,
    other_channels,
    other_times,
    other_keys,
    other_value,
]


@given(data=st.data())
def test_the_content_of_a_preprocessed_file(valid: Path, data: st.DataObject) -> None:
    parts = content()
    verdict = data.draw(st.sampled_from(ACCIDENTS))(data.draw, parts)
    same = load(valid)
    with copy_of(valid) as folder:
        bare = data.draw(st.booleans())
        write(folder, parts, data.draw(st.sampled_from([3, 4, 5])), bare=bare)
        demand(lambda: load(folder), verdict, names="preprocessed_eeg_training.npy", same=same)


@given(data=st.data())
def test_the_bytes_of_a_preprocessed_file(valid: Path, data: st.DataObject) -> None:
    with copy_of(valid) as folder:
        path = folder / "sub-01" / "preprocessed_eeg_training.npy"
        verdict = any_accident(data.draw, path)
        demand(lambda: load(folder), verdict, names=["preprocessed_eeg_training.npy", str(folder)])


def lists() -> Content:
    found: Content = {}
    for split, names in (("train", TRAINING), ("test", TEST)):
        found[f"{split}_img_concepts"] = [name.split("/")[0] for name in names]
        found[f"{split}_img_files"] = [name.split("/")[1] + ".jpg" for name in names]
    return found


@st.composite
def other_lists(draw: st.DrawFn) -> tuple[object, Verdict]:
    parts = lists()
    key = draw(st.sampled_from(list(parts)))
    kind = draw(
        st.sampled_from(["missing", "odd", "entry", "twice", "shared", "shorter", "array", "no dictionary"])
    )
    if kind == "missing":
        del parts[key]
    elif kind == "odd":
        parts[key] = draw(ODD_VALUES)
    elif kind == "entry":
        parts[key][0] = draw(ODD_VALUES)
        return parts, EITHER  # any text is the name of a file
    elif kind == "twice":
        for part in ("concepts", "files"):
            parts[f"train_img_{part}"][1] = parts[f"train_img_{part}"][0]
    elif kind == "shared":
        parts["test_img_concepts"][0] = "00001_a"
    elif kind == "shorter":
        parts[key] = parts[key][:-1]
        return parts, REFUSED
    elif kind == "array":
        parts[key] = np.array(parts[key])
        return parts, SAME
    return (draw(ODD_VALUES) if kind == "no dictionary" else parts), REFUSED


@given(damaged=other_lists())
def test_the_list_of_images(valid: Path, damaged: tuple[object, Verdict]) -> None:
    parts, verdict = damaged
    same = load(valid)
    with copy_of(valid) as folder:
        np.save(folder / METADATA_FILE, np.array(parts, dtype=object), allow_pickle=True)
        demand(lambda: load(folder), verdict, names=METADATA_FILE, same=same)


@given(data=st.data())
def test_what_a_caller_asks_for(valid: Path, data: st.DataObject) -> None:
    subject = data.draw(st.sampled_from([0, 2, -1, 99, 10**6]))
    demand(lambda: load_things_eeg2(valid, subject, split="train"), REFUSED, names=str(valid))
    split: Any = data.draw(ODD_VALUES | st.just("imagery"))
    demand(lambda: load_things_eeg2(valid, 1, split=split), REFUSED, names="split")


def test_folders_of_other_names_are_no_people(valid: Path) -> None:
    with copy_of(valid) as folder:
        for name in ("sub-xx", "sub-", "sub-1e3", "sub-01 copy"):
            (folder / name).mkdir()
            (folder / name / "preprocessed_eeg_test.npy").touch()
        (folder / "sub-03").mkdir()
        (folder / "sub-03" / "preprocessed_eeg_test.npy").touch()
        assert subjects_there(folder) == [3]


# ---------------------------------------------------------------------- raw sessions

SHOWN = {"train": [1, 2, 3, 2, 1, 3], "test": [2, 1]}


def raw_content(split: str) -> Content:
    codes = np.zeros(400 + 200 * len(SHOWN[split]) + 1100)
    codes[350 + 200 * np.arange(len(SHOWN[split]))] = SHOWN[split]
    signals = 1e-5 * np.random.default_rng(len(split)).normal(size=(63, len(codes)))
    return {
        "raw_eeg_data": np.vstack([signals, codes]),
        "ch_names": [*CHANNELS_63, "stim"],
        "ch_types": ["eeg"] * 63 + ["stim"],
        "sfreq": 1000,
    }


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_image_metadata(folder, training=TRAINING, test=TEST)
    for split in SHOWN:
        parts = raw_content(split)
        signals, codes = parts["raw_eeg_data"][:63], parts["raw_eeg_data"][63]
        write_raw_session(folder, 1, 1, signals=signals, codes=codes, split=split, channels=list(CHANNELS_63))
    return folder


def other_codes(draw: st.DrawFn, parts: Content) -> Verdict:
    codes = parts["raw_eeg_data"][63]
    shown = np.flatnonzero(codes)
    odd = draw(st.sampled_from([0.5, -1, 4, 10**9, 1e300, np.nan, np.inf, 2, 99999, 0]))
    codes[draw(st.sampled_from(list(shown)))] = odd
    return EITHER if odd in (2, 99999, 0) else REFUSED


def other_frame(draw: st.DrawFn, parts: Content) -> Verdict:
    data = parts["raw_eeg_data"]
    kind = draw(
        st.sampled_from(["short", "none", "flat axes", "whole numbers", "rate", "types", "names", "flat"])
    )
    if kind == "flat":
        data[draw(st.integers(0, 62))] = 1e-5
        return EITHER  # only what is flat in training cannot be whitened
    parts |= {
        "short": {"raw_eeg_data": data[:, : draw(st.integers(0, 1500))]},
        "none": {"raw_eeg_data": data[:, :0]},
        "flat axes": {"raw_eeg_data": draw(st.sampled_from([data.ravel(), data[None], data[:10]]))},
        "whole numbers": {"raw_eeg_data": data.astype(int)},
        "rate": {
            "sfreq": draw(st.sampled_from([0, -1000, 999, np.nan, np.inf, "1000", None, [1000], np.ones(2)]))
        },
        "types": {"ch_types": draw(st.sampled_from([["eeg"] * 64, 64, "eeg" * 22, None, ["eeg"], {}]))},
        "names": {
            "ch_names": draw(
                st.sampled_from([["O1"] * 64, 64, None, list(CHANNELS_63)])
                | st.permutations([*CHANNELS_63, "Stim"])
            )
        },
    }[kind]
    return REFUSED


def odd_sample(draw: st.DrawFn, parts: Content) -> Verdict:
    parts["raw_eeg_data"][draw(st.integers(0, 62)), draw(st.integers(300, 1000))] = draw(ODD_NUMBERS)
    return REFUSED


@given(data=st.data())
def test_raw_sessions(sessions: Path, data: st.DataObject) -> None:
    split = data.draw(st.sampled_from(["train", "test"]))
    name = {"train": "raw_eeg_training.npy", "test": "raw_eeg_test.npy"}[split]
    with copy_of(sessions) as folder:
        path = folder / "sub-01" / "ses-01" / name
        change = data.draw(st.sampled_from([other_codes, other_frame, odd_sample, other_keys, None]))
        if change is None:
            verdict = any_accident(data.draw, path)
        else:
            parts = raw_content(split)
            verdict = change(data.draw, parts)
            np.save(path, np.array(parts, dtype=object), allow_pickle=True)
        verdict = EITHER if verdict is SAME else verdict
        demand(lambda: load_things_eeg2_raw(folder, 1), verdict, names=[name, str(folder)])


@given(subject=st.sampled_from([0, 2, -1, 99, 10**6]))
def test_a_person_without_raw_sessions(sessions: Path, subject: int) -> None:
    demand(lambda: load_things_eeg2_raw(sessions, subject), REFUSED, names="sub-")
