"""Pictures are found by concept and name, whatever number a folder has."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.things_pictures import categories_of, concept_of, other_pictures, picture_files

SHOWN = ["00003_2_sided_tape/2_sided_tape_01b", "00001_ant/ant_01b"]


def make(root: Path) -> None:
    for name in ("ant/ant_01b", "ant/ant_13b", "ant/ant_02s", "2_sided_tape/2_sided_tape_01b"):
        path = root / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize("inner", ["", "object_images"])
def test_pictures_lie_in_the_folder_or_one_below(tmp_path: Path, inner: str) -> None:
    make(tmp_path / inner)
    found = picture_files(tmp_path, SHOWN)
    assert list(found) == SHOWN
    assert found[SHOWN[0]] == tmp_path / inner / "2_sided_tape" / "2_sided_tape_01b.jpg"
    others = other_pictures(tmp_path, SHOWN[1:])
    assert list(others) == ["ant/ant_02s", "ant/ant_13b"]


def test_a_picture_or_a_concept_without_others_is_named(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(MissingDataError, match=r"1 of 2 .*\n(?s:.*)bee_01b"):
        picture_files(tmp_path, ["00001_ant/ant_01b", "00002_bee/bee_01b"])
    with pytest.raises(DataError, match="2_sided_tape"):
        other_pictures(tmp_path, SHOWN)


def test_categories_are_those_beside_the_pictures(tmp_path: Path) -> None:
    (tmp_path / "kinds.csv").write_text("number,noun,category\n0,ant,animal\n", "utf-8")
    assert categories_of(tmp_path, SHOWN) == {SHOWN[1]: "animal"}


def test_without_a_table_of_kinds_the_categories_are_those_of_things(tmp_path: Path, data_root: Path) -> None:
    found = categories_of(tmp_path, ["00001_aardvark/aardvark_01b", "00002_no_such/no_such_01b"])
    assert found == {"00001_aardvark/aardvark_01b": "animal"}


def test_only_the_number_of_a_folder_is_left_out() -> None:
    assert concept_of("2_sided_tape/x_01b") == "2_sided_tape"
