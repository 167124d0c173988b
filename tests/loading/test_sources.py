"""Where recordings lie, and what is said when they do not; choices of judges from damaged tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.judgements import read_answers, read_judgements
from companion.loading.manifest import load_manifest
from companion.loading.sources import OFFICIAL, PARTS, RECORD, miniature_folder, recordings_folder
from companion.project import data_root


def test_every_part_has_an_official_counterpart_in_the_manifest() -> None:
    assert set(OFFICIAL) == set(PARTS) - {"doses"}  # nobody can turn a real dial
    for entry in OFFICIAL.values():
        assert load_manifest().entry(entry).id == entry


def test_stimuli_are_shared_by_nulls_and_n0_by_the_world() -> None:
    assert miniature_folder("stimuli", scale="lesson", null="N2") == miniature_folder(
        "stimuli", scale="lesson"
    )
    assert miniature_folder("god", scale="lesson", null="N0") == miniature_folder("god", scale="lesson")
    assert miniature_folder("god", scale="lesson", null="N2") != miniature_folder("god", scale="lesson")


def test_what_is_missing_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(MissingDataError, match="companion data simulate god --scale smoke"):
        recordings_folder("god", source="miniature", scale="smoke")
    with pytest.raises(MissingDataError, match="companion data simulate nsd --scale lesson --null N3"):
        recordings_folder("nsd", source="null", scale="lesson", null="N3")
    with pytest.raises(MissingDataError, match="god-fmri"):
        recordings_folder("god", source="official", scale="lesson")


def test_official_files_are_found_where_they_are_put_by_hand() -> None:
    (data_root() / "god-fmri").mkdir(parents=True)
    assert recordings_folder("god", source="official", scale="lesson") == data_root() / "god-fmri"


def test_the_other_form_is_read_where_the_usual_one_is_not_here() -> None:
    (data_root() / "things-eeg2-17-channels").mkdir(parents=True)
    found = recordings_folder("things-eeg2", source="official", scale="lesson")
    assert found == data_root() / load_manifest().entry("things-eeg2-17-channels").id
    (data_root() / "things-eeg2-250hz-atm").mkdir()
    assert recordings_folder("things-eeg2", source="official", scale="lesson").name == "things-eeg2-250hz-atm"


def test_a_part_counts_only_when_its_record_is_there() -> None:
    folder = miniature_folder("god", scale="smoke")
    folder.mkdir(parents=True)
    (folder / "Subject1.h5").touch()
    with pytest.raises(MissingDataError):
        recordings_folder("god", source="miniature", scale="smoke")
    (folder / RECORD).write_text("{}")
    assert recordings_folder("god", source="miniature", scale="smoke") == folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"part": "eeg"}, "Unknown part"),
        ({"source": "real"}, "Unknown source"),
        ({"scale": "huge"}, "Unknown scale"),
        ({"source": "null", "null": None}, "Unknown null"),
    ],
)
def test_unknown_names_are_refused(changes: dict[str, str], message: str) -> None:
    given = {"part": "god", "source": "miniature", "scale": "smoke", "null": None} | changes
    part = given.pop("part")
    with pytest.raises(DataError, match=message):
        recordings_folder(part, **given)  # type: ignore[arg-type]


def write(folder: Path, text: str, name: str = "two_afc.csv") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return folder


HEAD = "teacher,split,reference,left,right,choice\n"


def test_choices_are_read_by_teacher_and_split(tmp_path: Path) -> None:
    folder = write(tmp_path, f"{HEAD}judges,train,a,b,c,1\njudges,test,d,e,f,0\npermuted-1,train,a,b,c,0\n")
    table = read_judgements(folder, "two_afc", teacher="judges", split="train")
    assert table.to_dict("records") == [{"reference": "a", "left": "b", "right": "c", "choice": 1}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}judges,train,a,b,c,2\n", "neither left nor right"),
        ("teacher,split,reference,left,right\njudges,train,a,b,c\n", "lacks column 'choice'"),
        ("", "lacks column 'teacher'"),
        (f"{HEAD}judges,test,a,b,c,1\n", "no such choices"),
    ],
)
def test_damaged_tables_of_choices_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_judgements(write(tmp_path, text), "two_afc", teacher="judges", split="train")


def test_tables_of_answers_need_answers(tmp_path: Path) -> None:
    folder = write(tmp_path, "answer_1,answer_2\n0,1\n1,1\n", "two_afc_answers.csv")
    assert read_answers(folder, "two_afc").tolist() == [[0, 1], [1, 1]]
    with pytest.raises(DataError, match="is missing"):
        read_answers(folder, "odd_one_out")
    write(folder, "simulated\nTrue\n", "odd_one_out_answers.csv")
    with pytest.raises(DataError, match="has no answers"):
        read_answers(folder, "odd_one_out")
