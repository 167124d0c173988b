"""NSD pictures and captions: only what is asked for is read, in the order asked for."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.nsd.stimuli import nsd_captions, nsd_pictures
from companion.simulation.writers.nsd import write_nsd_captions, write_nsd_pictures

NUMBERS = (72_999, 0, 41)
IDS = ["nsd-00041", "nsd-72999", "nsd-00000"]


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(1, 255, (425, 425, 3), dtype=np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_nsd_pictures(tmp_path, ((number, picture(number)) for number in NUMBERS))
    return tmp_path


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    write_nsd_captions(tmp_path, {7: [f"seven {n}\n" for n in range(5)], 9: [f"nine {n}" for n in range(6)]})
    write_nsd_captions(tmp_path / "other", {8: [f"eight {n}" for n in range(5)]}, coco_split="val2017")
    tables = [
        pd.read_csv(place / "nsd_stim_info_merged.csv", index_col=0)
        for place in (tmp_path, tmp_path / "other")
    ]
    pd.concat(tables).to_csv(tmp_path / "nsd_stim_info_merged.csv")
    (tmp_path / "other" / "captions_val2017.json").rename(tmp_path / "captions_val2017.json")
    return tmp_path


def test_pictures_come_in_the_order_asked_for(pictures: Path) -> None:
    found = list(nsd_pictures(pictures, IDS))
    assert [stimulus for stimulus, _ in found] == IDS
    for (_, got), number in zip(found, (41, 72_999, 0), strict=True):
        np.testing.assert_array_equal(got, picture(number))


def test_the_file_has_its_full_shape_and_is_small(pictures: Path) -> None:
    path = pictures / "nsd_stimuli.hdf5"
    with h5py.File(path) as file:
        assert file["imgBrick"].shape == (73_000, 425, 425, 3)
        assert file["imgBrick"].dtype == np.uint8
        assert file.attrs["simulated"]
    assert path.stat().st_size < 4 * picture(0).nbytes


def test_ids_and_shape_are_checked_before_the_first_picture(pictures: Path) -> None:
    with pytest.raises(DataError, match="'nsd-99999'"):
        nsd_pictures(pictures, ["nsd-99999"])
    with h5py.File(pictures / "nsd_stimuli.hdf5", "w") as file:
        file["imgBrick"] = np.zeros((5, 425, 425), dtype=np.uint8)
    with pytest.raises(DataError, match="73000, 425, 425, 3"):
        nsd_pictures(pictures, IDS)
    with h5py.File(pictures / "nsd_stimuli.hdf5", "w") as file:
        file["images"] = 0
    with pytest.raises(DataError, match="key 'imgBrick'"):
        nsd_pictures(pictures, IDS)


def test_a_picture_that_was_never_written_is_refused(pictures: Path) -> None:
    taken = nsd_pictures(pictures, ["nsd-00000", "nsd-00001"])
    assert next(taken)[0] == "nsd-00000"
    with pytest.raises(DataError, match="row 1"):
        next(taken)


def test_cut_and_missing_picture_files_are_refused(pictures: Path) -> None:
    path = pictures / "nsd_stimuli.hdf5"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match="fetch the file again"):
        list(nsd_pictures(pictures, IDS))
    path.unlink()
    with pytest.raises(MissingDataError, match=r"nsd_stimuli\.hdf5"):
        nsd_pictures(pictures, IDS)


def test_an_interrupted_writer_leaves_nothing_and_harms_nothing(pictures: Path) -> None:
    before = (pictures / "nsd_stimuli.hdf5").read_bytes()

    def breaking():
        yield 5, picture(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_nsd_pictures(pictures, breaking())
    assert [path.name for path in pictures.iterdir()] == ["nsd_stimuli.hdf5"]
    assert (pictures / "nsd_stimuli.hdf5").read_bytes() == before


def test_captions_are_joined_by_the_coco_number(captions: Path) -> None:
    found = nsd_captions(captions, ["nsd-00009", "nsd-00008", "nsd-00007"])
    assert list(found) == ["nsd-00009", "nsd-00008", "nsd-00007"]
    assert found["nsd-00009"] == [f"nine {n}" for n in range(6)]
    assert found["nsd-00008"] == [f"eight {n}" for n in range(5)]
    assert found["nsd-00007"][0] == "seven 0"


def test_only_the_needed_coco_file_is_read_and_order_does_not_matter(captions: Path) -> None:
    (captions / "captions_val2017.json").unlink()
    path = captions / "captions_train2017.json"
    content = json.loads(path.read_text())
    assert content["simulated"]
    content["annotations"].sort(key=lambda entry: entry["id"] % 5)
    path.write_text(json.dumps(content))
    found = nsd_captions(captions, ["nsd-00007"])["nsd-00007"]
    assert found == [f"seven {n}" for n in range(5)]
    with pytest.raises(MissingDataError, match=r"captions_val2017\.json"):
        nsd_captions(captions, ["nsd-00008"])


def spoil_json(path: Path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.pop("annotations"), "key 'annotations'"),
        (lambda content: content["annotations"].pop(0), "4 for image_id 1000007"),
        (lambda content: content["annotations"][3].pop("caption"), "entry 3"),
    ],
)
def test_captions_that_are_lost_are_noticed(captions: Path, change, said: str) -> None:
    spoil_json(captions / "captions_train2017.json", change)
    with pytest.raises(DataError, match=said):
        nsd_captions(captions, ["nsd-00007"])


def test_tables_and_files_that_are_damaged_are_refused(captions: Path) -> None:
    path = captions / "captions_train2017.json"
    path.write_text(path.read_text()[:-30])
    with pytest.raises(DataError, match="not JSON"):
        nsd_captions(captions, ["nsd-00007"])
    with pytest.raises(DataError, match="nsd-00001"):
        nsd_captions(captions, ["nsd-00001"])
    table = pd.read_csv(captions / "nsd_stim_info_merged.csv", index_col=0)
    pd.concat([table, table[:1]]).to_csv(captions / "nsd_stim_info_merged.csv")
    with pytest.raises(DataError, match="two rows"):
        nsd_captions(captions, ["nsd-00007"])
    table.drop(columns="cocoId").to_csv(captions / "nsd_stim_info_merged.csv")
    with pytest.raises(DataError, match="lacks column 'cocoId'"):
        nsd_captions(captions, ["nsd-00007"])
