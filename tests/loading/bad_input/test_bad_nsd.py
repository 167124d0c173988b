"""The Natural Scenes Dataset: design, responses, pictures and captions, each with drawn damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat, savemat
from tests.bad_input.damage import (
    DEEP_JSON,
    ODD_CELLS,
    ODD_VALUES,
    damaged_bytes,
    damaged_table,
    damaged_value,
)
from tests.bad_recordings import ODD_NUMBERS, Verdict, any_accident, copy_of, demand, file_accident

from companion.loading.nsd.design import DESIGN_FILE
from companion.loading.nsd.responses import load_nsd, voxel_file
from companion.loading.nsd.stimuli import COCO_TABLE, PICTURE_FILE, nsd_captions, nsd_pictures
from companion.simulation.writers.nsd import (
    write_nsd_captions,
    write_nsd_design,
    write_nsd_pictures,
    write_nsd_voxels,
)

REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER
N_TRIALS, N_VOXELS = 80, 5
NAME = voxel_file(1)
KEYS = ["masterordering", "subjectim", "sharedix"]
SAID = {7: [f"seven {n}" for n in range(5)], 9: [f"nine {n}" for n in range(6)]}
IDS = ["nsd-00007", "nsd-00009"]


def voxels() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N_TRIALS, N_VOXELS)).astype(np.float32)


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nsd")
    images = np.arange(80).reshape(8, 10)
    images[:, :4] = [100, 101, 102, 103]
    write_nsd_design(folder, np.arange(N_TRIALS) % 10, images, n_shared=4)
    write_nsd_voxels(folder, 1, [voxels()], (N_TRIALS, N_VOXELS))
    write_nsd_captions(folder, SAID)
    return folder


def load(folder: Path, split: Any = "train", **options: Any) -> Any:
    return load_nsd(folder, 1, split=split, **options)


@st.composite
def other_design(draw: st.DrawFn, content: dict[str, Any]) -> tuple[dict[str, Any], Verdict]:
    key = draw(st.sampled_from(KEYS))
    kind = draw(st.sampled_from(["missing", "number", "type", "shape", "odd", "more", "order"]))
    values = content[key]
    if kind == "missing":
        return {name: value for name, value in content.items() if name != key}, REFUSED
    if kind == "number":
        values = values.astype(float)
        place = tuple(draw(st.integers(0, size - 1)) for size in values.shape)
        values[place] = draw(st.sampled_from([0, -1, 0.5, 73_001, 1e300, np.nan, np.inf, 1, 2, 101]))
        return content | {key: values}, EITHER
    if kind == "type":
        as_type = draw(
            st.sampled_from([values.astype(complex), values.astype(str), [["a"]], values.astype(object)])
        )
        return content | {key: as_type}, REFUSED
    if kind == "shape":
        other = draw(
            st.sampled_from([values[:, :-1], values[:, :0], values.T, values[None], values.ravel()[:1]])
        )
        return content | {key: other}, EITHER
    if kind == "odd":
        return content | {key: draw(st.sampled_from([{"a": 1}, "text", np.zeros((0, 0)), True]))}, REFUSED
    if kind == "more":
        return content | {"another": draw(st.floats() | st.text(max_size=4))}, SAME
    return dict(reversed(content.items())), SAME


@given(data=st.data(), split=st.sampled_from(["train", "test"]))
def test_the_design(valid: Path, data: st.DataObject, split: str) -> None:
    same = load(valid, split)
    content = {key: value for key, value in loadmat(valid / DESIGN_FILE).items() if not key.startswith("__")}
    damaged, verdict = data.draw(other_design(content))
    with copy_of(valid) as folder:
        savemat(folder / DESIGN_FILE, damaged, do_compression=data.draw(st.booleans()))
        demand(lambda: load(folder, split), verdict, names=[DESIGN_FILE, NAME], same=same)


@given(data=st.data())
def test_the_bytes_of_the_design(valid: Path, data: st.DataObject) -> None:
    with copy_of(valid) as folder:
        kind = data.draw(st.sampled_from(["any", "any", "hdf5"]))
        if kind == "hdf5":  # what Matlab writes since 7.3
            with h5py.File(folder / DESIGN_FILE, "w", userblock_size=512) as file:
                file["masterordering"] = np.arange(80)
            header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
            content = (folder / DESIGN_FILE).read_bytes()
            (folder / DESIGN_FILE).write_bytes(header + content[len(header) :])
            verdict = REFUSED
        else:
            verdict = any_accident(data.draw, folder / DESIGN_FILE)
        demand(lambda: load(folder), verdict, names=[DESIGN_FILE, NAME])


def test_a_design_that_would_fill_the_memory_is_refused(tmp_path: Path, valid: Path) -> None:
    """A small file, packed, of a hundred million numbers: it says so before they are made."""
    with copy_of(valid) as folder:
        content = loadmat(valid / DESIGN_FILE) | {"masterordering": np.ones((1, 30_000_000), np.uint8)}
        savemat(folder / DESIGN_FILE, {key: content[key] for key in KEYS}, do_compression=True)
        assert (folder / DESIGN_FILE).stat().st_size < 100_000
        with pytest.raises(Exception, match=r"(?s)lacks a variable.*masterordering.*30000000"):
            load(folder)


@st.composite
def other_voxels(draw: st.DrawFn) -> tuple[dict[str, Any], Verdict]:
    values = voxels()
    kind = draw(st.sampled_from(["number", "type", "shape", "key", "declared", "constant", "packed"]))
    if kind == "number":
        values = values.astype(np.float64)
        values[draw(st.integers(0, 79)), draw(st.integers(0, 4))] = draw(ODD_NUMBERS)
        return {"voxels": {"data": values}}, EITHER  # later sessions and the other split are not read
    if kind == "type":
        types = {">f4": SAME, "f8": SAME, "i4": REFUSED, "?": REFUSED, "c8": REFUSED, "S4": REFUSED}
        name = draw(st.sampled_from(sorted(types)))
        with np.errstate(all="ignore"):
            return {"voxels": {"data": values.astype(name)}}, types[name]
    if kind == "shape":
        other = draw(
            st.sampled_from(
                [values[:-1], values[:0], values[:, :0], values.ravel(), values[None], values.repeat(2, 0)]
            )
        )
        return {"voxels": {"data": other}}, REFUSED
    if kind == "key":
        return {draw(st.sampled_from(["Voxels", "betas", "voxels2"])): {"data": values}}, REFUSED
    if kind == "declared":  # values that were never written
        shape = draw(st.sampled_from([(80, 10**10), (10**9, 5), (80, 2**40), (80 * 10**6, 10**6)]))
        return {"voxels": {"shape": shape, "dtype": "f4", "chunks": (1, 5)}}, REFUSED
    if kind == "constant":
        values[:, draw(st.integers(0, 4))] = 3.0
        return {"voxels": {"data": values}}, EITHER
    return {"voxels": {"data": values, "compression": "gzip", "chunks": (7, 3)}}, SAME


@given(damaged=other_voxels(), split=st.sampled_from(["train", "test"]), average=st.booleans())
def test_the_responses(
    valid: Path, damaged: tuple[dict[str, Any], Verdict], split: str, average: bool
) -> None:
    arrays, verdict = damaged
    same = load(valid, split, average=average)
    with copy_of(valid) as folder:
        with h5py.File(folder / NAME, "w") as file:
            file.attrs["simulated"] = True
            for key, given in arrays.items():
                file.create_dataset(key, **given)
        found = demand(lambda: load(folder, split, average=average), verdict, names=NAME, same=same)
        if found is not None:
            assert np.isfinite(found.standardised(*found.unit_statistics()).responses).all()


@given(data=st.data())
def test_the_file_of_responses_cut_or_gone(valid: Path, data: st.DataObject) -> None:
    with copy_of(valid) as folder:
        content = (folder / NAME).read_bytes()
        if data.draw(st.booleans()):
            (folder / NAME).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        else:
            file_accident(data.draw, folder / NAME)
        demand(lambda: load(folder), REFUSED, names=NAME)


@given(subject=st.sampled_from([0, 2, 8, 9, -1]), split=ODD_VALUES | st.just("imagery"))
def test_people_and_splits_that_do_not_exist(valid: Path, subject: int, split: Any) -> None:
    demand(lambda: load_nsd(valid, subject, split="train"), REFUSED, names=[DESIGN_FILE, voxel_file(subject)])
    demand(lambda: load(valid, split), REFUSED, names="split")


@given(data=st.data())
def test_captions(valid: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([COCO_TABLE, "captions_train2017.json"]))
    with copy_of(valid) as folder:
        path = folder / name
        kind = data.draw(st.sampled_from(["bytes", "file", "content"]))
        if kind == "bytes":
            path.write_bytes(data.draw(damaged_bytes(path.read_bytes())))
        elif kind == "file":
            file_accident(data.draw, path)
        elif name == COCO_TABLE:
            rows = [[1000007, "train2017", 7], [1000009, "train2017", 9]]
            text = data.draw(damaged_table(["cocoId", "cocoSplit", "nsdId"], rows))
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
        elif data.draw(st.booleans()):
            path.write_text(json.dumps(data.draw(damaged_value(json.loads(path.read_bytes())))))
        else:
            path.write_bytes(data.draw(st.sampled_from(DEEP_JSON)))
        found = demand(lambda: nsd_captions(folder, IDS), EITHER, names=[COCO_TABLE, "captions_"])
        assert found is None or all(len(texts) >= 5 for texts in found.values())


@given(part=st.sampled_from(["../../../etc/passwd", "/etc/passwd", "train2017/../../x", "", "train2018"]))
def test_a_part_of_coco_is_no_path(valid: Path, part: str) -> None:
    with copy_of(valid) as folder:
        (folder / COCO_TABLE).write_text(f"cocoId,cocoSplit,nsdId\n1,{part},7\n1,{part},9\n")
        demand(lambda: nsd_captions(folder, IDS), REFUSED, names=COCO_TABLE)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    write_nsd_pictures(folder, [(7, np.full((425, 425, 3), 9, np.uint8))])
    return folder


@given(
    data=st.data(),
    ids=st.lists(ODD_CELLS | st.sampled_from(IDS), min_size=1, max_size=2) | st.just("nsd-00007"),
)
def test_pictures(pictures: Path, data: st.DataObject, ids: Any) -> None:
    verdict = SAME if ids == ["nsd-00007"] or ids == ["nsd-00007"] * 2 else REFUSED
    same = [(7, 9)] * len(ids)
    with copy_of(pictures) as folder:
        change = data.draw(st.sampled_from(["nothing", "shape", "type", "key", "cut", "file"]))
        path = folder / PICTURE_FILE
        if change in ("shape", "type", "key"):
            shape = (73_000, 425, 425, 4 if change == "shape" else 3)
            with h5py.File(path, "w") as file:
                kind = np.float32 if change == "type" else np.uint8
                file.create_dataset(
                    "bricks" if change == "key" else "imgBrick", shape, kind, chunks=(1, 425, 425, 3)
                )
        elif change == "cut":
            content = path.read_bytes()
            path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        elif change == "file":
            file_accident(data.draw, path)

        def read() -> list[tuple[int, int]]:
            return [(int(name[4:]), int(one.max())) for name, one in nsd_pictures(folder, ids)]

        expected = verdict if change == "nothing" else REFUSED
        demand(read, expected, names=[PICTURE_FILE, "Not the id of an NSD image"], same=same)
