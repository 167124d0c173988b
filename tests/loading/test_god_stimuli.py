"""Names and numbers of GOD stimuli, the official lists and captions, and lists with faults."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from tests.god_world import TRAIN, stimuli

from companion.errors import DataError
from companion.loading.god import stimuli as module
from companion.loading.god.bdata import open_bdata
from companion.loading.god.captions import god_captions, read_god_captions
from companion.loading.god.stimuli import LISTS, GodStimuli, god_stimuli, read_god_stimuli
from companion.simulation.writers.god_stimuli import write_god_captions, write_god_stimuli


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("3626115.019498", "n03626115_19498"),
        ("1621127.01902", "n01621127_19020"),  # the list drops the last zero
        ("13111881.00917", "n13111881_9170"),
        ("13111881.000001", "n13111881_1"),
        ("1443537.1", "n01443537_100000"),
        ("1443537", "n01443537"),
    ],
)
def test_a_number_names_its_stimulus(text: str, name: str) -> None:
    assert module.stimulus_of_number(float(text)) == name
    assert module.number_of_stimulus(name) == float(text)


def test_single_precision_would_name_another_image(tmp_path: Path) -> None:
    """Why such columns are refused: the numbers look right and are not."""
    assert module.stimulus_of_number(float(np.float32(13111881.00917))) == "n13111881"
    assert module.stimulus_of_number(float(np.float32(1443537.1))) == "n01443537_125000"
    path = tmp_path / "single.h5"
    with h5py.File(path, "w") as file:
        file["dataset"] = np.array([[1443537.1]], dtype=np.float32)
        file["metadata/key"] = np.array([b"stimulus_id"])
        file["metadata/value"] = np.ones((1, 1))
    with open_bdata(path) as bdata, pytest.raises(DataError, match="double precision"):
        module.stimuli_of_label(bdata, "stimulus_id")


@pytest.mark.parametrize("number", [np.nan, np.inf, 0.0, -3626115.019498, 1e9, 3626115.0194985])
def test_a_number_that_names_nothing_is_refused(number: float) -> None:
    with pytest.raises(DataError, match="not that of a stimulus"):
        module.stimulus_of_number(number)


@pytest.mark.parametrize(
    "name", ["", "3626115", "n3626115_1", "n03626115_0", "n03626115_1234567", "n03626115_1.JPEG"]
)
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="not the name of a stimulus"):
        module.number_of_stimulus(name)


@pytest.mark.usefixtures("data_root")
def test_the_official_lists(real: Path) -> None:
    lists = god_stimuli()
    assert [len(lists.of(split)) for split in LISTS] == [1200, 50, 50]
    assert set(Counter(lists.train["category"]).values()) == {8}
    checked = pd.read_csv(real / "god_stimuli" / "categories.csv")
    splits = {"training": "train", "test": "test"}
    assert dict(zip(lists.categories["category"], lists.categories["split"], strict=True)) == {
        row.wnid: splits[row.split] for row in checked.itertuples()
    }
    assert Counter(lists.categories["split"]) == {"train": 150, "test": 50}
    assert list(lists.imagery["category"]) == list(lists.test["category"])
    for split in ("train", "test"):
        for name in lists.of(split)["stimulus"]:
            assert module.stimulus_of_number(module.number_of_stimulus(name)) == name


@pytest.mark.usefixtures("data_root")
def test_the_official_lists_are_written_as_they_are(tmp_path: Path, data_root: Path) -> None:
    for path in write_god_stimuli(tmp_path, god_stimuli()):
        assert path.read_bytes() == (data_root / "god-stimulus-lists" / path.name).read_bytes()


@pytest.mark.usefixtures("data_root")
def test_the_official_captions() -> None:
    captions = god_captions()
    assert list(captions) == list(god_stimuli().train["stimulus"])
    assert Counter(Counter(prompt for prompt, _ in captions.values()).values()) == {8: 150}
    assert len({sentence for _, sentence in captions.values()}) == 1199
    assert captions["n01970164_14781"][0] == "an image of Octopus."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_god_stimuli(tmp_path, stimuli())
    return tmp_path


def test_lists_come_back(folder: Path) -> None:
    for split in LISTS:
        pd.testing.assert_frame_equal(read_god_stimuli(folder).of(split), stimuli().of(split))


def test_line_ends_of_any_system(folder: Path) -> None:
    for name in LISTS.values():
        content = (folder / name).read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n")
        (folder / name).write_bytes(content)
    pd.testing.assert_frame_equal(read_god_stimuli(folder).train, stimuli().train)


@pytest.mark.parametrize(
    ("split", "old", "new", "message"),
    [
        ("train", "n01518870_7\t1518870.000007\t1\t1", "n01518870_7\t1518870.000007\t1", "line 1"),
        ("train", "n01518870_7\t", "n01518870\t", "line 1"),
        ("train", "1518870.000007", "1518870.00007", "expected: n01518870_7"),
        ("train", "1518870.000007", "seven", "cannot be read"),
        ("train", "\t1\t2\n", "\t2\t2\n", "one to one"),
        ("train", "\t2\t", "\t1\t", "one to one"),
        ("train", "n01518870_10042\t1518870.010042", "n01518870_7\t1518870.000007", "listed twice"),
        ("train", "n01518870_7\t1518870.000007\t1", "n01621127_7\t1621127.000007\t9", "inside the training"),
        ("imagery", "n01621127\t1621127\t", "n01621128\t1621128\t", "not those of the perception test"),
        ("imagery", "n01621127\t", "n01621127_7\t", "line 1"),
        ("test", "", None, "is missing"),
    ],
)
def test_lists_with_faults_are_refused(
    split: str, old: str, new: str | None, message: str, folder: Path
) -> None:
    path = folder / LISTS[split]  # type: ignore[index]
    if new is None:
        path.unlink()
    else:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_god_stimuli(folder)


def test_an_empty_list_is_refused(folder: Path) -> None:
    (folder / LISTS["train"]).write_text("")
    with pytest.raises(DataError, match="one to one"):
        read_god_stimuli(folder)


def captions() -> dict[str, tuple[str, str]]:
    return {name: (f"an image of {name[:9]}.", f"A thing called {name}.") for name in TRAIN}


@pytest.mark.parametrize("simulated", [True, False])
def test_captions_come_back(simulated: bool, tmp_path: Path) -> None:
    given = captions()
    backwards = dict(reversed(given.items()))
    path = write_god_captions(tmp_path, backwards, simulated=simulated)
    assert json.loads(path.read_text()).get("simulated", False) == simulated
    read = read_god_captions(path, stimuli())
    assert read == given
    assert list(read) == TRAIN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n01518870_7": None}, "not those of the training images"),
        ({"n01621127_19020": ["an image of owl.", "An owl."]}, "got: n01621127_19020"),
        ({"n01518870_7": ["an image of n01518870."]}, "two captions"),
        ({"n01518870_7": ["an image of n01518870.", ""]}, "two captions"),
        ({"n01518870_7": ["an image of n01518870.", 3]}, "two captions"),
        ({"n01518870_7": "ab"}, "two captions"),
        ({"n01518870_10042": ["an image of a frog.", "A frog."]}, "expected: an image of n01518870"),
        ({"n01518870_7": ["A sentence.", "an image of n01518870."]}, "prompt"),
    ],
)
def test_captions_with_faults_are_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    content = {name: list(pair) for name, pair in captions().items()} | change
    path = tmp_path / "captions.json"
    path.write_text(json.dumps({name: pair for name, pair in content.items() if pair is not None}))
    with pytest.raises(DataError, match=message):
        read_god_captions(path, stimuli())


@pytest.mark.parametrize("text", ["[]", '{"n0151', ""])
def test_a_file_of_captions_that_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "captions.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"captions\.json"):
        read_god_captions(path, stimuli())


def test_lists_that_share_a_category_cannot_be_made() -> None:
    lists = stimuli()
    with pytest.raises(DataError, match="inside the training list"):
        GodStimuli(pd.concat([lists.train, lists.test]), lists.test, lists.imagery)
