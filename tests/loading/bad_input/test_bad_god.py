"""Generic Object Decoding: fMRI, image features, lists, captions, pictures, each with drawn damage.

The trees of BData files themselves are taken apart in ``tests/fuzz``; here it is what their labels say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import god_world as world
from tests.bad_input.damage import (
    DEEP_JSON,
    ODD_CELLS,
    ODD_VALUES,
    damaged_bytes,
    damaged_table,
    damaged_value,
)
from tests.bad_recordings import ODD_NUMBERS, Verdict, copy_of, demand, file_accident

from companion.errors import DataError
from companion.loading.god.captions import read_god_captions
from companion.loading.god.features import load_god_features
from companion.loading.god.fmri import TASKS, load_god, load_god_task
from companion.loading.god.images import god_image_files, image_categories, images_of_category
from companion.loading.god.names import kind_names
from companion.loading.god.people import load_god_people, subjects_there
from companion.loading.god.stimuli import LISTS, read_god_stimuli
from companion.simulation.writers.god import write_god, write_god_features, write_god_task
from companion.simulation.writers.god_stimuli import write_god_captions, write_god_stimuli

REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER
STIMULI = world.stimuli()
SPLITS = st.sampled_from(["train", "test", "imagery"])
CAPTIONS = {name: (f"an image of {name.split('_')[0]}.", f"a sentence on {name}") for name in world.TRAIN}


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("god")
    write_god(folder, 1, world.recordings(), STIMULI)
    for recording in world.recordings():
        write_god_task(folder, 1, recording, STIMULI)
    write_god_features(folder, world.features())
    write_god_stimuli(folder, STIMULI)
    write_god_captions(folder, CAPTIONS)
    return folder


def classic(folder: Path, split: str, **options: Any) -> Any:
    return load_god(folder, 1, split=split, stimuli=STIMULI, **options)  # type: ignore[arg-type]


def per_task(folder: Path, split: str, **options: Any) -> Any:
    return load_god_task(folder, 1, split=split, stimuli=STIMULI, **options)  # type: ignore[arg-type]


def other_number(draw: st.DrawFn, file: h5py.File) -> Verdict:
    """Change one number of a label."""
    keys = [name.decode() for name in file["metadata/key"][()]]
    labels = [key for key in keys if key in ("DataType", "Run", "stimulus_id", "stimulus_name", "trial_type")]
    column = world.column_of(file, draw(st.sampled_from(labels)))
    rows = file["dataset"].shape[0]
    others = file["dataset"][:, column].tolist()
    file["dataset"][draw(st.integers(0, rows - 1)), column] = draw(
        st.sampled_from([np.nan, np.inf, -1.0, 0.0, 0.5, 1e300, 1e9, *others]) | st.floats()
    )
    return EITHER


def odd_response(draw: st.DrawFn, file: h5py.File) -> Verdict:
    row = draw(st.integers(0, file["dataset"].shape[0] - 1))
    file["dataset"][row, draw(st.integers(0, world.N_VOXELS - 1))] = draw(ODD_NUMBERS)
    return EITHER  # the row may be of another split


def constant_voxel(draw: st.DrawFn, file: h5py.File) -> Verdict:
    file["dataset"][:, draw(st.integers(0, world.N_VOXELS - 1))] = draw(st.sampled_from([0.0, 0.1, 1e30]))
    return EITHER


def other_rows(draw: st.DrawFn, file: h5py.File) -> Verdict:
    values = file["dataset"][()]
    rows = draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=len(values) + 2))
    del file["dataset"]
    file["dataset"] = values[rows]
    return EITHER


def other_type(draw: st.DrawFn, file: h5py.File) -> Verdict:
    values = file["dataset"][()]
    del file["dataset"]
    with np.errstate(all="ignore"):
        file["dataset"] = values.astype(draw(st.sampled_from(["f4", ">f8", "f2", "i8", "c16", "?"])))
    return EITHER


def other_membership(draw: st.DrawFn, file: h5py.File) -> Verdict:
    shape = file["metadata/value"].shape
    row, column = (draw(st.integers(0, size - 1)) for size in shape)
    file["metadata/value"][row, column] = draw(st.sampled_from([0.0, 1.0, np.nan, np.inf, 2.0]))
    return EITHER


def lost_key(draw: st.DrawFn, file: h5py.File) -> Verdict:
    keys = file["metadata/key"][()]
    at = draw(st.integers(0, len(keys) - 1))
    renamed = keys.tolist()
    renamed[at] = draw(st.sampled_from([b"", b"\xff\xfe", b"Run", b"ROI_", b"ROI_V1", b"voxel_x", b"\x01"]))
    del file["metadata/key"]
    file["metadata/key"] = renamed
    return EITHER


ACCIDENTS = [other_number, odd_response, constant_voxel, other_rows, other_membership, lost_key, other_type]


@given(data=st.data(), split=SPLITS, loader=st.sampled_from([classic, per_task]))
def test_what_a_recording_says(valid: Path, data: st.DataObject, split: str, loader: Any) -> None:
    name = "Subject1.h5" if loader is classic else f"Subject1_{TASKS[split]}.h5"  # type: ignore[index]
    same = loader(valid, split)
    with copy_of(valid) as folder:
        with h5py.File(folder / name, "r+") as file:
            drawn = data.draw(st.lists(st.sampled_from(ACCIDENTS), min_size=1, max_size=2, unique=True))
            for change in sorted(drawn, key=ACCIDENTS.index):  # no number fits once the type is another
                change(data.draw, file)
        found = demand(lambda: loader(folder, split), EITHER, names=name)
        if found is not None:
            assert set(found.stimuli) == set(same.stimuli)  # nothing lost, nothing unknown
            assert np.isfinite(found.standardised(*found.unit_statistics()).responses).all()


@given(data=st.data(), split=SPLITS)
def test_files_of_recordings_cut_or_gone(valid: Path, data: st.DataObject, split: str) -> None:
    with copy_of(valid) as folder:
        path = folder / "Subject1.h5"
        if data.draw(st.booleans()):
            content = path.read_bytes()
            path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        else:
            file_accident(data.draw, path)
        demand(lambda: classic(folder, split), REFUSED, names="Subject1.h5")


@given(
    rois=st.lists(ODD_CELLS | st.sampled_from(["V1", "v1", "V", "LOC", "ROI_V1"]), max_size=3)
    | st.just("V1"),
    split=ODD_VALUES | SPLITS,
)
def test_regions_and_splits_that_do_not_exist(valid: Path, rois: Any, split: Any) -> None:
    good = isinstance(split, str) and split in ("train", "test", "imagery")
    known = isinstance(rois, list) and bool(rois) and set(rois) <= {"V1", "LVC", "LOC"}
    verdict = EITHER if good and known else REFUSED
    for loader in (classic, per_task):
        demand(lambda loader=loader: loader(valid, split, rois=rois), verdict, names=["Subject1", "split"])


@given(subjects=st.lists(st.integers(-2, 12), max_size=3))
def test_people_who_are_not_there(valid: Path, subjects: list[int]) -> None:
    def load() -> object:
        return list(load_god_people(valid, split="test", stimuli=STIMULI, subjects=subjects))

    demand(load, EITHER if set(subjects) == {1} else REFUSED, names=str(valid))
    assert subjects_there(valid) == [1]


@given(data=st.data(), kind=st.sampled_from(["training images", "test images", "other categories"]))
def test_image_features(valid: Path, data: st.DataObject, kind: Any) -> None:
    name = "ImageFeatures.h5"
    with copy_of(valid) as folder:
        with h5py.File(folder / name, "r+") as file:
            rows, columns = file["dataset"].shape
            place = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
            file["dataset"][place] = data.draw(ODD_NUMBERS | st.floats() | st.integers(-3, 5))
        demand(lambda: load_god_features(folder, "cnn8", kind), EITHER, names=[name, "GOD cnn8"])
    odd = data.draw(ODD_VALUES | st.just("FeatureType"))
    demand(lambda: load_god_features(valid, odd, kind), REFUSED, names="layer")
    demand(lambda: load_god_features(valid, "cnn8", odd), REFUSED, names="kind")


@given(data=st.data(), split=SPLITS)
def test_stimulus_lists(valid: Path, data: st.DataObject, split: Any) -> None:
    name = LISTS[split]  # type: ignore[index]
    with copy_of(valid) as folder:
        path = folder / name
        lines = [line.split("\t") for line in path.read_text().splitlines()]
        kind = data.draw(st.sampled_from(["bytes", "table", "file"]))
        if kind == "bytes":
            path.write_bytes(data.draw(damaged_bytes(path.read_bytes())))
        elif kind == "table":
            table = data.draw(damaged_table(lines[0], lines[1:])).replace(",", "\t")
            path.write_text(table, encoding="utf-8", errors="surrogatepass")
        else:
            file_accident(data.draw, path)
        demand(lambda: read_god_stimuli(folder), EITHER, names=list(LISTS.values()))


@given(data=st.data())
def test_captions(valid: Path, data: st.DataObject) -> None:
    with copy_of(valid) as folder:
        (path,) = folder.glob("*.json")
        kind = data.draw(st.sampled_from(["bytes", "value", "file", "deep"]))
        if kind == "bytes":
            path.write_bytes(data.draw(damaged_bytes(path.read_bytes())))
        elif kind == "value":
            path.write_text(json.dumps(data.draw(damaged_value(json.loads(path.read_bytes())))))
        elif kind == "deep":
            path.write_bytes(data.draw(st.sampled_from(DEEP_JSON)))
        else:
            file_accident(data.draw, path)
        found = demand(lambda: read_god_captions(path, STIMULI), EITHER, names=path.name)
        assert found is None or list(found) == world.TRAIN


@given(data=st.data())
def test_names_of_kinds(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "kinds.csv"
    rows = [[0, "dog", "A dog is an animal."], [1, "c++ (a|b", "A c++ (a|b is a language."]]
    path.write_text(data.draw(damaged_table(["number", "noun", "gloss"], rows)), errors="surrogatepass")
    category = data.draw(st.sampled_from(["n90000001", "n90000002"]) | ODD_CELLS)
    demand(lambda: kind_names(path, [category]), EITHER, names="kinds.csv")


@given(data=st.data())
def test_folders_of_pictures(tmp_path: Path, data: st.DataObject) -> None:
    with copy_of(tmp_path) as folder:
        for name in data.draw(
            st.lists(st.sampled_from(["n00000001_1", "n00000001_2", "note", ".n00000001_3"]))
        ):
            for place in data.draw(st.lists(st.sampled_from(["", "n00000001", "n2"]), max_size=2)):
                (folder / place).mkdir(exist_ok=True)
                path = folder / place / f"{name}{data.draw(st.sampled_from(['.JPEG', '.jpg', '.txt', '']))}"
                if not path.exists() and not path.is_symlink():
                    path.touch()
                    if data.draw(st.integers(0, 3)) == 0:
                        file_accident(data.draw, path)
        wanted = ["n00000001_1", "n00000001_2"]
        found = demand(lambda: god_image_files(folder, wanted), EITHER, names=str(folder))
        assert found is None or all(path.is_file() for path in found.values())
        demand(lambda: image_categories(folder), EITHER, names=str(folder))
        category = data.draw(ODD_CELLS | st.sampled_from(["n00000001", "..", "/", "n2"]))
        demand(lambda: images_of_category(folder, category), EITHER, names=str(folder))


def test_a_region_named_by_a_text_alone_is_refused(valid: Path) -> None:
    with pytest.raises(DataError, match="Unknown region"):
        classic(valid, "train", rois="V1")
